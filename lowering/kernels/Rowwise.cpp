// Rows: softmax, norms, reductions of the last axes, each with the elementwise ops around it; rotations; and
// chains of elementwise ops alone, where broadcasting is known to go along rows.
#include "lowering/kernels/Rowwise.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static RankedTensorType typeOf(Value x) { return cast<RankedTensorType>(x.getType()); }
static bool isOnes(ArrayRef<DimExpr> dims) {
  return llvm::all_of(dims, [](const DimExpr &d) { return d.is(1); });
}

//===-- spaces ---------------------------------------------------------------------===//

bool RowSpace::align(std::vector<DimExpr> &tensor) const {
  while (tensor.size() > dims.size() && tensor.front().is(1))
    tensor.erase(tensor.begin());
  if (tensor.size() > dims.size())
    return false;
  tensor.insert(tensor.begin(), dims.size() - tensor.size(), DimExpr(1));
  return true;
}

bool RowSpace::isFollowedBy(std::vector<DimExpr> tensor) const {
  if (!align(tensor))
    return false;
  ArrayRef<DimExpr> mine(tensor), all(dims);
  if (mine.take_back(columns) != all.take_back(columns) && !isOnes(mine.take_back(columns)))
    return false;
  for (auto [size, full] : llvm::zip(mine.drop_back(columns), all.drop_back(columns)))
    if (!size.is(1) && size != full)
      return false;
  return true;
}

bool RowSpace::isCoveredBy(std::vector<DimExpr> tensor) const { return align(tensor) && tensor == dims; }

RowSpace rowSpaceOf(Operation *root, Value last, ArrayRef<Value> leaves, Shapes &shapes) {
  RowSpace space;
  if (root) {
    space.dims = shapes.dims(root->getOperand(0));
    space.columns = 1;
    if (auto reduce = dyn_cast<ReduceOp>(root)) {
      int64_t count = int64_t(reduce.getAxes().size()), first = reduce.getAxes().front();
      bool areLast = isOnes(ArrayRef<DimExpr>(space.dims).drop_front(first + count));
      space.columns = int64_t(space.dims.size()) - first - (areLast ? 0 : count);
      space.depth = areLast ? 0 : count;
    }
    return space;
  }
  space.dims = shapes.dims(last);
  // As many axes as all leaves agree on: when these are all axes, the kernel is flat.
  for (space.columns = space.dims.size(); space.columns > 0; --space.columns)
    if (llvm::all_of(leaves, [&](Value leaf) { return space.isFollowedBy(shapes.dims(leaf)); }))
      break;
  return space;
}

RowSpace spaceBehind(ReduceOp op, const RowSpace &space, Shapes &shapes) {
  return {shapes.dims(op.getResult()), space.depth ? space.columns : 0, 0};
}

//===-- family ---------------------------------------------------------------------===//

namespace {

bool isPacked(Value x) { return typeOf(x).getElementType().isInteger(4); }
bool isNarrowFloat(Value x) {
  Type element = typeOf(x).getElementType();
  return element.isF32() || element.isF16() || element.isBF16();
}

class RowwiseFamily : public KernelFamily {
public:
  StringRef name() const override { return "rowwise"; }

  std::string refusesRoot(Operation *op, Shapes &shapes, TargetAttr target) const override {
    if (!isa<SoftmaxOp, LayerNormOp, RmsNormOp, ReduceOp, RopeOp>(op))
      return "another op";
    if (!target || !target.fact("vector_bits"))
      return "the target's vector width is not known";
    if (!isNarrowFloat(op->getOperand(0)))
      return "expected elements of f32, f16 or bf16";
    int64_t rank = typeOf(op->getOperand(0)).getRank();
    if (auto softmax = dyn_cast<SoftmaxOp>(op); softmax && int64_t(softmax.getAxis()) != rank - 1)
      return "expected the last axis, got axis " + std::to_string(softmax.getAxis());
    if (auto reduce = dyn_cast<ReduceOp>(op)) {
      ArrayRef<int64_t> axes = reduce.getAxes();
      if (axes.empty() || axes.back() - axes.front() + 1 != int64_t(axes.size()))
        return "expected reduced axes that are next to each other";
    }
    if (auto rope = dyn_cast<RopeOp>(op)) {
      if (!typeOf(rope.getInput()).getElementType().isF32() ||
          !typeOf(rope.getCos()).getElementType().isF32())
        return "expected elements of f32";
      int64_t turned = 2 * typeOf(rope.getCos()).getShape().back();
      int64_t pair = 2 * target.fact("vector_bits") / 32;
      if (rope.getInterleaved() && turned % pair)
        return "expected a multiple of " + std::to_string(pair) + " interleaved elements to turn, got " +
               std::to_string(turned);
    }
    return "";
  }

  std::string refusesEpilogue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    if (isa<RopeOp>(group.root))
      return "nothing joins a rotation";
    if (!isa<ElementwiseOpInterface>(op))
      return "only elementwise ops join behind the root";
    std::vector<DimExpr> result = shapes.dims(group.root->getResult(0));
    if (shapes.dims(op->getResult(0)) != result)
      return "its result has another shape than the root's";
    RowSpace space = rowSpaceOf(group.root, {}, {}, shapes);
    if (auto reduce = dyn_cast<ReduceOp>(group.root)) {
      llvm::SmallPtrSet<Operation *, 16> seen;
      if (leadsToRoot(op, group, seen))
        return "it is read in front of the reduction as well";
      space = spaceBehind(reduce, space, shapes);
    }
    return refusesOperands(op, space, shapes);
  }

  std::string refusesPrologue(Operation *op, const KernelGroup &group, Shapes &shapes) const override {
    if (auto rope = dyn_cast<RopeOp>(group.root)) {
      auto slice = dyn_cast<SliceOp>(op);
      if (!slice || !slice->hasOneUse() || rope.getInput() != slice.getResult() || !firstColumnOf(slice))
        return "only a slice of columns, whose place is constant, joins in front of a rotation";
      return "";
    }
    if (!isa<ElementwiseOpInterface>(op))
      return "only elementwise ops join in front of the root";
    RowSpace space = rowSpaceOf(group.root, {}, {}, shapes);
    if (!space.isCoveredBy(shapes.dims(op->getResult(0)))) {
      bool isOurs = llvm::all_of(op->getUsers(), [&](Operation *user) { return group.ops.contains(user); });
      if (!isa<CastOp>(op) || !isOurs)
        return "it would be computed once for each broadcast copy";
      if (!space.isFollowedBy(shapes.dims(op->getResult(0))))
        return "its result does not follow the rows of the root";
    }
    for (Value operand : op->getOperands())
      if (endsAnotherKernel(operand, op, shapes, TargetAttr::of(group.root)))
        return "it joins the op in front of it";
    return refusesOperands(op, space, shapes);
  }

  std::string refusesChain(const KernelGroup &group, Shapes &shapes, TargetAttr target) const override {
    if (!target || !target.fact("vector_bits"))
      return "the target's vector width is not known";
    Operation *last = nullptr;
    llvm::SetVector<Value> leaves;
    bool gains = false;
    for (Operation *op : group.ops) {
      if (!isa<ElementwiseOpInterface>(op))
        return "an op only moves elements";
      if (!last || last->isBeforeInBlock(op))
        last = op;
      gains |= isNarrowFloat(op->getResult(0));
      if (isPacked(op->getResult(0)) || llvm::any_of(op->getOperands(), isPacked))
        return "4-bit elements share bytes";
      for (Value operand : op->getOperands()) {
        auto constant = operand.getDefiningOp<ConstantOp>();
        if (!group.ops.contains(operand.getDefiningOp()) && !(constant && constant.getValue().isSplat()))
          leaves.insert(operand);
      }
    }
    if (!gains)
      return "none of its results is of f32, f16 or bf16";
    RowSpace space = rowSpaceOf(nullptr, last->getResult(0), leaves.getArrayRef(), shapes);
    if (!space.columns)
      return "operands may broadcast along rows";
    for (Operation *op : group.ops)
      if (llvm::any_of(op->getUsers(), [&](Operation *user) { return !group.ops.contains(user); }) &&
          !space.isCoveredBy(shapes.dims(op->getResult(0))))
        return "its results differ in shape";
    if (space.columns < int64_t(space.dims.size())) {
      DimExpr size(1);
      for (const DimExpr &dim : ArrayRef<DimExpr>(space.dims).take_back(space.columns))
        size = size * dim;
      if (size.constant().value_or(16) < 16)
        return "rows are shorter than a register";
    }
    return "";
  }

  bool keepsInCode(Operation *reader, DenseElementsAttr constant) const override {
    return constant.isSplat() && isa<ElementwiseOpInterface, SliceOp>(reader);
  }

private:
  static bool leadsToRoot(Operation *op, const KernelGroup &group, llvm::SmallPtrSet<Operation *, 16> &seen) {
    return llvm::any_of(op->getUsers(), [&](Operation *user) {
      return user == group.root ||
             (group.ops.contains(user) && seen.insert(user).second && leadsToRoot(user, group, seen));
    });
  }

  static std::string refusesOperands(Operation *op, const RowSpace &space, Shapes &shapes) {
    if (isPacked(op->getResult(0)) || llvm::any_of(op->getOperands(), isPacked))
      return "4-bit elements share bytes";
    for (Value operand : op->getOperands()) {
      auto constant = operand.getDefiningOp<ConstantOp>();
      if (!(constant && constant.getValue().isSplat()) && !space.isFollowedBy(shapes.dims(operand)))
        return "an operand may broadcast along the row";
    }
    return "";
  }

  /// Whether `value` comes from a root of another family, through elementwise ops that only the next one
  /// reads, so that `op` can end that kernel: the sum is then made from registers.
  static bool endsAnotherKernel(Value value, Operation *op, Shapes &shapes, TargetAttr target) {
    Operation *source = value.getDefiningOp();
    if (!source || !source->hasOneUse())
      return false;
    if (isa<ElementwiseOpInterface>(source))
      return shapes.dims(value) == shapes.dims(op->getResult(0)) &&
             llvm::any_of(source->getOperands(),
                          [&](Value operand) { return endsAnotherKernel(operand, op, shapes, target); });
    for (const KernelFamily *family : kernelFamilies(target)) {
      if (family == &getRowwiseFamily() || !family->refusesRoot(source, shapes, target).empty())
        continue;
      KernelGroup alone;
      alone.root = source;
      alone.family = family;
      alone.ops.insert(source);
      if (family->refusesEpilogue(op, alone, shapes).empty())
        return true;
    }
    return false;
  }
};

} // namespace

const KernelFamily &getRowwiseFamily() {
  static RowwiseFamily family;
  return family;
}

} // namespace hone
