// Matrix products; quantized weights become dequantize in front of the product.
#include "lowering/OnnxToHone/Activations.h"
#include "lowering/OnnxToHone/GraphImporter.h"
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static void matmul(Node &n) { n.out(0, n.matmul(n.in(0), n.in(1))); }

static Value scaled(Node &n, Value x, double by) { return by == 1 || !x ? x : n.mul(x, n.number(x, by)); }

static void gemm(Node &n) {
  if (n.rank(n.in(0)) != 2 || n.rank(n.in(1)) != 2) {
    n.fail("expected matrices, got " + Twine(n.rank(n.in(0))) + " and " + Twine(n.rank(n.in(1))) +
           " dimensions");
    return;
  }
  Value y = scaled(n, n.matmul(n.in(0), n.in(1), n.integer("transA", 0), n.integer("transB", 0)),
                   n.real("alpha", 1));
  double beta = n.real("beta", 1);
  y = n.has(2) && beta != 0 ? n.add(y, scaled(n, n.in(2), beta)) : y;
  // com.microsoft.FusedGemm names what follows.
  std::vector<float> parameters;
  for (StringRef name : {"activation_alpha", "activation_beta"})
    if (n.hasAttribute(name))
      parameters.push_back(float(n.real(name, 0)));
  n.out(0, activated(n, y, n.text("activation", ""), parameters));
}

/// transBatch: the batch dimension in front of the matrix's two moves to the first place ... [M, B, K] -> [B,
/// M, K].
static Value batchFirst(Node &n, Value x, bool moves) {
  if (!moves || n.rank(x) < 3)
    return x;
  SmallVector<int64_t> perm = axesFrom(1, n.rank(x) - 1);
  perm.push_back(0);
  perm.push_back(n.rank(x) - 1);
  return n.transpose(x, perm);
}
static void fusedMatmul(Node &n) {
  Value a = batchFirst(n, n.in(0), n.integer("transBatchA", 0)),
        c = batchFirst(n, n.in(1), n.integer("transBatchB", 0));
  n.out(0, scaled(n, n.matmul(a, c, n.integer("transA", 0), n.integer("transB", 0)), n.real("alpha", 1)));
}

//===-- weights in blocks ----------------------------------------------------------===//

/// Bytes of two 4-bit numbers each, low one first, as numbers: another view of a weight, or unpacked.
static Value nibbles(Node &n, Value bytes, ArrayRef<int64_t> sizes) {
  auto type = RankedTensorType::get(sizes, IntegerType::get(n.b.getContext(), 4, IntegerType::Unsigned));
  if (Value view = n.graph.reinterpret(bytes, type))
    return view;
  int64_t last = n.rank(bytes);
  Value low = n.both(bytes, n.number(bytes, 15)), high = n.like<ShrOp>(bytes, n.number(bytes, 4));
  return n.reshape(n.concat({n.unsqueeze(low, {last}), n.unsqueeze(high, {last})}, last), sizes);
}
static Value viewed(Node &n, Value x, ArrayRef<int64_t> sizes) {
  auto type = RankedTensorType::get(sizes, Node::element(x));
  if (x.getType() == type)
    return x;
  Value view = n.graph.reinterpret(x, type);
  return view ? view : n.reshape(x, sizes);
}

/// A matrix [rows, columns] quantized by blocks along the columns. Bytes `q` hold whole blocks; zero points
/// are bytes packed alike (each row on its own) or numbers of the scales' type; without them the middle of
/// the range is 0.
static Value blockDequantize(Node &n, Value q, Value scales, Value zeros, int64_t rows, int64_t columns,
                             int64_t block, int64_t bits) {
  if ((bits != 4 && bits != 8) || block < 1 || rows < 1 || columns < 1 || !Node::isByte(q))
    return n.fail("expected 4- or 8-bit numbers in bytes, got " + Twine(bits) + " bits");
  int64_t blocks = (columns + block - 1) / block, padded = blocks * block;
  auto type = cast<RankedTensorType>(q.getType());
  if (padded * bits % 8 || !type.hasStaticShape() || type.getNumElements() != rows * padded * bits / 8)
    return n.fail("expected " + Twine(rows * padded * bits / 8) + " bytes of quantized weight");
  Value w = bits == 4 ? nibbles(n, q, {rows, padded}) : viewed(n, q, {rows, padded}), z;
  if (!w)
    return {};
  if (!zeros) {
    z = n.splat(Node::element(w), {rows, blocks}, double(int64_t(1) << (bits - 1)));
  } else if (Node::isByte(zeros) && bits == 4) {
    int64_t stored = (blocks + 1) / 2 * 2;
    z = n.slice(nibbles(n, zeros, {rows, stored}), 1, 0, blocks);
  } else {
    z = viewed(n, zeros, {rows, blocks});
  }
  Value y = n.failed ? Value()
                     : n.make<DequantizeOp>(Node::element(scales), w, viewed(n, scales, {rows, blocks}), z,
                                            uint64_t(1), uint64_t(block));
  return n.slice(y, 1, 0, columns);
}

static void matmulNBits(Node &n) {
  int64_t k = n.required("K"), rows = n.required("N"), block = n.required("block_size"),
          bits = n.integer("bits", 4);
  if (n.has(4)) {
    n.fail("g_idx is not built");
    return;
  }
  Value x = n.in(0),
        w = n.failed ? Value() : blockDequantize(n, n.in(1), n.in(2), n.in(3), rows, k, block, bits);
  if (!w)
    return;
  Value y =
      n.matmul(x, n.cast(w, Node::element(x)), false, true, n.integer("accuracy_level", 0) == 4 ? 8 : 0);
  n.out(0, n.has(5) ? n.add(y, n.in(5)) : y);
}

/// Rows of a quantized table.
static void gatherBlockQuantized(Node &n) {
  Value q = n.in(0), indices = n.in(1), scales = n.in(2), table;
  int64_t rank = n.rank(q), bits = n.integer("bits", 4), block = n.integer("block_size", 128);
  int64_t gatherAxis = n.axis(n.integer("gather_axis", 0), rank),
          axis = n.axis(n.integer("quantize_axis", 1), rank);
  if (!Node::isByte(q)) { // 4-bit element types say what they hold
    table = n.make<DequantizeOp>(Node::element(scales), q, scales, n.in(3), uint64_t(axis), uint64_t(block));
  } else if (rank != 2 || axis != 1) {
    n.fail("expected a matrix of bytes quantized along its rows");
  } else {
    int64_t rows = n.knownSize(q, 0, "a table"),
            columns = n.knownSize(q, 1, "a table") * (8 / std::clamp<int64_t>(bits, 1, 8));
    table = n.failed ? Value() : blockDequantize(n, q, scales, n.in(3), rows, columns, block, bits);
  }
  n.out(0, table ? n.gather(table, indices, gatherAxis) : table);
}

ArrayRef<OpRow> matmulRows() {
  static const OpRow rows[] = {
      {"", "MatMul", 1, matmul, 2, 2},
      {"", "Gemm", 1, gemm, 2, 3},
      {"com.microsoft", "FusedGemm", 1, gemm, 2, 3},
      {"com.microsoft", "FusedMatMul", 1, fusedMatmul, 2, 2},
      {"com.microsoft", "TransposeMatMul", 1, fusedMatmul, 2, 2},
      {"com.microsoft", "MatMulNBits", 1, matmulNBits, 3, 6},
      {"com.microsoft", "GatherBlockQuantized", 1, gatherBlockQuantized, 3, 4},
  };
  return rows;
}

} // namespace hone
