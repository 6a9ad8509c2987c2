"""Elementwise operators: unary, binary with broadcasting, comparisons, casts, and chains that fuse."""
from hone import np
from run_ops import Case

SHAPES = [{"x": (3, 17)}, {"x": (1, 1)}, {"x": (64, 129)}]


def unary(op, attributes="", **kw):
    return Case(op.lower(), f"(float[n,m] x) => (float[] y) {{ y = {op}{attributes}(x) }}", *SHAPES, **kw)


def binary(op, **kw):
    return Case(op.lower(), f"(float[n,m] x, float[m] z) => (float[] y) {{ y = {op}(x, z) }}", {"x": (3, 17), "z": (17,)}, {"x": (33, 1), "z": (1,)}, **kw)


def compare(op):
    return Case(op.lower(), f"(int64[n,m] x, int64[n,1] z) => (bool[] y) {{ y = {op}(x, z) }}", {"x": (9, 21), "z": (9, 1)})


def cast(source, target, code, **kw):
    return Case(f"cast-{source}-{target}", f"({source}[n] x) => ({target}[] y) {{ y = Cast<to={code}>(x) }}", {"x": (37,)}, {"x": (1,)}, **kw)


CASES = [
    *[unary(op) for op in "Abs Ceil Cos Erf Exp Floor Identity Neg Relu Round Sigmoid Sign Sin Softplus Softsign Tanh Gelu Mish HardSwish HardSigmoid Elu Selu Celu LeakyRelu ThresholdedRelu Atan Sinh Asinh".split()],
    *[unary(op, positive=True) for op in "Log Sqrt Reciprocal".split()],
    Case("gelu-tanh", '(float[n,m] x) => (float[] y) { y = Gelu<approximate="tanh">(x) }', *SHAPES),
    Case("clip", "(float[n,m] x) => (float[] y) { lo = Constant<value_float=-0.5>() hi = Constant<value_float=0.75>() y = Clip(x, lo, hi) }", *SHAPES),
    Case("prelu", "(float[n,m] x, float[m] s) => (float[] y) { y = PRelu(x, s) }", {"x": (4, 7), "s": (7,)}),
    *[binary(op) for op in "Add Sub Mul Div Max Min".split()],
    binary("Pow", positive=True),
    *[compare(op) for op in "Equal Greater Less GreaterOrEqual LessOrEqual".split()],
    Case("int-div", "(int64[n] x, int64[n] z) => (int64[] y) { y = Div(x, z) }", {"x": np.array([-7, 7, -8, 9]), "z": np.array([2, -2, 3, 4])}),
    Case("mod", "(int64[n] x, int64[n] z) => (int64[] y) { y = Mod(x, z) }", {"x": np.array([-7, 7, -8, 9]), "z": np.array([2, -2, 3, 4])}),
    Case("fmod", "(float[n] x, float[n] z) => (float[] y) { y = Mod<fmod=1>(x, z) }", {"x": np.array([-7.5, 7, -8, 9]), "z": np.array([2, -2, 3.5, 4])}),
    Case("logic", "(bool[n] x, bool[n] z) => (bool[] y) { a = And(x, z) b = Xor(x, z) c = Not(a) y = Or(b, c) }", {"x": (31,), "z": (31,)}),
    Case("where", "(bool[n,1] c, float[n,m] x, float[m] z) => (float[] y) { y = Where(c, x, z) }", {"c": (5, 1), "x": (5, 19), "z": (19,)}),
    Case("nan", "(float[n] x) => (bool[] y, float[] z) { y = IsNaN(x) z = Relu(x) }", {"x": np.array([1, -2, np.nan, np.inf, -np.inf])}),
    Case("isinf", "(float[n] x) => (bool[] y) { y = IsInf(x) }", {"x": np.array([1, -2, np.nan, np.inf, -np.inf])}),
    cast("float", "int64", 7), cast("int64", "float", 1), cast("int32", "bool", 9), cast("bool", "float", 1), cast("float", "float16", 10, atol=1e-3),
    cast("float16", "float", 1), cast("float", "double", 11), cast("double", "float", 1), cast("uint8", "int32", 6), cast("int64", "int32", 6),
    Case("exp-extremes", "(float[n] x) => (float[] y) { y = Exp(x) }", {"x": np.array([-200, -104, -87.5, -1e-30, 0, 88, 89, 200, np.inf, -np.inf, np.nan])}, atol=1e-37, rtol=1e-6),
    Case("tanh-extremes", "(float[n] x) => (float[] y, float[] z) { y = Tanh(x) z = Erf(x) }", {"x": np.array([-100, -9.1, -4, -1e-8, 0, 1e-20, 4, 9.1, 100, np.inf, -np.inf, np.nan])}, atol=1e-9, rtol=2e-6),
    Case("chain", "(float[n,m] x, float[m] b) => (float[] y) { a = Add(x, b) s = Sigmoid(a) p = Mul(a, s) q = Tanh(p) y = Sub(q, x) }", {"x": (7, 31), "b": (31,)}, {"x": (1, 1), "b": (1,)}),
    Case("silu", "(float[n,m] x) => (float[] y) { s = Sigmoid(x) y = Mul(x, s) }", *SHAPES),
    Case("gelu-erf", "(float[n,m] x) => (float[] y) { r = Constant<value_float=1.4142135>() h = Constant<value_float=0.5>() o = Constant<value_float=1.0>() d = Div(x, r) e = Erf(d) f = Add(e, o) g = Mul(x, f) y = Mul(g, h) }", *SHAPES),
    Case("gelu-erf-mul", "(float[n,m] x) => (float[] y) { r = Constant<value_float=0.70710678>() h = Constant<value_float=0.5>() o = Constant<value_float=1.0>() a = Mul(x, h) d = Mul(x, r) e = Erf(d) f = Add(o, e) y = Mul(a, f) }", *SHAPES),
    Case("silu-exp", "(float[n,m] x) => (float[] y) { o = Constant<value_float=1.0>() n1 = Neg(x) e = Exp(n1) d = Add(e, o) y = Div(x, d) }", *SHAPES),
    Case("swiglu", "(float[n,m] x, float[n,m] z) => (float[] y) { s = Sigmoid(x) t = Mul(x, s) y = Mul(t, z) }", {"x": (5, 33), "z": (5, 33)}),
    Case("gelu-tanh-parts", "(float[n,m] x) => (float[] y) { t = Constant<value_float=3.0>() k = Constant<value_float=0.044715>() c = Constant<value_float=0.7978845608>() h = Constant<value_float=0.5>() o = Constant<value_float=1.0>() p = Pow(x, t) q = Mul(p, k) r = Add(x, q) s = Mul(r, c) u = Tanh(s) v = Add(u, o) w = Mul(x, v) y = Mul(w, h) }", *SHAPES),
    Case("broadcast-both", "(float[n,1,m] x, float[1,k,m] z) => (float[] y) { y = Mul(x, z) }", {"x": (3, 1, 5), "z": (1, 4, 5)}, {"x": (1, 1, 1), "z": (1, 4, 1)}),
    Case("sum-mean", "(float[n,m] x, float[m] a, float[1] b) => (float[] y, float[] z) { y = Sum(x, a, b) z = Mean(x, a, b) }", {"x": (3, 5), "a": (5,), "b": (1,)}),
    Case("empty", "(float[n,m] x) => (float[] y) { y = Relu(x) }", {"x": (0, 4)}, {"x": (2, 0)}),
    Case("bitwise", "(int32[n] x, int32[n] z) => (int32[] y) { a = BitwiseAnd(x, z) b = BitwiseXor(x, z) c = BitwiseNot(a) y = BitwiseOr(b, c) }", {"x": (9,), "z": (9,)}, high=1000),
    Case("f16", "(float16[n,m] x, float16[m] b) => (float16[] y) { a = Add(x, b) y = Relu(a) }", {"x": (7, 31), "b": (31,)}, atol=2e-3, rtol=2e-3),
]
