// Movement that changes nothing, proved on symbolic sizes. Runs to a fixed point: each round asks
// a fresh analysis, since replaced values take their facts with them.
#include "dialects/hone/HoneDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/simplify/Passes.h"

namespace hone {
#define GEN_PASS_DEF_SIMPLIFYMOVEMENT
#include "passes/simplify/Passes.h.inc"
} // namespace hone

using namespace mlir;
using namespace mlir::hone;

namespace {

bool isView(Operation *op) { return isa_and_nonnull<ReshapeOp, SqueezeOp, UnsqueezeOp>(op); }

class Simplifier {
public:
  explicit Simplifier(Shapes &shapes) : shapes(shapes) {}

  /// What `op`'s result may be replaced with; null when nothing simpler is known.
  Value simplify(Operation *op, OpBuilder &b) {
    if (isView(op))
      return simplifyView(op, b);
    if (auto transpose = dyn_cast<TransposeOp>(op))
      return simplifyTranspose(transpose, b);
    if (isa<ExpandOp, SliceOp, TileOp>(op) || (isa<ConcatOp>(op) && op->getNumOperands() == 1))
      return keepsAll(op) ? op->getOperand(0) : Value();
    if (auto cast = dyn_cast<CastOp>(op))
      return cast.getInput().getType() == cast.getType() ? cast.getInput() : Value();
    if (isa<MulOp, DivOp>(op))
      return neutral(op, 1);
    if (isa<AddOp, SubOp>(op))
      return neutral(op, 0);
    return {};
  }

private:
  bool sameDims(Value a, Value c) {
    return cast<ShapedType>(a.getType()).getElementType() == cast<ShapedType>(c.getType()).getElementType() &&
           shapes.dims(a) == shapes.dims(c);
  }

  /// The op picks all of its input in order: same shape, and a slice with positive steps of 1.
  bool keepsAll(Operation *op) {
    if (!sameDims(op->getOperand(0), op->getResult(0)))
      return false;
    auto slice = dyn_cast<SliceOp>(op);
    if (!slice)
      return true;
    auto steps = shapes.constants(slice.getSteps());
    return steps && llvm::all_of(*steps, [](int64_t step) { return step == 1; });
  }

  /// Batched products over one merged batch: [..., c, d] -> [n, c, d] -> [n, d, c] -> [..., d, c] moves
  /// what one transpose does.
  Value mergedTranspose(Operation *op, OpBuilder &b) {
    auto transpose = op->getOperand(0).getDefiningOp<TransposeOp>();
    if (!transpose || !isView(transpose.getInput().getDefiningOp()) ||
        transpose.getPerm() != ArrayRef<int64_t>{0, 2, 1})
      return {};
    std::vector<DimExpr> merged = shapes.dims(transpose.getInput()), wanted = shapes.dims(op->getResult(0));
    if (wanted.size() < 4)
      return {};
    std::swap(wanted[wanted.size() - 2], wanted[wanted.size() - 1]);
    for (Value x = transpose.getInput(); isView(x.getDefiningOp());) {
      x = x.getDefiningOp()->getOperand(0);
      std::vector<DimExpr> dims = shapes.dims(x);
      if (dims != wanted || dims[dims.size() - 2] != merged[1] || dims.back() != merged[2])
        continue;
      SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, dims.size()));
      std::swap(perm[dims.size() - 2], perm[dims.size() - 1]);
      return TransposeOp::create(b, op->getLoc(), op->getResult(0).getType(), x, perm);
    }
    return {};
  }

  Value simplifyView(Operation *op, OpBuilder &b) {
    if (Value transposed = mergedTranspose(op, b))
      return transposed;
    // Any value up the chain of views with this very shape.
    Value result = op->getResult(0), root = op->getOperand(0);
    for (;;) {
      if (sameDims(root, result))
        return root;
      if (!isView(root.getDefiningOp()))
        break;
      root = root.getDefiningOp()->getOperand(0);
    }
    // A chain of views is one reshape when its shape can be written down.
    if (root == op->getOperand(0))
      return {};
    if (Value shape = shapeTensor(op, b))
      return ReshapeOp::create(b, op->getLoc(), result.getType(), root, shape, b.getUnitAttr());
    return {};
  }

  /// The final sizes of a view as a tensor; null when one can't be written with what is visible.
  Value shapeTensor(Operation *op, OpBuilder &b) {
    SmallVector<Value> elements;
    std::vector<DimExpr> dims = shapes.dims(op->getResult(0));
    for (const DimExpr &dim : dims)
      if (!shapes.isVisible(dim, op) || dependsOn(dim, op->getResult(0)))
        return {};
    for (const DimExpr &dim : dims)
      elements.push_back(shapes.materialize(b, op->getLoc(), dim, [&](const SymbolDef &def) -> Value {
        if (def.kind == SymbolDef::Dim)
          return DimOp::create(b, op->getLoc(), b.getIndexType(), def.value, b.getI64IntegerAttr(def.index));
        return def.value;
      }));
    auto type = RankedTensorType::get({int64_t(dims.size())}, b.getI64Type());
    if (llvm::all_of(dims, [](const DimExpr &d) { return d.constant().has_value(); })) {
      SmallVector<int64_t> values(llvm::map_range(dims, [](const DimExpr &d) { return *d.constant(); }));
      return ConstantOp::create(b, op->getLoc(), DenseIntElementsAttr::get(type, values));
    }
    return IndexTensorOp::create(b, op->getLoc(), type, elements);
  }

  /// Whether a size stands on the value itself or on elements of tensors, which are not rewritten here.
  bool dependsOn(const DimExpr &expr, Value value) {
    return llvm::any_of(expr.getTerms(), [&](auto &term) {
      return llvm::any_of(term.first, [&](int symbol) {
        const SymbolDef &def = shapes.definition(symbol);
        return def.kind == SymbolDef::Element || def.value == value || dependsOn(def.a, value) ||
               dependsOn(def.b, value) || dependsOn(def.c, value);
      });
    });
  }

  Value simplifyTranspose(TransposeOp op, OpBuilder &b) {
    SmallVector<int64_t> perm(op.getPerm());
    if (auto inner = op.getInput().getDefiningOp<TransposeOp>()) {
      for (int64_t &axis : perm)
        axis = inner.getPerm()[axis];
      return TransposeOp::create(b, op.getLoc(), op.getType(), inner.getInput(), perm);
    }
    if (llvm::equal(perm, llvm::seq<int64_t>(0, perm.size())))
      return op.getInput();
    // Dimensions of size 1 may move freely: the rest keeps its order, so the bytes do not move.
    std::vector<DimExpr> dims = shapes.dims(op.getInput());
    llvm::erase_if(perm, [&](int64_t axis) { return dims[axis].is(1); });
    if (!llvm::is_sorted(perm))
      return {};
    if (Value shape = shapeTensor(op, b))
      return ReshapeOp::create(b, op.getLoc(), op.getType(), op.getInput(), shape, b.getUnitAttr());
    return {};
  }

  /// x * 1, x / 1, x + 0, x - 0 (and swapped where that holds).
  Value neutral(Operation *op, double value) {
    auto isValue = [&](Value operand) {
      auto constant = operand.getDefiningOp<ConstantOp>();
      auto elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
      if (!elements || !elements.isSplat())
        return false;
      Attribute splat = elements.getSplatValue<Attribute>();
      if (auto number = dyn_cast<FloatAttr>(splat))
        return number.getValueAsDouble() == value && !number.getValue().isNegative();
      return isa<IntegerAttr>(splat) && cast<IntegerAttr>(splat).getValue() == uint64_t(value);
    };
    Value x = op->getOperand(0), y = op->getOperand(1), result = op->getResult(0);
    if (isValue(y) && sameDims(x, result))
      return x;
    if (isa<MulOp, AddOp>(op) && isValue(x) && sameDims(y, result))
      return y;
    return {};
  }

  Shapes &shapes;
};

struct SimplifyMovement : ::hone::impl::SimplifyMovementBase<SimplifyMovement> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      // Each round shortens chains by at least one link.
      for (int round = 0; round < 8; ++round) {
        Shapes shapes;
        if (failed(shapes.inferFunction(function)))
          return signalPassFailure();
        Simplifier simplifier(shapes);
        SmallVector<Operation *> ops;
        function.walk([&](Operation *op) {
          if (isa<ShapeOpInterface>(op) && op->getNumResults() == 1 && !isa<KernelOp>(op))
            ops.push_back(op);
        });
        bool changed = false;
        for (Operation *op : ops) {
          if (op->use_empty())
            continue;
          OpBuilder b(op);
          if (Value simpler = simplifier.simplify(op, b)) {
            op->getResult(0).replaceAllUsesWith(simpler);
            changed = true;
          }
        }
        for (Operation *op : llvm::reverse(ops))
          if (isOpTriviallyDead(op))
            op->erase();
        if (!changed)
          break;
      }
    }
  }
};

} // namespace
