"""Ways out that work: each repair is made on a copy of the spec, and the copy is checked.

A report proposes edits by what it sees at one place. Whether they help is seen of the whole alone:
a parameter declared anew must fit wherever else it stands. So each proposal is tried. It is kept if
its report is gone and no other has come, and those come first that leave the fewest. A spec that
could not be read shows more once it can be; what is wrong then with the words that a proposal wrote
is the proposal's own fault.

Two mistakes may lie in one expression, the inner hiding the outer. If every proposal for the inner
one brings an outer one to light, the likeliest alone is kept.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from bpgen.check import blind, check
from bpgen.parse import parse
from bpgen.report import Edit, Refused, Repair, Report
from bpgen.source import Source, Span

KEPT = 3  # repairs of a report
TRIALS = 60  # of a spec
EACH = 16  # of a report
WORK = 200_000  # characters read, terms checked and reports made in all trials of a spec
REPORT = 50  # of these is what a report counts for

MARRED = ("BP102", "BP308")  # a function, or what has steps, without what stood beside it
UNFIT = ("BP2", "BP4")  # shapes and arguments; what is missing elsewhere is no repair's fault


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a spec is refused for, and whether it can be read at all.

    A fault is the start and the end of a report's place, and its code. `blind` are the offsets
    where nothing could be checked, `work` is what reading and checking took.
    """

    faults: frozenset["_Fault"]
    read: bool = True
    blind: frozenset[int] = frozenset()
    work: int = 1


_Fault: TypeAlias = tuple[int, int, str]


def tried(source: Source, reports: Sequence[Report]) -> tuple[Report, ...]:
    """The reports that refuse a spec, each with the repairs that help, the best first.

    A repair that could not be tried, since the spec is long or its reports are many, is left out.
    """
    if not any(report.repairs for report in reports):
        return tuple(reports)
    before = _before(source, reports)
    left = min(TRIALS, WORK // before.work)
    found = []
    for report in reports:
        candidates = _distinct(report.repairs)[: min(left, EACH)]
        left -= len(candidates)
        rest = () if before.read else _firsts(reports, report)
        found.append(replace(report, repairs=_ranked(source, report, candidates, before, rest)))
    return tuple(found)


def applied(text: str, edits: Iterable[Edit]) -> str:
    """A text with edits made, of which no two overlap; of two at one place the first comes first.

    Raises ValueError if two overlap.
    """
    made, end = [], 0
    for edit in sorted(edits, key=lambda edit: edit.span.start):
        if edit.span.start < end:
            raise ValueError("edits overlap")
        made += [text[end : edit.span.start], edit.text]
        end = edit.span.end
    return "".join([*made, text[end:]])


def _firsts(reports: Iterable[Report], but: Report) -> tuple[Edit, ...]:
    """The likeliest edits of the reports but one, with which the spec can perhaps be read."""
    firsts = [r.repairs[0].edits for r in reports if r is not but and r.repairs]
    return tuple(dict.fromkeys(edit for edits in firsts for edit in edits))


def _ranked(
    source: Source,
    report: Report,
    candidates: Iterable[Repair],
    before: _Outcome,
    rest: tuple[Edit, ...],
) -> tuple[Repair, ...]:
    """The candidates that help, those first that leave the fewest reports.

    With the edits of `rest` the other statements can be read too.
    """
    helpful: list[tuple[int, Repair]] = []
    revealing: list[Repair] = []
    for repair in candidates:
        after = _after(source, repair.edits)
        if after is None or _fault(report) in after.faults:
            continue
        unfit = (*MARRED, *UNFIT * (len(report.repairs) > 1))
        if not before.read and _at_fault(source, repair.edits, rest, unfit):
            continue
        new = after.faults - before.faults
        if not new or (after.read and not before.read):
            helpful.append((len(after.faults), repair))
        elif len(new) == 1 and (not before.read or all(at in before.blind for at, _, _ in new)):
            revealing.append(repair)
    helpful.sort(key=lambda pair: pair[0])
    return tuple(repair for _, repair in helpful[:KEPT]) or tuple(revealing[:1])


def _before(source: Source, reports: Iterable[Report]) -> _Outcome:
    faults = frozenset(_fault(report) for report in reports)
    try:
        unseen, terms = blind(parse(source))
        work = len(source.text) + terms + REPORT * len(faults)
        return _Outcome(faults, True, unseen, work)
    except Refused:
        return _Outcome(faults, read=False, work=len(source.text) + REPORT * len(faults) + 1)


def _after(source: Source, edits: Sequence[Edit]) -> _Outcome | None:
    """The outcome of a repaired spec, its places as they are in the spec; None if none is made."""
    try:
        repaired = Source(source.name, applied(source.text, dict.fromkeys(edits)))
    except ValueError:  # one part of it is in the way of another
        return None
    if repaired.text == source.text:
        return None
    read = False
    try:
        spec = parse(repaired)
        read = True
        check(spec)
    except Refused as refused:
        back = _Back(edits)
        found = [_fault(report) for report in refused.reports]
        return _Outcome(frozenset((back.at(a), back.at(b), code) for a, b, code in found), read)
    return _Outcome(frozenset())


def _at_fault(
    source: Source, edits: Sequence[Edit], rest: tuple[Edit, ...], codes: tuple[str, ...]
) -> bool:
    """Whether what some edits write is wrong, in a spec that these and the rest make readable.

    Where there is one way alone to read what was written, shapes that do not fit are the spec's.
    """
    made = tuple(dict.fromkeys((*edits, *rest)))
    try:
        repaired = Source(source.name, applied(source.text, made))
        check(parse(repaired))
    except ValueError:  # those of the rest are in the way
        return bool(rest) and _at_fault(source, edits, (), codes)
    except Refused as refused:
        places = [where for edit, where in _written(made) if edit in edits]
        return any(
            _spoils(report, place)
            for report in refused.reports
            if report.code.startswith(codes)
            for place in places
        )
    return False


def _written(edits: Iterable[Edit]) -> Iterable[tuple[Edit, Span]]:
    """Where the text of each edit stands once all are made."""
    shift = 0
    for edit in sorted(edits, key=lambda edit: edit.span.start):
        start = edit.span.start + shift
        shift += len(edit.text) - (edit.span.end - edit.span.start)
        yield edit, Span(start, start + len(edit.text))


def _spoils(report: Report, written: Span) -> bool:
    """Whether a report is of what an edit wrote."""
    if report.place is None:
        return False
    place = report.place.span
    if report.code in MARRED:
        return place.start <= written.end and place.end >= written.start
    return place.start < written.end and place.end > written.start


def _fault(report: Report) -> _Fault:
    if report.place is None:
        return -1, -1, report.code
    return report.place.span.start, report.place.span.end, report.code


def _distinct(repairs: Iterable[Repair]) -> list[Repair]:
    """The repairs without those that do or say what an earlier one does or says."""
    by_edits: dict[tuple[Edit, ...], Repair] = {}
    for repair in repairs:
        by_edits.setdefault(repair.edits, repair)
    by_text: dict[str, Repair] = {}
    for repair in by_edits.values():
        by_text.setdefault(repair.text, repair)
    return list(by_text.values())


class _Back:
    """From an offset in an edited text to where it was in the text before."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self._ends = [-1]  # of what edits wrote; a report without a place is at -1
        self._shifts = [0]
        shift = 0
        for edit in sorted(edits, key=lambda edit: edit.span.start):
            shift += len(edit.text) - (edit.span.end - edit.span.start)
            self._ends.append(edit.span.end + shift)
            self._shifts.append(shift)

    def at(self, after: int) -> int:
        """The offset before the edits; within what an edit wrote, one near it."""
        return after - self._shifts[bisect_right(self._ends, after) - 1]
