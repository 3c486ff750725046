"""A spec that can be parsed, as lines of evenly spaced text, each cut where columns may begin.

Tokens are put down in their order, with the comments among them, and nothing but the white space
between them is new: lines stay lines, so what the author broke inside brackets stays broken.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bpgen.scan import Token, lexemes
from bpgen.words import DECLARATIONS, KEYWORDS, OPERATOR_SYMBOLS, WORD_OPERATORS

_SHORT = ("cell", "about", "dim", "time")  # these stand in a column as wide as `param`
_WIDTH = max(map(len, DECLARATIONS))
_INDENT = 4


@dataclass(frozen=True, slots=True)
class Line:
    """`cells` are `param W`, `: (H, H)` and `~ zeros()`, or `h[t]` and `= tanh(a)`, or the whole.

    A line without cells is blank, or has a comment only. `kind` is what it must share with the next
    line to be aligned with it; None, if it stands for itself. `column` is where the comment was,
    from 0.
    """

    indent: int
    cells: tuple[str, ...]
    comment: str
    column: int
    kind: tuple[str, int] | None


def read_lines(text: str) -> Iterator[Line]:
    """The lines of a text that can be parsed."""
    writer = _Writer()
    row: list[Token] = []
    start = 0
    for token in lexemes(text):
        if token.kind != "newline":
            row.append(token)
            continue
        yield writer.line(row, text, start)
        row, start = [], token.end
    if row:
        yield writer.line(row, text, start)


class _Writer:
    """Puts down tokens line by line, and knows what the lines before have left open."""

    def __init__(self) -> None:
        self.open: list[tuple[int, bool]] = []  # of each bracket: its line's indent; if it is tight
        self.before: Token | None = None
        self.signed = False  # whether the token before is the sign of what follows
        self.word = ""  # that the statement begins with, if it begins with one

    def line(self, row: list[Token], text: str, start: int) -> Line:
        """The line that begins at an offset of the text, from its tokens."""
        comment = row.pop() if row and row[-1].kind == "comment" else None
        begins = not self.open
        if begins:
            self.before, self.word = None, row[0].text if row and row[0].text in KEYWORDS else ""
        indent = self._indent(row)
        cells, names = self._cells(row, indent)
        word = "" if self.word == "loss" else self.word  # a loss stands among equations
        return Line(
            indent=indent,
            cells=cells,
            comment=comment.text.rstrip(" \t") if comment else "",
            column=len(text[start : comment.start].expandtabs()) if comment else 0,
            kind=(word, names) if begins and len(cells) > 1 else None,
        )

    def _indent(self, row: list[Token]) -> int:
        """Four more than the line of the innermost bracket; as that line, if it is closed first."""
        closed = next((i for i, token in enumerate(row) if token.kind != "close"), len(row))
        if closed:
            return self.open[-closed][0]
        return self.open[-1][0] + _INDENT if self.open else 0

    def _cells(self, row: list[Token], indent: int) -> tuple[tuple[str, ...], int]:
        """The cells of a line, and how many names its first cell has."""
        cells = [""] if row else []
        names = 1
        marks = [":", "~"] if self.word in DECLARATIONS else ["="]
        for i, token in enumerate(row):
            gap = self._gap(token) if i else ""
            if not self.open and token.text in marks:
                marks = marks[marks.index(token.text) + 1 :]
                cells.append("")
                gap = ""
            elif not self.open and token.text == "," and len(cells) == 1:
                names += 1
            elif self.before and self.before.text in _SHORT and not self.open:
                gap = " " * (_WIDTH + 1 - len(self.before.text))
            cells[-1] += gap + token.text
            self._put(token, indent)
        return tuple(cells), names

    def _gap(self, token: Token) -> str:
        """What stands between the token before and this one, on one line."""
        before = self.before
        assert before is not None
        if before.kind == "open" or token.kind == "close" or self.signed:
            return ""
        if token.text in (",", "'") or before.text == "'":
            return ""
        if before.text == "," or {before.text, token.text} & {*WORD_OPERATORS}:
            return " "
        if token.text == ".T":
            return " " if before.text.isdigit() else ""  # `1.T` would be `1.` and `T`
        if token.kind == "open" and before.ends_operand:
            return ""
        joined = {"**"}
        if self.open:
            joined |= {"=", ":"} | ({*OPERATOR_SYMBOLS} if self.open[-1][1] else set())
        return "" if {before.text, token.text} & joined else " "

    def _put(self, token: Token, indent: int) -> None:
        if token.kind == "open":
            shape = not self.open and self.before is not None and self.before.text == ":"
            tight = token.text == "[" or shape or (bool(self.open) and self.open[-1][1])
            self.open.append((indent, tight))
        elif token.kind == "close":
            self.open.pop()
        operand = self.before is not None and self.before.ends_operand
        self.signed = token.text in ("+", "-") and not operand
        self.before = token
