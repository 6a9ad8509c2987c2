"""Reading between pixels, antialiased and runtime-sized resizing, unpooling."""
from hone import np
from run_ops import Case

rng = np.random.default_rng(12)


def f(*shape, scale=1.0):
    return (rng.standard_normal(shape) * scale).astype(np.float32)


def i64(*v):
    return np.array(v, np.int64)


def grid(name, attributes, opset=20, domain="", **kw):
    """Positions inside and outside of the image."""
    op = f"{domain}GridSample" if domain else "GridSample"
    feeds = [{"x": (n, 2, h, w), "g": f(n, 4, 3, 2)} for n, h, w in ((1, 5, 7), (2, 3, 4))]
    return Case(f"grid-{name}", f"(float[n,2,h,w] x, float[n,p,q,2] g) => (float[] y) {{ y = {op}<{attributes}>(x, g) }}", *feeds, opset=opset, atol=1e-4, **kw)


def resize(name, attributes, sizes=False, e=(1, 1, 0.6, 1.7), **kw):
    kind, given = ("int64", i64(*e)) if sizes else ("float", np.array(e, np.float32))
    call = "x, , , s" if sizes else "x, , s"
    return Case(f"resize-{name}", f"(float[n,2,h,w] x, {kind}[4] s) => (float[] y) {{ y = Resize<{attributes}>({call}) }}", {"x": (1, 2, 9, 7), "s": given}, atol=1e-4, **kw)


ROIS = np.array([[0, 0, 9, 9], [1.5, 2, 4, 8.25], [-2, 3, 3, 12], [5, 5, 5, 5]], np.float32)


def roi(name, attributes, opset=16):
    return Case(f"roi-{name}", f"(float[n,2,h,w] x, float[r,4] b, int64[r] i) => (float[] y) {{ y = RoiAlign<{attributes}>(x, b, i) }}",
                {"x": (2, 2, 10, 9), "b": ROIS, "i": i64(0, 1, 1, 0)}, opset=opset, atol=1e-4)


CASES = [
    grid("linear", 'mode="linear"'),
    grid("linear-aligned", 'mode="linear", align_corners=1'),
    grid("border", 'mode="linear", padding_mode="border"'),
    grid("reflection", 'mode="linear", padding_mode="reflection"'),
    grid("reflection-aligned", 'mode="linear", padding_mode="reflection", align_corners=1'),
    grid("nearest", 'mode="nearest"'),
    grid("cubic", 'mode="cubic"'),
    grid("cubic-border", 'mode="cubic", padding_mode="border"', not_built="cubic sampling"),
    grid("bilinear-opset16", 'mode="bilinear", align_corners=1', opset=16),
    Case("grid-3d", "(float[n,2,d,h,w] x, float[n,a,b,c,3] g) => (float[] y) { y = GridSample(x, g) }", {"x": (2, 2, 3, 4, 5), "g": f(2, 2, 3, 2, 3)}, atol=1e-4),
    Case("affine-grid", "(float[n,2,3] t, int64[4] s) => (float[] y, float[] z) { y = AffineGrid(t, s) z = AffineGrid<align_corners=1>(t, s) }", {"t": (2, 2, 3), "s": i64(2, 3, 5, 4)}),
    Case("affine-grid-3d", "(float[n,3,4] t) => (float[] y) { y = AffineGrid(t, s) }", {"t": (2, 3, 4)}, weights={"s": i64(2, 1, 2, 3, 4)}),
    roi("ratio", "output_height=3, output_width=2, sampling_ratio=2, spatial_scale=0.75"),
    roi("adaptive", "output_height=2, output_width=3"),
    roi("opset10", "output_height=2, output_width=2, sampling_ratio=2", opset=10),
    Case("deform-conv", "(float[n,4,h,w] x, float[n,o,p,q] d, float[n,m,p,q] k) => (float[] y) { y = DeformConv<offset_group=2, group=2, strides=[2,1], pads=[1,1,1,1]>(x, w, d, b, k) }",
         {"x": (2, 4, 7, 6), "d": f(2, 36, 4, 6, scale=0.7), "k": (2, 18, 4, 6)}, weights={"w": f(6, 2, 3, 3), "b": f(6)}, opset=19, atol=1e-3),
    resize("runtime-linear", 'mode="linear"', not_built="known only from data"),
    resize("runtime-cubic", 'mode="cubic"', not_built="known only from data"),
    resize("runtime-nearest", 'mode="nearest"', not_built="known only from data"),
    resize("antialias-linear", 'mode="linear", antialias=1', not_built="known only from data"),
    resize("antialias-cubic", 'mode="cubic", antialias=1, exclude_outside=1', not_built="known only from data"),
    resize("antialias-sizes", 'mode="linear", antialias=1', sizes=True, e=(1, 2, 4, 5)),
    Case("resize-crop", '(float[n,2,h,w] x, float[8] r, int64[4] s) => (float[] y) { y = Resize<mode="linear", coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=9.5>(x, r, , s) }',
         {"x": (1, 2, 6, 5), "r": np.array([0, 0, 0.2, -0.3, 1, 1, 0.8, 1.2], np.float32), "s": i64(1, 2, 4, 7)}, atol=1e-4),
    Case("maxpool-indices", "(float[n,2,h,w] x) => (float[] y, int64[] i) { y, i = MaxPool<kernel_shape=[3,2], strides=[2,2], pads=[1,0,1,1]>(x) }", {"x": (1, 2, 7, 6)}, {"x": (2, 2, 4, 9)}),
    Case("maxpool-indices-columns", "(float[n,2,h,w] x) => (float[] y, int64[] i) { y, i = MaxPool<kernel_shape=[2,2], dilations=[2,1], storage_order=1>(x) }", {"x": (2, 2, 7, 6)}),
    Case("maxunpool", "(float[n,2,h,w] x) => (float[] y) { p, i = MaxPool<kernel_shape=[2,2], strides=[2,2]>(x) y = MaxUnpool<kernel_shape=[2,2], strides=[2,2]>(p, i) }", {"x": (1, 2, 6, 8)}, {"x": (2, 2, 4, 4)}),
]
