"""Control flow, recurrent operators and selection."""
from hone import np
from run_ops import Case

rng = np.random.default_rng(10)


def f(*shape):
    return (rng.standard_normal(shape) * 0.4).astype(np.float32)


CASES = [
    Case("if", "(bool c, float[n] x) => (float[] y) { y = If(c)<then_branch = t () => (float[n] a) { a = Neg(x) }, else_branch = e () => (float[n] b) { b = Exp(x) }> }",
         {"c": np.array(True), "x": (5,)}, {"c": np.array(False), "x": (3,)}),
    Case("if-shapes", "(bool c, float[n] x) => (float[] y) { y = If(c)<then_branch = t () => (float[k] a) { a = Concat<axis=0>(x, x) }, else_branch = e () => (float[l] b) { b = Identity(x) }> }",
         {"c": np.array(True), "x": (5,)}, {"c": np.array(False), "x": (3,)}),
    Case("loop", "(int64 n, float[m] x) => (float[] y) { c = Constant<value = bool {1}>() y = Loop(n, c, x)<body = l (int64 i, bool ci, float[m] a) => (bool co, float[m] b) { co = Identity(ci) b = Add(a, x) }> }",
         {"n": np.array(4), "x": (3,)}, {"n": np.array(0), "x": (3,)}),
    Case("lstm", "(float[s,b,6] x) => (float[] y, float[] h, float[] c) { y, h, c = LSTM<hidden_size=5>(x, w, r, bb) }", {"x": (4, 2, 6)}, {"x": (1, 1, 6)},
         weights={"w": f(1, 20, 6), "r": f(1, 20, 5), "bb": f(1, 40)}, atol=1e-4),
    Case("lstm-state", "(float[s,b,6] x, float[1,b,5] h0, float[1,b,5] c0) => (float[] y, float[] h, float[] c) { y, h, c = LSTM<hidden_size=5>(x, w, r, bb, , h0, c0) }",
         {"x": (4, 2, 6), "h0": (1, 2, 5), "c0": (1, 2, 5)}, weights={"w": f(1, 20, 6), "r": f(1, 20, 5), "bb": f(1, 40)}, atol=1e-4),
    Case("gru", "(float[s,b,6] x) => (float[] y, float[] h) { y, h = GRU<hidden_size=5, linear_before_reset=1>(x, w, r, bb) }", {"x": (4, 2, 6)}, weights={"w": f(1, 15, 6), "r": f(1, 15, 5), "bb": f(1, 30)}, atol=1e-4),
    Case("gru-one-step", "(float[1,b,6] x) => (float[] y, float[] h) { y, h = GRU<hidden_size=5, linear_before_reset=1>(x, w, r, bb) }", {"x": (1, 2, 6)}, weights={"w": f(1, 15, 6), "r": f(1, 15, 5), "bb": f(1, 30)}, atol=1e-4),
    Case("gru-then-sum", "(float[s,b,6] x, float[s,b,5] z) => (float[] y) { a, h = GRU<hidden_size=5, linear_before_reset=1>(x, w, r, bb) one = Constant<value_ints=[1]>() q = Squeeze(a, one) y = Add(q, z) }", {"x": (4, 2, 6), "z": (4, 2, 5)}, {"x": (1, 1, 6), "z": (1, 1, 5)}, weights={"w": f(1, 15, 6), "r": f(1, 15, 5), "bb": f(1, 30)}, atol=1e-4),
    Case("topk", "(float[n,m] x) => (float[] v, int64[] i) { v, i = TopK(x, k) }", {"x": (3, 11)}, weights={"k": np.array([4], np.int64)}),
    Case("nonzero", "(int64[n,m] x) => (int64[] y) { y = NonZero(x) }", {"x": (3, 5)}, high=2),
]
