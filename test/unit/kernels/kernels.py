"""Compiles modules in the hone dialect and runs them on arrays, for tests of single kernels."""
import pathlib
import shutil
import subprocess
import sys
import tempfile


def skip(reason):
    print(f"SKIPPED: {reason}", flush=True)
    sys.exit(77)


try:
    import numpy as np
except ImportError:
    skip("the Python package 'numpy' is not installed (tools/dev/setup installs it)")


def require(target):
    """Skips unless this CPU runs code for the target."""
    flags = pathlib.Path("/proc/cpuinfo").read_text().split("flags", 1)[-1].split("\n", 1)[0].split()
    needed = {"x86-64-v3": ["avx2", "fma"], "x86-64-v4": ["avx512f", "avx512bw", "avx512vl", "avx512_vnni"]}.get(target, [])
    for flag in needed:
        if flag not in flags:
            skip(f"this CPU has no {flag}")


def pack4(numbers):
    """4-bit numbers two a byte, low bits first, each row by itself."""
    numbers = numbers.astype(np.uint8) & 15
    if numbers.shape[-1] % 2:
        numbers = np.pad(numbers, [(0, 0)] * (numbers.ndim - 1) + [(0, 1)])
    return numbers[..., 0::2] | numbers[..., 1::2] << 4


def shape_of(array):
    return "x".join(str(size) for size in array.shape)


class Module:
    """A module text with weights in a file of its own, in a temporary folder; use it in a 'with'."""

    def __init__(self, bin_dir, target):
        self.bin, self.target = pathlib.Path(bin_dir), target
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hone-kernel-"))
        self.data, self.text = b"", ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)

    def weight(self, name, array, mlir_type, stored=None):
        """Adds a weight; `stored` are its bytes where they differ from the array's."""
        raw = np.ascontiguousarray(array if stored is None else stored).tobytes()
        self.text += f'hone.weight @{name} : {mlir_type} file "{self.dir}/weights" offset {len(self.data)} length {len(raw)}\n'
        self.data += raw

    def compile(self, function, family, kernels=0):
        """Compiles weights and function; fails unless a kernel of `family` came of it, and `kernels` in all where given."""
        (self.dir / "weights").write_bytes(self.data)
        (self.dir / "m.mlir").write_text(self.text + function)
        command = [self.bin / "hone-compile", self.dir / "m.mlir", f"--target={self.target}"]
        formed = self._run([*command, "--compile-to=kernels", "-o", "-"])
        if f'family = "{family}"' not in formed or kernels not in (0, formed.count('"hone.kernel"(')):
            raise SystemExit(f"expected a kernel of family {family}, got\n{formed}\nfrom\n{function}")
        self._run([*command, "-o", self.dir / "m.hone"])

    def run(self, *outputs, **inputs):
        """The outputs of these names; without names the one named y."""
        command = [self.bin / "hone-run", self.dir / "m.hone", "--quiet", "--output-dir", self.dir / "out", "--threads=2"]
        for name, value in inputs.items():
            np.save(self.dir / f"{name}.npy", value)
            command += ["--input", f"{name}={self.dir}/{name}.npy"]
        self._run(command)
        found = [np.load(self.dir / "out" / f"{name}.npy") for name in outputs or ("y",)]
        return found if outputs else found[0]

    @staticmethod
    def _run(command):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr[-2000:]}")
        return done.stdout
