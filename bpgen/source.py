"""A text and the places in it: where a thing was written.

Offsets count characters of the text after newlines were made `\\n`. Lines and columns count from 1.
"""

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a source, from offset `start` up to and without `end`."""

    start: int
    end: int

    def to(self, other: "Span") -> "Span":
        """The stretch from the start of this span to the end of another."""
        return Span(min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True, slots=True)
class Source:
    """A named text.

    `name` is a file's base name, never a path, and is what generated files may say. `path` is where
    a reader of a report finds the file, as the user typed it; it is empty where there is no file.
    """

    name: str
    text: str
    path: str = field(default="", compare=False)
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0]
        starts += [i + 1 for i, character in enumerate(self.text) if character == "\n"]
        object.__setattr__(self, "_starts", tuple(starts))

    @property
    def shown(self) -> str:
        """What reports call it: its path, or its name."""
        return self.path or self.name

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, without its newline."""
        start = self._starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]

    def quote(self, span: Span) -> str:
        """The text at a span."""
        return self.text[span.start : span.end]
