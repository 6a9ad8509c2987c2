"""The ONNX backend tests as files: unpacks the suite once, and turns a test's tensors into .npy files and back.

A test's data are TensorProto files; types that .npy lacks (bf16, f8, 4 bits) are written as their bits.
"""
import pathlib
import shutil
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from hone import np, onnx  # noqa: E402
from models import CACHE, shared  # noqa: E402

GROUPS = ("node", "simple", "light", "pytorch-converted", "pytorch-operator")  # 'real' has only addresses of models


class NoFiles(Exception):
    """A test whose data can't be files: sequences, optionals, strings."""


def unpack():
    archive = shared("suites/onnx-backend-tests-1802.tar.xz")
    folder = CACHE.parent / "conformance"
    if not (folder / "done").exists():
        print(f"unpacking {archive.name}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        (folder / "done").touch()
    return folder / "onnx/backend/test/data"


class Test:
    def __init__(self, group, path):
        self.group, self.path = group, path
        self.name = f"{group}/{path.stem if group == 'light' else path.name}"
        self.model = path if group == "light" else path / "model.onnx"

    def tensors(self):
        """({input: array}, {output: array}); inputs that are left out are missing."""
        graph = onnx.load(self.model, load_external_data=False).graph
        weights = {i.name for i in graph.initializer}
        inputs = [i for i in graph.input if i.name not in weights] if self.group == "light" else list(graph.input)
        if self.group == "light":
            from onnx.backend.test.runner import Runner

            feed = {i.name: Runner.generate_dummy_data(i, seed=0, name="", random=False) for i in inputs}
            return feed, {graph.output[0].name: load(self.model.with_name(f"{self.model.stem}_output_0.pb"), graph.output[0])}
        data = self.path / "test_data_set_0"
        read = lambda kind, values: {v.name: load(f, v) for i, v in enumerate(values) if (f := data / f"{kind}_{i}.pb").exists()}
        return read("input", inputs), read("output", graph.output)


def load(file, value):
    if value.type.WhichOneof("value") not in ("tensor_type", None):
        raise NoFiles(f"{value.name} is a {value.type.WhichOneof('value').removesuffix('_type')}")
    tensor = onnx.TensorProto()
    tensor.ParseFromString(file.read_bytes())
    if tensor.data_type == onnx.TensorProto.STRING:
        raise NoFiles(f"{value.name} holds strings")
    return onnx.numpy_helper.to_array(tensor)


def as_bits(array):
    """The array as a type that .npy has."""
    return array if array.dtype.kind in "biufc" and array.dtype.isbuiltin == 1 else array.view({1: np.uint8, 2: np.uint16}[array.dtype.itemsize])


def all_tests(folder):
    for group in GROUPS:
        for path in sorted((folder / group).iterdir()):
            if path.suffix == ".onnx" if group == "light" else (path / "model.onnx").exists():
                yield Test(group, path)


def difference(name, got, want, rtol=1e-3, atol=1e-7):
    """Why 'got' is not what the suite expects, or an empty text."""
    if got.dtype != want.dtype and want.dtype.isbuiltin != 1 and got.dtype.itemsize == want.dtype.itemsize:
        got = got.view(want.dtype)
    if got.dtype != want.dtype or got.shape != want.shape:
        return f"{name}: expected {want.dtype}{list(want.shape)}, got {got.dtype}{list(got.shape)}"
    if want.dtype.isbuiltin != 1:
        rtol, got, want = max(rtol, 2**-6), got.astype(np.float32), want.astype(np.float32)
    if want.dtype.kind in "fc":
        bad = ~np.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True)
    else:
        bad = got != want
    if not bad.any():
        return ""
    at = tuple(int(i) for i in np.argwhere(bad)[0])
    return f"{name}: {np.count_nonzero(bad)} of {bad.size} differ, first at {list(at)}: expected {want[at]}, got {got[at]}"
