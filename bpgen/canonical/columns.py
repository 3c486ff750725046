"""Lines as text, the cells of lines of a kind in columns, and comments in a column of their own.

A line is aligned with those right above and below it that are of its kind. Lines of which one would
pass column 100 then are not aligned.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from bpgen.canonical.lines import Line

_WIDTH = 100
_COMMENTS = 39  # where a comment at the end of a line begins, from 0
_GAPS = {":": " ", "=": " ", "~": "  "}  # before a cell, by the sign that it begins with


def laid_out(lines: Iterable[Line]) -> Iterator[str]:
    """The lines as text, without their newlines."""
    place = None  # of the last comment beside a text: its column as written, and as laid out
    for line, text in _texts(lines):
        if text and line.comment:
            begins = _COMMENTS if _fits(text, line.comment) else len(text) + 2
            place = line.column, begins
            yield text.ljust(begins) + line.comment
        elif line.comment and place and line.column == place[0]:
            yield " " * place[1] + line.comment  # it goes on with the one above
        else:
            place = None
            yield text or (" " * line.indent + line.comment).rstrip()


def _fits(text: str, comment: str) -> bool:
    return len(text) + 2 <= _COMMENTS and _COMMENTS + len(comment) <= _WIDTH


def _texts(lines: Iterable[Line]) -> Iterator[tuple[Line, str]]:
    """Each line, and its text without the comment."""
    for kind, group in groupby(lines, lambda line: line.kind):
        run = list(group)
        texts = _aligned(run) if kind else []
        if not kind or max(map(len, texts)) > _WIDTH:
            texts = [text for line in run for text in _aligned([line])]
        yield from zip(run, texts, strict=True)


def _aligned(run: list[Line]) -> list[str]:
    """The texts of lines with each of their cells beginning where the others' do."""
    texts = [" " * line.indent + line.cells[0] if line.cells else "" for line in run]
    for i in (1, 2):
        width = max(map(len, texts))
        texts = [
            text.ljust(width) + _GAPS[line.cells[i][0]] + line.cells[i]
            if len(line.cells) > i
            else text
            for text, line in zip(texts, run, strict=True)
        ]
    return texts
