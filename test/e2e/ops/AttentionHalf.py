"""Attention of 16-bit floats, whose head sizes a GPU's tensor cores take: caches, grouped heads, masks, windows."""
from hone import np
from run_ops import Case


def gqa(name, size, heads=6, kv=2, extra="", feeds=((1, 5, 0), (1, 1, 5), (2, 1, 70), (1, 40, 33), (2, 67, 0)), lengths=None):
    """feeds: (batch, queries, past)."""
    def feed(b, s, p):
        lens = np.full((b,), p + s - 1) if lengths is None else np.array(lengths[:b]) - 1
        return {"q": (b, s, heads * size), "k": (b, s, kv * size), "v": (b, s, kv * size), "pk": (b, kv, p, size), "pv": (b, kv, p, size), "lens": lens, "total": np.array(p + s)}

    graph = (f"(float16[b,s,{heads * size}] q, float16[b,s,{kv * size}] k, float16[b,s,{kv * size}] v, float16[b,{kv},p,{size}] pk, float16[b,{kv},p,{size}] pv, int32[b] lens, int32 total) "
             f"=> (float16[] y, float16[] nk, float16[] nv) {{ y, nk, nv = com.microsoft.GroupQueryAttention<num_heads={heads}, kv_num_heads={kv}, scale={size ** -0.5:.6f}{extra}>(q, k, v, pk, pv, lens, total) }}")
    return Case(name, graph, *(feed(*f) for f in feeds), domains=("com.microsoft",), atol=4e-3, rtol=4e-3)


def standard(name, size, value=None, heads=4, kv=4, attributes="", mask="", shape=None, feeds=((1, 1, 1), (2, 9, 9), (1, 7, 50), (1, 70, 70)), dtype="float16"):
    """The standard operator on [B, heads, S, size]. feeds: (batch, queries, keys); shape: of the mask."""
    value = value or size
    def feed(b, s, t):
        f = {"q": (b, heads, s, size), "k": (b, kv, t, size), "v": (b, kv, t, value)}
        if mask:
            m = shape(b, s, t)
            f["m"] = m if mask != "bool" else np.arange(np.prod(m)).reshape(m) % 3 > 0
        return f

    if dtype == "float16":
        declared, body = f"float16[b,{heads},s,{size}] q, float16[b,{kv},t,{size}] k, float16[b,{kv},t,{value}] v", "y = Attention{a}(q, k, v{m})"
    else:  # bf16 only inside: NumPy has no files of it
        declared = f"float[b,{heads},s,{size}] q, float[b,{kv},t,{size}] k, float[b,{kv},t,{value}] v"
        body = "q16 = Cast<to=16>(q) k16 = Cast<to=16>(k) v16 = Cast<to=16>(v) y16 = Attention{a}(q16, k16, v16) y = Cast<to=1>(y16)"
    inputs = declared + (f", {mask}[{','.join(f'm{i}' for i in range(len(shape(1, 2, 3))))}] m" if mask else "")
    return Case(name, f"({inputs}) => ({dtype if dtype == 'float16' else 'float'}[] y) {{ {body.format(a=f'<{attributes}>' if attributes else '', m=', m' if mask else '')} }}",
                *(feed(*f) for f in feeds), opset=23, atol=4e-3 if dtype == "float16" else 3e-2, rtol=4e-3 if dtype == "float16" else 2e-2)


CASES = [
    gqa("gqa-64", 64),
    gqa("gqa-32", 32, heads=4, kv=1),
    gqa("gqa-96", 96, heads=2, kv=2, feeds=((1, 3, 0), (1, 1, 20), (1, 18, 33))),
    gqa("gqa-128", 128, heads=8, kv=2, feeds=((1, 3, 0), (1, 1, 45), (1, 20, 17))),
    gqa("gqa-window", 64, extra=", local_window_size=9", feeds=((1, 5, 0), (1, 1, 50), (1, 50, 0), (1, 40, 37))),
    gqa("gqa-softcap", 64, extra=", softcap=0.5", feeds=((1, 1, 5), (1, 35, 0))),
    gqa("gqa-lengths", 64, feeds=((2, 1, 40), (2, 1, 9)), lengths=(7, 10)),
    # Keys for several blocks: 256 a block, or 64 with heads of 128.
    gqa("gqa-long", 64, feeds=((1, 1, 700), (1, 4, 509), (2, 1, 300))),
    gqa("gqa-long-128", 128, heads=4, kv=1, feeds=((1, 1, 200),)),
    gqa("gqa-long-window", 64, extra=", local_window_size=100", feeds=((1, 1, 700),)),
    gqa("gqa-long-lengths", 32, feeds=((2, 1, 900),), lengths=(7, 901)),
    standard("standard-long", 64, value=96, feeds=((1, 3, 300), (2, 16, 257))),
    standard("mask-long", 64, mask="float16", shape=lambda b, s, t: (b, 1, s, t), feeds=((1, 2, 600),)),
    standard("standard", 64),
    standard("standard-bf16", 64, dtype="bfloat16", feeds=((1, 1, 1), (2, 9, 9), (1, 40, 33))),
    standard("standard-causal", 32, attributes="is_causal=1", feeds=((1, 1, 1), (2, 9, 9), (1, 70, 70))),
    standard("standard-grouped", 64, kv=2),
    standard("standard-value-size", 64, value=32),
    standard("standard-value-96", 32, value=96, feeds=((1, 3, 9), (1, 20, 17))),
    standard("mask", 64, mask="float16", shape=lambda b, s, t: (b, 1, s, t)),
    standard("mask-heads", 64, mask="float16", shape=lambda b, s, t: (b, 4, s, t), feeds=((2, 5, 9),)),
    standard("mask-2d", 64, mask="float16", shape=lambda b, s, t: (s, t)),
    standard("mask-bool", 64, mask="bool", shape=lambda b, s, t: (b, 1, s, t)),
]
