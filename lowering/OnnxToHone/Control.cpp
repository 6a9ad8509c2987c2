// If, Loop and Scan: sub-graphs become regions that read outer values directly.
#include "lowering/OnnxToHone/GraphImporter.h"
#include "lowering/OnnxToHone/Loops.h"
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

//===-- loops ----------------------------------------------------------------------===//

std::vector<Value> makeLoop(Node &n, Value trips, Value condition, ArrayRef<Value> carried, LoopBody build) {
  if (n.failed)
    return {};
  Type placeholder = UnrankedTensorType::get(n.b.getF32Type());
  OperationState state(n.loc, LoopOp::getOperationName());
  SmallVector<Type> arguments = {RankedTensorType::get({}, n.b.getI64Type()),
                                 RankedTensorType::get({}, n.b.getI1Type())};
  for (Value value : carried) {
    // Sizes may change from one trip to the next: nothing that the body folds may depend on the first.
    auto type = cast<RankedTensorType>(value.getType());
    arguments.push_back(type.clone(SmallVector<int64_t>(type.getRank(), ShapedType::kDynamic)));
  }
  // The number of results is known when the body stands: it is built in a region of its own first.
  Region region;
  std::vector<Value> results;
  {
    OpBuilder::InsertionGuard guard(n.b);
    // The body is part of the function while it is built, so that what it reads is found from inside.
    auto shell = LoopOp::create(n.b, n.loc, TypeRange(), trips, condition, carried);
    Block *body =
        n.b.createBlock(&shell.getBody(), {}, arguments, SmallVector<Location>(arguments.size(), n.loc));
    SmallVector<Value> values(body->getArguments());
    Value next;
    bool ok = build(values[0], values[1], ArrayRef<Value>(values).drop_front(2), next, results) &&
              !n.failed && next && results.size() >= carried.size() &&
              llvm::all_of(results, [](Value v) { return bool(v); });
    if (!ok) {
      YieldOp::create(n.b, n.loc, ValueRange());
      if (!n.failed)
        n.fail("expected a body that gives every carried value back");
      return {};
    }
    results.insert(results.begin(), next);
    YieldOp::create(n.b, n.loc, ValueRange(results));
    region.takeBody(shell.getBody());
    n.b.setInsertionPoint(shell);
    shell.erase();
  }
  auto op = LoopOp::create(n.b, n.loc, SmallVector<Type>(results.size() - 1, placeholder), trips, condition,
                           carried);
  op.getBody().takeBody(region);
  if (!n.infer(op))
    return {};
  return std::vector<Value>(op.getResults().begin(), op.getResults().end());
}

Value reversed(Node &n, Value x, int64_t axis) {
  return n.like<SliceOp>(x, n.one(-1), n.one(INT64_MIN + 1), n.one(-1), ArrayRef<int64_t>{axis});
}

static void loopNode(Node &n) {
  auto *graph = n.attribute("body");
  if (!graph || !graph->has_g()) {
    n.fail("expected a body");
    return;
  }
  SmallVector<Value> carried;
  for (int i = 2; i < n.inputs(); ++i) {
    if (!n.has(i)) {
      n.fail("expected an initial value for each carried one");
      return;
    }
    carried.push_back(n.in(i));
  }
  auto scalar = [&](Value v) { return v ? n.squeeze(v, axesFrom(0, n.rank(v))) : v; };
  std::vector<Value> results = makeLoop(
      n, scalar(n.in(0)), scalar(n.in(1)), carried,
      [&](Value iteration, Value condition, ArrayRef<Value> values, Value &next, std::vector<Value> &given) {
        SmallVector<Value> arguments = {iteration, condition};
        arguments.append(values.begin(), values.end());
        if (!n.graph.subgraph(n, graph->g(), arguments, given) || given.empty())
          return false;
        next = scalar(given.front());
        given.erase(given.begin());
        return true;
      });
  for (size_t i = 0; i < results.size(); ++i)
    n.out(int(i), results[i]);
}

/// Slices of the scan inputs are picked by the iteration; outputs are stacked and moved to their axis.
static void scan9(Node &n) {
  auto *graph = n.attribute("body");
  int64_t scans = n.required("num_scan_inputs"), states = n.inputs() - scans;
  if (n.failed)
    return;
  if (!graph || !graph->has_g() || scans < 1 || states < 0) {
    n.fail("expected a body and at least one scan input");
    return;
  }
  auto attribute = [&](StringRef name, size_t i) {
    std::vector<int64_t> values = n.integers(name);
    return i < values.size() ? values[i] : 0;
  };
  SmallVector<Value> carried, inputs;
  SmallVector<int64_t> axes;
  for (int i = 0; i < n.inputs(); ++i) {
    if (!n.has(i)) {
      n.fail("expected all states and scan inputs");
      return;
    }
    if (i < states) {
      carried.push_back(n.in(i));
      continue;
    }
    axes.push_back(n.axis(attribute("scan_input_axes", size_t(i - states)), n.rank(n.in(i))));
    inputs.push_back(n.in(i));
  }
  if (n.failed)
    return;
  Value trips = n.extent(inputs[0], axes[0]);
  std::vector<Value> results = makeLoop(
      n, trips, {}, carried,
      [&](Value iteration, Value condition, ArrayRef<Value> values, Value &next, std::vector<Value> &given) {
        SmallVector<Value> arguments(values);
        for (size_t i = 0; i < inputs.size(); ++i) {
          bool isBackward = attribute("scan_input_directions", i);
          Value at = isBackward ? n.sub(n.sub(trips, n.i64(1)), iteration) : iteration;
          arguments.push_back(n.gather(inputs[i], at, axes[i]));
        }
        next = n.constant(n.b.getI1Type(), 1);
        return !n.failed && n.graph.subgraph(n, graph->g(), arguments, given);
      });
  for (size_t i = 0; i < results.size(); ++i) {
    Value y = results[i];
    if (int64_t(i) >= states) {
      size_t k = i - size_t(states);
      if (attribute("scan_output_directions", k))
        y = reversed(n, y, 0);
      int64_t axis = n.axis(attribute("scan_output_axes", k), n.rank(y));
      SmallVector<int64_t> perm = axesFrom(1, axis + 1);
      perm.push_back(0);
      perm.append(axesFrom(axis + 1, n.rank(y)));
      y = n.transpose(y, perm);
    }
    n.out(int(i), y);
  }
}

//===-- branches -----------------------------------------------------------------------===//

/// The only node of a graph, constants apart; null when there are others.
static const onnx::NodeProto *onlyNode(const onnx::GraphProto &graph) {
  const onnx::NodeProto *only = nullptr;
  for (const auto &node : graph.node())
    if (node.op_type() != "Constant" && std::exchange(only, &node))
      return nullptr;
  return only;
}
/// PyTorch writes squeeze(x, axis) as "if the size is 1, squeeze, else leave it": two ranks. Values have one
/// rank here, and what follows is written for the squeezed one. The squeeze makes the run check that the size
/// is 1.
static bool isGuardedSqueeze(const onnx::GraphProto &thenGraph, const onnx::GraphProto &elseGraph) {
  auto *squeeze = onlyNode(thenGraph), *identity = onlyNode(elseGraph);
  return squeeze && identity && squeeze->op_type() == "Squeeze" && identity->op_type() == "Identity" &&
         squeeze->input_size() && identity->input_size() && squeeze->input(0) == identity->input(0);
}

static void ifNode(Node &n) {
  auto *thenGraph = n.attribute("then_branch"), *elseGraph = n.attribute("else_branch");
  if (!thenGraph || !elseGraph || !thenGraph->has_g() || !elseGraph->has_g()) {
    n.fail("expected two branches");
    return;
  }
  Value condition = n.in(0);
  if (!Node::element(condition).isInteger(1) || (n.size(condition, 0) != 1 && n.rank(condition))) {
    n.fail("expected one truth value as condition");
    return;
  }
  // A known condition leaves one branch.
  auto known = n.shapes.constants(condition);
  bool isKnown = known && known->size() == 1;
  if (isKnown || isGuardedSqueeze(thenGraph->g(), elseGraph->g())) {
    std::vector<Value> values;
    if (n.graph.subgraph(n, (!isKnown || known->front() ? thenGraph : elseGraph)->g(), {}, values))
      for (size_t i = 0; i < values.size(); ++i)
        n.out(int(i), values[i]);
    return;
  }
  int count = thenGraph->g().output_size();
  if (elseGraph->g().output_size() != count || n.outputs() > count) {
    n.fail("expected branches of " + Twine(n.outputs()) + " results, got " + Twine(count) + " and " +
           Twine(elseGraph->g().output_size()));
    return;
  }
  SmallVector<Type> types(count, UnrankedTensorType::get(n.b.getF32Type()));
  condition = n.squeeze(condition, axesFrom(0, n.rank(condition)));
  if (n.failed)
    return;
  auto op = IfOp::create(n.b, n.loc, types, condition);
  for (auto [region, graph] :
       {std::pair(&op.getThenRegion(), thenGraph), std::pair(&op.getElseRegion(), elseGraph)}) {
    OpBuilder::InsertionGuard guard(n.b);
    n.b.createBlock(region);
    std::vector<Value> values;
    bool ok = n.graph.subgraph(n, graph->g(), {}, values);
    YieldOp::create(n.b, n.loc, ok ? ValueRange(values) : ValueRange());
  }
  if (!n.failed && n.infer(op))
    for (auto [i, result] : llvm::enumerate(op.getResults()))
      n.out(int(i), result);
}

ArrayRef<OpRow> controlRows() {
  static const OpRow rows[] = {
      {"", "If", 1, ifNode}, {"", "Loop", 1, loopNode, 0, anyNumber}, {"", "Scan", 9, scan9, 1, anyNumber}};
  return rows;
}

} // namespace hone
