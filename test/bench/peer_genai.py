"""ONNX Runtime GenAI as a peer: times the prompt or one new token (with sampling), blocks of calls when told to.

  peer_genai.py FOLDER prefill|decode THREADS     a prompt of 128 tokens; decode: tokens at 128 and after
"""
import json
import os
import pathlib
import sys
import tempfile
import time

folder, kind, threads = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], int(sys.argv[3])
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
import onnxruntime_genai as genai  # noqa: E402  after the cores are chosen

PROMPT = [(i * 37 + 11) % 2000 + 5 for i in range(128)]
with tempfile.TemporaryDirectory() as tmp:  # the same folder with the thread count in its configuration
    for file in folder.iterdir():
        if file.name != "genai_config.json":
            os.symlink(file, pathlib.Path(tmp, file.name))
    config = json.loads((folder / "genai_config.json").read_text())
    config["model"]["decoder"].setdefault("session_options", {}).update(intra_op_num_threads=threads, inter_op_num_threads=1)
    config["model"]["eos_token_id"] = config["model"]["vocab_size"] - 1
    pathlib.Path(tmp, "genai_config.json").write_text(json.dumps(config))
    model = genai.Model(tmp)
print(json.dumps("onnxruntime-genai " + genai.__version__), flush=True)


def start():
    params = genai.GeneratorParams(model)
    params.set_search_options(max_length=256, do_sample=False)
    return genai.Generator(model, params)


for line in sys.stdin:
    times, generator, left = [], None, 0
    for _ in range(int(line)):
        if kind == "prefill" or not left:
            generator, left = start(), 16
            begin = time.perf_counter()
            generator.append_tokens(PROMPT)
            generator.generate_next_token()
        if kind == "decode":
            begin = time.perf_counter()
            generator.generate_next_token()
            left -= 1
        times.append((time.perf_counter() - begin) * 1e3)
    print(json.dumps(times), flush=True)
