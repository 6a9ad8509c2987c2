"""What the benchmark measures: a name, how to get the model, and the inputs of one call."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from hone import np, onnx  # noqa: E402
from models import CACHE, MODELS  # noqa: E402

rng = np.random.default_rng(0)


class Row:
    """llm: (form, 'prefill' or 'decode', tokens) lets the generators take part, which time whole steps with sampling."""

    def __init__(self, name, model, feed, llm=None):
        self.name, self.model, self.feed, self.llm = name, model, feed, llm


def real(name):
    return MODELS[name].find


def sentence(batch, length, types=False):
    feed = {"input_ids": rng.integers(5, 20000, (batch, length)), "attention_mask": np.ones((batch, length), np.int64)}
    return feed | ({"token_type_ids": np.zeros((batch, length), np.int64)} if types else {})


def step(tokens, past, layers=30):
    caches = {f"past_key_values.{i}.{k}": rng.standard_normal((1, 3, past, 64)).astype(np.float32) for i in range(layers) for k in ("key", "value")}
    return {"input_ids": rng.integers(5, 40000, (1, tokens)), "attention_mask": np.ones((1, past + tokens), np.int64), **caches}


def small(name, text, weights, inputs):
    """A model of one operator, in the cache folder."""
    def write():
        path = CACHE / "bench" / f"{name.replace(' ', '-')}.onnx"
        path.parent.mkdir(parents=True, exist_ok=True)
        model = onnx.parser.parse_model(f'<ir_version: 9, opset_import: ["" : 20, "com.microsoft" : 1]> g {text}')
        model.graph.initializer.extend(onnx.numpy_helper.from_array(a, n) for n, a in weights().items())
        onnx.save(model, path)
        return path

    return Row(name, write, lambda: {n: rng.standard_normal(shape).astype(np.float32) for n, shape in inputs.items()})


def matmul(m, k, n):
    return small(f"matmul f32 {m}x{k}x{n}", f"(float[m,{k}] x) => (float[] y) {{ y = MatMul(x, w) }}",
                 lambda: {"w": (rng.standard_normal((k, n)) / 16).astype(np.float32)}, {"x": (m, k)})


def int4(m, k, n):
    return small(f"matmul int4 {m}x{k}x{n}", f"(float[m,{k}] x) => (float[] y) {{ y = com.microsoft.MatMulNBits<K={k}, N={n}, bits=4, block_size=32, accuracy_level=4>(x, w, s) }}",
                 lambda: {"w": rng.integers(0, 256, (n, k // 32, 16)).astype(np.uint8), "s": (0.01 + 0.01 * rng.random((n, k // 32))).astype(np.float32)}, {"x": (m, k)})


def rowwise(name, call, weights=lambda: {}):
    return small(name, f"(float[n,m] x) => (float[] y) {{ y = {call} }}", weights, {"x": (512, 1024)})


ROWS = [
    Row("MiniLM-L3 1x16", real("minilm-l3"), lambda: sentence(1, 16)),
    Row("MiniLM-L3 1x128", real("minilm-l3"), lambda: sentence(1, 128)),
    Row("MiniLM-L3 8x128", real("minilm-l3"), lambda: sentence(8, 128)),
    Row("MiniLM-L6 1x128", real("minilm-l6-torchscript"), lambda: sentence(1, 128, types=True)),
    Row("SmolLM2 fp32 prefill 128", real("smollm2-genai-fp32"), lambda: step(128, 0), ("genai-fp32", "prefill", 128)),
    Row("SmolLM2 fp32 decode at 128", real("smollm2-genai-fp32"), lambda: step(1, 128), ("genai-fp32", "decode", 1)),
    Row("SmolLM2 int4 prefill 128", real("smollm2-genai-int4"), lambda: step(128, 0), ("genai-int4", "prefill", 128)),
    Row("SmolLM2 int4 decode at 128", real("smollm2-genai-int4"), lambda: step(1, 128), ("genai-int4", "decode", 1)),
    # The same with accuracy_level 1: rows of 16 bits instead of 8.
    Row("SmolLM2 int4 level 1 prefill 128", real("smollm2-genai-int4-f32"), lambda: step(128, 0), ("genai-int4-f32", "prefill", 128)),
    Row("SmolLM2 int4 level 1 decode at 128", real("smollm2-genai-int4-f32"), lambda: step(1, 128), ("genai-int4-f32", "decode", 1)),
    Row("PP-OCR det 320x320", real("ppocr-det"), lambda: {"x": rng.standard_normal((1, 3, 320, 320)).astype(np.float32)}),
    Row("Silero op15 1x576", real("silero-op15"), lambda: {"input": 0.1 * rng.standard_normal((1, 576)).astype(np.float32), "sr": np.array(16000, np.int64), "state": np.zeros((2, 1, 128), np.float32)}),
    # Shapes of small and large language models: projections, both halves of the MLP, a head; one token and a prompt.
    matmul(1, 576, 1536), matmul(1, 4096, 4096), matmul(16, 2048, 2048), matmul(128, 576, 576), matmul(128, 1536, 576), matmul(128, 2048, 8192), matmul(512, 1024, 4096),
    int4(1, 576, 1536), int4(1, 4096, 4096), int4(128, 2048, 2048),
    rowwise("softmax 512x1024", "Softmax(x)"),
    rowwise("layer norm 512x1024", "LayerNormalization(x, g, b)", lambda: {"g": np.ones(1024, np.float32), "b": np.zeros(1024, np.float32)}),
    rowwise("gelu 512x1024", "Gelu(x)"),
]
