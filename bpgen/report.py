"""What bpgen says when something is wrong: one report a mistake, with its places and a way out.

A report has a code (`BP201`), one sentence, a label at the place of the fault, labels at the other
places it concerns, notes that state facts and helps that propose. `draw` makes it text:

    error[BP201]: `@` needs the last axis of the left side to equal the first of the right
     --> rnn.spec:5:12
      |
    3 | param Wx : (H, D)
      |            ------ Wx declared here
    ...
    5 | h[t] = tanh(x[t] @ Wx + b)
      |             ^^^^^^^^^ D is not H
      |
      = help: write `x[t] @ Wx.T`, or declare `Wx : (D, H)`

`concise` makes it a line. Text that a stranger wrote comes in through `safe`, and what is drawn is
printable whatever came in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bpgen.paint import Paint, hung, plain
from bpgen.snippet import Mark, snippet
from bpgen.source import Source, Span

WIDTH = 100  # of a page, where no terminal says otherwise


@dataclass(frozen=True, slots=True)
class Label:
    """A place and what is to be said of it; the text may be empty."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to stand in the place of a span; an empty span is a place to insert at."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Repair:
    """A way out that a program could take: what to tell a person, and the edits that do it."""

    text: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One mistake. `place` is the fault; `others` are the places that explain it.

    `repairs` are ways out in the order of their likelihood; `helps` say what no edit can.
    """

    code: str
    message: str
    place: Label | None = None
    others: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    severity: str = "error"
    repairs: tuple[Repair, ...] = ()

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


class Refused(Exception):
    """A spec cannot be compiled; `reports` says why, in the order of their places."""

    def __init__(self, reports: Iterable[Report]) -> None:
        self.reports = tuple(sorted(reports, key=_order))
        super().__init__("; ".join(report.message for report in self.reports))


def _order(report: Report) -> tuple[int, str]:
    return (report.place.span.start if report.place else -1), report.code


def safe(text: str, limit: int = 80) -> str:
    """Text of a spec as it may stand in a message: printable ASCII, at most `limit` characters."""
    shown = "".join(c if " " <= c <= "~" else ascii(c)[1:-1] for c in text)
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


def safe_path(path: object, limit: int = 80) -> str:
    """A path as it may stand in a message: its end if it is long, for that names the file."""
    shown = safe(str(path), 10_000)
    return shown if len(shown) <= limit else "..." + shown[-limit + 3 :]


def series(names: Sequence[str], limit: int = 8) -> str:
    """Names in a sentence: "`a`, `b` and `c`"; of more than `limit`, the first and how many."""
    shown = [f"`{name}`" for name in names]
    if len(shown) > limit:
        shown[limit - 1 :] = [f"{len(shown) - limit + 1} others"]
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def printable(text: str) -> str:
    """Text as a terminal or a program may get it: what cannot be printed is escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def draw(report: Report, source: Source | None, width: int = WIDTH, paint: Paint = plain) -> str:
    """The report as lines of at most `width` columns, where its words allow it."""
    kind = f"{report.severity}[{report.code}]"
    head = hung(f"{kind}: ", _lines(report.message), width)
    lines = [paint(report.severity, kind) + paint("strong", head[0][len(kind) :])]
    lines += [paint("strong", line) for line in head[1:]]
    gutter = 1
    said = _said(report)
    if source and report.place:
        line, column = source.position(report.place.span.start)
        numbers = [source.position(label.span.start)[0] for label in (report.place, *report.others)]
        gutter = len(str(max(numbers)))
        place = f"{printable(source.shown)}:{line}:{column}"
        lines.append(f"{paint('frame', ' ' * gutter + '-->')} {place}")
        lines.append(paint("frame", " " * gutter + " |"))
        lines += snippet(source, _marks(report), gutter, width, paint)
        if said:
            lines.append(paint("frame", " " * gutter + " |"))
    for style, text in said:
        rail, word = " " * gutter + " =", f" {style}:"
        first, *rest = hung(f"{rail}{word} ", _lines(text), width)
        lines.append(paint("frame", rail) + paint(style, word) + first[len(rail) + len(word) :])
        lines += rest
    return "\n".join(lines)


def concise(report: Report, source: Source | None) -> str:
    """The report on one line: `rnn.spec:5:12: BP201 message`, `BP701 warning: message`."""
    kind = "" if report.is_error else f"{report.severity}: "
    said = printable(f"{report.code} {kind}{' '.join(report.message.split())}")
    if not (source and report.place):
        return said
    line, column = source.position(report.place.span.start)
    return f"{printable(source.shown)}:{line}:{column}: {said}"


def _said(report: Report) -> list[tuple[str, str]]:
    """What stands below the snippet, and in which style: notes, then ways out."""
    ways = (*(repair.text for repair in report.repairs), *report.helps)
    return [*(("note", note) for note in report.notes), *(("help", way) for way in ways)]


def _marks(report: Report) -> list[Mark]:
    assert report.place is not None
    place = Mark(report.place.span, "^", report.place.text, report.severity)
    return [place, *(Mark(other.span, "-", other.text, "frame") for other in report.others)]


def _lines(text: str) -> str:
    """Printable text that may have several lines."""
    return "\n".join(map(printable, text.split("\n")))
