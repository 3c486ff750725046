"""From what a user typed to sources, and from sources to files.

Every mistake of every spec is collected before a command ends, so that one run shows them all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from difflib import unified_diff
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bpgen import library
from bpgen.cli.ends import Mistake, refuse
from bpgen.parse import read
from bpgen.report import Refused
from bpgen.scan import CHARACTERS

if TYPE_CHECKING:
    from bpgen.cli.ends import Found
    from bpgen.source import Source


def read_all(typed: Sequence[str]) -> list[Source]:
    """The specs that a user named: files, cells of the library, `-` for standard input.

    Every name that leads nowhere is reported.
    """
    if typed.count("-") > 1:
        raise click.UsageError("standard input can be read only once")
    found: list[tuple[Path | bytes, str]] = []
    lost: list[str] = []
    for name in dict.fromkeys(typed):
        try:
            found.append(_opened(name))
        except LookupError as error:
            lost.append(str(error))
    if lost:
        raise Mistake("\nerror: ".join(lost))
    return _gathered((None, partial(read, origin, name)) for origin, name in found)


def _opened(name: str) -> tuple[Path | bytes, str]:
    """Where the bytes of a spec are, or what they are, and what to call it in messages."""
    if name == "-":
        return sys.stdin.buffer.read(CHARACTERS + 1), "<stdin>"
    place = library.find(name)
    if isinstance(place, Path):
        return place, place.name
    return library.text(place).encode(), f"{place}.spec"


def through(stage: Callable[[Source], Any], sources: Sequence[Source]) -> list[Any]:
    """What a stage makes of every source; if one is wrong, the end, with all reports."""
    return _gathered((source, partial(stage, source)) for source in sources)


def _gathered(work: Iterable[tuple[Source | None, Callable[[], Any]]]) -> list[Any]:
    made: list[Any] = []
    reports: list[Found] = []
    for source, make in work:
        try:
            made.append(make())
        except Refused as refused:
            reports += [(report, source) for report in refused.reports]
        except Exception as error:
            error.add_note(source.name if source else "a spec")
            raise
    if reports:
        refuse(reports)
    return made


def merged(sources: Sequence[Source], made: Sequence[dict[str, str]]) -> dict[str, str]:
    """The files of all specs. Two specs cannot be one cell."""
    files: dict[str, str] = {}
    owner: dict[str, str] = {}
    for source, each in zip(sources, made, strict=True):
        for name, text in each.items():
            if name in files:
                raise Mistake(f"{owner[name]} and {source.name} would both be written as {name}")
            files[name], owner[name] = text, source.name
    return files


def differences(place: Path, files: dict[str, str]) -> str:
    """A unified diff from what lies in a directory to what would be written."""
    lines: list[str] = []
    for name, text in files.items():
        path = place / name
        before = path.read_text("utf-8", "replace") if path.is_file() else ""
        old = path.as_posix() if path.is_file() else "/dev/null"
        lines += unified_diff(before.splitlines(True), text.splitlines(True), old, path.as_posix())
    return "".join(lines)
