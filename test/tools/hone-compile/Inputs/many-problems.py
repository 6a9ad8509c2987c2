"""Writes a model with problems of several kinds, some of them in a branch, and one node that is fine."""
import sys

import onnx
from onnx import TensorProto, helper

node, value = helper.make_node, helper.make_tensor_value_info
branches = {name: helper.make_graph([node(op, ["x"], [name], name=f"{name}/inner")], name, [], [value(name, TensorProto.FLOAT, None)]) for name, op in (("then", "Bar"), ("else", "Relu"))}
nodes = [
    node("Frobnicate", ["x"], ["a"], name="enc/frob", domain="my.ops"),
    node("Relu", ["a"], ["b"], name="enc/behind"),
    node("Gelu", ["x"], ["c"], name="enc/gelu"),
    node("Relu", ["x"], ["d"], name="enc/fine"),
    node("Concat", ["x", "d"], ["e"], name="enc/concat", axis=7),
    node("If", ["flag"], ["f"], name="enc/if", then_branch=branches["then"], else_branch=branches["else"]),
    node("Nameless", ["x"], ["g"]),
]
graph = helper.make_graph(nodes, "g", [value("x", TensorProto.FLOAT, ["n", 3]), value("flag", TensorProto.BOOL, [])], [value(n, TensorProto.FLOAT, None) for n in "bcdefg"])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("my.ops", 1)], ir_version=8), sys.argv[1])
