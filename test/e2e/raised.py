#!/usr/bin/env python3
"""Compiles graphs of decomposed ops twice, raised and (by --disable-pass) as they stand, and compares what they compute.

  raised.py --bin-dir build/bin [--case GLOB]

The report of the first compile must say that the op was raised, that of the second that it was not.
"""
import argparse
import fnmatch
import json
import pathlib
import sys
import tempfile
import zlib

from hone import Compiled, Failure, compare, np, onnx

PASSES = "hone-raise-activations,hone-raise-norms,hone-raise-rope,hone-raise-attention"
# Of the largest absolute difference, in units of the largest element: raised ops round less often.
TOLERANCE = {"float": 2e-6, "float16": 2e-3, "double": 1e-12}
NUMPY = {"float": np.float32, "float16": np.float16, "double": np.float64}


class Case:
    """graph: ONNX text with T for the element type. weights of floats become initializers of that type."""

    def __init__(self, name, op, graph, shapes, weights=None, kinds=("float", "float16", "double"), opset=18, count=1):
        self.name, self.op, self.graph, self.shapes, self.weights = name, op, graph, shapes, weights or {}
        self.kinds, self.opset, self.count = kinds, opset, count

    def model(self, kind):
        graph = self.graph.replace("T[", kind + "[")
        model = onnx.parser.parse_model(f'<ir_version: 9, opset_import: ["" : {self.opset}]> g {graph}')
        for name, value in self.weights.items():
            value = np.asarray(value)
            if value.dtype.kind == "f":
                limits = np.finfo(NUMPY[kind])
                value = np.clip(value, limits.min, limits.max).astype(NUMPY[kind])
            model.graph.initializer.append(onnx.numpy_helper.from_array(value, name))
        for i, node in enumerate(model.graph.node):
            node.name = f"{node.op_type}_{i}"
        return model


rng = np.random.default_rng(5)
ROW = {"g": 1 + 0.1 * rng.standard_normal(48), "b": 0.1 * rng.standard_normal(48), "two": 2.0, "eps": 1e-5, "one": 1.0, "minus": -0.5, "ax": np.array([-1])}
GELU = {"half": 0.5, "one": 1.0, "root": 2**0.5, "inverse": 0.5**0.5, "three": 3.0, "c": 0.044715, "r": (2 / np.pi) ** 0.5}
X = [{"x": (1, 1, 48)}, {"x": (3, 7, 48)}]
IO = "(T[n,s,48] x) => (T[] y) "
ROPE = {"zero": np.array([0]), "mid": np.array([8]), "end": np.array([2**63 - 1]), "last": np.array([3]), "at": np.array([1])}
QKV = "T[b,4,s,16] q, T[b,4,t,16] k, T[b,4,t,16] v"
ATTENTION = [{"q": (1, 4, 1, 16), "k": (1, 4, 1, 16), "v": (1, 4, 1, 16)}, {"q": (2, 4, 5, 16), "k": (2, 4, 9, 16), "v": (2, 4, 9, 16)}]

CASES = [
    Case("silu", "silu", IO + "{ s = Sigmoid(x) y = Mul(x, s) }", X),
    Case("gelu-torchscript", "gelu", IO + "{ d = Div(x, root) e = Erf(d) a = Add(e, one) m = Mul(x, a) y = Mul(m, half) }", X, GELU),
    Case("gelu-dynamo", "gelu", IO + "{ h = Mul(x, half) d = Mul(x, inverse) e = Erf(d) a = Add(e, one) y = Mul(h, a) }", X, GELU),
    Case("gelu-tanh", "gelu", IO + "{ h = Mul(x, half) p = Pow(x, three) q = Mul(p, c) s = Add(x, q) m = Mul(s, r) t = Tanh(m) a = Add(t, one) y = Mul(h, a) }", X, GELU),
    Case("rms-norm", "rms_norm", IO + "{ p = Pow(x, two) m = ReduceMean(p, ax) e = Add(m, eps) s = Sqrt(e) i = Div(one, s) n = Mul(x, i) y = Mul(g, n) }", X, ROW),
    Case("rms-norm-dynamo", "rms_norm", IO + "{ p = Pow(x, two) m = ReduceMean(p, ax) e = Add(m, eps) s = Sqrt(e) i = Reciprocal(s) n = Mul(x, i) y = Mul(n, g) }", X, ROW),
    Case("rms-norm-power", "rms_norm", IO + "{ p = Mul(x, x) m = ReduceMean(p, ax) e = Add(m, eps) i = Pow(e, minus) n = Mul(x, i) y = Mul(n, g) }", X, ROW),
    Case("layer-norm", "layer_norm", IO + "{ m = ReduceMean(x, ax) d = Sub(x, m) p = Pow(d, two) v = ReduceMean(p, ax) e = Add(v, eps) s = Sqrt(e) n = Div(d, s) w = Mul(n, g) y = Add(w, b) }", X, ROW),
    Case("layer-norm-product", "layer_norm", IO + "{ m = ReduceMean(x, ax) d = Sub(x, m) p = Mul(d, d) v = ReduceMean(p, ax) e = Add(v, eps) s = Sqrt(e) i = Reciprocal(s) n = Mul(d, i) y = Mul(g, n) }", X, ROW),
    Case("rope-cache", "rope", "(T[b,4,s,16] x, T[p,8] f, int64[b,s] ids) => (T[] y) { d = Concat<axis=-1>(f, f) c0 = Cos(d) s0 = Sin(d) c1 = Gather(c0, ids) s1 = Gather(s0, ids) c = Unsqueeze(c1, one) s = Unsqueeze(s1, one) p = Mul(x, c) "
         "l = Slice(x, zero, mid, last) h = Slice(x, mid, end, last) n = Neg(h) r = Concat<axis=-1>(n, l) t = Mul(r, s) y = Add(t, p) }",
         [{"x": (1, 4, 1, 16), "f": (9, 8), "ids": (1, 1)}, {"x": (2, 4, 7, 16), "f": (9, 8), "ids": (2, 7)}], {**ROPE, "one": np.array([1])}),
    Case("rope-scaled", "rope", "(T[b,4,s,16] x, T[b,s,8] f) => (T[] y) { d = Concat<axis=-1>(f, f) c0 = Cos(d) s0 = Sin(d) c1 = Mul(c0, factor) s1 = Mul(s0, factor) c = Unsqueeze(c1, at) s = Unsqueeze(s1, at) p = Mul(x, c) "
         "l = Slice(x, zero, mid, last) h = Slice(x, mid, end, last) n = Neg(h) r = Concat<axis=-1>(n, l) t = Mul(r, s) y = Add(p, t) }",
         [{"x": (2, 4, 7, 16), "f": (2, 7, 8)}], {**ROPE, "factor": 1.25}),
    Case("rope", "rope", "(T[b,4,s,16] x, T[b,s,8] f) => (T[] y) { d = Concat<axis=-1>(f, f) c0 = Cos(d) s0 = Sin(d) c = Unsqueeze(c0, at) s = Unsqueeze(s0, at) p = Mul(x, c) "
         "l = Slice(x, zero, mid, last) h = Slice(x, mid, end, last) n = Neg(h) r = Concat<axis=-1>(n, l) t = Mul(r, s) y = Add(p, t) }",
         [{"x": (1, 4, 1, 16), "f": (1, 1, 8)}, {"x": (2, 4, 7, 16), "f": (2, 7, 8)}], ROPE),
    Case("attention", "attention", "(" + QKV + ", T[b,1,s,t] mask) => (T[] y) { kt = Transpose<perm=[0,1,3,2]>(k) s0 = MatMul(q, kt) d = Div(s0, root) a = Add(d, mask) p = Softmax<axis=-1>(a) y = MatMul(p, v) }",
         [{**ATTENTION[0], "mask": (1, 1, 1, 1)}, {**ATTENTION[1], "mask": (2, 1, 5, 9)}], {"root": 4.0}),
    Case("attention-kept", "attention", "(" + QKV + ", bool[b,1,s,t] keep) => (T[] y) { kt = Transpose<perm=[0,1,3,2]>(k) s0 = MatMul(q, kt) d = Mul(s0, root) a = Where(keep, d, low) p = Softmax<axis=-1>(a) y = MatMul(p, v) }",
         [{**ATTENTION[0], "keep": (1, 1, 1, 1)}, {**ATTENTION[1], "keep": (2, 1, 5, 9)}], {"root": 0.25, "low": -1e30}),
    Case("attention-dynamo", "attention", "(" + QKV + ", T[b,1,s,t] mask) => (T[] y) { kt = Transpose<perm=[0,1,3,2]>(k) qs = Mul(q, root) ks = Mul(kt, root) s0 = MatMul(qs, ks) a = Add(s0, mask) p = Softmax<axis=-1>(a) y = MatMul(p, v) }",
         [{**ATTENTION[0], "mask": (1, 1, 1, 1)}, {**ATTENTION[1], "mask": (2, 1, 5, 9)}], {"root": 0.5}),
    Case("attention-guard", "attention", "(" + QKV + ", bool[b,1,s,t] keep) => (T[] y) { kt = Transpose<perm=[0,1,3,2]>(k) s0 = MatMul(q, kt) d = Mul(s0, root) m = Where(keep, zero, low) a = Add(d, m) p = Softmax<axis=-1>(a) bad = IsNaN(p) w = Where(bad, zero, p) y = MatMul(w, v) }",
         [{**ATTENTION[0], "keep": (1, 1, 1, 1)}, {**ATTENTION[1], "keep": (2, 1, 5, 9)}], {"root": 0.25, "low": -1e30, "zero": 0.0}),
    Case("attention-past", "attention", "(T[b,4,s,16] q, T[b,2,s,16] k, T[b,2,s,16] v, T[b,2,p,16] pk, T[b,2,p,16] pv) => (T[] y, T[b,2,t,16] kk, T[b,2,t,16] vv) { "
         "kk = Concat<axis=2>(pk, k) vv = Concat<axis=2>(pv, v) k5 = Unsqueeze(kk, two) v5 = Unsqueeze(vv, two) ke = Expand(k5, twice) ve = Expand(v5, twice) "
         "b0 = Shape<start=0, end=1>(kk) t0 = Shape<start=2, end=3>(kk) to = Concat<axis=0>(b0, four, t0, size) kr = Reshape(ke, to) vr = Reshape(ve, to) kt = Transpose<perm=[0,1,3,2]>(kr) "
         "qs = Mul(q, root) ks = Mul(kt, root) s0 = MatMul(qs, ks) p = Softmax<axis=-1>(s0) y = MatMul(p, vr) }",
         [{"q": (1, 4, 1, 16), "k": (1, 2, 1, 16), "v": (1, 2, 1, 16), "pk": (1, 2, 6, 16), "pv": (1, 2, 6, 16)}, {"q": (2, 4, 3, 16), "k": (2, 2, 3, 16), "v": (2, 2, 3, 16), "pk": (2, 2, 0, 16), "pv": (2, 2, 0, 16)}],
         {"root": 0.5, "two": np.array([2]), "twice": np.array([1, 1, 2, 1, 1]), "four": np.array([4]), "size": np.array([16])}),
]


def feed(model, shapes, rng):
    """Random values, wide enough that every branch of an activation is seen."""
    result = {}
    for value in model.graph.input:
        kind = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        result[value.name] = (rng.random(shapes[value.name]) < 0.7) if kind == bool else rng.integers(0, 9, shapes[value.name]) if kind == np.int64 else (2 * rng.standard_normal(shapes[value.name])).astype(kind)
    return result


def raised(report, op):
    return json.loads(report.read_text())["composites"].get(op, {}).get("raised", 0)


def run(case, kind, args, tmp):
    model = case.model(kind)
    path, reports = tmp / "model.onnx", [tmp / "raised.json", tmp / "plain.json"]
    onnx.save(model, path)
    names = [o.name for o in model.graph.output]
    rng = np.random.default_rng(zlib.crc32(case.name.encode()))
    worst = 0.0
    with Compiled(args.bin_dir, path, f"--report={reports[0]}") as ours, Compiled(args.bin_dir, path, f"--report={reports[1]}", f"--disable-pass={PASSES}") as plain:
        for report, want in zip(reports, (case.count, 0)):
            if raised(report, case.op) != want:
                raise Failure(f"expected {want} raised {case.op}, got {raised(report, case.op)} in {report.name}")
        for shapes in case.shapes:
            inputs = feed(model, shapes, rng)
            got, want = ours.run(inputs, names), plain.run(inputs, names)
            for name in names:
                scale = float(np.abs(want[name].astype(np.float64)).max(initial=1e-3))
                worst = max(worst, compare(name, got[name], want[name], TOLERANCE[kind] * scale, 0) / scale)
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--case", default="*")
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        for case in CASES:
            for kind in case.kinds if fnmatch.fnmatch(case.name, args.case) else ():
                try:
                    print(f"ok   {case.name} {kind}: {run(case, kind, args, pathlib.Path(tmp)):.2g} of the largest element", flush=True)
                except Exception as why:
                    failed += 1
                    print(f"FAIL {case.name} {kind}: {str(why)[:400]}", flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
