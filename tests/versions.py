"""What is generated, on other Pythons and other NumPys than the one at hand.

    python tests/versions.py [--python python3.13]... [--numpy 2.1.0]...

For each interpreter and each NumPy, in an environment of its own: bpgen is installed, the library
of cells is compiled and must be `generated/` to the byte, and the tests beside the modules must
pass, all with `-W error`. Without `--python` the interpreters 3.11 to 3.14 that are on the PATH are
taken; without `--numpy` the oldest NumPy that pyproject.toml admits, the oldest 2, and the newest.
A NumPy that was never built for an interpreter is left out, and so is an interpreter that is
absent; the last lines name them. Needs nothing but the standard library, and pip.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
NUMPYS = ("1.26.0", "2.0.0", "newest")
NEEDED = ("click>=8.2", "hatchling>=1.27", "jinja2>=3.1.6", "lark>=1.3", "pytest>=8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", action="append", metavar="COMMAND")
    parser.add_argument("--numpy", action="append", metavar="VERSION")
    asked = parser.parse_args()
    skipped: list[str] = []
    failed: list[str] = []
    for python in asked.python or PYTHONS:
        if not runs(python):
            skipped.append(f"{python}: there is none")
            continue
        for version in asked.numpy or NUMPYS:
            with tempfile.TemporaryDirectory() as room:
                told = outcome(python, version, Path(room))
            print(f"{python}, NumPy {version}: {told}", flush=True)
            (skipped if told == NOT_BUILT else failed if told.startswith("failed") else []).append(
                f"{python}, NumPy {version}: {told}"
            )
    for line in skipped:
        print(f"skipped: {line}")
    return 1 if failed else 0


def runs(python: str) -> bool:
    """Whether there is such an interpreter; a name on the PATH may lead to none."""
    return shutil.which(python) is not None and not run([python, "-c", ""], quiet=True)


NOT_BUILT = "never built for it"


def outcome(python: str, numpy: str, room: Path) -> str:
    """What came of one interpreter and one NumPy, as a line; output of what failed is printed."""
    subprocess.run([python, "-m", "venv", room / "env"], check=True)
    inside = str(room / "env" / "bin" / "python")
    pip = [inside, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    wanted = "numpy" if numpy == "newest" else f"numpy=={numpy}"
    if run([*pip, "--only-binary", ":all:", wanted], quiet=True):
        return NOT_BUILT
    for step in commands(inside, pip, room):
        if run(step):
            return f"failed: {' '.join(map(str, step[1:]))}"
    said = subprocess.run(
        [inside, "-c", "import sys, numpy; print(*sys.version_info[:3], numpy.__version__)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return f"the same bytes, all tests pass (Python {'.'.join(said[:3])}, NumPy {said[3]})"


def commands(inside: str, pip: Sequence[str], room: Path) -> Iterator[list[str]]:
    source = room / "bpgen"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "tests", "node_modules")
    shutil.copytree(ROOT, source, ignore=ignored)
    cells = sorted(str(path) for path in (source / "bpgen" / "cells").glob("*.spec"))
    strict = [inside, "-W", "error"]
    yield [*pip, *NEEDED]
    yield [*pip, "--no-build-isolation", "--no-deps", str(source)]
    yield [*strict, "-m", "bpgen", "compile", *cells, "-o", str(source / "generated"), "--check"]
    yield [*strict, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(source / "generated")]


def run(command: Sequence[str], quiet: bool = False) -> int:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=tempfile.gettempdir(), env=environment, capture_output=True, text=True
    )
    if done.returncode and not quiet:
        print(done.stdout[-4000:], done.stderr[-4000:], sep="\n", flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
