"""The one form in which a spec is written: `canonical(source)`, for `bpgen fmt`.

White space is the formatter's; lines, comments, brackets, numbers and strings stay as the author
wrote them, in their order. In detail:

- Operators stand between spaces, `**` and what is inside square brackets or a shape does not:
  `a + b[t-1]**2`, `(4*H, D)`. `=` is tight inside brackets: `sum(x, over=t)`.
- `cell`, `about`, `dim` and `time` are followed by a name in the seventh column, as `param` is.
- Statements of one kind on adjacent lines, with as many names, have their `:`, `~` and `=` under
  each other. A `loss` is aligned with equations, an `output` with others of its kind.
- A comment behind a text stands in the 40th column, or two spaces behind a longer text; one that
  was written under it stays under it. A comment alone stands where a statement would.
- A line inside brackets is indented by four more than the line that opened them.
- Blank lines in a row are one; there is none at either end.
- Signs that only look like those of the language are replaced by those.

What comes out is read again and must say what went in, so that a slip of the formatter cannot
change a spec.
"""

import re
from dataclasses import fields, is_dataclass
from typing import Any

from bpgen.canonical.columns import laid_out
from bpgen.canonical.lines import read_lines
from bpgen.canonical.lookalikes import mended
from bpgen.parse import parse
from bpgen.report import Refused, Report
from bpgen.scan import CHARACTERS, COLUMNS, check_text
from bpgen.source import Source, Span

_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


def canonical(source: Source) -> str:
    """The canonical form of a spec, which is its own canonical form.

    Raises Refused if the spec cannot be parsed, with reports on the source as it is.
    """
    check_text(source)
    text = mended(source.text)
    try:
        spec = parse(Source(source.name, text))
    except Refused:
        parse(source)  # if it is wrong in more than its look-alikes, so is the source
        raise
    text = _BLANK_LINES.sub("\n\n", text)
    made = "\n".join(laid_out(read_lines(text))).strip("\n")
    made += "\n" if made else ""
    _check_lengths(made)
    if meaning(parse(Source(source.name, made)).statements) != meaning(spec.statements):
        raise AssertionError("the canonical form of a spec says something else")
    return made


def meaning(value: Any) -> Any:
    """A part of `syntax` without its places, so that two that say the same are equal."""
    if isinstance(value, tuple):
        return tuple(map(meaning, value))
    if not is_dataclass(value):
        return value
    parts = (getattr(value, field.name) for field in fields(value))
    return type(value), *(meaning(part) for part in parts if not isinstance(part, Span))


def _check_lengths(text: str) -> None:
    """Refuses a spec that is within the limits only as long as it is written without spaces."""
    if len(text) > CHARACTERS or any(len(line) > COLUMNS for line in text.split("\n")):
        limits = f"{CHARACTERS} characters, {COLUMNS} a line"
        message = f"in its canonical form, the spec would pass the limits of {limits}"
        raise Refused([Report("BP023", message, helps=("break long lines inside brackets",))])
