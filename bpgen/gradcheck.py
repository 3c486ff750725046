"""Runs the test that ships beside a module, in a process of its own, and reads what came of it.

This is the only place where bpgen runs what it generated, and only because somebody asked for it.
The process sees a directory with the module and its test, and no settings of the user's: neither
their pytest's, nor their Python's.
"""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_OPTIONS = ("-q", "-p", "no:cacheprovider", "-c", "pytest.ini", "--junitxml", "report.xml")


class NoTest(Exception):
    """The test could not be run at all; the text says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """One test: what it is about, "W_hh" or "" if it is about all, and what came of it."""

    name: str
    subject: str
    outcome: str  # "passed", "failed", "skipped"
    message: str


def run(files: Mapping[str, str], seed: int | None = None) -> tuple[Check, ...]:
    """What came of every test among generated files, in their order. Raises `NoTest`.

    With a seed, the test draws its arguments from that instead of its own.
    """
    with TemporaryDirectory(prefix="bpgen-") as name:
        place = Path(name)
        for file, text in files.items():
            place.joinpath(file).write_text(_seeded(text, seed), "utf-8")
        place.joinpath("pytest.ini").write_text("[pytest]\n", "utf-8")
        command = [sys.executable, "-I", "-B", "-m", "pytest", *_OPTIONS, *_tests(files)]
        done = subprocess.run(
            command, cwd=place, env=_bare(), capture_output=True, text=True, check=False
        )
        report = place / "report.xml"
        if done.returncode not in (0, 1) or not report.is_file():
            raise NoTest(_reason(done.stdout, done.stderr))
        return tuple(map(_check, xml.parse(report).iter("testcase")))


def table(checks: Iterable[Check]) -> list[str]:
    """A line for each test of the file, with all that it was run for."""
    groups: dict[str, list[Check]] = {}
    for check in checks:
        groups.setdefault(check.name, []).append(check)
    margin = max(map(len, groups), default=0)
    return [f"  {name:<{margin}}  {_summary(group)}" for name, group in groups.items()]


def _summary(group: list[Check]) -> str:
    failed = [check for check in group if check.outcome == "failed"]
    if failed:
        return f"FAILED  {' '.join(check.subject for check in failed)}".rstrip()
    if all(check.outcome == "skipped" for check in group):
        return "skipped"
    return f"ok      {' '.join(check.subject for check in group)}".rstrip()


def _seeded(text: str, seed: int | None) -> str:
    return text if seed is None else re.sub(r"\bseed=0\b", f"seed={seed}", text)


def _tests(files: Mapping[str, str]) -> list[str]:
    return [name for name in files if name.startswith("test_")]


def _bare() -> dict[str, str]:
    """Our environment without what would change a run of pytest."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "NO_COLOR": "1"}


def _check(case: xml.Element) -> Check:
    name, _, rest = case.get("name", "").partition("[")
    name = name.removeprefix("test_").replace("_", " ")
    subject = rest.removesuffix("]")
    for tag, outcome in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        found = case.find(tag)
        if found is not None:
            return Check(name, subject, outcome, _message(found))
    return Check(name, subject, "passed", "")


def _message(found: xml.Element) -> str:
    """What an assertion said, without pytest's account of how it came to be false."""
    said = found.get("message", "") or (found.text or "")
    return re.split(r"\n\s*assert ", said.removeprefix("AssertionError: "))[0].strip()


def _reason(out: str, err: str) -> str:
    missing = re.search(r"No module named '?(\w+)", err + out)
    if missing and missing[1] in ("pytest", "numpy"):
        return f"gradcheck needs {missing[1]}: pip install {missing[1]}"
    lines = (err or out).strip().splitlines()
    return lines[-1] if lines else "the test ended without a word"
