"""`bpgen new`: a spec to start from."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click

from bpgen.cli import completing
from bpgen.cli.ends import Mistake
from bpgen.cli.settings import quiet, setting, traceback


@click.command()
@click.argument("name")
@click.option("--cell", type=completing.CELL, metavar="CELL", help="Start from one of the library.")
@click.option("-o", "--output", default=".", metavar="DIR", help="Where to write it.")
@quiet
@traceback
def new(name: str, cell: str | None, output: str) -> None:
    """Write NAME.spec, a small commented cell to start from.

    It compiles as it is. No file is ever replaced.

    \b
      bpgen new mycell
      bpgen new mycell --cell gru
    """
    from bpgen import library
    from bpgen.report import printable

    try:
        text = library.renamed(library.starter() if cell is None else library.text(cell), name)
    except LookupError as error:
        raise Mistake(str(error)) from None
    _refuse_names(name, text)
    path = Path(output) / f"{name}.spec"
    _create(path, text)
    if not setting("quiet"):
        shown = printable(shlex.quote(str(path)))
        click.echo(f"wrote {shown}; next, change it, and try\n", err=True)
        click.echo(f"  bpgen gradcheck {shown}\n  bpgen compile {shown} -o generated/", err=True)


def _refuse_names(name: str, text: str) -> None:
    """Raise `Mistake` for a name that a cell cannot have, in the words of the check itself."""
    from bpgen.compile import run
    from bpgen.parse import read
    from bpgen.report import Refused, safe

    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise Mistake(
            f"`{safe(name)}` is no name: it takes letters, digits and `_`, a letter first"
        )
    try:
        run(read(text.encode(), f"{name}.spec"), "check")
    except Refused as refused:
        raise Mistake(refused.reports[0].message) from None


def _create(path: Path, text: str) -> None:
    """Make a file where nothing lies, not even a link that leads nowhere."""
    from bpgen.report import safe_path

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise Mistake(f"`{safe_path(path)}` cannot be written: {error.strerror}") from None
