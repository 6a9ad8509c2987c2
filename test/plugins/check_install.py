#!/usr/bin/env python3
"""Installs a build into a temporary prefix, builds the example plugin, a dialect plugin and the C example against
it, out of tree, and runs them with the installed tools: what works, and what must be refused with one line.

  check_install.py --build-dir build --cxx clang++-22 --cc clang-22
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PLUGINS = ROOT / "test" / "plugins"
MODEL = """
func.func @main(%x: tensor<4xf32> {hone.name = "x"}) -> (tensor<4xf32> {hone.name = "y"}) {
  %a = hone.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  %y = hone.relu %a : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
"""


class Checks:
    def __init__(self):
        self.failed = 0

    def run(self, title, command, code=0, words=(), lines=None):
        """Runs a command; `words` must be in its output, `lines` is how many it writes to stderr."""
        run = subprocess.run([str(part) for part in command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        wrong = [] if run.returncode == code else [f"expected exit {code}, got {run.returncode}"]
        wrong += [f"expected '{word}'" for word in words if word not in run.stdout + run.stderr]
        if lines is not None and len(run.stderr.splitlines()) != lines:
            wrong.append(f"expected {lines} lines on stderr")
        print(f"FAIL {title}: {'; '.join(wrong)}\n{run.stdout}{run.stderr}" if wrong else f"ok   {title}", flush=True)
        self.failed += bool(wrong)
        return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", type=pathlib.Path, required=True)
    parser.add_argument("--cxx", required=True)
    parser.add_argument("--cc", required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hone-install-") as name:
        folder = pathlib.Path(name)
        checks = Checks()
        check(checks, args, folder)
    sys.exit(checks.failed > 0)


def check(checks, args, folder):
    prefix = folder / "prefix"
    if not checks.run("install", ["cmake", "--install", args.build_dir, "--prefix", prefix]):
        return
    tools = {tool: prefix / "bin" / tool for tool in ("hone-opt", "hone-compile", "hone-run")}

    def build(source):
        out = folder / source.name
        configure = ["cmake", "-G", "Ninja", "-S", source, "-B", out, f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={args.cxx}",
                     f"-DCMAKE_C_COMPILER={args.cc}", "-DCMAKE_BUILD_TYPE=Release"]
        checks.run(f"configure {source.name}", configure)
        checks.run(f"build {source.name}", ["cmake", "--build", out])
        return out

    model, artifact = folder / "model.mlir", folder / "model.hone"
    model.write_text(MODEL)
    compiling = [tools["hone-compile"], model, "-o", artifact]
    checks.run("compile", compiling)
    checks.run("run", [tools["hone-run"], artifact, "--random-inputs"], words=["y: f32 [4] ="])
    example = build(ROOT / "docs" / "example-c") / "example"
    checks.run("C example", [example, artifact], words=["y f32 [4] = 0 0 0 0"])
    program = folder / "program"
    checks.run("--emit=exe", [*compiling[:-1], program, "--emit=exe"])
    checks.run("executable", [program, "--random-inputs"], words=["y: f32 [4] ="])

    fresh = folder / "fresh"
    new_pass = ROOT / "tools" / "dev" / "new-pass"
    checks.run("new-pass --plugin", [sys.executable, new_pass, "DropDoubleRelu", "--plugin", fresh], words=["next: cmake"])
    checks.run("new-pass over files", [sys.executable, new_pass, "DropDoubleRelu", "--plugin", fresh], code=1, words=["is there already"])
    checks.run("new-pass in no phase", [sys.executable, new_pass, "DropDoubleRelu", "--phase", "none"], code=1, words=["there is no passes/none", "simplify"])
    checks.run("test of a new plugin", ["ctest", "--test-dir", build(fresh), "--output-on-failure"], words=["100% tests passed"])
    plugin = build(PLUGINS / "example") / "libExamplePlugin.so"
    dialect = build(PLUGINS / "dialect") / "libDialectPlugin.so"
    foreign = build(PLUGINS / "foreign")
    load = f"--load-pass-plugin={plugin}"
    checks.run("hone-opt, a plugin's pass", [tools["hone-opt"], model, load, "--example-count-ops"], words=["hone.relu: 2"])
    checks.run("hone-opt, in a pipeline", [tools["hone-opt"], model, load, "--pass-pipeline=builtin.module(example-count-ops)"], words=["hone.relu: 2"])
    checks.run("hone-compile, a plugin's pass", [*compiling, load, "--insert-after=simplify:example-count-ops", "--explain"], words=["hone.relu: 2"])
    checks.run("hone-compile, behind import", [*compiling, load, "--insert-after=import:example-count-ops", "--explain"], words=["hone.relu: 2"])
    patterns = f"--pdl-patterns={PLUGINS / 'double-relu.mlir'}"
    checks.run("PDL before a plugin's pass", [tools["hone-opt"], model, load, patterns, "--example-count-ops"], words=["hone.relu: 1"])

    checks.run("the same in hone-compile", [*compiling, load, patterns, "--insert-after=simplify:example-count-ops", "--explain"], words=["hone.relu: 1"])

    noted = folder / "noted.mlir"
    noted.write_text(MODEL.replace("  return", '  "note.mark"(%y) : (tensor<4xf32>) -> ()\n  return'))
    checks.run("hone-opt, a plugin's dialect", [tools["hone-opt"], noted, f"--load-dialect-plugin={dialect}"], words=["note.mark"])
    checks.run("hone-opt without it", [tools["hone-opt"], noted], code=1, words=["note"])
    checks.run("hone-compile, a plugin's dialect", [tools["hone-compile"], noted, "--compile-to=import", "-o", "-", f"--load-dialect-plugin={dialect}"], words=["note.mark"])

    text = folder / "text.so"
    text.write_text("no library")
    refused = {
        "not there": (folder / "nothing.so", "does not exist"),
        "no library": (text, "can't be loaded"),
        "no plugin": (prefix / "lib" / "libHoneCompiler.so", "is no plugin of this kind: it does not export mlirGetPassPluginInfo"),
        "of dialects only": (dialect, "is no plugin of this kind"),
        "of another build": (foreign / "libOtherBuild.so", "was built for another Hone: expected Hone "),
        "with unresolved symbols": (foreign / "libUnresolved.so", "undefined symbol: honeFunctionOfAnotherBuild"),
    }
    for title, (path, words) in refused.items():
        for command in ([tools["hone-opt"], model], compiling):
            checks.run(f"{command[0].name} refuses a plugin {title}", [*command, f"--load-pass-plugin={path}"], code=1, lines=1,
                       words=["error: --load-pass-plugin: ", words])
    checks.run("a pass that the plugin lacks", [*compiling, load, "--insert-after=simplify:nope"], code=1, lines=1, words=["'nope'"])
    checks.run("a dialect plugin that is none", [tools["hone-opt"], model, f"--load-dialect-plugin={plugin}"], code=1, lines=1,
               words=["error: --load-dialect-plugin: "])


if __name__ == "__main__":
    main()
