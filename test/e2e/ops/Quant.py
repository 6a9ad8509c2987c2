"""Quantized weights: blocks of 4 and 8 bits, quantize and dequantize by tensor, axis and block."""
from hone import np
from run_ops import Case

rng = np.random.default_rng(9)
MS = ("com.microsoft",)


def nbits(k, n, bits=4, block=32, zeros=False):
    per = block * bits // 8
    weights = {"w": rng.integers(0, 256, (n, k // block, per)).astype(np.uint8), "s": (0.02 + 0.02 * rng.random((n, k // block))).astype(np.float32)}
    if zeros:
        weights["zp"] = rng.integers(0, 256, (n, (k // block * bits + 7) // 8)).astype(np.uint8)
    return weights


def matmul(name, k, n, level=1, atol=1e-3, **kw):
    bits, block = kw.get("bits", 4), kw.get("block", 32)
    w = nbits(k, n, **kw)
    return Case(name, f"(float[m,{k}] x) => (float[] y) {{ y = com.microsoft.MatMulNBits<K={k}, N={n}, bits={bits}, block_size={block}, accuracy_level={level}>(x, {', '.join(w)}) }}",
                {"x": (1, k)}, {"x": (4, k)}, {"x": (33, k)}, weights=w, domains=MS, atol=atol, rtol=1e-3)


CASES = [
    matmul("int4", 128, 96),
    matmul("int4-zeros", 128, 64, zeros=True),
    matmul("int4-block128", 256, 48, block=128),
    matmul("int4-odd-n", 64, 7),
    matmul("int8", 128, 96, bits=8),
    matmul("int4-int8-activations", 576, 64, level=4, atol=0.15),
    matmul("int4-zeros-int8-activations", 128, 40, level=4, zeros=True, atol=0.15),
    matmul("int8-int8-activations", 256, 33, level=4, bits=8, block=128, atol=2),
    Case("gather-block", "(int64[b,s] i) => (float[] y) { y = com.microsoft.GatherBlockQuantized<block_size=32, quantize_axis=1, gather_axis=0, bits=4>(w, i, s) }", {"i": (1, 1)}, {"i": (2, 5)},
         weights={"w": rng.integers(0, 256, (20, 32)).astype(np.uint8), "s": rng.random((20, 2)).astype(np.float32)}, domains=MS, high=20,
         refused=[({"i": np.array([[7, 20]])}, "expected an index of axis 0 in -20..19, got 20")]),
    Case("dequantize", "(uint8[n,m] x) => (float[] y) { y = DequantizeLinear(x, s, z) }", {"x": (3, 9)}, weights={"s": np.float32(0.1), "z": np.uint8(7)}, high=255),
    Case("dequantize-axis", "(int8[n,4] x) => (float[] y) { y = DequantizeLinear<axis=1>(x, s) }", {"x": (3, 4)}, weights={"s": rng.random(4).astype(np.float32)}),
    Case("quantize", "(float[n,m] x) => (uint8[] y) { y = QuantizeLinear(x, s, z) }", {"x": (3, 9)}, weights={"s": np.float32(0.1), "z": np.uint8(128)}),
    Case("round-trip", "(float[n,m] x) => (float[] y) { q = QuantizeLinear(x, s, z) y = DequantizeLinear(q, s, z) }", {"x": (5, 33)}, weights={"s": np.float32(0.05), "z": np.int8(3)}),
    Case("dynamic", "(float[n,m] x) => (uint8[] y, float[] s, uint8[] z) { y, s, z = DynamicQuantizeLinear(x) }", {"x": (5, 33)}),
    Case("weight-int8", "(float[m,64] x) => (float[] y) { d = DequantizeLinear<axis=1>(w, s) y = MatMul(x, d) }", {"x": (1, 64)}, {"x": (9, 64)},
         weights={"w": rng.integers(-128, 128, (64, 40)).astype(np.int8), "s": (0.01 * rng.random(40)).astype(np.float32)}, atol=1e-3),
    Case("qlinear-activations", "(uint8[n,4,h,w] x) => (uint8[] y, float[] z) { s = com.microsoft.QLinearSigmoid(x, xs, xz, ys, yz) l = com.microsoft.QLinearLeakyRelu<alpha=0.1>(x, xs, xz, xs, xz) c = com.microsoft.QLinearConcat<axis=1>(xs, xz, s, ys, yz, l, xs, xz) y = com.microsoft.QLinearGlobalAveragePool(c, xs, xz, xs, xz) f = Flatten(y) z = com.microsoft.QGemm<transB=1>(f, xs, xz, m, ys, mz) }",
         {"x": (1, 4, 5, 5)}, {"x": (2, 4, 1, 3)}, weights={"xs": np.float32(0.05), "xz": np.uint8(100), "ys": np.float32(1 / 256), "yz": np.uint8(0), "m": np.arange(24, dtype=np.int8).reshape(3, 8), "mz": np.int8(1)}, atol=0.06),
]
