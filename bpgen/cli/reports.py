"""Says what was found wrong, in the format that was asked for, and counts it.

In full, each report is drawn, and a last line names the command that explains the codes. JSON goes
to standard output, since it is what was asked for; all else goes to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NoReturn

import click

from bpgen.cli.ends import count, put
from bpgen.cli.settings import coloured, setting, width
from bpgen.paint import ansi, plain
from bpgen.report import concise, draw

if TYPE_CHECKING:
    from bpgen.cli.formats import Found

_OF_FILES = {"BP024", "BP502", "BP503", "BP504", "BP505", "BP506", "BP507"}
_WHOLE = 20  # reports drawn; who has more mistakes than that mends the first ones first
_EXPLAINED = 5  # codes named at once; more do not fit on a line


def tell(found: Sequence[Found], files: Iterable[tuple[str, str]] | None = None) -> None:
    """Say all reports. `files` has the path and the state of each file that a command dealt with.

    With `files`, be it empty, there is JSON also if nothing was found.
    """
    style = setting("format") or "full"
    if style == "full":
        _drawn(found)
        if found and not setting("quiet"):
            _pointer(report.code for report, _ in found)
    elif style == "concise":
        for report, source in found:
            click.echo(concise(report, source), err=True)
    else:
        from bpgen.cli import formats

        if style == "github":
            for report, source in found:
                click.echo(formats.as_annotation(report, source), err=True)
        elif found or files is not None:
            put(formats.as_json(found, files or ()))


def refuse(
    found: Sequence[Found], hint: str = "", files: Sequence[tuple[str, str]] = ()
) -> NoReturn:
    """Say all reports, count them, and end: with 2 if it was a matter of files, else with 1."""
    tell(found, files)
    errors = [report for report, _ in found if report.is_error]
    if not setting("quiet") and setting("format") != "json":
        said = ", ".join(filter(None, [count(len(errors), "error"), warned(found)]))
        click.echo(f"found {said}{'; ' if hint else ''}{hint}", err=True)
    of_files = all(report.code in _OF_FILES and not report.place for report in errors)
    sys.exit(2 if of_files else 1)


def warned(found: Iterable[Found]) -> str:
    """How many warnings there are among reports; nothing if there are none."""
    number = sum(not report.is_error for report, _ in found)
    return count(number, "warning") if number else ""


def _drawn(found: Sequence[Found]) -> None:
    """Reports as people read them, an empty line after each that has more than one line."""
    colour = coloured(sys.stderr)
    paint = ansi if colour else plain
    drawn = [draw(report, source, width(), paint) for report, source in found[:_WHOLE]]
    gap = "\n" if any("\n" in each for each in drawn) else ""
    for each in drawn:
        click.echo(each + gap, err=True, color=colour)
    rest = [concise(report, source) for report, source in found[_WHOLE:]]
    for line in [f"and {len(rest)} more:", *rest, ""] if rest else []:
        click.echo(line, err=True)


def _pointer(codes: Iterable[str]) -> None:
    """Name the command that explains the codes, those that have a page."""
    from bpgen import pages

    known = [code for code in dict.fromkeys(codes) if code in pages.codes()][:_EXPLAINED]
    if known:
        click.echo(f"run `bpgen explain {' '.join(known)}` for more", err=True)
