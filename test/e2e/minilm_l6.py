"""Puts the weights of all-MiniLM-L6-v2 into its graphs as PyTorch's two exporters write them.

The graphs in graphs/ (PyTorch 2.9, eval mode, with mean pooling; 'torchscript' at opset 17, 'dynamo' at opset 23
with the standard Attention operator) hold no weights: the external data of an initializer names the tensor of
the package's safetensors file instead, and whether it is transposed.
"""
import json
import pathlib
import struct

from hone import np, onnx

GRAPHS = pathlib.Path(__file__).resolve().parent / "graphs"


def safetensors(path):
    data = np.memmap(path, np.uint8, "r")
    size = struct.unpack("<Q", data[:8])[0]
    for name, entry in json.loads(data[8 : 8 + size].tobytes()).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            yield name, data[begin:end].view(np.float32).reshape(entry["shape"])


def write(path, exporter, find_weights):
    """The model with its weights at 'path'; find_weights gives the safetensors file when it is needed."""
    if not path.exists():
        weights = dict(safetensors(find_weights()))
        model = onnx.load(GRAPHS / f"minilm-l6-{exporter}.onnx", load_external_data=False)
        for tensor in model.graph.initializer:
            source = {e.key: e.value for e in tensor.external_data}
            if source:
                value = weights[source["location"]]
                tensor.CopyFrom(onnx.numpy_helper.from_array(np.ascontiguousarray(value.T if source.get("transposed") else value), tensor.name))
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        onnx.save(model, part)
        part.rename(path)
    return path
