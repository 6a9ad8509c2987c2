// Matrix products, with quantized weights as dequantize in front of the product.
#include "lowering/OnnxToHone/GraphImporter.h"
#include "lowering/OnnxToHone/OpTable.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

static Value product(Node &n, Value a, Value c, bool ta = false, bool tb = false, int64_t bits = 0) {
  // Vectors become matrices and lose the dimension again.
  bool rowVector = n.rank(a) == 1, columnVector = n.rank(c) == 1;
  if (rowVector)
    a = n.unsqueeze(a, {0});
  if (columnVector)
    c = n.unsqueeze(c, {1});
  Value y = n.like<MatmulOp>(a, c, ta, tb, bits);
  if (!y)
    return {};
  int64_t rank = n.rank(y);
  SmallVector<int64_t> drop;
  if (rowVector)
    drop.push_back(rank - 2);
  if (columnVector)
    drop.push_back(rank - 1);
  return drop.empty() ? y : n.squeeze(y, drop);
}

static void matmul(Node &n) { n.out(0, product(n, n.in(0), n.in(1))); }

static void gemm(Node &n) {
  Value a = n.in(0), y = n.like<MatmulOp>(a, n.in(1), bool(n.integer("transA", 0)), bool(n.integer("transB", 0)), int64_t(0));
  double alpha = n.real("alpha", 1), beta = n.real("beta", 1);
  if (alpha != 1)
    y = n.mul(y, n.constant(Node::element(a), alpha));
  if (n.has(2) && beta != 0) {
    Value bias = n.in(2);
    y = n.add(y, beta == 1 ? bias : n.mul(bias, n.constant(Node::element(a), beta)));
  }
  n.out(0, y);
}

static void fusedMatmul(Node &n) {
  if (n.integer("transBatchA", 0) || n.integer("transBatchB", 0)) {
    n.fail("transposed batch dimensions are not built");
    return;
  }
  Value y = product(n, n.in(0), n.in(1), n.integer("transA", 0), n.integer("transB", 0));
  double alpha = n.real("alpha", 1);
  n.out(0, alpha == 1 ? y : n.mul(y, n.constant(Node::element(y), alpha)));
}

/// Integer products with zero points, in i32.
static void matmulInteger(Node &n) {
  Type i32 = n.b.getI32Type();
  auto centered = [&](Value x, int zero, bool isRow) {
    Value wide = n.cast(x, i32);
    if (!n.has(zero))
      return wide;
    Value z = n.cast(n.in(zero), i32);
    if (isRow && n.rank(z) == 1 && n.size(z, 0) != 1)
      z = n.unsqueeze(z, {1});
    return n.sub(wide, z);
  };
  n.out(0, product(n, centered(n.in(0), 2, true), centered(n.in(1), 3, false)));
}

/// The same bytes of a weight seen as 4-bit numbers [rows, columns]; null when the value is no weight.
static Value asNibbles(Node &n, Value bytes, int64_t rows, int64_t columns) {
  // The bytes do not move in a view: look through views of the weight.
  while (isa_and_nonnull<ReshapeOp, SqueezeOp, UnsqueezeOp>(bytes.getDefiningOp()))
    bytes = bytes.getDefiningOp()->getOperand(0);
  auto get = bytes.getDefiningOp<GetWeightOp>();
  auto weight = get ? SymbolTable::lookupNearestSymbolFrom<WeightOp>(n.graph.module, get.getWeightAttr()) : WeightOp();
  auto type = RankedTensorType::get({rows, columns}, IntegerType::get(n.b.getContext(), 4, IntegerType::Unsigned));
  if (auto constant = bytes.getDefiningOp<ConstantOp>()) {
    SmallVector<APInt> values;
    for (APInt byte : cast<DenseElementsAttr>(constant.getValue()).getValues<APInt>())
      for (int shift : {0, 4})
        values.push_back(APInt(4, (byte.getZExtValue() >> shift) & 15));
    if (int64_t(values.size()) != rows * columns)
      return {};
    return n.make<ConstantOp>(type.getElementType(), DenseElementsAttr::get(type, values));
  }
  if (!weight || !weight.getFile() || columns % 2)
    return {};
  WeightOp view;
  {
    OpBuilder::InsertionGuard guard(n.b);
    n.b.setInsertionPointAfter(weight);
    std::string name = weight.getSymName().str() + ".u4";
    if (auto known = n.graph.module.lookupSymbol<WeightOp>(name); known && known.getType() == type)
      view = known;
    else
      view = WeightOp::create(n.b, n.loc, name, type, weight.getFileAttr(), weight.getOffsetAttr(), weight.getLengthAttr());
  }
  auto value = GetWeightOp::create(n.b, n.loc, type, FlatSymbolRefAttr::get(view));
  return n.infer(value) ? value.getResult() : Value();
}

/// A block-quantized matrix [rows, columns] along the columns, dequantized.
static Value blockDequantize(Node &n, Value q, Value scales, Value zeros, int64_t rows, int64_t columns, int64_t block, int64_t bits) {
  int64_t blocks = (columns + block - 1) / block;
  scales = n.reshape(scales, {rows, blocks});
  Value w, z;
  if (bits == 4) {
    w = asNibbles(n, q, rows, blocks * block);
    if (zeros && Node::element(zeros).isUnsignedInteger(8)) {
      z = blocks % 2 ? Value() : asNibbles(n, zeros, rows, blocks);
      if (!z)
        return n.fail("an odd number of packed zero points a row is not built");
    }
  } else if (bits == 8) {
    w = n.reshape(q, {rows, blocks * block});
    if (zeros)
      z = n.reshape(zeros, {rows, blocks});
  }
  if (!w)
    return n.fail("expected the quantized weight to be 4- or 8-bit constant data of [" + Twine(rows) + ", " + Twine(columns) + "]");
  if (zeros && !z) // zero points as numbers of the scales' type
    z = n.reshape(zeros, {rows, blocks});
  if (!z)
    z = n.make<ConstantOp>(Node::element(w), DenseElementsAttr::get(RankedTensorType::get({}, Node::element(w)),
                                                                      APInt(unsigned(bits), uint64_t(1) << (bits - 1))));
  if (n.failed)
    return {};
  // A scalar zero point serves every block.
  Value y;
  if (n.rank(z) == 0) {
    Value full = n.make<ExpandOp>(Node::element(w), z, n.integerTensor({rows, blocks}));
    y = n.make<DequantizeOp>(Node::element(scales), w, scales, full, int64_t(1), block);
  } else {
    y = n.make<DequantizeOp>(Node::element(scales), w, scales, z, int64_t(1), block);
  }
  return columns == blocks * block ? y : n.slice(y, 1, 0, columns);
}

static void matmulNBits(Node &n) {
  int64_t k = n.integer("K", 0), rows = n.integer("N", 0), block = n.integer("block_size", 0), bits = n.integer("bits", 4);
  if (n.has(4) && n.in(4)) {
    n.fail("g_idx is not built");
    return;
  }
  if (k <= 0 || rows <= 0 || block <= 0) {
    n.fail("expected K, N and block_size");
    return;
  }
  Value x = n.in(0);
  Value w = blockDequantize(n, n.in(1), n.in(2), n.has(3) ? n.in(3) : Value(), rows, k, block, bits);
  if (!w)
    return;
  w = n.cast(w, Node::element(x));
  Value y = product(n, x, w, false, true, n.integer("accuracy_level", 0) == 4 ? 8 : 0);
  n.out(0, n.has(5) ? n.add(y, n.in(5)) : y);
}

static void gatherBlockQuantized(Node &n) {
  Value q = n.in(0), indices = n.in(1);
  int64_t bits = n.integer("bits", 4), block = n.integer("block_size", 128);
  if (n.integer("gather_axis", 0) != 0 || n.rank(q) != 2) {
    n.fail("expected a 2-D table gathered along axis 0");
    return;
  }
  bool isBytes = Node::element(q).isUnsignedInteger(8);
  int64_t rows = n.size(q, 0), columns = n.size(q, 1) * (isBytes && bits == 4 ? 2 : 1);
  Value table = blockDequantize(n, q, n.in(2), n.has(3) ? n.in(3) : Value(), rows, columns, block, bits);
  if (table)
    n.out(0, n.like<GatherOp>(table, indices, int64_t(0)));
}

ArrayRef<OpRow> matmulRows() {
  static const OpRow rows[] = {
      {"", "MatMul", 1, matmul}, {"", "Gemm", 1, gemm}, {"", "MatMulInteger", 10, matmulInteger},
      {"com.microsoft", "FusedMatMul", 1, fusedMatmul}, {"com.microsoft", "MatMulNBits", 1, matmulNBits},
      {"com.microsoft", "GatherBlockQuantized", 1, gatherBlockQuantized},
  };
  return rows;
}

} // namespace hone
