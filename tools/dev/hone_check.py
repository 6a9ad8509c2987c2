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
import sys
import tempfile

from graphs import Graphs, Stop, add_arguments, call, link_weights


class Checker(Graphs):
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
        link_weights(graph, self.tmp, save)
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
    add_arguments(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--pass", dest="passes", metavar="FLAGS", help="flags of hone-opt")
    what.add_argument("--bisect", action="store_true")
    parser.add_argument("--passes", dest="passes", metavar="LIST", help="for --bisect: instead of simplify's and fuse's")
    parser.add_argument("--save", type=pathlib.Path, default=pathlib.Path("hone-bisect"), metavar="DIR", help="where --bisect puts the small case")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hone-check-") as tmp:
        checker = Checker(args, pathlib.Path(tmp))
        return checker.bisect() if args.bisect else checker.check()


try:
    sys.exit(main())
except Stop as why:
    sys.exit(f"error: {why}" if not str(why).startswith("error") else str(why))
