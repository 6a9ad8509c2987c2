#!/usr/bin/env python3
"""Shrinks a graph while something about it stays as it is: a pass that changes what it computes, a pass that fails, a command that succeeds.

  hone-reduce MODEL --pass='--hone-raise-norms' -o small.mlir   the graph behind these flags of hone-opt differs (as in hone-check), or they fail
  hone-reduce MODEL --test='COMMAND {}' -o small.mlir           COMMAND exits with 0; {} is a graph as .mlir, {inputs} are flags of hone-run

First fewer outputs; then the graph ends earlier, then it starts later (both by binary search), then values one after the other become
inputs, until nothing makes it smaller. A value that became an input has what it held in the whole model, recorded once at the start.
--test starts with the graph as imported (`hone-compile MODEL --compile-to=import --keep-names`); a command that doesn't end within --timeout counts
as failed. With --pass, a failure of another kind does not count. Small weights stand in the .mlir, beside it links to the files of large ones.

Exit 0: FILE and a folder with its inputs are written, and the command that shows the failure again is printed; 1: bad input, or a test that
says yes and no of one graph.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

import numpy as np

from graphs import Graphs, Stop, add_arguments, file_of, link_weights, signature, unescaped

CONSTANTS = ("hone.constant", "hone.get_weight")
EMPTY = "func.func @main(%x: tensor<1xf32>) -> tensor<1xf32> {\n  return %x : tensor<1xf32>\n}\n"


class Graph:
    """What cutting has to know of the text of a graph: which named value is made and read where."""

    def __init__(self, file):
        self.file, self.text = file, file.read_text()
        self.inputs, self.outputs = signature(file)
        names = {at: unescaped(name) for at, name in re.findall(r'^(#loc\d*) = loc\("((?:[^"\\]|\\.)*)"(?:\(.*\))?\)$', self.text, re.M)}
        body = re.search(r"^( *)func\.func @main.*\n((?:.*\n)*?)\1\}", self.text, re.M)
        indent = len(body[1]) + 2
        self.ops = []  # (kind, result, what it reads, name)
        self.returned, self.count = [], 0
        for op in re.split(rf"^ {{{indent}}}(?=[%\w\"])", body[2], flags=re.M)[1:]:
            result, _, code = op.rpartition(" = ") if not op.startswith("%") else op.partition(" = ")
            kind, reads = re.match(r'"?([\w.]*)', code)[1], re.findall(r"%\w+", code)
            if kind in ("return", "func.return"):
                self.returned = reads
                continue
            at = re.search(r'loc\((?:(#loc\d*)|"((?:[^"\\]|\\.)*)")\)\s*$', op)
            name = at and (names.get(at[1]) if at[1] else unescaped(at[2]))
            self.ops.append((kind, result, reads, name if kind not in CONSTANTS and ":" not in result else None))
            self.count += len(re.findall(r'^ *(?:%[\w:, %]+ = )?"?[a-z_]+\.[a-z_.0-9]+', op, re.M)) if kind not in CONSTANTS else 0
        self.size = (self.count, len(self.outputs))
        last = {name: i for i, (_, _, _, name) in enumerate(self.ops) if name and re.fullmatch(r"[\w./:+@#~-]+", name)}
        self.named = sorted((i, name) for name, i in last.items())

    def only(self, names):
        """Leaves out what the pass does not know by its name."""
        self.named = [(i, name) for i, name in self.named if name in names]
        return self

    def reads(self, start, end):
        return {r for _, _, reads, _ in self.ops[start:end] for r in reads}

    def ends(self, last):
        """Named values up to op `last` that nothing up to it reads."""
        read = self.reads(0, last + 1)
        return ["node:" + name for i, name in self.named if i <= last and self.ops[i][1] not in read]

    def live(self, last):
        """Named values up to op `last` that something behind it reads."""
        read = self.reads(last + 1, None)
        return [name for i, name in self.named if i <= last and self.ops[i][1] in read]

    def inner(self):
        """Named values that an op reads."""
        read = self.reads(0, None)
        return [name for i, name in self.named if self.ops[i][1] in read]

    def earlier(self, output):
        """The outputs with one replaced by the named values that its op reads."""
        makers = [reads for _, result, reads, _ in self.ops if result == self.returned[output]]
        before = ["node:" + name for i, name in self.named if makers and self.ops[i][1] in makers[0]]
        return [o for i, o in enumerate(self.outputs) if i != output] + before


class PassTest:
    """The passes change what a graph computes, or fail; as they did at the start."""

    def __init__(self, graphs, flags):
        self.graphs, self.flags, self.kind, self.first = graphs, flags, None, None
        empty = graphs.tmp / "empty.mlir"
        empty.write_text(EMPTY)
        graphs.passed(empty, flags)  # flags that hone-opt does not know

    def outcome(self, graph, inputs):
        try:
            after = self.graphs.passed(graph, self.flags)
        except Stop as why:
            return "the passes fail: " + self.kind_of(why)
        before = self.graphs.values(graph, inputs)
        try:
            values = self.graphs.values(after, inputs)
        except Stop as why:
            return "what the passes leave does not run: " + self.kind_of(why)
        self.first, _ = self.graphs.difference(before, values)
        return "a value differs" if self.first else None

    def __call__(self, graph, inputs):
        outcome = self.outcome(graph, inputs)
        self.kind = self.kind or outcome
        return outcome is not None and outcome == self.kind

    @staticmethod
    def kind_of(why):
        """A message without place, names and numbers."""
        return re.sub(r"'[^']*'|\"[^\"]*\"|0x[0-9a-f]+|\d+", "_", re.sub(r"^.*?error: ", "", str(why)))

    def again(self, graph, inputs):
        words = [f"{name}={file}" for name, file in inputs.items()]
        limits = [f"--{n}={v:g}" for n, v, usual in (("atol", self.graphs.args.atol, 1e-4), ("rtol", self.graphs.args.rtol, 1e-3)) if v != usual]
        load = [f"--load={flag}" for flag in self.graphs.args.load]
        return " ".join(["tools/dev/hone-check", shlex.quote(str(graph)), f"--pass={shlex.quote(' '.join(self.flags))}", *limits, *load, *(f"--input {shlex.quote(w)}" for w in words)])


class CommandTest:
    def __init__(self, command, timeout):
        self.command, self.timeout, self.kind, self.late = command, timeout, "the command succeeds", False

    def again(self, graph, inputs):
        flags = " ".join(f"--input {shlex.quote(f'{name}={file}')}" for name, file in inputs.items())
        return self.command.replace("{inputs}", flags).replace("{}", shlex.quote(str(graph)))

    def __call__(self, graph, inputs):
        run = subprocess.Popen(self.again(graph, inputs or {}), shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            return run.wait(self.timeout) == 0
        except subprocess.TimeoutExpired:
            self.late = True
            return False
        finally:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)  # what the shell started, too
                run.wait()


class Reducer:
    def __init__(self, graphs, test):
        self.graphs, self.test, self.tests, self.seen = graphs, test, 0, set()
        self.files, self.recorded = graphs.tmp / "values", None
        self.files.mkdir()

    def ask(self, graph):
        self.tests += 1
        try:
            return self.test(graph.file, self.inputs_of(graph))
        except Stop:
            return False  # the cut left a graph that does not run

    def begin(self):
        start = Graph(self.graphs.start)
        known = signature(self.graphs.passed(start.file, ["--hone-infer-shapes", "--hone-expose-values"]))[1]
        self.known = {n.removeprefix("node:") for n in known} | {name for _, result, _, name in start.ops if result in start.returned}
        self.current = start.only(self.known)
        self.log(f"{start.count} ops, {len(start.named)} values to cut at")
        # Before anything is recorded, the graph runs with the inputs of the command.
        said = self.test(start.file, None)
        if not said:
            late = getattr(self.test, "late", False)
            raise Stop(f"the test does not end within {self.test.timeout:g} s for the whole model" if late else "the whole model is not interesting: " + ("the command fails" if isinstance(self.test, CommandTest) else "no value differs and the passes run"))
        self.record()
        if not self.ask(start):
            raise Stop("the test is flaky: yes and then no for the whole model")

    def record(self):
        """Every value that may become an input, as it is in the whole model."""
        try:
            names = self.current.inputs + ["node:" + name for _, name in self.current.named]
            found = self.graphs.run(self.cut_file(self.current, names, []))
        except Stop as why:
            self.log(f"the values of the whole model can't be recorded ({why}): cut inputs are random")
            return
        self.recorded = {}
        for i, (name, array) in enumerate(found.items()):
            np.save(self.files / f"{i}.npy", array)
            self.recorded[name.removeprefix("input:")] = self.files / f"{i}.npy"

    def inputs_of(self, graph):
        return None if self.recorded is None else {name: self.recorded[name] for name in graph.inputs if name in self.recorded}

    def cut_file(self, graph, outputs, inputs):
        flags = self.graphs.tmp / "flags"  # names of a large model are too long for a command line
        flags.write_text("".join(f"--hone-cut-graph={kind}={','.join(names)}\n" for kind, names in (("outputs", outputs), ("inputs", inputs)) if names))
        return self.graphs.passed(graph.file, [f"@{flags}"])

    def attempt(self, what, source=None, outputs=(), inputs=()):
        """Cuts, and goes on with what is left if that is smaller and as interesting."""
        if not outputs and not inputs:
            return False
        try:
            graph = Graph(self.cut_file(source or self.current, outputs, inputs)).only(self.known)
        except Stop:
            return False
        if graph.size >= self.current.size or graph.text in self.seen:
            graph.file.unlink()
            return False
        self.seen.add(graph.text)
        if not self.ask(graph):
            return False
        self.current = graph
        self.log(f"{graph.count} ops: {what}")
        return True

    def reduce(self):
        size = None
        while size != self.current.size:
            size = self.current.size
            if getattr(self.test, "first", None):
                self.attempt(f"ends at {self.test.first}", outputs=["node:" + self.test.first])
            self.fewer_outputs()
            self.end_earlier()
            self.fewer_outputs()
            self.start_later()
            self.cut_values()
            self.step_back()

    def fewer_outputs(self):
        names, step = list(self.current.outputs), len(self.current.outputs) // 2
        while step:
            at = 0
            while at < len(names):
                rest = names[:at] + names[at + step :]
                if rest and self.attempt(f"{len(rest)} outputs", outputs=rest):
                    names = rest
                else:
                    at += step
            step //= 2

    def end_earlier(self):
        base, low, high = self.current, -1, len(self.current.named) - 1
        while high - low > 1:
            middle = (low + high) // 2
            at, name = base.named[middle]
            low, high = (low, middle) if self.attempt(f"ends at {name}", base, outputs=base.ends(at)) else (middle, high)

    def start_later(self):
        base, low, high = self.current, -1, len(self.current.named) - 1
        while high - low > 1:
            middle = (low + high) // 2
            at, name = base.named[middle]
            low, high = (middle, high) if self.attempt(f"starts behind {name}", base, inputs=base.live(at)) else (low, middle)

    def cut_values(self):
        values = self.current.inner()
        step = max(len(values) // 2, 1)
        while step:
            at = 0
            while at < len(values):
                some = values[at : at + step]
                if self.attempt(f"{some[0]}{' and others' if step > 1 else ''} cut", inputs=some):
                    values = self.current.inner()
                else:
                    at += step
            step //= 2

    def step_back(self):
        output = 0
        while output < len(self.current.outputs):
            if not self.attempt(f"{self.current.outputs[output]} ends earlier", outputs=self.current.earlier(output)):
                output += 1

    def log(self, text):
        print(f"hone-reduce: {text}", file=sys.stderr, flush=True)

    def save(self, to):
        folder = to.with_name(to.stem + "-inputs")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.current.file, to)
        link_weights(to, self.graphs.tmp, to.parent)
        inputs = {}
        for name, file in (self.inputs_of(self.current) or {}).items():
            folder.mkdir(exist_ok=True)
            inputs[name] = shutil.copy(file, folder / file_of(name))
        return inputs


def main():
    parser = argparse.ArgumentParser(prog="hone-reduce", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--pass", dest="passes", metavar="FLAGS", help="flags of hone-opt")
    what.add_argument("--test", metavar="COMMAND", help="a command of the shell with {} for the file")
    parser.add_argument("-o", dest="output", type=pathlib.Path, default=pathlib.Path("small.mlir"), metavar="FILE")
    parser.add_argument("--timeout", type=float, default=120, metavar="SECONDS", help="of one command (%(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON document on the standard output")
    args = parser.parse_args()
    if args.test and "{}" not in args.test:
        raise Stop("--test: expected {} where the file's name belongs")
    if args.output.suffix != ".mlir":
        raise Stop(f"-o: expected a file that ends in .mlir, got {args.output}")
    with tempfile.TemporaryDirectory(prefix="hone-reduce-") as tmp:
        graphs = Graphs(args, pathlib.Path(tmp))
        test = CommandTest(args.test, args.timeout) if args.test else PassTest(graphs, args.passes.split())
        reducer = Reducer(graphs, test)
        reducer.begin()
        whole = reducer.current.count
        reducer.reduce()
        inputs = reducer.save(args.output)
        steady = all(reducer.ask(reducer.current) for _ in range(2))
    again = test.again(args.output, inputs)
    if args.json:
        print(json.dumps({"file": str(args.output), "inputs": {n: str(f) for n, f in inputs.items()}, "kept": test.kind, "ops_before": whole, "ops_after": reducer.current.count, "tests": reducer.tests, "flaky": not steady, "again": again}))
    else:
        print(f"{whole} ops became {reducer.current.count} in {reducer.tests} tests: {args.output}\nkept: {test.kind}\nagain: {again}")
    if not steady:
        raise Stop(f"the test is flaky: it said yes and then no for {args.output}")


try:
    main()
except Stop as why:
    sys.exit(f"error: {why}" if not str(why).startswith("error") else str(why))
