// The attention operators of com.microsoft, as ONNX Runtime's tools and its model builder write them.
#include "lowering/OnnxToHone/Heads.h"
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

/// Positions [B, S] of queries that end at `lengths`; rows shorter than the prompt start at 0.
static Value positionsBefore(Node &n, Value lengths, Value queryCount) {
  Value first = n.max(n.sub(lengths, queryCount), n.i64(0));
  return n.add(n.unsqueeze(first, {1}), n.range(queryCount));
}

/// RMS norm of each head.
static Value normHeads(Node &n, Value x, Value weight, int64_t heads) {
  Value size = n.div(n.dim(x, 2), n.one(heads));
  Value rows = n.reshapeTo(x, n.shapeFrom({n.dims(x, 0, 2), n.one(heads), size}));
  Value y = n.like<RmsNormOp>(rows, weight, llvm::APFloat(float(n.real("qk_norm_epsilon", 1e-6))));
  return n.reshapeTo(y, n.dims(x));
}

static void groupQueryAttention(Node &n) {
  Heads h;
  h.query = n.in(0), h.key = n.in(1), h.value = n.in(2), h.pastKey = n.in(3), h.pastValue = n.in(4),
  h.mask = n.in(10);
  h.heads = n.required("num_heads");
  h.keyHeads = n.required("kv_num_heads");
  h.scale = n.real("scale", 0);
  h.softcap = n.real("softcap", 0);
  h.window = n.integer("local_window_size", -1);
  h.causal = n.integer("causal", 1);
  if (n.failed)
    return;
  auto refuse = [&](bool is, const Twine &what) {
    if (is)
      n.fail(what + " not built");
  };
  refuse(n.has(11) || n.integer("smooth_softmax", 0) > 0, "attention sinks and smooth softmax are");
  refuse(n.has(12) || n.has(13) || n.integer("kv_cache_bit_width", 0), "quantized caches are");
  refuse(n.wants(3), "the scores output is");
  refuse(h.heads <= 0 || h.keyHeads <= 0, "attention without heads is");
  refuse(!n.has(5) || bool(h.key) != bool(h.value),
         "attention without seqlens_k, or with a key or value only, is");
  refuse(n.rank(h.query) != 3, "a query of rank " + Twine(n.rank(h.query)) + " is");
  if (n.failed)
    return;
  if (!h.key) { // packed
    Value packed = h.query;
    int64_t width = n.knownSize(packed, 2, "packed queries, keys and values"),
            size = width / (h.heads + 2 * h.keyHeads);
    h.query = n.slice(packed, 2, 0, h.heads * size);
    h.key = n.slice(packed, 2, h.heads * size, (h.heads + h.keyHeads) * size);
    h.value = n.slice(packed, 2, (h.heads + h.keyHeads) * size, width);
  }
  if (n.has(14))
    h.query = normHeads(n, h.query, n.in(14), h.heads);
  if (n.has(15))
    h.key = normHeads(n, h.key, n.in(15), h.keyHeads);
  // seqlens_k is the number of valid keys less 1. Rows of a first prompt may be shorter than it: their
  // queries see what lies in front of them, as in full rows.
  Value queries = n.extent(h.query, 1), last = n.cast(n.in(5), n.b.getI64Type());
  if (n.rank(last) > 1)
    last = n.reshape(last, {-1});
  Value lengths = n.add(last, n.i64(1));
  if (n.integer("do_rotary", 0)) {
    if (!n.has(7) || !n.has(8)) {
      n.fail("expected tables of cosines and sines");
      return;
    }
    Value positions = n.has(9) ? n.cast(n.in(9), n.b.getI64Type()) : positionsBefore(n, lengths, queries);
    bool interleaved = n.integer("rotary_interleaved", 0);
    h.query = rotate(n, h.query, n.in(7), n.in(8), positions, h.heads, interleaved);
    h.key = rotate(n, h.key, n.in(7), n.in(8), positions, h.keyHeads, interleaved);
  }
  h.lengths = n.max(lengths, queries);
  Attended result = attend(n, h, true);
  n.out(0, result.output);
  n.out(1, result.presentKey);
  n.out(2, result.presentValue);
}

/// A mask of com.microsoft: [B] valid lengths, [2B] ends and starts, or 0 where [B, T], [B, S, T], [B, 1, M,
/// M] masks.
static void takeMask(Node &n, Heads &h, Value raw, bool causal) {
  Value queries = n.extent(h.query, 1), keys = n.extent(h.key, 1);
  Value total = h.pastKey ? n.add(keys, n.extent(h.pastKey, 2)) : keys, keep;
  if (raw) {
    switch (n.rank(raw)) {
    case 1:
      if (n.shapes.dim(raw, 0) != n.shapes.dim(h.query, 0)) {
        n.fail("a 1-D mask of other than one length a row is not built");
        return;
      }
      keep = lengthMask(n, raw, total);
      break;
    case 2:
    case 3:
      keep = n.unsqueeze(n.compare(CmpKind::ne, raw, n.number(raw, 0)),
                         n.rank(raw) == 2 ? ArrayRef<int64_t>{1, 2} : ArrayRef<int64_t>{1});
      break;
    case 4: { // the last rows and first columns of a square
      Value square = n.compare(CmpKind::ne, raw, n.number(raw, 0)), one = n.one(1);
      Value to = n.unsqueeze(total, {0}), from = n.sub(to, n.unsqueeze(queries, {0}));
      square = n.like<SliceOp>(square, from, to, one, ArrayRef<int64_t>{2});
      keep = n.like<SliceOp>(square, n.one(0), to, one, ArrayRef<int64_t>{3});
      break;
    }
    default:
      n.fail("a mask of rank " + Twine(n.rank(raw)) + " is not built");
      return;
    }
  }
  // What is masked gets a large negative number, not minus infinity: rows without any key stay defined.
  if (keep) {
    Type element = Node::element(h.query);
    double low = n.real("mask_filter_value", -10000);
    Value added = n.select(keep, n.constant(element, 0), n.constant(element, low));
    h.mask = combineMasks(n, h.mask, added);
  }
  if (!causal || n.failed)
    return;
  if (n.shapes.dim(h.query, 1) == n.shapes.dim(h.key, 1))
    h.causal = true;
  else
    h.mask = combineMasks(n, h.mask, causalMask(n, queries, total, n.sub(total, queries)));
}

/// Projects to queries, keys and values itself.
static void msAttention(Node &n) {
  Value x = n.in(0), w = n.in(1);
  Heads h;
  h.heads = h.keyHeads = n.required("num_heads");
  h.scale = n.real("scale", 0);
  int64_t width = n.knownSize(w, 1, "weights");
  std::vector<int64_t> sizes = n.integers("qkv_hidden_sizes");
  if (sizes.empty())
    sizes = {width / 3, width / 3, width / 3};
  if (n.failed)
    return;
  if (h.heads <= 0 || sizes.size() != 3 || sizes[0] + sizes[1] + sizes[2] != width || n.rank(x) != 3) {
    n.fail("expected [batch, sequence, width] and weights for queries, keys and values");
    return;
  }
  if (n.integer("do_rotary", 0) || n.integer("past_present_share_buffer", 0)) {
    n.fail("rotary embedding and shared buffers of this operator are not built");
    return;
  }
  Value all = n.matmul(x, w);
  if (n.has(2))
    all = n.add(all, n.in(2));
  h.query = n.slice(all, 2, 0, sizes[0]);
  h.key = n.slice(all, 2, sizes[0], sizes[0] + sizes[1]);
  h.value = n.slice(all, 2, sizes[0] + sizes[1], width);
  if (n.has(4)) { // [2, B, N, P, H]
    h.pastKey = n.pick(n.in(4), 0, 0);
    h.pastValue = n.pick(n.in(4), 0, 1);
  }
  h.mask = n.in(5);
  if (n.failed)
    return;
  takeMask(n, h, n.in(3), n.integer("unidirectional", 0));
  Attended result = attend(n, h, n.wants(1));
  n.out(0, result.output);
  if (n.wants(1) && !n.failed)
    n.out(1, n.concat({n.unsqueeze(result.presentKey, {0}), n.unsqueeze(result.presentValue, {0})}, 0));
}

static void multiHeadAttention(Node &n) {
  Heads h;
  h.query = n.in(0), h.key = n.in(1), h.value = n.in(2), h.mask = n.in(5), h.pastKey = n.in(6),
  h.pastValue = n.in(7);
  h.heads = h.keyHeads = n.required("num_heads");
  h.scale = n.real("scale", 0);
  if (h.heads <= 0)
    n.fail("expected at least one head");
  if (n.wants(3))
    n.fail("the scores output is not built");
  if (n.failed)
    return;
  auto unpack = [&](Value packed, int64_t i) { // [B, S, N, many, H]
    Value one = n.pick(packed, 3, i);
    return n.reshapeTo(one, n.shapeFrom({n.dims(one, 0, 2), n.mul(n.dim(one, 2), n.dim(one, 3))}));
  };
  if (!h.key && n.rank(h.query) == 5) {
    Value packed = h.query;
    h.query = unpack(packed, 0);
    h.key = unpack(packed, 1);
    h.value = unpack(packed, 2);
  } else if (h.key && n.rank(h.key) == 5) {
    Value packed = h.key;
    h.key = unpack(packed, 0);
    h.value = unpack(packed, 1);
  }
  if (h.key && n.rank(h.key) == 4)
    h.key = mergeHeads(n, h.key);
  if (h.value && n.rank(h.value) == 4)
    h.value = mergeHeads(n, h.value);
  if (n.failed || !h.key || !h.value || n.rank(h.query) != 3) {
    n.fail("expected a query with key and value, or all of them packed");
    return;
  }
  if (n.has(3)) {
    int64_t wide = n.knownSize(h.query, 2, "queries"), deep = n.knownSize(h.value, 2, "values");
    h.query = n.add(h.query, n.slice(n.in(3), 0, 0, wide));
    h.key = n.add(h.key, n.slice(n.in(3), 0, wide, 2 * wide));
    h.value = n.add(h.value, n.slice(n.in(3), 0, 2 * wide, 2 * wide + deep));
  }
  if (n.failed)
    return;
  takeMask(n, h, n.in(4), n.integer("unidirectional", 0));
  Attended result = attend(n, h, n.wants(1) || n.wants(2));
  n.out(0, result.output);
  n.out(1, result.presentKey);
  n.out(2, result.presentValue);
}

static void msRope(Node &n) {
  Value x = n.in(0), positions = n.in(1);
  if (n.real("scale", 1) != 1 || n.integer("is_packed_batching", 0)) {
    n.fail("scaled and packed rotary embedding is not built");
    return;
  }
  if (n.rank(positions) == 1) // an offset: query s stands at offset + s
    positions =
        n.unsqueeze(n.add(n.cast(positions, n.b.getI64Type()), n.positions(x, n.rank(x) == 4 ? 2 : 1)), {0});
  n.out(0, rotate(n, x, n.in(2), n.in(3), positions, n.integer("num_heads", 0), n.integer("interleaved", 0)));
}

ArrayRef<OpRow> msAttentionRows() {
  static const OpRow rows[] = {
      {"com.microsoft", "Attention", 1, msAttention, 2, 6},
      {"com.microsoft", "MultiHeadAttention", 1, multiHeadAttention, 1, 8},
      {"com.microsoft", "GroupQueryAttention", 1, groupQueryAttention, 1, 16},
      {"com.microsoft", "RotaryEmbedding", 1, msRope, 4, 4},
  };
  return rows;
}

} // namespace hone
