"""How commands end: what is said on which stream, and what they exit with.

    0  all is well
    1  a spec is wrong, a check failed, or what was written is out of date
    2  the command line is wrong, or a file cannot be read or written
    3  our own fault
    130  Ctrl-C

What was asked for goes to standard output; reports and summaries go to standard error.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import click

if TYPE_CHECKING:
    from bpgen.report import Report
    from bpgen.source import Source

    Found: TypeAlias = tuple[Report, Source | None]

_OF_FILES = {"BP024", "BP502", "BP503", "BP504", "BP505", "BP506"}


class Front(click.Group):
    """A group of commands that ends an interrupted one with 130 and a broken one with 3."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(130)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if ctx.meta.get("traceback"):
                raise
            _crashed(ctx, error)


class Mistake(click.ClickException):
    """Something is wrong with the command line or with a file, and not with a spec."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(f"error: {self.message}", err=True)


def _crashed(ctx: click.Context, error: Exception) -> NoReturn:
    """One line for a failure of ours, with what the failing stage said of the spec's line."""
    said = " ".join(f"{type(error).__name__}: {error}".split())
    where = "".join(f" on {note}" for note in getattr(error, "__notes__", ())[:1])
    click.echo(f"bpgen failed{where}, and the fault is its own: {said}", err=True)
    click.echo("please report it, with the spec; `--traceback` shows where it happened", err=True)
    ctx.exit(3)


def _keep(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.meta["traceback"] = True


traceback = click.option(
    "--traceback",
    is_flag=True,
    expose_value=False,
    callback=_keep,
    help="Show where bpgen itself failed.",
)


def refuse(reports: Sequence[Found], hint: str = "") -> NoReturn:
    """Draw all reports, count them, and end: with 2 if it was a matter of files, else with 1."""
    from bpgen.report import draw

    drawn = [draw(report, source) for report, source in reports]
    gap = "\n" if any("\n" in each for each in drawn) else ""
    for each in drawn:
        click.echo(each + gap, err=True)
    click.echo(f"found {count(len(reports), 'error')}{'; ' if hint else ''}{hint}", err=True)
    sys.exit(2 if all(report.code in _OF_FILES for report, _ in reports) else 1)


def put(text: str) -> None:
    """Text for standard output, in UTF-8 whatever the terminal's settings, as files are."""
    click.echo(text.encode(), nl=False)


def say(text: str, began: float) -> None:
    click.echo(f"{text} ({time.perf_counter() - began:.2f} s)", err=True)


def count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
