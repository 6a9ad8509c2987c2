"""More models that must be refused (see bad_models.py): operators with attributes, constants and shapes that can't be,
sub-graphs and functions that do not fit, and small models that stand for something huge."""
from bad_models import F, external, model, relu, tensor
from hone import np, onnx
from onnx import AttributeProto, TensorProto, helper

IMAGE = [helper.make_tensor_value_info("x", F, [1, 4, 8, 8])]
SEQUENCE = [helper.make_tensor_value_info("x", F, [5, 1, 4])]
WEIGHT = tensor("w", [4, 4, 3, 3], raw=bytes(576))
LSTM = [tensor("w", [1, 12, 4], raw=bytes(192)), tensor("r", [1, 12, 3], raw=bytes(144))]


def constant(name, value):
    return onnx.numpy_helper.from_array(np.array(value), name)


def one(op, *constants, inputs=None, outputs=("y",), opset=20, domain="", extra=(), **attributes):
    """A model of one node 'bad' that reads x and the constants."""
    weights = [c if isinstance(c, TensorProto) else constant(f"c{i}", c) for i, c in enumerate(constants)]
    node = helper.make_node(op, ["x", *(w.name for w in weights)], outputs, name="bad", domain=domain, **attributes)
    node.attribute.extend(extra)
    return model([node], inputs, outputs[:1], weights, opset, (domain,) if domain else ())


def graph(source, op="Relu"):
    return helper.make_graph([helper.make_node(op, [source], ["r"], name="inner")], "g", [], [helper.make_tensor_value_info("r", F, None)])


def branches(then, otherwise, kind=TensorProto.BOOL, outputs=("y",)):
    inputs = [helper.make_tensor_value_info("x", F, [2, 4]), helper.make_tensor_value_info("c", kind, [])]
    return model([helper.make_node("If", ["c"], outputs, name="bad", then_branch=then, else_branch=otherwise)], inputs)


def calls(*functions):
    """A call of the first function; (name, inputs, outputs, nodes) each."""
    result = model([helper.make_node(functions[0][0], ["x"], ["y"], name="bad", domain="local")], domains=("local",))
    for name, inputs, outputs, nodes in functions:
        result.functions.append(helper.make_function("local", name, inputs, outputs, nodes, [helper.make_opsetid("", 20), helper.make_opsetid("local", 1)]))
    return result


def local(op, source, to):
    return helper.make_node(op, [source], [to], name=f"{op}.{to}", domain="local")


def chain(op, steps, **attributes):
    return model([helper.make_node(op, [f"v{i}" if i else "x"] * 2, [f"v{i + 1}" if i + 1 < steps else "y"], name=f"bad{i}", **attributes) for i in range(steps)])


def cases():
    operators = {
        "string-as-perm": one("Transpose", perm="abc"),
        "float-as-axis": one("Softmax", axis=1.5),
        "axis-out-of-range": one("Softmax", axis=2**62),
        "perm-twice": one("Transpose", perm=[0, 0]),
        "split-does-not-add-up": one("Split", [3, 3], axis=1, outputs=("y", "z")),
        "split-negative": one("Split", [-3, 7], axis=1, outputs=("y", "z")),
        "split-outputs": one("Split", axis=1, num_outputs=10**9, outputs=("y", "z")),
        "reshape-open-twice": one("Reshape", [-1, -1]),
        "reshape-by-floats": one("Reshape", [1.0, 4.0]),
        "expand-negative": one("Expand", [-3, 1, 1]),
        "expand-too-large": one("Expand", [2**31, 2**31, 1, 1]),
        "tile-negative": one("Tile", [-1, 1]),
        "pad-too-large": one("Pad", [0, 2**62, 0, 2**62]),
        "pad-cuts-too-much": one("Pad", [0, -9, 0, -9]),
        "pad-reflects-too-far": one("Pad", [0, 100, 0, 100], mode="reflect"),
        "pad-mode": one("Pad", [0, 1, 0, 1], mode="zigzag"),
        "slice-step-0": one("Slice", [0], [1], [0], [0]),
        "slice-axis-twice": one("Slice", [0, 0], [1, 1], [0, 0]),
        "gather-by-floats": one("Gather", np.zeros(1, np.float32)),
        "gathernd-too-deep": one("GatherND", [[0, 0, 0, 0]]),
        "scatter-shapes": one("ScatterElements", [[0]], np.zeros((9, 9), np.float32)),
        "scatternd-shapes": one("ScatterND", [[0]], np.zeros((9, 9), np.float32)),
        "conv-group": one("Conv", WEIGHT, inputs=IMAGE, group=3),
        "conv-stride-0": one("Conv", WEIGHT, inputs=IMAGE, strides=[0, 0]),
        "conv-dilation": one("Conv", WEIGHT, inputs=IMAGE, dilations=[2**61, 2**61]),
        "conv-kernel-shape": one("Conv", WEIGHT, inputs=IMAGE, kernel_shape=[5, 5]),
        "conv-auto-pad": one("Conv", WEIGHT, inputs=IMAGE, auto_pad="WRONG"),
        "conv-bias": one("Conv", WEIGHT, np.zeros(7, np.float32), inputs=IMAGE),
        "conv-transpose-group": one("ConvTranspose", WEIGHT, inputs=IMAGE, group=3),
        "pool-without-kernel": one("MaxPool", inputs=IMAGE),
        "pool-kernel": one("AveragePool", inputs=IMAGE, kernel_shape=[2**62, 2]),
        "lstm-hidden-size": one("LSTM", *LSTM, inputs=SEQUENCE, hidden_size=99),
        "lstm-direction": one("LSTM", *LSTM, inputs=SEQUENCE, hidden_size=3, direction="up"),
        "lstm-activation": one("LSTM", *LSTM, inputs=SEQUENCE, hidden_size=3, activations=["Zip"]),
        "einsum": one("Einsum", np.zeros((4, 4), np.float32), equation="ij,jk->->l..$"),
        "resize-by-0": one("Upsample", np.float32([1, 1, 0, 0]), inputs=IMAGE, opset=9),
        "resize-by-nan": one("Upsample", np.float32([1, 1, np.nan, 1]), inputs=IMAGE, opset=9),
        "topk-too-many": one("TopK", [2**40], outputs=("y", "i")),
        "topk-negative": one("TopK", [-1], outputs=("y", "i")),
        "depth-to-space-block": one("DepthToSpace", inputs=IMAGE, blocksize=2**40),
        "onehot-depth": one("OneHot", 2**62, np.zeros(2, np.float32)),
        "block-size": one("DequantizeLinear", np.float32([1, 1]), inputs=[helper.make_tensor_value_info("x", TensorProto.INT8, [4])], opset=21, axis=0, block_size=-3),
        "nbits-block": one("MatMulNBits", np.zeros((2, 1, 16), np.uint8), np.zeros(2, np.float32), domain="com.microsoft", K=4, N=2, bits=4, block_size=0),
        "attention-heads": one("Attention", np.zeros((1, 3, 32), np.float32), np.zeros((1, 3, 32), np.float32), inputs=[helper.make_tensor_value_info("x", F, [1, 3, 32])], opset=23, q_num_heads=0, kv_num_heads=0),
        "if-count": branches(graph("x"), graph("x"), outputs=("y", "z")),
        "if-ranks": branches(graph("x"), graph("x", "Shape")),
        "if-condition": branches(graph("x"), graph("x"), F),
        "if-without-graph": one("If", extra=[AttributeProto(name=n, i=3, type=AttributeProto.INT) for n in ("then_branch", "else_branch")]),
        "function-output": calls(("A", ["a"], ["nowhere"], [relu("a", "b")])),
        "function-inputs": calls(("A", [], ["b"], [relu("x", "b")])),
        "unknown-string-constant": one("Reshape", helper.make_tensor("s", TensorProto.STRING, [1], [b"a"])),
    }
    for name, content in operators.items():
        yield name, content, ["bad|'s'"]
    for name, numbers in {"nan": (0, np.nan, 1), "infinite": (0, np.inf, 1), "tiny-steps": (0, 1, 1e-30)}.items():
        weights = [constant(f"c{i}", np.float32(v)) for i, v in enumerate(numbers)]
        yield f"range-{name}", model([helper.make_node("Range", ["c0", "c1", "c2"], ["y"], name="bad")], [], initializers=weights), ["bad"]
    yield "if-reads-itself", branches(graph("y"), graph("x")), ["inner", "'y'"]
    yield "functions-in-a-ring", calls(("A", ["a"], ["b"], [local("B", "a", "b")]), ("B", ["a"], ["b"], [local("A", "a", "b")])), ["A.b|B.b|bad"]
    # Each function calls the next one twice: 2^29 nodes.
    doubling = [(f"F{i}", ["a"], ["b"], [local(f"F{i + 1}", "a", "t"), local(f"F{i + 1}", "t", "b")]) for i in range(29)]
    yield "functions-without-end", calls(*doubling, ("F29", ["a"], ["b"], [relu("a", "b")])), ["nodes"]
    yield "doubling", chain("Concat", 60, axis=0), ["bad"]
    yield "many-problems", model([helper.make_node("Frobnicate", ["x"], [f"v{i}"], name=f"bad{i}") for i in range(5000)] + [relu()]), ["bad0"]
    yield "external-folder", external("."), ["'w'"]
    yield "external-device", external("device.bin", 0, 16), ["'w'"]
    yield "external-overflow", external("data.bin", 2**63 - 8, 16), ["'w'"]
    yield "external-long", external("data.bin", 8, 2**63 - 1), ["'w'"]
    yield "external-around", external("inner/../../outside.bin", 0, 16), ["'w'"]
