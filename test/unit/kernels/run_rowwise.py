"""Rowwise kernels against numpy in f64: functions over the whole range in units of the last place; roots, prologues,
epilogues, chains and rotations over edge lengths and rows, with static and dynamic sizes.
"""
import argparse
import itertools
import math

from kernels import Module, np, require

ROWS = (0, 1, 7, 33)
LENGTHS = (1, 15, 16, 17, 100, 384, 1000)
rng = np.random.default_rng(11)
checks = 0


def normal(*shape, kind=np.float32):
    return rng.standard_normal(shape).astype(kind)


def check(case, got, want, limit):
    """Every error within limit * (1 + |want|); NaN and infinities where they belong."""
    global checks
    checks += 1
    if got.shape != want.shape:
        raise SystemExit(f"{case}: expected shape {want.shape}, got {got.shape}")
    got = got.astype(np.float64)
    finite = np.isfinite(want)
    if not np.array_equal(got[~finite], want[~finite], equal_nan=True):
        raise SystemExit(f"{case}: expected other values that are not finite")
    error = float((np.abs(got - want) / (1 + np.abs(want)))[finite].max(initial=0))
    if not error <= limit:
        raise SystemExit(f"{case}: error {error:.3g}, expected at most {limit}")


class Text:
    """A function of named tensors; sizes are numbers or names."""

    def __init__(self, results, kind="f32", **inputs):
        self.kind, self.inputs, self.results = kind, inputs, results
        self.lines = []

    def type(self, sizes, kind=None):
        return "tensor<" + "".join(f"{'?' if isinstance(s, str) else s}x" for s in sizes) + f"{kind or self.kind}>"

    def value(self, name, sizes, variable=""):
        sizes, kind = (sizes[:-1], sizes[-1]) if sizes and sizes[-1] in ("i1", "i64") else (sizes, None)
        dims = "[" + ", ".join(f'"{s}"' if isinstance(s, str) else str(s) for s in sizes) + "]"
        return f'{variable}{self.type(sizes, kind)} {{hone.name = "{name}", hone.dims = {dims}}}'

    def op(self, line):
        """`$name` stands for the type of input or result `name`."""
        every = {**self.inputs, **self.results}
        for name in sorted(every, key=len, reverse=True):
            sizes = every[name]
            kind = sizes[-1] if sizes and sizes[-1] in ("i1", "i64") else None
            line = line.replace("$" + name, self.type(sizes[:-1] if kind else sizes, kind))
        self.lines.append(line)
        return self

    def __str__(self):
        arguments = ", ".join(self.value(n, s, f"%{n}: ") for n, s in self.inputs.items())
        results = ", ".join(self.value(n, s) for n, s in self.results.items())
        types = ", ".join(self.type(s) for s in self.results.values())
        body = "\n".join(self.lines)
        return f"func.func @main({arguments}) -> ({results}) {{\n{body}\nreturn {', '.join('%' + n for n in self.results)} : {types}\n}}\n"


#-- functions ---------------------------------------------------------------------------

def whole_range():
    """Every exponent, both signs, values near 1 and 0, and what is no number."""
    bits = rng.integers(0, 2**32, 20000, dtype=np.uint64).astype(np.uint32).view(np.float32)
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 1e-45, -1e-45, 1e-38, 3.4e38, -3.4e38, 88.72, 88.73, -87.4, -103.9, -104.1, 1e30, -1e30], np.float32)
    return np.concatenate([bits, special, np.linspace(-110, 95, 40001, dtype=np.float32), np.linspace(-12, 12, 40001, dtype=np.float32), normal(1000)])


def ulps(got, want):
    """Distance in units of the last place of f32 at `want`; values beyond its range count as infinite."""
    with np.errstate(all="ignore"):
        near = want.astype(np.float32)
        unit = np.spacing(np.abs(near)).astype(np.float64)
        same = (got == near) | (np.isnan(got) & np.isnan(near))
        return np.where(same, 0, np.abs(got.astype(np.float64) - want) / np.where(np.isfinite(unit), unit, 1))


def functions(args):
    global checks
    erf = np.vectorize(math.erf)
    cdf = np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)))
    sigmoid = lambda x: 1 / (1 + np.exp(-x))
    # Last places, or an error in proportion to the argument where the formula cancels.
    cases = {"exp": (np.exp, 1.5, 0), "log": (np.log, 1.5, 0), "tanh": (np.tanh, 6, 0), "erf": (erf, 6, 0),
             "sigmoid": (sigmoid, 4, 2**-126), "silu": (lambda x: x * sigmoid(x), 6, 1e-36), "softplus": (lambda x: np.logaddexp(0, x), 6, 1e-30),
             "gelu": (lambda x: x * cdf(x), 4, 3e-7), "gelu {tanh}": (lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))), 4, 3e-7)}
    x = whole_range()
    for name, (reference, limit, absolute) in cases.items():
        with Module(args.bin_dir, args.target) as m:
            call, _, attribute = name.partition(" ")
            m.compile(str(Text({"y": ["n"]}, x=["n"]).op(f"%y = hone.{call} %x {attribute} : ($x) -> $y")), "rowwise")
            feed = x
            if name in ("gelu", "silu", "gelu {tanh}"):
                feed = x[np.isfinite(x)]  # infinity times 0 is no number in the formula
            if "tanh}" in name:
                feed = feed[np.abs(feed) < 1e12]  # the cube is finite
            with np.errstate(all="ignore"):
                want = reference(feed.astype(np.float64))
            got = m.run(x=feed)
            checks += 1
            with np.errstate(all="ignore"):
                close = np.abs(got - want) <= absolute * np.clip(np.abs(feed), 1, 200)
            error = np.where(close, 0, ulps(got, want))
            worst = int(error.argmax())
            if not error[worst] <= limit:
                raise SystemExit(f"{name}({feed[worst]!r}): got {got[worst]!r}, expected {want[worst]!r}: {error[worst]:.3g} units in the last place")
            for length in (0, 1, 15, 16, 17, 65):  # tails
                x1 = np.abs(normal(length))
                check(f"{name}, {length}", m.run(x=x1), reference(x1.astype(np.float64)) if length else x1, 2e-6)


#-- rows --------------------------------------------------------------------------------

def softmax(x, log=False):
    shifted = x - x.max(-1, keepdims=True, initial=-np.inf)
    total = np.exp(shifted).sum(-1, keepdims=True)
    return shifted - np.log(total) if log else np.exp(shifted) / total


def layer_norm(x, g, b):
    d = x - x.mean(-1, keepdims=True)
    return d / np.sqrt((d * d).mean(-1, keepdims=True) + 1e-5) * g + b


def rms_norm(x, g):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * g


def norm_text(name, kind, **sizes):
    call = {"softmax": "softmax %x axis 1", "log_softmax": "softmax %x axis 1 {log}", "layer_norm": "layer_norm %x, %g, %b {epsilon = 1.0e-5 : f32}",
            "rms_norm": "rms_norm %x, %g {epsilon = 1.0e-5 : f32}"}[name]
    types = {"layer_norm": "($x, $g, $b)", "rms_norm": "($x, $g)"}.get(name, "($x)")
    return lambda text, result="y": text.op(f"%{result} = hone.{call} : {types} -> $y")


def roots(args):
    references = {"softmax": lambda x, g, b: softmax(x), "log_softmax": lambda x, g, b: softmax(x, True), "layer_norm": layer_norm, "rms_norm": lambda x, g, b: rms_norm(x, g)}
    for name, length, kind in itertools.product(references, LENGTHS, ("f32", "f16")):
        if kind == "f16" and length not in (1, 17, 384):
            continue
        for size in (length, "d") if length in (17, 1000) else (length,):
            number = np.float16 if kind == "f16" else np.float32
            with Module(args.bin_dir, args.target) as m:
                text = Text({"y": ["n", size]}, kind, x=["n", size], g=[size], b=[size])
                norm_text(name, kind)(text)
                m.compile(str(text), "rowwise")
                lengths = (size,) if isinstance(size, int) else LENGTHS
                for rows, columns in itertools.product(ROWS, lengths):
                    x, g, b = normal(rows, columns, kind=number), normal(columns, kind=number), normal(columns, kind=number)
                    want = references[name](*(a.astype(np.float64) for a in (x, g, b)))
                    check(f"{name} {kind} {rows}x{columns}", m.run(x=x, g=g, b=b), want, 1e-3 if kind == "f16" else 3e-6)


def extremes(args):
    """Numbers that a careless formula loses."""
    for length in (40, "d"):
        with Module(args.bin_dir, args.target) as m:
            m.compile(str(norm_text("softmax", "f32")(Text({"y": ["n", length]}, x=["n", length]))), "rowwise")
            x = normal(6, 40)
            x[0] = -np.inf
            x[0, 3] = 1
            x[1, 5] = np.nan
            x[2] *= 1e4
            x[3] = -3e38
            x[4, 39] = -np.inf
            with np.errstate(all="ignore"):
                check("softmax of extremes", m.run(x=x), softmax(x.astype(np.float64)), 1e-6)
        with Module(args.bin_dir, args.target) as m:
            text = Text({"y": ["n", length]}, x=["n", length], g=[length], b=[length])
            m.compile(str(norm_text("layer_norm", "f32")(text)), "rowwise")
            x = normal(4, 40) + np.float32(1e4)  # the square of the mean is 1e8 variances
            check("norm of a large mean", m.run(x=x, g=np.ones(40, np.float32), b=np.zeros(40, np.float32)), layer_norm(x.astype(np.float64), 1, 0), 2e-3)


def reductions(args):
    kinds = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod, "l1": lambda x, **k: np.abs(x).sum(**k), "sum_square": lambda x, **k: (x * x).sum(**k)}
    for i, (kind, axes) in enumerate(itertools.product(kinds, ((2,), (1, 2), (0, 1, 2), (1,), (0, 1)))):
        keeps = i % 2 == 0
        columns = 17 if 2 in axes else (33, 64, 100)[i % 3]  # rows that become one go by blocks of registers
        shape = lambda x: [1 if axis in axes else size for axis, size in enumerate(x) if keeps or axis not in axes]
        for sizes in (["n", 5, columns], ["n", "a", "d"]):
            first = 1 if 0 in axes and 2 in axes else "n"  # a row is all there is
            with Module(args.bin_dir, args.target) as m:
                text = Text({"y": shape(sizes)}, x=sizes, r=shape(sizes), c=[first, 1, 1])
                text.op("%s = hone.mul %x, %x : ($x, $x) -> $x" if kind == "prod" else "%s = hone.mul %x, %c : ($x, $c) -> $x")
                text.op(f"%p = hone.reduce {kind} %s [{', '.join(map(str, axes))}] keepdims {str(keeps).lower()} : ($x) -> $y")
                text.op("%y = hone.add %p, %r : ($y, $y) -> $y")
                m.compile(str(text), "rowwise", kernels=1)
                for rows in (1, 7) if kind in ("max", "min", "mean") else ROWS:
                    x, r, c = normal(rows, 5, columns), normal(*shape([rows, 5, columns])), normal(rows if first == "n" else 1, 1, 1)
                    wide = x.astype(np.float64)
                    want = kinds[kind](wide * wide if kind == "prod" else wide * c, axis=axes, keepdims=keeps) + r
                    check(f"{kind} {axes} {rows}", m.run(x=x, r=r, c=c), want, 2e-5)


def fused(args):
    """A residual with other readers in front, and ops behind."""
    for length, name in itertools.product((48, 1000, "d"), ("layer_norm", "rms_norm", "softmax")):
        with Module(args.bin_dir, args.target) as m:
            text = Text({"y": ["n", "s", length], "z": ["n", "s", length]}, w=["n", "s", length], r=["n", "s", length], g=[length], b=[length], c=["n", "s", 1], h=["s", length])
            text.op("%0 = hone.add %w, %r : ($w, $r) -> $w").op("%z = hone.add %0, %b : ($w, $b) -> $w")
            call = {"layer_norm": "layer_norm %z, %g, %b {epsilon = 1.0e-5 : f32} : ($w, $g, $b)", "rms_norm": "rms_norm %z, %g {epsilon = 1.0e-5 : f32} : ($w, $g)", "softmax": "softmax %z axis 2 : ($w)"}[name]
            text.op(f"%1 = hone.{call} -> $y").op("%2 = hone.mul %1, %c : ($y, $c) -> $y").op("%3 = hone.add %2, %h : ($y, $h) -> $y").op("%y = hone.add %3, %z : ($y, $y) -> $y")
            m.compile(str(text), "rowwise", kernels=1)
            columns = length if isinstance(length, int) else 77
            for n, s in ((0, 3), (1, 1), (2, 7)):
                w, r, g, b, c, h = normal(n, s, columns), normal(n, s, columns), normal(columns), normal(columns), normal(n, s, 1), normal(s, columns)
                z = w.astype(np.float64) + r + b
                root = {"layer_norm": lambda: layer_norm(z, g, b), "rms_norm": lambda: rms_norm(z, g), "softmax": lambda: softmax(z)}[name]()
                y, sums = m.run("y", "z", w=w, r=r, g=g, b=b, c=c, h=h)
                check(f"fused {name} {n}x{s}x{columns}", y, root * c + h + z, 5e-6)
                check(f"the sum in front of {name}", sums, z, 1e-6)


def masked(args):
    """Scores with a mask for all heads, and a boolean one."""
    for keys in (33, "t"):
        with Module(args.bin_dir, args.target) as m:
            text = Text({"y": ["b", 3, "s", keys]}, x=["b", 3, "s", keys], a=["b", 1, 1, keys], k=["s", keys, "i1"])
            text.op("%i = hone.constant dense<0xFF800000> : tensor<f32> : tensor<f32>")
            text.op("%0 = hone.add %x, %a : ($x, $a) -> $x").op("%1 = hone.select %k, %0, %i : ($k, $x, tensor<f32>) -> $x").op("%y = hone.softmax %1 axis 3 : ($x) -> $y")
            m.compile(str(text), "rowwise", kernels=1)
            for b, s in ((1, 1), (2, 7)):
                x, a, k = normal(b, 3, s, 33), normal(b, 1, 1, 33), rng.integers(0, 2, (s, 33)).astype(bool)
                k[:, 0] = True
                check(f"masked softmax {b}x{s}", m.run(x=x, a=a, k=k), softmax(np.where(k, x.astype(np.float64) + a, -np.inf)), 1e-6)


def chains(args):
    cases = [((["n", 6, "h", "w"], [6, 1, 1], ["n", 1, "h", "w"]), ((2, 6, 5, 7), (2, 6, 1, 33))), ((["n", 40], [40], ["n", 1]), ((0, 40), (1, 40), (33, 40))),
             ((["n", "d"], ["d"], ["n", 1]), ((7, 1), (7, 17), (1, 1000))), ((["b", "s", 48], ["b", 1, 48], ["s", 48]), ((2, 3, 48), (1, 1, 48))),
             ((["a", "b", "c", 32], ["a", 1, "c", 1], ["b", 1, 32]), ((2, 3, 4, 32),)), ((["n"], [], ["n"]), ((0,), (1,), (15,), (2500,)))]
    for sizes, shapes in cases:
        with Module(args.bin_dir, args.target) as m:
            text = Text({"y": sizes[0]}, x=sizes[0], p=sizes[1], q=sizes[2])
            text.op("%0 = hone.mul %x, %p : ($x, $p) -> $x").op("%1 = hone.silu %0 : ($x) -> $x").op("%y = hone.sub %1, %q : ($x, $q) -> $x")
            m.compile(str(text), "rowwise", kernels=1)
            for shape in shapes:
                names = dict(zip(sizes[0], shape))
                x, p, q = (normal(*(names.get(s, s) if isinstance(s, str) else s for s in size)) for size in sizes)
                z = x.astype(np.float64) * p
                z /= 1 + np.exp(-z)
                check(f"chain {shape}", m.run(x=x, p=p, q=q), z - q, 2e-6)


def rotations(args):
    for heads, size, turned, pairs in ((3, 64, 64, False), (2, 40, 24, False), (1, 80, 64, True), (4, 128, 128, True), (2, 6, 6, False)):
        for form in ("positions", "tables", "one"):
            half = turned // 2
            with Module(args.bin_dir, args.target) as m:
                tables = {"positions": [50, half], "tables": ["b", "s", half], "one": [1, "s", half]}[form]
                given = {"positions": ["b", "s", "i64"]} if form == "positions" else {}
                text = Text({"y": ["b", "s", heads * size]}, x=["b", "s", heads * size], c=tables, t=tables, **given)
                call, types = ("%x, %c, %t, %positions", "($x, $c, $t, $positions)") if given else ("%x, %c, %t", "($x, $c, $t)")
                text.op(f"%y = hone.rope {call} {{heads = {heads} : i64{', interleaved' if pairs else ''}}} : {types} -> $y")
                m.compile(str(text), "rowwise")
                for b, s in ((1, 1), (2, 7), (0, 1)):
                    x = normal(b, s, heads * size)
                    c, t = (normal(*({"b": b, "s": s}.get(d, d) for d in tables)) for _ in "ct")
                    feed = {"positions": rng.integers(0, 50, (b, s))} if given else {}
                    cos, sin = (a[feed["positions"]] if given else a for a in (c.astype(np.float64), t.astype(np.float64)))
                    heads4 = x.astype(np.float64).reshape(b, s, heads, size)
                    want = heads4.copy()
                    first, second = (slice(0, turned, 2), slice(1, turned, 2)) if pairs else (slice(0, half), slice(half, turned))
                    cos, sin = cos[:, :, None], sin[:, :, None]
                    want[..., first] = heads4[..., first] * cos - heads4[..., second] * sin
                    want[..., second] = heads4[..., second] * cos + heads4[..., first] * sin
                    check(f"rope {heads}x{size} {form} {b}x{s}", m.run(x=x, c=c, t=t, **feed), want.reshape(x.shape), 1e-6)


PARTS = {f.__name__: f for f in (functions, roots, extremes, reductions, fused, masked, chains, rotations)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--target", default="host")
    parser.add_argument("--bin-dir", required=True)
    args = parser.parse_args()
    require(args.target)
    PARTS[args.part](args)
    print(f"{args.part} on {args.target}: {checks} results agree")


main()
