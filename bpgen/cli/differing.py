"""Unified diffs, from what lies on the disk to what would be written."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

from bpgen.report import printable


def differences(place: Path, files: dict[str, str]) -> str:
    """From what lies in a directory to the texts that would be written there."""
    parts: list[str] = []
    for name, text in files.items():
        path = place / name
        there = path.is_file()
        before = path.read_text("utf-8", "replace") if there else ""
        parts.append(difference(path.as_posix() if there else "", before, text, path.as_posix()))
    return "".join(parts)


def difference(old: str, before: str, after: str, new: str) -> str:
    """A diff of two texts under their names; an empty name is a file that is not there."""
    return "".join(_diff(old, before, after, new))


def _diff(old: str, before: str, after: str, new: str) -> Iterator[str]:
    names = printable(old) or "/dev/null", printable(new)
    for line in unified_diff(before.splitlines(True), after.splitlines(True), *names):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
