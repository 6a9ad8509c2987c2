#!/usr/bin/env python3
"""What products gain from zeros that are not stored, against the same products with dense f32 weights.

  sparse.py --bin-dir build/bin [--rows 1,64] [--blocks 9] [--out FILE.json]

A model is a stack of products, up and down in turns, so large together that its weights come from memory as those of a language model do ('one': a single product,
whose weight stays in a cache). One thread; dense and sparse run in turns, a block of calls each; min is the shortest call, median that of the
blocks' medians. Ratios above 1: sparse is faster.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from hone import np, onnx  # noqa: E402

SHAPES = {"SmolLM2 576-1536": (576, 1536, 12), "MiniLM 384-1536": (384, 1536, 18), "SmolLM2 576-1536, one": (576, 1536, 0)}
rng = np.random.default_rng(1)


def stack(path, inner, outer, pairs, zeros):
    sizes = [inner] + [outer, inner] * pairs if pairs else [inner, outer]
    weights = [rng.standard_normal((a, b)).astype(np.float32) / 16 * (rng.random((a, b)) >= zeros) for a, b in zip(sizes, sizes[1:])]
    names = ["x", *(f"h{i}" for i in range(len(weights) - 1)), "y"]
    nodes = " ".join(f"{b} = MatMul({a}, w{i})" for i, (a, b) in enumerate(zip(names, names[1:])))
    model = onnx.parser.parse_model(f'<ir_version: 9, opset_import: ["" : 20]> g (float[m,{inner}] x) => (float[] y) {{ {nodes} }}')
    model.graph.initializer.extend(onnx.numpy_helper.from_array(w.astype(np.float32), f"w{i}") for i, w in enumerate(weights))
    onnx.save(model, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--rows", default="1,64")
    parser.add_argument("--zeros", default="0.5,0.7,0.8,0.9")
    parser.add_argument("--blocks", type=int, default=9)
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    results = []
    print("| model | rows | zeros | dense min (median) ms | sparse | ratio | file |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, (inner, outer, pairs) in SHAPES.items():
            for zeros in map(float, args.zeros.split(",")):
                stack(folder / "m.onnx", inner, outer, pairs, zeros)
                for kind, flags in (("dense", []), ("sparse", ["--compress=sparse:least=0"])):
                    subprocess.run([args.bin_dir / "hone-compile", folder / "m.onnx", "-o", folder / f"{kind}.hone", "--quiet", *flags], check=True)
                for rows in map(int, args.rows.split(",")):
                    calls, times = max(3, 200 // rows // max(pairs, 1)), {"dense": [], "sparse": []}
                    for _ in range(args.blocks):
                        for kind, found in times.items():
                            run = subprocess.run([args.bin_dir / "hone-run", folder / f"{kind}.hone", "--random-inputs", "--dim", f"m={rows}", "--threads=1", "--bench", "--json", "--no-limit", "--warmup=2", f"--reps={calls}"],
                                                 check=True, capture_output=True, text=True)
                            report = json.loads(run.stdout)
                            found.append((report["min_ms"], report["p50_ms"]))
                    best = {kind: min(t[0] for t in found) for kind, found in times.items()}
                    median = {kind: statistics.median(t[1] for t in found) for kind, found in times.items()}
                    size = (folder / "sparse.hone").stat().st_size / (folder / "dense.hone").stat().st_size
                    results.append({"model": name, "rows": rows, "zeros": zeros, "min_ms": best, "median_ms": median, "file": size})
                    print(f"| {name} | {rows} | {zeros:.0%} | {best['dense']:.3f} ({median['dense']:.3f}) | {best['sparse']:.3f} ({median['sparse']:.3f}) | {best['dense'] / best['sparse']:.2f}x ({median['dense'] / median['sparse']:.2f}x) | {size:.2f}x |", flush=True)
    if args.out:
        args.out.write_text(json.dumps({"rows": results}, indent=1) + "\n")


main()
