#!/usr/bin/env python3
"""What each way of compressing costs and gains: SmolLM2-135M by perplexity, MiniLM by cosine, as JSON and a table.

  compress.py --bin-dir build/bin [--models minilm-l3,minilm-l6-torchscript,smollm2] [--specs 'int8*'] [--out FILE.json]   measures (an hour for all)
  compress.py --table FILE.json                                                                     prints the tables of docs/compress.md

SmolLM2 learns from tokens/calibrate-fortunes.npy and is measured on tokens/eval-policy.npy of the shared model; MiniLM learns
from 16 rows of random tokens and is measured on the same. Times are of this machine's CPU; a method that only GPUs gain from
is marked so. A specification with a blank in it is two --compress.
"""
import argparse
import fnmatch
import json
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

BLOCKS = ",skip=*lm_head*"
SPECS = {
    "smollm2": ["int8", "int8:rows=8", "int8:rows=8,smooth", f"int3:{BLOCKS[1:]}", f"int3:method=gptq{BLOCKS}", f"int4:method=awq{BLOCKS}", f"int4:method=awq+gptq{BLOCKS}",
                f"int4:method=gptq,rank=16{BLOCKS}", f"int4:{BLOCKS[1:]}", f"int4:method=gptq{BLOCKS}", "int4:method=gptq,embeddings", f"int4:group=128{BLOCKS}", f"int4:method=gptq,group=128{BLOCKS}",
                f"prune:2:4{BLOCKS}", f"prune:2:4,method=wanda{BLOCKS}", f"prune:2:4,method=sparsegpt{BLOCKS}", f"lowrank:energy=0.999,method=data{BLOCKS}"],
    "minilm-l6-torchscript": ["int8:rows=8", "int8:rows=8,smooth", *(f"int8:rows=8,{how}range={kind}" for how in ("", "smooth,") for kind in ("percentile", "mse")), "int3", "int3:method=gptq", "int4", "int4:method=awq", "int4:method=gptq", "int4:method=awq+gptq", "int4:rank=16", "int4:method=gptq,rank=16",
                              "int4:group=128", "int4:method=gptq,group=128"],
    "minilm-l3": ["f16", "bf16", "fp8", "int8", "int8:rows=8", "int8:rows=8,embeddings",
                  *(f"int8:rows=8,range={kind}" for kind in ("minmax", "percentile", "entropy", "mse")), "int4", "int4:method=gptq", "prune:2:4", "prune:2:4,method=wanda", "prune:2:4,method=sparsegpt",
                  "prune:magnitude=0.5,global", "lowrank:energy=0.95", "lowrank:energy=0.95,method=data",
                  *(f"{spec} refit" for spec in ("int8:rows=8", "int4", "int4:method=gptq", "prune:2:4", "prune:2:4,method=sparsegpt", "prune:magnitude=0.5,global", "lowrank:energy=0.95"))],
}
FOR_GPUS = ("f16", "bf16", "fp8")


def minilm_samples(np, folder, types):
    rng = np.random.default_rng(5)
    for i in range(16):
        at = folder / f"{i:02}"
        at.mkdir(parents=True)
        ids = rng.integers(1000, 20000, (1, 64))
        ids[:, 0], ids[:, -1] = 101, 102
        np.save(at / "input_ids.npy", ids)
        np.save(at / "attention_mask.npy", np.ones_like(ids))
        if types:
            np.save(at / "token_type_ids.npy", np.zeros_like(ids))


def rows_of(args):
    from hone import SHARED, np
    from models import MODELS, smollm2

    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        for name in args.models.split(","):
            tokens = SHARED / "models/smollm2-135m/tokens"
            samples = tmp / name
            if name != "smollm2":
                minilm_samples(np, samples, types="l6" in name)
            model = smollm2("genai-fp32") if name == "smollm2" else MODELS[name].find()
            for spec in SPECS[name]:
                if not fnmatch.fnmatch(spec, args.specs):
                    continue
                learns = "smooth" in spec or "refit" in spec or any(f"method={m}" in spec for m in ("gptq", "awq", "wanda", "sparsegpt", "data"))
                if name == "smollm2":
                    flags = ["--dim", "kv_cache_dim=64", f"--eval-tokens={tokens / 'eval-policy.npy'}"] + ([f"--calibrate={tokens / 'calibrate-fortunes.npy'}"] if learns else [])
                else:
                    flags = [f"--calibrate={samples}"]
                start, report = time.perf_counter(), tmp / "report.json"
                command = [args.bin_dir / "hone-compile", model, "-o", tmp / "m.hone", "--quiet", f"--report={report}", *flags, *(f"--compress={s}" for s in spec.split())]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    sys.exit(f"{name}, {spec}: {done.stderr}")
                accuracy = json.loads(report.read_text())["accuracy"]
                worst = min(accuracy["outputs"], key=lambda o: (o["output"] != "logits", o["cosine"]))
                row = {"model": name, "spec": spec, "compile_seconds": round(time.perf_counter() - start), "output": worst}
                row |= {key: accuracy[key] for key in ("file_bytes", "seconds", "perplexity", "token_agreement") if key in accuracy}
                print(json.dumps(row), flush=True)
                yield row


def table(path):
    found = json.loads(path.read_text())
    for model in dict.fromkeys(r["model"] for r in found["rows"]):
        rows = [r for r in found["rows"] if r["model"] == model]
        language = "perplexity" in rows[0]
        print(f"\n**{model}**, {found['cpu']}\n")
        timed = "seconds" in rows[0]  # left out of results of a busy machine
        print("| `--compress=` | " + ("perplexity | same next token | " if language else "") + "SNR dB | cosine | file |" + (" time |" if timed else ""))
        print("|---|" + "---|" * (3 + 2 * language + timed))
        for r in rows:
            cells = [f"`{r['spec']}`"]
            if language:
                p = r["perplexity"]
                cells += [f"{p['compressed']:.3f} ({100 * (p['compressed'] / p['original'] - 1):+.1f} %)", f"{100 * r['token_agreement']:.1f} %"]
            size = r["file_bytes"]
            cells += [f"{r['output']['snr_db']:.1f}", f"{r['output']['cosine']:.5f}", f"{size['compressed'] / size['original']:.2f}x"]
            if timed:
                cells.append("on GPUs" if r["spec"] in FOR_GPUS else f"{r['seconds']['compressed'] / r['seconds']['original']:.2f}x")
            print("|", " | ".join(cells), "|")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path)
    parser.add_argument("--models", default=",".join(SPECS))
    parser.add_argument("--specs", default="*", metavar="GLOB")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--table", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    if args.table:
        return table(args.table)
    if not args.bin_dir:
        parser.error("--bin-dir is needed to measure")
    cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.machine())
    rows = []
    for row in rows_of(args):
        rows.append(row)
        if args.out:
            args.out.write_text(json.dumps({"date": time.strftime("%Y-%m-%d"), "cpu": cpu, "rows": rows}, indent=1) + "\n")


main()
