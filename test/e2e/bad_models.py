#!/usr/bin/env python3
"""Writes models that must be refused and checks how: exit 1 in under 20 s and 1 GB, exactly one 'error:' line
that names the node where there is one, no output file. ONNX files from here, bad_operators and bad_structure; IR from
bad_ir.

  bad_models.py --bin-dir build/bin [--case GLOB]     # write, compile, check
  bad_models.py --write DIR                           # only write them
"""
import argparse
import fnmatch
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from hone import onnx
from onnx import TensorProto, helper

F = TensorProto.FLOAT


def model(nodes, inputs=None, outputs=("y",), initializers=(), opset=20, domains=()):
    inputs = inputs if inputs is not None else [helper.make_tensor_value_info("x", F, ["n", 4])]
    graph = helper.make_graph(nodes, "bad", inputs, [helper.make_tensor_value_info(o, F, None) for o in outputs], list(initializers))
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
    return helper.make_model(graph, opset_imports=imports, ir_version=9)


def relu(source="x", to="y", name="good"):
    return helper.make_node("Relu", [source], [to], name=name)


def tensor(name, dims, kind=F, raw=b""):
    return TensorProto(name=name, dims=dims, data_type=kind, raw_data=raw)


def add_weight(weight):
    return model([helper.make_node("Add", ["x", "w"], ["y"], name="adds_w")], initializers=[weight])


def external(location, offset=None, length=None, dims=(4,)):
    weight = TensorProto(name="w", dims=dims, data_type=F, data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        if value is not None:
            weight.external_data.add(key=key, value=str(value))
    return add_weight(weight)


def nested_ifs(depth):
    """If in If in If: written innermost first, with the length prefixes of protobuf, as the Python classes would recurse."""
    def field(number, data):
        size, out = len(data), bytearray([number << 3 | 2])
        while size > 127:
            out.append(size & 127 | 128)
            size >>= 7
        return bytes(out) + bytes([size]) + data

    output = field(12, field(1, b"y") + field(2, field(1, b"\x08\x01")))
    graph = field(1, field(1, b"x") + field(2, b"y") + field(4, b"Relu") + field(3, b"innermost")) + field(2, b"g") + output
    for i in range(depth):
        branches = b"".join(field(5, field(1, n) + field(6, g) + b"\xa0\x01\x05")
                            for n, g in ((b"then_branch", graph), (b"else_branch", field(2, b"e") + field(1, field(1, b"x") + field(2, b"y") + field(4, b"Neg")) + output)))
        graph = field(1, field(1, b"c") + field(2, b"y") + field(3, b"if_%d" % (depth - i)) + field(4, b"If") + branches) + field(2, b"g") + output
    value = lambda name, kind, dim: field(11, field(1, name) + field(2, field(1, bytes([8, kind]) + field(2, field(1, bytes([8, dim]))))))
    return b"\x08\x09" + field(7, graph + value(b"x", 1, 4) + value(b"c", 9, 1)) + field(8, field(1, b"") + b"\x10\x14")


def cases():
    """(name, model or bytes, words that the error line must have)"""
    good = model([relu()]).SerializeToString()
    real = model([helper.make_node("Gemm", ["x", "w"], ["y"], name="gemm")], initializers=[tensor("w", [4, 1000], raw=bytes(16000))]).SerializeToString()
    yield "zero-length", b"", []
    yield "random-bytes", random.Random(1).randbytes(100_000), []
    yield "text", b"this is not a model\n" * 50, []
    for at in (1, len(good) // 2, len(good) - 1):
        yield f"truncated-{at}", good[:at], []
    for at in (2000, len(real) - 30):
        yield f"truncated-weights-{at}", real[:at], []
    yield "no-graph", onnx.ModelProto(ir_version=9, opset_import=[helper.make_opsetid("", 20)]).SerializeToString(), []
    no_opset = model([relu()])
    del no_opset.opset_import[:]
    yield "no-opset", no_opset, ["opset"]
    yield "future-opset", model([relu()], opset=900), ["opset", "900"]
    yield "cycle", model([helper.make_node("Add", ["x", "b"], ["a"], name="first"), relu("a", "b", "second"), relu("b", "y")]), ["first|second"]
    yield "self-cycle", model([helper.make_node("Add", ["x", "y"], ["y"], name="bites_itself")]), ["bites_itself"]
    yield "duplicate-value", model([relu("x", "a", "one"), relu("x", "a", "two"), relu("a")]), ["two", "'a'"]
    yield "duplicate-output-of-input", model([relu("x", "x", "shadows"), relu()]), ["shadows", "'x'"]
    yield "duplicate-input", model([relu()], inputs=[helper.make_tensor_value_info("x", F, [4])] * 2), ["'x'"]
    yield "duplicate-initializer", model([helper.make_node("Add", ["x", "w"], ["y"], name="adds")], initializers=[tensor("w", [1], raw=bytes(4))] * 2), ["'w'"]
    yield "undefined-input", model([helper.make_node("Add", ["x", "nowhere"], ["y"], name="reads_nothing")]), ["reads_nothing", "nowhere"]
    yield "undefined-output", model([relu()], outputs=("y", "never")), ["never"]
    yield "unknown-op", model([helper.make_node("Frobnicate", ["x"], ["y"], name="frob")]), ["frob", "Frobnicate"]
    yield "unknown-domain", model([helper.make_node("Relu", ["x"], ["y"], name="alien", domain="org.example")], domains=("org.example",)), ["alien", "org.example"]
    yield "unknown-type", add_weight(tensor("w", [4], kind=99, raw=bytes(16))), ["'w'"]
    yield "unknown-input-type", model([relu()], inputs=[helper.make_tensor_value_info("x", 77, [4])]), ["'x'"]
    yield "unknown-cast", model([helper.make_node("Cast", ["x"], ["y"], name="to_nothing", to=99)]), ["to_nothing"]
    yield "missing-attribute", model([helper.make_node("Cast", ["x"], ["y"], name="no_to")]), ["no_to"]
    yield "wrong-attribute", model([helper.make_node("Transpose", ["x"], ["y"], name="turns", perm=[0, 5])]), ["turns"]
    yield "too-few-inputs", model([helper.make_node("Add", ["x"], ["y"], name="lonely")]), ["lonely"]
    yield "too-many-inputs", model([helper.make_node("Relu", ["x", "x", "x"], ["y"], name="crowd")]), ["crowd"]
    yield "shape-mismatch", model([helper.make_node("MatMul", ["x", "w"], ["y"], name="mismatch")], initializers=[tensor("w", [5, 2], raw=bytes(40))]), ["mismatch"]
    yield "type-mismatch", model([helper.make_node("Add", ["x", "w"], ["y"], name="mixes")], initializers=[tensor("w", [4], kind=TensorProto.INT64, raw=bytes(32))]), ["mixes"]
    yield "weight-too-short", add_weight(tensor("w", [4], raw=bytes(15))), ["'w'"]
    yield "weight-too-long", add_weight(tensor("w", [4], raw=bytes(20))), ["'w'"]
    yield "weight-without-data", add_weight(tensor("w", [4])), ["'w'"]
    yield "overflowing-dims", add_weight(tensor("w", [2**40, 2**40], raw=bytes(16))), ["'w'"]
    yield "overflowing-dims-to-zero", add_weight(tensor("w", [2**32, 2**32], raw=b"")), ["'w'"]
    yield "negative-dim", add_weight(tensor("w", [-4], raw=bytes(16))), ["'w'"]
    yield "huge-constant", model([helper.make_node("ConstantOfShape", ["s"], ["y"], name="huge")], inputs=[], initializers=[tensor("s", [3], TensorProto.INT64, (2**40).to_bytes(8, "little") * 3)]), ["huge"]
    yield "external-absolute", external("/etc/passwd"), ["'w'"]
    yield "external-outside", external("../outside.bin"), ["'w'"]
    yield "external-link", external("link.bin"), ["'w'"]
    yield "external-missing", external("missing.bin"), ["'w'"]
    yield "external-past-end", external("data.bin", 0, 16), ["'w'"]
    yield "external-offset-past-end", external("data.bin", 1 << 40, 16), ["'w'"]
    yield "external-negative", external("data.bin", -8, 16), ["'w'"]
    yield "external-wrong-length", external("data.bin", 0, 4), ["'w'"]
    yield "external-not-a-number", external("data.bin", "lots", 16), ["'w'"]
    yield "nested-ifs", nested_ifs(2000), []
    yield "recursive-function", recursive_function(), ["calls|Loop1"]
    import bad_operators
    import bad_structure

    yield from bad_operators.cases()
    yield from bad_structure.cases()


def all_cases():
    """(name, file suffix, content, words, flags)"""
    import bad_ir

    for name, content, words in cases():
        yield name, ".onnx", content if isinstance(content, bytes) else content.SerializeToString(), words, ()
    for name, text, words, flags in bad_ir.cases():
        yield f"ir-{name}", ".mlir", text.encode("latin-1"), words, flags


def recursive_function():
    """A function that calls itself can't be inlined."""
    result = model([helper.make_node("Loop1", ["x"], ["y"], name="calls", domain="local")], domains=("local",))
    result.functions.append(helper.make_function("local", "Loop1", ["a"], ["b"], [helper.make_node("Loop1", ["a"], ["b"], name="again", domain="local")],
                                                 [helper.make_opsetid("", 20), helper.make_opsetid("local", 1)]))
    return result


def write(folder, name, suffix, content):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.bin").write_bytes(bytes(8))
    (folder.parent / "outside.bin").write_bytes(bytes(16))
    if not (folder / "link.bin").is_symlink():
        (folder / "link.bin").symlink_to("../outside.bin")
        (folder / "device.bin").symlink_to("/dev/zero")
        (folder / "inner").mkdir()
    path = folder / f"{name}{suffix}"
    path.write_bytes(content)
    return path


def check(compiler, path, words, flags, slack):
    """What is wrong with how the model was refused, as a list."""
    out, log = path.with_suffix(".hone"), path.with_suffix(".log")
    start = time.perf_counter()
    with open(log, "wb") as stderr:
        child = subprocess.Popen([compiler, path, "-o", out, *flags], stdout=stderr, stderr=stderr, stdin=subprocess.DEVNULL)
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            seconds = time.perf_counter() - start
            if pid:
                break
            if seconds > 20 * slack:
                child.kill()
                os.wait4(child.pid, 0)
                return [f"took longer than {20 * slack} s"]
            time.sleep(0.01)
    child.returncode = os.waitstatus_to_exitcode(status)
    text = log.read_text(errors="replace")
    errors = [line.replace(str(path), path.name).replace(path.stem, "MODEL") for line in text.splitlines() if line.startswith("error:")]
    wrong = []
    if child.returncode != 1:
        wrong.append(f"exit {child.returncode}")
    if len(errors) != 1:
        wrong.append(f"{len(errors)} error lines, output: {text[:200]!r}")
    wrong += [f"the error line does not name {word}" for word in words if errors and not any(w in errors[0] for w in word.split("|"))]
    if errors and wrong:
        wrong.append(errors[0][:300])
    if usage.ru_maxrss > 1_000_000 * slack:
        wrong.append(f"{usage.ru_maxrss / 1e6:.2f} GB")
    leftovers = [p.name for p in path.parent.iterdir() if p.name.startswith(out.name)]
    if leftovers:
        wrong.append(f"left the file {leftovers[0]}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path)
    parser.add_argument("--case", default="*")
    parser.add_argument("--write", type=pathlib.Path)
    parser.add_argument("--slack", type=int, default=1, help="times the limits of time and memory, for builds with sanitizers")
    args = parser.parse_args()
    chosen = [c for c in all_cases() if fnmatch.fnmatch(c[0], args.case)]
    if args.write:
        for name, suffix, content, *_ in chosen:
            print(write(args.write, name, suffix, content))
        return
    if not args.bin_dir:
        parser.error("expected --bin-dir or --write")
    passed = 0
    with tempfile.TemporaryDirectory() as tmp:
        for name, suffix, content, words, flags in chosen:
            wrong = check(args.bin_dir / "hone-compile", write(pathlib.Path(tmp) / "models", name, suffix, content), words, flags, args.slack)
            passed += not wrong
            print(f"FAIL {name}: {'; '.join(wrong)}" if wrong else f"ok   {name}", flush=True)
    print(f"bad models: {passed} of {len(chosen)} refused as they should be")
    sys.exit(passed < len(chosen))


if __name__ == "__main__":
    main()
