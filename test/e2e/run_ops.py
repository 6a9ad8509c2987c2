#!/usr/bin/env python3
"""Compares single operators and small graphs with ONNX Runtime; one table of cases a family, in ops/.

  run_ops.py FAMILY --bin-dir build/bin [--case GLOB] [--target T] [--run-flag=--device=sim:sm_80]

A case is a graph in ONNX's text form with inputs at one or more shapes. Its reference is ONNX Runtime without
graph rewrites, or ONNX's reference evaluator where ONNX Runtime has no kernel.
"""
import argparse
import fnmatch
import importlib
import pathlib
import sys
import tempfile
import time
import zlib

from hone import Compiled, Failure, compare, np, onnx, reference

KINDS = {1: "f4", 2: "u1", 3: "i1", 4: "u2", 5: "i2", 6: "i4", 7: "i8", 9: "?", 10: "f2", 11: "f8", 12: "u4", 13: "u8"}


class Case:
    """graph: '(float[n,8] x) => (float[] y) { y = Relu(x) }'. Each feed gives an array or a shape for random values.

    not_built: what the error must say of a graph that Hone does not compile yet. weights become initializers. high bounds random integers. functions: ONNX text of model-local functions.
    refused: (feed, words) pairs: the run must end with one error that says the words."""

    def __init__(self, name, graph, *feeds, weights=None, opset=20, atol=1e-5, rtol=1e-4, high=5, flags=(), domains=(), positive=False, not_built="", refused=()):
        self.name, self.graph, self.feeds, self.weights, self.opset = name, graph, feeds, weights or {}, opset
        self.not_built, self.refused = not_built, refused
        self.atol, self.rtol, self.high, self.flags, self.domains, self.positive = atol, rtol, high, flags, domains, positive

    def model(self):
        imports = ", ".join([f'"" : {self.opset}', *(f'"{d}" : 1' for d in self.domains)])
        model = onnx.parser.parse_model(f"<ir_version: 10, opset_import: [{imports}]> g_{self.name.replace('-', '_')} {self.graph}")
        model.graph.initializer.extend(onnx.numpy_helper.from_array(np.asarray(a), n) for n, a in self.weights.items())
        for i, node in enumerate(model.graph.node):
            node.name = node.name or f"{self.name}/{node.op_type}_{i}"
        return model

    def inputs(self, model, feed, rng):
        result = {}
        for value in model.graph.input:
            given = feed[value.name]
            kind = KINDS[value.type.tensor_type.elem_type]
            if isinstance(given, np.ndarray):
                result[value.name] = given.astype(kind)
            elif kind[0] == "f":
                a = rng.standard_normal(given)
                result[value.name] = (np.abs(a) + 0.1 if self.positive else a).astype(kind)
            else:
                result[value.name] = rng.integers(0, 2 if kind == "?" else self.high, given).astype(kind)
        return result


def expected(model, feeds):
    names = [o.name for o in model.graph.output]
    try:
        session = reference(model)
        return [dict(zip(names, session.run(None, f))) for f in feeds]
    except Exception as why:  # every kind of error of ONNX Runtime is a plain RuntimeError subclass of its own
        if "NOT_IMPLEMENTED" not in str(why) and "is not a registered" not in str(why) and "opset" not in str(why):
            raise
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(model)
    return [dict(zip(names, evaluator.run(None, f))) for f in feeds]


def run_case(case, args, tmp):
    model = case.model()
    rng = np.random.default_rng(zlib.crc32(case.name.encode()))
    feeds = [case.inputs(model, f, rng) for f in case.feeds]
    want = expected(model, feeds)
    path = tmp / f"{case.name}.onnx"
    onnx.save(model, path)
    worst = 0.0
    if case.not_built:
        try:
            with Compiled(args.bin_dir, path, f"--target={args.target}", *case.flags, timeout=120):
                raise RuntimeError("it compiles now: take its not_built off")
        except Failure as why:
            if f"exit 1: error:" in str(why) and case.not_built in str(why):
                return worst
            raise
    with Compiled(args.bin_dir, path, f"--target={args.target}", *case.flags, timeout=120) as compiled:
        for k, (feed, w) in enumerate(zip(feeds, want)):
            got = compiled.run(feed, list(w), f"--threads={1 + k % 2}", *args.run_flag, timeout=60)
            for name, value in w.items():
                try:
                    worst = max(worst, compare(name, got[name], np.asarray(value), case.atol, case.rtol))
                except Failure as why:
                    raise Failure(f"shapes {[list(v.shape) for v in feed.values()]}: {why}") from None
        for feed, words in case.refused:
            try:
                compiled.run(case.inputs(model, feed, rng), list(want[0]), *args.run_flag, timeout=60)
            except Failure as why:
                if "exit 1: error:" not in str(why) or words not in str(why):
                    raise
            else:
                raise RuntimeError(f"a run that must end with '{words}' ended well")
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family")
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--case", default="*")
    parser.add_argument("--target", default="host")
    parser.add_argument("--run-flag", action="append", default=[], help="more arguments of hone-run (repeatable)")
    args = parser.parse_args()
    cases = [c for c in importlib.import_module(f"ops.{args.family}").CASES if fnmatch.fnmatch(c.name, args.case)]
    passed, start = 0, time.perf_counter()
    with tempfile.TemporaryDirectory() as tmp:
        for case in cases:
            try:
                worst = run_case(case, args, pathlib.Path(tmp))
                passed += 1
                print(f"ok   {case.name}: worst error {worst:.2g}", flush=True)
            except Exception as why:
                print(f"FAIL {case.name}: {str(why)[:400]}", flush=True)
    print(f"{args.family}: {passed} of {len(cases)} cases, {time.perf_counter() - start:.0f} s")
    sys.exit(passed < len(cases) or not cases)


if __name__ == "__main__":
    sys.modules["run_ops"] = sys.modules["__main__"]
    main()
