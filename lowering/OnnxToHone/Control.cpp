// If and Loop: sub-graphs become regions that read outer values directly.
#include "lowering/OnnxToHone/GraphImporter.h"
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

/// Whether a branch squeezes: exporters write `if size == 1: squeeze`, which fixes the rank for everything behind it.
static bool squeezes(const onnx::GraphProto &graph) {
  return llvm::any_of(graph.node(), [](const onnx::NodeProto &node) { return node.op_type() == "Squeeze"; });
}

/// Whether the branches' results agree in rank, which a value needs.
static bool ranksAgree(IfOp op) {
  auto thenValues = op.getThenRegion().front().getTerminator()->getOperands();
  auto elseValues = op.getElseRegion().front().getTerminator()->getOperands();
  return llvm::all_of(llvm::zip(thenValues, elseValues), [](auto pair) {
    return cast<RankedTensorType>(std::get<0>(pair).getType()).getRank() == cast<RankedTensorType>(std::get<1>(pair).getType()).getRank();
  });
}

static void ifNode(Node &n) {
  auto *thenGraph = n.attribute("then_branch"), *elseGraph = n.attribute("else_branch");
  if (!thenGraph || !elseGraph) {
    n.fail("expected two branches");
    return;
  }
  Value condition = n.in(0);
  // A known condition leaves one branch.
  if (auto known = n.shapes.constants(condition)) {
    std::vector<Value> values = n.graph.subgraph((known->front() ? thenGraph : elseGraph)->g(), {});
    for (size_t i = 0; i < values.size(); ++i)
      n.out(i, values[i]);
    n.failed |= values.empty() && n.outputs() > 0;
    return;
  }
  SmallVector<Type> types(n.outputs(), UnrankedTensorType::get(n.b.getF32Type()));
  auto op = IfOp::create(n.b, n.loc, types, condition);
  for (auto [region, graph] : {std::pair(&op.getThenRegion(), thenGraph), std::pair(&op.getElseRegion(), elseGraph)}) {
    OpBuilder::InsertionGuard guard(n.b);
    n.b.createBlock(region);
    std::vector<Value> values = n.graph.subgraph(graph->g(), {});
    if (int(values.size()) != n.outputs()) {
      n.failed = true; // what failed inside is reported already
      if (!values.empty()) {
        n.failed = false;
        n.fail("expected " + Twine(n.outputs()) + " results from each branch, got " + Twine(values.size()));
      }
      YieldOp::create(n.b, n.loc, ValueRange(values));
      return;
    }
    YieldOp::create(n.b, n.loc, ValueRange(values));
  }
  if (!ranksAgree(op) && (squeezes(thenGraph->g()) || squeezes(elseGraph->g()))) {
    // The squeezing branch is taken for good; the squeeze itself checks the size when the model runs.
    op.walk([&](Operation *inner) {
      for (Value result : inner->getResults())
        n.shapes.forget(result);
    });
    op.erase();
    std::vector<Value> values = n.graph.subgraph((squeezes(thenGraph->g()) ? thenGraph : elseGraph)->g(), {});
    for (size_t i = 0; i < values.size(); ++i)
      n.out(i, values[i]);
    return;
  }
  if (n.infer(op))
    for (auto [i, result] : llvm::enumerate(op.getResults()))
      n.out(i, result);
}

static void loopNode(Node &n) {
  auto *graph = n.attribute("body");
  if (!graph || graph->g().input_size() != n.inputs()) {
    n.fail("expected a body with an input for each of the node's");
    return;
  }
  SmallVector<Value> carried;
  for (int i = 2; i < n.inputs(); ++i)
    carried.push_back(n.in(i));
  SmallVector<Type> types(n.outputs(), UnrankedTensorType::get(n.b.getF32Type()));
  Value trips = n.has(0) ? n.in(0) : Value(), condition = n.has(1) ? n.in(1) : Value();
  auto op = LoopOp::create(n.b, n.loc, types, trips, condition, carried);
  {
    OpBuilder::InsertionGuard guard(n.b);
    SmallVector<Type> arguments = {RankedTensorType::get({}, n.b.getI64Type()), RankedTensorType::get({}, n.b.getI1Type())};
    for (Value value : carried) {
      // Sizes may change from one trip to the next: nothing that the body folds may depend on the first.
      auto type = cast<RankedTensorType>(value.getType());
      arguments.push_back(RankedTensorType::get(SmallVector<int64_t>(type.getRank(), ShapedType::kDynamic), type.getElementType()));
    }
    Block *body = n.b.createBlock(&op.getBody(), {}, arguments, SmallVector<Location>(arguments.size(), n.loc));
    SmallVector<Value> values(body->getArguments());
    std::vector<Value> results = n.graph.subgraph(graph->g(), values);
    YieldOp::create(n.b, n.loc, ValueRange(results));
    if (int(results.size()) != n.outputs() + 1) {
      n.failed = true;
      return;
    }
  }
  if (n.infer(op))
    for (auto [i, result] : llvm::enumerate(op.getResults()))
      n.out(i, result);
}

ArrayRef<OpRow> controlRows() {
  static const OpRow rows[] = {{"", "If", 1, ifNode}, {"", "Loop", 1, loopNode}};
  return rows;
}

} // namespace hone
