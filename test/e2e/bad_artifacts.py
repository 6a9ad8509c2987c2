#!/usr/bin/env python3
"""Gives hone-run damaged and foreign files and wrong inputs, and both tools disks and folders that can't be written:
each must end with exit 1, one 'error:' line, no signal and no output file.

  bad_artifacts.py --bin-dir build/bin [--seed N]
"""
import argparse
import os
import pathlib
import random
import resource
import struct
import subprocess
import sys
import tempfile

from hone import np

MODEL = """
func.func @main(%x: tensor<?x64xf32> {hone.dims = ["n", 64], hone.name = "x"}, %i: tensor<?xi64> {hone.dims = ["n"], hone.name = "i"}) -> (tensor<?x64xf32> {hone.name = "y"}) {
  %w = hone.get_weight @w : tensor<64x64xf32>
  %m = hone.matmul %x, %w : (tensor<?x64xf32>, tensor<64x64xf32>) -> tensor<?x64xf32>
  %y = hone.relu %m : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
hone.weight @w : tensor<64x64xf32> file "w.bin" offset 0 length 16384
"""


class Checks:
    def __init__(self, folder):
        self.folder, self.passed, self.failed = folder, 0, 0

    def refused(self, title, command, words=(), leaves=None, code=1, **options):
        run = subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace", timeout=60, **options)
        errors = [line for line in run.stderr.splitlines() if line.startswith("error:")]
        wrong = [] if run.returncode == code else [f"exit {run.returncode}"]
        if len(errors) != 1 or len(run.stderr.splitlines()) != 1:
            wrong.append(f"expected one error line, got {run.stderr[:300]!r}")
        wrong += [f"the error does not say '{word}'" for word in words if word not in run.stderr]
        if leaves and (found := [p.name for p in leaves.parent.glob(leaves.name + "*")]):
            wrong.append(f"left {found[0]}")
        if wrong:
            print(f"FAIL {title}: {'; '.join(wrong)}; {run.stderr[:200]}", flush=True)
        self.passed += not wrong
        self.failed += bool(wrong)


def npy(header, data=b""):
    text = header.encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def damaged(checks, run, artifact, rng):
    """Files cut, altered and exchanged at places that a seed picks; a change is refused wherever it is but in padding."""
    good, path = artifact.read_bytes(), checks.folder / "bad.hone"

    def refused(title, content, *words):
        path.write_bytes(content)
        checks.refused(title, [*run, path, "--random-inputs"], words)

    for length in [0, 1, 3, 4, 64, 87, 88, *(rng.randrange(len(good)) for _ in range(20)), len(good) - 1]:
        refused(f"cut to {length} bytes", good[:length])
    code, weights, weight_bytes, meta, meta_bytes = struct.unpack("<5Q", good[-88:-48])
    for what, start, size in (("code", 0, code), ("weights", weights, weight_bytes), ("metadata", meta, meta_bytes), ("footer", len(good) - 88, 88)):
        for _ in range(8):
            at = start + rng.randrange(size)
            changed = bytearray(good)
            changed[at] ^= 1 << rng.randrange(8)
            refused(f"{what} altered at {at}", bytes(changed))
    refused("random bytes", rng.randbytes(20_000), "is not a Hone artifact")
    refused("random bytes with a footer", rng.randbytes(20_000) + good[-88:])
    refused("another program", pathlib.Path(sys.executable).read_bytes()[:2_000_000], "footer")
    refused("longer by a byte", good + b"\0")
    refused("a page in front", bytes(4096) + good)
    refused("twice its footer", good + good[-88:])
    checks.refused("a folder", [*run, checks.folder, "--inspect"], ["is not a regular file"])
    checks.refused("a device", [*run, "/dev/zero", "--inspect"], ["is not a regular file"])
    checks.refused("not there", [*run, checks.folder / "none.hone", "--inspect"], ["No such file"])


def inputs(checks, run, artifact):
    x, i = checks.folder / "x.npy", checks.folder / "i.npy"
    np.save(i, np.zeros(2, np.int64))

    def refused(title, content, *words):
        if isinstance(content, bytes):
            x.write_bytes(content)
        else:
            np.save(x, content)
        checks.refused(title, [*run, artifact, "--input", f"x={x}", "--input", f"i={i}"], words)

    good = np.zeros((2, 64), np.float32)
    refused("wrong type", good.astype(np.float64), "input 'x': expected f32", "f64")
    refused("wrong rank", good[0], "input 'x'", "[64]")
    refused("wrong size", good[:, :63], "input 'x'", "63")
    refused("sizes that disagree", np.zeros((3, 64), np.float32), "'n'")
    refused("empty file", b"")
    refused("no npy", b"hello " * 100)
    refused("header cut", npy("{'descr': '<f4', 'fortran_order': False, 'sha"))
    refused("shape overflows", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 16), }\n"))
    refused("negative shape", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 64), }\n"))
    refused("data cut", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 64), }\n", bytes(511)))
    refused("Fortran order", npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 64), }\n", bytes(512)))
    refused("objects", npy("{'descr': '|O', 'fortran_order': False, 'shape': (2, 64), }\n", bytes(1024)))
    refused("big endian", npy("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 64), }\n", bytes(512)))
    np.save(x, good)
    given = [*run, artifact, "--input", f"x={x}"]
    checks.refused("input missing", given, ["input 'i' is missing"])
    checks.refused("unknown input", [*given, "--input", f"i={i}", "--input", f"z={i}"], ["'z'"])
    checks.refused("input twice", [*given, "--input", f"i={i}", "--input", f"x={x}"], ["'x'"])
    checks.refused("file missing", [*given, "--input", "i=/nonexistent.npy"], ["/nonexistent.npy"])
    checks.refused("loop without end", [*given, "--input", f"i={i}", "--loop", "0"], ["--loop"])
    checks.refused("feed of other type", [*given, "--input", f"i={i}", "--loop", "2", "--feed", "y=i"], ["expected i64"])
    checks.refused("dim too large", [*run, artifact, "--random-inputs", "--dim", f"n={2**60}"], [])
    return [*given, "--input", f"i={i}"]


def writing(checks, compile_, model, good_run):
    """Full disks, limits on file sizes, missing folders and permissions."""
    folder = checks.folder
    limit = lambda size: {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))}
    for flag in ([], ["--emit=exe"]):
        for size in (0, 1000, 10_000):
            out = folder / "limited"
            checks.refused(f"hone-compile {flag} with files of at most {size} bytes", [*compile_, model, "-o", out, *flag], leaves=out, **limit(size))
    checks.refused("hone-run with files of at most 100 bytes", [*good_run, "--output-dir", folder / "o"], ["cannot write"], leaves=folder / "o" / "y.npy", **limit(100))
    checks.refused("hone-run, folder under a file", [*good_run, "--output-dir", model / "o"], ["cannot make the folder"])
    checks.refused("hone-run, trace in no folder", [*good_run, f"--profile={folder}/none/trace.json"], ["cannot write"])
    checks.refused("hone-run, full device for the trace", [*good_run, "--profile=/dev/full"], ["cannot write"])
    checks.refused("hone-compile, no folder", [*compile_, model, "-o", folder / "none" / "m.hone"], ["can't write"])
    checks.refused("hone-compile, report in no folder", [*compile_, model, "-o", folder / "m2.hone", f"--report={folder}/none/r"], ["can't write"])
    for tool, command in (("hone-compile", [*compile_, model, "-o", "-", "--compile-to=fuse"]), ("hone-run", good_run)):
        with open("/dev/full", "w") as full:
            run = subprocess.run([str(part) for part in command], stdout=full, stderr=subprocess.PIPE, text=True)
        ok = run.returncode == 1 and run.stderr.startswith("error: ") and len(run.stderr.splitlines()) == 1
        checks.passed, checks.failed = checks.passed + ok, checks.failed + (not ok)
        if not ok:
            print(f"FAIL {tool} > /dev/full: exit {run.returncode}: {run.stderr[:200]}")
    if os.getuid() == 0:
        as_nobody(checks, compile_, model, good_run)
        full_disk(checks, compile_, model, good_run)
    else:
        print("not tried without root: a full disk, files of somebody else")


def as_nobody(checks, compile_, model, good_run):
    private = checks.folder / "private"
    private.mkdir(mode=0o755)
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    os.chmod(checks.folder, 0o755)
    checks.refused("hone-compile into somebody's folder", [*compile_, model, "-o", private / "m.hone"], ["Permission denied"], leaves=private / "m.hone", **nobody)
    checks.refused("hone-run into somebody's folder", [*good_run, "--output-dir", private], ["Permission denied"], **nobody)
    secret = checks.folder / "secret.hone"
    secret.write_bytes(b"")
    secret.chmod(0)
    checks.refused("hone-run of somebody's file", [good_run[0], secret, "--inspect"], ["Permission denied"], **nobody)


def full_disk(checks, compile_, model, good_run):
    disk = checks.folder / "disk"
    disk.mkdir()
    for size in ("64k", "3m"):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], capture_output=True).returncode:
            print("not tried: no tmpfs can be mounted here")
            return
        try:
            if size == "3m":  # room for the linker, but not for what follows
                (disk / "filler").write_bytes(bytes(1_600_000))
            for flag in ([], ["--emit=exe"]):
                out = disk / "m"
                if size == "64k" or flag:
                    checks.refused(f"hone-compile {flag} on a disk of {size}", [*compile_, model, "-o", out, *flag], leaves=out)
            (disk / "fill").write_bytes(bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize))
            checks.refused(f"hone-run on a full disk of {size}", [*good_run, "--output-dir", disk], ["cannot write"], leaves=disk / "y.npy")
        finally:
            subprocess.run(["umount", disk], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    bin_dir = args.bin_dir.resolve()
    with tempfile.TemporaryDirectory(prefix="hone-bad-") as name:
        folder = pathlib.Path(name)
        checks = Checks(folder)
        model, artifact = folder / "m.mlir", folder / "m.hone"
        model.write_text(MODEL)
        (folder / "w.bin").write_bytes(np.random.default_rng(0).standard_normal(4096).astype(np.float32).tobytes())
        compile_, run = [bin_dir / "hone-compile"], [bin_dir / "hone-run"]
        subprocess.run([*compile_, model, "-o", artifact], check=True)
        subprocess.run([*run, artifact, "--random-inputs", "--dim", "n=3", "--quiet"], check=True)
        damaged(checks, run, artifact, random.Random(args.seed))
        writing(checks, compile_, model, inputs(checks, run, artifact))
        print(f"bad artifacts and inputs: {checks.passed} of {checks.passed + checks.failed} refused as they should be")
    sys.exit(checks.failed > 0)


if __name__ == "__main__":
    main()
