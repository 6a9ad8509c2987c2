"""Rows of 16-bit floats times weights of 4 and 8 bits: on GPUs the tensor cores read the packed weight."""
from hone import np
from ops.Quant import MS, nbits
from run_ops import Case

rng = np.random.default_rng(11)
ROWS = [(1, 1), (3, 1), (1, 8), (3, 3), (1, 33), (2, 35)]  # the last by way of a weight of 16 bits


# Scales and zero points of more than 1 KB: smaller ones become constants, and then the weight is not packed.
def half(name, k, n, behind="", more=None, rows=ROWS, atol=2e-2, **kw):
    """y = x * dequantize(w), with `behind` between the product m and y. With 8 bits the weights' own rounding to f16 shows."""
    w = nbits(k, n, **kw)
    w["s"] = w["s"].astype(np.float16)
    block = kw.get("block", 32)
    product = f"MatMulNBits<K={k}, N={n}, bits={kw.get('bits', 4)}, block_size={block}, accuracy_level=1>(x, {', '.join(w)})"
    text = f"m = com.microsoft.{product} {behind}" if behind else f"y = com.microsoft.{product}"
    inputs = f"float16[b,s,{k}] x" + "".join(f", float16[b,s,{n}] {name}" for name in more or ())
    feeds = [{"x": (*r, k)} | {name: (*r, n) for name in more or ()} for r in rows]
    return Case(name, f"({inputs}) => (float16[] y) {{ {text} }}", *feeds, weights=w, domains=MS, atol=atol, rtol=4e-3)


def brain(name, k, n, block, zero, bits=4):
    """The same in bf16, which MatMulNBits of ONNX Runtime does not have on CPUs: as blocked DequantizeLinear."""
    most = 1 << bits
    w = {"w": rng.integers(0, most, (k, n)).astype(np.uint8), "s": ((0.02 + 0.02 * rng.random((k // block, n))) * 16 / most).astype(np.float32)}
    if zero:
        w["z"] = rng.integers(0, most, (k // block, n)).astype(np.uint8)
    number = 21 if bits == 4 else 2  # uint4, uint8
    unpack = f"q = Cast<to={number}>(w) {f'z4 = Cast<to={number}>(z) ' if zero else ''}s16 = Cast<to=16>(s) d = DequantizeLinear<axis=0, block_size={block}>(q, s16{', z4' if zero else ''})"
    return Case(name, f"(float[m,{k}] x) => (float[] y) {{ {unpack} c = Cast<to=16>(x) p = MatMul(c, d) y = Cast<to=1>(p) }}",
                {"x": (1, k)}, {"x": (9, k)}, {"x": (70, k)}, weights=w, opset=25, atol=0.1, rtol=2e-2)


FLOATS8 = np.array([2.0**-9 * m for m in range(8)] + [2.0 ** (e - 7) * (1 + m / 8) for e in range(1, 16) for m in range(8)][:-1], np.float32)


def rounded(name, k, n, *also, behind="", more=None, rows=ROWS, spec="int8:rows=8", exact=False):
    """Products of f32 whose operands the compiler rounds to 8 bits; against f32, so that the rounding itself shows (1 % of a sum's size; 4 %
    for floats of 8 bits). With `exact` weights of which each column is numbers of f8E4M3FN, the largest among them: they stay what they are."""
    w = {"w": rng.standard_normal((k, n)).astype(np.float32)}
    error = (0.06 if "int8" in spec else 0.24) * k**0.5
    if exact:
        w["w"] = FLOATS8[rng.integers(0, len(FLOATS8), (k, n))] * rng.choice(np.float32([-1, 1]), (k, n)) / 64
        w["w"][rng.integers(0, k, n), np.arange(n)] = 7
        error = 2e-3 * k**0.5
    inputs = f"float[b,s,{k}] x" + "".join(f", float[b,s,{n}] {name}" for name in more or ())
    text = f"m = MatMul(x, w) {behind}" if behind else "y = MatMul(x, w)"
    feeds = [{"x": (*r, k)} | {name: (*r, n) for name in more or ()} for r in rows]
    return Case(name, f"({inputs}) => (float[] y) {{ {text} }}", *feeds, weights=w, atol=error, rtol=4e-3 if exact else 2e-2, flags=("--compress=" + spec, *also))


CASES = [
    rounded("int8-rows", 192, 264),
    rounded("int8-rows-odd-n", 576, 301, behind="y = Add(m, r)", more=("r",)),
    rounded("int8-rows-wide", 1152, 2056, rows=[(1, 1), (1, 130)]),
    rounded("int8-rows-f16", 192, 520, "--compress=f16"),
    rounded("int8-rows-bf16", 640, 520, "--compress=bf16"),
    rounded("fp8", 192, 264, "--compress=f16", spec="fp8", exact=True),
    rounded("fp8-odd-n", 576, 301, "--compress=f16", behind="y = Add(m, r)", more=("r",), spec="fp8", exact=True),
    rounded("fp8-group", 512, 136, "--compress=f16", spec="fp8:group=64"),
    rounded("fp8-group32", 192, 520, "--compress=bf16", spec="fp8:group=32"),
    rounded("fp8-wide", 640, 2056, "--compress=f16", spec="fp8", exact=True, rows=[(1, 130)]),
    rounded("fp8-bf16", 640, 520, "--compress=bf16", spec="fp8"),
    rounded("fp8-rows", 192, 264, spec="fp8:rows=8"),
    rounded("fp8-rows-odd-n", 576, 301, behind="y = Add(m, r)", more=("r",), spec="fp8:rows=8"),
    rounded("fp8-rows-wide", 1152, 2056, rows=[(1, 1), (1, 130)], spec="fp8:rows=8"),
    rounded("fp8-rows-f16", 192, 520, "--compress=f16", spec="fp8:rows=8"),
    half("f16", 192, 112),
    half("f16-odd-n", 576, 71),
    half("f16-zeros", 576, 136, zeros=True),
    half("f16-block64", 576, 67, block=64),
    half("f16-block128", 1024, 80, block=128),
    half("f16-block256", 1024, 140, block=256, rows=[(1, 1), (1, 17)]),
    half("f16-block64-zeros", 2048, 72, block=64, zeros=True, rows=[(1, 1), (1, 17)]),
    half("f16-residual", 2048, 32, behind="y = Add(m, r)", more=("r",), rows=[(1, 1), (2, 9)]),
    half("f16-gate", 128, 144, behind="g = Sigmoid(m) h = Mul(m, g) y = Mul(h, r)", more=("r",)),
    half("f16-block16", 64, 160, block=16),
    half("f16-k96", 96, 192),
    half("f16-int8", 128, 144, bits=8, atol=0.1),
    half("f16-int8-zeros", 576, 41, bits=8, zeros=True, atol=0.1),
    half("f16-int8-block128", 1024, 80, bits=8, block=128, atol=0.1),
    half("f16-wide", 640, 2056, rows=[(1, 130)]),
    brain("bf16-int8", 512, 136, 64, False, bits=8),
    brain("bf16-int8-zeros", 576, 72, 32, True, bits=8),
    brain("bf16", 512, 136, 64, False),
    brain("bf16-zeros", 576, 136, 32, True),
]
