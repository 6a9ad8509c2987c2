"""Convolutions and pooling: strides, dilations, groups, depthwise, transposed, one and two dimensions."""
from hone import np
from run_ops import Case

rng = np.random.default_rng(6)


def w(*shape):
    return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)


def conv(name, weight, attributes="", bias=True, after="", feeds=((1, 8, 16, 16), (2, 8, 9, 13)), more_weights={}, **more):
    tail = f"c = Conv{attributes}({'x, w, b' if bias else 'x, w'}) {after}" if after else f"y = Conv{attributes}({'x, w, b' if bias else 'x, w'})"
    dims = f"n,{feeds[0][1]}," + ",".join("hwd"[: len(feeds[0]) - 2])
    return Case(name, f"(float[{dims}] x) => (float[] y) {{ {tail} }}", *[{"x": f} for f in feeds], weights={"w": weight, **({"b": w(weight.shape[0])} if bias else {}), **more_weights}, atol=1e-4, **more)


def pool(name, text, feeds=((1, 3, 16, 16), (2, 3, 9, 13))):
    return Case(name, f"(float[n,3,h,w] x) => (float[] y) {{ y = {text}(x) }}", *[{"x": f} for f in feeds])


CASES = [
    conv("1x1", w(12, 8, 1, 1)),
    conv("3x3", w(12, 8, 3, 3), "<pads=[1,1,1,1]>"),
    conv("3x3-no-pad", w(5, 8, 3, 3), bias=False),
    conv("stride", w(12, 8, 3, 3), "<strides=[2,2], pads=[1,1,1,1]>"),
    conv("dilated", w(12, 8, 3, 3), "<dilations=[2,2], pads=[2,2,2,2]>"),
    conv("same-upper", w(12, 8, 3, 3), '<auto_pad="SAME_UPPER", strides=[2,2]>', not_built="padded automatically of a size"),
    conv("groups", w(12, 2, 3, 3), "<group=4, pads=[1,1,1,1]>"),
    conv("depthwise", w(8, 1, 3, 3), "<group=8, pads=[1,1,1,1]>"),
    conv("depthwise-5x5-stride", w(8, 1, 5, 5), "<group=8, pads=[2,2,2,2], strides=[2,2]>"),
    conv("rectangular", w(12, 8, 1, 5), "<pads=[0,2,0,2]>"),
    conv("relu", w(12, 8, 3, 3), "<pads=[1,1,1,1]>", after="y = Relu(c)"),
    conv("hardswish", w(12, 8, 1, 1), after="y = HardSwish(c)"),
    conv("one-channel", w(4, 1, 7, 7), "<strides=[2,2], pads=[3,3,3,3]>", feeds=((1, 1, 16, 16), (1, 1, 7, 8))),
    conv("1d", w(6, 4, 3), "<pads=[1,1]>", feeds=((1, 4, 20), (2, 4, 3))),
    conv("1d-stride", w(258, 1, 256), "<strides=[128]>", bias=False, feeds=((1, 1, 640), (2, 1, 256))),
    conv("1x1-deep", w(200, 300, 1, 1), feeds=((1, 300, 5, 7), (2, 300, 1, 1), (1, 300, 9, 16))),
    conv("3x3-deep", w(130, 40, 3, 3), "<pads=[1,1,1,1]>", feeds=((1, 40, 10, 10), (2, 40, 3, 33), (1, 40, 17, 19))),
    conv("3x3-wide", w(24, 16, 3, 3), "<pads=[1,1,1,1]>", feeds=((1, 16, 4, 80), (1, 16, 33, 1), (1, 16, 1, 70))),
    conv("stride-3", w(7, 8, 3, 5), "<strides=[2,3], pads=[1,0,2,3]>", feeds=((1, 8, 16, 40), (2, 8, 9, 13))),
    conv("stride-2-1x1", w(16, 8, 1, 1), "<strides=[2,2]>", feeds=((1, 8, 16, 70), (2, 8, 9, 13))),
    conv("pads-only-behind", w(6, 8, 1, 1), "<pads=[0,0,1,2]>"),
    conv("groups-uneven", w(30, 3, 3, 3), "<group=3, dilations=[1,3], pads=[2,3,1,3]>", feeds=((2, 9, 12, 11), (1, 9, 4, 40))),
    conv("depthwise-multiplier", w(12, 1, 3, 3), "<group=4, pads=[1,1,1,1]>", feeds=((2, 4, 40, 21), (1, 4, 1, 50))),
    conv("depthwise-dilated", w(4, 1, 3, 3), "<group=4, dilations=[2,2], pads=[2,2,2,2]>", feeds=((1, 4, 70, 21), (1, 4, 5, 50))),
    conv("depthwise-stride-3", w(4, 1, 3, 4), "<group=4, strides=[1,3], pads=[1,2,1,0]>", feeds=((1, 4, 10, 65), (2, 4, 33, 8))),
    conv("depthwise-1d", w(6, 1, 5), "<group=6, strides=[2], pads=[2,2]>", feeds=((1, 6, 50), (2, 6, 4))),
    conv("depthwise-large", w(4, 1, 9, 9), "<group=4, pads=[4,4,4,4]>", feeds=((1, 4, 20, 21),)),
    conv("norm", w(12, 8, 3, 3), after="s = BatchNormalization(c, b, b, b, v) y = Relu(s)", more_weights={"v": np.arange(1, 13, dtype=np.float32)}),
    conv("residual", w(8, 8, 3, 3), "<pads=[1,1,1,1]>", after="d = Add(c, x) e = Sigmoid(d) y = Mul(d, e)"),
    conv("clip", w(20, 8, 3, 3), after="zero = Constant<value_float=0.0>() six = Constant<value_float=0.5>() y = Clip(c, zero, six)"),
    conv("affine", w(20, 8, 3, 3), "<pads=[1,1,1,1]>", bias=False, after="d = Mul(c, s) e = Add(d, t) f = Add(e, three) zero = Constant<value_float=0.0>() six = Constant<value_float=6.0>() g = Clip(f, zero, six) h = Mul(e, g) i = Div(h, six) j = Mul(i, s) y = Sub(j, t)",
         more_weights={"s": np.array([1.7], np.float32), "t": np.array([-0.4], np.float32), "three": np.array(3, np.float32)}),
    conv("depthwise-affine", w(8, 1, 3, 3), "<group=8, pads=[1,1,1,1]>", after="d = Mul(c, s) y = Sub(t, d)", more_weights={"s": w(8, 1, 1), "t": w(1, 8, 1, 1)}),
    conv("weight-of-one-value", np.full((3, 8, 1, 1), 0.5, np.float32), bias=False),
    Case("gate", "(float[n,8,h,w] x, float[n,12,1,1] g) => (float[] y) { c = Conv(x, w) m = Mul(c, g) y = Add(m, c) }", {"x": (2, 8, 9, 13), "g": (2, 12, 1, 1)}, weights={"w": w(12, 8, 1, 1)}, atol=1e-4),
    Case("row", "(float[n,8,h,w] x, float[h,w] g, bool[n,12,h,w] k) => (float[] y) { c = Conv(x, w) m = Mul(c, g) z = Sub(c, m) y = Where(k, m, z) }", {"x": (2, 8, 9, 13), "g": (9, 13), "k": np.ones((2, 12, 9, 13), bool)}, weights={"w": w(12, 8, 1, 1)}, atol=1e-4),
    Case("weight-of-the-run", "(float[n,8,h,w] x, float[5,8,3,3] k) => (float[] y) { y = Conv<pads=[1,1,1,1]>(x, k) }", {"x": (2, 8, 9, 13), "k": (5, 8, 3, 3)}, atol=1e-4),
    conv("3d", w(4, 2, 2, 3, 3), feeds=((1, 2, 4, 6, 6),)),
    Case("transposed", "(float[n,6,h,w] x) => (float[] y) { y = ConvTranspose<strides=[2,2]>(x, w, b) }", {"x": (1, 6, 5, 7)}, {"x": (2, 6, 1, 1)}, weights={"w": w(6, 4, 2, 2), "b": w(4)}, atol=1e-4),
    Case("transposed-pads", "(float[n,6,h,w] x) => (float[] y) { y = ConvTranspose<strides=[2,2], pads=[1,1,1,1], output_padding=[1,1]>(x, w) }", {"x": (1, 6, 5, 7)}, weights={"w": w(6, 4, 3, 3)}, atol=1e-4),
    Case("transposed-norm", "(float[n,6,h,w] x) => (float[] y) { c = ConvTranspose<strides=[2,2]>(x, w, b) d = Mul(c, s) y = HardSwish(d) }", {"x": (1, 6, 5, 7)}, {"x": (2, 6, 3, 40)}, weights={"w": w(6, 4, 2, 2), "b": w(4), "s": w(4, 1, 1)}, atol=1e-4),
    Case("transposed-groups", "(float[n,6,h,w] x) => (float[] y) { y = ConvTranspose<strides=[3,2], pads=[2,1,0,3], group=2>(x, w, b) }", {"x": (1, 6, 5, 7)}, {"x": (2, 6, 2, 33)}, weights={"w": w(6, 5, 4, 5), "b": w(10)}, atol=1e-4),
    Case("transposed-stride-1", "(float[n,6,h,w] x) => (float[] y) { y = ConvTranspose<pads=[1,1,1,1]>(x, w) }", {"x": (2, 6, 5, 7)}, weights={"w": w(6, 4, 3, 3)}, atol=1e-4),
    Case("transposed-stride-1-3", "(float[n,6,h,w] x) => (float[] y) { y = ConvTranspose<strides=[1,3]>(x, w) }", {"x": (2, 6, 5, 7)}, weights={"w": w(6, 4, 3, 3)}, atol=1e-4),
    Case("transposed-depthwise", "(float[n,4,h,w] x) => (float[] y) { y = ConvTranspose<strides=[2,2], group=4>(x, w) }", {"x": (2, 4, 5, 7)}, weights={"w": w(4, 1, 4, 4)}, atol=1e-4),
    Case("transposed-dilated", "(float[n,4,h,w] x) => (float[] y) { y = ConvTranspose<strides=[2,2], dilations=[2,1]>(x, w) }", {"x": (2, 4, 5, 7)}, weights={"w": w(4, 3, 2, 2)}, atol=1e-4),
    Case("transposed-1d", "(float[n,4,l] x) => (float[] y) { y = ConvTranspose<strides=[2], pads=[1,1]>(x, w) }", {"x": (2, 4, 37)}, weights={"w": w(4, 3, 4)}, atol=1e-4),
    Case("transposed-weight-of-the-run", "(float[n,6,h,w] x, float[6,4,2,2] k) => (float[] y) { y = ConvTranspose<strides=[2,2]>(x, k) }", {"x": (1, 6, 5, 7), "k": (6, 4, 2, 2)}, atol=1e-4),
    Case("resize-nearest", "(float[n,3,h,w] x) => (float[] y) { y = Resize<mode=\"nearest\", coordinate_transformation_mode=\"asymmetric\", nearest_mode=\"floor\">(x, e, s) }", {"x": (1, 3, 5, 7)}, weights={"e": np.zeros(0, np.float32), "s": np.array([1, 1, 2, 3], np.float32)}),
    Case("resize-nearest-middle", "(float[n,3,h,w] x) => (float[] y) { y = Resize<mode=\"nearest\">(x, e, s) }", {"x": (1, 3, 5, 7)}, weights={"e": np.zeros(0, np.float32), "s": np.array([1, 1, 4, 3], np.float32)}),
    pool("maxpool", "MaxPool<kernel_shape=[2,2], strides=[2,2]>"),
    pool("maxpool-pads", "MaxPool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>"),
    pool("maxpool-ceil", "MaxPool<kernel_shape=[2,2], strides=[2,2], ceil_mode=1>"),
    pool("averagepool", "AveragePool<kernel_shape=[3,3], pads=[1,1,1,1]>"),
    pool("averagepool-include", "AveragePool<kernel_shape=[3,3], pads=[1,1,1,1], count_include_pad=1>"),
    pool("global-average", "GlobalAveragePool"),
    pool("global-max", "GlobalMaxPool"),
    Case("fused-conv", "(float[n,4,h,w] x) => (float[] y) { c = com.microsoft.FusedConv<activation=\"Relu\">(x, w, b) s = com.microsoft.FusedConv<activation=\"LeakyRelu\", activation_params=[0.2]>(x, w, b, c) g = GlobalAveragePool(s) f = Flatten(g) y = com.microsoft.FusedGemm<activation=\"Tanh\">(f, m, b) }",
         {"x": (1, 4, 9, 8)}, {"x": (3, 4, 3, 3)}, weights={"w": w(6, 4, 3, 3), "b": w(6), "m": w(6, 6)}, atol=1e-4),
]
