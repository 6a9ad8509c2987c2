"""Sorting, picking and suppressing: results whose size the data decide."""
from hone import np
from run_ops import Case

rng = np.random.default_rng(13)


def boxes(batch, count, centred=False):
    low, size = rng.random((batch, count, 2)) * 8, rng.random((batch, count, 2)) * 4
    return np.concatenate([low, size if centred else low + size], 2).astype(np.float32)


def nms(name, attributes="", most=3, iou=0.5, score=0.3, batch=2, classes=2, count=20):
    attributes = f"<{attributes}>" if attributes else ""
    return Case(f"nms-{name}", f"(float[b,n,4] x, float[b,c,n] s) => (int64[] y) {{ y = NonMaxSuppression{attributes}(x, s, m, i, t) }}",
                {"x": boxes(batch, count, bool(attributes)), "s": rng.random((batch, classes, count)).astype(np.float32)}, {"x": boxes(1, 1), "s": np.zeros((1, 1, 1), np.float32)},
                weights={"m": np.array([most], np.int64), "i": np.array([iou], np.float32), "t": np.array([score], np.float32)})


def unique(name, attributes, x, kind="float"):
    return Case(f"unique-{name}", f"({kind}{'[n]' if x.ndim == 1 else '[n,m]'.replace('n,m', ','.join(map(str, x.shape)))} x) => ({kind}[] y, int64[] i, int64[] v, int64[] c) {{ y, i, v, c = Unique{attributes}(x) }}", {"x": x})


CASES = [
    nms("corners"),
    nms("centres", "center_point_box=1", most=50, iou=0.2),
    nms("none", most=0),
    Case("nms-defaults", "(float[b,n,4] x, float[b,c,n] s) => (int64[] y) { y = NonMaxSuppression(x, s, m) }", {"x": boxes(1, 9), "s": rng.random((1, 3, 9)).astype(np.float32)}, weights={"m": np.array(4, np.int64)}),
    unique("sorted", "", np.array([3, 1, 1, 2, 3, 2, -1])),
    unique("in-order", "<sorted=0>", np.array([2, 1, 1, 3, 4, 3])),
    unique("one", "", np.array([7])),
    unique("rows", "<axis=0>", np.array([[1, 0, 0], [1, 0, 0], [0, 3, 4], [2, 3, 4], [0, 3, 4]])),
    unique("columns", "<axis=1, sorted=0>", np.array([[1, 2, 1, 0], [5, 0, 5, 1]])),
    unique("integers", "", np.array([[3, 1], [2, 3]]), kind="int64"),
]
