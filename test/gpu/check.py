#!/usr/bin/env python3
"""Checks Hone's GPU code on this machine: results, times, and what other libraries need for the same.

  check.py [--device cuda:0] [--cases GLOB] [--bench GLOB] [--json FILE]

Lies in a folder made by pack.py. Needs a driver and nothing else; PyTorch is timed where it is installed, and
compute-sanitizer runs where it is found. Times are of the device (CUDA events), median of 50 after 10. A bound is the
larger of bytes at the bandwidth that `copy` reaches here (the board's where that is not run), and arithmetic at the board's rate. Exit 1 where a result differs.
"""
import argparse
import concurrent.futures
import fnmatch
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
RUN = HERE / "hone-run"


def last_line(done):
    lines = (done.stderr or done.stdout).strip().splitlines()
    return next((l for l in lines if l.startswith("error")), lines[0] if lines else f"exit {done.returncode}")[:200]


def check(case, device, wrap=()):
    """Nothing, or why the case fails."""
    for run in case["runs"]:
        command = [*wrap, RUN, HERE / case["file"], f"--device={device}", "--quiet", "--rtol", str(case["rtol"]), "--atol", str(case["atol"])]
        for flag in ("inputs", "expected"):
            for name, file in run[flag]:
                command += ["--input" if flag == "inputs" else "--expect", f"{name}={HERE / file}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode:
            return last_line(done)
    return ""


def time_kernels(row, device):
    """Median seconds of the device for one run, and what its kernels compute and move."""
    with tempfile.TemporaryDirectory() as tmp:
        trace = pathlib.Path(tmp) / "trace.json"
        done = subprocess.run([RUN, HERE / row["file"], f"--device={device}", "--random-inputs", "--quiet", "--loop", "60", f"--profile={trace}"], capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise RuntimeError(last_line(done))
        events = json.loads(trace.read_text())["traceEvents"]
    meta = json.loads(subprocess.run([RUN, HERE / row["file"], "--inspect", "--json"], capture_output=True, text=True).stdout)
    calls, times = {}, {}
    for event in events:
        call = meta["calls"][event["args"]["call"]]
        if call["device"] != "host" and event["args"]["kernel"] != "transfer":
            times.setdefault(event["args"]["call"], []).append(event["dur"] * 1e-6)
            calls[event["args"]["call"]] = call
    value = lambda call, key: eval(call.get(key, "0"), {"__builtins__": {}})  # benchmarks have no named sizes
    kinds = {call.get("arithmetic", "f32"): sum(value(c, "flops") for c in calls.values()) for call in calls.values()}
    return sum(statistics.median(t[10:] or t) for t in times.values()), kinds, sum(value(c, "bytes") for c in calls.values()), meta.get("board", {})


def torch_times(device):
    """Seconds of PyTorch (cuBLASLt, its fastest attention) by the name of the benchmark; empty without it."""
    try:
        import torch
    except ImportError:
        return {}
    if not torch.cuda.is_available() or not device.startswith("cuda"):
        return {}

    def timed(work):
        for _ in range(10):
            work()
        times = []
        for _ in range(50):
            start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            start.record()
            work()
            end.record()
            end.synchronize()
            times.append(start.elapsed_time(end) * 1e-3)
        return statistics.median(times)

    def product(m, n, k, dtype):
        x, w = torch.randn(m, k, device="cuda", dtype=dtype), torch.randn(n, k, device="cuda", dtype=dtype)
        return lambda: torch.nn.functional.linear(x, w)

    def attention(queries, keys):
        q, k, v = (torch.randn(1, h, s, 128, device="cuda", dtype=torch.float16) for h, s in ((32, queries), (8, keys), (8, keys)))
        return lambda: torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=queries == keys, enable_gqa=True)

    x = torch.randn(8192, 4096, device="cuda", dtype=torch.float16)
    works = {"softmax": lambda: torch.softmax(x, 1), "matmul-4096": product(4096, 4096, 4096, torch.bfloat16), "matmul-8192": product(8192, 8192, 8192, torch.bfloat16),
             "matmul-f16-2048x11008x4096": product(2048, 11008, 4096, torch.float16), "gemv-4096x14336": product(1, 4096, 14336, torch.bfloat16),
             "gemv-6144x4096": product(1, 6144, 4096, torch.bfloat16), "attention-2048": attention(2048, 2048), "attention-8192": attention(8192, 8192), "decode-8192": attention(1, 8192)}
    return {name: timed(work) for name, work in works.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--cases", default="*", metavar="GLOB")
    parser.add_argument("--bench", default="*", metavar="GLOB")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    manifest = json.loads((HERE / "manifest.json").read_text())
    cases = [c for c in manifest["cases"] if fnmatch.fnmatch(c["name"], args.cases)]
    report = {"device": args.device, "failed": {}, "bench": []}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for case, why in zip(cases, pool.map(lambda c: check(c, args.device), cases)):
            if why:
                report["failed"][case["name"]] = why
                print(f"FAIL {case['name']}: {why}", flush=True)
    print(f"{len(cases) - len(report['failed'])} of {len(cases)} cases right on {args.device}", flush=True)
    if tool := shutil.which("compute-sanitizer"):
        firsts = {c["name"].split("-")[0]: c for c in reversed(cases)}.values()
        for case in firsts:
            if why := check(case, args.device, (tool, "--error-exitcode", "9")):
                report["failed"]["compute-sanitizer " + case["name"]] = why
                print(f"FAIL compute-sanitizer {case['name']}: {why}", flush=True)
        print(f"compute-sanitizer: {len(firsts)} cases", flush=True)

    rows = [r for r in manifest["bench"] if fnmatch.fnmatch(r["name"], args.bench)]
    others, bandwidth = torch_times(args.device) if rows else {}, None
    if rows:
        print(f"{'benchmark':28}{'us':>10}{'GB/s':>8}{'TFLOP/s':>9}{'% of bound':>12}{'PyTorch us':>12}{'ratio':>7}")
    for row in rows:
        try:
            seconds, flops, moved, board = time_kernels(row, args.device)
        except Exception as why:
            report["failed"][row["name"]] = str(why)
            print(f"FAIL {row['name']}: {why}", flush=True)
            continue
        if row["name"] == "copy":
            bandwidth = moved / seconds
        bound = max(moved / (bandwidth or board["gb_per_s"] * 1e9), *(f / (board.get(f"tflops_{kind}", 0) * 1e12 or 1e30) for kind, f in flops.items()))
        other = others.get(row["name"])
        report["bench"].append({"name": row["name"], "us": seconds * 1e6, "bytes": moved, "flops": flops, "share_of_bound": bound / seconds, "torch_us": other and other * 1e6})
        print(f"{row['name']:28}{seconds * 1e6:10.1f}{moved / seconds / 1e9:8.0f}{sum(flops.values()) / seconds / 1e12:9.1f}{100 * bound / seconds:12.1f}"
              + (f"{other * 1e6:12.1f}{other / seconds:7.2f}" if other else ""), flush=True)
    if args.json:
        args.json.write_text(json.dumps(report, indent=1) + "\n")
    sys.exit(bool(report["failed"]))


main()
