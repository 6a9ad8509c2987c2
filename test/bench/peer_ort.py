"""ONNX Runtime as a peer: a process on pinned cores that times blocks of calls when told to.

  peer_ort.py MODEL FEED.npz THREADS     reads a number of calls a line, answers with their times in ms as JSON
"""
import json
import os
import sys
import time

model, feed, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
import numpy  # noqa: E402  after the cores are chosen
import onnxruntime  # noqa: E402

options = onnxruntime.SessionOptions()
options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 4
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
inputs = dict(numpy.load(feed))
print(json.dumps("onnxruntime " + onnxruntime.__version__), flush=True)
for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        start = time.perf_counter()
        session.run(None, inputs)
        times.append((time.perf_counter() - start) * 1e3)
    print(json.dumps(times), flush=True)
