#!/usr/bin/env python3
"""Inputs and expected outputs of the kernels beside this file, as .npy files.

  reference.py KERNEL FOLDER

Each function names its arrays; bf16 is stored as uint16. References compute in float64 from the rounded inputs.
"""
import pathlib
import sys

import numpy as np

rng = np.random.default_rng(7)


def bf16(x):
    bits = np.asarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def from_bf16(x):
    return (x.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def quarters(*shape):
    return rng.integers(-8, 9, shape) / 4


def rms_norm():
    x, w = bf16(rng.standard_normal((3, 512))), bf16(rng.standard_normal(512))
    v = from_bf16(x)
    return {"x": x, "w": w, "y": bf16(v / np.sqrt((v * v).mean(-1, keepdims=True) + 1e-5) * from_bf16(w))}


def softmax():
    x = rng.standard_normal((4, 300)).astype(np.float32)
    e = np.exp(x.astype(np.float64) - x.max(-1, keepdims=True))
    return {"x": x, "y": (e / e.sum(-1, keepdims=True)).astype(np.float32), "argmax": x.argmax(-1).astype(np.int32)}


def gemv_q4():
    q = rng.integers(0, 16, (13, 256)).astype(np.uint32)
    packed = sum(q[:, i::8] << (4 * i) for i in range(8)).astype(np.uint32)
    scales, x = quarters(13, 8).astype(np.float16), quarters(256).astype(np.float16)
    w = (q.astype(np.float64) - 8) * np.repeat(scales.astype(np.float64), 32, 1)
    return {"w": packed, "scales": scales, "x": x, "y": (w @ x).astype(np.float32)}


def gemv_int8():
    w, x = rng.integers(-128, 128, (8, 512)).astype(np.int8), rng.integers(-128, 128, 512).astype(np.int8)
    return {"w": w, "x": x, "y": w.astype(np.int32) @ x.astype(np.int32)}


def moe_count():
    experts = rng.integers(0, 24, 1000).astype(np.int32)
    counts = np.bincount(experts, minlength=24).astype(np.uint32)
    return {"experts": experts, "counts": counts, "offsets": (np.cumsum(counts) - counts).astype(np.uint32)}


def transpose():
    x = quarters(45, 70).astype(np.float32)
    return {"x": x, "y": np.ascontiguousarray(x.T)}


def rope():
    x, positions = quarters(3, 2, 32).astype(np.float16), np.array([0, 7, 200000], np.int32)
    angle = (positions[:, None] * (np.float32(10000) ** (-np.arange(16, dtype=np.float32) / 16))).astype(np.float32)
    c, s = np.cos(angle.astype(np.float64))[:, None], np.sin(angle.astype(np.float64))[:, None]
    a, b = x[..., :16].astype(np.float64), x[..., 16:].astype(np.float64)
    return {"x": x, "positions": positions, "y": np.concatenate([a * c - b * s, a * s + b * c], -1).astype(np.float16)}


def quantize_fp8():
    x = (rng.standard_normal((3, 100)) * 3).astype(np.float32)
    scales = np.abs(x).max(-1) / np.float32(448)
    v = (x / scales[:, None]).astype(np.float64)
    values = np.array([(8 + m) * 2.0 ** (e - 10) if e else m * 2.0 ** -9 for e in range(16) for m in range(8)][:127])
    place = np.abs(np.abs(v)[..., None] - values).argmin(-1)  # ties do not occur in these inputs
    return {"x": x, "y": (place | (v < 0) << 7).astype(np.uint8), "scales": scales}


def matmul_f16(n=128, k=96):
    a, b = quarters(n, k).astype(np.float16), quarters(n, k).astype(np.float16)
    return {"a": a, "b": b, "c": a.astype(np.float32) @ b.astype(np.float32).T}


def matmul_bf16():
    a, b = quarters(128, 128).astype(np.float32), quarters(128, 128).astype(np.float32)
    return {"a": bf16(a), "b": bf16(b), "c": a @ b.T}


def attention():
    q, k, v = (rng.standard_normal((n, 64)).astype(np.float16) for n in (64, 128, 128))
    s = q.astype(np.float64) @ k.astype(np.float64).T / 8
    s[np.arange(128)[None] > np.arange(64)[:, None] + 64] = -np.inf
    p = np.exp(s - s.max(-1, keepdims=True))
    return {"q": q, "k": k, "v": v, "o": (p / p.sum(-1, keepdims=True) @ v.astype(np.float64)).astype(np.float32)}


def split_k():
    x = quarters(8, 64).astype(np.float32)
    return {"x": x, "y": x.sum(0)}


def bulk_scale():
    x = quarters(4, 256).astype(np.float32)
    return {"x": x, "y": 2 * x}


def cluster_sum():
    x = quarters(1000).astype(np.float32)
    return {"x": x, "y": x.sum(keepdims=True)}


def matmul_wgmma():
    a, b = quarters(128, 320).astype(np.float16), quarters(256, 320).astype(np.float16)
    return {"a": a, "b": b, "c": a.astype(np.float32) @ b.astype(np.float32).T}


def main():
    kernel, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in globals()[kernel]().items():
        np.save(folder / f"{name}.npy", array)


main()
