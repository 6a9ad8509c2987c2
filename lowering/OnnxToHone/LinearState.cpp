// Operators of hybrid language models: attention by a recurrent state, causal convolution with a carried
// window, attention with sub-graphs between its products.
#include "lowering/OnnxToHone/GraphImporter.h"
#include "lowering/OnnxToHone/Heads.h"
#include "lowering/OnnxToHone/Loops.h"
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

/// The state [B, Hkv, dk, dv] takes one token a step; computed in f32 (f64 for f64).
static void linearAttention(Node &n) {
  Value query = n.in(0), key = n.in(1), value = n.in(2), past = n.in(3), decay = n.in(4), beta = n.in(5);
  int64_t heads = n.required("q_num_heads"), keyHeads = n.required("kv_num_heads");
  std::string rule = n.text("update_rule", "gated_delta");
  bool isGated = rule == "gated" || rule == "gated_delta", isDelta = rule == "delta" || rule == "gated_delta";
  if (n.failed)
    return;
  if ((!isGated && !isDelta && rule != "linear") || (isGated && !decay) || (isDelta && !beta)) {
    n.fail(
        "expected an update rule 'linear', 'gated', 'delta' or 'gated_delta' with its decay and beta, got '" +
        rule + "'");
    return;
  }
  if (n.rank(query) != 3 || n.rank(key) != 3 || n.rank(value) != 3 || heads < 1 || keyHeads < 1 ||
      heads % keyHeads) {
    n.fail("expected query, key and value of rank 3 and query heads that the key heads divide");
    return;
  }
  int64_t size = n.knownSize(query, 2, "a query") / heads, group = heads / keyHeads;
  Type element = Node::element(query), wide = element.isF64() ? element : Type(n.b.getF32Type());
  // Time first, so that each step reads one slice.
  auto split = [&](Value x, ArrayRef<int64_t> parts) {
    SmallVector<Value> sizes = {n.dims(x, 0, 2)};
    for (int64_t part : parts)
      sizes.push_back(n.one(part));
    Value y = n.reshapeTo(n.cast(x, wide), n.shapeFrom(sizes));
    SmallVector<int64_t> perm = axesFrom(0, n.rank(y));
    std::swap(perm[0], perm[1]);
    return n.transpose(y, perm);
  };
  Value q = split(query, {keyHeads, group, -1}), k = split(key, {keyHeads, -1}),
        v = split(value, {keyHeads, -1});
  Value gate = isGated ? n.like<ExpOp>(split(decay, {keyHeads, -1})) : Value();
  Value rate = isDelta ? split(beta, {-1}) : Value();
  Value state = past ? n.cast(past, wide)
                     : n.fill(n.shapeFrom({n.dim(query, 0), n.one(keyHeads), n.one(size),
                                           n.div(n.dim(value, 2), n.one(keyHeads))}),
                              n.constant(wide, 0));
  if (n.failed)
    return;
  double scale = n.real("scale", 0) != 0 ? n.real("scale", 0) : 1 / std::sqrt(double(size));
  Value stateShape = n.dims(state);
  std::vector<Value> results =
      makeLoop(n, n.extent(query, 1), {}, {state},
               [&](Value step, Value, ArrayRef<Value> carried, Value &next, std::vector<Value> &given) {
                 Value s = n.reshapeTo(carried[0], stateShape);
                 Value kt = n.unsqueeze(n.gather(k, step, 0), {3}),
                       vt = n.unsqueeze(n.gather(v, step, 0), {2});
                 if (isGated)
                   s = n.mul(s, n.unsqueeze(n.gather(gate, step, 0), {3}));
                 if (isDelta)
                   vt = n.mul(n.unsqueeze(n.gather(rate, step, 0), {2, 3}), n.sub(vt, n.matmul(kt, s, true)));
                 s = n.add(s, n.mul(kt, vt));
                 Value y = n.matmul(n.gather(q, step, 0), s); // [B, Hkv, group, dv]
                 given = {s, n.mul(y, n.number(y, scale))};
                 next = n.constant(n.b.getI1Type(), 1);
                 return !n.failed;
               });
  if (n.failed)
    return;
  Value y = n.transpose(results[1], {1, 0, 2, 3, 4});
  n.out(0, n.cast(n.reshapeTo(y, n.shapeFrom({n.dims(query, 0, 2), n.one(-1)})), element));
  n.out(1, n.cast(results[0], past ? Node::element(past) : element));
}

/// The window of the last inputs goes in front; the last of both together is carried on.
static void causalConv(Node &n) {
  Value x = n.in(0), weight = n.in(1), past = n.in(3);
  if (n.rank(x) != 3 || n.rank(weight) != 3) {
    n.fail("expected an input [batch, channels, length] and a weight [channels, 1, taps]");
    return;
  }
  int64_t taps = n.knownSize(weight, 2, "a weight"), channels = n.knownSize(weight, 0, "a weight");
  std::string activation = n.text("activation", "none");
  if (activation != "none" && activation != "silu" && activation != "swish")
    n.fail("expected an activation 'none', 'silu' or 'swish', got '" + activation + "'");
  if (!past)
    past = n.fill(n.shapeFrom({n.dims(x, 0, 2), n.one(taps - 1)}), n.number(x, 0));
  Value all = n.concat({past, x}, 2);
  Value y = n.like<ConvOp>(all, weight, n.in(2), ArrayRef<int64_t>{1}, ArrayRef<int64_t>{0, 0},
                           ArrayRef<int64_t>{1}, uint64_t(channels));
  n.out(0, activation == "none" ? y : n.like<SiluOp>(y));
  n.out(1, n.like<SliceOp>(all, n.dim(x, 2), n.one(INT64_MAX), n.one(1), ArrayRef<int64_t>{2}));
}

/// softmax(score_mod(scale * Q K^T)) V with prob_mod behind the softmax.
static void flexAttention(Node &n) {
  Value q = n.in(0), k = n.in(1), v = n.in(2);
  if (n.rank(q) != 4 || n.rank(k) != 4 || n.rank(v) != 4) {
    n.fail("expected query, key and value of rank 4");
    return;
  }
  int64_t heads = n.knownSize(q, 1, "heads"), keyHeads = n.knownSize(k, 1, "heads"),
          size = n.knownSize(q, 3, "a head");
  Type element = Node::element(q), f64 = n.b.getF64Type();
  int64_t given = n.integer("softmax_precision", 0);
  Type precise = given ? n.typeNumber(given) : element == f64 ? f64 : Type(n.b.getF32Type());
  if (n.failed || heads < 1 || keyHeads < 1 || heads % keyHeads) {
    n.fail("expected query heads that the key heads divide");
    return;
  }
  if (heads != keyHeads) {
    k = repeatHeads(n, k, heads);
    v = repeatHeads(n, v, heads);
  }
  double scale = n.real("scale", 1 / std::sqrt(double(size)));
  Value scores = n.matmul(n.cast(q, precise), n.cast(k, precise), false, true);
  scores = scores ? n.mul(scores, n.number(scores, scale)) : scores;
  auto modified = [&](StringRef name, Value x) -> Value {
    auto *graph = n.attribute(name);
    if (!graph || n.failed)
      return x;
    std::vector<Value> results;
    if (!graph->has_g() || !n.graph.subgraph(n, graph->g(), {x}, results) || results.size() != 1)
      return n.fail("expected a sub-graph '" + name + "' with one result");
    return results[0];
  };
  scores = modified("score_mod", scores);
  Value weights = scores ? modified("prob_mod", n.like<SoftmaxOp>(scores, uint64_t(3), false)) : Value();
  n.out(0, n.cast(n.matmul(weights, n.cast(v, precise)), element));
}

ArrayRef<OpRow> linearStateRows() {
  static const OpRow rows[] = {{"", "LinearAttention", 27, linearAttention, 3, 6},
                               {"", "CausalConvWithState", 27, causalConv, 2, 4},
                               {"ai.onnx.preview", "FlexAttention", 1, flexAttention, 3, 3}};
  return rows;
}

} // namespace hone
