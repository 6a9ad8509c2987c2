// Attention and rotary embedding of the standard (opset 23 on), and what the com.microsoft forms share with
// them.
#include "lowering/OnnxToHone/Heads.h"
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

//===-- shared -------------------------------------------------------------------===//

Value mergeHeads(Node &n, Value x) {
  if (n.rank(x) != 4)
    return n.fail("expected [batch, heads, sequence, size], got rank " + Twine(n.rank(x)));
  return n.reshapeTo(n.transpose(x, {0, 2, 1, 3}),
                     n.shapeFrom({n.dim(x, 0), n.dim(x, 2), n.mul(n.dim(x, 1), n.dim(x, 3))}));
}
Value splitHeads(Node &n, Value x, int64_t heads) {
  Value size = n.div(n.dim(x, 2), n.one(heads));
  return n.transpose(n.reshapeTo(x, n.shapeFrom({n.dims(x, 0, 2), n.one(heads), size})), {0, 2, 1, 3});
}

Value repeatHeads(Node &n, Value x, int64_t heads) {
  int64_t times = heads / n.knownSize(x, 1, "heads");
  Value many = n.expand(n.unsqueeze(x, {2}), n.shapeFrom({n.dims(x, 0, 2), n.one(times), n.dims(x, 2)}));
  return n.reshapeTo(many, n.shapeFrom({n.dim(x, 0), n.one(heads), n.dims(x, 2)}));
}

Attended attend(Node &n, const Heads &h, bool wantsPresent) {
  if (n.failed)
    return {};
  if (bool(h.pastKey) != bool(h.pastValue)) {
    n.fail("expected past keys and values, or neither");
    return {};
  }
  int64_t width = n.size(h.query, 2);
  if (h.heads <= 0 || h.keyHeads <= 0 || h.heads % h.keyHeads || ShapedType::isDynamic(width) ||
      width % h.heads) {
    n.fail("expected a number of heads that divides the width of the query, got " + Twine(h.heads) + " and " +
           Twine(h.keyHeads));
    return {};
  }
  double scale = h.scale != 0 ? h.scale : 1 / std::sqrt(double(width / h.heads));
  Type open = UnrankedTensorType::get(Node::element(h.query));
  SmallVector<Type> types(wantsPresent ? 3 : 1, open);
  auto op =
      AttentionOp::create(n.b, n.loc, types, h.query, h.key, h.value, h.pastKey, h.pastValue, h.mask,
                          h.lengths, uint64_t(h.heads), uint64_t(h.keyHeads), llvm::APFloat(float(scale)),
                          h.causal, llvm::APFloat(float(h.softcap)), uint64_t(h.window));
  if (!n.infer(op))
    return {};
  if (!wantsPresent)
    return {op.getOutput(), {}, {}};
  return {op.getOutput(), op.getPresents()[0], op.getPresents()[1]};
}

Value combineMasks(Node &n, Value a, Value c) {
  if (!a || !c)
    return a ? a : c;
  bool isFloatA = Node::isFloat(a), isFloatC = Node::isFloat(c);
  if (isFloatA && isFloatC)
    return n.add(a, c);
  if (!isFloatA && !isFloatC)
    return n.both(a, c);
  Value added = isFloatA ? a : c, keep = isFloatA ? c : a;
  return n.select(keep, added, n.number(added, -std::numeric_limits<double>::infinity()));
}

Value causalMask(Node &n, Value queryCount, Value keyCount, Value offset) {
  return n.compare(CmpKind::le, n.range(keyCount), n.add(n.unsqueeze(n.range(queryCount), {1}), offset));
}

Value lengthMask(Node &n, Value lengths, Value keyCount) {
  return n.compare(CmpKind::lt, n.range(keyCount), n.unsqueeze(n.cast(lengths, n.b.getI64Type()), {1, 2, 3}));
}

Value rotate(Node &n, Value x, Value cos, Value sin, Value positions, int64_t heads, bool interleaved) {
  bool is4 = n.rank(x) == 4;
  if (is4)
    heads = n.size(x, 1);
  else if (heads == 0)
    heads = n.size(x, 2) / std::max<int64_t>(2 * n.size(cos, -1), 1);
  if (heads <= 0 || (n.rank(x) != 3 && !is4))
    return n.fail(
        "expected [batch, sequence, width] with a known number of heads, or [batch, heads, sequence, size]");
  Value y = n.like<RopeOp>(is4 ? mergeHeads(n, x) : x, cos, sin, positions, uint64_t(heads), interleaved);
  return is4 && y ? splitHeads(n, y, heads) : y;
}

//===-- the standard ---------------------------------------------------------------===//

/// Scores as an output: written out with primitives. `mode`: 0 products, 1 softcapped, 2 masked, 3 softmax.
static void attendOpenly(Node &n, const Heads &h, bool is4, int64_t mode) {
  if (bool(h.pastKey) != bool(h.pastValue)) {
    n.fail("expected past keys and values, or neither");
    return;
  }
  Value q = splitHeads(n, h.query, h.heads), k = splitHeads(n, h.key, h.keyHeads),
        v = splitHeads(n, h.value, h.keyHeads);
  if (h.pastKey) {
    k = n.concat({h.pastKey, k}, 2);
    v = n.concat({h.pastValue, v}, 2);
  }
  n.out(1, k);
  n.out(2, v);
  if (h.heads != h.keyHeads) { // each key head serves several query heads
    k = repeatHeads(n, k, h.heads);
    v = repeatHeads(n, v, h.heads);
  }
  double root = std::sqrt(h.scale != 0 ? h.scale : 1 / std::sqrt(double(n.size(q, 3))));
  Value scores = n.matmul(n.mul(q, n.number(q, root)), n.mul(k, n.number(k, root)), false, true),
        shown = scores;
  if (h.softcap > 0)
    scores = n.mul(n.like<TanhOp>(n.div(scores, n.number(scores, h.softcap))), n.number(scores, h.softcap));
  shown = mode == 1 ? scores : shown;
  Value low = n.number(scores, -std::numeric_limits<double>::infinity());
  if (Value mask = h.mask)
    scores = Node::isFloat(mask) ? n.add(scores, mask) : n.select(mask, scores, low);
  shown = mode == 2 ? scores : shown;
  // A row with no key gives 0.
  Value top = n.reduce(ReduceKind::max, scores, {3}, true), isEmpty = n.compare(CmpKind::eq, top, low);
  Value probability =
      n.select(isEmpty, n.number(scores, 0),
               n.like<SoftmaxOp>(n.select(isEmpty, n.number(scores, 0), scores), uint64_t(3), false));
  n.out(3, mode == 3 ? probability : shown);
  Value y = n.matmul(probability, v);
  n.out(0, is4 || !y ? y : mergeHeads(n, y));
}

static void standardAttention(Node &n) {
  Heads h;
  h.query = n.in(0), h.key = n.in(1), h.value = n.in(2), h.mask = n.in(3), h.pastKey = n.in(4),
  h.pastValue = n.in(5);
  int64_t rank = n.rank(h.query);
  bool is4 = rank == 4;
  if ((rank != 3 && rank != 4) || n.rank(h.key) != rank || n.rank(h.value) != rank) {
    n.fail("expected query, key and value of rank 3 or 4");
    return;
  }
  h.heads = is4 ? n.knownSize(h.query, 1, "heads") : n.required("q_num_heads");
  h.keyHeads = is4 ? n.knownSize(h.key, 1, "heads") : n.required("kv_num_heads");
  h.scale = n.real("scale", 0);
  h.softcap = n.real("softcap", 0);
  if (is4) {
    h.query = mergeHeads(n, h.query);
    h.key = mergeHeads(n, h.key);
    h.value = mergeHeads(n, h.value);
  }
  if (n.failed)
    return;
  Type element = Node::element(h.query);
  Value queries = n.extent(h.query, 1), keys = n.extent(h.key, 1),
        past = h.pastKey ? n.extent(h.pastKey, 2) : Value();
  Value total = past ? n.add(keys, past) : keys, lengths = n.in(6);
  if (h.mask && !Node::element(h.mask).isInteger(1))
    h.mask = n.cast(h.mask, element);
  // A mask may be shorter than the keys; the rest is masked.
  if (h.mask && !n.failed && n.rank(h.mask) > 0) {
    DimExpr have = n.shapes.dim(h.mask, n.rank(h.mask) - 1), want = n.shapes.element(total, 0);
    if (have != want && !have.is(1) && n.opset >= 24) {
      int64_t maskRank = n.rank(h.mask);
      SmallVector<int64_t> mark(2 * maskRank, 0);
      mark.back() = 1;
      Value pads = n.mul(n.sub(total, n.extent(h.mask, maskRank - 1)), n.integerTensor(mark));
      h.mask =
          n.make<PadOp>(Node::element(h.mask), PadKind::constant, h.mask, pads,
                        Node::isFloat(h.mask) ? n.number(h.mask, -std::numeric_limits<double>::infinity())
                                              : n.number(h.mask, 0));
    }
  }
  // Query s stands at s + offset: after the past, or, with lengths, such that the last one sees its row's
  // last key.
  bool causal = n.integer("is_causal", 0), isOpen = n.wants(3);
  int64_t left = n.integer("left_window_size", -1), right = n.integer("right_window_size", -1);
  Value offset = lengths ? n.unsqueeze(n.sub(n.cast(lengths, n.b.getI64Type()), queries), {1, 2, 3})
                 : past  ? past
                         : n.i64(0);
  bool aligned = !n.failed && (lengths || n.shapes.dim(h.query, 1) == n.shapes.dim(h.key, 1));
  h.causal = causal && aligned && !isOpen;
  if (causal && !h.causal)
    h.mask = combineMasks(n, h.mask, causalMask(n, queries, total, offset));
  if (left >= 0 && h.causal && right < 0)
    h.window = left + 1;
  else if (left >= 0)
    h.mask = combineMasks(n, h.mask,
                          n.compare(CmpKind::ge, n.range(total),
                                    n.sub(n.add(n.unsqueeze(n.range(queries), {1}), offset), n.i64(left))));
  if (right >= 0)
    h.mask = combineMasks(n, h.mask, causalMask(n, queries, total, n.add(offset, n.i64(right))));
  if (lengths && isOpen)
    h.mask = combineMasks(n, h.mask, lengthMask(n, lengths, total));
  else if (lengths)
    h.lengths = n.cast(lengths, n.b.getI64Type());
  if (isOpen) {
    attendOpenly(n, h, is4, n.integer("qk_matmul_output_mode", 0));
    return;
  }
  Attended result = attend(n, h, n.wants(1) || n.wants(2));
  n.out(0, is4 && result.output ? splitHeads(n, result.output, h.heads) : result.output);
  n.out(1, result.presentKey);
  n.out(2, result.presentValue);
}

static void standardRope(Node &n) {
  n.out(0, rotate(n, n.in(0), n.in(1), n.in(2), n.in(3), n.integer("num_heads", 0),
                  n.integer("interleaved", 0)));
}

ArrayRef<OpRow> attentionRows() {
  static const OpRow rows[] = {{"", "Attention", 23, standardAttention, 3, 7},
                               {"", "RotaryEmbedding", 23, standardRope, 3, 4}};
  return rows;
}

} // namespace hone
