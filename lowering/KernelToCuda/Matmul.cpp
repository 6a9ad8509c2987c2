// Matrix products of floats: by streaming the weight for few rows, by stages of tiles for many, and by pulled
// tiles where an operand does not lie in memory as a matrix of 16-bit floats.
#include "lowering/KernelToCuda/StagedProduct.h"
#include "lowering/KernelToCuda/StreamedProduct.h"
#include "lowering/KernelToCuda/TileProduct.h"
#include "lowering/kernels/KernelFamily.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <variant>

using namespace mlir;
using namespace mlir::hone;
using ::hone::CudaLaunch;
using ::hone::matmulOf;
using ::hone::RegionBuilder;
using ::hone::StagedProduct;
using ::hone::StreamedProduct;
using ::hone::TileProduct;

namespace {

RankedTensorType typeOf(Value x) { return cast<RankedTensorType>(x.getType()); }

/// Whether the leading axes of the left operand are rows like its last but one.
bool isOneMatrix(MatmulOp op) { return typeOf(op.getRhs()).getRank() == 2 && !op.getTransposeA(); }

/// Where the elements of a product stand.
class Place : public ::hone::DeviceBuilder {
public:
  /// `isFlat`: leading axes are rows.
  Place(OpBuilder &b, Location loc, MatmulOp op, bool isFlat)
      : DeviceBuilder(b, loc), op(op), rank(typeOf(op.getResult()).getRank()), isFlat(isFlat) {}

  /// Batch, m, n, k.
  std::array<Value, 4> sizes(RegionBuilder &region) {
    Value product = constant(1), result = op.getResult();
    for (int64_t axis = 0; axis < rank - 2; ++axis) {
      extents.push_back(region.dim(result, axis));
      product = multiply(product, extents.back());
    }
    rows = region.dim(result, rank - 2);
    int64_t last = typeOf(op.getLhs()).getRank() - 1;
    Value n = region.dim(result, rank - 1), k = region.dim(op.getLhs(), op.getTransposeA() ? last - 1 : last);
    if (isFlat)
      return {constant(1), multiply(product, rows), n, k};
    return {product, rows, n, k};
  }
  void enterBatch(Value position) { at = isFlat ? SmallVector<Value>() : indicesOf(position, extents); }
  SmallVector<Value> resultIndices(Value row, Value column) {
    SmallVector<Value> indices = isFlat ? indicesOf(divide(row, rows), extents) : at;
    indices.append({isFlat && rank > 2 ? modulo(row, rows) : row, column});
    return indices;
  }
  /// The indices in front of the last two, of an operand: its leading dimensions broadcast.
  SmallVector<Value> leadingOf(RegionBuilder &region, Value operand) {
    auto type = typeOf(operand);
    int64_t shift = rank - type.getRank();
    SmallVector<Value> indices;
    for (int64_t axis = 0; axis < type.getRank() - 2; ++axis) {
      Value index = isFlat ? constant(0) : at[axis + shift];
      if (type.getDimSize(axis) == 1)
        index = constant(0);
      else if (type.isDynamicDim(axis) && !region.sameDim(operand, axis, op.getResult(), axis + shift))
        index = select(region.equal(region.dim(operand, axis), constant(1)), constant(0), index);
      indices.push_back(index);
    }
    return indices;
  }

private:
  MatmulOp op;
  int64_t rank;
  bool isFlat;
  Value rows;
  SmallVector<Value> extents, at;
};

//===-- pulled tiles -----------------------------------------------------------------===//

class MatmulTiles : public TileProduct {
public:
  MatmulTiles(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, Form form)
      : TileProduct(b, loc, kernel, buffers, matmulOf(kernel).getResult(), form), op(matmulOf(kernel)),
        place(b, loc, op, false) {}

private:
  Sizes sizes() override {
    RegionBuilder region(b, loc, kernel, buffers);
    auto [batch, m, n, k] = place.sizes(region);
    return {batch, m, n, k};
  }
  void enterBatch(Value position) override { place.enterBatch(position); }
  SmallVector<Value> resultIndices(Value row, Value column) override {
    return place.resultIndices(row, column);
  }
  Value left(RegionBuilder &region, Value row, Value k) override {
    return load(region, op.getLhs(), op.getTransposeA() ? k : row, op.getTransposeA() ? row : k);
  }
  Value right(RegionBuilder &region, Value k, Value column) override {
    return load(region, op.getRhs(), op.getTransposeB() ? column : k, op.getTransposeB() ? k : column);
  }
  bool leftRunsAlongRows() override { return op.getTransposeA(); }
  bool rightRunsAlongColumns() override { return !op.getTransposeB(); }
  Value load(RegionBuilder &region, Value operand, Value row, Value column) {
    SmallVector<Value> indices = place.leadingOf(region, operand);
    indices.append({row, column});
    return region.load(operand, indices);
  }

  MatmulOp op;
  Place place;
};

//===-- stages -----------------------------------------------------------------------===//

class MatmulStaged : public StagedProduct {
public:
  MatmulStaged(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, Form form)
      : StagedProduct(b, loc, kernel, buffers, matmulOf(kernel).getResult(), form), op(matmulOf(kernel)),
        region(b, loc, kernel, buffers), place(b, loc, op, isOneMatrix(op)) {}

private:
  Sizes sizes() override {
    auto [batch, m, n, k] = place.sizes(region);
    return {batch, m, n, k};
  }
  void enterBatch(Value position) override { place.enterBatch(position); }
  SmallVector<Value> resultIndices(Value row, Value column) override {
    return place.resultIndices(row, column);
  }
  Matrix left() override { return matrix(op.getLhs(), true); }
  Matrix right() override { return matrix(op.getRhs(), op.getTransposeB()); }
  Matrix matrix(Value operand, bool alongK) {
    Value buffer = buffers[cast<BlockArgument>(operand).getArgNumber()], position = constant(0);
    int64_t rank = typeOf(operand).getRank();
    for (auto [axis, index] : llvm::enumerate(place.leadingOf(region, operand)))
      position = add(multiply(position, region.dim(operand, axis)), index);
    Value pitch = region.dim(operand, rank - 1);
    Value bytes = multiply(multiply(position, region.dim(operand, rank - 2)), multiply(pitch, constant(2)));
    return {add(memref::ExtractAlignedPointerAsIndexOp::create(b, loc, buffer), bytes), pitch, alongK};
  }

  MatmulOp op;
  RegionBuilder region;
  Place place;
};

//===-- streamed weights ---------------------------------------------------------------===//

/// A weight [n, k]: a lane reads 8 neighbours along k of two columns, as it does of a row.
class MatmulStreamed : public StreamedProduct {
public:
  MatmulStreamed(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, Form form)
      : StreamedProduct(b, loc, kernel, buffers, matmulOf(kernel), form),
        weight(buffers[cast<BlockArgument>(matmulOf(kernel).getRhs()).getArgNumber()]) {}

private:
  /// By half of the chunk, column g and column g + 8. Columns behind the last are copies of it.
  SmallVector<Value> loadChunk(Value number) override {
    SmallVector<Value> loaded;
    for (int64_t i = 0; i < 4; ++i) {
      Value column = add(multiply(tile, constant(columns)), add(g, constant(i % 2 * 8)));
      if (form.n % columns)
        column = minimum(column, constant(form.n - 1));
      loaded.push_back(loadSteps(weight, {column}, stepOf(number, i / 2)));
    }
    return loaded;
  }
  void accumulate(Value number, ArrayRef<Value> loaded, MutableArrayRef<Value> sums) override {
    for (int64_t half = 0; half < 2; ++half) {
      SmallVector<Value> rows = loadRows(number, half);
      Value upper = loaded[2 * half], lower = loaded[2 * half + 1];
      for (int64_t part = 0; part < 2; ++part)
        multiplyPart({registerOf(upper, 4 * part), registerOf(lower, 4 * part),
                      registerOf(upper, 4 * part + 2), registerOf(lower, 4 * part + 2)},
                     rows, part, sums);
    }
  }

  Value weight;
};

//===-- which of them --------------------------------------------------------------===//

using Form = std::variant<StreamedProduct::Form, StagedProduct::Form, TileProduct::Form>;

/// Whether lines of that many elements start at multiples of 16 bytes; a dynamic size may.
bool mayAlign(int64_t size) { return ShapedType::isDynamic(size) || size % 8 == 0; }

/// The forms that sizes can call for: each but the last has to be asked (`serves`). Every result has the
/// product's shape, and types of the kernel may say more than those in its region.
SmallVector<Form> formsOf(KernelOp kernel) {
  MatmulOp op = matmulOf(kernel);
  auto typeAt = [&](Value operand) {
    auto argument = dyn_cast<BlockArgument>(operand);
    return typeOf(argument ? kernel.getOperand(argument.getArgNumber()) : operand);
  };
  auto left = typeAt(op.getLhs()), right = typeAt(op.getRhs()), result = typeOf(kernel.getResult(0));
  Type element = typeOf(op.getResult()).getElementType();
  int64_t rows = result.getDimSize(result.getRank() - 2), n = result.getShape().back();
  int64_t k = left.getShape().back(), line = right.getShape().back();
  SmallVector<Form> forms;
  bool isPlain = isa<BlockArgument>(op.getLhs()) && isa<BlockArgument>(op.getRhs()) && !op.getTransposeA();
  if (isPlain && element.getIntOrFloatBitWidth() == 16 && mayAlign(k) && mayAlign(line)) {
    if (isOneMatrix(op) && op.getTransposeB() && right.hasStaticShape() && n && k) {
      bool areKnown = llvm::none_of(result.getShape().drop_back(), ShapedType::isDynamic);
      int64_t all = areKnown ? result.getNumElements() / n : ShapedType::kDynamic;
      for (int64_t tile : {8, 32})
        if (!areKnown || all <= tile) {
          forms.push_back(StreamedProduct::Form{n, k, tile});
          if (areKnown)
            return forms;
        }
    }
    if (op.getTransposeB() && ::hone::targetOf(kernel).fact("wgmma"))
      forms.append({StagedProduct::wide, StagedProduct::square});
    else
      forms.push_back(StagedProduct::large);
    forms.push_back(StagedProduct::small);
    if (!ShapedType::isDynamic(k) && !ShapedType::isDynamic(line))
      return forms;
  }
  forms.push_back(TileProduct::formOf(element, ShapedType::isDynamic(rows) || rows > 16));
  return forms;
}

/// Sizes in host code.
struct HostSizes {
  OpBuilder &b;
  Location loc;
  MatmulOp op;
  ValueRange buffers;
  Value batch, m, n;

  HostSizes(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, bool isFlat)
      : b(b), loc(loc), op(matmulOf(kernel)), buffers(buffers) {
    Value result = buffers[kernel.getNumOperands()]; // every result has the product's shape
    int64_t rank = cast<MemRefType>(result.getType()).getRank();
    batch = isFlat ? constant(1) : ::hone::sizeProduct(b, loc, result, rank - 2);
    m = isFlat ? ::hone::sizeProduct(b, loc, result, rank - 1)
               : b.createOrFold<memref::DimOp>(loc, result, rank - 2);
    n = b.createOrFold<memref::DimOp>(loc, result, rank - 1);
  }
  Value constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
  Value compare(arith::CmpIPredicate how, Value x, int64_t y) {
    return b.createOrFold<arith::CmpIOp>(loc, how, x, constant(y));
  }
  /// Whether the lines of both operands start at multiples of 16 bytes.
  Value areAligned() {
    Value all = arith::ConstantIntOp::create(b, loc, b.getI1Type(), 1);
    for (Value operand : {op.getLhs(), op.getRhs()})
      if (typeOf(operand).isDynamicDim(typeOf(operand).getRank() - 1)) {
        Value buffer = buffers[cast<BlockArgument>(operand).getArgNumber()];
        Value line = memref::DimOp::create(b, loc, buffer, typeOf(operand).getRank() - 1);
        Value rest = arith::RemUIOp::create(b, loc, line, constant(8));
        all = arith::AndIOp::create(b, loc, all, compare(arith::CmpIPredicate::eq, rest, 0));
      }
    return all;
  }
};

class MatmulCuda : public ::hone::CudaFamily {
public:
  unsigned variants(KernelOp kernel) const override { return formsOf(kernel).size(); }

  Value serves(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers,
               unsigned variant) const override {
    HostSizes sizes(b, loc, kernel, buffers, isOneMatrix(matmulOf(kernel)));
    Form form = formsOf(kernel)[variant];
    if (auto *streamed = std::get_if<StreamedProduct::Form>(&form))
      return sizes.compare(arith::CmpIPredicate::ule, sizes.m, streamed->rows);
    const auto &staged = std::get<StagedProduct::Form>(form);
    if (staged.rows == StagedProduct::small.rows)
      return sizes.areAligned();
    // Large tiles where there is one for every multiprocessor.
    CudaLaunch launch = StagedProduct::launch(b, loc, sizes.batch, sizes.m, sizes.n, staged);
    int64_t processors = ::hone::targetOf(kernel).fact("sms");
    return arith::AndIOp::create(b, loc, sizes.areAligned(),
                                 sizes.compare(arith::CmpIPredicate::uge, launch.x, processors));
  }

  LogicalResult emit(OpBuilder &b, KernelOp kernel, ValueRange buffers, TargetAttr,
                     unsigned variant) const override {
    Location loc = kernel.getLoc();
    Form form = formsOf(kernel)[variant];
    if (auto *streamed = std::get_if<StreamedProduct::Form>(&form))
      MatmulStreamed(b, loc, kernel, buffers, *streamed).emit();
    else if (auto *staged = std::get_if<StagedProduct::Form>(&form))
      MatmulStaged(b, loc, kernel, buffers, *staged).emit();
    else
      MatmulTiles(b, loc, kernel, buffers, std::get<TileProduct::Form>(form)).emit();
    return success();
  }

  CudaLaunch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers, TargetAttr,
                    unsigned variant) const override {
    Form form = formsOf(kernel)[variant];
    bool isPulled = std::holds_alternative<TileProduct::Form>(form);
    HostSizes sizes(b, loc, kernel, buffers, !isPulled && isOneMatrix(matmulOf(kernel)));
    if (auto *streamed = std::get_if<StreamedProduct::Form>(&form))
      return StreamedProduct::launch(b, loc, sizes.m, *streamed);
    if (auto *staged = std::get_if<StagedProduct::Form>(&form))
      return StagedProduct::launch(b, loc, sizes.batch, sizes.m, sizes.n, *staged);
    return TileProduct::launch(b, loc, sizes.batch, sizes.m, sizes.n, std::get<TileProduct::Form>(form));
  }
};

} // namespace

namespace hone {
const CudaFamily &getMatmulCuda() {
  static MatmulCuda family;
  return family;
}
} // namespace hone
