#!/usr/bin/env python3
"""Random graphs (tools/dev/random-graph), fused and with every op a kernel of its own, against each other and against ONNX Runtime.

  random_graphs.py --bin-dir build/bin [--seeds 0-11] [--ops 40] [--keep DIR]
  random_graphs.py --bin-dir build/bin --graph FILE.mlir [--input NAME=FILE.npy]     exit 2: fused and unfused differ; 1: no such comparison

The second form is a test for tools/dev/hone-reduce, and what this one prints uses it.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from hone import ROOT, Compiled, Failure, compare, first_error, np, onnx, reference

sys.path.insert(0, str(ROOT / "tools" / "dev"))
from graphs import link_weights
from random_graph import SIZES, random_graph, save

# Of the largest element of an output; inputs that differ by 1e-6 change it by at most 3e-5.
TOLERANCE = 1e-4


def call(*command):
    run = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if run.returncode:
        raise Failure(f"{pathlib.Path(command[0]).name}: exit {run.returncode}: {first_error(run.stderr)}")


def unfused(args, graph, tmp):
    """The graph's dump from which hone-compile goes on at `schedule`: composite ops spelled out, a kernel an op."""
    dump, kernels = tmp / "partition.mlir", tmp / "kernels.mlir"
    start = ["--compile-from=simplify"] if graph.suffix == ".mlir" else []
    call(args.bin_dir / "hone-compile", graph, *start, "--compile-to=partition", "-o", dump)
    link_weights(dump, graph.parent, tmp)
    call(args.bin_dir / "hone-opt", dump, "--hone-decompose-composites", "--hone-form-kernels=no-fusion", "-o", kernels)
    return kernels


def same(got, want):
    for name, value in want.items():
        compare(name, got[name], value, TOLERANCE * float(np.abs(value).max(initial=0)) if value.dtype.kind == "f" else 0, 0)


def check(args, seed, tmp):
    model, feeds = random_graph(seed, args.ops)
    file = (args.keep or tmp) / f"random{seed}.onnx"
    flags = save(file, model, feeds)
    names = [o.name for o in model.graph.output]
    tools = f"\n  tools/dev/random-graph --seed {seed} --ops {args.ops} -o random{seed}.onnx\n  tools/dev/hone-reduce random{seed}.onnx "
    inputs = flags[0].replace(f"{file.parent}/", "")
    passes = f"{tools}--pass='--hone-phase-simplify --hone-phase-fuse' {inputs}"
    kernels = f"{tools}--test='tools/dev/python test/e2e/random_graphs.py --bin-dir build/bin --graph {{}} {{inputs}}; [ $? = 2 ]' {inputs}"
    try:
        runtime = reference(model)
        with Compiled(args.bin_dir, file) as fused, Compiled(args.bin_dir, unfused(args, file, tmp), "--compile-from=schedule") as plain:
            for size, feed in zip(SIZES, feeds):
                want = dict(zip(names, runtime.run(names, feed)))
                one, other = fused.run(feed, names), plain.run(feed, names)
                for got, than, what, again in ((one, other, "fused and unfused", kernels), (other, want, "unfused and ONNX Runtime", passes), (one, want, "fused and ONNX Runtime", kernels)):
                    try:
                        same(got, than)
                    except Failure as why:
                        raise Failure(f"n={size}, {what}: {why}{again}")
    except Failure as why:
        raise Failure(f"seed {seed}: {why}" + ("" if "\n" in str(why) else passes))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", default="0-11", metavar="FIRST-LAST")
    parser.add_argument("--ops", type=int, default=40)
    parser.add_argument("--keep", type=pathlib.Path, metavar="DIR", help="where models and inputs stay")
    parser.add_argument("--graph", type=pathlib.Path, metavar="FILE.mlir")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=FILE.npy")
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        if args.graph:
            sys.exit(differs(args, tmp))
        first, _, last = args.seeds.partition("-")
        for seed in range(int(first), int(last or first) + 1):
            try:
                check(args, seed, tmp)
                print(f"ok   seed {seed}", flush=True)
            except Failure as why:
                failed += 1
                print(f"FAIL {why}", flush=True)
    sys.exit(failed > 0)


def differs(args, tmp):
    feed = {name: np.load(file) for name, _, file in (i.rpartition("=") for i in args.input)}
    try:
        with Compiled(args.bin_dir, args.graph, "--compile-from=simplify") as fused, Compiled(args.bin_dir, unfused(args, args.graph, tmp), "--compile-from=schedule") as plain:
            inspected = subprocess.run([args.bin_dir / "hone-run", fused.file, "--inspect", "--json"], capture_output=True, text=True, check=True)
            names = [o["name"] for o in json.loads(inspected.stdout)["outputs"]]
            one, other = fused.run(feed, names), plain.run(feed, names)
    except Failure as why:
        print(f"error: {why}", file=sys.stderr)
        return 1
    try:
        same(one, other)
        return 0
    except Failure as why:
        print(why)
        return 2


if __name__ == "__main__":
    main()
