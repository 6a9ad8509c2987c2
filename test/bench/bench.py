#!/usr/bin/env python3
"""Times Hone and its peers alternately in one run, on pinned threads; prints ratios and writes JSON.

  tools/dev/bench [--rows 'MiniLM*,matmul*'] [--threads 1,2] [--target T] [--blocks 6] [--out FILE.json]

A row is measured in blocks of about half a second that alternate between Hone and every peer that is installed:
ONNX Runtime always, ONNX Runtime GenAI and llama.cpp for SmolLM2. min is the shortest call of all blocks, p50 the
median of the blocks' medians; a ratio is the peer's time over Hone's: above 1 Hone is faster; limit is the share of
what the machine can compute and read (hone-run --bench). The machine should be idle. Results go to test/bench/results/.
"""
import argparse
import datetime
import fnmatch
import importlib.util
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from rows import ROWS, np
from hone import ROOT, Compiled, Failure

HERE = pathlib.Path(__file__).resolve().parent
BLOCK_SECONDS = 0.5


class Peer:
    """A process of this folder that times calls."""

    def __init__(self, script, *arguments):
        self.process = subprocess.Popen([sys.executable, HERE / script, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise Failure(f"{script} did not start")
        self.name = json.loads(answer)

    def block(self, calls):
        self.process.stdin.write(f"{calls}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise Failure(f"{self.name} ended")
        times = json.loads(answer)
        return min(times), statistics.median(times)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Hone:
    name = "hone"

    def __init__(self, bin_dir, compiled, inputs, threads):
        self.command = [bin_dir / "hone-run", compiled.file, *inputs, f"--threads={threads}", "--bench", "--json"]

    def limit(self):
        """Percent of the machine's limit, measured by one more call."""
        run = subprocess.run([*self.command, "--warmup=2", "--reps=5"], capture_output=True, text=True)
        return (json.loads(run.stdout).get("limit") or {}) if run.returncode == 0 else {}

    def block(self, calls):
        run = subprocess.run([*self.command, "--no-limit", f"--warmup={max(2, calls // 8)}", f"--reps={calls}"], capture_output=True, text=True)
        if run.returncode:
            raise Failure(f"hone-run: exit {run.returncode}: {run.stderr.strip()[:200]}")
        self.report = json.loads(run.stdout)
        return self.report["min_ms"], self.report["p50_ms"]

    def close(self):
        pass


def peers_of(row, model, feed, threads):
    yield Peer("peer_ort.py", model / "model.onnx" if model.is_dir() else model, feed, threads)
    if row.llm and importlib.util.find_spec("onnxruntime_genai"):
        yield Peer("peer_genai.py", model, row.llm[1], threads)
    if row.llm and row.llm[0] == "genai-int4" and importlib.util.find_spec("llama_cpp"):
        yield Peer("peer_llama.py", row.llm[1], threads)


def measure(row, threads, compiled, args, tmp):
    """{name: {'min_ms', 'p50_ms'}} of Hone and the peers."""
    model, feed, inputs = row.model(), row.feed(), []
    np.savez(tmp / "feed.npz", **feed)
    for i, (name, value) in enumerate(feed.items()):
        np.save(tmp / f"{i}.npy", value)
        inputs += ["--input", f"{name}={tmp}/{i}.npy"]
    sides = [Hone(args.bin_dir, compiled, inputs, threads), *peers_of(row, model, tmp / "feed.npz", threads)]
    try:
        calls = {}
        for side in sides:  # warms up, and finds how many calls make a block
            side.block(2)
            calls[side] = int(min(2000, max(3, BLOCK_SECONDS * 1e3 / side.block(3)[0])))
        blocks = {side: [] for side in sides}
        for _ in range(args.blocks):
            for side in sides:
                blocks[side].append(side.block(calls[side]))
                time.sleep(0.05)  # lets the threads of a peer go to sleep
    finally:
        for side in sides:
            side.close()
    result = {s.name: {"min_ms": min(b[0] for b in blocks[s]), "p50_ms": statistics.median(b[1] for b in blocks[s])} for s in sides}
    if limit := sides[0].limit():
        limit["percent"] = 100 * limit["limit_ms"] / result["hone"]["p50_ms"]
        result["hone"]["limit"] = limit
    result["hone"] |= {k: v for k, v in sides[0].report.items() if k not in result["hone"]}
    return result


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    name = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "unknown")
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    return {"cpu": name, "commit": commit, "date": datetime.datetime.now().isoformat(timespec="seconds")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path, default=ROOT / "build/bin")
    parser.add_argument("--rows", default="*")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--target", default="host")
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--out", type=pathlib.Path)
    args = parser.parse_args()
    rows = [r for r in ROWS if any(fnmatch.fnmatch(r.name, g) for g in args.rows.split(","))]
    report = machine() | {"target": args.target, "rows": []}
    print(f"{report['cpu']}, target {args.target}, commit {report['commit']}; times in ms, ratio = peer / Hone\n")
    print(f"{'':28}{'thr':>4}{'Hone min':>10}{'p50':>9}{'limit':>7}   {'peer':28}{'min':>9}{'p50':>9}{'ratio':>8}{'p50':>7}")
    failed = 0
    for row in rows:
        try:
            with tempfile.TemporaryDirectory() as tmp, Compiled(args.bin_dir, row.model(), f"--target={args.target}") as compiled:
                for threads in map(int, args.threads.split(",")):
                    result = measure(row, threads, compiled, args, pathlib.Path(tmp))
                    report["rows"].append({"row": row.name, "threads": threads, **result})
                    ours = result.pop("hone")
                    limit = f"{ours['limit']['percent']:.0f} %" if "limit" in ours else ""
                    left = f"{row.name:28}{threads:4}{ours['min_ms']:10.3f}{ours['p50_ms']:9.3f}{limit:>7}"
                    for name, theirs in result.items():
                        print(f"{left}   {name:28}{theirs['min_ms']:9.3f}{theirs['p50_ms']:9.3f}{theirs['min_ms'] / ours['min_ms']:7.2f}x{theirs['p50_ms'] / ours['p50_ms']:6.2f}x", flush=True)
                        left = " " * len(left)
        except (Failure, SystemExit) as why:
            failed += 1
            print(f"{row.name:28}FAIL: {why}", flush=True)
    out = args.out or HERE / "results" / f"{report['date'][:16].replace(':', '')}-{args.target}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n")
    print(f"\nwrote {out}")
    sys.exit(bool(failed))


main()
