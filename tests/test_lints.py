"""Warnings: each where it belongs, and none about what is right as it stands."""

from pathlib import Path

import pytest

from bpgen.check import check
from bpgen.lints import lint
from bpgen.parse import parse, read
from bpgen.repair import applied
from bpgen.report import Report, draw
from bpgen.source import Source

CELLS = sorted((Path(__file__).parent.parent / "bpgen" / "cells").glob("*.spec"))

HEAD = """cell c
dim N, D, H, V
input x[t] : (N, D)
input y[t] : (N) int < V
param W : (D, H)
param U : (H, H)
param W_o : (H, V)
state h[t] : (N, H)
h[t] = tanh(x[t] @ W + h[t-1] @ U)
output z[t] = h[t] @ W_o
loss J = sum(cross_entropy(z[t], y[t]), over=all)
"""


def warnings(text: str) -> tuple[Source, tuple[Report, ...]]:
    source = Source("c.spec", text)
    return source, lint(check(parse(source)))


@pytest.mark.parametrize("path", CELLS, ids=lambda path: path.stem)
def test_no_cell_of_the_library_is_warned_of(path: Path) -> None:
    source = read(path)
    assert [draw(report, source) for report in lint(check(parse(source)))] == []


SEEN = [
    ("param q : (H)", "BP305", "q"),
    ("input q[t] : (N, H)", "BP305", "q[t]"),
    ("q[t] = 2 * h[t]", "BP305", "q[t]"),
    ("q = sum(h[t], over=all)", "BP305", "q"),
    (
        "q[t], r[t] = split(h[t], (1, H - 1))\noutput o[t] = q[t]",
        "BP305",
        "q[t], r[t] = split(h[t], (1, H - 1))",
    ),
    ("h0 = zeros((N, H))", "BP305", "h0"),
    ("param q, r : (H)\nparam s : (H)", "BP305", "q"),
    ("q[t] = 2 * h[t]\nr[t] = 3 * h[t]", "BP305", "q[t]"),
    ("q[t], r[t] = split(h[t], (1, H - 1))", "BP305", "q[t], r[t] = split(h[t], (1, H - 1))"),
    ("param q : (H)\noutput o = U * q", "BP203", "q"),
    ("output o[t] = softmax(z[t].T)", "BP215", "softmax(z[t].T)"),
    ("output o[t] = cross_entropy(softmax(z[t]), y[t])", "BP216", "softmax(z[t])"),
    ("p[t] = sigmoid(z[t])\noutput o[t] = bce_with_logits(p[t], 1)", "BP216", "p[t]"),
]


@pytest.mark.parametrize(("lines", "code", "place"), SEEN, ids=[case[0] for case in SEEN])
def test_what_is_warned_of(lines: str, code: str, place: str) -> None:
    source, found = warnings(HEAD + lines + "\n")
    assert [report.code for report in found] == [code]
    assert found[0].place and source.quote(found[0].place.span) == place
    assert found[0].severity == "warning" and not found[0].is_error


RIGHT = [
    "",
    "param q : (H)\noutput o = U * q[None, :]",
    "param q : (H)\noutput o = U * q[:, None]",
    "param q : (H)\noutput o[t] = h[t] * q",
    "output o[t] = softmax(z[t].T, over=N)",  # it says so itself
    "output o[t] = softmax(z[t], over=t)",
    "output o[t] = softmax(h[t] @ h[t].T) @ h[t]",  # attention among examples, which it sums
    "output o[t] = cross_entropy(log_softmax(z[t]), y[t])",  # the same numbers
    "q[t] = 2 * h[t]\nclaim grad h[t] = q[t]",
    "h[0] = zeros((N, H))",
]


@pytest.mark.parametrize("lines", RIGHT, ids=RIGHT)
def test_what_is_not_warned_of(lines: str) -> None:
    source, found = warnings(HEAD + lines + "\n")
    assert [draw(report, source) for report in found] == []


@pytest.mark.parametrize("lines", [case[0] for case in SEEN])
def test_every_repair_of_a_warning_ends_it(lines: str) -> None:
    source, (first, *_) = warnings(HEAD + lines + "\n")
    for way in first.repairs:
        _, after = warnings(applied(source.text, way.edits))
        assert first.code not in [report.code for report in after], way.text


def test_what_goes_with_an_unused_equation_is_not_reported_again() -> None:
    _, found = warnings(HEAD + "param q, r : (H)\np[t] = h[t] * q + r\n")
    assert [report.code for report in found] == ["BP305"]
    assert found[0].notes == (
        "nothing else reads `q` and `r`, whose gradients are zero everywhere",
    )


def test_several_that_nothing_uses_are_one_warning() -> None:
    source, (one,) = warnings(HEAD + "param q, r : (H)\nparam s : (H)\n")
    assert one.message == "`q`, `r` and `s` are never used; their gradients are zero everywhere"
    assert [source.quote(label.span) for label in one.others] == ["r", "s"]
    source, (one,) = warnings(HEAD + "p[t] = 2 * h[t]\nq[t] = 3 * h[t]\n")
    (way,) = one.repairs
    assert "\noutput p[t] = 2 * h[t]\noutput q[t] = 3 * h[t]" in applied(source.text, way.edits)
    names = [f"q{i}" for i in range(40)]
    _, (many,) = warnings(HEAD + f"param {', '.join(names)} : (H)\n")
    assert "`q6` and 33 others are never used" in many.message and len(many.others) == 39


def test_warnings_come_in_the_order_of_their_places() -> None:
    _, found = warnings(HEAD + "param q : (H)\noutput o = U * q\nparam r : (H)\n")
    assert [report.code for report in found] == ["BP203", "BP305"]
