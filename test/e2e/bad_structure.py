"""More models that must be refused, for bad_models.py: graphs whose parts do not fit each other, hostile names and
dimensions, attributes of the wrong kind, weights that lie about themselves."""
from onnx import AttributeProto, TensorProto, helper

F, I = TensorProto.FLOAT, TensorProto.INT64


def cases():
    """(name, model, words that the error line must have)"""
    from bad_models import add_weight, model, relu, tensor

    node, info = helper.make_node, helper.make_tensor_value_info

    def one(op, name, inputs=("x",), initializers=(), outputs=("y",), **attributes):
        return model([node(op, list(inputs), list(outputs), name=name, **attributes)], initializers=initializers, outputs=outputs)

    def ints(name, *values):
        return helper.make_tensor(name, I, [len(values)], values)

    def attribute(op, name, key, kind, **value):
        bad = node(op, ["x"], ["y"], name=name)
        bad.attribute.append(AttributeProto(name=key, type=kind, **value))
        return model([bad])

    def branch(nodes, outputs, name="g"):
        return helper.make_graph(nodes, name, [], [info(o, F, None) for o in outputs])

    # Graphs.
    yield "no-outputs", model([relu()], outputs=()), ["output"]
    yield "duplicate-graph-output", model([relu()], outputs=("y", "y")), ["'y'"]
    yield "input-without-type", model([relu()], inputs=[onnx_value("x")]), ["'x'"]
    yield "input-is-a-sequence", model([relu()], inputs=[helper.make_tensor_sequence_value_info("x", F, [4])]), ["'x'"]
    yield "input-rank-9", model([relu()], inputs=[info("x", F, [1] * 9)]), ["'x'|good"]
    yield "input-negative-dim", model([relu()], inputs=[info("x", F, [-3, 4])]), ["'x'"]
    yield "input-huge-dims", model([relu()], inputs=[info("x", F, [2**40, 2**40])]), ["'x'|good"]
    yield "empty-op-type", model([node("", ["x"], ["y"], name="blank")]), ["blank"]
    yield "empty-output-name", model([node("Add", ["x", "x"], [""], name="silent")]), ["'y'|silent"]
    yield "no-node-output", model([node("Relu", ["x"], [], name="mute")]), ["mute|'y'"]
    yield "too-many-outputs", one("Relu", "splits", outputs=("y", "z")), ["splits"]
    yield "two-opsets", two_opsets(model([relu()])), ["opset"]
    yield "negative-opset", model([relu()], opset=-3), ["opset"]

    # Names that would break the one line.
    yield "name-with-newline", model([node("Frobnicate", ["x"], ["y"], name="first\nerror: second")]), ["Frobnicate"]
    yield "name-with-escapes", model([node("Frobnicate", ["x"], ["y"], name="\x1b[2J\rgone")]), ["Frobnicate"]
    yield "name-of-a-megabyte", model([node("Frobnicate", ["x"], ["y"], name="n" * 1_000_000)]), []

    # Attributes.
    yield "concat-axis-huge", one("Concat", "axis_huge", ("x", "x"), axis=2**62), ["axis_huge"]
    yield "axis-missing", one("Concat", "no_axis", ("x", "x")), ["no_axis"]
    yield "reshape-negative", one("Reshape", "minus", ("x", "s"), [ints("s", -5, 4)]), ["minus"]
    yield "reshape-overflow", one("Reshape", "over", ("x", "s"), [ints("s", 2**62, 2**62)]), ["over"]
    yield "squeeze-not-one", one("Squeeze", "four", ("x", "a"), [ints("a", 1)]), ["four"]
    yield "unsqueeze-twice", one("Unsqueeze", "same", ("x", "a"), [ints("a", 0, 0)]), ["same"]
    yield "einsum-deep", one("Einsum", "letters", equation="(" * 10_000), ["letters"]

    # Control flow.
    flag = helper.make_tensor("c", TensorProto.BOOL, [], [True])
    open_flag = [info("x", F, ["n", 4]), info("c", TensorProto.BOOL, [])]
    one_of = lambda name, a, b, outputs=("y",): model([node("If", ["c"], list(outputs), name=name, then_branch=a, else_branch=b)], inputs=open_flag, outputs=outputs)
    good = lambda: branch([relu(to="b")], ["b"])
    yield "if-branch-without-output", one_of("lost", good(), branch([], [])), ["lost"]
    yield "if-output-undefined", one_of("void", good(), branch([], ["nowhere"])), ["nowhere|void"]
    body = helper.make_graph([relu(to="b")], "body", [info("i", I, [])], [info("b", F, None)])
    yield "loop-body-too-small", model([node("Loop", ["m", "c", "x"], ["y"], name="turns", body=body)], initializers=[flag, ints("m", 3)]), ["turns"]
    yield "reads-a-branch", model([node("If", ["c"], ["a"], name="hides", then_branch=branch([relu(to="inner")], ["inner"]), else_branch=branch([relu(to="inner2")], ["inner2"])),
                                   relu("inner", "y", "peeks")], initializers=[flag]), ["peeks"]

    # Weights that lie.
    both = tensor("w", [4], raw=bytes(16))
    both.float_data.extend([1.0] * 3)
    yield "weight-float-data-short", add_weight(TensorProto(name="w", dims=[4], data_type=F, float_data=[1.0, 2.0])), ["'w'"]
    yield "weight-of-strings", add_weight(TensorProto(name="w", dims=[1], data_type=TensorProto.STRING, string_data=[b"a"])), ["'w'"]
    yield "weight-wrong-field", add_weight(TensorProto(name="w", dims=[4], data_type=F, int64_data=[1, 2, 3, 4])), ["'w'"]
    yield "weight-segment", add_weight(segment(both)), ["'w'"]
    yield "weight-without-name", add_weight(tensor("", [4], raw=bytes(16))), ["adds_w|'w'|initializer"]
    sparse = model([node("Add", ["x", "w"], ["y"], name="adds_w")])
    sparse.graph.sparse_initializer.append(helper.make_sparse_tensor(tensor("w", [1], raw=bytes(4)), ints("at", 2**40), [4]))
    yield "sparse-index-outside", sparse, ["'w'|adds_w"]


def onnx_value(name):
    from hone import onnx

    return onnx.ValueInfoProto(name=name)


def two_opsets(model):
    model.opset_import.add(domain="", version=13)
    return model


def segment(tensor):
    tensor.segment.begin, tensor.segment.end = 0, 2
    return tensor
