#!/usr/bin/env python3
"""What compiling and loading cost: seconds and peak resident memory of hone-compile (mapped pages count, as
/usr/bin/time reports it), milliseconds from the start of hone-run to its first result, allocations a run.

  tools/dev/python test/bench/compile.py [--bin-dir build/bin] [--models 'minilm*,smollm2*'] [--out FILE.json]

A run is the first call of the end-to-end tests. Prints a table beside the goals and writes JSON; nothing fails because a machine is slow. Files are read once before,
so that the disk is not measured.
"""
import argparse
import fnmatch
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from hone import ROOT, Failure, first_error, np, onnx  # noqa: E402
from models import MODELS  # noqa: E402

LARGEST = "3 x largest weight + 400 MB"
# model: seconds, peak MB.
GOALS = {
    "minilm-l3": (5, 500),
    "minilm-l6-torchscript": (None, None),
    "smollm2-optimum-fp32": (30, LARGEST),
    "smollm2-genai-fp32": (None, LARGEST),
    "smollm2-genai-int4": (15, None),
    "ppocr-det": (None, None),
    "silero-op15": (None, None),
    "tiny-gpt2": (None, None),
}
FIRST_RESULT_MS = 100


# A child starts with the peak of who forked it: an interpreter that has imported nothing stands between.
LAUNCHER = """
import os, sys, time
start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
_, status, usage = os.wait4(child, 0)
print(time.perf_counter() - start, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))
"""


def measured(command):
    """(seconds, peak MB) of a child; raises Failure."""
    run = subprocess.run([sys.executable, "-S", "-E", "-c", LAUNCHER, *map(str, command)], capture_output=True, text=True)
    if run.returncode:
        raise Failure(f"{command[0]}: {run.stderr.strip().splitlines()[-1]}")
    seconds, peak, code = run.stdout.split()
    if code != "0":
        raise Failure(f"{command[0].name}: exit {code}: {first_error(run.stderr)}")
    return float(seconds), float(peak)


def largest_weight(path):
    """MB of the model's largest initializer."""
    model = onnx.load(path / "model.onnx" if path.is_dir() else path, load_external_data=False)
    sizes = [0]
    for tensor in model.graph.initializer:
        count = 1
        for dim in tensor.dims:
            count *= dim
        sizes.append(count * onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)
    return max(sizes) / 2**20


def measure(name, bin_dir, folder):
    path, artifact = MODELS[name].find(), folder / "model.hone"
    for file in [path] if path.is_file() else path.glob("model.onnx*"):
        with open(file, "rb") as data:
            while data.read(1 << 24):
                pass
    seconds, peak = measured([bin_dir / "hone-compile", path, "-o", artifact])
    seconds_goal, peak_goal = GOALS[name]
    if peak_goal == LARGEST:
        peak_goal = 3 * largest_weight(path) + 400
    feed, _ = MODELS[name].runs()[0]
    inputs = []
    for i, (tensor, value) in enumerate(feed[0].items()):
        np.save(folder / f"{i}.npy", value)
        inputs.append(f"--input={tensor}={folder / f'{i}.npy'}")
    run = [bin_dir / "hone-run", artifact, *inputs]
    measured(run)
    first = min(measured(run)[0] for _ in range(3)) * 1e3
    bench = subprocess.run([*run, "--bench", "--warmup=3", "--reps=5", "--json", "--no-limit"], capture_output=True, text=True)
    if bench.returncode:
        raise Failure(f"hone-run: exit {bench.returncode}: {first_error(bench.stderr)}")
    report = json.loads(bench.stdout)
    return {"model": name, "seconds": seconds, "seconds_goal": seconds_goal, "peak_mb": peak, "peak_mb_goal": peak_goal,
            "artifact_mb": artifact.stat().st_size / 1e6, "first_result_ms": first, "first_result_ms_goal": FIRST_RESULT_MS,
            "run_ms": report["min_ms"], "allocations_per_run": report["allocations_per_run"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path, default=ROOT / "build/bin")
    parser.add_argument("--models", default="*")
    parser.add_argument("--out", type=pathlib.Path)
    args = parser.parse_args()
    rows, failed = [], 0
    print(f"{'':24}{'compile s':>10}{'goal':>6}{'peak MB':>9}{'goal':>6}{'file MB':>9}{'first ms':>10}{'goal':>6}{'run ms':>9}{'allocs':>8}")
    show = lambda goal: "" if goal is None else f"{goal:.0f}"
    for name in [n for n in GOALS if any(fnmatch.fnmatch(n, g) for g in args.models.split(","))]:
        try:
            with tempfile.TemporaryDirectory() as folder:
                row = measure(name, args.bin_dir, pathlib.Path(folder))
        except (Failure, SystemExit) as why:
            failed += 1
            print(f"{name:24}FAIL: {why}", flush=True)
            continue
        rows.append(row)
        print(f"{name:24}{row['seconds']:10.2f}{show(row['seconds_goal']):>6}{row['peak_mb']:9.0f}{show(row['peak_mb_goal']):>6}{row['artifact_mb']:9.1f}"
              f"{row['first_result_ms']:10.1f}{row['first_result_ms_goal']:6}{row['run_ms']:9.2f}{row['allocations_per_run']:8g}", flush=True)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(rows, indent=1) + "\n")
    sys.exit(bool(failed))


main()
