// The attention operators of exporters, all onto hone.attention and hone.rope.
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

struct Heads {
  int64_t query, keyValue;
  double scale;
  bool causal = false;
  double softcap = 0;
  int64_t window = -1;
};

static AttentionOp attention(Node &n, const Heads &h, Value q, Value k, Value v, Value pastKey, Value pastValue, Value mask, Value lengths, bool present) {
  if (n.failed || !q || !k || !v)
    return {};
  Type open = UnrankedTensorType::get(Node::element(q));
  SmallVector<Type> types(present ? 3 : 1, open);
  auto op = AttentionOp::create(n.b, n.loc, types, q, k, v, pastKey, pastValue, mask, lengths, uint64_t(h.query), uint64_t(h.keyValue),
                                llvm::APFloat(float(h.scale)), h.causal, llvm::APFloat(float(h.softcap)), uint64_t(h.window));
  return n.infer(op) ? op : AttentionOp();
}

/// [B, N, S, H] -> [B, S, N*H] and back.
static Value merge(Node &n, Value x) { return n.reshape(n.transpose(x, {0, 2, 1, 3}), {0, 0, -1}); }
static Value split(Node &n, Value x, int64_t heads) { return n.transpose(n.reshape(x, {0, 0, heads, -1}), {0, 2, 1, 3}); }

static Value scalarI64(Node &n, double value) { return n.constant(n.b.getI64Type(), value); }

static void groupQueryAttention(Node &n) {
  Heads h{n.integer("num_heads", 0), n.integer("kv_num_heads", 0), n.real("scale", 0), true, n.real("softcap", 0), n.integer("local_window_size", -1)};
  if (h.query <= 0 || h.keyValue <= 0 || n.has(11) || n.has(14) || n.integer("smooth_softmax", 0) || n.has(10) || n.integer("kv_cache_bit_width", 0)) {
    n.fail("sinks, quantized caches, attention bias and query norms are not built");
    return;
  }
  Value q = n.in(0), k = n.in(1), v = n.in(2);
  if (!k) { // packed
    int64_t width = n.size(q, 2), size = width / (h.query + 2 * h.keyValue);
    Value packed = q;
    q = n.slice(packed, 2, 0, h.query * size);
    k = n.slice(packed, 2, h.query * size, (h.query + h.keyValue) * size);
    v = n.slice(packed, 2, (h.query + h.keyValue) * size, width);
  }
  if (n.failed)
    return;
  int64_t size = n.size(q, 2) / h.query;
  if (h.scale == 0)
    h.scale = 1 / std::sqrt(double(size));
  Type i64 = n.b.getI64Type();
  Value last = n.cast(n.in(5), i64); // valid keys - 1
  if (n.rank(last) == 2)
    last = n.squeeze(last, {1});
  Value lengths = n.add(last, scalarI64(n, 1));
  if (n.integer("do_rotary", 0)) {
    Value positions = n.has(9) ? n.cast(n.in(9), i64) : Value();
    if (!positions) {
      // Query s of a row stands at (number of keys) - S + s, and at s in rows that are shorter than the prompt.
      Value count = n.squeeze(n.make<ShapeOp>(i64, q, n.b.getI64IntegerAttr(1), n.b.getI64IntegerAttr(2)), {0});
      Value step = n.make<RangeOp>(i64, scalarI64(n, 0), count, scalarI64(n, 1));
      Value first = n.like<MaxOp>(n.sub(lengths, count), scalarI64(n, 0));
      positions = n.add(n.unsqueeze(first, {1}), step);
    }
    auto turn = [&](Value x, int64_t heads) {
      return n.like<RopeOp>(x, n.in(7), n.in(8), positions, uint64_t(heads), bool(n.integer("rotary_interleaved", 0)));
    };
    q = turn(q, h.query);
    k = turn(k, h.keyValue);
  }
  auto op = attention(n, h, q, k, v, n.in(3), n.in(4), {}, lengths, true);
  if (!op)
    return;
  n.out(0, op.getOutput());
  n.out(1, op.getPresents()[0]);
  n.out(2, op.getPresents()[1]);
}

/// A 2-D padding mask [B, T] (1 keeps) as i1 [B, 1, 1, T].
static Value keepMask(Node &n, Value mask) {
  return n.unsqueeze(n.compare(CmpKind::ne, mask, n.constant(Node::element(mask), 0)), {1, 2});
}

/// com.microsoft masks onto a keep mask or valid lengths.
static bool takeMask(Node &n, Value raw, Value &mask, Value &lengths) {
  if (!raw)
    return true;
  switch (n.rank(raw)) {
  case 1:
    lengths = n.cast(raw, n.b.getI64Type());
    return true;
  case 2:
    mask = keepMask(n, raw);
    return true;
  case 3:
    mask = n.unsqueeze(n.compare(CmpKind::ne, raw, n.constant(Node::element(raw), 0)), {1});
    return true;
  default:
    n.fail("a mask of rank " + Twine(n.rank(raw)) + " is not built");
    return false;
  }
}

static void msAttention(Node &n) {
  Value x = n.in(0), w = n.in(1);
  int64_t heads = n.integer("num_heads", 0), width = n.size(w, 1);
  std::vector<int64_t> sizes = n.integers("qkv_hidden_sizes", {width / 3, width / 3, width / 3});
  if (heads <= 0 || sizes.size() != 3 || n.integer("do_rotary", 0) || n.integer("past_present_share_buffer", 0)) {
    n.fail("rotary embedding and shared buffers of this op are not built");
    return;
  }
  Value all = n.like<MatmulOp>(x, w, false, false, int64_t(0));
  if (n.has(2))
    all = n.add(all, n.in(2));
  Value q = n.slice(all, 2, 0, sizes[0]), k = n.slice(all, 2, sizes[0], sizes[0] + sizes[1]), v = n.slice(all, 2, sizes[0] + sizes[1], width);
  Value pastKey, pastValue, mask, lengths;
  if (n.has(4)) { // [2, B, N, P, H]
    pastKey = n.squeeze(n.slice(n.in(4), 0, 0, 1), {0});
    pastValue = n.squeeze(n.slice(n.in(4), 0, 1, 2), {0});
  }
  if (!takeMask(n, n.has(3) ? n.in(3) : Value(), mask, lengths))
    return;
  if (n.has(5)) {
    if (mask) {
      n.fail("a mask together with an attention bias is not built");
      return;
    }
    mask = n.in(5);
  }
  Heads h{heads, heads, n.real("scale", 0), bool(n.integer("unidirectional", 0))};
  if (h.scale == 0)
    h.scale = 1 / std::sqrt(double(sizes[0]) / heads);
  auto op = attention(n, h, q, k, v, pastKey, pastValue, mask, lengths, n.wants(1));
  if (!op)
    return;
  n.out(0, op.getOutput());
  if (n.wants(1))
    n.out(1, n.make<ConcatOp>(Node::element(x), ValueRange{n.unsqueeze(op.getPresents()[0], {0}), n.unsqueeze(op.getPresents()[1], {0})}, int64_t(0)));
}

static void multiHeadAttention(Node &n) {
  int64_t heads = n.integer("num_heads", 0);
  Value q = n.in(0), k = n.in(1), v = n.in(2);
  if (heads <= 0 || !k || !v || n.rank(q) != 3 || n.rank(k) != 3 || n.rank(v) != 3) {
    n.fail("expected query, key and value [batch, sequence, width]; packed forms are not built");
    return;
  }
  if (n.has(3)) {
    int64_t wide = n.size(q, 2), deep = n.size(v, 2);
    q = n.add(q, n.slice(n.in(3), 0, 0, wide));
    k = n.add(k, n.slice(n.in(3), 0, wide, 2 * wide));
    v = n.add(v, n.slice(n.in(3), 0, 2 * wide, 2 * wide + deep));
  }
  Value mask, lengths;
  if (!takeMask(n, n.has(4) ? n.in(4) : Value(), mask, lengths))
    return;
  if (n.has(5)) {
    if (mask) {
      n.fail("a key padding mask together with an attention bias is not built");
      return;
    }
    mask = n.in(5);
  }
  Heads h{heads, heads, n.real("scale", 0), bool(n.integer("unidirectional", 0))};
  if (h.scale == 0)
    h.scale = 1 / std::sqrt(double(n.size(q, 2)) / heads);
  auto op = attention(n, h, q, k, v, n.has(6) ? n.in(6) : Value(), n.has(7) ? n.in(7) : Value(), mask, lengths, n.wants(1));
  if (!op)
    return;
  n.out(0, op.getOutput());
  if (n.wants(1)) {
    n.out(1, op.getPresents()[0]);
    n.out(2, op.getPresents()[1]);
  }
}

/// Attention of the standard, from opset 23 on.
static void standardAttention(Node &n) {
  Value q = n.in(0), k = n.in(1), v = n.in(2);
  bool is4 = n.rank(q) == 4;
  int64_t heads = is4 ? n.size(q, 1) : n.integer("q_num_heads", 0), kvHeads = is4 ? n.size(k, 1) : n.integer("kv_num_heads", 0);
  if (heads <= 0 || kvHeads <= 0 || n.has(6) || n.wants(3) || n.integer("left_window_size", -1) >= 0 || n.integer("right_window_size", -1) >= 0) {
    n.fail("padded key lengths, windows and the scores output of this op are not built");
    return;
  }
  int64_t size = is4 ? n.size(q, 3) : n.size(q, 2) / heads;
  Heads h{heads, kvHeads, n.real("scale", 1 / std::sqrt(double(size))), bool(n.integer("is_causal", 0)), n.real("softcap", 0)};
  if (is4) {
    q = merge(n, q);
    k = merge(n, k);
    v = merge(n, v);
  }
  auto op = attention(n, h, q, k, v, n.has(4) ? n.in(4) : Value(), n.has(5) ? n.in(5) : Value(), n.has(3) ? n.in(3) : Value(), {}, n.wants(1));
  if (!op)
    return;
  n.out(0, is4 ? split(n, op.getOutput(), heads) : op.getOutput());
  if (n.wants(1)) {
    n.out(1, op.getPresents()[0]);
    n.out(2, op.getPresents()[1]);
  }
}

/// x [B, S, D] or [B, N, S, H]; `positions` may be null.
static void rope(Node &n, Value x, Value positions, Value cos, Value sin, bool interleaved) {
  bool is4 = n.rank(x) == 4;
  int64_t heads = is4 ? n.size(x, 1) : n.integer("num_heads", 0);
  if (!is4 && heads == 0 && cos)
    heads = n.size(x, 2) / (2 * n.size(cos, n.rank(cos) - 1));
  if (heads <= 0 || n.real("scale", 1) != 1) {
    n.fail("expected a known number of heads and no scale");
    return;
  }
  Value y = n.like<RopeOp>(is4 ? merge(n, x) : x, cos, sin, positions, uint64_t(heads), interleaved);
  n.out(0, is4 ? split(n, y, heads) : y);
}
static void standardRope(Node &n) {
  rope(n, n.in(0), n.has(3) ? n.in(3) : Value(), n.in(1), n.in(2), n.integer("interleaved", 0));
}
static void msRope(Node &n) {
  Value positions = n.in(1);
  if (n.rank(positions) == 1) { // an offset: position of s is offset + s
    Type i64 = n.b.getI64Type();
    int64_t axis = n.rank(n.in(0)) == 4 ? 2 : 1;
    Value count = n.squeeze(n.make<ShapeOp>(i64, n.in(0), n.b.getI64IntegerAttr(axis), n.b.getI64IntegerAttr(axis + 1)), {0});
    positions = n.unsqueeze(n.add(n.cast(positions, i64), n.make<RangeOp>(i64, scalarI64(n, 0), count, scalarI64(n, 1))), {0});
  }
  rope(n, n.in(0), positions, n.in(2), n.in(3), n.integer("interleaved", 0));
}

ArrayRef<OpRow> attentionRows() {
  static const OpRow rows[] = {
      {"", "Attention", 23, standardAttention}, {"", "RotaryEmbedding", 23, standardRope},
      {"com.microsoft", "Attention", 1, msAttention}, {"com.microsoft", "MultiHeadAttention", 1, multiHeadAttention},
      {"com.microsoft", "GroupQueryAttention", 1, groupQueryAttention}, {"com.microsoft", "RotaryEmbedding", 1, msRope},
  };
  return rows;
}

} // namespace hone
