"""What is said of a spec that cannot be read, beyond the slips that keep it from being read."""

import re

import pytest

from bpgen import library
from bpgen.compile import run
from bpgen.parse import parse
from bpgen.report import Refused, Report
from bpgen.source import Source

BOTH = """\
cell rnn
dim N, D, H
input x[t] : (N, D)
param Wx (H, D)
param Wh : (H, H)
state h[t] : (N, H)
h[t] = tanh(x[t] @ Wx + h[t-1] · Wh + b)
loss J = sum(h[t]^2, ovr=all)
"""


def refused(text: str) -> tuple[Report, ...]:
    with pytest.raises(Refused) as caught:
        run(Source("x.spec", text))
    return caught.value.reports


def places(text: str) -> list[tuple[str, str]]:
    """Every report's code, and the text at its place."""
    source = Source("x.spec", text)
    return [(r.code, source.quote(r.place.span) if r.place else "") for r in refused(text)]


def test_all_mistakes_of_a_spec_are_said_in_one_run() -> None:
    slips = [("BP003", "("), ("BP011", "·"), ("BP010", "^")]
    rest = [("BP201", "@"), ("BP101", "b"), ("BP402", "ovr")]
    assert sorted(places(BOTH)) == sorted([*slips, *rest])


def test_labels_and_repairs_of_the_rest_are_for_the_spec_as_it_stands() -> None:
    source = Source("x.spec", BOTH)
    (product,) = (report for report in refused(BOTH) if report.code == "BP201")
    labels = {source.quote(label.span) for label in product.others}
    assert labels == {"x[t]", "Wx"}
    edits = [edit for repair in product.repairs for edit in repair.edits]
    assert {source.quote(edit.span) for edit in edits} == {"", "(H, D)"}


def test_what_a_slip_declares_is_known_to_the_rest() -> None:
    text = library.text("rnn").replace("param W_hh :", "param W_hh")
    assert places(text) == [("BP003", "(")]


SPOILS = [
    (r"^param (\w+)\s*:", r"param \1 "),
    (r"^(\w+\[t\]\s*)=", r"\1=="),
    (r"^(\w+\[t\]\s*=.*\S)$", r"\1;"),
    (r"\btanh\(", "np.tanh("),
    (r"\[t-1\]", "_{t-1}"),
    (r"\n(?=cell)", "\nimport numpy as np\n"),
    (r"\A", "import numpy as np\n"),
]


@pytest.mark.parametrize("name", library.names())
@pytest.mark.parametrize("spoil", SPOILS, ids=[str(i) for i in range(len(SPOILS))])
def test_a_slip_in_a_right_spec_brings_no_other_report(name: str, spoil: tuple[str, str]) -> None:
    text = library.text(name)
    spoilt, count = re.subn(*spoil, text, count=1, flags=re.MULTILINE)
    if count and not _reads(spoilt):
        assert len(refused(spoilt)) == 1


def test_without_a_repair_for_each_slip_the_slips_are_all() -> None:
    text = BOTH.replace("h[t]^2", "{h[t]}")
    assert {code for code, _ in places(text)} == {"BP003", "BP011", "BP013"}


def test_where_a_repair_is_a_guess_nothing_is_built_on_it() -> None:
    text = "cell c\ndim N\nparam b : (N)\ny = 3 nothing * b\nz = c\n"
    assert places(text) == [("BP008", "nothing"), ("BP101", "c")]


def _reads(text: str) -> bool:
    try:
        parse(Source("x.spec", text))
    except Refused:
        return False
    return True
