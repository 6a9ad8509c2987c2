#!/usr/bin/env python3
"""tools/dev/hone-check: right passes are right, a wrong rewrite is named with its node, and bisecting finds it.

  hone_check.py --bin-dir build/bin
"""
import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

from hone import ROOT, np, onnx

WRONG = """module @patterns {
  pdl.pattern @forgets_relu : benefit(1) {
    %type = pdl.type
    %x = pdl.operand
    %relu = pdl.operation "hone.relu"(%x : !pdl.value) -> (%type : !pdl.type)
    pdl.rewrite %relu { pdl.replace %relu with (%x : !pdl.value) }
  }
}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        model = onnx.parser.parse_model('<ir_version: 9, opset_import: ["" : 20]> g (float[n,8] x) => (float[] y) { a = MatMul(x, w) r = Relu(a) e = Erf(r) s = Mul(e, r) y = Add(s, r) }')
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.random.default_rng(0).standard_normal((8, 8)).astype(np.float32), "w"))
        for node in model.graph.node:
            node.name = f"block/{node.op_type}"
        onnx.save(model, tmp / "m.onnx")
        np.save(tmp / "x.npy", np.zeros((5, 9), np.float32))
        (tmp / "wrong.mlir").write_text(WRONG)
        wrong = f"--pdl-patterns={tmp / 'wrong.mlir'}"

        def check(title, arguments, code, *words):
            nonlocal failed
            done = subprocess.run([sys.executable, ROOT / "tools/dev/hone_check.py", "--bin-dir", args.bin_dir, *map(str, arguments)], capture_output=True, text=True)
            text = done.stdout + done.stderr
            good = done.returncode == code and all(re.search(w, text) for w in words)
            print(f"{'ok  ' if good else 'FAIL'} {title}" + ("" if good else f": exit {done.returncode}\n{text}"), flush=True)
            failed += not good
            return text

        model, dim = tmp / "m.onnx", ["--dim", "n=5"]
        check("phases change nothing", [model, "--pass=--hone-phase-simplify --hone-phase-fuse", *dim], 0, "values compared", "worst: ")
        check("a wrong rewrite", [model, f"--pass={wrong}", *dim], 2, r"first outside of the tolerance: block/Erf \[")
        text = check("the pass that does it", [model, "--bisect", f"--passes=hone-infer-shapes,cse,{wrong},hone-simplify-movement", *dim, "--save", tmp / "case"], 2,
                     r"first pass: --pdl-patterns=.*number 3 of 4", "first outside of the tolerance: block/Erf", "first rewrite: number ")
        again = re.search("again: tools/dev/hone-check (.*)", text)
        check("its small case", shlex.split(again[1]) if again else [], 2, "first outside of the tolerance: block/Erf")
        check("right passes", [model, "--bisect", *dim], 0, "no value differs")
        check("no such model", [tmp / "none.onnx", "--pass=--cse"], 1, "^error: .*none.onnx")
        check("an input of another shape", [model, "--pass=--cse", "--input", f"x={tmp / 'x.npy'}"], 1, "^error: .*'x'")
        check("a pass that does not exist", [model, "--pass=--no-such-pass", *dim], 1, "^error: ")
    sys.exit(failed)


main()
