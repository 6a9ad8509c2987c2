#!/usr/bin/env python3
"""Runs the ONNX backend tests and compares with the checked-in list: what is in passing.txt must pass.

  run.py --bin-dir build/bin [--tests GLOB] [--list FILE] [--update] [--verbose] [--target T] [--run-flag=--device=sim:sm_80] [--timeout S]

Compiles and runs each test in a child of one process (hone-conformance), or with the two tools when that is not
built. A line for each test that is in the list and does not pass; --list writes 'PASS|FAIL|UNSUPPORTED test reason'
for all. FAIL: a wrong result or an error; UNSUPPORTED: refused with a message. --update writes passing.txt.
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from suite import NoFiles, all_tests, as_bits, difference, np, unpack
from hone import file_of, first_error

PASSING = pathlib.Path(__file__).resolve().parent / "passing.txt"


class Worker:
    """Compiles and runs models; one thread uses it."""

    def __init__(self, bin_dir, target, run_flags, timeout):
        self.bin, self.server, self.target, self.run_flags, self.timeout = bin_dir, None, target, run_flags, timeout
        self.tool = bin_dir / "hone-conformance"

    def execute(self, model, artifact, log, arguments):
        """Exit code of compiling and then running; -1 is a crash, -2 a timeout."""
        if not self.tool.exists():
            try:
                with open(log, "w") as err:
                    code = subprocess.run([self.bin / "hone-compile", model, "-o", artifact, f"--target={self.target}"], stdout=err, stderr=err, timeout=self.timeout).returncode
                    if code == 0:
                        code = subprocess.run([self.bin / "hone-run", artifact, *arguments], stdout=err, stderr=err, timeout=self.timeout).returncode
                return code if code >= 0 else -1
            except subprocess.TimeoutExpired:
                return -2
        if self.server is None or self.server.poll() is not None:
            self.server = subprocess.Popen([self.tool, str(self.bin / "hone-run"), str(self.timeout), self.target], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.server.stdin.write("\t".join(map(str, [model, artifact, log, *arguments])) + "\n")
        self.server.stdin.flush()
        return int(self.server.stdout.readline() or -1)

    def run(self, test, tmp):
        """(verdict, reason)"""
        try:
            feed, want = test.tensors()
        except NoFiles as why:
            return "UNSUPPORTED", str(why)
        artifact, log, out = tmp / "m.hone", tmp / "log", tmp / "out"
        shutil.rmtree(out, ignore_errors=True)
        artifact.unlink(missing_ok=True)
        out.mkdir()
        arguments = ["--output-dir", out, "--threads=1", *self.run_flags]
        for i, (name, value) in enumerate(feed.items()):
            np.save(tmp / f"{i}.npy", as_bits(value))
            arguments += ["--input", f"{name}={tmp}/{i}.npy"]
        code = self.execute(test.model, artifact, log, arguments)
        message = first_error(log.read_text(errors="replace")) if code else ""
        if code < 0:
            return "FAIL", "crashed" if code == -1 else f"took longer than {self.timeout} s"
        if code:
            refused = code == 1 and not artifact.exists()
            return "UNSUPPORTED" if refused else "FAIL", message
        for name, value in want.items():
            file = out / file_of(name)
            if not file.exists():
                return "FAIL", f"no output {name}"
            why = difference(name, np.load(file), value)
            if why:
                return "FAIL", why
        return "PASS", ""


def run_all(tests, args):
    local, done, results = threading.local(), 0, {}
    start = shown = time.perf_counter()
    with tempfile.TemporaryDirectory() as tmp, concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:

        def one(test):
            if not hasattr(local, "worker"):
                local.worker, local.tmp = Worker(args.bin_dir, args.target, args.run_flag, args.timeout), pathlib.Path(tempfile.mkdtemp(dir=tmp))
            try:
                return test, local.worker.run(test, local.tmp)
            except Exception as why:
                return test, ("FAIL", f"{type(why).__name__}: {why}")

        for test, result in pool.map(one, tests):
            results[test.name] = result
            done += 1
            if args.verbose:
                print(result[0], test.name, result[1], flush=True)
            elif time.perf_counter() - shown > 15:
                shown = time.perf_counter()
                print(f"{done} of {len(tests)} tests, {shown - start:.0f} s", flush=True)
    print(f"{len(tests)} tests in {time.perf_counter() - start:.0f} s")
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin-dir", type=pathlib.Path, required=True)
    parser.add_argument("--tests", default="*", help="only those whose group/name matches")
    parser.add_argument("--list", type=pathlib.Path, help="write a line for every test")
    parser.add_argument("--update", action="store_true", help="write passing.txt")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--target", default="host")
    parser.add_argument("--run-flag", action="append", default=[], help="more arguments of hone-run (repeatable)")
    parser.add_argument("--timeout", type=int, default=60, metavar="S", help="seconds for each test")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()

    tests = [t for t in all_tests(unpack()) if fnmatch.fnmatch(t.name, args.tests)]
    listed = {line for line in PASSING.read_text().splitlines() if not line.startswith("#")} if PASSING.exists() else set()
    results = run_all(tests, args)

    counts = collections.Counter((name.split("/")[0], verdict) for name, (verdict, _) in results.items())
    print(f"{'group':20}{'pass':>7}{'fail':>7}{'unsupported':>13}{'of':>7}")
    for group in dict.fromkeys(t.group for t in tests):
        n = [counts[group, v] for v in ("PASS", "FAIL", "UNSUPPORTED")]
        print(f"{group:20}{n[0]:7}{n[1]:7}{n[2]:13}{sum(n):7}")
    passed = {name for name, (verdict, _) in results.items() if verdict == "PASS"}
    print(f"{'all':20}{len(passed):7}{sum(v for k, v in counts.items() if k[1] == 'FAIL'):7}{sum(v for k, v in counts.items() if k[1] == 'UNSUPPORTED'):13}{len(results):7}")
    if args.list:
        args.list.write_text("".join(f"{verdict} {name} {why}\n" for name, (verdict, why) in results.items()))
    lost, new = sorted((listed & set(results)) - passed), sorted(passed - listed)
    for name in lost:
        print(f"FAIL {name}: is in passing.txt, now {results[name][0]}: {results[name][1]}")
    if args.update:
        PASSING.write_text("# Tests of the ONNX backend suite that pass; written by run.py --update.\n" + "".join(f"{n}\n" for n in sorted((listed - set(results)) | passed)))
        print(f"wrote {PASSING}")
    elif new:
        print(f"{len(new)} tests pass that are not in passing.txt (run.py --update adds them): {', '.join(new[:5])}{' ...' if len(new) > 5 else ''}")
    sys.exit(bool(lost) and not args.update)


main()
