"""Fourier transforms and mel weights."""
from hone import np
from run_ops import Case


def i64(v):
    return np.array(v, np.int64)


CASES = [
    Case("dft", "(float[b,n,1] x) => (float[] y, float[] z) { y = DFT(x) z = DFT<onesided=1>(x) }", {"x": (2, 15, 1)}, {"x": (1, 16, 1)}, atol=1e-4),
    Case("dft-complex", "(float[b,n,2] x) => (float[] y, float[] z) { y = DFT(x) z = DFT<inverse=1>(y) }", {"x": (2, 12, 2)}, {"x": (1, 1, 2)}, atol=1e-4),
    Case("dft-length", "(float[b,n,m,1] x) => (float[] y, float[] z) { y = DFT(x, l, a) z = DFT(x, s, a) }", {"x": (2, 10, 3, 1)}, weights={"l": i64(13), "s": i64(6), "a": i64(1)}, atol=1e-4),
    Case("dft-opset17", "(float[b,n,m,2] x) => (float[] y) { y = DFT<axis=2>(x) }", {"x": (2, 3, 8, 2)}, opset=17, atol=1e-4),
    Case("stft", "(float[b,n,1] x) => (float[] y, float[] z) { y = STFT(x, s, w) z = STFT<onesided=0>(x, s, w, l) }", {"x": (2, 128, 1)}, {"x": (1, 50, 1)},
         weights={"s": i64(8), "l": i64(16), "w": np.hanning(16).astype(np.float32)}, opset=17, atol=1e-3),
    Case("stft-runtime-step", "(float[b,n,1] x, int64 s) => (float[] y) { y = STFT(x, s, , l) }", {"x": (1, 64, 1), "s": i64(10)}, weights={"l": i64(12)}, opset=17, atol=1e-3),
    Case("mel-weights", "(int64 n) => (float[] y) { y = MelWeightMatrix(n, l, r, a, b) }", {"n": i64(8)}, {"n": i64(3)}, opset=17,
         weights={"l": i64(64), "r": i64(8192), "a": np.float32(20), "b": np.float32(4000)}),
]
