// Between [B, S, N*H], which attention ops work on, and [B, N, S, H], which models decompose to.
// The movement that this puts around raised ops cancels with the model's own in hone-simplify-movement.
#ifndef HONE_PASSES_SIMPLIFY_HEADS_H
#define HONE_PASSES_SIMPLIFY_HEADS_H
#include "dialects/hone/HoneDialect.h"

namespace hone {

/// A 1-D tensor of these sizes at `op`; null when one isn't visible there.
inline mlir::Value sizesTensor(mlir::OpBuilder &b, mlir::Operation *op, mlir::hone::Shapes &shapes,
                               llvm::ArrayRef<mlir::hone::DimExpr> dims) {
  using namespace mlir::hone;
  llvm::SmallVector<mlir::Value> elements;
  llvm::SmallVector<int64_t> constants;
  for (const DimExpr &dim : dims) {
    if (!shapes.isVisible(dim, op))
      return {};
    if (dim.constant())
      constants.push_back(*dim.constant());
  }
  auto type = mlir::RankedTensorType::get({int64_t(dims.size())}, b.getI64Type());
  if (constants.size() == dims.size())
    return ConstantOp::create(b, op->getLoc(), mlir::DenseIntElementsAttr::get(type, constants));
  for (const DimExpr &dim : dims)
    elements.push_back(shapes.materialize(b, op->getLoc(), dim, [&](const SymbolDef &def) -> mlir::Value {
      if (def.kind == SymbolDef::Dim)
        return DimOp::create(b, op->getLoc(), b.getIndexType(), def.value, b.getI64IntegerAttr(def.index));
      return def.value;
    }));
  auto tensor = IndexTensorOp::create(b, op->getLoc(), type, elements);
  return mlir::succeeded(shapes.infer(tensor)) ? tensor.getResult() : mlir::Value();
}

/// Creates an op whose result type inference decides; null, and no error, when its operands do not fit.
template <typename Op, typename... Args>
mlir::Value createInferred(mlir::OpBuilder &b, mlir::Location loc, mlir::hone::Shapes &shapes,
                           mlir::Type elementType, Args &&...args) {
  auto op = Op::create(b, loc, mlir::UnrankedTensorType::get(elementType), std::forward<Args>(args)...);
  mlir::ScopedDiagnosticHandler silent(b.getContext(), [](mlir::Diagnostic &) { return mlir::success(); });
  return mlir::succeeded(shapes.infer(op)) ? op->getResult(0) : mlir::Value();
}

/// [B, N, S, H] -> [B, S, N*H]
inline mlir::Value mergeHeads(mlir::OpBuilder &b, mlir::Operation *at, mlir::hone::Shapes &shapes,
                              mlir::Value x) {
  using namespace mlir::hone;
  mlir::Type element = mlir::cast<mlir::ShapedType>(x.getType()).getElementType();
  std::vector<DimExpr> dims = shapes.dims(x);
  mlir::Value sizes = sizesTensor(b, at, shapes, {dims[0], dims[2], dims[1] * dims[3]});
  if (!sizes)
    return {};
  mlir::Value moved =
      createInferred<TransposeOp>(b, at->getLoc(), shapes, element, x, llvm::ArrayRef<int64_t>{0, 2, 1, 3});
  return createInferred<ReshapeOp>(b, at->getLoc(), shapes, element, moved, sizes, b.getUnitAttr());
}

/// [B, S, N*H] -> [B, N, S, H]
inline mlir::Value splitHeads(mlir::OpBuilder &b, mlir::Operation *at, mlir::hone::Shapes &shapes,
                              mlir::Value x, int64_t heads) {
  using namespace mlir::hone;
  mlir::Type element = mlir::cast<mlir::ShapedType>(x.getType()).getElementType();
  std::vector<DimExpr> dims = shapes.dims(x);
  mlir::Value sizes = sizesTensor(
      b, at, shapes, {dims[0], dims[1], DimExpr(heads), shapes.floorDiv(dims[2], DimExpr(heads))});
  if (!sizes)
    return {};
  mlir::Value split = createInferred<ReshapeOp>(b, at->getLoc(), shapes, element, x, sizes, b.getUnitAttr());
  return createInferred<TransposeOp>(b, at->getLoc(), shapes, element, split,
                                     llvm::ArrayRef<int64_t>{0, 2, 1, 3});
}

} // namespace hone
#endif
