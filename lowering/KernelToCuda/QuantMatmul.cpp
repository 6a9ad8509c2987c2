// Rows of f16 or bf16 times a 4-bit weight on the tensor cores. The weight is the left operand of mma.sync
// (16 columns of the result by 16 steps of k), packed so that 16 bytes of a lane are its fragments for 64
// steps; the rows are the right operand, 8 at a time. The warps of a block share k. A weight is read once for
// a tile of rows, so one row costs what its bytes cost.
#include "lowering/KernelToCuda/Product.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::hone;
using ::hone::RegionBuilder;

namespace {

MatmulOp rootOf(KernelOp kernel) { return *kernel.getBody().front().getOps<MatmulOp>().begin(); }

constexpr int64_t columns = 16, chunk = 64; // of a tile, steps of k in 16 bytes of a lane

/// What host code and kernel must agree on.
struct Form {
  int64_t n, k, block, rows; // rows of a tile
  std::optional<int64_t> zero;

  Form(KernelOp kernel, unsigned variant) : rows(variant ? 32 : 8) {
    DictionaryAttr config = *kernel.getConfig();
    auto number = [&](StringRef name) { return config.getAs<IntegerAttr>(name).getInt(); };
    n = number("n"), k = number("k"), block = number("block");
    if (config.contains("zero"))
      zero = number("zero");
  }
  int64_t tiles() const { return (n + columns - 1) / columns; }
  int64_t chunks() const { return k / chunk; }
  int64_t warps() const { return chunks() >= 16 ? 8 : 4; }
  int64_t groups() const { return block < chunk ? chunk / block : 1; } // of a chunk
};

class QuantTiles : public ::hone::Product {
public:
  QuantTiles(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, Form form)
      : Product(b, loc, kernel, buffers, rootOf(kernel).getResult()), form(form), tokens(form.rows / 8) {
    MatmulOp matmul = rootOf(kernel);
    auto dequantize = matmul.getRhs().getDefiningOp<DequantizeOp>();
    lhs = bufferOf(matmul.getLhs());
    numbers = bufferOf(dequantize.getInput());
    scales = bufferOf(dequantize.getScale());
    if (!form.zero)
      zeros = bufferOf(dequantize.getZero());
    bits16 = elementType().isF16() ? 1024 : 128; // the number whose lowest mantissa bit is worth 1
  }

  void emit() {
    RegionBuilder region(b, loc, kernel, buffers);
    int64_t rank = cast<RankedTensorType>(root.getType()).getRank();
    size.m = constant(1);
    for (int64_t axis = 0; axis < rank - 1; ++axis) {
      extents.push_back(region.dim(root, axis));
      size.m = multiply(size.m, extents.back());
    }
    size.n = constant(form.n);
    Value block = ::hone::blockIndex(b, loc), thread = ::hone::threadIndex(b, loc);
    tile = modulo(block, constant(form.tiles()));
    Value row0 = multiply(divide(block, constant(form.tiles())), constant(form.rows));
    lane = modulo(thread, constant(32));
    Value warp = divide(thread, constant(32));
    g = divide(lane, constant(4)), t = modulo(lane, constant(4));
    // Rows behind the last are copies of it: their sums are not stored.
    Value last = subtract(size.m, constant(1));
    for (int64_t r = 0; r < tokens; ++r)
      rowIndices.push_back(
          leading(b.createOrFold<arith::MinUIOp>(loc, add(row0, add(constant(8 * r), g)), last)));

    SmallVector<Value> sums = sumChunks(warp);
    Value parts = shared("_parts", {form.warps(), columns, form.rows}, b.getF32Type());
    for (int64_t r = 0; r < tokens; ++r)
      for (int64_t i = 0; i < 4; ++i) {
        Value at[] = {warp, add(g, constant(i / 2 * 8)),
                      add(multiply(t, constant(2)), constant(8 * r + i % 2))};
        memref::StoreOp::create(b, loc, sums[4 * r + i], parts, at);
      }
    barrier();
    auto elements =
        scf::ForOp::create(b, loc, thread, constant(columns * form.rows), constant(32 * form.warps()));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(elements.getBody());
    Value column = modulo(elements.getInductionVar(), constant(columns)),
          row = divide(elements.getInductionVar(), constant(columns));
    Value sum;
    for (int64_t w = 0; w < form.warps(); ++w) {
      Value at[] = {constant(w), column, row};
      Value part = memref::LoadOp::create(b, loc, parts, at);
      sum = sum ? arith::AddFOp::create(b, loc, sum, part).getResult() : part;
    }
    store(sum, add(row0, row), add(multiply(tile, constant(columns)), column));
  }

protected:
  SmallVector<Value> resultIndices(Value row, Value column) override {
    SmallVector<Value> indices = leading(row);
    indices.push_back(column);
    return indices;
  }

private:
  /// The region's input at the end of a chain of ops that unpack.
  Value bufferOf(Value tensor) {
    while (Operation *op = tensor.getDefiningOp())
      tensor = op->getOperand(0);
    return buffers[cast<BlockArgument>(tensor).getArgNumber()];
  }
  /// The indices in front of the last, of a row.
  SmallVector<Value> leading(Value row) {
    SmallVector<Value> indices(extents.size());
    for (size_t axis = extents.size(); axis-- > 1;) {
      indices[axis] = modulo(row, extents[axis]);
      row = divide(row, extents[axis]);
    }
    if (!indices.empty())
      indices[0] = row;
    return indices;
  }

  /// What a lane reads of the weight for one chunk.
  struct Chunk {
    Value number, words;
    SmallVector<std::array<Value, 2>> scales, offsets; // by group; of its columns g and g + 8
  };

  Value loadVector(Value buffer, ValueRange indices, VectorType type) {
    auto load = vector::LoadOp::create(b, loc, type, buffer, indices);
    load->setAttr("alignment", b.getI64IntegerAttr(16));
    return load;
  }

  Chunk loadChunk(Value number) {
    Chunk data{number, {}, {}, {}};
    Value at[] = {tile, number, multiply(lane, constant(16))};
    Value bytes = loadVector(numbers, at, VectorType::get({16}, b.getI8Type()));
    data.words = vector::BitCastOp::create(b, loc, VectorType::get({4}, b.getI32Type()), bytes);
    Value first = form.block < chunk ? multiply(number, constant(form.groups()))
                                     : divide(number, constant(form.block / chunk));
    for (int64_t group = 0; group < form.groups(); ++group) {
      auto factor = [&](Value buffer, int64_t half) -> Value {
        Value at[] = {tile, add(first, constant(group)), add(g, constant(8 * half))};
        return memref::LoadOp::create(b, loc, buffer, at);
      };
      data.scales.push_back({widened(factor(scales, 0)), widened(factor(scales, 1))});
      if (!form.zero)
        data.offsets.push_back({factor(zeros, 0), factor(zeros, 1)});
    }
    return data;
  }

  /// The sum over this warp's share of k: 4 registers for every 8 rows.
  SmallVector<Value> sumChunks(Value warp) {
    int64_t step = form.warps();
    // Chunks whose weights are asked for at once.
    int64_t ahead = std::clamp<int64_t>(form.chunks() / step, 1, tokens == 1 ? 4 : 2);
    SmallVector<Value> sums(4 * tokens, zero(b.getF32Type()));
    // Whole batches of chunks: warp + i * step for i < ahead.
    Value batchEnd = constant(std::max<int64_t>(form.chunks() - step * (ahead - 1), 0));
    auto run = [&](Value from, Value to, int64_t count) {
      auto loop = scf::ForOp::create(b, loc, from, to, constant(step * count), sums);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      SmallVector<Chunk> data;
      for (int64_t i = 0; i < count; ++i)
        data.push_back(loadChunk(add(loop.getInductionVar(), constant(i * step))));
      SmallVector<Value> next(loop.getRegionIterArgs());
      for (const Chunk &one : data)
        accumulate(one, next);
      scf::YieldOp::create(b, loc, next);
      sums.assign(loop.getResults().begin(), loop.getResults().end());
    };
    run(warp, batchEnd, ahead);
    // Where those end: the first chunk of this warp that no batch held.
    Value width = constant(step * ahead);
    Value batches = b.createOrFold<arith::CeilDivUIOp>(
        loc, b.createOrFold<arith::SubIOp>(loc, b.createOrFold<arith::MaxUIOp>(loc, batchEnd, warp), warp),
        width);
    run(add(warp, multiply(batches, width)), constant(form.chunks()), 1);
    return sums;
  }

  void accumulate(const Chunk &data, MutableArrayRef<Value> sums) {
    int64_t groups = form.groups();
    SmallVector<Value> partial(4 * tokens, zero(b.getF32Type()));
    for (int64_t half = 0; half < 2; ++half) { // 32 steps of k: 8 neighbours a lane
      int64_t group = groups == 2 ? half : 0;
      SmallVector<Value> rows;
      for (int64_t r = 0; r < tokens; ++r) {
        SmallVector<Value> at(rowIndices[r]);
        at.push_back(
            add(multiply(data.number, constant(chunk)), add(multiply(t, constant(8)), constant(32 * half))));
        rows.push_back(loadVector(lhs, at, VectorType::get({8}, elementType())));
      }
      for (int64_t j = 0; j < 2; ++j) {
        Value word = vector::ExtractOp::create(b, loc, data.words, ArrayRef<int64_t>{2 * half + j});
        SmallVector<Value> left;
        for (int64_t i = 0; i < 4; ++i)
          left.push_back(unpack(word, i, data.offsets.empty() ? Value() : data.offsets[group][i % 2]));
        for (int64_t r = 0; r < tokens; ++r) {
          SmallVector<Value> right;
          for (int64_t i = 0; i < 2; ++i)
            right.push_back(pairRegister(
                vector::ExtractStridedSliceOp::create(b, loc, rows[r], ArrayRef<int64_t>{4 * j + 2 * i},
                                                      ArrayRef<int64_t>{2}, ArrayRef<int64_t>{1})));
          multiplyTile(left, right, MutableArrayRef<Value>(partial).slice(4 * r, 4));
        }
      }
      if (groups == 1 && half == 0)
        continue; // the group goes on
      for (int64_t i = 0; i < 4 * tokens; ++i)
        sums[i] = math::FmaOp::create(b, loc, partial[i], data.scales[group][i % 4 / 2], sums[i]);
      partial.assign(4 * tokens, zero(b.getF32Type()));
    }
  }

  /// Numbers `i` and `i + 4` of a word, less their zero point: exact, because they land in the mantissa of a
  /// float whose lowest bit is worth 1.
  Value unpack(Value word, int64_t i, Value zeroPoint) {
    auto integer = [&](int64_t value) {
      return arith::ConstantIntOp::create(b, loc, b.getI32Type(), value).getResult();
    };
    auto pair = VectorType::get({2}, elementType());
    if (i)
      word = arith::ShRUIOp::create(b, loc, word, integer(4 * i));
    word = arith::AndIOp::create(b, loc, word, integer(0x000f000f));
    word = arith::OrIOp::create(b, loc, word, integer(elementType().isF16() ? 0x64006400 : 0x43004300));
    Value shifted = LLVM::BitcastOp::create(b, loc, pair, word);
    auto splat = [&](double value) -> Value {
      return arith::ConstantOp::create(
          b, loc, DenseElementsAttr::get(pair, b.getFloatAttr(elementType(), value).getValue()));
    };
    Value offset = splat(bits16 + double(form.zero.value_or(0)));
    if (zeroPoint)
      offset = arith::AddFOp::create(b, loc, vector::BroadcastOp::create(b, loc, pair, zeroPoint), offset);
    if (elementType().isF16())
      return arith::SubFOp::create(b, loc, shifted, offset);
    // Chips before sm_90 add bf16 only as part of a multiplication.
    Value negative = zeroPoint ? LLVM::FMAOp::create(b, loc, offset, splat(-1), splat(0)).getResult()
                               : splat(-(bits16 + double(*form.zero)));
    return pairRegister(LLVM::FMAOp::create(b, loc, shifted, splat(1), negative));
  }

  Form form;
  int64_t tokens; // groups of 8 rows in a tile
  int64_t bits16;
  Value lhs, numbers, scales, zeros;
  Value tile, lane, g, t;
  SmallVector<Value> extents;
  SmallVector<SmallVector<Value>> rowIndices;
};

class QuantMatmulCuda : public ::hone::CudaFamily {
public:
  unsigned variants(KernelOp kernel) const override { return 2; }
  Value serves(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers,
               unsigned variant) const override {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, rowsOf(b, loc, kernel, buffers),
                                 arith::ConstantIndexOp::create(b, loc, Form(kernel, variant).rows));
  }

  LogicalResult emit(OpBuilder &b, KernelOp kernel, ValueRange buffers, TargetAttr,
                     unsigned variant) const override {
    QuantTiles(b, kernel.getLoc(), kernel, buffers, Form(kernel, variant)).emit();
    return success();
  }

  ::hone::CudaLaunch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, TargetAttr,
                            unsigned variant) const override {
    Form form(kernel, variant);
    auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
    Value blocks =
        b.createOrFold<arith::CeilDivUIOp>(loc, rowsOf(b, loc, kernel, buffers), constant(form.rows));
    return {b.createOrFold<arith::MulIOp>(loc, blocks, constant(form.tiles())), constant(1), constant(1),
            32 * form.warps(), 0};
  }

private:
  /// Every result has the product's shape.
  static Value rowsOf(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers) {
    Value result = buffers[kernel.getNumOperands()];
    return ::hone::sizeProduct(b, loc, result, cast<MemRefType>(result.getType()).getRank() - 1);
  }
};

} // namespace

namespace hone {
const CudaFamily &getQuantMatmulCuda() {
  static QuantMatmulCuda family;
  return family;
}
} // namespace hone
