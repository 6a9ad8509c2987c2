// Emits a kernel region element by element: any value of the region can be asked for at any index, and is
// computed from the region's buffers (docs/rationale/element-pull.md). Every target's loops are made of it.
#ifndef HONE_LOWERING_KERNELS_REGIONBUILDER_H
#define HONE_LOWERING_KERNELS_REGIONBUILDER_H
#include "dialects/hone/HoneDialect.h"
#include <map>

namespace hone {

/// Pulls elements of a region's values out of its buffers (memrefs: inputs, then results). What was pulled is
/// kept and used again wherever it is visible.
class RegionBuilder : public mlir::hone::ElementBuilder {
public:
  RegionBuilder(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel,
                mlir::ValueRange buffers);

  mlir::Value load(mlir::Value tensor, mlir::ValueRange indices) override;
  mlir::Value dim(mlir::Value tensor, int64_t axis) override;
  bool sameDim(mlir::Value a, int64_t axisA, mlir::Value c, int64_t axisC) override;

  /// Says what `tensor` is at `indices`, for what is pulled from now on.
  void define(mlir::Value tensor, mlir::ValueRange indices, mlir::Value element);
  /// An element in the form in which buffers hold it; not for packed elements.
  mlir::Value storedElement(mlir::Value tensor, mlir::ValueRange indices);

private:
  using Key = std::vector<const void *>;
  mlir::Value compute(mlir::Value tensor, mlir::ValueRange indices);
  mlir::Value loadBuffer(mlir::Value buffer, mlir::Type elementType, mlir::ValueRange indices);
  mlir::ArrayAttr dimNames(mlir::ArrayAttr numbers);
  static Key keyOf(mlir::Value tensor, mlir::ValueRange indices);

  mlir::Block &body;
  mlir::SmallVector<mlir::Value> buffers;
  mlir::hone::Shapes shapes;
  llvm::DenseMap<mlir::Value, mlir::Value> yielded;
  std::multimap<Key, mlir::Value> cache;
};

/// Whether elements of this type are stored two a byte.
bool isPacked(mlir::Type elementType);

/// Computes result `index` of the region at `indices`, in the form in which it is stored; not for packed
/// elements.
mlir::Value pullElement(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel,
                        mlir::ValueRange buffers, size_t index, mlir::ValueRange indices);

/// Computes result `index` of the region at `indices` and stores it. Where elements are packed, the last
/// index counts bytes, and both elements of the byte are computed.
void emitElement(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel,
                 mlir::ValueRange buffers, size_t index, mlir::ValueRange indices);

/// Whether every access is by the result's own index, so that the region works on flat arrays.
bool isFlat(mlir::hone::KernelOp kernel);

/// The product of the first `axes` sizes of a buffer.
mlir::Value sizeProduct(mlir::OpBuilder &b, mlir::Location loc, mlir::Value buffer, int64_t axes);

/// A flat region on flat buffers: a copy of the region on rank-1 tensors, to be erased by the caller, the
/// buffers seen as arrays (scalars stay), and their length.
struct FlatRegion {
  mlir::hone::KernelOp kernel;
  mlir::SmallVector<mlir::Value> buffers;
  mlir::Value length;
};
FlatRegion flatten(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::KernelOp kernel,
                   mlir::ValueRange buffers);

/// Computes element `at` of every result of a flat region and stores it.
void emitElement(mlir::OpBuilder &b, mlir::Location loc, const FlatRegion &flat, mlir::Value at);

} // namespace hone
#endif
