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
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from bpgen.source import Source, Span


@dataclass(frozen=True, slots=True)
class Label:
    """A place and what is to be said of it; the text may be empty."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One mistake. `place` is the fault; `others` are the places that explain it."""

    code: str
    message: str
    place: Label | None = None
    others: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    severity: str = "error"

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


def draw(report: Report, source: Source | None) -> str:
    """The report as lines of text, without colour."""
    lines = [f"{report.severity}[{report.code}]: {report.message}"]
    width = 1
    if source and report.place:
        line, column = source.position(report.place.span.start)
        numbers = [source.position(label.span.start)[0] for label in (report.place, *report.others)]
        width = len(str(max(numbers)))
        lines.append(f"{' ' * width}--> {source.name}:{line}:{column}")
        lines.append(f"{' ' * width} |")
        lines += _snippets(report, source, width)
        if report.notes or report.helps:
            lines.append(f"{' ' * width} |")
    lines += [f"{' ' * width} = note: {note}" for note in report.notes]
    lines += [f"{' ' * width} = help: {text}" for text in report.helps]
    return "\n".join(lines)


def concise(report: Report, source: Source | None) -> str:
    """The report on one line: `rnn.spec:5:12: BP201 message`."""
    if not (source and report.place):
        return f"{report.code} {report.message}"
    line, column = source.position(report.place.span.start)
    return f"{source.name}:{line}:{column}: {report.code} {report.message}"


def _snippets(report: Report, source: Source, width: int) -> list[str]:
    assert report.place is not None
    marked: dict[int, list[tuple[Label, str]]] = {}
    for label, mark in [(report.place, "^"), *((other, "-") for other in report.others)]:
        number = source.position(label.span.start)[0]
        marked.setdefault(number, []).append((label, mark))
    lines: list[str] = []
    previous = None
    for number in sorted(marked):
        if previous is not None and number > previous + 1:
            lines.append("...")
        text = source.line(number)
        lines.append(f"{number:>{width}} | {_shown(text)}")
        # the rightmost mark first, so that the texts of several marks do not cross
        for label, mark in sorted(marked[number], key=lambda item: -item[0].span.start):
            start = label.span.start - source.position(label.span.start)[1] + 1
            before = _columns(text[: label.span.start - start])
            inside = text[label.span.start - start : label.span.end - start]
            marks = mark * max(1, _columns(inside))
            lines.append(f"{' ' * width} | {' ' * before}{marks} {label.text}".rstrip())
        previous = number
    return lines


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text.replace("\t", "    "))


def _columns(text: str) -> int:
    """How many columns of a terminal the text takes, with a tab as four."""
    wide = {"W": 2, "F": 2}
    return sum(
        4
        if c == "\t"
        else 0
        if unicodedata.combining(c)
        else wide.get(unicodedata.east_asian_width(c), 1)
        for c in text
    )
