"""Options that many commands share, and what the terminal and its environment say beside them.

An option's value is kept with click's context, where `setting` finds it, so that no command hands
it on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, TextIO, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_WIDEST = 120  # columns: prose in longer lines is hard to read


def setting(name: str) -> Any:
    """The value of a shared option of the command that runs; None if it has no such option."""
    context = click.get_current_context(silent=True)
    return context.meta.get(f"bpgen.{name}") if context else None


def _keep(ctx: click.Context, param: click.Parameter, value: object) -> None:
    ctx.meta[f"bpgen.{param.name}"] = value


traceback = click.option(
    "--traceback",
    is_flag=True,
    expose_value=False,
    callback=_keep,
    help="Show where bpgen itself failed.",
)
_color = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    expose_value=False,
    callback=_keep,
    help="Colour reports: auto asks NO_COLOR, FORCE_COLOR and the terminal.",
)


class _OfEnvironment(click.Option):
    """An option that a variable can set too, and what is wrong is said of what set it."""

    def get_error_hint(self, ctx: click.Context | None) -> str:
        source = ctx.get_parameter_source(self.name or "") if ctx else None
        if source is click.core.ParameterSource.ENVIRONMENT:
            return f"the environment's {self.envvar}"
        return super().get_error_hint(ctx)


_format = click.option(
    "--output-format",
    "format",
    cls=_OfEnvironment,
    type=click.Choice(["full", "concise", "json", "github"]),
    default="full",
    envvar="BPGEN_OUTPUT_FORMAT",
    expose_value=False,
    callback=_keep,
    help="How reports are written. BPGEN_OUTPUT_FORMAT sets it too.",
)
quiet = click.option(
    "-q", "--quiet", is_flag=True, expose_value=False, callback=_keep, help="Leave out summaries."
)
STYLE = click.option(
    "--style",
    type=click.Choice(["plain", "fast"]),
    help="How modules are written: plain, for reading (the default), or fast, for training.",
)

REMAT = click.option(
    "--remat",
    type=click.IntRange(min=1, max=10**6),
    metavar="K",
    help="With --style fast: compute again, K steps at a time, what is not an output.",
)


def reporting(command: F) -> F:
    """The options of a command that reads specs, and may have reports to make."""
    return _format(_color(quiet(traceback(command))))


def coloured(stream: TextIO) -> bool:
    """Whether a stream gets colour: `--color`, else the environment, else whether a person reads.

    NO_COLOR wins over FORCE_COLOR and CLICOLOR_FORCE, and they win over TERM=dumb.
    """
    wanted = setting("color")
    if wanted in ("always", "never"):
        return bool(wanted == "always")
    if os.environ.get("NO_COLOR"):
        return False
    if any(
        os.environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")
    ):
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def width(stream: TextIO | None = None, otherwise: int = 100) -> int:
    """The columns of the terminal behind a stream (standard error), at most 120.

    COLUMNS goes before the terminal; `otherwise` is for what is none, such as a file or CI's log.
    """
    wanted = os.environ.get("COLUMNS", "")
    if wanted.isascii() and wanted.isdigit() and int(wanted):
        return min(int(wanted), _WIDEST)
    try:
        return min(os.get_terminal_size((stream or sys.stderr).fileno()).columns, _WIDEST)
    except (OSError, ValueError):
        return otherwise
