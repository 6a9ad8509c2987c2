// Products in the one form that fast kernels take: operands of equal leading dimensions, the left one not
// transposed. A copy of an operand costs as many steps as it has elements, the product that many times N or
// M.
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/fuse/Passes.h"
#include "passes/simplify/Heads.h"

namespace hone {
#define GEN_PASS_DEF_ALIGNPRODUCTS
#include "passes/fuse/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;
using ::hone::createInferred;
using ::hone::sizesTensor;

namespace {

Type elementOf(MatmulOp op) { return cast<RankedTensorType>(op.getType()).getElementType(); }

struct AlignProducts : ::hone::impl::AlignProductsBase<AlignProducts> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      Shapes shapes;
      if (failed(shapes.inferFunction(function)))
        return signalPassFailure();
      SmallVector<MatmulOp> products;
      function.walk([&](MatmulOp op) {
        if (elementOf(op).isF32())
          products.push_back(op);
      });
      for (MatmulOp op : products) {
        align(op, shapes);
        broadcast(op, shapes);
      }
    }
  }

private:
  /// A transposed left operand is written out.
  static void align(MatmulOp op, Shapes &shapes) {
    if (!op.getTransposeA())
      return;
    if (shapes.dims(op.getResult()).back().is(1)) {
      op.emitRemark("left operand stays transposed: with one column a copy costs as much as the product");
      return;
    }
    SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, shapes.rank(op.getLhs())));
    std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
    OpBuilder b(op);
    Type element = elementOf(op);
    if (Value turned = createInferred<TransposeOp>(b, op.getLoc(), shapes, element, op.getLhs(), perm)) {
      op.getLhsMutable().assign(turned);
      op.setTransposeA(false);
    }
  }

  /// Operands that broadcast over leading dimensions are written out. One matrix on the right needs no copy.
  static void broadcast(MatmulOp op, Shapes &shapes) {
    std::vector<DimExpr> result = shapes.dims(op.getResult());
    ArrayRef<DimExpr> leading = ArrayRef<DimExpr>(result).drop_back(2);
    auto isOneMatrix = [&](Value x) {
      std::vector<DimExpr> dims = shapes.dims(x);
      return llvm::all_of(ArrayRef<DimExpr>(dims).drop_back(2), [](const DimExpr &dim) { return dim.is(1); });
    };
    if (isOneMatrix(op.getRhs()))
      return;
    for (OpOperand *operand : {&op.getLhsMutable(), &op.getRhsMutable()}) {
      Value x = operand->get();
      std::vector<DimExpr> dims = shapes.dims(x), wanted(leading.begin(), leading.end());
      if (ArrayRef<DimExpr>(dims).drop_back(2) == leading)
        continue;
      bool isLeft = operand->getOperandNumber() == 0;
      if (result[result.size() - (isLeft ? 1 : 2)].is(1)) {
        op.emitRemark("leading dimensions broadcast: a copy of the ")
            << (isLeft ? "left" : "right") << " operand costs as much as the product";
        return;
      }
      wanted.insert(wanted.end(), dims.end() - 2, dims.end());
      OpBuilder b(op);
      Value sizes = sizesTensor(b, op, shapes, wanted), full;
      if (sizes)
        full = createInferred<ExpandOp>(b, op.getLoc(), shapes, elementOf(op), x, sizes);
      if (!full || shapes.dims(full) != wanted) {
        op.emitRemark(
            "leading dimensions broadcast: the sizes of a copy are not known in front of the product");
        return;
      }
      operand->set(full);
    }
  }
};

} // namespace
