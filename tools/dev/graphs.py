"""What hone-check and hone-reduce share: graphs as files, passes over them, the values that they compute, and how two of them differ."""
import argparse
import pathlib
import re
import shutil
import signal
import subprocess

import numpy as np


class Stop(Exception):
    """Ends a command with one line."""


def call(*command, timeout=None):
    tool = pathlib.Path(command[0]).name
    try:
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Stop(f"{tool} does not end within {timeout:g} s")
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
        line = next((l for l in lines if "error" in l or "Assertion" in l), lines[0])
        raise Stop(f"{tool} crashes ({signal.Signals(-done.returncode).name}): {line}" if done.returncode < 0 else line)
    return done.stdout + done.stderr


def signature(graph):
    """Names of the inputs and of the outputs of @main."""
    line = next((l for l in graph.read_text().splitlines() if "func.func @main" in l), "")
    sides = line.partition("->")
    return [[unescaped(n) for n in re.findall(r'hone\.name = "((?:[^"\\]|\\.)*)"', side)] for side in (sides[0], sides[2])]


def unescaped(text):
    """A string as MLIR prints it: \\22 is a quote, \\5C a backslash."""
    return re.sub(r"\\([0-9A-Fa-f]{2}|.)", lambda m: chr(int(m[1], 16)) if len(m[1]) == 2 else m[1], text)


def file_of(name):
    """As hone-run calls the file of a tensor."""
    return name.replace("/", "_").replace(":", "_") + ".npy"


def link_weights(graph, source, to):
    """Weights stay where they are: beside a graph that is saved stand links to the files that it names."""
    for file in {m for m in re.findall(r'file "([^"]*)"', graph.read_text())}:
        if not pathlib.Path(file).is_absolute() and (source / file).exists() and not (to / file).exists():
            (to / file).symlink_to((source / file).resolve())


def add_arguments(parser):
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--dim", action="append", default=[], metavar="NAME=N")
    parser.add_argument("--input", action="append", default=[], metavar="NAME=FILE.npy")
    parser.add_argument("--atol", type=float, default=1e-4)
    parser.add_argument("--rtol", type=float, default=1e-3)
    parser.add_argument("--load", action="append", default=[], metavar="FLAG", help="more flags of hone-opt in each run, as --load-pass-plugin=LIB.so")


class Graphs:
    """The graphs of one model, as files of a temporary folder; `start` is the graph as imported."""

    def __init__(self, args, tmp):
        self.args, self.tmp, self.bin, self.count = args, tmp, args.bin_dir, 0
        self.timeout = getattr(args, "timeout", None)
        model = args.model
        if not model.exists():
            raise Stop(f"{model}: no such file")
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
        call(self.bin / "hone-opt", source, *flags, *self.args.load, "--mlir-print-debuginfo", "-o", to, timeout=self.timeout)
        return to

    def run(self, graph, inputs=None):
        """{name: array} of the outputs. The inputs are those of the command, or files by name."""
        file, out = graph.with_suffix(".hone"), graph.with_suffix(".out")
        call(self.bin / "hone-compile", graph, "--compile-from=partition", "-o", file, "--quiet", timeout=self.timeout)
        sizes = [x for d in self.args.dim for x in ("--dim", d)] if inputs is None else []
        given = self.args.input if inputs is None else [f"{name}={path}" for name, path in inputs.items()]
        try:
            call(self.bin / "hone-run", file, "--output-dir", out, "--random-inputs=7", "--quiet", *(x for i in given for x in ("--input", i)), *sizes, timeout=self.timeout)
            return {name: np.load(out / file_of(name)) for name in signature(graph)[1] if (out / file_of(name)).exists()}
        finally:
            shutil.rmtree(out, ignore_errors=True)
            file.unlink()

    def values(self, graph, inputs=None):
        """{name: array} of every named value in the graph's order, `node:` in front of its name, and of outputs behind them."""
        found = self.run(self.passed(graph, ["--hone-infer-shapes", "--hone-expose-values"]), inputs)
        return {name: found[name] for name in sorted(found, key=lambda n: not n.startswith("node:"))}

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
