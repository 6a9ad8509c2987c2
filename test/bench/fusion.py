#!/usr/bin/env python3
"""Kernels and bytes of a model, op by op and fused, beside the nodes that ONNX Runtime executes; as JSON and a table.

  fusion.py --bin-dir build/bin [--models minilm-l3,smollm2-genai-int4] [--out FILE.json]   measures
  fusion.py --table FILE.json                                                              prints the table of docs/benchmarks.md

ONNX Runtime's count is that of the graph that its own optimizer (all levels, CPU) writes out, constants left out. Bytes are what kernels
read and write at one row of 128 tokens, or one token behind 128 for language models.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

PROMPT = {"batch_size": 1, "sequence_length": 128, "batch": 1, "sequence": 128}
DECODE = {"batch_size": 1, "sequence_length": 1, "past_sequence_length": 128, "total_sequence_length": 129, "kv_cache_dim": 64}
# name: (dimensions, layers, targets with what makes the model fit them)
MODELS = {
    "minilm-l3": (PROMPT, 3, {"host": [], "sm_80": ["--compress=f16"]}),
    "minilm-l6-dynamo": (PROMPT, 6, {"host": [], "sm_80": ["--compress=f16"]}),
    "smollm2-genai-int4": (DECODE, 30, {"host": []}),
    "smollm2-genai-int4-cuda": (DECODE, 30, {"sm_80": []}),
}


def executed_by_ort(model):
    import onnx
    import onnxruntime as ort

    with tempfile.TemporaryDirectory() as tmp:
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.optimized_model_filepath = f"{tmp}/optimized.onnx"
        options.log_severity_level = 4
        options.add_session_config_entry("session.optimized_model_external_initializers_file_name", "weights")
        ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        graph = onnx.load(f"{tmp}/optimized.onnx", load_external_data=False).graph
        return sum(node.op_type != "Constant" for node in graph.node)


def row_of(name, target, flags, bin_dir):
    import onnx
    from models import MODELS as REAL

    found = REAL[name].find()
    file = found / "model.onnx" if found.is_dir() else found
    model = onnx.load(file, load_external_data=False).graph
    named = {d.dim_param for i in model.input for d in i.type.tensor_type.shape.dim}
    dims, layers, _ = MODELS[name]
    with tempfile.TemporaryDirectory() as tmp:
        command = [bin_dir / "hone-compile", found, "-o", f"{tmp}/m.hone", f"--target={target}", f"--report={tmp}/report.json", *flags]
        command += [f"--dim={key}={value}" for key, value in dims.items() if key in named]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        report = json.loads(pathlib.Path(f"{tmp}/report.json").read_text())
    explain = report["explain"] if "explain" in report else report
    # A kernel belongs to the layer that its nodes name; what is left stands in front of the first and behind the last.
    kernels, prediction = explain["kernels"], explain["prediction"]
    inside = sum(any(".layer." in p["node"] or "layers." in p["node"] or "/layer." in p["node"] for p in k["parts"]) for k in kernels)
    if prediction["open_sizes"]:
        print(f"note: {name}: no size for {', '.join(prediction['open_sizes'])}", file=sys.stderr)
    return {"model": name, "target": target, "flags": flags, "nodes": len(model.node), "ort_nodes": executed_by_ort(file), "kernels": len(kernels), "kernels_a_layer": round(inside / layers, 2) if inside else None,
            "mb_op_by_op": prediction["bytes_of_single_ops"] / 1e6, "mb": prediction["bytes"] / 1e6}


def table(rows):
    print("| model | target | ONNX nodes | ONNX Runtime executes | kernels | a layer | MB op by op | MB |\n|---|---|---|---|---|---|---|---|")
    for r in rows:
        target = r["target"] + "".join(f" {flag}" for flag in r["flags"])
        print(f"| {r['model']} | {target} | {r['nodes']} | {r['ort_nodes']} | {r['kernels']} | {'' if r['kernels_a_layer'] is None else format(r['kernels_a_layer'], 'g')} | {r['mb_op_by_op']:.1f} | {r['mb']:.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--out", type=pathlib.Path, help="write the rows there")
    parser.add_argument("--table", type=pathlib.Path, help="print the table of such a file")
    args = parser.parse_args()
    if args.table:
        return table(json.loads(args.table.read_text()))
    if not args.bin_dir:
        parser.error("--bin-dir or --table is needed")
    rows = [row_of(name, target, flags, args.bin_dir.resolve()) for name in args.models.split(",") for target, flags in MODELS[name][2].items()]
    if args.out:
        args.out.write_text(json.dumps(rows, indent=1) + "\n")
    table(rows)


if __name__ == "__main__":
    main()
