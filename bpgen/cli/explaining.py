"""`bpgen explain`: the page of a code or of an operator, for a terminal."""

from __future__ import annotations

import re
import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from bpgen.cli import completing
from bpgen.cli.ends import Mistake, put
from bpgen.cli.settings import coloured, traceback, width

if TYPE_CHECKING:
    from bpgen.paint import Paint


@click.command()
@click.argument("topics", nargs=-1, metavar="[CODE|OPERATOR]...", type=completing.TOPIC)
@traceback
def explain(topics: tuple[str, ...]) -> None:
    """Explain a CODE of a report, or an OPERATOR.

    Without one, list the codes.

    \b
      bpgen explain BP201
      bpgen explain softmax
    """
    from bpgen.paint import ansi, plain

    columns = min(width(sys.stdout, 80), 100)
    paint = ansi if coloured(sys.stdout) else plain
    put("\n".join(_page(topic, columns, paint) for topic in topics) or _index(columns))


def _index(columns: int) -> str:
    from bpgen import pages
    from bpgen.paint import hung

    lines = [
        line for code in pages.codes() for line in hung(f"{code}  ", pages.title(code), columns)
    ]
    return "\n".join(lines) + "\n"


def _page(topic: str, columns: int, paint: Paint) -> str:
    from bpgen import manual, pages
    from bpgen.cli.markdown import as_text

    code = topic.upper()
    if code in pages.codes():
        return as_text(pages.text(code), columns, paint)
    if re.fullmatch(r"BP?\d*", code):
        near = get_close_matches(code, pages.codes(), n=3)
        meant = " or ".join(f"`{each}`" for each in near)
        rest = f"did you mean {meant}?" if near else "`bpgen explain` lists all"
        raise Mistake(f"there is no code `{topic}`; {rest}")
    try:
        return manual.entry(topic)
    except LookupError as error:
        raise Mistake(str(error)) from None
