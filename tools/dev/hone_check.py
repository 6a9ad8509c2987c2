#!/usr/bin/env python3
"""Compares a model's graph before and after passes, value by value; finds the pass, and the rewrite, that breaks it.

  hone-check MODEL --pass='--hone-raise-norms --hone-raise-rope'   the graph as imported against the graph behind these flags of hone-opt
  hone-check MODEL --bisect                                        the passes of simplify and fuse, one after the other

Both graphs are compiled from `partition` on, so that nothing but the passes in question differs, and every named node's value is an
output (hone-expose-values). Inputs are random, or given; unnamed sizes are set by --dim. Values that both graphs have are
compared: an element may differ by atol + rtol * |before|. Exit 0: equal within that; 2: not; 1: bad input.

--bisect finds the first pass behind which a value differs, the first of its rewrites (of greedy patterns) that does it, and the first
node; it saves the graph in front of that pass with the inputs, and prints the command that shows the difference again.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np


class Stop(Exception):
    pass


def call(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
        raise Stop(next((l for l in lines if "error" in l), lines[0]))
    return done.stdout + done.stderr


class Checker:
    def __init__(self, args, tmp):
        self.args, self.tmp, self.bin, self.count = args, tmp, args.bin_dir, 0
        model = args.model
        folder = model if model.is_dir() else model.parent
        for file in folder.iterdir():  # dumps refer to weights beside the model
            if file.is_file() and not (tmp / file.name).exists():
                (tmp / file.name).symlink_to(file.resolve())
        self.start = tmp / "imported.mlir"
        if model.suffix == ".mlir":
            shutil.copy(model, self.start)
        else:
            call(self.bin / "hone-compile", model, "--compile-to=import", "--keep-names", "-o", self.start)

    def passed(self, source, flags):
        """The graph of `source` behind flags of hone-opt."""
        self.count += 1
        to = self.tmp / f"graph{self.count}.mlir"
        call(self.bin / "hone-opt", source, *flags, *self.args.load, "--mlir-print-debuginfo", "-o", to)
        return to

    def values(self, graph):
        """{name: array} of every named value in the graph's order, `node:` in front of its name, and of outputs behind them."""
        exposed = self.passed(graph, ["--hone-infer-shapes", "--hone-expose-values"])
        file, out = exposed.with_suffix(".hone"), exposed.with_suffix(".out")
        call(self.bin / "hone-compile", exposed, "--compile-from=partition", "-o", file, "--quiet")
        sizes = [x for d in self.args.dim for x in ("--dim", d)]
        inputs = [x for i in self.args.input for x in ("--input", i)]
        call(self.bin / "hone-run", file, "--output-dir", out, "--random-inputs=7", "--quiet", *inputs, *sizes)
        names = re.findall(r'hone\.name = "((?:[^"\\]|\\.)*)"', next(l for l in exposed.read_text().splitlines() if "func.func @main" in l).split("->")[-1])
        arrays = {}
        for name in sorted(names, key=lambda n: not n.startswith("node:")):
            path = out / (name.replace("/", "_").replace(":", "_") + ".npy")
            if path.exists():
                arrays[name] = np.load(path)
        shutil.rmtree(out)
        file.unlink()
        return arrays

    def difference(self, before, after):
        """(first node that differs, or None; lines of a report)"""
        first, worst, shared, moved = None, None, 0, 0
        for key, want in before.items():
            got, name = after.get(key), key.removeprefix("node:")
            if got is None:
                continue
            if want.shape != got.shape:
                if key == name:
                    return name, [f"output {name}: shape {list(want.shape)} becomes {list(got.shape)}"]
                moved += 1  # the node's value lies otherwise now
                continue
            shared += 1
            a, b = want.astype(np.float64), got.astype(np.float64)
            error = np.where(np.isnan(a) & np.isnan(b), 0, np.abs(a - b))
            error = np.where(a == b, 0, error)  # infinities
            share = error / (self.args.atol + self.args.rtol * np.abs(np.where(np.isfinite(a), a, 0)))
            if not share.size:
                continue
            at = np.unravel_index(np.argmax(np.where(np.isnan(share), np.inf, share)), share.shape)
            bad = not share[at] <= 1
            line = f"{name} [{', '.join(map(str, at))}]: {want[at]:.7g} becomes {got[at]:.7g}"
            if bad and first is None:
                first = (name, line)
            if worst is None or not share[at] <= worst[0]:
                worst = (share[at], line)
        both = len(set(before) & set(after))
        lines = [f"{shared} values compared; {moved} have another shape, {len(before) - both} are only before, {len(after) - both} only after"]
        lines += [f"worst: {worst[1]}"] if worst else []
        lines += [f"first outside of the tolerance: {first[1]}"] if first else []
        return first and first[0], lines

    def check(self):
        node, lines = self.difference(self.values(self.start), self.values(self.passed(self.start, self.args.passes.split())))
        print("\n".join(lines))
        return 2 if node else 0

    def pipeline(self):
        if self.args.passes:
            return [p.strip() for p in self.args.passes.split(",")]
        found = []
        for phase in ("simplify", "fuse"):
            text = call(self.bin / "hone-opt", self.start, f"--hone-phase-{phase}", "--dump-pass-pipeline", "-o", self.tmp / "none")
            lines = [line.rstrip() for line in text.splitlines()]
            start = lines.index("builtin.module(") + 1
            found += [line.strip().rstrip(",") for line in lines[start : lines.index(")", start)]]
        return found

    @staticmethod
    def flag(name):
        """`name{a=1 b}` of a pipeline as a flag."""
        found = re.fullmatch(r"([\w.-]+)(?:\{(.*)\})?", name)
        return f"--pass-pipeline=builtin.module({name})" if found and not name.startswith("-") else name

    def bisect(self):
        want, graph = self.values(self.start), self.start
        passes = self.pipeline()
        for i, name in enumerate(passes):
            after = self.passed(graph, [self.flag(name)])
            node, lines = self.difference(want, self.values(after))
            if self.args.verbose:
                print(f"{i + 1} of {len(passes)}: {name}: {'differs' if node else 'equal'}", flush=True)
            if node:
                break
            graph = after
        else:
            print(f"{len(passes)} passes, no value differs")
            return 0
        print(f"first pass: {name} (number {i + 1} of {len(passes)})\n" + "\n".join(lines))
        self.first_rewrite(graph, name, want)
        save = self.args.save
        save.mkdir(parents=True, exist_ok=True)
        shutil.copy(graph, save / "before.mlir")
        for file in {m for m in re.findall(r'file "([^"]*)"', graph.read_text())}:
            if not pathlib.Path(file).is_absolute() and (self.tmp / file).exists() and not (save / file).exists():
                (save / file).symlink_to((self.tmp / file).resolve())
        for given in self.args.input:
            shutil.copy(given.split("=", 1)[1], save)
        print(f"again: tools/dev/hone-check {save / 'before.mlir'} --pass='{self.flag(name)}'" + "".join(f" --dim {d}" for d in self.args.dim) + "".join(f" --input {i}" for i in self.args.input))
        return 2

    def first_rewrite(self, graph, name, want):
        """Of greedy patterns, which MLIR counts: the least number behind which a value differs."""
        def broken(count):
            after = self.passed(graph, [self.flag(name), f"--mlir-debug-counter=apply-pattern-skip=0,apply-pattern-count={count}"])
            return self.difference(want, self.values(after))[0]
        try:
            if broken(0):
                return print("first rewrite: none, the pass does it without greedy patterns")
            low, high = 0, 1
            while not broken(high):
                low, high = high, high * 2
                if high > 1 << 20:
                    return
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if broken(middle) else (middle, high)
            print(f"first rewrite: number {high} that a pattern tries: --mlir-debug-counter=apply-pattern-skip={low},apply-pattern-count=1")
        except Stop as why:
            print(f"first rewrite: not found ({why})")


def main():
    parser = argparse.ArgumentParser(prog="hone-check", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--pass", dest="passes", metavar="FLAGS", help="flags of hone-opt")
    what.add_argument("--bisect", action="store_true")
    parser.add_argument("--passes", dest="passes", metavar="LIST", help="for --bisect: instead of simplify's and fuse's")
    parser.add_argument("--dim", action="append", default=[], metavar="NAME=N")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=FILE.npy")
    parser.add_argument("--atol", type=float, default=1e-4)
    parser.add_argument("--rtol", type=float, default=1e-3)
    parser.add_argument("--load", action="append", default=[], metavar="FLAG", help="more flags of hone-opt in each run, as --load-pass-plugin=LIB.so")
    parser.add_argument("--save", type=pathlib.Path, default=pathlib.Path("hone-bisect"), metavar="DIR", help="where --bisect puts the small case")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    if not args.model.exists():
        raise Stop(f"{args.model}: no such file")
    with tempfile.TemporaryDirectory(prefix="hone-check-") as tmp:
        checker = Checker(args, pathlib.Path(tmp))
        return checker.bisect() if args.bisect else checker.check()


try:
    sys.exit(main())
except Stop as why:
    sys.exit(f"error: {why}" if not str(why).startswith("error") else str(why))
