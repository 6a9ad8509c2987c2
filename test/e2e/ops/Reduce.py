"""Reductions: every kind over one, several and all axes, kept or dropped; argmax, cumulative sums."""
from hone import np
from run_ops import Case

SHAPES = [{"x": (3, 17, 5)}, {"x": (1, 1, 1)}, {"x": (2, 40, 33)}]
AXES = {"axes": np.array([1, -1], np.int64)}


def reduce(op, **kw):
    return Case(op.lower(), f"(float[a,b,c] x) => (float[] y, float[] z, float[] w) {{ y = {op}(x, axes) z = {op}<keepdims=0>(x) w = {op}<keepdims=0>(x, one) }}", *SHAPES,
                weights={**AXES, "one": np.array([1], np.int64)}, atol=1e-4, **kw)


CASES = [
    *[reduce(op) for op in "ReduceSum ReduceMean ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSumExp".split()],
    reduce("ReduceLogSum", positive=True),
    Case("reduceprod", "(float[a,b] x) => (float[] y) { y = ReduceProd(x, one) }", {"x": (3, 7)}, weights={"one": np.array([1], np.int64)}),
    Case("runtime-axes", "(float[a,b,c] x, int64[k] ax) => (float[] y, float[] z) { y = ReduceSum(x, ax) z = ReduceMax(x, ax) }", {"x": (2, 3, 4), "ax": np.array([-1, 0])}, {"x": (2, 3, 4), "ax": np.zeros(0, np.int64)}, {"x": (3, 1, 2), "ax": np.array([1])}),
    Case("mean-opset13", "(float[a,b,c] x) => (float[] y) { y = ReduceMean<axes=[-1], keepdims=1>(x) }", *SHAPES, opset=13),
    Case("sum-int", "(int64[a,b] x) => (int64[] y) { y = ReduceSum<keepdims=0>(x) }", {"x": (4, 9)}),
    Case("argmax", "(float[a,b,c] x) => (int64[] y, int64[] z) { y = ArgMax<axis=1>(x) z = ArgMin<axis=-1, keepdims=0>(x) }", *SHAPES),
    Case("argmax-last", "(float[a,b] x) => (int64[] y) { y = ArgMax<axis=1, select_last_index=1>(x) }", {"x": np.array([[1, 3, 3, 0], [2, 2, 2, 2]])}),
    Case("cumsum", "(float[a,b] x) => (float[] y, float[] z) { one = Constant<value_int=1>() y = CumSum(x, one) z = CumSum<exclusive=1, reverse=1>(x, one) }", {"x": (3, 9)}),
    Case("cumsum-rows", "(float[a,b,c] x) => (float[] y, float[] z, float[] r) { last = Constant<value_int=2>() y = CumSum(x, last) z = CumSum<exclusive=1>(x, last) r = CumSum<reverse=1>(x, last) }",
         {"x": (1, 1, 1)}, {"x": (2, 0, 5)}, {"x": (2, 3, 0)}, {"x": (5, 7, 130)}),
    Case("softmax", "(float[a,b,c] x) => (float[] y, float[] z) { y = Softmax(x) z = Softmax<axis=1>(x) }", *SHAPES),
    Case("softmax-masked", "(float[a,b] x) => (float[] y) { y = Softmax(x) }", {"x": np.array([[0, -np.inf, 1], [-3e38, -3e38, -3e38], [80, 90, 100]])}),
    Case("softmax-opset11", "(float[a,b,c] x) => (float[] y) { y = Softmax<axis=1>(x) }", {"x": (2, 3, 4)}, opset=11),
    Case("logsoftmax", "(float[a,b,c] x) => (float[] y) { y = LogSoftmax(x) }", *SHAPES, atol=1e-4),
]
