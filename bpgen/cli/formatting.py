"""`bpgen fmt`: specs in their one canonical form."""

from __future__ import annotations

import sys
import time
from codecs import BOM_UTF8
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bpgen.cli import completing
from bpgen.cli.ends import Mistake, count, put, say
from bpgen.cli.settings import reporting, setting

if TYPE_CHECKING:
    from bpgen.disk import Change, Folder
    from bpgen.source import Source

SPECS = click.argument(
    "specs", nargs=-1, required=True, metavar="SPEC...", type=completing.SPEC_FILE
)


@click.command()
@SPECS
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@reporting
def fmt(specs: tuple[str, ...], check: bool, diff: bool) -> None:
    """Write each SPEC in the one canonical form of specs.

    Files are changed where they lie; of a folder all or, if one cannot be, none. Line ends that git
    may have turned into CRLF are no reason for a change. A - reads standard input and prints.

    \b
      bpgen fmt cells/*.spec
      bpgen fmt --check cells/*.spec
    """
    from bpgen.canonical import canonical
    from bpgen.cli.reading import read_all, through

    began = time.perf_counter()
    _only_files(specs)
    sources = read_all(specs)
    texts = through(canonical, sources)
    changed = [
        (source, text) for source, text in zip(sources, texts, strict=True) if source.text != text
    ]
    if check or diff:
        _say_changes(changed, check, diff)
    elif specs == ("-",):
        put(texts[0])
        return
    else:
        for folder in dict.fromkeys(Path(source.path).parent for source, _ in changed):
            _replace(folder, [each for each in changed if Path(each[0].path).parent == folder])
    would = "would change" if check or diff else "changed"
    say(f"{count(len(changed), 'spec')} {would}, {len(sources) - len(changed)} unchanged", began)
    if changed and (check or diff):
        sys.exit(1)


def _only_files(specs: tuple[str, ...]) -> None:
    """A cell of the library is not the user's to change; - is printed, and stands alone."""
    from bpgen import library

    if "-" in specs and len(specs) > 1:
        raise click.UsageError("`fmt -` prints one spec, and takes no other")
    for name in specs:
        if name in library.names() and not Path(name).is_file():
            told = f"`bpgen cells {name} > {name}.spec` makes one"
            raise Mistake(f"`{name}` is a cell of the library and no file; {told}")


def _say_changes(changed: list[tuple[Source, str]], check: bool, diff: bool) -> None:
    from bpgen.cli.differing import difference
    from bpgen.report import printable

    for source, text in changed:
        if diff:
            put(difference(source.path, source.text, text, source.path))
        if check and setting("format") != "json":
            click.echo(f"would change {printable(source.path)}", err=True)


def _replace(place: Path, changed: list[tuple[Source, str]]) -> None:
    """Put texts in the place of the specs of a folder, all or none."""
    from bpgen.disk import make, opened
    from bpgen.report import printable, safe_path

    try:
        with opened(place) as folder:
            make(folder, [_change(folder, source, text) for source, text in changed])
    except OSError as error:
        raise Mistake(f"`{safe_path(place)}` cannot be written to: {error.strerror}") from error
    if not setting("quiet"):
        for source, _ in changed:
            click.echo(f"changed {printable(source.path)}", err=True)


def _change(folder: Folder, source: Source, text: str) -> Change:
    """The change of a spec, if it is a plain file that still says what was read."""
    from bpgen.disk import Change, look
    from bpgen.report import safe_path

    path = Path(source.path)
    found = look(folder, path.name)
    if found is None or found.obstacle:
        why = found.obstacle if found else "gone"
        raise Mistake(f"`{safe_path(path)}` is {why}; only plain files are changed")
    if _text(found.data) != source.text.encode():
        raise Mistake(f"`{safe_path(path)}` was changed meanwhile")
    return Change(path.name, text.encode(), found.mode, found)


def _text(data: bytes) -> bytes:
    """The bytes of a spec as its source has them."""
    return data.removeprefix(BOM_UTF8).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
