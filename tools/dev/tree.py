"""The files of the project, for the checks of this folder: those that git tracks or would track."""
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def files(*suffixes):
    """Paths relative to ROOT, sorted, of the files that end with one of the suffixes."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True)
    if listed.returncode:
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file() and not p.relative_to(ROOT).parts[0].startswith((".git", "build"))]
    else:
        names = listed.stdout.splitlines()
    return sorted(n for n in set(names) if n.endswith(suffixes) and (ROOT / n).is_file())


def exceptions(name):
    """Lines 'path what reason...' of a file beside this one, as {(path, what): reason}; a reason is required."""
    table = {}
    for number, line in enumerate((ROOT / "tools/dev" / name).read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            parts = line.split(None, 2)
            if len(parts) < 3:
                raise SystemExit(f"error: tools/dev/{name}:{number}: expected 'path what reason', got '{line}'")
            table[parts[0], parts[1]] = parts[2]
    return table
