"""What random graphs are made of: each recipe adds a few nodes behind values that it chooses, or raises Rejected."""
import numpy as np


class Rejected(Exception):
    """The nodes of a recipe don't fit, or compute what rounding decides."""


def unary(g):
    op = g.choose(["Relu", "Sigmoid", "Tanh", "Erf", "Neg", "Abs", "Exp", "Sin", "Cos", "Softplus", "Reciprocal", "LeakyRelu", "Elu", "HardSigmoid"])
    return g.node(op, g.value())


def root(g):
    return g.node("Sqrt", g.node("Add", g.node("Abs", g.value()), g.number(0.1)))


def clip(g):
    return g.node("Clip", g.value(), g.number(-0.7), g.number(0.9))


def power(g):
    return g.node("Pow", g.value(), g.number(g.choose([2.0, 3.0])))


def binary(g):
    """With a value of the same shape, or of a shape that broadcasts, in either order."""
    a = g.value()
    b = g.value(lambda v: g.broadcasts(v, a))
    a, b = (a, b) if g.flip() else (b, a)
    return g.node(g.choose(["Add", "Add", "Sub", "Mul", "Mul", "Div", "Max", "Min"]), a, b)


def with_constant(g):
    a = g.value()
    first = g.below(g.rank(a) + 1)
    shape = [g.shape(a)[i] if g.is_static(a, i) and g.flip() else 1 for i in range(first, g.rank(a))]
    return g.node(g.choose(["Add", "Sub", "Mul", "Div"]), a, g.weight(shape))


def selected(g):
    a = g.value()
    limit = 0.3
    if np.abs(np.abs(g.array(a)) - limit).min(initial=1) < 1e-4:
        raise Rejected("which side an element is on, rounding decides")
    return g.node("Where", g.node("Greater", a, g.number(limit)), a, g.node("Mul", a, g.number(-0.5)))


def reduction(g):
    a = g.value(lambda v: g.rank(v) > 1)
    axes = sorted(g.rng.choice(g.rank(a), size=1 + g.below(min(2, g.rank(a) - 1)), replace=False).tolist())
    op = g.choose(["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceSumSquare"])
    return g.node(op, a, g.integers(axes), keepdims=int(g.flip()))


def centered(g):
    """A residual around a reduction, as norms have it."""
    a = g.value(lambda v: g.rank(v) > 1)
    axis = g.below(g.rank(a))
    return g.node("Sub", a, g.node(g.choose(["ReduceMean", "ReduceMax"]), a, g.integers([axis]), keepdims=1))


def softmax(g):
    a = g.value(lambda v: g.rank(v) > 0)
    return g.node(g.choose(["Softmax", "Softmax", "LogSoftmax"]), a, axis=g.below(g.rank(a)))


def rows(g):
    return g.value(lambda v: g.rank(v) > 1 and g.is_static(v, -1) and g.shape(v)[-1] > 3)


def layer_norm(g):
    a = rows(g)
    size = g.shape(a)[-1]
    if g.flip():
        return g.node("LayerNormalization", a, g.weight([size], 1), g.weight([size]), axis=-1)
    d = g.node("Sub", a, g.node("ReduceMean", a, g.integers([-1])))
    square = g.node("Mul", d, d) if g.flip() else g.node("Pow", d, g.number(2.0))
    deviation = g.node("Sqrt", g.node("Add", g.node("ReduceMean", square, g.integers([-1])), g.number(1e-3)))
    return g.node("Add", g.node("Mul", g.node("Div", d, deviation), g.weight([size], 1)), g.weight([size]))


def rms_norm(g):
    a = rows(g)
    mean = g.node("ReduceMean", g.node("Pow", a, g.number(2.0)), g.integers([-1]))
    deviation = g.node("Sqrt", g.node("Add", mean, g.number(1e-3)))
    scaled = g.node("Mul", a, g.node("Reciprocal", deviation)) if g.flip() else g.node("Div", a, deviation)
    return g.node("Mul", g.weight([g.shape(a)[-1]], 1), scaled)


def silu(g):
    a = g.value()
    return g.node("Mul", a, g.node("Sigmoid", a))


def gelu(g):
    a = g.value()
    b = g.node("Add", g.node("Erf", g.node("Div", a, g.number(2**0.5))), g.number(1.0))
    return g.node("Mul", g.node("Mul", a, b), g.number(0.5))


def matmul(g):
    a = g.value(lambda v: g.rank(v) > 1 and g.is_static(v, -1))
    k, n = g.shape(a)[-1], g.choose([1, 5, 8, g.width])
    product = g.node("MatMul", a, g.weight([k, n], scale=k**-0.5))
    return g.node("Add", product, g.weight([n])) if g.flip() else product


def gemm(g):
    a = g.value(lambda v: g.rank(v) == 2 and g.is_static(v, 1))
    k, n = g.shape(a)[1], g.choose([3, 8, g.width])
    turned = g.flip()
    return g.node("Gemm", a, g.weight([n, k] if turned else [k, n], scale=k**-0.5), g.weight([n]), transB=int(turned), alpha=0.5)


def attention(g):
    """Every row with every other: a product of two values, and one with its softmax."""
    q = rows(g)
    k = g.value(lambda v: g.dims(v) == g.dims(q))
    turn = [*range(g.rank(q) - 2), g.rank(q) - 1, g.rank(q) - 2]
    scores = g.node("MatMul", q, g.node("Transpose", k, perm=turn))
    scores = g.node("Mul", scores, g.number(g.shape(q)[-1] ** -0.5))
    return g.node("MatMul", g.node("Softmax", scores, axis=-1), g.value(lambda v: g.dims(v) == g.dims(q)))


def transpose(g):
    a = g.value(lambda v: g.rank(v) > 1)
    return g.node("Transpose", a, perm=g.rng.permutation(g.rank(a)).tolist())


def cut(g):
    a = g.value(lambda v: any(g.is_static(v, i) and g.shape(v)[i] > 2 for i in range(g.rank(v))))
    axis = g.choose([i for i in range(g.rank(a)) if g.is_static(a, i) and g.shape(a)[i] > 2])
    size = g.shape(a)[axis]
    if g.flip(0.2):
        return g.node("Slice", a, g.integers([-1]), g.integers([-(2**40)]), g.integers([axis]), g.integers([-1]))
    start, step = g.below(size - 1), g.choose([1, 1, 2])
    end = g.choose([start + 1 + g.below(size - start), 2**40])
    return g.node("Slice", a, g.integers([start]), g.integers([end]), g.integers([axis]), g.integers([step]))


def cut_dynamic(g):
    a = g.value(lambda v: g.rank(v) > 0 and not g.is_static(v, 0) and min(d[0] for d in g.dims(v)) > 0)
    return g.node("Slice", a, g.integers([1]), g.integers([2**40]), g.integers([0]))


def concat(g):
    a = g.value(lambda v: g.rank(v) > 0)
    axis = g.below(g.rank(a))
    fits = lambda v: g.rank(v) == g.rank(a) and all(i == axis or g.dims(v)[i] == g.dims(a)[i] for i in range(g.rank(a)))
    return g.node("Concat", a, *[g.value(fits) for _ in range(1 + g.below(2))], axis=axis)


def split(g):
    a = g.value(lambda v: g.rank(v) > 0 and g.is_static(v, -1) and g.shape(v)[-1] % 2 == 0 and g.shape(v)[-1] > 2)
    left, right = g.node("Split", a, outputs=2, axis=-1, num_outputs=2)
    return g.node("Concat", g.node("Neg", right), left, axis=-1) if g.flip() else g.node("Mul", left, right)


def static_behind(g, a, at):
    """The sizes from dimension `at` on; a 0 of a reshape would copy a size from the same place of its input."""
    if not all(g.is_static(a, i) for i in range(at, g.rank(a))):
        raise Rejected("a dynamic size would move")
    return g.shape(a)[at:]


def merge_dims(g):
    a = g.value(lambda v: g.rank(v) > 1)
    at = g.below(g.rank(a) - 1)
    return g.node("Reshape", a, g.integers([0] * at + [-1] + static_behind(g, a, at + 2)))


def flatten(g):
    a = g.value(lambda v: g.rank(v) > 2)
    return g.node("Flatten", a, axis=1 + g.below(g.rank(a) - 1))


def split_dim(g):
    even = lambda v: [i for i in range(g.rank(v)) if g.is_static(v, i) and g.shape(v)[i] > 3 and g.shape(v)[i] % 4 == 0]
    a = g.value(lambda v: g.rank(v) < 4 and even(v))
    at = g.choose(even(a))
    return g.node("Reshape", a, g.integers([0] * at + [g.shape(a)[at] // 4, 4] + static_behind(g, a, at + 1)))


def reshape_by_shape(g):
    """Sizes that the graph computes, as exporters write them: [a, ..., z] becomes [a, -1] and back."""
    a = g.value(lambda v: g.rank(v) == 3)
    shape = g.node("Shape", a, free=True)
    first = g.node("Unsqueeze", g.node("Gather", shape, g.scalar(0), axis=0, free=True), g.integers([0]), free=True)
    flat = g.node("Reshape", a, g.node("Concat", first, g.integers([-1]), axis=0, free=True))
    return g.node("Reshape", g.node("Tanh", flat), shape)


def unsqueeze(g):
    a = g.value(lambda v: g.rank(v) < 4)
    return g.node("Unsqueeze", a, g.integers([g.below(g.rank(a) + 1)]))


def squeeze(g):
    ones = lambda v: [i for i in range(g.rank(v)) if g.is_static(v, i) and g.shape(v)[i] == 1]
    a = g.value(lambda v: g.rank(v) > 1 and ones(v))
    return g.node("Squeeze", a, g.integers([g.choose(ones(a))]))


def expand(g):
    a = g.value(lambda v: any(g.is_static(v, i) and g.shape(v)[i] == 1 for i in range(g.rank(v))))
    return g.node("Expand", a, g.integers([3 if g.is_static(a, i) and s == 1 and g.flip() else 1 for i, s in enumerate(g.shape(a))]))


def tile(g):
    a = g.value(lambda v: g.rank(v) > 0)
    repeats = [1] * g.rank(a)
    repeats[g.below(g.rank(a))] = 2
    return g.node("Tile", a, g.integers(repeats))


def pad(g):
    a = g.value(lambda v: g.rank(v) > 0)
    return g.node("Pad", a, g.integers([g.below(2) for _ in range(2 * g.rank(a))]), g.number(0.25))


def gather(g):
    a = g.value(lambda v: any(g.is_static(v, i) for i in range(g.rank(v))))
    axis = g.choose([i for i in range(g.rank(a)) if g.is_static(a, i)])
    size = g.shape(a)[axis]
    shape = g.choose([[], [1], [3], [2, 2]]) if g.rank(a) < 4 else [3]
    return g.node("Gather", a, g.constant(g.rng.integers(-size, size, shape)), axis=axis)


def running_sum(g):
    a = g.value(lambda v: g.rank(v) > 0)
    return g.node("CumSum", a, g.scalar(g.below(g.rank(a))), reverse=int(g.flip()))


RECIPES = {unary: 6, root: 1, clip: 1, power: 1, binary: 8, with_constant: 3, selected: 1, reduction: 3, centered: 1, softmax: 2, layer_norm: 2, rms_norm: 2, silu: 1, gelu: 1,
           matmul: 4, gemm: 1, attention: 1, transpose: 3, cut: 2, cut_dynamic: 1, concat: 2, split: 1, merge_dims: 1, flatten: 1, split_dim: 1, reshape_by_shape: 1, unsqueeze: 1, squeeze: 1,
           expand: 1, tile: 1, pad: 1, gather: 2, running_sum: 1}
