#!/usr/bin/env python3
"""Prints the table of docs/benchmarks.md from what bench.py wrote: the shortest times in ms, and ratios of the shortest.

  table.py test/bench/results/DATE-host.json
"""
import json
import pathlib
import sys


def ratio(row, peer):
    time = next((v["min_ms"] for k, v in row.items() if k.startswith(peer + " ")), None)
    return f"{time / row['hone']['min_ms']:.2f}x" if time else ""


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    rows = {}
    for row in json.loads(pathlib.Path(sys.argv[1]).read_text())["rows"]:
        cells = rows.setdefault(row["row"], [])
        cells += [f"{row['hone']['min_ms']:.3g}", ratio(row, "onnxruntime"), ratio(row, "onnxruntime-genai")]
    print("| | 1 thread | to ORT | to GenAI | 2 threads | to ORT | to GenAI |")
    print("|---|---|---|---|---|---|---|")
    for name, cells in rows.items():
        print("|", " | ".join([name, *cells]), "|")


if __name__ == "__main__":
    main()
