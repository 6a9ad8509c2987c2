#!/usr/bin/env python3
"""Makes a folder that checks Hone's GPU code on a machine with nothing but a driver and Python.

  pack.py DIR --bin-dir build/bin [--families MatmulHalf,Norm] [--targets sm_80,sm_90a] [--bench GLOB]

The folder holds hone-run, compiled operators and small models with inputs and what ONNX Runtime makes of them, compiled
benchmarks, manifest.json and check.py. The first target is what everything is compiled for, the others only the
operators whose kernels differ.
"""
import argparse
import fnmatch
import importlib
import json
import pathlib
import shutil
import sys
import tempfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from hone import Compiled, Failure, np, onnx, reference
import run_ops

sys.modules["run_ops"] = run_ops
FAMILIES = "Elementwise Reduce Matmul MatmulHalf Norm Movement Conv Attention AttentionHalf Quant QuantHalf".split()
DIFFERENT = {"MatmulHalf"}  # has kernels of its own on some chips
SMALL_MODELS = ["tiny-gpt2", "silero-op15"]


def matmul(name, m, n, k, element="bf16"):
    t = lambda *s: f"tensor<{'x'.join(map(str, s))}x{element}>"
    return name, f'''func.func @main(%x: {t(m, k)} {{hone.dims = [{m}, {k}], hone.name = "x"}}, %w: {t(n, k)} {{hone.dims = [{n}, {k}], hone.name = "w"}}) -> ({t(m, n)} {{hone.name = "y"}}) {{
  %y = hone.matmul %x, %w {{transpose_b}} : ({t(m, k)}, {t(n, k)}) -> {t(m, n)}
  return %y : {t(m, n)}
}}''', None


def int4(name, m, n, k, block=128):
    g = k // block
    return name, f'''func.func @main(%x: tensor<{m}x{k}xf16> {{hone.dims = [{m}, {k}], hone.name = "x"}}) -> (tensor<{m}x{n}xf16> {{hone.name = "y"}}) {{
  %q = hone.get_weight @q : tensor<{n}x{k}xui4>
  %s = hone.get_weight @s : tensor<{n}x{g}xf16>
  %d = hone.dequantize %q, %s {{axis = 1 : i64, block = {block} : i64}} : (tensor<{n}x{k}xui4>, tensor<{n}x{g}xf16>) -> tensor<{n}x{k}xf16>
  %y = hone.matmul %x, %d {{transpose_b}} : (tensor<{m}x{k}xf16>, tensor<{n}x{k}xf16>) -> tensor<{m}x{n}xf16>
  return %y : tensor<{m}x{n}xf16>
}}
hone.weight @q : tensor<{n}x{k}xui4> file "w" offset 0 length {n * k // 2}
hone.weight @s : tensor<{n}x{g}xf16> file "w" offset 0 length {n * g * 2}''', n * k // 2


def attention(name, queries, keys, heads=32, kv=8, size=128):
    q, k = f"tensor<1x{queries}x{heads * size}xf16>", f"tensor<1x{keys}x{kv * size}xf16>"
    causal = "causal, " if queries == keys else ""
    return name, f'''func.func @main(%q: {q} {{hone.dims = [1, {queries}, {heads * size}], hone.name = "q"}}, %k: {k} {{hone.dims = [1, {keys}, {kv * size}], hone.name = "k"}}, %v: {k} {{hone.dims = [1, {keys}, {kv * size}], hone.name = "v"}}) -> ({q} {{hone.name = "y"}}) {{
  %y = "hone.attention"(%q, %k, %v) {{{causal}heads = {heads} : i64, kv_heads = {kv} : i64, scale = {size ** -0.5:.6f} : f32, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}} : ({q}, {k}, {k}) -> {q}
  return %y : {q}
}}''', None


def rows(name, op, n, width):
    t = f"tensor<{n}x{width}xf16>"
    return name, f'''func.func @main(%x: {t} {{hone.dims = [{n}, {width}], hone.name = "x"}}) -> ({t} {{hone.name = "y"}}) {{
  %y = {op.format(t=t)}
  return %y : {t}
}}''', None


# name, module, bytes of its weight file. The first row is what bandwidth is measured by.
BENCH = [
    rows("copy", "hone.neg %x : ({t}) -> {t}", 16384, 8192),
    rows("softmax", "hone.softmax %x axis 1 : ({t}) -> {t}", 8192, 4096),
    matmul("matmul-4096", 4096, 4096, 4096), matmul("matmul-8192", 8192, 8192, 8192), matmul("matmul-f16-2048x11008x4096", 2048, 11008, 4096, "f16"),
    matmul("gemv-4096x14336", 1, 4096, 14336), matmul("gemv-6144x4096", 1, 6144, 4096),
    int4("int4-1x6144x4096", 1, 6144, 4096), int4("int4-1x4096x14336", 1, 4096, 14336), int4("int4-16x4096x14336", 16, 4096, 14336),
    attention("attention-2048", 2048, 2048), attention("attention-8192", 8192, 8192), attention("decode-8192", 1, 8192),
]


class Pack:
    def __init__(self, folder, bin_dir, tmp):
        self.folder, self.bin, self.tmp, self.manifest = folder, bin_dir, tmp, {"cases": [], "bench": []}

    def save(self, name, array):
        if array.dtype.name == "bfloat16":
            array = array.view(np.uint16)
        np.save(self.folder / "data" / f"{name}.npy", array)
        return f"data/{name}.npy"

    def add(self, name, model, target, flags, runs, atol, rtol):
        """runs: [(inputs, expected)]"""
        with Compiled(self.bin, model, f"--target={target}", *flags) as compiled:
            shutil.move(compiled.file, self.folder / "code" / f"{name}.hone")
        entry = {"name": name, "file": f"code/{name}.hone", "atol": atol, "rtol": rtol, "runs": []}
        for i, (inputs, expected) in enumerate(runs):
            put = lambda kind, arrays: [[n, self.save(f"{name}-{i}-{kind}{j}", np.asarray(a))] for j, (n, a) in enumerate(arrays.items())]
            entry["runs"].append({"inputs": put("in", inputs), "expected": put("out", expected)})
        self.manifest["cases"].append(entry)

    def operators(self, family, target):
        for case in importlib.import_module(f"ops.{family}").CASES:
            if case.not_built:
                continue
            model, rng = case.model(), np.random.default_rng(zlib.crc32(case.name.encode()))
            feeds = [case.inputs(model, f, rng) for f in case.feeds]
            path = self.tmp / "case.onnx"
            onnx.save(model, path)
            self.add(f"{family}-{case.name}-{target}", path, target, case.flags, list(zip(feeds, run_ops.expected(model, feeds))), case.atol, case.rtol)

    def model(self, name, target):
        from models import MODELS

        model = MODELS[name]
        path = model.find()
        session = reference(path)
        feeds = [calls[0] for calls, _ in model.runs()]
        names = [o.name for o in session.get_outputs()]
        self.add(f"{name}-{target}", path, target, (), [(f, dict(zip(names, session.run(names, f)))) for f in feeds], model.atol, model.rtol)

    def bench(self, name, text, weight, target):
        (self.tmp / "bench.mlir").write_text(text)
        if weight:
            (self.tmp / "w").write_bytes(np.random.default_rng(1).integers(0, 64, weight, np.uint8).tobytes())  # scales are small and positive
        with Compiled(self.bin, self.tmp / "bench.mlir", f"--target={target}") as compiled:
            shutil.move(compiled.file, self.folder / "code" / f"{name}.hone")
        self.manifest["bench"].append({"name": name, "file": f"code/{name}.hone"})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--families", default=",".join(FAMILIES))
    parser.add_argument("--models", default=",".join(SMALL_MODELS))
    parser.add_argument("--targets", default="sm_90a,sm_80")
    parser.add_argument("--bench", default="*", metavar="GLOB", help="which benchmarks")
    args = parser.parse_args()
    if args.folder.exists():
        sys.exit(f"{args.folder} is there already")
    for sub in ("code", "data"):
        (args.folder / sub).mkdir(parents=True)
    first, *others = args.targets.split(",")
    with tempfile.TemporaryDirectory() as tmp:
        pack = Pack(args.folder, args.bin_dir, pathlib.Path(tmp))
        for family in filter(None, args.families.split(",")):
            for target in [first] + (others if family in DIFFERENT else []):
                print(family, target, flush=True)
                pack.operators(family, target)
        for name in filter(None, args.models.split(",")):
            print(name, flush=True)
            pack.model(name, first)
        for name, text, weight in BENCH:
            if fnmatch.fnmatch(name, args.bench):
                pack.bench(name, text, weight, first)
    (args.folder / "manifest.json").write_text(json.dumps(pack.manifest, indent=1))
    shutil.copy(args.bin_dir / "hone-run", args.folder)
    shutil.copy(HERE / "check.py", args.folder)
    size = sum(f.stat().st_size for f in args.folder.rglob("*") if f.is_file())
    print(f"{len(pack.manifest['cases'])} cases and {len(pack.manifest['bench'])} benchmarks, {size / 1e6:.0f} MB in {args.folder}")


try:
    main()
except Failure as why:
    sys.exit(str(why))
