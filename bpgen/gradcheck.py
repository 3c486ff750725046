"""Runs the test that ships beside a module, in a process of its own, and reads what came of it.

This is the only place where bpgen runs what it generated, and only because somebody asked for it.
The process sees a directory with the module and its test, and no settings of the user's: neither
their pytest's, nor their Python's.
"""

import os
import re
import subprocess
import sys
import textwrap
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
            place.joinpath(file).write_text(text, "utf-8")
        place.joinpath("pytest.ini").write_text("[pytest]\n", "utf-8")
        command = [sys.executable, "-I", "-B", "-m", "pytest", *_OPTIONS, *_tests(files)]
        done = subprocess.run(
            command, cwd=place, env=_environment(seed), capture_output=True, text=True, check=False
        )
        report = place / "report.xml"
        if done.returncode not in (0, 1) or not report.is_file():
            raise NoTest(_reason(done.stdout, done.stderr))
        return tuple(map(_check, xml.parse(report).iter("testcase")))


def table(checks: Iterable[Check], width: int = 80) -> list[str]:
    """A line for each test of the file: what came of it, and all that it was run for."""
    groups: dict[str, list[Check]] = {}
    for check in checks:
        groups.setdefault(check.name, []).append(check)
    margin = max(map(len, groups), default=0)
    lines: list[str] = []
    for name, group in groups.items():
        outcome = _worst(group)
        alike = [check.subject for check in group if check.outcome == outcome]
        # `first-W` and `second-W` are both of W; what pytest could not name is not worth a word
        subjects = dict.fromkeys(each.rpartition("-")[2] for each in alike if "<" not in each)
        opening = f"  {name:<{margin}}  {outcome:<7}"
        room = textwrap.wrap(", ".join(filter(None, subjects)), width - len(opening) - 2) or [""]
        lines += [
            f"{opening if i == 0 else ' ' * len(opening)}  {row}" for i, row in enumerate(room)
        ]
    return [line.rstrip() for line in lines]


def _worst(group: list[Check]) -> str:
    outcomes = {check.outcome for check in group}
    return next(each for each in ("failed", "passed", "skipped") if each in outcomes)


def _tests(files: Mapping[str, str]) -> list[str]:
    return [name for name in files if name.startswith("test_")]


def _environment(seed: int | None) -> dict[str, str]:
    """Ours, without what would change a run of pytest, and with the seed that a test looks for."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    given = {} if seed is None else {"BPGEN_SEED": str(seed)}
    return {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "NO_COLOR": "1", **given}


def _check(case: xml.Element) -> Check:
    function, _, rest = case.get("name", "").partition("[")
    name = function.removeprefix("test_").replace("_", " ")
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
    said = re.findall(r"^E +(.*)", out, re.MULTILINE)
    lines = said or (err or out).strip().splitlines()
    return lines[-1] if lines else "the test ended without a word"
