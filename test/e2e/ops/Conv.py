"""Convolutions and pooling: strides, dilations, groups, depthwise, transposed, one and two dimensions."""
from hone import np
from run_ops import Case

rng = np.random.default_rng(6)


def w(*shape):
    return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)


def conv(name, weight, attributes="", bias=True, after="", feeds=((1, 8, 16, 16), (2, 8, 9, 13)), **more):
    tail = f"c = Conv{attributes}({'x, w, b' if bias else 'x, w'}) {after}" if after else f"y = Conv{attributes}({'x, w, b' if bias else 'x, w'})"
    dims = f"n,{feeds[0][1]}," + ",".join("hwd"[: len(feeds[0]) - 2])
    return Case(name, f"(float[{dims}] x) => (float[] y) {{ {tail} }}", *[{"x": f} for f in feeds], weights={"w": weight, **({"b": w(weight.shape[0])} if bias else {})}, atol=1e-4, **more)


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
    conv("3d", w(4, 2, 2, 3, 3), feeds=((1, 2, 4, 6, 6),)),
    Case("transposed", "(float[n,6,h,w] x) => (float[] y) { y = ConvTranspose<strides=[2,2]>(x, w, b) }", {"x": (1, 6, 5, 7)}, {"x": (2, 6, 1, 1)}, weights={"w": w(6, 4, 2, 2), "b": w(4)}, atol=1e-4),
    Case("transposed-pads", "(float[n,6,h,w] x) => (float[] y) { y = ConvTranspose<strides=[2,2], pads=[1,1,1,1], output_padding=[1,1]>(x, w) }", {"x": (1, 6, 5, 7)}, weights={"w": w(6, 4, 3, 3)}, atol=1e-4),
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
