"""How commands end: what is said on which stream, and what they exit with.

    0  all is well
    1  a spec is wrong, a check failed, or what was written is out of date
    2  the command line is wrong, or a file cannot be read or written, or is not ours to replace
    3  our own fault
    130  Ctrl-C

What was asked for goes to standard output; reports and summaries go to standard error. What is
found wrong is said by `reports`.
"""

from __future__ import annotations

import gc
import time
from typing import Any, NoReturn

import click

from bpgen.cli.settings import setting, width

_WHOLE = 10_000  # columns: a log keeps what is wrong on one line


class Front(click.Group):
    """A group of commands that ends an interrupted one with 130 and a broken one with 3."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run as the program, which this process is for.

        What a command makes lives as long as it runs. To look for garbage in it, while it runs and
        when the process ends, would take a tenth of a short run.
        """
        gc.disable()
        try:
            return super().__call__(*args, **options)
        finally:
            gc.freeze()

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(130)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if setting("traceback"):
                raise
            _crashed(ctx, error)


class Mistake(click.ClickException):
    """Something is wrong with the command line or with a file, and not with a spec."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        from bpgen.paint import hung
        from bpgen.report import printable

        columns = width(otherwise=_WHOLE)
        for line in self.message.split("\n"):
            click.echo("\n".join(hung("error: ", printable(line), columns)), err=True)


def _crashed(ctx: click.Context, error: Exception) -> NoReturn:
    """One line for a failure of ours, with what the failing stage said of the spec's line."""
    from bpgen.report import printable

    said = printable(" ".join(f"{type(error).__name__}: {error}".split()))
    where = "".join(f" on {note}" for note in getattr(error, "__notes__", ())[:1])
    click.echo(f"bpgen failed{where}, and the fault is its own: {said}", err=True)
    click.echo("please report it, with the spec; `--traceback` shows where it happened", err=True)
    ctx.exit(3)


def put(text: str) -> None:
    """Text for standard output, in UTF-8 whatever the terminal's settings, as files are."""
    try:
        click.echo(text.encode("utf-8", "backslashreplace"), nl=False)
    except BrokenPipeError:  # whoever reads has read enough
        raise
    except OSError as error:
        raise Mistake(f"standard output cannot be written to: {error.strerror}") from error


def say(text: str, began: float) -> None:
    """A summary, with the time since `began`; nothing where it was not wanted."""
    if not setting("quiet") and setting("format") != "json":
        click.echo(f"{text} ({time.perf_counter() - began:.2f} s)", err=True)


def count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
