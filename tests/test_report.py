"""How a report is drawn: within the page, marks under their text, nothing unprintable."""

import json
import random
import unicodedata
from dataclasses import replace

import pytest

from bpgen.cli.formats import as_annotation, as_json
from bpgen.paint import ansi, columns, wrapped
from bpgen.report import Edit, Label, Repair, Report, concise, draw
from bpgen.source import Source, Span

TEXT = "cell c\ndim N\ninput x[t] : (N)\ny[t] = x[t] @ W\n"
SOURCE = Source("c.spec", TEXT, "cells/c.spec")


def at(part: str, text: str = "", source: Source = SOURCE) -> Label:
    start = source.text.index(part)
    return Label(Span(start, start + len(part)), text)


REPORT = Report(
    "BP101",
    "`W` is not declared",
    at("W", "nobody knows it"),
    (at("x[t] :", "`x` is declared here"),),
    ("a note",),
    ("declare it",),
    repairs=(Repair("write `x`", (Edit(at("W").span, "x"),)),),
)


def test_a_report_in_full() -> None:
    assert draw(REPORT, SOURCE) == (
        "error[BP101]: `W` is not declared\n"
        " --> cells/c.spec:4:15\n"
        "  |\n"
        "3 | input x[t] : (N)\n"
        "  |       ------ `x` is declared here\n"
        "4 | y[t] = x[t] @ W\n"
        "  |               ^ nobody knows it\n"
        "  |\n"
        "  = note: a note\n"
        "  = help: write `x`\n"
        "  = help: declare it"
    )


def test_colour_adds_nothing_but_colour() -> None:
    painted = draw(REPORT, SOURCE, paint=ansi)
    assert painted.startswith("\x1b[1;31merror[BP101]\x1b[0m")
    assert bare(painted) == draw(REPORT, SOURCE)
    warning = draw(replace(REPORT, severity="warning"), SOURCE, paint=ansi)
    assert warning.startswith("\x1b[1;33mwarning[BP101]\x1b[0m")


def bare(text: str) -> str:
    return "".join(
        part.partition("m")[2] if i else part for i, part in enumerate(text.split("\x1b"))
    )


def test_a_report_on_a_line() -> None:
    assert concise(REPORT, SOURCE) == "cells/c.spec:4:15: BP101 `W` is not declared"
    warning = replace(REPORT, severity="warning", message="two\nlines")
    assert concise(warning, SOURCE) == "cells/c.spec:4:15: BP101 warning: two lines"
    assert concise(REPORT, None) == "BP101 `W` is not declared"


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_a_report_stays_within_the_page(width: int) -> None:
    """Long lines, messages and labels; marks at any place stand under what they mark."""
    drawn = random.Random(width)
    for _ in range(300):
        source, report = _drawn(drawn)
        lines = draw(report, source, width).split("\n")
        assert max(map(columns, lines)) <= width, "\n".join(lines)
        _marks_are_under(lines, "αβγ", "^")


_FILL = ["a", "b ", "\t", "漢", "e\u0301", "\u200b", "+ ", "é", "𝔥"]


def _drawn(drawn: random.Random) -> tuple[Source, Report]:
    """A long line with αβγ in it, and a report about that, another mark somewhere else."""
    before = "".join(drawn.choices(_FILL, k=drawn.choice([0, 5, 40, 300])))
    after = "".join(drawn.choices(_FILL, k=drawn.choice([0, 5, 40, 300])))
    text = f"first\n{before}αβγ{after}\nlast\n"
    source = Source("a.spec", text)
    start = text.index("αβγ")
    other = drawn.randrange(len(text) - 1)
    words = " ".join(drawn.choices(["word", "`code of four words`", "of"], k=drawn.choice([1, 30])))
    return source, Report(
        "BP999",
        words,
        Label(Span(start, start + 3), words if drawn.random() < 0.5 else ""),
        (Label(Span(other, min(other + drawn.choice([0, 1, 9, 200]), len(text))), words),),
        (words,),
    )


def _marks_are_under(lines: list[str], text: str, sign: str) -> None:
    (at,) = (i for i, line in enumerate(lines) if f"{sign * 3}" in line)
    above = next(line for line in reversed(lines[:at]) if text in line)
    assert columns(lines[at].partition(sign)[0]) == columns(above.partition(text)[0])


def test_marks_of_one_line_that_lie_far_apart_get_a_window_each() -> None:
    line = f"y = {'a + ' * 100}b"
    source = Source("a.spec", line)
    report = Report("BP101", "far", at("y", "here", source), (at("b", "and here", source),))
    _, _, _, *rows = draw(report, source, 80).split("\n")
    assert [row[:6].strip() for row in rows] == ["1 | y", "| ^", "1 | ..", "|", "|"]
    assert rows[0].endswith("...") and rows[2].endswith("a + b")
    assert rows[3].index("-") == rows[2].index("b") and rows[4].endswith("  and here")


def test_code_is_not_broken_where_it_fits() -> None:
    assert wrapped("write the whole of it as `x[t] @ W`, please", 30) == [
        "write the whole of it as",
        "`x[t] @ W`, please",
    ]


HOSTILE = "a\n::error::b\r\x1b[31m%,:\u202e\u2028\udcff"


def test_nothing_unprintable_is_drawn() -> None:
    source = Source("c.spec", TEXT, HOSTILE)
    report = Report("BP101", HOSTILE, at("W", HOSTILE), notes=(HOSTILE,), helps=(HOSTILE,))
    for text in (draw(report, source), concise(report, source), as_annotation(report, source)):
        assert all(c == "\n" or unicodedata.category(c)[0] != "C" for c in text)
    assert "\n" not in concise(report, source) and "\n" not in as_annotation(report, source)


# -- for programs ----------------------------------------------------------------------------------


def test_json_says_all() -> None:
    made = as_json([(REPORT, SOURCE), (Report("BP024", "no"), None)], [("a.py", "written")])
    assert made.isascii() and made.endswith("}\n") and made.count("\n") == 1
    whole = json.loads(made)
    assert whole["version"] == 1 and whole["files"] == [{"path": "a.py", "status": "written"}]
    first, second = whole["diagnostics"]
    assert (second["file"], second["span"], second["labels"]) == (None, None, [])
    span = {"start": 44, "end": 45, "line": 4, "col": 15, "end_line": 4, "end_col": 16}
    assert TEXT[44:45] == "W"
    assert first["span"] == span and first["labels"][0] == {"span": span, "text": "nobody knows it"}
    assert first["labels"][1]["text"] == "`x` is declared here"
    assert (first["code"], first["severity"], first["file"]) == ("BP101", "error", "cells/c.spec")
    assert (first["notes"], first["helps"]) == (["a note"], ["declare it"])
    fix = {"message": "write `x`", "edits": [{"start": 44, "end": 45, "text": "x"}]}
    assert first["fixes"] == [fix]


def test_json_takes_any_name_of_a_file() -> None:
    made = as_json([(REPORT, Source("c.spec", TEXT, HOSTILE))], [])
    assert made.isascii() and made.count("\n") == 1
    assert json.loads(made)["diagnostics"][0]["file"] == HOSTILE


def test_annotations_are_those_of_a_workflow() -> None:
    assert as_annotation(REPORT, SOURCE) == (
        "::error file=cells/c.spec,line=4,col=15,endColumn=16,title=BP101::`W` is not declared"
        "%0Anote: a note%0Ahelp: write `x`%0Ahelp: declare it"
    )
    whole = replace(REPORT, place=Label(Span(0, len(TEXT))), severity="warning")
    assert as_annotation(whole, SOURCE).startswith("::warning file=cells/c.spec,line=1,col=1,end")
    assert ",endLine=5,endColumn=1," in as_annotation(whole, SOURCE)
    assert as_annotation(Report("BP501", "50% off: a,b"), None) == (
        "::error title=BP501::50%25 off: a,b"
    )
    named = Source("c.spec", TEXT, "a,b:c%\n.spec")
    assert "file=a%2Cb%3Ac%25%0A.spec,line" in as_annotation(REPORT, named)
