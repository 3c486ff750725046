"""A shipped test run on a module, in a process of its own and a directory of its own.

Nothing is ever imported twice from one path: Python tells an old `.pyc` from a new one by the time
in seconds and the length of the source, so that a rewritten module may well be the old one.

`plain` starts `python -m pytest`. `Server` does the same many times faster: a process that has
imported NumPy and pytest, and nothing under test, forks for each run. Both read pytest's summary,
so that they say the same of the same run; systems without fork always take the plain way.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

LIMIT = 60  # seconds
OPTIONS = ("-q", "-p", "no:cacheprovider", "--tb=no", "-rfE")
ALONE = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_ADDOPTS": "",
    "COLUMNS": "1000",  # so that the summary does not cut what was said
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}

_FAILED = re.compile(r"^(FAILED|ERROR) \S+?\.py(?:::(\w+)(?:\[.*?\])?)?(?: - (.*))?$", re.M)

# what a row looks for by making it raise: read-only arguments, `errstate`
_GUARDS = ("read-only", "FloatingPointError", "ComplexWarning")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run ended.

    `end` is that of the first failure: "passed", "assertion", "guard" (a read-only argument was
    written into, or a floating-point error raised where the row asks for it), "crash", "timeout".
    """

    end: str
    first: str = ""  # the row that failed first, and what it said
    said: str = ""
    rows: tuple[str, ...] = ()  # every row that failed
    passed: int = 0


def read(output: str, code: int | None) -> Verdict:
    """The verdict that pytest's summary gives."""
    if code is None:
        return Verdict("timeout")
    count = re.search(r"(\d+) passed", output)
    passed = int(count[1]) if count else 0
    if code == 0:
        return Verdict("passed", passed=passed)
    failed = re.findall(
        r"^(FAILED|ERROR) \S+?\.py(?:::(\w+)(?:\[.*?\])?)?(?: - (.*))?$", output, re.M
    )
    if not failed:
        return Verdict("crash", said=output[-500:])
    rows = tuple(dict.fromkeys(row for _, row, _ in failed))
    how, row, said = failed[0]
    return Verdict("crash" if how == "ERROR" else _end(said), row, said, rows, passed)


def _end(said: str) -> str:
    if re.match(r"assert\b|AssertionError|Failed: DID NOT RAISE", said):
        return "assertion"
    return "guard" if any(word in said for word in _GUARDS) else "crash"


def plain(folder: Path, names: Sequence[str] = (), options: Sequence[str] = ()) -> Verdict:
    """Run the tests in a folder by `python -m pytest`."""
    command = [sys.executable, "-m", "pytest", *OPTIONS, *options, *names]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **ALONE},
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        return read("", None)
    return read(done.stdout, done.returncode)


class Server:
    """A process that forks for each run. Use it in a `with`."""

    def __enter__(self) -> "Server":
        self.process = None
        if hasattr(os, "fork"):
            self.process = subprocess.Popen(
                [sys.executable, __file__],
                env={**os.environ, **ALONE},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self.process:
            self.process.stdin.close()
            self.process.wait()
            self.process.stdout.close()

    def run(
        self, folder: Path, names: Sequence[str] = (), options: Sequence[str] = (), limit=LIMIT
    ) -> Verdict:
        """Run the tests in a folder."""
        if not self.process:
            return plain(folder, names, options)
        asked = {"folder": str(folder), "words": [*OPTIONS, *options, *names], "limit": limit}
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        code, output = json.loads(self.process.stdout.readline())
        return read(output, code)


def serve() -> None:
    """Answer each line of the input, which asks for a run, with its exit status and output."""
    for name in ("numpy", "numpy.testing", "pytest"):  # here already when a run asks for them
        import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        output = Path(asked["folder"]) / "output.txt"
        child = os.fork()
        if child == 0:
            _child(asked, output)
        _, status = os.waitpid(child, 0)
        code = None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        print(json.dumps([code, output.read_text("utf-8", "replace")]), flush=True)


def _child(asked: dict[str, object], output: Path) -> None:
    import pytest

    signal.alarm(int(asked["limit"]))  # ends the process
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.stdin = open(os.devnull)
    os.chdir(asked["folder"])
    code = 3
    try:
        code = pytest.main(list(asked["words"]))
    finally:
        sys.stdout.flush()
        os._exit(int(code))


if __name__ == "__main__":
    serve()
