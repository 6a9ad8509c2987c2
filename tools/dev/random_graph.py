#!/usr/bin/env python3
"""Writes a random ONNX model and inputs for it; the same seed gives the same model.

  random-graph --seed 7 --ops 40 -o graph.onnx

Values have a dynamic dimension `n`, and are shared as residuals are. Each value is computed with NumPy in double precision, for the inputs and
for inputs that differ by 1e-6 of each element: a recipe (tools/dev/graph_recipes.py) whose values then differ by more than 3e-5 of their largest element,
are not finite, over 1000 or all near zero is taken back. What is left is well conditioned: two right programs differ by little.
Beside FILE a folder has the inputs, for two sizes of n.
"""
import argparse
import pathlib

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from graph_recipes import RECIPES, Rejected

SIZES = (3, 5)  # of n: where both shapes of a value agree, it is static
OPSET = 18
FLOAT = onnx.TensorProto.FLOAT


class Builder:
    """A graph that grows. Its values are names; each has been computed for the inputs, for perturbed inputs, and for another n."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.weights, self.inputs, self.values, self.count = [], {}, [], [], 0
        self.arrays = {}
        self.width = self.choose([8, 12, 16, 33])
        shapes = [["n", self.width], ["n", 4, self.width], [4, self.width], [2, "n", self.width], ["n", 2, 4, 8], ["n", 1, self.width]]
        for i, at in enumerate(self.rng.choice(len(shapes), size=2 + self.below(2), replace=False)):
            self.add_input(f"x{i}", shapes[at])

    def add_input(self, name, dims):
        plain, other = (self.rng.standard_normal([n if d == "n" else d for d in dims]).astype(np.float32) for n in SIZES)
        moved = plain * (1 + 1e-6 * self.rng.choice([-1.0, 1.0], plain.shape))
        self.arrays[name] = [plain.astype(np.float64), moved, other.astype(np.float64)]
        self.inputs.append((name, dims))
        self.values.append(name)

    # What recipes ask.
    def choose(self, items):
        return items[self.below(len(items))]

    def below(self, limit):
        return int(self.rng.integers(limit))

    def flip(self, chance=0.5):
        return bool(self.rng.random() < chance)

    def array(self, value):
        return self.arrays[value][0]

    def shape(self, value):
        return list(self.array(value).shape)

    def dims(self, value):
        """Sizes for both n: equal where the dimensions are the same expression."""
        return list(zip(self.arrays[value][0].shape, self.arrays[value][2].shape))

    def rank(self, value):
        return self.array(value).ndim

    def is_static(self, value, axis):
        return len(set(self.dims(value)[axis])) == 1

    def broadcasts(self, a, b):
        return all(x == y or (1, 1) in (x, y) for x, y in zip(reversed(self.dims(a)), reversed(self.dims(b))))

    def value(self, fits=lambda value: True):
        """One that fits; recent ones more often, so that graphs get deep, and old ones, so that they have residuals."""
        found = [v for v in self.values if fits(v)]
        if not found:
            raise Rejected("no value fits")
        return self.choose(found[-4:] if self.flip(0.7) else found)

    # What recipes add.
    def constant(self, array):
        self.count += 1
        name = f"c{self.count}"
        self.weights[name] = array
        self.arrays[name] = [array.astype(np.float64) if array.dtype == np.float32 else array] * 3
        return name

    def weight(self, shape, mean=0.0, scale=0.3):
        return self.constant((mean + scale * self.rng.standard_normal(shape)).astype(np.float32))

    def number(self, value):
        return self.constant(np.array(value, np.float32))

    def integers(self, values):
        return self.constant(np.array(values, np.int64))

    def scalar(self, value):
        return self.constant(np.array(value, np.int64))

    def node(self, kind, *inputs, outputs=1, free=False, **attributes):
        """`free`: what it computes is no number to take care of."""
        self.count += 1
        names = [f"v{self.count}" + "abc"[i : i + 1] * (outputs > 1) for i in range(outputs)]
        node = onnx.helper.make_node(kind, inputs, names, name=f"{kind}_{self.count}", **attributes)
        computed = [self.compute(node, [self.arrays[i][way] for i in inputs]) for way in range(3)]
        for i, name in enumerate(names):
            self.arrays[name] = [arrays[i] for arrays in computed]
            if not free:
                self.check(name)
        self.nodes.append(node)
        return names if outputs > 1 else names[0]

    @staticmethod
    def compute(node, arrays):
        value = lambda name, array=None: onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype) if array is not None else FLOAT, None)
        graph = onnx.helper.make_graph([node], "g", [value(n, a) for n, a in zip(node.input, arrays)], [value(n) for n in node.output])
        with np.errstate(all="ignore"):
            return ReferenceEvaluator(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)])).run(None, dict(zip(node.input, arrays)))

    def check(self, name):
        plain, moved, other = self.arrays[name]
        if plain.dtype == bool:
            return
        if plain.dtype != np.float64:
            raise TypeError(f"{name}: computed as {plain.dtype}")
        if plain.ndim > 5 or plain.size > 4096 or not min(plain.size, other.size):
            raise Rejected("too large, or empty")
        size = np.abs(plain).max()
        if not all(np.isfinite(a).all() and np.abs(a).max() < 1000 for a in (plain, moved, other)) or size < 1e-3:
            raise Rejected("not finite, huge, or all zeros")
        if np.abs(moved - plain).max() > 3e-5 * size:
            raise Rejected("ill-conditioned")

    def grow(self, ops):
        recipes, weights = list(RECIPES), np.array(list(RECIPES.values()))
        while len(self.nodes) < ops:
            before = len(self.nodes), set(self.weights), set(self.arrays)
            try:
                self.values.append(recipes[self.rng.choice(len(recipes), p=weights / weights.sum())](self))
            except Rejected:
                del self.nodes[before[0] :]
                self.weights = {n: a for n, a in self.weights.items() if n in before[1]}
                self.arrays = {n: a for n, a in self.arrays.items() if n in before[2]}
        return self

    def model(self):
        """All values that nothing reads are outputs."""
        read = {name for node in self.nodes for name in node.input}
        outputs = [v for v in self.values if v not in read and v not in dict(self.inputs)]
        info = lambda name, dims: onnx.helper.make_tensor_value_info(name, FLOAT, dims)
        graph = onnx.helper.make_graph(self.nodes, "random", [info(n, d) for n, d in self.inputs if n in read],
                                       [info(o, [a if a == b else None for a, b in self.dims(o)]) for o in outputs],
                                       [onnx.numpy_helper.from_array(a, n) for n, a in self.weights.items()])
        return onnx.helper.make_model(graph, ir_version=9, opset_imports=[onnx.helper.make_opsetid("", OPSET)])

    def feeds(self, model):
        """The inputs, for each size of n."""
        return [{i.name: self.arrays[i.name][way].astype(np.float32) for i in model.graph.input} for way in (0, 2)]


def random_graph(seed, ops):
    """(model, inputs for each size of n)"""
    builder = Builder(seed).grow(ops)
    model = builder.model()
    onnx.checker.check_model(model)
    return model, builder.feeds(model)


def save(file, model, feeds):
    """The model and its inputs; returns the flags that name the inputs, for each size of n."""
    file.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, file)
    folder, flags = file.with_name(file.stem + "-inputs"), []
    for size, feed in zip(SIZES, feeds):
        (folder / f"n{size}").mkdir(parents=True, exist_ok=True)
        for name, array in feed.items():
            np.save(folder / f"n{size}" / f"{name}.npy", array)
        flags.append(" ".join(f"--input {name}={folder}/n{size}/{name}.npy" for name in feed))
    return flags


def main():
    parser = argparse.ArgumentParser(prog="random-graph", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ops", type=int, default=40, help="nodes, at least (%(default)s)")
    parser.add_argument("-o", dest="output", type=pathlib.Path, required=True, metavar="FILE.onnx")
    args = parser.parse_args()
    if args.seed < 0 or args.ops < 1:
        parser.error("expected a seed of at least 0 and at least one op")
    model, feeds = random_graph(args.seed, args.ops)
    print(f"{args.output}: {len(model.graph.node)} nodes, {len(model.graph.output)} outputs\ninputs: {save(args.output, model, feeds)[0]}")


if __name__ == "__main__":
    main()
