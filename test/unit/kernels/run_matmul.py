"""Products over edge sizes against numpy in f64: rows around the tile heights, columns and depths around the registers.

Errors are measured against the product of the norms of row and column: 2e-6 for f32, 6e-5 with rows of 16 bits,
0.12 / sqrt(K) of 8 (a wrong order of numbers gives 4 / sqrt(K)).
"""
import argparse
import itertools
import math

from kernels import Module, np, pack4, require, shape_of

ROWS = (0, 1, 2, 3, 5, 7, 8, 9, 16, 17, 33, 128, 300)
rng = np.random.default_rng(7)
checks = 0


def normal(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def check(case, got, x, w, want, limit):
    global checks
    checks += 1
    scale = np.sqrt((x.astype(np.float64) ** 2).sum(-1, keepdims=True)) * np.sqrt((w.astype(np.float64) ** 2).sum(-2, keepdims=True))
    scale = np.broadcast_to(scale, want.shape) + 1  # of bias and residual
    error = float((np.abs(got - want) / scale).max(initial=0)) if got.shape == want.shape else math.inf
    if not error <= limit:
        raise SystemExit(f"{case}, rows {x.shape}: error {error:.3g}, expected at most {limit}; shapes {got.shape} and {want.shape}")


def signature(x, y):
    """The head of @main for typed, named tensors: (name, type, dims)."""
    value = lambda name, type, dims: f'%{name}: {type} {{hone.name = "{name}", hone.dims = {dims}}}'
    return f'func.func @main({", ".join(value(*v) for v in x)}) -> ({y[1]} {{hone.name = "y", hone.dims = {y[2]}}}) {{\n'


def epilogue(y, n, wanted):
    """bias + tanh-GELU + residual, or nothing; returns its text and the same in numpy."""
    if not wanted:
        return f"return %p : {y}\n}}\n", lambda p, b, r: p
    text = f"""%b = hone.get_weight @b : tensor<{n}xf32>
%1 = hone.add %p, %b : ({y}, tensor<{n}xf32>) -> {y}
%2 = hone.gelu %1 {{tanh}} : ({y}) -> {y}
%3 = hone.add %2, %r : ({y}, {y}) -> {y}
return %3 : {y}
}}
"""
    gelu = lambda z: 0.5 * z * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))
    return text, lambda p, b, r: gelu(p + b) + r


def matmul(args):
    sizes = [*itertools.product((1, 31, 32, 33, 96), (1, 3, 32, 576)), (40, 4096), (576, 2000)]
    for i, (n, k) in enumerate(sizes):
        transposed, fused, lead = i % 2, i % 3 != 0, i % 4 == 3
        w, bias = normal(k, n), normal(n)
        with Module(args.bin_dir, args.target) as m:
            stored = w.T if transposed else w
            m.weight("w", stored, f"tensor<{shape_of(stored)}xf32>")
            m.weight("b", bias, f"tensor<{n}xf32>")
            x, y = (f"tensor<{'2x' if lead else ''}?x{size}xf32>" for size in (k, n))
            dims = lambda size: f'[{"2, " if lead else ""}"m", {size}]'
            tail, apply = epilogue(y, n, fused)
            m.compile(signature([("x", x, dims(k)), ("r", y, dims(n))], ("y", y, dims(n))) +
                      f"%w = hone.get_weight @w : tensor<{shape_of(stored)}xf32>\n"
                      f"%p = hone.matmul %x, %w {'{transpose_b}' if transposed else ''} : ({x}, tensor<{shape_of(stored)}xf32>) -> {y}\n" + tail,
                      "matmul")
            for rows in ROWS:
                shape = (2, rows) if lead else (rows,)
                x, r = normal(*shape, k), normal(*shape, n)
                check(f"n {n}, k {k}", m.run(x=x, r=r), x, w, apply(x.astype(np.float64) @ w, bias, r), 2e-6)


def plain_matmul(args):
    cases = [((), "k", "n", False), ((3,), 32, "n", True), (("b", 2), "k", 33, True), ((2, 2), "k", 64, False), ((1,), 17, 16, True)]
    for (lead, k, n, batched), transposed in itertools.product(cases, (False, True)):
        size = lambda s: "?" if isinstance(s, str) else str(s)
        tensor = lambda *s: f"tensor<{'x'.join(map(size, s))}xf32>"
        dims = lambda *s: "[" + ", ".join(f'"{d}"' if isinstance(d, str) else str(d) for d in s) + "]"
        xs, ys = (*lead, "m", k), (*lead, "m", n)
        ws = (lead if batched else ()) + ((n, k) if transposed else (k, n))
        with Module(args.bin_dir, args.target) as m:
            m.compile(signature([("x", tensor(*xs), dims(*xs)), ("w", tensor(*ws), dims(*ws))], ("y", tensor(*ys), dims(*ys))) +
                      f"%0 = hone.matmul %x, %w {'{transpose_b}' if transposed else ''} : ({tensor(*xs)}, {tensor(*ws)}) -> {tensor(*ys)}\n"
                      f"return %0 : {tensor(*ys)}\n}}\n", "matmul")
            for rows, depth, columns in itertools.product((0, 1, 3, 8, 9, 33, 150), (1, 3, 40) if k == "k" else (k,), (1, 31, 96) if n == "n" else (n,)):
                batch = tuple(3 if s == "b" else s for s in lead)
                x, w = normal(*batch, rows, depth), normal(*(batch if batched else ()), depth, columns)
                got = m.run(x=x, w=np.ascontiguousarray(np.swapaxes(w, -1, -2)) if transposed else w)
                check(f"leading {lead}, k {depth}, n {columns}, transposed {transposed}", got, x, w, x.astype(np.float64) @ w, 2e-6)


def quant_matmul(args):
    sizes = ((1, 32, 32), (31, 64, 16), (33, 576, 64), (96, 1536, 32), (40, 512, 256), (48, 2304, 128), (40, 80, 0))  # 0: one block a column
    kinds = (("ui4", "splat", True), ("ui4", "weight", True), ("i4", "none", True), ("ui8", "splat", True), ("i8", "weight", True),
             ("ui4", "weight", False), ("i8", "none", False))
    cases = [(16, *case) for case in itertools.product(sizes, kinds)] + [(8, *case) for case in itertools.product(sizes[1:4] + sizes[6:], kinds)]
    for i, (row_bits, (n, k, block), (element, zeros, by_column)) in enumerate(cases):
        outlier = 5  # weights of this step are 0: what stands there must not blur the rest of its group
        bits, signed, fused = 4 if "4" in element else 8, element[0] == "i", i % 2
        low, high = (-(1 << bits - 1), 1 << bits - 1) if signed else (0, 1 << bits)
        blocks, length = (k // block, block) if block else (1, k)
        q, scale = rng.integers(low, high, (n, k)), (rng.random((n, blocks)) / 50 + 0.01).astype(np.float32)
        zero = {"splat": np.full((n, blocks), low + 5), "weight": rng.integers(low, high, (n, blocks)), "none": np.zeros((n, blocks), int)}[zeros]
        q[:, outlier] = zero[:, outlier // length]
        w = ((q - zero.repeat(length, 1)) * scale.astype(np.float64).repeat(length, 1)).T
        bias, turn = normal(n), (lambda a: a) if by_column else (lambda a: np.ascontiguousarray(a.T))
        if not block:
            scale, zero = scale[:, 0], zero[:, 0]
        store = lambda a: pack4(turn(a)) if bits == 4 else turn(a).astype(np.uint8)
        with Module(args.bin_dir, args.target) as m:
            big, factors = shape_of(turn(q)), shape_of(turn(zero))
            m.weight("q", q, f"tensor<{big}x{element}>", store(q))
            m.weight("s", scale, f"tensor<{factors}xf32>", turn(scale))
            m.weight("z", zero, f"tensor<{factors}x{element}>", store(zero))
            m.weight("b", bias, f"tensor<{n}xf32>")
            x, y = f"tensor<?x{k}xf32>", f"tensor<?x{n}xf32>"
            z = {"splat": f"%z = hone.constant dense<{low + 5}> : tensor<{factors}x{element}> : tensor<{factors}x{element}>\n",
                 "weight": f"%z = hone.get_weight @z : tensor<{factors}x{element}>\n", "none": ""}[zeros]
            operand, type = (", %z", f", tensor<{factors}x{element}>") if z else ("", "")
            tail, apply = epilogue(y, n, fused)
            m.compile(signature([("x", x, f'["m", {k}]'), ("r", y, f'["m", {n}]')], ("y", y, f'["m", {n}]')) +
                      f"%q = hone.get_weight @q : tensor<{big}x{element}>\n%s = hone.get_weight @s : tensor<{factors}xf32>\n{z}"
                      f"%w = hone.dequantize %q, %s{operand} {{axis = {int(by_column == bool(block))} : i64, block = {block} : i64}}"
                      f" : (tensor<{big}x{element}>, tensor<{factors}xf32>{type}) -> tensor<{big}xf32>\n"
                      f"%p = hone.matmul %x, %w {{{'transpose_b, ' if by_column else ''}activation_bits = {row_bits}}} : ({x}, tensor<{big}xf32>) -> {y}\n" + tail, "quant_matmul")
            for rows in ROWS if row_bits == 16 else ROWS[1::3]:
                x, r = normal(rows, k), normal(rows, n)
                if rows > 3:  # a row of zeros, and columns that stand out as in language models
                    x[2] = 0
                    x[:, ::7] *= 30
                small = x.copy()
                if rows > 1 and k > 64 and row_bits == 16:  # one group has no other to stand out from
                    x[1, outlier], small[1, outlier] = 3000, 0
                limit = 6e-5 if row_bits == 16 else 0.12 / math.sqrt(k)
                check(f"{element}, rows of {row_bits} bits, n {n}, k {k}, block {block}, zeros {zeros}", m.run(x=x, r=r), small, w, apply(x.astype(np.float64) @ w, bias, r), limit)


def sparse_matmul(args):
    """Over AVX-512 by its own family; over AVX2 a loops kernel makes the weight dense."""
    for i, (n, k, zeros) in enumerate([(1, 32, 0.2), (31, 64, 0.5), (32, 7, 0.9), (33, 576, 0.8), (96, 1600, 0.6), (200, 40, 1.0), (100, 33, 0.0)]):
        w, bias, panels, fused = normal(k, n) * (rng.random((k, n)) >= zeros), normal(n), -(-n // 32), i % 2
        wide = np.pad(w, ((0, 0), (0, panels * 32 - n))).reshape(k, panels, 32).transpose(1, 0, 2)
        mask = ((wide != 0) << np.arange(32, dtype=np.uint64)).sum(-1).astype(np.uint32)
        counts = (wide != 0).sum(-1).ravel()
        starts = (np.cumsum(counts) - counts).astype(np.int32)
        values = np.concatenate([wide[wide != 0], np.zeros(32, np.float32)])
        with Module(args.bin_dir, args.target) as m:
            parts = f"tensor<{values.size}xf32>, tensor<{panels}x{k}xi32>, tensor<{panels}x{k}xi32>"
            for name, array, type in zip("vms", (values, mask, starts), parts.split(", ")):
                m.weight(name, array, type)
            m.weight("b", bias, f"tensor<{n}xf32>")
            x, y = f"tensor<?x{k}xf32>", f"tensor<?x{n}xf32>"
            tail, apply = epilogue(y, n, fused)
            m.compile(signature([("x", x, f'["m", {k}]'), ("r", y, f'["m", {n}]')], ("y", y, f'["m", {n}]')) +
                      "".join(f"%{name} = hone.get_weight @{name} : {type}\n" for name, type in zip("vms", parts.split(", "))) +
                      f"%w = hone.decompress %v, %m, %s {{columns = {n} : i64}} : ({parts}) -> tensor<{k}x{n}xf32>\n"
                      f"%p = hone.matmul %x, %w : ({x}, tensor<{k}x{n}xf32>) -> {y}\n" + tail, "matmul" if args.target == "x86-64-v3" else "sparse_matmul")
            for rows in ROWS:
                x, r = normal(rows, k), normal(rows, n)
                check(f"n {n}, k {k}, {zeros:.0%} zeros", m.run(x=x, r=r), x, w, apply(x.astype(np.float64) @ w, bias, r), 2e-6)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", choices=["matmul", "plain_matmul", "quant_matmul", "sparse_matmul"])
    parser.add_argument("--target", default="host")
    parser.add_argument("--bin-dir", default="build/bin")
    args = parser.parse_args()
    require(args.target)
    globals()[args.family](args)
    print(f"{checks} products agree")
