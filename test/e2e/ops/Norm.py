"""Normalizations, as one operator and as exporters write them out."""
from hone import np
from run_ops import Case

rng = np.random.default_rng(4)
SHAPES = [{"x": (1, 1, 48)}, {"x": (3, 7, 48)}]
SCALE = {"g": (1 + 0.1 * rng.standard_normal(48)).astype(np.float32), "b": (0.1 * rng.standard_normal(48)).astype(np.float32)}
CONST = "two = Constant<value_float=2.0>() eps = Constant<value_float=0.00001>() one = Constant<value_float=1.0>() "

CASES = [
    Case("layernorm", "(float[n,s,48] x) => (float[] y) { y = LayerNormalization<axis=-1, epsilon=0.00001>(x, g, b) }", *SHAPES, weights=SCALE),
    Case("layernorm-parts", "(float[n,s,48] x) => (float[] y) { " + CONST + "m = ReduceMean<axes=[-1]>(x) d = Sub(x, m) p = Pow(d, two) v = ReduceMean<axes=[-1]>(p) e = Add(v, eps) s = Sqrt(e) q = Div(d, s) r = Mul(q, g) y = Add(r, b) }",
         *SHAPES, weights=SCALE, opset=14),
    Case("layernorm-mul", "(float[n,s,48] x) => (float[] y) { " + CONST + "m = ReduceMean(x, ax) d = Sub(x, m) p = Mul(d, d) v = ReduceMean(p, ax) e = Add(v, eps) s = Sqrt(e) i = Reciprocal(s) q = Mul(d, i) r = Mul(q, g) y = Add(r, b) }",
         *SHAPES, weights={**SCALE, "ax": np.array([-1], np.int64)}),
    Case("rmsnorm-parts", "(float[n,s,48] x) => (float[] y) { " + CONST + "p = Pow(x, two) v = ReduceMean(p, ax) e = Add(v, eps) s = Sqrt(e) i = Div(one, s) q = Mul(x, i) y = Mul(g, q) }",
         *SHAPES, weights={"g": SCALE["g"], "ax": np.array([-1], np.int64)}),
    Case("rmsnorm-rsqrt", "(float[n,s,48] x) => (float[] y) { half = Constant<value_float=-0.5>() " + CONST + "p = Mul(x, x) v = ReduceMean(p, ax) e = Add(eps, v) i = Pow(e, half) q = Mul(x, i) y = Mul(q, g) }",
         *SHAPES, weights={"g": SCALE["g"], "ax": np.array([-1], np.int64)}),
    Case("near-miss", "(float[n,s,48] x) => (float[] y) { " + CONST + "p = Pow(x, two) v = ReduceMean(p, ax) e = Add(v, eps) s = Sqrt(e) y = Div(s, x) }", *SHAPES, weights={"ax": np.array([1], np.int64)}, rtol=1e-3),
    Case("rmsnorm", "(float[n,s,48] x) => (float[] y) { y = RMSNormalization<axis=-1>(x, g) }", *SHAPES, weights={"g": SCALE["g"]}, opset=23),
    Case("rmsnorm-ms", "(float[n,s,48] x) => (float[] y) { y = SimplifiedLayerNormalization<axis=-1, epsilon=0.00001, stash_type=1>(x, g) }", *SHAPES, weights={"g": SCALE["g"]}),
    Case("skip-rmsnorm", "(float[n,s,48] x, float[n,s,48] r) => (float[] y, float[] z) { y, , , z = com.microsoft.SkipSimplifiedLayerNormalization<epsilon=0.00001>(x, r, g) }",
         {"x": (1, 1, 48), "r": (1, 1, 48)}, {"x": (2, 5, 48), "r": (2, 5, 48)}, weights={"g": SCALE["g"]}, domains=("com.microsoft",)),
    Case("skip-layernorm", "(float[n,s,48] x, float[n,s,48] r) => (float[] y) { y = com.microsoft.SkipLayerNormalization<epsilon=0.00001>(x, r, g, b) }",
         {"x": (1, 1, 48), "r": (1, 1, 48)}, {"x": (2, 5, 48), "r": (2, 5, 48)}, weights=SCALE, domains=("com.microsoft",)),
    Case("batchnorm", "(float[n,6,h,w] x) => (float[] y) { y = BatchNormalization(x, g, b, m, v) }", {"x": (2, 6, 5, 7)}, {"x": (1, 6, 1, 1)},
         weights={"g": SCALE["g"][:6], "b": SCALE["b"][:6], "m": SCALE["b"][6:12], "v": SCALE["g"][6:12]}),
    Case("instancenorm", "(float[n,6,h,w] x) => (float[] y) { y = InstanceNormalization(x, g, b) }", {"x": (2, 6, 5, 7)}, weights={"g": SCALE["g"][:6], "b": SCALE["b"][:6]}, atol=1e-4),
    Case("groupnorm", "(float[n,6,h,w] x) => (float[] y) { y = GroupNormalization<num_groups=2>(x, g, b) }", {"x": (2, 6, 5, 7)}, weights={"g": SCALE["g"][:6], "b": SCALE["b"][:6]}, opset=21, atol=1e-4),
    Case("lp", "(float[n,s,48] x) => (float[] y) { y = LpNormalization<axis=-1, p=2>(x) }", *SHAPES),
]
