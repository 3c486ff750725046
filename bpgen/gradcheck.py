"""Runs the test that ships beside a module, in a process of its own, and reads what came of it.

This is the only place where bpgen runs what it generated, and only because somebody asked for it.
The process sees a directory with the module and its test, and no settings of the user's: neither
their pytest's, nor their Python's, nor what lies in the directory that they are in.
"""

import ast
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import TIMEOUT_MAX, Timer

_OPTIONS = ("-v", "-p", "no:cacheprovider", "-c", "pytest.ini", "--junitxml", "report.xml")
_PROGRESS = re.compile(r"::test_(\w+)(?:\[(.*)\])? [A-Z]+ +\[ *(\d+)%\]")


class NoTest(Exception):
    """The test could not be run at all; the text says why."""


class Absent(NoTest):
    """A package that the test needs is not there."""


class TooLong(Exception):
    """The test ran into the limit."""


@dataclass(frozen=True, slots=True)
class Check:
    """One test: what it is about, "first-W_hh" or "" if it is about all, and what came of it."""

    name: str
    subject: str
    outcome: str  # "passed", "failed", "skipped", "not applicable"
    message: str
    error: float | None = None  # of a derivative, relative; the largest that was seen

    @property
    def quantity(self) -> str:
        """`W` of `first-W`: what it is about, without the sizes."""
        return _quantity(self.subject)


def run(
    files: Mapping[str, str],
    seed: int | None = None,
    limit: float = TIMEOUT_MAX,
    watch: Callable[[str], None] = lambda text: None,
) -> tuple[Check, ...]:
    """What came of every test among generated files, in their order.

    With a seed, the test draws its arguments from that instead of its own. `watch` is told how far
    it is. Raises `NoTest`, and `TooLong` after `limit` seconds.
    """
    with TemporaryDirectory(prefix="bpgen-") as name:
        place = Path(name)
        for file, text in files.items():
            place.joinpath(file).write_text(text, "utf-8")
        place.joinpath("pytest.ini").write_text("[pytest]\n", "utf-8")
        code, said = _run(place, [each for each in files if _is_test(each)], seed, limit, watch)
        report = place / "report.xml"
        if code not in (0, 1) or not report.is_file():
            raise _reason(said)
        return tuple(map(_check, xml.parse(report).iter("testcase")))


def _run(
    place: Path, tests: Sequence[str], seed: int | None, limit: float, watch: Callable[[str], None]
) -> tuple[int, str]:
    """The exit status of pytest in a directory, and all that it said."""
    command = [sys.executable, "-I", "-B", "-m", "pytest", *_OPTIONS, *tests]
    with subprocess.Popen(
        command,
        cwd=place,
        env=_environment(seed),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        timer = Timer(limit, process.kill)
        timer.start()
        said: list[str] = []
        try:
            for line in process.stdout or ():
                said.append(line)
                found = _PROGRESS.search(line)
                if found:
                    watch(
                        f"{found[3]:>3} %  {found[1].replace('_', ' ')} {_quantity(found[2] or '')}"
                    )
            code = process.wait()
        finally:
            timer_ended = not timer.is_alive()
            timer.cancel()
            process.kill()
    if timer_ended and code:
        raise TooLong(f"the test ran for {limit:g} s, and was stopped")
    return code, "".join(said)


def not_applicable(files: Mapping[str, str]) -> list[Check]:
    """The rows that the test goes without, and why, as its docstring has them."""
    found: list[Check] = []
    for name in filter(_is_test, files):
        doc = ast.get_docstring(ast.parse(files[name])) or ""
        for paragraph in doc.split("\n\n"):
            said = re.match(r"No (?:test_)?(\w+)[^:]*: (.*)\.$", " ".join(paragraph.split()))
            if said:
                found.append(Check(said[1], "", "not applicable", said[2]))
    return found


def _quantity(parameters: str) -> str:
    return parameters.rpartition("-")[2]


# -- the process -----------------------------------------------------------------------------------


def _is_test(name: str) -> bool:
    return name.startswith("test_")


def _environment(seed: int | None) -> dict[str, str]:
    """Ours, without what would change a run of pytest, and with the seed that a test looks for."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    kept |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "NO_COLOR": "1", "COLUMNS": "200"}
    kept.pop("BPGEN_SEED", None)
    return kept if seed is None else {**kept, "BPGEN_SEED": str(seed)}


def _check(case: xml.Element) -> Check:
    function, _, rest = case.get("name", "").partition("[")
    name = function.removeprefix("test_").replace("_", " ")
    subject = rest.removesuffix("]")
    errors = [
        float(p.get("value", "nan")) for p in case.iter("property") if p.get("name") == "error"
    ]
    error = max(errors, default=None)
    for tag, outcome in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        found = case.find(tag)
        if found is not None:
            return Check(name, subject, outcome, _message(found), error)
    return Check(name, subject, "passed", "", error)


def _message(found: xml.Element) -> str:
    """What an assertion said, without pytest's account of how it came to be false."""
    said = found.get("message", "") or (found.text or "")
    return re.split(r"\n\s*assert ", said.removeprefix("AssertionError: "))[0].strip()


def _reason(said: str) -> NoTest:
    missing = re.search(r"No module named '?(\w+)", said)
    if missing and missing[1] in ("pytest", "numpy"):
        return Absent(
            f"gradcheck needs {missing[1]} where bpgen runs: `python -m pip install {missing[1]}`"
        )
    lines = re.findall(r"^E +(.*)", said, re.MULTILINE) or said.strip().splitlines()
    return NoTest(lines[-1] if lines else "the test ended without a word")
