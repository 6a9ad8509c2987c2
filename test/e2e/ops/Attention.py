"""Attention, rotary embedding and key/value caches: as one operator and as exporters write them out."""
from hone import np
from run_ops import Case

rng = np.random.default_rng(8)
HALF = "z = Constant<value_ints=[0]>() h = Constant<value_ints=[8]>() e = Constant<value_ints=[9223372036854775807]>() l = Constant<value_ints=[3]>() "
ROTATE = "a = Slice({x}, z, h, l) b = Slice({x}, h, e, l) n = Neg(b) r = Concat<axis=-1>(n, a) p = Mul({x}, cos) q = Mul(r, sin) y = Add(p, q)"
angle = np.outer(np.arange(64), 1 / 10000 ** (np.arange(0, 16, 2) / 16)).astype(np.float32)


def qkv(b, s, t, heads=4, kv=4, size=16):
    return {"q": (b, heads, s, size), "k": (b, kv, t, size), "v": (b, kv, t, size)}


def gqa(b, s, past, heads=4, kv=2, size=16):
    return {"q": (b, s, heads * size), "k": (b, s, kv * size), "v": (b, s, kv * size), "pk": (b, kv, past, size), "pv": (b, kv, past, size),
            "lens": np.full((b,), past + s - 1), "total": np.array(past + s)}


GQA = ("(float[b,s,64] q, float[b,s,32] k, float[b,s,32] v, float[b,2,p,16] pk, float[b,2,p,16] pv, int32[b] lens, int32 total) => (float[] y, float[] nk, float[] nv) "
       "{ y, nk, nv = com.microsoft.GroupQueryAttention<num_heads=4, kv_num_heads=2, scale=0.25%s>(q, k, v, pk, pv, lens, total%s) }")

CASES = [
    Case("scaled-dot", "(float[b,4,s,16] q, float[b,4,t,16] k, float[b,4,t,16] v) => (float[] y) { c = Constant<value_float=0.25>() t = Transpose<perm=[0,1,3,2]>(k) d = MatMul(q, t) e = Mul(d, c) f = Softmax(e) y = MatMul(f, v) }",
         qkv(1, 1, 1), qkv(1, 7, 7), qkv(2, 5, 33), qkv(2, 65, 65), atol=1e-4),
    Case("masked", "(float[b,4,s,16] q, float[b,4,t,16] k, float[b,4,t,16] v, int64[b,t] mask) => (float[] y) { ax = Constant<value_ints=[1,2]>() o = Constant<value_float=1.0>() low = Constant<value_float=-3.4028235e+38>() c = Constant<value_float=4.0>() "
         "m = Unsqueeze(mask, ax) f = Cast<to=1>(m) g = Sub(o, f) w = Mul(g, low) t = Transpose<perm=[0,1,3,2]>(k) d = MatMul(q, t) e = Div(d, c) a = Add(e, w) s = Softmax(a) y = MatMul(s, v) }",
         {**qkv(2, 5, 5), "mask": np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])}, {**qkv(1, 1, 1), "mask": np.ones((1, 1))}, atol=1e-4),
    Case("scaled-inputs", "(float[b,4,s,16] q, float[b,4,t,16] k, float[b,4,t,16] v) => (float[] y) { c = Constant<value_float=0.5>() t = Transpose<perm=[0,1,3,2]>(k) x = Mul(q, c) z = Mul(t, c) d = MatMul(x, z) f = Softmax<axis=-1>(d) y = MatMul(f, v) }",
         qkv(1, 1, 1), qkv(2, 5, 33), atol=1e-4),
    Case("repeated-heads", "(float[b,4,s,16] q, float[b,2,t,16] k, float[b,2,t,16] v, int64[5] r, int64[4] m) => (float[] y) { c = Constant<value_float=0.25>() ax = Constant<value_ints=[2]>() k5 = Unsqueeze(k, ax) ke = Expand(k5, r) kk = Reshape(ke, m) "
         "v5 = Unsqueeze(v, ax) ve = Expand(v5, r) vv = Reshape(ve, m) t = Transpose<perm=[0,1,3,2]>(kk) d = MatMul(q, t) e = Mul(d, c) f = Softmax(e) y = MatMul(f, vv) }",
         {**qkv(1, 3, 5, kv=2), "r": np.array([1, 2, 2, 5, 16]), "m": np.array([1, 4, 5, 16])}, atol=1e-4),
    Case("causal-triangle", "(float[b,4,s,16] q, float[b,4,s,16] k, float[b,4,s,16] v) => (float[] y) { z0 = Constant<value_int=2>() one = Constant<value_int=1>() ax = Constant<value_ints=[0]>() low = Constant<value_float=-3.4028235e+38>() sh = Shape(q) n = Gather(sh, z0) n1 = Unsqueeze(n, ax) nn = Concat<axis=0>(n1, n1) "
         "lo = Expand(low, nn) m = Trilu<upper=1>(lo, one) t = Transpose<perm=[0,1,3,2]>(k) d = MatMul(q, t) c = Constant<value_float=0.25>() e = Mul(d, c) a = Add(e, m) f = Softmax(a) y = MatMul(f, v) }",
         qkv(1, 1, 1), qkv(2, 7, 7), qkv(1, 66, 66), atol=1e-4),
    Case("standard", "(float[b,4,s,16] q, float[b,2,t,16] k, float[b,2,t,16] v) => (float[] y) { y = Attention<is_causal=1>(q, k, v) }", qkv(1, 1, 1, kv=2), qkv(2, 9, 9, kv=2), opset=23, atol=1e-4),
    Case("standard-mask", "(float[b,4,s,16] q, float[b,4,t,16] k, float[b,4,t,16] v, float[b,1,s,t] m) => (float[] y) { y = Attention(q, k, v, m) }", {**qkv(2, 3, 9), "m": (2, 1, 3, 9)}, opset=23, atol=1e-4),
    Case("rope-parts", "(float[b,4,s,16] x, float[1,1,s,16] cos, float[1,1,s,16] sin) => (float[] y) { " + HALF + ROTATE.format(x="x") + " }",
         {"x": (2, 4, 5, 16), "cos": (1, 1, 5, 16), "sin": (1, 1, 5, 16)}, {"x": (1, 4, 1, 16), "cos": (1, 1, 1, 16), "sin": (1, 1, 1, 16)}),
    Case("rope-ms", "(float[b,4,s,16] x, int64[b,s] pos) => (float[] y) { y = com.microsoft.RotaryEmbedding(x, pos, cc, sc) }", {"x": (2, 4, 5, 16), "pos": (2, 5)}, {"x": (1, 4, 1, 16), "pos": (1, 1)},
         weights={"cc": np.cos(angle), "sc": np.sin(angle)}, domains=("com.microsoft",), high=60,
         refused=[({"x": (1, 4, 2, 16), "pos": np.array([[3, 1000]])}, "got 1000")]),
    Case("gqa", GQA % ("", ""), gqa(1, 5, 0), gqa(1, 1, 5), gqa(2, 1, 17), gqa(1, 21, 38), gqa(2, 40, 0), domains=("com.microsoft",), atol=1e-4),
    Case("gqa-rotary", GQA % (", do_rotary=1", ", cc, sc"), gqa(1, 5, 0), gqa(1, 1, 5), gqa(2, 1, 17), gqa(1, 19, 16), weights={"cc": np.cos(angle), "sc": np.sin(angle)}, domains=("com.microsoft",), atol=1e-4),
    # Rows of a padded batch: each puts its new keys behind its own past.
    Case("gqa-lengths", GQA % ("", ""), {**gqa(3, 1, 40), "lens": np.array([6, 40, 22])}, {**gqa(2, 1, 9), "lens": np.array([9, 4])}, domains=("com.microsoft",), atol=1e-4),
    Case("gqa-lengths-rotary", GQA % (", do_rotary=1", ", cc, sc"), {**gqa(3, 1, 40), "lens": np.array([6, 40, 22])}, weights={"cc": np.cos(angle), "sc": np.sin(angle)}, domains=("com.microsoft",), atol=1e-4),
    Case("gqa-lengths-small", GQA.replace("32]", "!").replace("64]", "32]").replace("!", "16]").replace(",16] p", ",8] p") % ("", ""), {**gqa(3, 1, 12, size=8), "lens": np.array([6, 12, 0])}, domains=("com.microsoft",), atol=1e-4),
    Case("gqa-window", GQA % (", local_window_size=9", ""), gqa(1, 5, 0), gqa(1, 1, 30), gqa(1, 50, 0), gqa(1, 20, 35), domains=("com.microsoft",), atol=1e-4),
    Case("gqa-softcap", GQA % (", softcap=0.5", ""), gqa(1, 1, 5), gqa(1, 50, 0), domains=("com.microsoft",), atol=1e-4),
    Case("multi-head", "(float[b,s,64] q, float[b,t,64] k, float[b,t,64] v) => (float[] y) { y = com.microsoft.MultiHeadAttention<num_heads=4>(q, k, v) }",
         {"q": (2, 3, 64), "k": (2, 7, 64), "v": (2, 7, 64)}, domains=("com.microsoft",), atol=1e-4),
    Case("attention-ms", "(float[b,s,32] x) => (float[] y) { y = com.microsoft.Attention<num_heads=2, unidirectional=1>(x, w, c) }", {"x": (2, 6, 32)}, {"x": (1, 1, 32)},
         weights={"w": (rng.standard_normal((32, 96)) / 6).astype(np.float32), "c": rng.standard_normal(96).astype(np.float32)}, domains=("com.microsoft",), atol=1e-4),
    Case("repeat-kv", "(float[b,2,t,16] k, int64[5] s5, int64[4] s4) => (float[] y) { ax = Constant<value_ints=[2]>() u = Unsqueeze(k, ax) e = Expand(u, s5) y = Reshape(e, s4) }",
         {"k": (1, 2, 5, 16), "s5": np.array([1, 2, 3, 5, 16]), "s4": np.array([1, 6, 5, 16])}),
]
