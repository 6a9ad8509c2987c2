"""Calls hone-compile and hone-run for the end-to-end tests, and compares tensors.

A skipped test exits with 77 after one line that says why; ctest shows it as skipped.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SHARED = ROOT.parent / "shared"


def skip(reason):
    print(f"SKIPPED: {reason}", flush=True)
    sys.exit(77)


try:
    import numpy as np
    import onnx
    import onnxruntime as ort
except ImportError as missing:
    skip(f"the Python package '{missing.name}' is not installed (tools/dev/setup installs it)")


class Failure(Exception):
    """A test did not pass; the text says what happened."""


def file_of(name):
    return name.replace("/", "_").replace(":", "_") + ".npy"


def first_error(stderr):
    lines = stderr.strip().splitlines()
    return next((line for line in lines if line.startswith("error")), lines[0] if lines else "no message")[:300]


def bad_machine_code(explanation):
    """The first finding of the assembler that no kernel may have; empty without one."""
    return next((line.strip() for line in explanation.splitlines() if "spills registers" in line or "(C75" in line), "")


class Compiled:
    """A compiled model in a temporary folder; use it in a 'with'. Kernels of a GPU that spill registers, or whose wgmma the assembler serialises, are failures."""

    def __init__(self, bin_dir, model, *flags, timeout=600):
        self.bin, self.dir = pathlib.Path(bin_dir), pathlib.Path(tempfile.mkdtemp(prefix="hone-e2e-"))
        self.file = self.dir / "model.hone"
        explanation = self.dir / "explain.txt"
        run = subprocess.run([self.bin / "hone-compile", model, "-o", self.file, f"--explain={explanation}", *flags], capture_output=True, text=True, timeout=timeout)
        reason = f"hone-compile: exit {run.returncode}: {first_error(run.stderr)}" if run.returncode else bad_machine_code(explanation.read_text())
        if reason:
            shutil.rmtree(self.dir)
            raise Failure(reason)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)

    def run(self, feed, outputs, *flags, timeout=600):
        """Runs once; feed and the result are {name: array}."""
        to = self.dir / "out"
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir()
        command = [self.bin / "hone-run", self.file, "--output-dir", to, *flags]
        for i, (name, value) in enumerate(feed.items()):
            np.save(self.dir / f"in{i}.npy", value.view(np.uint16) if value.dtype.name == "bfloat16" else value)
            command += ["--input", f"{name}={self.dir}/in{i}.npy"]
        run = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
        if run.returncode:
            raise Failure(f"hone-run: exit {run.returncode}: {first_error(run.stderr)}")
        missing = [name for name in outputs if not (to / file_of(name)).is_file()]
        if missing:
            raise Failure(f"hone-run: no file for output {missing[0]}")
        return {name: np.load(to / file_of(name)) for name in outputs}


def reference(model):
    """ONNX Runtime with its graph rewrites off, so that it computes what the model says."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    source = model.SerializeToString() if isinstance(model, onnx.ModelProto) else str(model / "model.onnx" if model.is_dir() else model)
    return ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def compare(name, got, want, atol, rtol):
    """Largest absolute error; raises Failure with the worst element when one is outside."""
    if got.dtype != want.dtype or got.shape != want.shape:
        raise Failure(f"output {name}: expected {want.dtype}{list(want.shape)}, got {got.dtype}{list(got.shape)}")
    if want.dtype.kind not in "fc":
        different = np.count_nonzero(got != want)
        if different:
            at = np.unravel_index(int(np.argmax(got != want)), want.shape)
            raise Failure(f"output {name}: {different} of {want.size} elements differ, first at {[int(i) for i in at]}: expected {want[at]}, got {got[at]}")
        return 0.0
    with np.errstate(invalid="ignore"):
        same = (got == want) | (np.isnan(got) & np.isnan(want))
        error = np.where(same, 0, np.abs(got.astype(np.float64) - want.astype(np.float64)))
        bad = ~(same | (error <= atol + rtol * np.abs(want.astype(np.float64))))
    if bad.any():
        at = np.unravel_index(int(np.argmax(np.where(bad, np.nan_to_num(error, nan=np.inf), -1))), error.shape)
        raise Failure(f"output {name}: {np.count_nonzero(bad)} of {bad.size} outside, worst at {[int(i) for i in at]}: expected {want[at]:.7g}, got {got[at]:.7g}")
    return float(error.max(initial=0))
