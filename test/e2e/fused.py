#!/usr/bin/env python3
"""Compiles graphs with each pass of the fuse phase and (by --disable-pass) without it, and compares what they compute.

  fused.py --bin-dir build/bin [--case GLOB]

Each column of a merged product is the same sum, so results must be equal to the last bit; an operand that is written
out lets another kernel add in another order. What stands in the module behind the phase says whether the pass did its work.
"""
import argparse
import fnmatch
import pathlib
import subprocess
import sys
import tempfile

from hone import Compiled, Failure, compare, first_error, np, onnx

MERGE, ALIGN = "hone-merge-projections", "hone-align-products"
rng = np.random.default_rng(6)
normal = lambda *shape: (rng.standard_normal(shape) / 8).astype(np.float32)
WIDTH, KEYS = 512, 256  # 32 and 16 heads of 16; fewer zero points would be constants, which the kernel of packed weights refuses


class Case:
    """text: what to count in the module; counts: without the pass and with it. tolerance: of the largest element."""

    def __init__(self, name, disabled, text, counts, graph, weights, shapes, tolerance=0):
        self.name, self.disabled, self.text, self.counts, self.tolerance = name, f"--disable-pass={disabled}", text, counts, tolerance
        self.graph, self.weights, self.shapes = graph, weights, shapes

    def model(self):
        model = onnx.parser.parse_model(f'<ir_version: 9, opset_import: ["" : 20, "com.microsoft" : 1]> g {self.graph}')
        model.graph.initializer.extend(onnx.numpy_helper.from_array(value, name) for name, value in self.weights.items())
        return model


def int4(name, n, zeros):
    """A weight of com.microsoft.MatMulNBits."""
    weight = {f"{name}q": rng.integers(0, 256, (n, WIDTH // 32, 16)).astype(np.uint8), f"{name}s": np.abs(normal(n * WIDTH // 32)) + np.float32(0.01)}
    return weight | ({f"{name}z": rng.integers(0, 256, n * WIDTH // 64).astype(np.uint8)} if zeros else {})


def bits(name, n, zeros):
    return f"{name} = com.microsoft.MatMulNBits<K={WIDTH}, N={n}, bits=4, block_size=32>(x, {name}q, {name}s{f', {name}z' if zeros else ''})"


TABLES = {"cos": np.cos(normal(64, 8) * 8), "sin": np.sin(normal(64, 8) * 8)}
PAST = "float[b,16,p,16] pk, float[b,16,p,16] pv, int32[b] last, int32 total"
GROUPED = "com.microsoft.GroupQueryAttention<num_heads=32, kv_num_heads=16, do_rotary=1>(q, k, v, pk, pv, last, total, cos, sin)"
STEPS = [(1, 1, 0), (1, 1, 9), (1, 13, 0), (2, 20, 0)]  # batch, tokens, past


def step(batch, tokens, past):
    return {"x": normal(batch, tokens, WIDTH) * 8, "pk": normal(batch, 16, past, 16), "pv": normal(batch, 16, past, 16),
            "last": np.full(batch, past + tokens - 1, np.int32), "total": np.array(past + tokens, np.int32)}


def grouped(name, products, weights):
    return Case(name, MERGE, "hone.matmul", (3, 1), f"(float[b,s,{WIDTH}] x, {PAST}) => (float[] y, float[] kk, float[] vv) {{ {products} y, kk, vv = {GROUPED} }}", TABLES | weights, [step(*s) for s in STEPS])


DENSE = {"wq": normal(WIDTH, WIDTH), "wk": normal(WIDTH, KEYS), "wv": normal(WIDTH, KEYS)}
BIASED = {n: normal(WIDTH, WIDTH) for n in ("wq", "wk", "wv")} | {n: normal(WIDTH) for n in ("bq", "bk", "bv")}
PROJECT = "p0 = MatMul({0}, wq) q = Add(bq, p0) p1 = MatMul({1}, wk) k = Add(p1, bk) p2 = MatMul({1}, wv) v = Add(p2, bv) "
HEADS = "y = com.microsoft.MultiHeadAttention<num_heads=32>(q, k, v)"
CASES = [
    grouped("dense-grouped", "q = MatMul(x, wq) k = MatMul(x, wk) v = MatMul(x, wv)", DENSE),
    grouped("int4-grouped", " ".join(bits(n, c, False) for n, c in zip("qkv", (WIDTH, KEYS, KEYS))), int4("q", WIDTH, False) | int4("k", KEYS, False) | int4("v", KEYS, False)),
    grouped("int4-zeros", " ".join(bits(n, c, True) for n, c in zip("qkv", (WIDTH, KEYS, KEYS))), int4("q", WIDTH, True) | int4("k", KEYS, True) | int4("v", KEYS, True)),
    Case("bias", MERGE, "hone.matmul", (3, 1), f"(float[b,s,{WIDTH}] x) => (float[] y) {{ {PROJECT.format('x', 'x')} {HEADS} }}", BIASED, [{"x": normal(b, s, WIDTH) * 8} for b, s in ((1, 1), (1, 33), (3, 7))]),
    Case("cross", MERGE, "hone.matmul", (3, 2), f"(float[b,s,{WIDTH}] x, float[b,t,{WIDTH}] z) => (float[] y) {{ {PROJECT.format('x', 'z')} {HEADS} }}", BIASED,
         [{"x": normal(b, s, WIDTH) * 8, "z": normal(b, t, WIDTH) * 8} for b, s, t in ((1, 1, 5), (2, 17, 40))]),
    Case("turned", ALIGN, "transpose_a", (1, 0), "(float[k,m] x, float[k,n] z) => (float[] y) { y = Gemm<transA=1>(x, z) }", {},
         [{"x": normal(k, m), "z": normal(k, n)} for k, m, n in ((1, 1, 1), (40, 3, 33), (65, 70, 2))], 2e-6),
    Case("broadcast", ALIGN, "hone.expand", (0, 2), "(float[4,m,k] x, float[b,1,k,n] z) => (float[] y) { y = MatMul(x, z) }", {},
         [{"x": normal(4, m, k), "z": normal(b, 1, k, n)} for b, m, k, n in ((1, 1, 3, 5), (2, 9, 40, 33))], 2e-6),
]


def count(case, args, model, *flags):
    run = subprocess.run([args.bin_dir / "hone-compile", model, "--compile-to=fuse", "-o", "-", *flags], capture_output=True, text=True)
    if run.returncode:
        raise Failure(f"hone-compile: exit {run.returncode}: {first_error(run.stderr)}")
    return run.stdout.count(case.text)


def run(case, args, tmp):
    path = tmp / "model.onnx"
    model = case.model()
    onnx.save(model, path)
    found = count(case, args, path, case.disabled), count(case, args, path)
    if found != case.counts:
        raise Failure(f"expected {case.counts[0]} of {case.text} without the pass and {case.counts[1]} with it, got {found[0]} and {found[1]}")
    names = [o.name for o in model.graph.output]
    with Compiled(args.bin_dir, path) as fused, Compiled(args.bin_dir, path, case.disabled) as plain:
        for feed in case.shapes:
            got, want = fused.run(feed, names), plain.run(feed, names)
            for name in names:
                compare(name, got[name], want[name], case.tolerance * float(np.abs(want[name]).max(initial=0)), 0)
                if not np.isfinite(got[name]).all() or not got[name].any():
                    raise Failure(f"output {name}: expected finite numbers, not all of them zeros")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--case", default="*")
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        for case in CASES:
            if fnmatch.fnmatch(case.name, args.case):
                try:
                    run(case, args, pathlib.Path(tmp))
                    print(f"ok   {case.name}", flush=True)
                except Exception as why:
                    failed += 1
                    print(f"FAIL {case.name}: {str(why)[:400]}", flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
