"""check_report.py REPORT.json ARTIFACT: the sizes in the report are the file's, and its parts are there."""
import json
import os
import sys

report = json.load(open(sys.argv[1]))
sizes = report["sizes"]
assert sizes["file"] == os.path.getsize(sys.argv[2]), sizes
assert 0 < sizes["code"] + sizes["weights"] + sizes["metadata"] < sizes["file"], sizes
assert list(report["seconds"]) and abs(sum(report["seconds"].values()) - report["total_seconds"]) < 1e-6
assert {"import", "simplify", "kernels", "codegen", "package"} <= set(report["seconds"])
assert report["plan"]["weight_bytes"] == sizes["weights"]
assert report["plan"]["buffers"] >= 0 and report["peak_rss_bytes"] > 0
assert [kernel["family"] for kernel in report["kernels"]], report["kernels"]
