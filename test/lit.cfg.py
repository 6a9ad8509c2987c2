# The lit suite: .mlir and .test files under test/, which run the tools.
# A test of one folder: build/../lit -v build/test --filter passes/fuse
import os
import platform
import subprocess

import lit.formats
import lit.util

config.name = "Hone"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.hone_build, "test", "lit")
config.excludes = ["Inputs", "e2e", "conformance", "bench", "plugins"]

bin_dir = os.path.join(config.hone_build, "bin")
config.environment["PATH"] = os.pathsep.join([bin_dir, config.hone_llvm_bin, config.environment["PATH"]])
for name in ("HOME", "XDG_CACHE_HOME", "HONE_CACHE"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

for tool in ("hone-opt", "hone-compile", "hone-run", "hone-sim", "hone-lsp-server"):
    config.substitutions.append((r"(?<![-\w/.])%s(?![-\w/.=])" % tool, os.path.join(bin_dir, tool)))
if lit.util.which("ptxas", config.environment["PATH"]) or os.access("/usr/local/cuda/bin/ptxas", os.X_OK):
    config.available_features.add("ptxas")
else:
    lit_config.note("tests that require ptxas are unsupported: there is no CUDA toolkit here")
for tool in ("FileCheck", "not", "split-file", "count"):
    config.substitutions.append((r"(?<![-\w/.%%])%s(?![-\w/.=])" % tool, os.path.join(config.hone_llvm_bin, tool)))
config.substitutions.append(("%python", os.path.join(config.hone_source, "tools", "dev", "python")))
config.substitutions.append(("%hone_lib", os.path.join(config.hone_build, "lib")))
config.substitutions.append(("%hone_source", config.hone_source))

# Features: a test says REQUIRES: name when a machine may lack it.
if subprocess.run([os.path.join(config.hone_source, "tools", "dev", "python"), "-c", "import onnx"], capture_output=True).returncode == 0:
    config.available_features.add("python-onnx")
else:
    lit_config.note("tests that require python-onnx are unsupported: tools/dev/setup installs the package")
if config.hone_sanitize:
    config.available_features.add("sanitizer")
try:
    flags = open("/proc/cpuinfo").read().split("flags", 1)[1].split("\n", 1)[0].split()
except (OSError, IndexError):
    flags = []
for feature, flag in (("avx2", "avx2"), ("avx512", "avx512f"), ("avx512-vnni", "avx512_vnni"), ("avx512-bf16", "avx512_bf16")):
    if flag in flags:
        config.available_features.add(feature)
    else:
        lit_config.note("tests that require %s are unsupported: this %s has none" % (feature, platform.machine()))
