"""From what a user typed to sources, and from sources to files.

Every mistake of every spec is collected before a command ends, so that one run shows them all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bpgen import library
from bpgen.cli.ends import Mistake
from bpgen.cli.reports import refuse
from bpgen.parse import read
from bpgen.report import Refused, printable
from bpgen.scan import CHARACTERS

if TYPE_CHECKING:
    from bpgen.cli.formats import Found
    from bpgen.ir import Cell
    from bpgen.source import Source


def read_all(typed: Sequence[str], stdin: str = "<stdin>") -> list[Source]:
    """The specs that a user named: files, cells of the library, `-` for standard input.

    Every name that leads nowhere is reported. `stdin` is what to call standard input.
    """
    if typed.count("-") > 1:
        raise click.UsageError("standard input can be read only once")
    work: list[tuple[None, Callable[[], Source]]] = []
    lost: list[str] = []
    for name in dict.fromkeys(typed):
        try:
            work.append((None, _reader(name, stdin)))
        except LookupError as error:
            lost.append(printable(str(error)))
    if lost:
        raise Mistake("\n".join(lost))
    return _gathered(work)


def _reader(name: str, stdin: str) -> Callable[[], Source]:
    """What reads a spec. A source of a file, or of what stands for one, knows its path."""
    if name == "-":
        data = sys.stdin.buffer.read(CHARACTERS + 1)
        return lambda: replace(read(data, Path(stdin).name), path=stdin)
    place = library.find(name)
    if isinstance(place, Path):
        return lambda: replace(read(place), path=str(place))
    return partial(read, library.text(place).encode(), f"{place}.spec")


def through(stage: Callable[[Source], Any], sources: Sequence[Source]) -> list[Any]:
    """What a stage makes of every source; if one is wrong, the end, with all reports."""
    return _gathered((source, partial(stage, source)) for source in sources)


def linted(
    stage: Callable[[Source], tuple[Cell, Any]], sources: Sequence[Source]
) -> tuple[list[Any], list[Found]]:
    """What a stage makes of every source, and the warnings that the cells and their files deserve.

    The stage gives the cell beside what it makes. If a spec is wrong, the end, with all reports.
    """
    from bpgen.ignored import ignored
    from bpgen.lints import lint

    made: list[Any] = []
    found: list[Found] = []
    for source in sources:
        result = _tried(source, partial(stage, source), found)
        if result:
            cell, value = result
            made.append(value)
            found += [(warning, source) for warning in lint(cell)]
        if source.path and (warning := ignored(Path(source.path))):
            found.append((warning, source))
    if any(report.is_error for report, _ in found):
        refuse(found)
    return made, found


def _gathered(work: Iterable[tuple[Source | None, Callable[[], Any]]]) -> list[Any]:
    found: list[Found] = []
    made = [_tried(source, make, found) for source, make in work]
    if found:
        refuse(found)
    return made


def _tried(source: Source | None, make: Callable[[], Any], found: list[Found]) -> Any:
    """What is made; None if it is refused, and then the reports are among those found."""
    try:
        return make()
    except Refused as refused:
        found += [(report, source) for report in refused.reports]
        return None
    except Exception as error:
        error.add_note(source.name if source else "a spec")
        raise


def merged(sources: Sequence[Source], made: Sequence[dict[str, str]]) -> dict[str, str]:
    """The files of all specs. Two specs cannot be one cell."""
    files: dict[str, str] = {}
    owner: dict[str, str] = {}
    for source, each in zip(sources, made, strict=True):
        shown = printable(source.path) or f"the cell {source.name.removesuffix('.spec')}"
        for name, text in each.items():
            if name in files:
                raise Mistake(f"{owner[name]} and {shown} would both be written as {name}")
            files[name], owner[name] = text, shown
    return files
