// Matrix products of floats as products by tiles.
#include "lowering/KernelToCuda/TileProduct.h"

using namespace mlir;
using namespace mlir::hone;
using ::hone::RegionBuilder;
using ::hone::TileProduct;

namespace {

MatmulOp rootOf(KernelOp kernel) { return *kernel.getBody().front().getOps<MatmulOp>().begin(); }

TileProduct::Form formOf(MatmulOp matmul) {
  auto type = cast<RankedTensorType>(matmul.getResult().getType());
  int64_t rows = type.getDimSize(type.getRank() - 2);
  return TileProduct::formOf(type.getElementType(), ShapedType::isDynamic(rows) || rows > 16);
}

class MatmulTiles : public TileProduct {
public:
  MatmulTiles(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers)
      : TileProduct(b, loc, kernel, buffers, rootOf(kernel).getResult(), ::formOf(rootOf(kernel))),
        op(rootOf(kernel)), rank(cast<RankedTensorType>(root.getType()).getRank()) {}

protected:
  Sizes sizes() override {
    RegionBuilder region(b, loc, kernel, buffers);
    Value batch = constant(1);
    for (int64_t axis = 0; axis < rank - 2; ++axis) {
      extents.push_back(region.dim(root, axis));
      batch = multiply(batch, extents.back());
    }
    int64_t last = cast<RankedTensorType>(op.getLhs().getType()).getRank() - 1;
    return {batch, region.dim(root, rank - 2), region.dim(root, rank - 1),
            region.dim(op.getLhs(), op.getTransposeA() ? last - 1 : last)};
  }
  void enterBatch(Value position) override {
    at.resize(rank - 2);
    for (int64_t axis = rank - 2; axis-- > 0;) {
      at[axis] = modulo(position, extents[axis]);
      position = divide(position, extents[axis]);
    }
  }
  Value left(RegionBuilder &region, Value row, Value k) override {
    return load(region, op.getLhs(), op.getTransposeA() ? k : row, op.getTransposeA() ? row : k);
  }
  Value right(RegionBuilder &region, Value k, Value column) override {
    return load(region, op.getRhs(), op.getTransposeB() ? column : k, op.getTransposeB() ? k : column);
  }
  bool leftRunsAlongRows() override { return op.getTransposeA(); }
  bool rightRunsAlongColumns() override { return !op.getTransposeB(); }
  SmallVector<Value> resultIndices(Value row, Value column) override {
    SmallVector<Value> indices(at);
    indices.append({row, column});
    return indices;
  }

private:
  /// An element of an operand, whose leading dimensions broadcast.
  Value load(RegionBuilder &region, Value operand, Value row, Value column) {
    auto type = cast<RankedTensorType>(operand.getType());
    int64_t shift = rank - type.getRank();
    SmallVector<Value> indices;
    for (int64_t axis = 0; axis < type.getRank() - 2; ++axis) {
      Value index = at[axis + shift];
      if (type.getDimSize(axis) == 1)
        index = constant(0);
      else if (type.isDynamicDim(axis) && !region.sameDim(operand, axis, root, axis + shift))
        index = arith::SelectOp::create(b, loc, region.equal(region.dim(operand, axis), constant(1)),
                                        constant(0), index);
      indices.push_back(index);
    }
    indices.append({row, column});
    return region.load(operand, indices);
  }

  MatmulOp op;
  int64_t rank;
  SmallVector<Value> extents, at;
};

class MatmulCuda : public ::hone::CudaFamily {
public:
  LogicalResult emit(OpBuilder &b, KernelOp kernel, ValueRange buffers, TargetAttr, unsigned) const override {
    MatmulTiles(b, kernel.getLoc(), kernel, buffers).emit();
    return success();
  }

  ::hone::CudaLaunch launch(OpBuilder &b, Location loc, KernelOp kernel, ValueRange buffers,
                            TargetAttr device, unsigned) const override {
    // Every result has the product's shape.
    Value result = buffers[kernel.getNumOperands()];
    int64_t rank = cast<MemRefType>(result.getType()).getRank();
    return TileProduct::launch(b, loc, ::hone::sizeProduct(b, loc, result, rank - 2),
                               b.createOrFold<memref::DimOp>(loc, result, rank - 2),
                               b.createOrFold<memref::DimOp>(loc, result, rank - 1), formOf(rootOf(kernel)));
  }
};

} // namespace

namespace hone {
const CudaFamily &getMatmulCuda() {
  static MatmulCuda family;
  return family;
}
} // namespace hone
