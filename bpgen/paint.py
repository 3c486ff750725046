"""Text for a terminal: how wide it is, how it is broken into lines, how it is coloured.

A terminal has columns and not characters: an ideograph takes two, a combining mark none, a tab four
here. A paint is a function of a style and a text; `plain` leaves the text as it is and `ansi` puts
the codes of a terminal round it.
"""

import re
import textwrap
import unicodedata
from collections.abc import Callable
from itertools import accumulate

Paint = Callable[[str, str], str]

_CODES = {
    "error": "1;31",
    "warning": "1;33",
    "strong": "1",
    "frame": "1;34",
    "note": "1;32",
    "help": "1;36",
}


def plain(_: str, text: str) -> str:
    """The text without colour, whatever the style."""
    return text


def ansi(style: str, text: str) -> str:
    """The text in a style: error, warning, strong, frame, note or help."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if text else ""


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return edges(text)[-1]


def edges(text: str) -> list[int]:
    """The column at which each character begins, and last the one behind them all."""
    if text.isascii() and "\t" not in text:
        return list(range(len(text) + 1))
    return [0, *accumulate(map(_width, text))]


def _width(character: str) -> int:
    if character == "\t":
        return 4
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shown(text: str) -> str:
    """A text as a terminal may get it, column for column: tabs as spaces, `?` for what is none."""
    return "".join(c if c.isprintable() else "?" for c in text.replace("\t", "    "))


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns where words allow it; line ends of the text are kept.

    What stands in backticks is kept on one line unless it is long.
    """
    kept = re.sub(r"`[^`\n]*`", lambda found: _tied(found[0], width // 2), text)
    lines: list[str] = []
    for line in kept.split("\n"):
        lines += textwrap.wrap(
            line, max(width, 20), break_long_words=False, break_on_hyphens=False
        ) or [""]
    return [line.replace("\0", " ") for line in lines]


def _tied(code: str, limit: int) -> str:
    return code.replace(" ", "\0") if len(code) <= limit else code


def hung(opening: str, text: str, width: int) -> tuple[str, ...]:
    """A text behind its opening, the lines below it indented as far."""
    first, *rest = wrapped(text, width - len(opening))
    return f"{opening}{first}", *(f"{' ' * len(opening)}{line}" for line in rest)
