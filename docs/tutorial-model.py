"""Writes the tutorial's model: y = gelu(x w + b), with GELU spelled out as PyTorch's exporter does."""
import sys

import numpy as np
import onnx

GRAPH = """<ir_version: 9, opset_import: ["" : 17]> ffn (float[n, 8] x) => (float[n, 512] y) {
  product = MatMul(x, w)
  h = Add(product, b)
  scaled = Div(h, root)
  e = Erf(scaled)
  gate = Add(e, one)
  both = Mul(h, gate)
  y = Mul(both, half)
}"""
rng = np.random.default_rng(0)
weights = {"w": rng.standard_normal((8, 512)) / 8, "b": rng.standard_normal(512) / 8, "root": 2**0.5, "one": 1.0, "half": 0.5}

model = onnx.parser.parse_model(GRAPH)
for name, value in weights.items():
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(value), name))
for node in model.graph.node:
    node.name = "ffn/" + node.op_type + "/" + node.output[0]
onnx.save(model, sys.argv[1])
