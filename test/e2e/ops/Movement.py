"""Operators that move data: shapes as values, slices, gathers, padding, resizing."""
from hone import np
from run_ops import Case


def i64(*values):
    return np.array(values, np.int64)


CASES = [
    Case("transpose", "(float[a,b,c] x) => (float[] y, float[] z) { y = Transpose<perm=[2,0,1]>(x) z = Transpose(x) }", {"x": (3, 4, 5)}, {"x": (1, 17, 9)}),
    Case("heads", "(float[b,s,48] x) => (float[] y) { r = Reshape(x, shape) y = Transpose<perm=[0,2,1,3]>(r) }", {"x": (1, 1, 48)}, {"x": (2, 5, 48)}, weights={"shape": i64(0, 0, 4, 12)}),
    Case("reshape", "(float[a,b] x) => (float[] y, float[] z) { y = Reshape(x, s1) z = Flatten<axis=0>(x) }", {"x": (4, 6)}, {"x": (2, 12)}, weights={"s1": i64(-1, 3)}),
    Case("shape-math", "(float[a,b,12] x) => (float[] y) { s = Shape(x) z = Constant<value_int=0>() o = Constant<value_int=1>() ax = Constant<value_ints=[0]>() a = Gather(s, z) b = Gather(s, o) p = Mul(a, b) q = Unsqueeze(p, ax) t = Concat<axis=0>(q, k) y = Reshape(x, t) }",
         {"x": (2, 3, 12)}, {"x": (1, 1, 12)}, weights={"k": i64(4, 3)}),
    Case("slice", "(float[a,b] x) => (float[] y, float[] z, float[] w) { y = Slice(x, st, en, ax, sp) z = Slice(x, m3, big, one) w = Slice(x, big, m9, one, neg) }", {"x": (6, 10)}, {"x": (3, 4)},
         weights={"st": i64(1), "en": i64(-1), "ax": i64(0), "sp": i64(2), "m3": i64(-3), "big": i64(2**62), "one": i64(1), "m9": i64(-(2**62)), "neg": i64(-1)}),
    Case("slice-dynamic", "(float[a,b] x, int64[1] s, int64[1] e) => (float[] y) { y = Slice(x, s, e) }", {"x": (6, 10), "s": i64(1), "e": i64(4)}, {"x": (6, 10), "s": i64(5), "e": i64(2)}),
    Case("range-of-float-size", "(float[a,b] x) => (float[] y) { s = Shape(x) o = Constant<value_int=1>() n = Gather(s, o) f = Cast<to=1>(n) z = Constant<value_float=0.0>() u = Constant<value_float=1.0>() r = Range(z, f, u) y = Add(x, r) }",
         {"x": (2, 5)}, {"x": (3, 1)}),
    Case("sizes-outlive-their-tensor", "(float[a,2] x, int64[1] d) => (float[] y) { z = Constant<value_int=0>() u = Constant<value_int=1>() one = Constant<value_ints=[1]>() q = Squeeze(d) e = Abs(q) n = Add(e, u) r = Range(z, n, u) f = Cast<to=1>(r) a = Mul(f, f) b = Exp(x) c = ReduceSum(b) g = Mul(a, c) h = Unsqueeze(g, one) y = Add(h, c) }",
         {"x": (4, 2), "d": i64(9)}, {"x": (1, 2), "d": i64(-3)}),
    Case("nodes-not-in-order", "(float[a,b] x) => (float[] y) { y = Add(n, e) n = Neg(e) e = Exp(x) }", {"x": (2, 5)}, {"x": (3, 1)}),
    # How PyTorch writes the pads of F.pad: the sizes of the other dimensions must stay known.
    Case("pads-turned-around", "(float[n,4,h,w] x) => (float[] y) { p = Constant<value_ints=[1,1,0,2]>() z = ConstantOfShape<value = int64[1] {0}>(k) c = Concat<axis=0>(p, z) r = Reshape(c, s) v = Slice(r, m, lo, zero, m) t = Transpose<perm=[1,0]>(v) f = Reshape(t, m) i = Cast<to=7>(f) q = Pad<mode=\"reflect\">(x, i) y = DepthToSpace<blocksize=2>(q) }",
         {"x": (1, 4, 5, 6)}, {"x": (2, 4, 3, 2)}, weights={"k": i64(4), "s": i64(-1, 2), "m": i64(-1), "lo": i64(-(2**63)), "zero": i64(0)}),
    # Sizes less a number are sizes all the same when a dimension of the input has them.
    Case("reshape-shrunk", "(float[n,4,t] x) => (float[] y) { c = MaxPool<kernel_shape=[4]>(x) p = Transpose<perm=[0,2,1]>(c) s = Shape(p) z = Constant<value_ints=[0,1]>() f = Gather(s, z) m = Constant<value_ints=[2,-1]>() r = Concat<axis=0>(f, m) y = Reshape(p, r) }", {"x": (2, 4, 9)}, {"x": (1, 4, 4)}),
    Case("reshape-open", "(float[6,b] x) => (float[] y) { s = Shape(x) o = Constant<value_ints=[1]>() d = Gather(s, o) two = Constant<value_ints=[2]>() e = Sub(d, two) m = Constant<value_ints=[-1]>() r = Concat<axis=0>(e, m) y = Reshape(x, r) }", {"x": (6, 4)}, {"x": (6, 3)}),
    # The declared rank of the result says that the open size is 1.
    Case("squeeze-declared", "(float[a,b,3] x) => (float[c] y) { e = Exp(x) s = ReduceSum<keepdims=1>(e, ax) q = Squeeze(s) n = Neg(q) y = Sigmoid(n) }", {"x": (1, 5, 3)}, weights={"ax": i64(1)}),
    Case("slice-runtime-steps", "(float[a,b] x, int64[2] s, int64[2] e, int64[2] t) => (float[] y) { y = Slice(x, s, e, ax, t) }", {"x": (6, 10), "s": i64(1, -1), "e": i64(5, -8), "t": i64(2, -3)}, {"x": (3, 4), "s": i64(9, 0), "e": i64(-9, 4), "t": i64(-1, 3)}, weights={"ax": i64(0, 1)}),
    Case("range-runtime", "(float s, float l, float d, int64 a, int64 b, int64 c) => (float[] y, int64[] z) { y = Range(s, l, d) z = Range(a, b, c) }",
         {"s": np.array(0.5), "l": np.array(3.0), "d": np.array(0.25), "a": np.array(9), "b": np.array(-2), "c": np.array(-3)}, {"s": np.array(2.0), "l": np.array(1.0), "d": np.array(1.0), "a": np.array(1), "b": np.array(2), "c": np.array(1)}),
    Case("pad-runtime-axes", "(float[a,b,c] x, int64[4] p, int64[2] ax) => (float[] y) { y = Pad(x, p, , ax) }", {"x": (2, 3, 4), "p": i64(1, 0, 2, 3), "ax": i64(2, -3)}),
    Case("bitcast", "(float[a,b] x, bool[a] c) => (int32[] y, float[] z, uint8[] d) { y = BitCast<to=6>(x) z = BitCast<to=1>(y) d = BitCast<to=2>(c) }", {"x": (2, 3), "c": (2,)}, opset=26),
    Case("concat", "(float[a,b] x, float[a,c] z) => (float[] y) { y = Concat<axis=1>(x, z, x) }", {"x": (3, 4), "z": (3, 1)}, {"x": (1, 9), "z": (1, 0)}),
    Case("split", "(float[a,9] x) => (float[] p, float[] q, float[] r, float[] s) { p, q = Split<axis=1>(x, n) r, s = Split<axis=1, num_outputs=2>(x) }", {"x": (4, 9)}, weights={"n": i64(2, 7)}),
    Case("squeeze", "(float[a,1,b,1] x) => (float[] y, float[] z) { y = Squeeze(x, ax) z = Unsqueeze(y, ax) }", {"x": (3, 1, 4, 1)}, weights={"ax": i64(1, -1)}),
    Case("gather", "(int64[b,s] i) => (float[] y) { y = Gather(t, i) }", {"i": (2, 7)}, {"i": (1, 1)}, weights={"t": np.arange(60, dtype=np.float32).reshape(10, 6)}, high=10,
         refused=[({"i": np.array([[1, 10]])}, "'gather/Gather_0' (check): expected an index of axis 0 in -10..9, got 10"), ({"i": np.array([[-11]])}, "got -11")]),
    Case("gather-negative", "(float[a,b] x) => (float[] y) { y = Gather<axis=1>(x, i) }", {"x": (3, 5)}, weights={"i": i64(-1, 0, 2, -5)}),
    Case("gather-elements", "(float[a,b] x, int64[a,c] i) => (float[] y) { y = GatherElements<axis=1>(x, i) }", {"x": (3, 5), "i": (3, 4)}, refused=[({"x": (2, 3), "i": np.array([[0, 1], [2, 3]])}, "expected an index of axis 1 in -3..2, got 3")]),
    Case("gather-nd", "(float[a,b,c] x, int64[n,2] i) => (float[] y) { y = GatherND(x, i) }", {"x": (5, 5, 3), "i": (4, 2)}, refused=[({"x": (5, 4, 3), "i": np.array([[4, 3], [0, 4]])}, "expected an index of axis 1 in -4..3, got 4")]),
    Case("scatter-elements", "(float[a,b] x, int64[a,c] i, float[a,c] u) => (float[] y) { y = ScatterElements<axis=1>(x, i, u) }", {"x": (2, 5), "i": np.array([[0, 3, 1], [4, 2, 0]]), "u": (2, 3)}),
    Case("scatter-nd", "(float[a,b] x, int64[n,1] i, float[n,b] u) => (float[] y) { y = ScatterND(x, i, u) }", {"x": (5, 3), "i": np.array([[4], [1]]), "u": (2, 3)}),
    Case("expand", "(float[a,1] x, int64[3] s) => (float[] y) { y = Expand(x, s) }", {"x": (3, 1), "s": i64(2, 1, 4)}),
    Case("tile", "(float[a,b] x) => (float[] y) { y = Tile(x, r) }", {"x": (2, 3)}, weights={"r": i64(2, 3)}),
    Case("pad", "(float[a,b] x) => (float[] y, float[] z, float[] w) { y = Pad(x, p, v) z = Pad<mode=\"reflect\">(x, p) w = Pad<mode=\"edge\">(x, p) }", {"x": (4, 5)}, {"x": (3, 3)},
         weights={"p": i64(1, 0, 2, 2), "v": np.float32(7)}),
    Case("range", "(int64 n) => (int64[] y) { z = Constant<value_int=0>() o = Constant<value_int=1>() y = Range(z, n, o) }", {"n": np.array(9)}, {"n": np.array(1)}),
    Case("constant-of-shape", "(int64[2] s) => (float[] y) { y = ConstantOfShape(s) }", {"s": i64(2, 3)}),
    Case("trilu", "(float[a,b] x) => (float[] y, float[] z) { y = Trilu<upper=0>(x) o = Constant<value_int=1>() z = Trilu(x, o) }", {"x": (5, 7)}, {"x": (6, 3)}),
    Case("resize-nearest", '(float[n,c,h,w] x) => (float[] y) { y = Resize<mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor">(x, , s) }', {"x": (1, 2, 4, 5)}, {"x": (2, 1, 3, 3)},
         weights={"s": np.array([1, 1, 2, 2], np.float32)}),
    Case("resize-linear", '(float[n,c,h,w] x) => (float[] y) { y = Resize<mode="linear", coordinate_transformation_mode="half_pixel">(x, , s) }', {"x": (1, 2, 4, 5)}, weights={"s": np.array([1, 1, 2, 1.5], np.float32)}, not_built="known only from data"),
    Case("depth-to-space", "(float[n,8,h,w] x) => (float[] y) { d = DepthToSpace<blocksize=2>(x) y = SpaceToDepth<blocksize=2>(d) }", {"x": (1, 8, 3, 5)}),
    Case("copy-through", "(float[a,b] x) => (float[] y, float[] x2) { y = Identity(x) x2 = Identity(y) }", {"x": (2, 3)}),
]
