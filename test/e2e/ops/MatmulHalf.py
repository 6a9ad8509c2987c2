"""Products of 16-bit floats: on GPUs a kernel for few rows, two for many, and pulled tiles where lines of memory are not multiples of 16 bytes."""
from hone import np
from run_ops import Case

rng = np.random.default_rng(17)
ROWS = [(1, 1), (2, 4), (1, 9), (3, 11), (1, 70), (2, 67)]


def weight(*shape):
    return (rng.standard_normal(shape) / np.sqrt(shape[-2])).astype(np.float16)


def half(name, k, n, behind="", more=None, rows=ROWS, product="MatMul(x, w)", w=None, **kw):
    """y = x * w, with `behind` between the product m and y."""
    text = f"m = {product} {behind}" if behind else f"y = {product}"
    inputs = f"float16[b,s,{k}] x" + "".join(f", float16[b,s,{n}] {other}" for other in more or ())
    feeds = [{"x": (*r, k)} | {other: (*r, n) for other in more or ()} for r in rows]
    return Case(name, f"({inputs}) => (float16[] y) {{ {text} }}", *feeds, weights={"w": weight(k, n) if w is None else w} | kw, atol=1e-2, rtol=1e-2)


def brain(name, left, right, result):
    """The same in bf16: NumPy has no files of it."""
    return Case(name, f"(float[{left}] x, float[{right}] z) => (float[] y) {{ c = Cast<to=16>(x) d = Cast<to=16>(z) p = MatMul(c, d) y = Cast<to=1>(p) }}",
                *result, atol=5e-2, rtol=2e-2)


def both(name, left, right, *feeds, product="MatMul(x, z)"):
    return Case(name, f"(float16[{left}] x, float16[{right}] z) => (float16[] y) {{ y = {product} }}", *feeds, atol=1e-2, rtol=1e-2)


CASES = [
    half("weight", 192, 112),
    half("weight-odd-n", 576, 71),
    half("weight-k-tail", 200, 80),
    half("weight-k8", 8, 64),
    half("weight-k-odd", 99, 40),
    half("weight-long", 2048, 72, rows=[(1, 1), (1, 17), (1, 65)]),
    half("weight-large", 328, 1536, rows=[(1, 1300), (1, 2800)]),
    half("bias-gelu", 64, 144, behind="c = Add(m, bias) y = Gelu(c)", bias=weight(1, 144)[0]),
    half("residual", 64, 48, behind="c = Add(bias, m) y = Add(c, r)", more=("r",), bias=weight(1, 48)[0]),
    half("gate-odd-n", 128, 75, behind="g = Sigmoid(m) h = Mul(m, g) y = Mul(h, r)", more=("r",)),
    Case("gemm", "(float16[m,72] x) => (float16[] y) { y = Gemm<transB=1>(x, w, c) }", {"x": (1, 72)}, {"x": (33, 72)}, {"x": (130, 72)}, weights={"w": weight(88, 72), "c": weight(1, 88)[0]}, atol=1e-2, rtol=1e-2),
    Case("static-few", "(float16[5,72] x) => (float16[] y) { y = MatMul(x, w) }", {"x": (5, 72)}, weights={"w": weight(72, 88)}, atol=1e-2, rtol=1e-2),
    Case("static-some", "(float16[2,15,72] x) => (float16[] y) { y = MatMul(x, w) }", {"x": (2, 15, 72)}, weights={"w": weight(72, 88)}, atol=1e-2, rtol=1e-2),
    Case("static-many", "(float16[150,72] x) => (float16[] y) { y = MatMul(x, w) }", {"x": (150, 72)}, weights={"w": weight(72, 88)}, atol=1e-2, rtol=1e-2),
    both("two-dynamic", "m,k", "k,n", {"x": (33, 20), "z": (20, 50)}, {"x": (70, 128), "z": (128, 64)}, {"x": (5, 200), "z": (200, 136)}, {"x": (130, 72), "z": (72, 33)}, {"x": (3, 7), "z": (7, 16)}, {"x": (70, 71), "z": (71, 70)}),
    both("batched", "b,h,m,k", "b,h,k,n", {"x": (2, 3, 5, 8), "z": (2, 3, 8, 8)}, {"x": (1, 2, 66, 40), "z": (1, 2, 40, 72)}, {"x": (1, 1, 1, 1), "z": (1, 1, 1, 1)}, {"x": (1, 2, 70, 200), "z": (1, 2, 200, 136)}, {"x": (1, 2, 20, 71), "z": (1, 2, 71, 20)}),
    both("batch-broadcast", "b,1,m,k", "h,k,n", {"x": (2, 1, 65, 16), "z": (3, 16, 24)}, {"x": (2, 1, 5, 8), "z": (3, 8, 7)}, {"x": (2, 1, 70, 136), "z": (3, 136, 72)}, {"x": (2, 1, 70, 71), "z": (3, 71, 70)}),
    both("transposed", "m,k", "n,k", {"x": (65, 24), "z": (72, 24)}, {"x": (5, 12), "z": (9, 12)}, {"x": (70, 200), "z": (70, 200)}, {"x": (70, 71), "z": (70, 71)}, product="Gemm<transB=1>(x, z)"),
    both("transposed-left", "k,m", "k,n", {"x": (24, 70), "z": (24, 72)}, {"x": (70, 70), "z": (70, 72)}, product="Gemm<transA=1>(x, z)"),
    brain("bf16", "m,k", "k,n", [{"x": (33, 24), "z": (24, 56)}, {"x": (66, 200), "z": (200, 136)}, {"x": (66, 71), "z": (71, 70)}]),
    brain("bf16-static", "m,64", "64,72", [{"x": (1, 64), "z": (64, 72)}, {"x": (66, 64), "z": (64, 72)}]),
]
