"""What else is wrong with a spec that cannot be read, so that one run shows all of its mistakes.

Names and shapes can be checked only of a spec that can be read. So each report's likeliest repair
is made on a copy, and what the copy is refused for is reported too, at the places where it stands
in the spec. What would point into the text of a repair is left out, for nobody wrote that; so is
what stands in a statement whose repair is hardly more than a guess.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bpgen.check import check
from bpgen.parse import parse
from bpgen.repair import applied, tried
from bpgen.report import Edit, Label, Refused, Repair, Report
from bpgen.scan import pieces
from bpgen.source import Source, Span

GUESSES = ("BP005", "BP006", "BP008")  # an operator or an operand that is missing


def beyond(source: Source, reports: Sequence[Report]) -> tuple[Report, ...]:
    """The reports of a spec that cannot be read, and those of the spec once it is mended.

    The former alone, if one of them has no repair, or if two repairs are in each other's way.
    """
    firsts = [report.repairs[0] for report in reports if report.repairs]
    edits = tuple(dict.fromkeys(edit for repair in firsts for edit in repair.edits))
    if len(firsts) < len(reports):
        return tuple(reports)
    try:
        mended = Source(source.name, applied(source.text, edits))
        check(parse(mended))
    except ValueError:
        return tuple(reports)
    except Refused as refused:
        kept = _Kept(edits, len(source.text))
        more = [kept.report(report) for report in tried(mended, refused.reports)]
        guessed = _guessed(source, reports)
        said = {(report.code, report.place) for report in reports}
        new = (r for r in more if r and r.place and (r.code, r.place) not in said)
        return (*reports, *(r for r in new if r.place and not _within(r.place.span, guessed)))
    return tuple(reports)


def _guessed(source: Source, reports: Sequence[Report]) -> list[Span]:
    """The statements whose repair is a guess."""
    places = [report.place.span for report in reports if report.place and report.code in GUESSES]
    spans = [piece.span for piece in pieces(source.text)] if places else []
    return [span for span in spans if any(_within(place, [span]) for place in places)]


def _within(place: Span, spans: Iterable[Span]) -> bool:
    return any(span.start <= place.start and place.end <= span.end for span in spans)


class _Kept:
    """The stretches of a text that edits leave as they are, and where they were before."""

    def __init__(self, edits: Iterable[Edit], length: int) -> None:
        self._starts: list[int] = []  # of the stretches after the edits
        self._ends: list[int] = []
        self._shifts: list[int] = []
        shift = start = 0
        for edit in sorted(edits, key=lambda edit: edit.span.start):
            self._add(start, edit.span.start, shift)
            shift += len(edit.text) - (edit.span.end - edit.span.start)
            start = edit.span.end
        self._add(start, length, shift)

    def _add(self, start: int, end: int, shift: int) -> None:
        self._starts.append(start + shift)
        self._ends.append(end + shift)
        self._shifts.append(shift)

    def span(self, after: Span) -> Span | None:
        """Where a span of the edited text was before; None if an edit wrote into it."""
        stretch = bisect_right(self._starts, after.start) - 1
        if stretch < 0 or after.end > self._ends[stretch]:
            return None
        shift = self._shifts[stretch]
        return Span(after.start - shift, after.end - shift)

    def report(self, report: Report) -> Report | None:
        """A report with its places as they were before; None if its own place was not."""
        place = self._labels([report.place] if report.place else [])
        if not place:
            return None
        repairs = tuple(made for repair in report.repairs if (made := self._repair(repair)))
        return replace(report, place=place[0], others=self._labels(report.others), repairs=repairs)

    def _labels(self, labels: Iterable[Label]) -> tuple[Label, ...]:
        spans = ((label, self.span(label.span)) for label in labels)
        return tuple(Label(span, label.text) for label, span in spans if span)

    def _repair(self, repair: Repair) -> Repair | None:
        spans = [(edit, self.span(edit.span)) for edit in repair.edits]
        edits = tuple(Edit(span, edit.text) for edit, span in spans if span)
        return Repair(repair.text, edits) if len(edits) == len(spans) else None
