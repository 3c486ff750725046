"""Reports for programs: one object of JSON, and the annotations of GitHub's workflows.

The object is documented where users look for it, in the help of `bpgen check`. It is ASCII on one
line, whatever a spec or the name of a file holds.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bpgen.report import Label, Report, printable
from bpgen.source import Source, Span

Found = tuple[Report, Source | None]


def as_json(found: Iterable[Found], files: Iterable[tuple[str, str]]) -> str:
    """All reports of a run, and the path and the state of every file it wrote or compared."""
    whole = {
        "version": 1,
        "files": [{"path": path, "status": status} for path, status in files],
        "diagnostics": [_diagnostic(report, source) for report, source in found],
    }
    return json.dumps(whole) + "\n"


def _diagnostic(report: Report, source: Source | None) -> dict[str, Any]:
    place = report.place
    labels: Sequence[Label] = (place, *report.others) if place and place.text else report.others
    return {
        "code": report.code,
        "severity": report.severity,
        "message": report.message,
        "file": source.shown if source else None,
        "span": _span(place.span, source) if place and source else None,
        "labels": [
            {"span": _span(label.span, source), "text": label.text} for label in labels if source
        ],
        "notes": list(report.notes),
        "helps": list(report.helps),
        "fixes": [
            {
                "message": repair.text,
                "edits": [
                    {"start": edit.span.start, "end": edit.span.end, "text": edit.text}
                    for edit in repair.edits
                ],
            }
            for repair in report.repairs
        ],
    }


def _span(span: Span, source: Source) -> dict[str, int]:
    line, col = source.position(span.start)
    end_line, end_col = source.position(span.end)
    places = {"line": line, "col": col, "end_line": end_line, "end_col": end_col}
    return {"start": span.start, "end": span.end, **places}


def as_annotation(report: Report, source: Source | None) -> str:
    """A line that GitHub shows beside the line of the spec.

    `::error file=rnn.spec,line=5,col=12,endColumn=20,title=BP201::message`, with the ways out
    behind the message. A report without a place has a title only.
    """
    ways = (*(repair.text for repair in report.repairs), *report.helps)
    said = [
        report.message,
        *(f"note: {note}" for note in report.notes),
        *(f"help: {way}" for way in ways),
    ]
    lines = [line for text in said for line in text.split("\n")]
    return annotation(report.severity, {**_where(report, source), "title": report.code}, lines)


def annotation(severity: str, where: Mapping[str, str], lines: Iterable[str]) -> str:
    """What is said, with the properties that say where; nothing in it can be another command."""
    properties = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in where.items())
    return f"::{severity} {properties}::{'%0A'.join(map(_escaped, lines))}"


def _where(report: Report, source: Source | None) -> dict[str, str]:
    if not (source and report.place):
        return {}
    places = _span(report.place.span, source)
    where = {"file": source.shown, "line": str(places["line"]), "col": str(places["col"])}
    if places["end_line"] != places["line"]:
        where["endLine"] = str(places["end_line"])
    return {**where, "endColumn": str(places["end_col"])}


def _escaped(text: str, signs: str = "") -> str:
    """Text as a workflow command takes it; what it has no escape for is made printable."""
    kept = "".join(c if c in "\r\n" else printable(c) for c in text)
    for sign in f"%\r\n{signs}":
        kept = kept.replace(sign, f"%{ord(sign):02X}")
    return kept
