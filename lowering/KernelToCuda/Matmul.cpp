// Products on the f32 units: a block computes a tile of the result from tiles of the operands in shared
// memory, each thread 4 x 4 of it in registers. Operands are pulled, so unpacking, casts and transposes in
// front cost nothing extra; the epilogue is pulled with the sum in the root's place.
#include "lowering/KernelToCuda/CudaFamily.h"
#include "lowering/kernels/RegionBuilder.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace mlir::hone;
using ::hone::RegionBuilder;

namespace {

constexpr int64_t depth = 16;   // of the tiles in shared memory
constexpr int64_t columns = 64; // of the result's tile
constexpr int64_t own = 4;      // rows and columns of a thread

/// Rows of the result's tile: few when there are few.
int64_t rowsOfTile(MatmulOp matmul) {
  auto type = cast<RankedTensorType>(matmul.getResult().getType());
  int64_t rows = type.getDimSize(type.getRank() - 2);
  return !ShapedType::isDynamic(rows) && rows <= 16 ? 16 : 64;
}
int64_t threadsOf(MatmulOp matmul) { return rowsOfTile(matmul) / own * (columns / own); }

MatmulOp rootOf(KernelOp kernel) { return *kernel.getBody().front().getOps<MatmulOp>().begin(); }

class Emitter {
public:
  Emitter(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers)
      : b(b), loc(loc), kernel(kernel), buffers(buffers), matmul(rootOf(kernel)), rows(rowsOfTile(matmul)),
        threads(threadsOf(matmul)) {}

  void emit() {
    Value zero = constant(0), one = constant(1);
    RegionBuilder sizes(b, loc, kernel, buffers);
    rank = cast<RankedTensorType>(matmul.getResult().getType()).getRank();
    m = sizes.dim(matmul.getResult(), rank - 2);
    n = sizes.dim(matmul.getResult(), rank - 1);
    int64_t lhsRank = cast<RankedTensorType>(matmul.getLhs().getType()).getRank();
    Value k = sizes.dim(matmul.getLhs(), matmul.getTransposeA() ? lhsRank - 2 : lhsRank - 1);
    for (int64_t axis = 0; axis < rank - 2; ++axis)
      batch.push_back(sizes.dim(matmul.getResult(), axis));

    // The block's tile, and its position in the batch.
    Value rest = ::hone::blockIndex(b, loc);
    Value across = arith::CeilDivUIOp::create(b, loc, n, constant(columns)),
          down = arith::CeilDivUIOp::create(b, loc, m, constant(rows));
    column0 = arith::MulIOp::create(b, loc, arith::RemUIOp::create(b, loc, rest, across), constant(columns));
    rest = arith::DivUIOp::create(b, loc, rest, across);
    row0 = arith::MulIOp::create(b, loc, arith::RemUIOp::create(b, loc, rest, down), constant(rows));
    rest = arith::DivUIOp::create(b, loc, rest, down);
    at.resize(rank - 2);
    for (int64_t axis = rank - 2; axis-- > 0;) {
      at[axis] = arith::RemUIOp::create(b, loc, rest, batch[axis]);
      rest = arith::DivUIOp::create(b, loc, rest, batch[axis]);
    }

    thread = ::hone::threadIndex(b, loc);
    Value perRow = constant(columns / own);
    Value myRow =
              arith::MulIOp::create(b, loc, arith::DivUIOp::create(b, loc, thread, perRow), constant(own)),
          myColumn =
              arith::MulIOp::create(b, loc, arith::RemUIOp::create(b, loc, thread, perRow), constant(own));
    Value tileA = shared("a", rows), tileB = shared("b", columns);

    auto vector = VectorType::get({own}, b.getF32Type());
    SmallVector<Value> sums(own, arith::ConstantOp::create(b, loc, DenseElementsAttr::get(vector, 0.0f)));
    auto steps = scf::ForOp::create(b, loc, zero, k, constant(depth), sums);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(steps.getBody());
      Value k0 = steps.getInductionVar();
      fill(tileA, rows, matmul.getLhs(), matmul.getTransposeA(), row0, m, k0, k);
      fill(tileB, columns, matmul.getRhs(), !matmul.getTransposeB(), column0, n, k0, k);
      NVVM::Barrier0Op::create(b, loc);
      auto inner = scf::ForOp::create(b, loc, zero, constant(depth), one, steps.getRegionIterArgs());
      {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(inner.getBody());
        auto part = [&](Value tile, Value from) {
          Value indices[] = {inner.getInductionVar(), from};
          auto load = vector::LoadOp::create(b, loc, vector, tile, indices);
          load->setAttr("alignment", b.getI64IntegerAttr(16)); // rows of the tiles are multiples of it
          return load.getResult();
        };
        Value left = part(tileA, myRow), right = part(tileB, myColumn);
        SmallVector<Value> next;
        for (int64_t i = 0; i < own; ++i) {
          Value scalar = vector::ExtractOp::create(b, loc, left, ArrayRef<int64_t>{i});
          next.push_back(math::FmaOp::create(b, loc, vector::BroadcastOp::create(b, loc, vector, scalar),
                                             right, inner.getRegionIterArg(i)));
        }
        scf::YieldOp::create(b, loc, next);
      }
      NVVM::Barrier0Op::create(b, loc); // nobody fills the tiles while others read them
      scf::YieldOp::create(b, loc, inner.getResults());
    }
    finish(steps.getResults(), myRow, myColumn);
  }

private:
  Value constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

  /// A tile [depth, width] of f32 in shared memory.
  Value shared(StringRef name, int64_t width) {
    auto function = cast<func::FuncOp>(b.getInsertionBlock()->getParentOp());
    auto type =
        MemRefType::get({depth, width}, b.getF32Type(), MemRefLayoutAttrInterface(), b.getI64IntegerAttr(3));
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(function);
      memref::GlobalOp::create(b, loc, ("tile_" + name).str(), b.getStringAttr("private"), type,
                               b.getUnitAttr(),
                               /*constant=*/false, b.getI64IntegerAttr(16));
    }
    return memref::GetGlobalOp::create(b, loc, type, ("tile_" + name).str());
  }

  /// Copies the tile of `operand` at (first, k0) into shared memory, 0 outside. `alongWidth`: its memory runs
  /// along the result's dimension and not along k; threads follow the memory.
  void fill(Value tile, int64_t width, Value operand, bool alongWidth, Value first, Value size, Value k0,
            Value k) {
    int64_t each = width * depth / threads;
    auto loop = scf::ForOp::create(b, loc, constant(0), constant(each), constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value number = arith::AddIOp::create(
        b, loc, arith::MulIOp::create(b, loc, loop.getInductionVar(), constant(threads)), thread);
    Value fast = constant(alongWidth ? width : depth);
    Value x = arith::RemUIOp::create(b, loc, number, fast), y = arith::DivUIOp::create(b, loc, number, fast);
    Value position = alongWidth ? x : y, step = alongWidth ? y : x;
    Value outer = arith::AddIOp::create(b, loc, first, position),
          inner = arith::AddIOp::create(b, loc, k0, step);
    Value isInside =
        arith::AndIOp::create(b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, outer, size),
                              arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, inner, k));
    auto choice = scf::IfOp::create(b, loc, b.getF32Type(), isInside, /*withElseRegion=*/true);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(choice.elseBlock());
      scf::YieldOp::create(b, loc, ValueRange{arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0))});
      b.setInsertionPointToStart(choice.thenBlock());
      RegionBuilder region(b, loc, kernel, buffers);
      SmallVector<Value> indices = batchOf(region, operand);
      // [.., outer, k] or [.., k, outer]
      indices.push_back(alongWidth ? inner : outer);
      indices.push_back(alongWidth ? outer : inner);
      Value element = region.load(operand, indices);
      if (!element.getType().isF32())
        element = arith::ExtFOp::create(b, loc, b.getF32Type(), element);
      scf::YieldOp::create(b, loc, element);
    }
    memref::StoreOp::create(b, loc, choice.getResult(0), tile, ValueRange{step, position});
  }

  /// The batch indices of an operand, which broadcasts.
  SmallVector<Value> batchOf(RegionBuilder &region, Value operand) {
    auto type = cast<RankedTensorType>(operand.getType());
    int64_t shift = rank - type.getRank();
    SmallVector<Value> indices;
    for (int64_t axis = 0; axis < type.getRank() - 2; ++axis) {
      Value index = at[axis + shift];
      if (type.getDimSize(axis) == 1)
        index = constant(0);
      else if (type.isDynamicDim(axis) && !region.sameDim(operand, axis, matmul.getResult(), axis + shift))
        index = arith::SelectOp::create(b, loc, region.equal(region.dim(operand, axis), constant(1)),
                                        constant(0), index);
      indices.push_back(index);
    }
    return indices;
  }

  /// Puts the thread's sums through the epilogue and stores them.
  void finish(ValueRange sums, Value myRow, Value myColumn) {
    Block &body = kernel.getBody().front();
    auto type = cast<RankedTensorType>(matmul.getResult().getType());
    for (int64_t i = 0; i < own; ++i)
      for (int64_t j = 0; j < own; ++j) {
        Value row = arith::AddIOp::create(b, loc, row0, arith::AddIOp::create(b, loc, myRow, constant(i))),
              column = arith::AddIOp::create(b, loc, column0,
                                             arith::AddIOp::create(b, loc, myColumn, constant(j)));
        Value isInside =
            arith::AndIOp::create(b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, row, m),
                                  arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, column, n));
        Value sum = vector::ExtractOp::create(b, loc, sums[i], ArrayRef<int64_t>{j});
        auto store = scf::IfOp::create(b, loc, isInside);
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(store.thenBlock());
        if (!type.getElementType().isF32())
          sum = arith::TruncFOp::create(b, loc, type.getElementType(), sum);
        RegionBuilder region(b, loc, kernel, buffers);
        SmallVector<Value> indices(at);
        indices.append({row, column});
        region.define(matmul.getResult(), indices, sum);
        // Readers ask for index 0 where a size is 1.
        SmallVector<Value> clipped(indices);
        for (int64_t axis = 0; axis < rank; ++axis)
          if (type.getDimSize(axis) == 1)
            clipped[axis] = constant(0);
        region.define(matmul.getResult(), clipped, sum);
        for (auto [index, value] : llvm::enumerate(body.getTerminator()->getOperands()))
          memref::StoreOp::create(b, loc, region.storedElement(value, indices),
                                  buffers[kernel.getNumOperands() + index], indices);
      }
  }

  OpBuilder &b;
  Location loc;
  KernelOp kernel;
  ValueRange buffers;
  MatmulOp matmul;
  int64_t rows, threads, rank = 0;
  Value m, n, row0, column0, thread;
  SmallVector<Value> batch, at;
};

class MatmulCuda : public ::hone::CudaFamily {
public:
  LogicalResult emit(KernelOp kernel, func::FuncOp function, TargetAttr device) const override {
    OpBuilder b(function.getContext());
    b.setInsertionPointToStart(&function.getBody().front());
    Emitter(b, kernel.getLoc(), kernel, function.getArguments()).emit();
    func::ReturnOp::create(b, kernel.getLoc());
    return success();
  }

  ::hone::CudaLaunch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers,
                            TargetAttr device) const override {
    // Every result has the product's shape.
    Value result = buffers[kernel.getNumOperands()];
    int64_t rank = cast<MemRefType>(result.getType()).getRank();
    MatmulOp matmul = rootOf(kernel);
    auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
    auto tiles = [&](int64_t axis, int64_t width) -> Value {
      return b.createOrFold<arith::CeilDivUIOp>(loc, b.createOrFold<memref::DimOp>(loc, result, axis),
                                                constant(width));
    };
    Value blocks = ::hone::sizeProduct(b, loc, result, rank - 2);
    blocks = b.createOrFold<arith::MulIOp>(loc, blocks, tiles(rank - 2, rowsOfTile(matmul)));
    blocks = b.createOrFold<arith::MulIOp>(loc, blocks, tiles(rank - 1, columns));
    return {blocks, constant(1), constant(1), threadsOf(matmul), 0};
  }
};

} // namespace

namespace hone {
const CudaFamily &getMatmulCuda() {
  static MatmulCuda family;
  return family;
}
} // namespace hone
