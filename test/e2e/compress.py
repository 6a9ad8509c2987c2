#!/usr/bin/env python3
"""--compress on small models, against numpy: what rounding gives, what the report says it costs, that samples help, and that
every wrong request gets one line.

  compress.py --bin-dir build/bin
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from hone import Compiled, Failure, np, onnx

rng = np.random.default_rng(3)
K, HIDDEN, OUT, VOCABULARY = 64, 96, 32, 50


def normal(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def save(path, text, opset=20, **weights):
    model = onnx.parser.parse_model(f'<ir_version: 9, opset_import: ["" : {opset}]> g {text}')
    model.graph.initializer.extend(onnx.numpy_helper.from_array(a, n) for n, a in weights.items())
    onnx.save(model, path)
    return path


def rounded(w, bits, group, zeros=False):
    """The plain form: the largest element of a group maps to the largest number."""
    g = w.reshape(w.shape[0] // group, group, w.shape[1])
    low, high = np.minimum(g.min(1, keepdims=True), 0), np.maximum(g.max(1, keepdims=True), 0)
    if zeros:
        scale = np.maximum(high - low, 1e-30) / (2**bits - 1)
        zero = np.rint(-low / scale)
        return ((np.clip(np.rint(g / scale) + zero, 0, 2**bits - 1) - zero) * scale).reshape(w.shape)
    scale = np.abs(g).max(1, keepdims=True) / (2 ** (bits - 1) - 1)
    return (np.clip(np.rint(g / scale), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) * scale).reshape(w.shape)


FLOATS8 = np.array([2.0**-9 * m for m in range(8)] + [2.0 ** (e - 7) * (1 + m / 8) for e in range(1, 16) for m in range(8)][:-1])


def rounded_float8(w, group):
    """The nearest number of f8E4M3FN; the largest element of a group maps to 448. Of two as near the one with the even last bit."""
    g = w.reshape(w.shape[0] // group, group, w.shape[1]).astype(np.float64)
    scale = np.float32(1 / 448) * np.maximum(np.abs(g).max(1, keepdims=True), 1e-30).astype(np.float32)
    size = np.minimum(np.abs(g.astype(np.float32) / scale), 448)
    above = np.clip(np.searchsorted(FLOATS8, size), 1, len(FLOATS8) - 1)
    low, high = size - FLOATS8[above - 1], FLOATS8[above] - size
    code = np.where((low < high) | ((low == high) & (above % 2 == 1)), above - 1, above)
    return (np.copysign(FLOATS8[code], g) * scale).reshape(w.shape)


def pruned(w, keep, of):
    """[inputs, outputs] with all but the `keep` largest of every `of` neighbours of a column at zero."""
    g = w.reshape(w.shape[0] // of, of, w.shape[1])
    rank = np.argsort(np.argsort(np.abs(g), axis=1, kind="stable"), axis=1, kind="stable")
    return np.where(rank >= of - keep, g, 0).reshape(w.shape)


def snr(want, got):
    return float(10 * np.log10((want.astype(np.float64) ** 2).sum() / ((want - got).astype(np.float64) ** 2).sum()))


class Test:
    def __init__(self, bin_dir, folder):
        self.bin, self.folder, self.failed, self.passed = bin_dir, folder, 0, 0
        self.w1, self.w2 = normal(K, HIDDEN) / 8, normal(HIDDEN, OUT) / 8
        self.model = save(folder / "mlp.onnx", f"(float[n,{K}] x) => (float[] y) {{ a = MatMul(x, w1) r = Relu(a) y = MatMul(r, w2) }}", w1=self.w1, w2=self.w2)
        # A few directions carry most of the inputs, as in real models.
        self.mix = normal(K, K) / (1 + np.arange(K, dtype=np.float32))[:, None]
        self.samples = folder / "samples"
        self.inputs = [normal(rows, K) @ self.mix for rows in (200, 1, 150)]
        for i, x in enumerate(self.inputs):
            (self.samples / str(i)).mkdir(parents=True)
            np.save(self.samples / str(i) / "x.npy", x)
        self.table, self.head = normal(VOCABULARY, K), normal(K, VOCABULARY) / 2
        self.language = save(folder / "language.onnx", "(int64[b,s] input_ids) => (float[] logits) { e = Gather(t, input_ids) logits = MatMul(e, h) }", t=self.table, h=self.head)
        np.save(folder / "tokens.npy", rng.integers(0, VOCABULARY, (3, 20)).astype(np.int32))

    def check(self, title, ok, why=""):
        self.passed += bool(ok)
        self.failed += not ok
        print(f"{'ok  ' if ok else 'FAIL'} {title}{'' if ok else ': ' + why}", flush=True)

    def forward(self, x, w1, w2):
        return np.maximum(x.astype(np.float64) @ w1, 0) @ w2

    def compile(self, model, *flags):
        return Compiled(self.bin, model, *flags)

    def rounding(self):
        x = self.inputs[0]
        for bits, group, flags in ((4, 32, ""), (4, 16, ",group=16"), (4, 32, ",zeros"), (8, 0, ""), (8, 32, ",group=32"), (3, 32, ",group=32"), (3, 16, ",group=16"), (4, (64, 48), ",group=64")):
            w1, w2 = (rounded(w, bits, g or w.shape[0], "zeros" in flags) for w, g in zip((self.w1, self.w2), group if isinstance(group, tuple) else (group, group)))
            spec = f"int{bits}:{flags.removeprefix(',')}"
            with self.compile(self.model, f"--compress={spec}") as compiled:
                got, want = compiled.run({"x": x}, ["y"])["y"], self.forward(x, w1, w2)
            error = float(np.abs(got - want).max() / np.abs(want).max())
            self.check(f"{spec} is what numpy rounds to", error < 1e-3, f"largest error {error:.3g}")
        # Of a table each number shows: ties, subnormal numbers, zeros, and rows whose scale is 1.
        table = normal(VOCABULARY, K)
        table[0] = np.r_[448, (FLOATS8[:-1] + FLOATS8[1:])[:40] / 2, -FLOATS8[:23]]
        table[1], table[2] = np.r_[448, (FLOATS8[:-1] + FLOATS8[1:])[-63:] / 2], 0
        model = save(self.folder / "table.onnx", "(int64[n] i) => (float[] y) { y = Gather(t, i) }", t=table)
        for flags, group in (("", K), (",group=16", 16)):
            with self.compile(model, f"--compress=fp8:embeddings{flags}") as compiled:
                got = compiled.run({"i": np.arange(VOCABULARY)}, ["y"])["y"]
            want = rounded_float8(table.T, group).T
            self.check(f"fp8{flags} is what numpy rounds to", np.allclose(got, want, 1e-6, 0), f"{np.abs(got - want).max()}")
        self.refused("floats of 8 bits by samples", ["--compress=fp8:method=gptq"], "no setting 'method'")

    def report(self):
        path = self.folder / "report.json"
        with self.compile(self.model, "--compress=int4", f"--calibrate={self.samples}", f"--report={path}"):
            pass
        stated = json.loads(path.read_text())["accuracy"]
        want = np.concatenate([self.forward(x, self.w1, self.w2) for x in self.inputs])
        got = np.concatenate([self.forward(x, rounded(self.w1, 4, 32), rounded(self.w2, 4, 32)) for x in self.inputs])
        row, mine = stated["outputs"][0], snr(want, got)
        self.check("the report's SNR", abs(row["snr_db"] - mine) < 0.05, f"{row['snr_db']} and {mine}")
        cosine = float((want * got).sum() / np.sqrt((want**2).sum() * (got**2).sum()))
        self.check("the report's cosine", abs(row["cosine"] - cosine) < 1e-4, f"{row['cosine']} and {cosine}")
        self.check("the report's sizes", stated["file_bytes"]["compressed"] < stated["file_bytes"]["original"], str(stated["file_bytes"]))

    def learning(self):
        """On inputs that were not among the samples."""
        x = normal(300, K) @ self.mix
        want, reached = self.forward(x, self.w1, self.w2), {}
        for bits in (3, 4):
            for method in ("rtn", "gptq"):
                with self.compile(self.model, f"--compress=int{bits}:method={method},group=32", f"--calibrate={self.samples}") as compiled:
                    reached[method, bits] = snr(want, compiled.run({"x": x}, ["y"])["y"])
        path = self.folder / "layers.json"
        with self.compile(self.model, "--compress=int4:method=gptq,only=a", f"--calibrate={self.samples}", f"--report={path}") as compiled:
            dump = self.folder / "only.mlir"
            subprocess.run([self.bin / "hone-compile", self.model, "--compress=int4:method=gptq,only=a", f"--calibrate={self.samples}", "--compile-to=compress", "-o", dump], check=True, stdout=subprocess.DEVNULL)
        data = np.fromfile(f"{dump}.weights", np.uint8)
        numbers = data[: K * HIDDEN // 2]
        q = np.stack([numbers & 15, numbers >> 4], -1).reshape(K, HIDDEN).astype(np.int8)
        q = np.where(q > 7, q - 16, q) * np.repeat(data[K * HIDDEN // 2 :].view(np.float32).reshape(K // 32, HIDDEN), 32, 0)
        seen, stated = np.concatenate(self.inputs), json.loads(path.read_text())["accuracy"]["layers"]
        mine = snr(seen @ self.w1, seen @ q)
        self.check("the report's layer", [l["node"] for l in stated] == ["a"] and abs(stated[0]["snr_db"] - mine) < 0.05, f"{stated} and {mine}")
        for bits in (3, 4):
            self.check(f"gptq loses less than rounding to {bits} bits", reached["gptq", bits] > reached["rtn", bits] + 2, str(reached))
        # A dump refers to the bytes beside it, and goes on from there to the same file.
        dump = self.folder / "dump.mlir"
        with self.compile(self.model, "--compress=int4:method=gptq", f"--calibrate={self.samples}") as compiled:
            direct = compiled.run({"x": x}, ["y"])["y"]
        subprocess.run([self.bin / "hone-compile", self.model, "--compress=int4:method=gptq", f"--calibrate={self.samples}", "--compile-to=compress", "-o", dump], check=True, stdout=subprocess.DEVNULL)
        with self.compile(dump, "--compile-from=fuse") as compiled:
            again = compiled.run({"x": x}, ["y"])["y"]
        self.check("a dump behind compress", np.array_equal(direct, again), "it computes something else")

    def scaled_channels(self):
        """Few channels of the inputs are large, as behind the norms of language models."""
        gain, w3 = np.where(np.arange(K) % 16 == 3, 30, 1).astype(np.float32) * (1 + rng.random(K, np.float32)), normal(K, HIDDEN) / 8
        text = f"(float[n,{K}] x) => (float[] y, float[] z) {{ l = LayerNormalization(x, g, b) a = MatMul(l, w1) c = MatMul(l, w3) r = Relu(a) m = Mul(r, c) y = MatMul(m, w2) z = MatMul(y, w4) }}"
        model = save(self.folder / "channels.onnx", text, g=gain, b=normal(K), w1=self.w1, w2=self.w2, w3=w3, w4=normal(OUT, OUT))
        samples = f"--calibrate={self.samples}"
        x, reached = {"x": normal(300, K)}, {}
        for name in ("y", "z"):
            with self.compile(model) as compiled:
                reached[name, "f32"] = compiled.run(x, [name])[name]
        specs = ("int4", "int4:method=awq", "int4:method=awq+gptq", "int8:method=awq", "int8:rows=8", "int8:rows=8,smooth", "int8:rows=8,smooth=0.5", "int8:rows=8,smooth=0.9", "int4:method=gptq")
        for spec in specs:
            with self.compile(model, f"--compress={spec}", samples) as compiled:
                got = compiled.run(x, ["y", "z"])
            for name in ("y", "z"):
                reached[name, spec] = got[name] if "smooth" in spec and name == "z" else snr(reached[name, "f32"], got[name])
        self.check("activation-aware scales lose less than rounding", reached["y", "int4:method=awq"] > reached["y", "int4"] + 3, str({s: reached["y", s] for s in specs}))
        self.check("with gptq behind them still less", reached["y", "int4:method=awq+gptq"] > reached["y", "int4:method=awq"], str({s: reached["y", s] for s in specs}))
        self.check("scales change nothing but rounding", reached["y", "int8:method=awq"] > 38, str(reached["y", "int8:method=awq"]))
        # Where kernels have no dot products of 8 bits, rows keep 16: little is left to gain.
        gain = 3 if "avx512_vnni" in pathlib.Path("/proc/cpuinfo").read_text() else 0
        self.check("smooth rows of 8 bits lose less", reached["y", "int8:rows=8,smooth"] > reached["y", "int8:rows=8"] + gain, str({s: reached["y", s] for s in specs}))
        half, same, more = (reached["z", f"int8:rows=8,smooth{v}"] for v in ("", "=0.5", "=0.9"))
        self.check("smooth is a half unless it says otherwise", np.array_equal(half, same) and not np.array_equal(half, more), "it is not")
        # A method behind another that has run the samples to the end.
        with self.compile(model, "--compress=int8:method=gptq,only=y", "--compress=int4:method=gptq,only=a", samples) as compiled:
            both = snr(reached["y", "f32"], compiled.run(x, ["y"])["y"])
        self.check("two methods that learn, the later one in front", both > reached["y", "int4:method=gptq"], f"{both:.1f} dB")

        with self.compile(model, "--compress=int8:method=awq,only=y", "--compress=int8:method=awq,only=a", samples) as compiled:
            both = snr(reached["y", "f32"], compiled.run(x, ["y"])["y"])
        self.check("two methods whose weights lie in one file that grows", both > 38, f"{both:.1f} dB")

    def ranges(self):
        """What rows are cut off at, and the file that holds it."""
        file, flags = self.folder / "ranges.json", ("--compress=int8:rows=8,smooth=0.5,range=percentile",)
        x = {"x": self.inputs[0] * 3}
        with self.compile(self.model, *flags, f"--calibrate={self.samples}", f"--calibration-file={file}") as compiled:
            learned = compiled.run(x, ["y"])["y"]
        text = file.read_text()
        with self.compile(self.model, *flags, f"--calibration-file={file}") as compiled:
            again = compiled.run(x, ["y"])["y"]
        self.check("a calibration file gives the same model without samples", np.array_equal(learned, again), "it computes something else")
        with self.compile(self.model, *flags, f"--calibrate={self.samples}", f"--calibration-file={file}"):
            pass
        self.check("a calibration file is written the same again", file.read_text() == text, "it differs")
        seen = np.concatenate(self.inputs)
        lines = {(v["node"], "channels" in v): v for v in json.loads(text)["values"]}
        self.check("it has a line a value", list(lines) == [("a", True), ("y", True), ("a", False), ("y", False)] and text.count("\n") == 4 + 5, text[:600])
        self.check("its channels are the largest inputs", np.array_equal(np.float32(lines["a", True]["channels"]), np.abs(seen).max(0)), str(lines["a", True])[:200])

        spec = "--compress=int8:rows=8,range="
        with self.compile(self.model, spec + "minmax", f"--calibrate={self.samples}", f"--calibration-file={file}"):
            pass
        first = json.loads(file.read_text())["values"][0]
        sizes = np.abs(seen)
        self.check("the largest is numpy's", np.float32(first["minmax"]) == sizes.max(), f"{first} and {sizes.max()}")
        mine = float(np.quantile(sizes, 0.9999))
        self.check("the percentile is numpy's", abs(first["percentile"] - mine) < 0.02 * sizes.max(), f"{first} and {mine}")
        step = lambda r: sizes - np.minimum(np.rint(sizes / (r / 127)), 127) * (r / 127)
        least = min((step(r) ** 2).sum() for r in np.linspace(0.1, 1, 50) * sizes.max())
        self.check("the least squared error is numpy's", (step(first["mse"]) ** 2).sum() < 1.02 * least, f"{first}")
        # Other ranges come from the same file; beyond them rows are cut off.
        limits = json.loads(file.read_text())["values"]
        for kind in ("minmax", "percentile", "entropy", "mse"):
            with self.compile(self.model, spec + kind, f"--calibration-file={file}") as compiled:
                got = compiled.run(x, ["y"])["y"]
            cut = lambda v, i: np.clip(v, -limits[i][kind], limits[i][kind])
            want = cut(np.maximum(cut(x["x"], 0) @ rounded(self.w1, 8, K), 0), 1) @ rounded(self.w2, 8, HIDDEN)
            reached, uncut = snr(want, got), snr(self.forward(x["x"], self.w1, self.w2), got)
            self.check(f"range={kind} cuts off what numpy does", reached > 30 and uncut < 25, f"{reached:.1f} dB, {uncut:.1f} dB without")
        return file

    def bad_files(self):
        file, bad = self.ranges(), self.folder / "bad.json"
        good, spec = json.loads(file.read_text()), "--compress=int8:rows=8,range=mse"
        self.refused("a calibration file for nothing", ["--compress=int4", f"--calibration-file={file}"], "smooth", "range=")
        self.refused("a calibration file for what learns from samples", ["--compress=int8:rows=8,range=mse,method=gptq", f"--calibration-file={file}"], "--calibrate")
        self.refused("a calibration file that is none", [spec, "--calibration-file=/nowhere.json"], "/nowhere.json", "--calibrate")
        self.refused("ranges for rows of 16 bits", ["--compress=int8:range=mse", f"--calibration-file={file}"], "rows=8")
        self.refused("ranges without samples or a file", [spec], "--calibrate")
        self.refused("an unknown range", ["--compress=int8:rows=8,range=best"], "entropy")
        self.refused("a calibration file without channels", ["--compress=int8:rows=8,smooth", f"--calibration-file={file}"], "'a'", "channels")
        other = save(self.folder / "other.onnx", f"(float[n,{K}] x) => (float[] y) {{ a = MatMul(x, w1) r = Relu(a) y = MatMul(r, w2) }}", w1=self.w1 + 1, w2=self.w2)
        self.refused("a calibration file of another model", [spec, f"--calibration-file={file}"], "'a'", "another weight", "--calibrate", model=other)

        def edited(title, text, *words, flags=(spec,)):
            bad.write_text(text if isinstance(text, str) else json.dumps(text))
            self.refused(f"a calibration file {title}", [*flags, f"--calibration-file={bad}"], "bad.json", *words)

        def line(**changed):
            return {**good, "values": [{**good["values"][0], **changed}, *good["values"][1:]]}

        edited("without a value", {**good, "values": good["values"][:1]}, "'y'")
        edited("with NaN", line(mse=float("nan")), "1:")
        edited("with null", line(mse=None), "'a'", "mse", "null")
        edited("with a text", line(mse="1"), "'a'", "mse")
        edited("with a size below 0", line(entropy=-1), "'a'", "entropy", "-1")
        edited("without a kind", {**good, "values": [{k: v for k, v in good["values"][0].items() if k != "mse"}]}, "mse", "nothing")
        edited("of another format", {**good, "format": "other"}, "hone-calibration-1")
        edited("with a line without a node", {**good, "values": [{}]}, "node")
        short = {"node": "a", "weight": good["values"][0]["weight"], "channels": [1, 2]}
        edited("with too few channels", {**good, "values": [short]}, str(K), "2", flags=("--compress=int8:rows=8,smooth",))
        edited("with a channel of null", {**good, "values": [{**short, "channels": [1, None]}]}, "channel 1", flags=("--compress=int8:rows=8,smooth",))

    def matches(self, spec, w1, w2, tolerance=1e-3):
        x = self.inputs[0]
        with self.compile(self.model, f"--compress={spec}") as compiled:
            got, want = compiled.run({"x": x}, ["y"])["y"], self.forward(x, w1, w2)
        error = float(np.abs(got - want).max() / np.abs(want).max())
        self.check(f"{spec} is what numpy makes of it", error < tolerance, f"largest error {error:.3g}")

    def pruning(self):
        self.matches("prune:2:4", pruned(self.w1, 2, 4), pruned(self.w2, 2, 4))
        self.matches("prune:1:8", pruned(self.w1, 1, 8), pruned(self.w2, 1, 8))
        self.matches("prune:share=0.75", pruned(self.w1, K // 4, K), pruned(self.w2, HIDDEN // 4, HIDDEN))
        self.matches("prune:magnitude=0.75,only=z", self.w1, self.w2, 1e-5)
        # One threshold: found to within 1 % of a size, so the share is what is checked.
        path = self.folder / "global.mlir"
        scaled = save(self.folder / "scaled.onnx", f"(float[n,{K}] x) => (float[] y) {{ a = MatMul(x, w1) r = Relu(a) y = MatMul(r, w2) }}", w1=self.w1, w2=self.w2 * 8)
        subprocess.run([self.bin / "hone-compile", scaled, "--compress=prune:magnitude=0.6,global", "--compile-to=compress", "-o", path], check=True, stdout=subprocess.DEVNULL)
        kept = np.fromfile(f"{path}.weights", np.float32)
        zeros, share = float((kept[: self.w1.size] == 0).mean()), float((kept == 0).mean())
        self.check("one threshold takes a share of all weights", abs(share - 0.6) < 0.01 and zeros > 0.8, f"{share:.3f} of all, {zeros:.3f} of the smaller weight")
        x = normal(300, K) @ self.mix
        want, reached = self.forward(x, self.w1, self.w2), {}
        for method in ("magnitude", "wanda", "sparsegpt"):
            with self.compile(self.model, f"--compress=prune:2:4,method={method}", f"--calibrate={self.samples}") as compiled:
                reached[method] = snr(want, compiled.run({"x": x}, ["y"])["y"])
        self.check("samples help pruning, reconstruction most", reached["magnitude"] + 0.5 < reached["wanda"] < reached["sparsegpt"] - 1, str(reached))

    def stays(self, model, spec, *shapes):
        """Shapes of arrays in the IR behind compress."""
        dump = subprocess.run([self.bin / "hone-compile", model, f"--compress={spec}", f"--calibrate={self.samples}", "--compile-to=compress", "-o", "-"], check=True, capture_output=True, text=True).stdout
        missing = [s for s in shapes if f"tensor<{s}xf32>" not in dump]
        self.check(f"{spec} shrinks arrays", not missing, f"no {missing}")

    def channels(self):
        def strongest(scores, keep):
            return np.sort(np.argsort(-scores, kind="stable")[:keep])

        norms = np.linalg.norm
        kept = strongest(norms(self.w1, axis=0) * norms(self.w2, axis=1), 72)
        mask = np.isin(np.arange(HIDDEN), kept)
        self.matches("prune:channels=0.3", self.w1 * mask, self.w2)  # 67.2 stay, rounded up to a multiple of 8
        self.stays(self.model, "prune:channels=0.3", f"{K}x72", f"72x{OUT}", "?x72")
        self.matches("prune:channels=0.05", self.w1, self.w2, 1e-5)  # 91.2 are 96
        x, x0 = self.inputs[0], self.inputs[0].astype(np.float64)
        # A gate, a bias and two products in front.
        gate, bias = normal(K, HIDDEN) / 8, normal(HIDDEN)
        text = f"(float[n,{K}] x) => (float[] y) {{ a = MatMul(x, g) p = Add(a, b) s = Sigmoid(p) h = Mul(p, s) u = MatMul(x, w1) m = Mul(h, u) y = MatMul(m, w2) }}"
        gated = save(self.folder / "gated.onnx", text, g=gate, b=bias, w1=self.w1, w2=self.w2)
        with self.compile(gated, "--compress=prune:channels=0.5,method=data", f"--calibrate={self.samples}") as compiled:
            got = compiled.run({"x": x}, ["y"])["y"]
        self.stays(gated, "prune:channels=0.5,method=data", f"{K}x48", f"48x{OUT}", "48", "?x48")
        # Which stay, and the least-squares fit of what they give: the last group of columns goes in each step.
        pre = np.concatenate(self.inputs).astype(np.float64)
        hidden = lambda x: (x @ gate + bias) / (1 + np.exp(-(x @ gate + bias))) * (x @ self.w1)
        moments = hidden(pre).T @ hidden(pre)
        moments += np.eye(HIDDEN) * 0.01 * np.diag(moments).mean()
        left = list(range(HIDDEN))
        while len(left) > 48:
            inner = np.linalg.inv(moments[np.ix_(left, left)])
            w = inner @ moments[left] @ self.w2
            left.pop(int(np.argmin((w**2).sum(1) / np.diag(inner))))
        w = np.linalg.inv(moments[np.ix_(left, left)]) @ moments[left] @ self.w2
        want = hidden(x0)[:, left] @ w
        error = float(np.abs(got - want).max() / np.abs(want).max())
        self.check("the columns that stay are fitted to samples", error < 5e-3, f"largest error {error:.3g}")
        # A value that the model returns keeps its channels.
        shown = save(self.folder / "shown.onnx", f"(float[n,{K}] x) => (float[] y, float[] r) {{ a = MatMul(x, w1) r = Relu(a) y = MatMul(r, w2) }}", w1=self.w1, w2=self.w2)
        self.stays(shown, "prune:channels=0.5", f"{K}x{HIDDEN}", f"{HIDDEN}x{OUT}")

    def sparse(self):
        """A weight with 90 % zeros is stored without them, one with 10 % is not; both compute the same."""
        w1, w2 = self.w1 * (rng.random(self.w1.shape) >= 0.9), self.w2 * (rng.random(self.w2.shape) >= 0.1)
        model = save(self.folder / "zeros.onnx", f"(float[n,{K}] x) => (float[] y) {{ a = MatMul(x, w1) r = Relu(a) y = MatMul(r, w2) }}", w1=w1.astype(np.float32), w2=w2.astype(np.float32))
        x, want = self.inputs[0], self.forward(self.inputs[0], w1, w2)
        dump = lambda *flags: subprocess.run([self.bin / "hone-compile", model, "--compile-to=compress", "-o", "-", *flags], check=True, capture_output=True, text=True).stdout
        for target, spec, count in (("x86-64-v4", "sparse", 0), ("x86-64-v4", "sparse:least=0.5", 1), ("x86-64-v3", "sparse", 0), ("x86-64-v3", "sparse:least=0", 2)):
            found = dump(f"--target={target}", f"--compress={spec}").count("= hone.decompress")
            self.check(f"{spec} for {target} stores {count} weights without zeros", found == count, f"it is {found}")
        # Enough to come from memory: of two weights the one with few zeros stays dense.
        wide = [rng.standard_normal((1024, 2048), np.float32) * (rng.random((1024, 2048), np.float32) >= zeros) for zeros in (0.1, 0.9)]
        large = save(self.folder / "large.onnx", "(float[n,1024] x) => (float[] y, float[] z) { y = MatMul(x, w1) z = MatMul(x, w2) }", w1=wide[0], w2=wide[1])
        for target, model, reason in (("x86-64-v4", large, "10 % are zeros: a row would take"), ("x86-64-v4", model, "0 MB, which stay in a cache"), ("x86-64-v3", model, "90 % are zeros: the target spreads no values")):
            spec = "sparse"
            told = subprocess.run([self.bin / "hone-compile", model, "-o", self.folder / "told.hone", f"--target={target}", f"--compress={spec}", "--explain"], check=True, capture_output=True, text=True)
            self.check(f"why a weight stays dense for {target}", reason in re.sub(r"\b(9|10|11) % are", "10 % are", re.sub(r"\b(89|90|91) % are", "90 % are", told.stdout + told.stderr)), told.stdout[-2000:])
        stored = subprocess.run([self.bin / "hone-compile", large, "--compile-to=compress", "-o", "-", "--target=x86-64-v4", "--compress=sparse"], check=True, capture_output=True, text=True).stdout
        self.check("a large weight of zeros is stored without them", stored.count("= hone.decompress") == 1, stored[-1500:])
        sizes = {}
        for spec in ("sparse:least=0.5", "sparse:least=0"):
            report = self.folder / "sparse.json"
            with self.compile(model, f"--compress={spec}", f"--calibrate={self.samples}", f"--report={report}") as compiled:
                got = compiled.run({"x": x}, ["y"])["y"]
            error = float(np.abs(got - want).max() / np.abs(want).max())
            self.check(f"{spec} computes the same", error < 1e-5, f"largest error {error:.3g}")
            sizes[spec] = json.loads(report.read_text())["accuracy"]["file_bytes"]
        saved = sizes["sparse:least=0.5"]["original"] - sizes["sparse:least=0.5"]["compressed"]
        self.check("the file has no zeros", saved > w1.size * 4 * 0.5, str(sizes))
        with self.compile(self.model, "--compress=prune:share=0.75", "--compress=sparse:least=0.5") as compiled:
            got, want = compiled.run({"x": x}, ["y"])["y"], self.forward(x, pruned(self.w1, K // 4, K), pruned(self.w2, HIDDEN // 4, HIDDEN))
        error = float(np.abs(got - want).max() / np.abs(want).max())
        self.check("pruned and stored without zeros", error < 1e-3, f"largest error {error:.3g}")

    def heads(self):
        size, queries, keys = 16, 4, 2
        wq, wk, wv, wo = normal(K, queries * size) / 8, normal(K, keys * size) / 8, normal(K, keys * size) / 8, normal(queries * size, OUT) / 8
        text = f"(float[b,s,{K}] x) => (float[] y) {{ q = MatMul(x, wq) k = MatMul(x, wk) v = MatMul(x, wv) a = Attention<q_num_heads={queries}, kv_num_heads={keys}>(q, k, v) y = MatMul(a, wo) }}"
        model = save(self.folder / "heads.onnx", text, opset=23, wq=wq, wk=wk, wv=wv, wo=wo)
        stays = int(np.argmax([np.linalg.norm(wo[g * 32 : g * 32 + 32]) for g in range(keys)]))
        x = normal(2, 7, K)
        q, k, v = ((x @ w).reshape(2, 7, -1, size) for w in (wq, wk, wv))
        out = np.zeros((2, 7, queries, size), np.float32)
        for h in (2 * stays, 2 * stays + 1):
            scores = np.einsum("bsd,btd->bst", q[:, :, h], k[:, :, stays]) / np.sqrt(size)
            p = np.exp(scores - scores.max(-1, keepdims=True))
            out[:, :, h] = np.einsum("bst,btd->bsd", p / p.sum(-1, keepdims=True), v[:, :, stays])
        want = out.reshape(2, 7, -1) @ wo
        with self.compile(model, "--compress=prune:heads=0.5") as compiled:
            got = compiled.run({"x": x}, ["y"])["y"]
        error = float(np.abs(got - want).max() / np.abs(want).max())
        self.check("prune:heads=0.5 is what numpy makes of the heads that stay", error < 1e-3, f"largest error {error:.3g}")
        dump = subprocess.run([self.bin / "hone-compile", model, "--compress=prune:heads=0.5", "--compile-to=compress", "-o", "-"], check=True, capture_output=True, text=True).stdout
        self.check("prune:heads=0.5 shrinks arrays", all(t in dump for t in ("heads = 2", "kv_heads = 1", f"tensor<{K}x32xf32>", f"tensor<{K}x16xf32>", f"tensor<32x{OUT}xf32>")), dump)

    def low_rank(self):
        u, s, v = np.linalg.svd(self.w1, full_matrices=False)
        self.matches("lowrank:rank=16,only=a", (u[:, :16] * s[:16]) @ v[:16], self.w2)
        share = np.cumsum(s**2) / (s**2).sum()
        r = int(np.searchsorted(share, 0.6)) + 1
        self.matches("lowrank:energy=0.6,only=a", (u[:, :r] * s[:r]) @ v[:r], self.w2)
        self.matches("lowrank:rank=60", self.w1, self.w2, 1e-5)  # no smaller: stays
        x = normal(300, K) @ self.mix
        want, reached = self.forward(x, self.w1, self.w2), {}
        for method in ("svd", "data"):
            with self.compile(self.model, f"--compress=lowrank:rank=12,method={method}", f"--calibrate={self.samples}") as compiled:
                reached[method] = snr(want, compiled.run({"x": x}, ["y"])["y"])
        self.check("factors of outputs beat factors of weights", reached["data"] > reached["svd"] + 2, str(reached))

    def corrected(self):
        """Thin products of what rounding changed."""
        x = normal(300, K) @ self.mix
        want, reached = self.forward(x, self.w1, self.w2), {}
        for method in ("rtn", "gptq"):
            for rank in (0, 8, K):
                with self.compile(self.model, f"--compress=int4:method={method},rank={rank}", f"--calibrate={self.samples}") as compiled:
                    reached[method, rank] = snr(want, compiled.run({"x": x}, ["y"])["y"])
        for method in ("rtn", "gptq"):
            self.check(f"a correction helps {method}", reached[method, 0] + 1.5 < reached[method, 8], str(reached))
            self.check(f"the whole correction of {method} gives the model back", reached[method, K] > 40, str(reached))

    def floats(self):
        x = self.inputs[0]
        want = self.forward(x, self.w1, self.w2)
        for spec, least in (("f16", 55), ("bf16", 38), ("int8:rows=8", 30), ("int8", 38), ("fp8", 28)):
            with self.compile(self.model, f"--compress={spec}") as compiled:
                reached = snr(want, compiled.run({"x": x}, ["y"])["y"])
            self.check(f"{spec} is as near as its bits allow", least < reached < least + 30, f"{reached:.1f} dB")

    def refitting(self):
        seen, x = np.concatenate(self.inputs), normal(300, K) @ self.mix
        small = pruned(self.w1, 1, 4)
        y, t = seen.astype(np.float64) @ small, seen.astype(np.float64) @ self.w1
        slope = ((y * t).mean(0) - y.mean(0) * t.mean(0)) / y.var(0)
        want = np.maximum((x @ small) * slope + t.mean(0) - slope * y.mean(0), 0) @ self.w2
        samples = f"--calibrate={self.samples}"
        with self.compile(self.model, "--compress=prune:1:4,only=a", "--compress=refit", samples) as compiled:
            got = compiled.run({"x": x}, ["y"])["y"]
        error = float(np.abs(got - want).max() / np.abs(want).max())
        self.check("refit is least squares", error < 1e-3, f"largest error {error:.3g}")
        want = self.forward(x, self.w1, self.w2)
        for spec, gain in (("prune:1:4", 1), ("prune:channels=0.25", 0), ("lowrank:rank=16", -0.1), ("int3:group=64", 0.1), ("int4:method=awq", -0.1), ("int4:rank=8", 0), ("int8:rows=8", -0.1)):
            reached = []
            for more in ((), ("--compress=refit",)):
                with self.compile(self.model, f"--compress={spec}", *more, samples) as compiled:
                    reached.append(snr(want, compiled.run({"x": x}, ["y"])["y"]))
            self.check(f"refit behind {spec}", reached[1] >= reached[0] + gain, f"from {reached[0]:.2f} to {reached[1]:.2f} dB")

    def searching(self):
        path, reached = self.folder / "search.json", []
        for budget, wide, dense in (("snr:12dB", (0, 0), (0, 0)), ("snr:30dB", (1, 2), (0, 0)), ("snr:70dB", (0, 0), (2, 2))):
            with self.compile(self.model, "--compress=auto:group=16", f"--accuracy-budget={budget}", f"--calibrate={self.samples}", f"--report={path}") as compiled:
                got = np.concatenate([compiled.run({"x": x}, ["y"])["y"] for x in self.inputs])
            points, least = json.loads(path.read_text())["search"], float(budget[4:-2])
            last, mine = points[-1], snr(np.concatenate([self.forward(x, self.w1, self.w2) for x in self.inputs]), got)
            good = mine >= least and last["within_budget"] and wide[0] <= last["products_of_8_bits"] <= wide[1] and dense[0] <= last["dense_products"] <= dense[1]
            self.check(f"auto within {budget}", good, f"{mine:.1f} dB, {[(p['products_of_8_bits'], p['dense_products'], p['within_budget']) for p in points]}")
            reached.append(last["file_bytes"]["compressed"])
        # The report as a picture, and a report without a search as one line.
        picture, plot = self.folder / "search.svg", [sys.executable, pathlib.Path(__file__).resolve().parents[2] / "tools/dev/plot_search.py"]
        done = subprocess.run([*plot, path, "-o", picture], capture_output=True, text=True)
        self.check("plot-search draws the report", done.returncode == 0 and picture.is_file() and "within the budget" in picture.read_text().replace("&#32;", " "), done.stdout + done.stderr)
        empty = self.folder / "empty.json"
        empty.write_text("{}")
        done = subprocess.run([*plot, empty], capture_output=True, text=True)
        self.check("plot-search refuses a report without a search", done.returncode == 1 and done.stderr.startswith("error: ") and "--compress=auto" in done.stderr, done.stderr)
        self.check("a tighter budget takes a larger file", reached[0] < reached[1] < reached[2], str(reached))

    def perplexity(self):
        path, tokens = self.folder / "language.json", np.load(self.folder / "tokens.npy")
        for spec, table in (("int4", self.table), ("int8:embeddings", rounded(self.table.T, 8, K).T)):
            bits = int(spec[3])
            with self.compile(self.language, f"--compress={spec}", f"--eval-tokens={self.folder / 'tokens.npy'}", f"--report={path}"):
                pass
            stated = json.loads(path.read_text())["accuracy"]
            for side, t, h in (("original", self.table, self.head), ("compressed", table, rounded(self.head, bits, 32 if bits == 4 else K))):
                logits = t.astype(np.float64)[tokens[:, :-1]] @ h
                likely = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
                mine = float(np.exp(-np.take_along_axis(likely, tokens[:, 1:, None].astype(np.int64), 2).mean()))
                self.check(f"perplexity of {spec}, {side}", abs(stated["perplexity"][side] / mine - 1) < 1e-3, f"{stated['perplexity'][side]} and {mine}")

    def refused(self, title, flags, *words, model=None):
        out = self.folder / "refused.hone"
        run = subprocess.run([self.bin / "hone-compile", model or self.model, "-o", out, *flags], capture_output=True, text=True, timeout=60)
        errors = run.stderr.splitlines()
        ok = run.returncode == 1 and len(errors) == 1 and errors[0].startswith("error: ") and all(w in errors[0] for w in words) and not out.exists()
        self.check(f"refused: {title}", ok, f"exit {run.returncode}, {run.stderr[:300]!r}{', left a file' if out.exists() else ''}")

    def bad_requests(self):
        samples = f"--calibrate={self.samples}"
        self.refused("an unknown method", ["--compress=int5"], "int5", "int3 int4 int8")
        self.refused("an unknown setting", ["--compress=int4:blocks=3"], "blocks", "group")
        self.refused("a setting without its value", ["--compress=int4:group"], "group=")
        self.refused("a value that is no number", ["--compress=int4:group=many"], "many")
        self.refused("a setting twice", ["--compress=int4:group=16,group=32"], "twice")
        self.refused("zero points with gptq", ["--compress=int4:method=gptq,zeros", samples], "symmetric")
        self.refused("zero points with awq", ["--compress=int4:method=awq,zeros", samples], "awq is symmetric")
        self.refused("zero points with 3 bits", ["--compress=int3:zeros"], "3 bits are symmetric")
        self.refused("zero points with a correction", ["--compress=int4:zeros,rank=4"], "symmetric")
        self.refused("awq without samples", ["--compress=int4:method=awq"], "--calibrate")
        self.refused("refit without samples", ["--compress=int4", "--compress=refit"], "--calibrate")
        self.refused("refit of nothing", ["--compress=refit", samples], "in front")
        self.refused("refit with a setting", ["--compress=int4", "--compress=refit:rows=8", samples], "no setting 'rows'")
        self.refused("smooth without samples", ["--compress=int8:rows=8,smooth"], "--calibrate")
        self.refused("smooth with rows of 16 bits", ["--compress=int8:smooth", samples], "rows=8")
        self.refused("smooth by more than all", ["--compress=int8:rows=8,smooth=2", samples], "below 1")
        self.refused("smooth and awq", ["--compress=int8:rows=8,smooth,method=awq", samples], "either")
        self.refused("gptq without samples", ["--compress=int4:method=gptq"], "--calibrate")
        self.refused("pruning by samples without any", ["--compress=prune:2:4,method=wanda"], "--calibrate")
        self.refused("a ratio and a share", ["--compress=prune:2:4,share=0.5"], "either")
        self.refused("a ratio that keeps all", ["--compress=prune:4:4"], "4:4")
        self.refused("a share of all", ["--compress=prune:share=1"], "below 1")
        self.refused("one threshold for groups", ["--compress=prune:2:4,global"], "either")
        self.refused("one threshold by samples", ["--compress=prune:global,method=wanda", samples], "magnitude")
        self.refused("channels and elements", ["--compress=prune:channels=0.5,share=0.5"], "either")
        self.refused("channels by another method", ["--compress=prune:channels=0.5,method=wanda", samples], "method=data")
        self.refused("elements by the method of channels", ["--compress=prune:share=0.5,method=data", samples], "channels=")
        self.refused("a multiple without channels", ["--compress=prune:2:4,multiple=4"], "channels=")
        self.refused("a multiple of none", ["--compress=prune:channels=0.5,multiple=0"], "multiple")
        budget = "--accuracy-budget=cosine:0.9"
        self.refused("auto without a budget", ["--compress=auto", samples], "--accuracy-budget")
        self.refused("auto without samples", ["--compress=auto", budget], "--calibrate")
        self.refused("auto beside others", ["--compress=auto", "--compress=int8", samples, budget], "alone")
        self.refused("rank and energy", ["--compress=lowrank:rank=4,energy=0.5"], "either")
        self.refused("rows of 4 bits", ["--compress=int8:rows=4"], "16|8")
        self.refused("samples without a method", [samples], "--compress")
        self.refused("a folder that is none", ["--compress=int4", "--calibrate=/nowhere"], "/nowhere")
        self.refused("a budget without samples", ["--compress=int4", "--accuracy-budget=cosine:0.9"], "--calibrate")
        self.refused("a budget of no kind", ["--compress=int4", samples, "--accuracy-budget=best"], "cosine:0.999")
        self.refused("a budget that is not met", ["--compress=int4", samples, "--accuracy-budget=snr:60dB"], "output 'y'", "snr")
        self.refused("perplexity without tokens", ["--compress=int4", samples, "--accuracy-budget=ppl:+1%"], "--eval-tokens")
        self.refused("a phase that does not run", ["--compress=int4", "--compile-to=simplify"], "compress")
        self.refused("tokens for a model without ids", ["--compress=int4", f"--eval-tokens={self.folder / 'tokens.npy'}"], "input_ids")
        np.save(self.folder / "large.npy", np.full((1, 4), VOCABULARY))
        self.refused("tokens outside the vocabulary", ["--compress=int4", f"--eval-tokens={self.folder / 'large.npy'}"], str(VOCABULARY), model=self.language)
        bad = self.folder / "bad" / "one"
        bad.mkdir(parents=True)
        calibrate = f"--calibrate={bad.parent}"
        for flags in (["--compress=int4"], ["--compress=int4:method=gptq"]):
            for stale in bad.glob("*"):
                stale.unlink()
            kind = flags[0].removeprefix("--compress=")
            self.refused(f"a sample without an input, {kind}", [*flags, calibrate], "x.npy")
            np.save(bad / "x.npy", np.full((2, K), np.nan, np.float32))
            self.refused(f"a sample of NaN, {kind}", [*flags, calibrate], "finite")
            np.save(bad / "x.npy", normal(2, K + 1))
            self.refused(f"a sample of another shape, {kind}", [*flags, calibrate], str(K))
            np.save(bad / "x.npy", normal(2, K))
            np.save(bad / "z.npy", normal(2, K))
            self.refused(f"a file that is no input, {kind}", [*flags, calibrate], "z.npy")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        test = Test(args.bin_dir, pathlib.Path(folder))
        for part in (test.rounding, test.pruning, test.channels, test.heads, test.sparse, test.low_rank, test.corrected, test.floats, test.refitting, test.scaled_channels, test.searching, test.report, test.learning, test.perplexity, test.bad_files, test.bad_requests):
            try:
                part()
            except Failure as why:
                test.check(part.__name__, False, str(why))
    print(f"compress: {test.passed} of {test.passed + test.failed} checks")
    sys.exit(bool(test.failed))


main()
