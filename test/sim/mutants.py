#!/usr/bin/env python3
"""How many missing synchronizations the simulator finds in Hone's own kernels, family by family.

  mutants.py --bin-dir build/bin [--families MatmulHalf,AttentionHalf] [--targets sm_80,sm_90a] [--json FILE]

Runs the operators of test/e2e/ops on the simulator, keeps the launches of all their kernels, and runs each kernel
again with one barrier, wait or fence taken out at a time (hone-sim --mutate=sync). A mutant counts as found when a
launch of its kernel finds it, or its smallest launch with one block, which goes to all tiles where blocks go from tile to tile. Exit 1 below 95 % of a family's mutants; why the others are equivalent: docs/simulator.md.
"""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

OPS = pathlib.Path(__file__).resolve().parents[1] / "e2e" / "run_ops.py"
FAMILIES = "Elementwise Reduce Matmul MatmulHalf Norm Conv QuantHalf AttentionHalf".split()
MOST = 4  # launches tried of a kernel, those with the most blocks

def launches(folder):
    """Folders of recorded launches, by the kernel's PTX."""
    kernels = collections.defaultdict(list)
    for replay in folder.glob("*/replay"):
        text = (replay.parent / "kernel.ptx").read_text()
        blocks = re.search(r"--grid=(\d+),(\d+),(\d+)", replay.read_text())
        kernels[hashlib.sha256(re.sub(r"\bg\d+_", "g_", text).encode()).hexdigest()].append((int(blocks[1]) * int(blocks[2]), replay))
    return [[replay for _, replay in sorted(found, reverse=True)[:MOST]] for found in kernels.values()]


def mutate(replays, sim):
    """{line: (removed, found)} of one kernel."""
    mutants = {}
    for replay, *more in [[r] for r in replays] + [[replays[-1], "--grid=1"]]:
        done = subprocess.run(["sh", replay, "--mutate=sync", "--json", "--threads=1", *more], env={**os.environ, "HONE_SIM": str(sim)}, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{replay}: exit {done.returncode}: {done.stderr or done.stdout[:2000]}")
        for m in json.loads(done.stdout)["mutants"]:
            before = mutants.get(m["line"], (m["removed"], False))
            mutants[m["line"]] = (m["removed"], before[1] or m["result"] != "not found")
        if all(found for _, found in mutants.values()):
            break
    return mutants


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--families", default=",".join(FAMILIES), help="of test/e2e/ops")
    parser.add_argument("--targets", default="sm_80,sm_90a")
    parser.add_argument("--json", type=pathlib.Path, help="write the table there too")
    args = parser.parse_args()
    rows = collections.defaultdict(lambda: dict(kernels=0, mutants=0, found=0))
    missed = []
    for target in args.targets.split(","):
        with tempfile.TemporaryDirectory() as tmp, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for family in args.families.split(","):
                done = subprocess.run([sys.executable, OPS, family, "--bin-dir", args.bin_dir, "--target", target, f"--run-flag=--device=sim:{target},record={tmp}"], capture_output=True, text=True)
                if done.returncode:
                    sys.exit(f"{family} on {target} fails:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
            kernels = launches(pathlib.Path(tmp))
            for replays, mutants in zip(kernels, pool.map(lambda r: mutate(r, args.bin_dir.resolve() / "hone-sim"), kernels)):
                name = re.match(r"g\d+_(.*)-", replays[0].parent.name)[1]
                row = rows[name, target]
                row["kernels"] += 1
                for line, (removed, found) in mutants.items():
                    row["mutants"] += 1
                    row["found"] += found
                    if not found:
                        missed.append(f"{name} {target}: line {line}: {removed} ({replays[0].parent.name})")
    print("| family | chip | kernels | mutants | found |\n|---|---|---|---|---|")
    for (name, target), row in sorted(rows.items()):
        if row["mutants"]:
            print(f"| `{name}` | {target} | {row['kernels']} | {row['mutants']} | {row['found']} |")
    for line in missed:
        print("missed:", line)
    if args.json:
        args.json.write_text(json.dumps([dict(family=n, chip=t, **row) for (n, t), row in sorted(rows.items())], indent=1) + "\n")
    sys.exit(any(row["found"] < 0.95 * row["mutants"] for row in rows.values()))


main()
