// Quantize and dequantize operators, and integer arithmetic between them.
#include "lowering/OnnxToHone/Activations.h"
#include "lowering/OnnxToHone/OpTable.h"
#include "lowering/OnnxToHone/Window.h"

using namespace mlir;
using namespace mlir::hone;

namespace hone {

/// Elements that share a scale; 0 without blocks.
static uint64_t blockSize(Node &n) {
  int64_t size = n.integer("block_size", 0);
  if (size < 0)
    n.fail("expected a block_size of at least 0, got " + Twine(size));
  return uint64_t(std::max<int64_t>(size, 0));
}

static bool isPerTensor(Node &n, Value scale) {
  auto type = cast<RankedTensorType>(scale.getType());
  return type.hasStaticShape() && type.getNumElements() == 1;
}
static uint64_t quantAxis(Node &n, Value x, Value scale) {
  return n.rank(x) == 0 || isPerTensor(n, scale) ? 0 : uint64_t(n.axis(n.integer("axis", 1), n.rank(x)));
}
static void dequantizeLinear(Node &n) {
  Value x = n.in(0), scale = n.in(1);
  Type to = n.hasAttribute("output_dtype") && n.integer("output_dtype", 0)
                ? n.typeNumber(n.integer("output_dtype", 0))
                : Node::element(scale);
  uint64_t axis = quantAxis(n, x, scale);
  n.out(0, n.cast(n.make<DequantizeOp>(Node::element(scale), x, scale, n.in(2), axis, blockSize(n)), to));
}
static void quantizeLinear(Node &n) {
  Value x = n.in(0);
  int64_t given = n.integer("output_dtype", 0);
  Type to = n.has(2) ? Node::element(n.in(2))
            : given  ? n.typeNumber(given)
                     : Type(IntegerType::get(n.b.getContext(), 8, IntegerType::Unsigned));
  uint64_t axis = quantAxis(n, x, n.in(1));
  n.out(0, to ? n.make<QuantizeOp>(to, x, n.in(1), n.in(2), to, axis, blockSize(n)) : Value());
}

namespace {
struct Quantized {
  Value q, scale, zero;
};
} // namespace
static Quantized dynamicallyQuantized(Node &n, Value x) {
  Type f32 = n.b.getF32Type(), u8 = IntegerType::get(n.b.getContext(), 8, IntegerType::Unsigned);
  SmallVector<int64_t> all = axesFrom(0, n.rank(x));
  Value zero = n.constant(f32, 0), top = n.constant(f32, 255);
  Value high = n.max(n.reduce(ReduceKind::max, x, all, false), zero),
        low = n.min(n.reduce(ReduceKind::min, x, all, false), zero);
  Value scale = n.div(n.sub(high, low), top);
  Value point = n.min(n.max(n.like<RoundOp>(n.sub(zero, n.div(low, scale))), zero), top);
  point = n.cast(point, u8);
  return {n.make<QuantizeOp>(u8, x, scale, point, u8, uint64_t(0), uint64_t(0)), scale, point};
}
static void dynamicQuantize(Node &n) {
  Quantized result = dynamicallyQuantized(n, n.in(0));
  n.out(0, result.q);
  n.out(1, result.scale);
  n.out(2, result.zero);
}

//===-- integer products -------------------------------------------------------------===//

/// x - zero in i32. Zero points of rows ([M] of the first operand) stand in a column.
static Value centered(Node &n, Value x, Value zero, bool isRow = false) {
  Type i32 = n.b.getI32Type();
  Value wide = n.cast(x, i32);
  if (!zero)
    return wide;
  zero = n.cast(zero, i32);
  if (n.rank(zero) == 1 && n.size(zero, 0) == 1)
    zero = n.squeeze(zero, {0});
  else if (isRow && n.rank(zero) == 1 && n.rank(x) > 1)
    zero = n.unsqueeze(zero, {1});
  return n.sub(wide, zero);
}
/// Products of bytes without zero points need no widening.
static Value integerProduct(Node &n, Value a, Value zeroA, Value c, Value zeroC) {
  if (!zeroA && !zeroC)
    return n.matmul(a, c);
  return n.matmul(centered(n, a, zeroA, true), centered(n, c, zeroC));
}
/// A scale for rows stands in a column too.
static Value scaleFor(Node &n, Value scale, bool isRow) {
  scale = n.cast(scale, n.b.getF32Type());
  if (n.rank(scale) == 1 && n.size(scale, 0) == 1)
    return n.squeeze(scale, {0});
  return isRow && n.rank(scale) == 1 ? n.unsqueeze(scale, {1}) : scale;
}
static Value requantized(Node &n, Value sum, Value scale, Value outScale, Value outZero) {
  Value real = n.mul(n.cast(sum, n.b.getF32Type()), scale);
  Type to = Node::element(outZero);
  return real ? n.make<QuantizeOp>(to, real, n.cast(outScale, n.b.getF32Type()), outZero, to, uint64_t(0),
                                   uint64_t(0))
              : real;
}

static void matmulInteger(Node &n) { n.out(0, integerProduct(n, n.in(0), n.in(2), n.in(1), n.in(3))); }
static void convInteger(Node &n) {
  Value zero = n.in(3);
  if (zero && n.rank(zero) == 1 && n.size(zero, 0) != 1) // one number an output channel
    zero = n.unsqueeze(zero, axesFrom(1, n.rank(n.in(1))));
  n.out(0, convolve(n, centered(n, n.in(0), n.in(2)), centered(n, n.in(1), zero), {}));
}
static void qlinearMatmul(Node &n) {
  Value sum = integerProduct(n, n.in(0), n.in(2), n.in(3), n.in(5));
  n.out(0, requantized(n, sum, n.mul(scaleFor(n, n.in(1), true), scaleFor(n, n.in(4), false)), n.in(6),
                       n.in(7)));
}
/// com.microsoft: bytes A and B with their scales and zero points, an i32 bias; f32 without a scale of the
/// result.
static void qgemm(Node &n) {
  auto turned = [&](int i, StringRef turn) {
    return n.integer(turn, 0) ? n.transpose(n.in(i), {1, 0}) : n.in(i);
  };
  if (n.rank(n.in(0)) != 2 || n.rank(n.in(3)) != 2) {
    n.fail("expected matrices");
    return;
  }
  Value sum = integerProduct(n, turned(0, "transA"), n.in(2), turned(3, "transB"), n.in(5));
  Value scale = n.mul(scaleFor(n, n.in(1), true), scaleFor(n, n.in(4), false));
  if (double alpha = n.real("alpha", 1); alpha != 1 && scale)
    scale = n.mul(scale, n.number(scale, alpha));
  if (n.has(6))
    sum = n.add(sum, n.in(6));
  n.out(0, n.has(7) && n.has(8) ? requantized(n, sum, scale, n.in(7), n.in(8))
                                : n.mul(n.cast(sum, n.b.getF32Type()), scale));
}
static void qlinearConv(Node &n) {
  Value weight = n.in(3), scale = scaleFor(n, n.in(4), false), zero = n.in(5);
  int64_t rank = n.rank(weight);
  if (zero && n.rank(zero) == 1 && n.size(zero, 0) != 1)
    zero = n.unsqueeze(zero, axesFrom(1, rank));
  if (n.rank(scale) == 1)
    scale = n.unsqueeze(scale, axesFrom(1, rank - 1));
  Value sum = convolve(n, centered(n, n.in(0), n.in(2)), centered(n, weight, zero), n.in(8));
  n.out(0, requantized(n, sum, n.mul(scaleFor(n, n.in(1), false), scale), n.in(6), n.in(7)));
}
/// com.microsoft: float results. A, B, scale of A, scale of B, zero points, bias.
static void matmulIntegerToFloat(Node &n) {
  Value sum = integerProduct(n, n.in(0), n.in(4), n.in(1), n.in(5));
  Value y =
      n.mul(n.cast(sum, n.b.getF32Type()), n.mul(scaleFor(n, n.in(2), true), scaleFor(n, n.in(3), false)));
  n.out(0, n.has(6) ? n.add(y, n.in(6)) : y);
}
static void dynamicQuantizeMatmul(Node &n) {
  Quantized a = dynamicallyQuantized(n, n.in(0));
  Value sum = integerProduct(n, a.q, a.zero, n.in(1), n.in(3));
  Value y = n.mul(n.cast(sum, n.b.getF32Type()), n.mul(a.scale, scaleFor(n, n.in(2), false)));
  n.out(0, n.has(4) ? n.add(y, n.in(4)) : y);
}
/// com.microsoft: A, its scale and zero point, B, the same, scale and zero point of the result.
template <typename Op>
static void qlinearBinary(Node &n) {
  auto real = [&](int i) {
    return n.make<DequantizeOp>(n.b.getF32Type(), n.in(i), n.in(i + 1), n.in(i + 2), uint64_t(0),
                                uint64_t(0));
  };
  Type to = Node::element(n.in(0));
  Value y = n.like<Op>(real(0), real(3));
  n.out(0, y ? n.make<QuantizeOp>(to, y, n.in(6), n.in(7), to, uint64_t(0), uint64_t(0)) : y);
}

/// com.microsoft: X, its scale and zero point, scale and zero point of the result, with f32 between.
static Value realOf(Node &n, int i) {
  return n.make<DequantizeOp>(n.b.getF32Type(), n.in(i), n.in(i + 1), n.in(i + 2), uint64_t(0), uint64_t(0));
}
static void outQuantized(Node &n, Type to, Value y, int scale) {
  n.out(0, y ? n.make<QuantizeOp>(to, y, n.in(scale), n.in(scale + 1), to, uint64_t(0), uint64_t(0)) : y);
}
template <Value (*compute)(Node &, Value)>
static void qlinearUnary(Node &n) {
  if (n.integer("channels_last", 0))
    n.fail("channels in the last dimension are not built");
  else
    outQuantized(n, Node::element(n.in(0)), compute(n, realOf(n, 0)), 3);
}
static Value sigmoidOf(Node &n, Value x) { return activated(n, x, "Sigmoid", {}); }
static Value leakyReluOf(Node &n, Value x) {
  return activated(n, x, "LeakyRelu", {float(n.real("alpha", 0.01))});
}
static Value softmaxOf(Node &n, Value x) {
  int64_t rank = n.rank(x), axis = n.axis(n.integer("axis", -1), rank);
  if (n.integer("opset", 13) < 13 && axis + 1 != rank)
    return n.fail("a softmax over more than the last axis is not built for bytes");
  return n.like<SoftmaxOp>(x, uint64_t(axis), false);
}
static Value meanOfPixels(Node &n, Value x) {
  return n.reduce(ReduceKind::mean, x, axesFrom(2, n.rank(x)), true);
}
/// Scale and zero point of the result, then three for each input.
static void qlinearConcat(Node &n) {
  SmallVector<Value> parts;
  for (int i = 2; i + 2 < n.inputs(); i += 3)
    parts.push_back(realOf(n, i));
  Value first = n.in(2);
  outQuantized(n, Node::element(first), n.concat(parts, n.axis(n.required("axis"), n.rank(first))), 0);
}

ArrayRef<OpRow> quantRows() {
  static const OpRow rows[] = {
      {"", "DequantizeLinear", 10, dequantizeLinear, 2, 3},
      {"", "QuantizeLinear", 10, quantizeLinear, 2, 3},
      {"", "DynamicQuantizeLinear", 11, dynamicQuantize},
      {"", "MatMulInteger", 10, matmulInteger, 2, 4},
      {"", "ConvInteger", 10, convInteger, 2, 4},
      {"", "QLinearMatMul", 10, qlinearMatmul, 8, 8},
      {"", "QLinearConv", 10, qlinearConv, 8, 9},
      {"com.microsoft", "DequantizeLinear", 1, dequantizeLinear, 2, 3},
      {"com.microsoft", "QuantizeLinear", 1, quantizeLinear, 2, 3},
      {"com.microsoft", "MatMulIntegerToFloat", 1, matmulIntegerToFloat, 4, 7},
      {"com.microsoft", "DynamicQuantizeMatMul", 1, dynamicQuantizeMatmul, 3, 5},
      {"com.microsoft", "QLinearAdd", 1, qlinearBinary<AddOp>, 7, 8},
      {"com.microsoft", "QLinearMul", 1, qlinearBinary<MulOp>, 7, 8},
      {"com.microsoft", "QGemm", 1, qgemm, 6, 9},
      {"com.microsoft", "QLinearSigmoid", 1, qlinearUnary<sigmoidOf>, 4, 5},
      {"com.microsoft", "QLinearLeakyRelu", 1, qlinearUnary<leakyReluOf>, 4, 5},
      {"com.microsoft", "QLinearSoftmax", 1, qlinearUnary<softmaxOf>, 4, 5},
      {"com.microsoft", "QLinearAveragePool", 1, qlinearUnary<averaged>, 4, 5},
      {"com.microsoft", "QLinearGlobalAveragePool", 1, qlinearUnary<meanOfPixels>, 4, 5},
      {"com.microsoft", "QLinearConcat", 1, qlinearConcat, 5, anyNumber},
  };
  return rows;
}

} // namespace hone
