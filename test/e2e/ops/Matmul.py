"""Matrix products: vector, small and large M, batches, dynamic sizes, epilogues, Gemm, integers."""
from hone import np
from run_ops import Case

rng = np.random.default_rng(3)


def w(*shape):
    return (rng.standard_normal(shape) / np.sqrt(shape[-2] if len(shape) > 1 else 1)).astype(np.float32)


CASES = [
    Case("weight", "(float[m,96] x) => (float[] y) { y = MatMul(x, w) }", {"x": (1, 96)}, {"x": (2, 96)}, {"x": (5, 96)}, {"x": (63, 96)}, {"x": (200, 96)}, weights={"w": w(96, 80)}, atol=1e-4),
    Case("weight-odd", "(float[m,33] x) => (float[] y) { y = MatMul(x, w) }", {"x": (1, 33)}, {"x": (3, 33)}, {"x": (17, 33)}, weights={"w": w(33, 7)}, atol=1e-4),
    Case("weight-one", "(float[m,1] x) => (float[] y) { y = MatMul(x, w) }", {"x": (1, 1)}, {"x": (9, 1)}, weights={"w": w(1, 1)}, atol=1e-4),
    Case("weight-large", "(float[b,s,384] x) => (float[] y) { y = MatMul(x, w) }", {"x": (1, 1, 384)}, {"x": (2, 31, 384)}, weights={"w": w(384, 1536)}, atol=1e-3),
    Case("bias-gelu", "(float[b,s,64] x) => (float[] y) { a = MatMul(x, w) c = Add(a, bias) y = Gelu(c) }", {"x": (1, 1, 64)}, {"x": (3, 7, 64)}, weights={"w": w(64, 48), "bias": w(48)}, atol=1e-4),
    Case("residual", "(float[b,s,64] x) => (float[] y) { a = MatMul(x, w) c = Add(bias, a) y = Add(c, x) }", {"x": (1, 1, 64)}, {"x": (3, 7, 64)}, weights={"w": w(64, 64), "bias": w(64)}, atol=1e-4),
    Case("two-dynamic", "(float[m,k] x, float[k,n] z) => (float[] y) { y = MatMul(x, z) }", {"x": (1, 5), "z": (5, 1)}, {"x": (33, 20), "z": (20, 50)}, {"x": (64, 128), "z": (128, 64)}, atol=1e-4),
    Case("batched", "(float[b,h,m,k] x, float[b,h,k,n] z) => (float[] y) { y = MatMul(x, z) }", {"x": (2, 3, 5, 8), "z": (2, 3, 8, 7)}, {"x": (1, 1, 1, 1), "z": (1, 1, 1, 1)}, {"x": (1, 2, 20, 70), "z": (1, 2, 70, 20)}, atol=1e-4),
    Case("batch-broadcast", "(float[b,1,m,k] x, float[h,k,n] z) => (float[] y) { y = MatMul(x, z) }", {"x": (2, 1, 5, 8), "z": (3, 8, 7)}, {"x": (2, 1, 70, 40), "z": (3, 40, 70)}, atol=1e-4),
    Case("vectors", "(float[k] x, float[k,n] z, float[n] v) => (float[] y, float[] u) { y = MatMul(x, z) u = MatMul(z, v) }", {"x": (6,), "z": (6, 9), "v": (9,)}, {"x": (70,), "z": (70, 90), "v": (90,)}, atol=1e-4),
    Case("transposed", "(float[m,k] x, float[n,k] z) => (float[] y) { t = Transpose<perm=[1,0]>(z) y = MatMul(x, t) }", {"x": (5, 12), "z": (9, 12)}, {"x": (70, 72), "z": (70, 72)}, atol=1e-4),
    Case("gemm", "(float[m,24] x) => (float[] y) { y = Gemm<transB=1, alpha=0.5, beta=2.0>(x, w, c) }", {"x": (1, 24)}, {"x": (13, 24)}, weights={"w": w(10, 24), "c": w(10)}, atol=1e-4),
    Case("gemm-transa", "(float[k,m] x, float[k,n] z) => (float[] y) { y = Gemm<transA=1>(x, z) }", {"x": (6, 4), "z": (6, 5)}, {"x": (70, 66), "z": (70, 65)}, atol=1e-4),
    Case("integer", "(uint8[m,k] x, int8[k,n] z) => (int32[] y) { y = MatMulInteger(x, z) }", {"x": (4, 20), "z": (20, 6)}, high=100),
    Case("f16", "(float16[m,64] x) => (float16[] y) { y = MatMul(x, w) }", {"x": (1, 64)}, {"x": (9, 64)}, weights={"w": w(64, 32).astype(np.float16)}, atol=1e-2, rtol=1e-2),
    Case("einsum", '(float[b,i,k] x, float[b,j,k] z) => (float[] y) { y = Einsum<equation="bik,bjk->bij">(x, z) }', {"x": (2, 3, 4), "z": (2, 5, 4)}, {"x": (2, 30, 40), "z": (2, 50, 40)}, atol=1e-4),
    Case("shared-input", "(float[m,64] x) => (float[] q, float[] k, float[] v) { q = MatMul(x, a) k = MatMul(x, b) v = MatMul(x, c) }", {"x": (1, 64)}, {"x": (11, 64)},
         weights={"a": w(64, 48), "b": w(64, 16), "c": w(64, 16)}, atol=1e-4),
]
