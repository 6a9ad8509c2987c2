// Convolutions as products by tiles: rows are the output channels of a group, columns the positions of the
// result (of all images), k runs over input channels and taps. The groups are the batch.
#include "lowering/KernelToCuda/TileProduct.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::hone;
using ::hone::RegionBuilder;
using ::hone::TileProduct;

namespace {

ConvOp rootOf(KernelOp kernel) { return *kernel.getBody().front().getOps<ConvOp>().begin(); }
ArrayRef<int64_t> shapeOf(Value tensor) { return cast<RankedTensorType>(tensor.getType()).getShape(); }
/// The family takes known weight shapes only.
int64_t channelsOfGroup(ConvOp conv) { return shapeOf(conv.getWeight())[0] / conv.getGroup(); }
TileProduct::Form formOf(ConvOp conv) {
  Type element = cast<RankedTensorType>(conv.getResult().getType()).getElementType();
  return TileProduct::formOf(element, channelsOfGroup(conv) > 16);
}

class ConvTiles : public TileProduct {
public:
  ConvTiles(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers)
      : TileProduct(b, loc, kernel, buffers, rootOf(kernel).getResult(), ::formOf(rootOf(kernel))),
        op(rootOf(kernel)), spatial(shapeOf(root).size() - 2) {}

protected:
  Sizes sizes() override {
    RegionBuilder region(b, loc, kernel, buffers);
    Value positions = region.dim(root, 0);
    for (int64_t i = 0; i < spatial; ++i) {
      extents.push_back(region.dim(root, i + 2));
      positions = multiply(positions, extents.back());
      inputExtents.push_back(region.dim(op.getInput(), i + 2));
    }
    int64_t depth = 1;
    for (int64_t size : shapeOf(op.getWeight()).drop_front())
      depth *= size;
    return {constant(op.getGroup()), constant(channelsOfGroup(op)), positions, constant(depth)};
  }
  void enterBatch(Value position) override {
    firstOutput = multiply(position, constant(channelsOfGroup(op)));
    firstInput = multiply(position, constant(shapeOf(op.getWeight())[1]));
  }
  Value left(RegionBuilder &region, Value row, Value k) override {
    SmallVector<Value> indices = taps(k);
    indices.insert(indices.begin(), add(firstOutput, row));
    return region.load(op.getWeight(), indices);
  }
  Value right(RegionBuilder &region, Value k, Value column) override {
    SmallVector<Value> tap = taps(k), position = positionOf(column);
    SmallVector<Value> from = {position[0], add(firstInput, tap[0])};
    Value isInside;
    for (int64_t i = 0; i < spatial; ++i) {
      Value offset = add(multiply(tap[i + 1], constant(op.getDilations()[i])), constant(-op.getPads()[i]));
      Value at = add(multiply(position[i + 1], constant(op.getStrides()[i])), offset);
      // Unsigned: what lies in front of the input is large.
      Value isHere = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, at, inputExtents[i]);
      isInside = isInside ? arith::AndIOp::create(b, loc, isInside, isHere).getResult() : isHere;
      from.push_back(at);
    }
    auto choice = scf::IfOp::create(b, loc, elementType(), isInside, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(b, loc, zero(elementType()));
    b.setInsertionPointToStart(choice.thenBlock());
    scf::YieldOp::create(b, loc, region.load(op.getInput(), from));
    return choice.getResult(0);
  }
  bool leftRunsAlongRows() override { return false; }
  bool rightRunsAlongColumns() override { return true; }
  SmallVector<Value> resultIndices(Value row, Value column) override {
    SmallVector<Value> indices = positionOf(column);
    indices.insert(indices.begin() + 1, add(firstOutput, row));
    return indices;
  }
  Value complete(RegionBuilder &region, Value sum, Value row, Value) override {
    if (!op.getBias())
      return sum;
    return arith::AddFOp::create(b, loc, sum, widened(region.load(op.getBias(), add(firstOutput, row))));
  }

private:
  /// Input channel (within the group) and taps of a step.
  SmallVector<Value> taps(Value k) {
    SmallVector<Value> digits(spatial + 1);
    for (int64_t i = spatial; i > 0; --i) {
      Value size = constant(shapeOf(op.getWeight())[i + 1]);
      digits[i] = modulo(k, size);
      k = divide(k, size);
    }
    digits[0] = k;
    return digits;
  }
  /// Image and place of a column.
  SmallVector<Value> positionOf(Value column) {
    SmallVector<Value> digits(spatial + 1);
    for (int64_t i = spatial; i > 0; --i) {
      digits[i] = modulo(column, extents[i - 1]);
      column = divide(column, extents[i - 1]);
    }
    digits[0] = column;
    return digits;
  }

  ConvOp op;
  int64_t spatial;
  SmallVector<Value> extents, inputExtents;
  Value firstOutput, firstInput;
};

class ConvCuda : public ::hone::CudaFamily {
public:
  LogicalResult emit(OpBuilder &b, KernelOp kernel, ValueRange buffers, TargetAttr,
                     ::hone::CudaStep) const override {
    ConvTiles(b, kernel.getLoc(), kernel, buffers).emit();
    return success();
  }

  ::hone::CudaLaunch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers,
                            TargetAttr device, ::hone::CudaStep) const override {
    // Every result has the convolution's shape.
    Value result = buffers[kernel.getNumOperands()];
    auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
    Value positions = b.createOrFold<memref::DimOp>(loc, result, 0);
    for (int64_t axis = 2; axis < cast<MemRefType>(result.getType()).getRank(); ++axis)
      positions =
          b.createOrFold<arith::MulIOp>(loc, positions, b.createOrFold<memref::DimOp>(loc, result, axis));
    ConvOp conv = rootOf(kernel);
    return TileProduct::launch(b, loc, constant(conv.getGroup()), constant(channelsOfGroup(conv)), positions,
                               formOf(conv));
  }
};

} // namespace

namespace hone {
const CudaFamily &getConvCuda() {
  static ConvCuda family;
  return family;
}
} // namespace hone
