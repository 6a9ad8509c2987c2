"""The second half of tools/dev/quickstart: compiles the sentence encoder, runs it, shows results and times.

Needs no packages: .npy files are written and read here. With onnxruntime installed its time is shown too.
"""
import array
import ast
import json
import math
import pathlib
import struct
import subprocess
import sys
import time

# Three sentences as the model's WordPiece vocabulary (bert-base-uncased) splits them: [CLS] words . [SEP]
SENTENCES = {
    "A cat is resting by the window.": [101, 1037, 4937, 2003, 8345, 2011, 1996, 3332, 1012, 102],
    "A kitten is sleeping in the sun by the window.": [101, 1037, 18401, 2003, 5777, 1999, 1996, 3103, 2011, 1996, 3332, 1012, 102],
    "The company reported higher profits this year.": [101, 1996, 2194, 2988, 3020, 11372, 2023, 2095, 1012, 102],
}
EMBEDDING = "461"  # the name of the output with the embedding of the whole sentence, (batch, 384)


def write_npy(path, rows):
    header = f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + array.array("q", sum(rows, [])).tobytes())


def read_npy(path):
    data = path.read_bytes()
    size = struct.unpack_from("<H", data, 8)[0]
    header = ast.literal_eval(data[10 : 10 + size].decode())
    values = array.array(header["descr"][1:].replace("f4", "f"))
    values.frombytes(data[10 + size :])
    width = header["shape"][-1]
    return [values[i : i + width] for i in range(0, len(values), width)]


def call(*command):
    print("$", " ".join(str(c) for c in command), flush=True)
    run = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True)
    if run.returncode:
        sys.exit(f"error: {pathlib.Path(command[0]).name} failed with exit code {run.returncode}, its message is above")
    return run.stdout


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def ort_time(model, feed, threads):
    """Shortest time of a run in ms, or why there is none."""
    try:
        import numpy
        import onnxruntime
    except ImportError as missing:
        return f"skipped because the Python package '{missing.name}' is not installed"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    inputs = {k: numpy.load(v) for k, v in feed.items()}
    times = []
    for _ in range(60):
        start = time.perf_counter()
        session.run(None, inputs)
        times.append((time.perf_counter() - start) * 1e3)
    return min(times[10:])


def main():
    bin_dir, model, cache, threads = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), int(sys.argv[4])
    work = cache / "quickstart"
    work.mkdir(parents=True, exist_ok=True)
    artifact = work / "sentence-encoder.hone"
    compiler = bin_dir / "hone-compile"
    start = time.perf_counter()
    call(compiler, model, "-o", artifact)
    seconds = time.perf_counter() - start

    longest = max(map(len, SENTENCES.values()))
    feed = {"input_ids": work / "input_ids.npy", "attention_mask": work / "attention_mask.npy"}
    write_npy(feed["input_ids"], [ids + [0] * (longest - len(ids)) for ids in SENTENCES.values()])
    write_npy(feed["attention_mask"], [[1] * len(ids) + [0] * (longest - len(ids)) for ids in SENTENCES.values()])
    inputs = [arg for name, file in feed.items() for arg in ("--input", f"{name}={file}")]
    call(bin_dir / "hone-run", artifact, *inputs, "--output-dir", work)
    bench = json.loads(call(bin_dir / "hone-run", artifact, *inputs, "--bench", "--json", "--warmup=10", "--reps=50", f"--threads={threads}"))

    print("\nhow alike (cosine of the embeddings, 1 = the same)")
    sentences, vectors = list(SENTENCES), read_npy(work / f"{EMBEDDING}.npy")
    for i in range(len(vectors)):
        for j in range(i):
            print(f"  {cosine(vectors[i], vectors[j]):6.3f}  {sentences[j]}  /  {sentences[i]}")
    ours, theirs = bench["min_ms"], ort_time(model, feed, threads)
    print(f"\ncompiled in {seconds:.1f} s to {artifact} ({artifact.stat().st_size / 1e6:.1f} MB)")
    print(f"one run of batch {len(SENTENCES)}, {longest} tokens, {threads} thread{'s' * (threads > 1)}: Hone {ours:.2f} ms")
    print(f"  ONNX Runtime {theirs:.2f} ms: {theirs / ours:.2f}x" if isinstance(theirs, float) else f"  ONNX Runtime: {theirs}")
    print(f"\nnext: {bin_dir}/hone-run {artifact} --inspect\n      {compiler} {model} -o {artifact} --explain\n      docs/tutorial.md")


main()
