#!/usr/bin/env python3
"""tools/dev/hone-reduce: a wrong rewrite in a model of 100 nodes becomes a handful of ops, by a pass and by a command; errors are one line.

  hone_reduce.py --bin-dir build/bin
"""
import argparse
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

from hone import ROOT, np, onnx

# Wrong where an erf reads a relu only: that stands in the middle of the model.
WRONG = """module @patterns {
  pdl.pattern @forgets_relu : benefit(1) {
    %type = pdl.type
    %x = pdl.operand
    %relu = pdl.operation "hone.relu"(%x : !pdl.value) -> (%type : !pdl.type)
    %r = pdl.result 0 of %relu
    %erf = pdl.operation "hone.erf"(%r : !pdl.value) -> (%type : !pdl.type)
    pdl.rewrite %erf { %new = pdl.operation "hone.erf"(%x : !pdl.value) -> (%type : !pdl.type)  pdl.replace %erf with %new }
  }
}
"""


def model():
    """Twenty blocks of a product, a residual and a norm; one of them has what the pattern matches."""
    text = ""
    for i in range(20):
        middle = f"r{i} = Relu(m{i}) t{i} = Erf(r{i})" if i == 11 else f"r{i} = Sin(m{i}) t{i} = Erf(r{i})"
        text += f" m{i} = MatMul(x{i}, w) {middle} a{i} = Add(t{i}, x{i}) x{i + 1} = Tanh(a{i})"
    model = onnx.parser.parse_model(f'<ir_version: 9, opset_import: ["" : 20]> g (float[n,8] x0) => (float[] x20, float[] x9, float[] y) {{{text} y = Neg(a19) }}')
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.random.default_rng(0).standard_normal((8, 8)).astype(np.float32), "w"))
    for node in model.graph.node:
        node.name = f"block/{node.output[0]}"
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        onnx.save(model(), tmp / "m.onnx")
        (tmp / "wrong.mlir").write_text(WRONG)
        small, dim, wrong = tmp / "small.mlir", ["--dim", "n=5"], f"--pdl-patterns={tmp / 'wrong.mlir'}"

        def tool(name, *arguments):
            return subprocess.run([sys.executable, ROOT / "tools/dev" / name, "--bin-dir", args.bin_dir, *map(str, arguments)], capture_output=True, text=True)

        def report(title, good, text):
            nonlocal failed
            print(f"{'ok  ' if good else 'FAIL'} {title}" + ("" if good else f": {text}"), flush=True)
            failed += not good

        def shrinks(title, *arguments):
            run = tool("hone_reduce.py", tmp / "m.onnx", *arguments, *dim, "-o", small, "--json")
            found = json.loads(run.stdout) if run.returncode == 0 else {}
            report(title, found.get("ops_before", 0) >= 100 and found["ops_after"] <= 3 and not found["flaky"], f"exit {run.returncode}\n{run.stdout}{run.stderr}")
            return found

        def refused(title, pattern, *arguments):
            run = tool("hone_reduce.py", *arguments, *dim, "-o", tmp / "none.mlir")
            lines = [l for l in run.stderr.splitlines() if not l.startswith("hone-reduce: ")]
            report(title, run.returncode == 1 and len(lines) == 1 and re.search(pattern, lines[0]), f"exit {run.returncode}\n{run.stdout}{run.stderr}")

        found = shrinks("a wrong rewrite", f"--pass={wrong}")
        if found:
            again = tool("hone_check.py", *shlex.split(found["again"])[1:])
            report("the command that shows it again", again.returncode == 2, again.stdout + again.stderr)
        found = shrinks("a command", f"--test=grep -q 'hone.relu' {{}} && {args.bin_dir}/hone-compile {{}} --compile-from=simplify -o {tmp}/t.hone --quiet")
        refused("nothing wrong", "^error: the whole model is not interesting", tmp / "m.onnx", "--pass=--cse")
        refused("no such model", "^error: .*none.onnx: no such file", tmp / "none.onnx", "--pass=--cse")
        refused("no such pass", "^error: .*no-such-pass|^error: .*Unknown|Unknown command line", tmp / "m.onnx", "--pass=--no-such-pass")
        refused("a command that hangs", "^error: the test does not end within 1 s", tmp / "m.onnx", "--test=sleep 60; true {}", "--timeout=1")
        refused("a command that says yes and no", "^error: the test is flaky", tmp / "m.onnx", f"--test=mkdir {tmp}/once || test ! -e {{}}")
    sys.exit(failed > 0)


main()
