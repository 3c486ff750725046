"""Repairs are tried on the whole spec: what is proposed works, and the best comes first."""

import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bpgen import repair
from bpgen.check import check
from bpgen.parse import parse
from bpgen.repair import applied, tried
from bpgen.report import Edit, Label, Refused, Repair, Report
from bpgen.source import Source, Span

CELLS = sorted((Path(__file__).parent.parent / "bpgen" / "cells").glob("*.spec"))

HEAD = """cell c
dim N, D, H, V
input x[t] : (N, D)
input y[t] : (N) int < V
param W : (D, H)
param U : (H, H)
param b : (H)
param Wo : (H, V)
param bo : (V)
state h[t] : (N, H)
"""
RIGHT = "h[t] = tanh(x[t] @ W + h[t-1] @ U + b)\n"


def refused(source: Source) -> tuple[Report, ...]:
    try:
        check(parse(source))
    except Refused as found:
        return found.reports
    return ()


def reads(source: Source) -> bool:
    try:
        parse(source)
    except Refused:
        return False
    return True


def ways(text: str) -> list[list[str]]:
    """What each report of a spec proposes, after trial."""
    source = Source("c.spec", text)
    return [[r.text for r in report.repairs] for report in tried(source, refused(source))]


def edited(source: Source, edits: tuple[Edit, ...]) -> Source:
    return Source(source.name, applied(source.text, edits))


WAYS = [
    # a weight that lies the other way, on the other side, of another layer
    ("h[t] = tanh(x[t] @ W.T + h[t-1] @ U)\n", ["write `x[t] @ W`"]),
    ("h[t] = tanh(W @ x[t] + h[t-1] @ U)\n", ["write `x[t] @ W`"]),
    ("h[t] = tanh(W * x[t] + h[t-1] @ U)\n", ["write `x[t] @ W`"]),
    (
        RIGHT + "param P : (V, H)\noutput o[t] = h[t] @ P\n",
        ["write `h[t] @ P.T`", "declare `P : (H, V)`", "declare `P : (H, H)`"],
    ),
    (
        "h[t] = tanh(x[t] @ U + h[t-1] @ U)\n",  # U cannot change, for it is used rightly too
        ["write `x[t] @ W`"],
    ),
    # names
    (
        "h[t] = tanh(x[t] @ Wx + h[t-1] @ U)\n",
        ["declare it: `param Wx : (D, H)`", "did you mean `W`?"],
    ),
    (RIGHT + "z[t] = sigmod(h[t]) + sigmod(x[t] @ W)\n", ["did you mean `sigmoid`?"]),
    (RIGHT + "z[t] = matmul(matmul(x[t], W), U)\n", ["write `matmul(x[t], W) @ U`"]),
    (RIGHT + "param P : (H, K)\nz[t] = h[t] @ P\n", ["add `K` to the sizes"]),
    (RIGHT + "z[t] = tan(h[t] @ U)\n", ["write `sin(h[t] @ U) / cos(h[t] @ U)`"]),
    (RIGHT + "z[t] = 2 * add(h[t], b * b)\n", ["write `h[t] + (b * b)`"]),
    (RIGHT + "z[t] = h[t] + zeros(N, H)\n", ["write `(N, H)`, a shape"]),
    # what cannot be read is tried too, and what fits no shapes then is left out
    (RIGHT + "z[t] = x[t] W\n", ["write `x[t] @ W`, the matrix product"]),
    (RIGHT + "z[t] = x[t] \N{MULTIPLICATION SIGN} W\n", ["write `@`, the matrix product"]),
    (RIGHT + "z[t] = x[t] W\nq = b)\n", ["write `x[t] @ W`, the matrix product"]),
    (RIGHT + "z[t] = \\sigma(W x[t])\n", ["write `z[t] = sigmoid(x[t] @ W)`"]),
    (RIGHT + "z[t] = tanh(x^(t))\n", ["write `x[t]`"]),
    (RIGHT + "z[t] = np.lgo(x[t])\n", []),
    (RIGHT + "z[t] = x[t].lgo()\n", []),
    # time
    (RIGHT + "z[t] = x @ W\n", ["write `x[t]`"]),
    (RIGHT + "z[t] = b[t] + h[t]\n", ["write `b`"]),
    ("h[t] = tanh(x[t] @ W + h @ U)\n", ["write `h[t-1]`"]),
    ("h[t] = tanh(x[t] @ W + h[t] @ U)\n", ["read `h[t-1]`, the step before"]),
    (RIGHT + "c[t] = c[t-1] + h[t]\n", ["declare it: `state c[t] : (N, H)`"]),
    (
        RIGHT + "p[t] = q[t] + h[t]\nq[t] = 2 * p[t]\n",
        [
            "read `p[t-1]`, the step before, and declare `state p[t] : (N, H)`",
            "read `q[t-1]`, the step before, and declare `state q[t] : (N, H)`",
        ],
    ),
    (
        RIGHT + "param P[t] : (D, H) ~ glorot()\nz[t] = x[t] @ P[t]\n",
        ["write `P`, without a step", "make it an input: `input P[t]`"],
    ),
    # shapes
    (RIGHT + "param v : (N)\nz[t] = h[t] * v\n", ["write `h[t] * v[:, None]`"]),
    (RIGHT + "o[t] = h[t] @ Wo + b\n", ["write `h[t] @ Wo + bo`", "declare `Wo : (H, H)`"]),
    (RIGHT + "z[t] = x[t] + h[t]\n", ["project first: `x[t] @ W`", "project first: `h[t] @ W.T`"]),
    (
        RIGHT + "loss J = cross_entropy(h[t] @ Wo, y[t])\n",
        [
            "wrap it: `sum(cross_entropy(h[t] @ Wo, y[t]), over=all)`",
            "wrap it: `mean(cross_entropy(h[t] @ Wo, y[t]), over=all)`",
        ],
    ),
    (
        RIGHT + "p[t], q[t] = split(h[t] @ concat(U, U), 2)\n",
        ["write `split(h[t] @ concat(U, U), H)`"],
    ),
]


@pytest.mark.parametrize(("lines", "expected"), WAYS, ids=[case[0] for case in WAYS])
def test_what_is_proposed(lines: str, expected: list[str]) -> None:
    assert ways(HEAD + lines)[0] == expected


def test_a_hidden_mistake_does_not_keep_the_other_from_its_repair() -> None:
    """The sum with `bo` cannot be checked before the product fits; only the likeliest is kept."""
    first = ways(HEAD + "h[t] = tanh(W @ x[t] + h[t-1] @ U + bo)\n")
    assert first == [["write `x[t] @ W`"]]


def test_a_repair_that_breaks_something_else_is_left_out() -> None:
    source = Source("c.spec", HEAD + RIGHT + "z[t] = x[t] @ U\n")
    (report,) = refused(source)
    assert "declare `U : (D, H)`" in [r.text for r in report.repairs]
    (after,) = tried(source, [report])
    assert "declare `U : (D, H)`" not in [r.text for r in after.repairs]


def test_what_makes_the_spec_right_comes_before_what_does_not() -> None:
    source = Source("c.spec", "cell c\ndim N\noutput y = p\noutput z = q\n")
    reports = refused(source)
    end = Span(len(source.text) - 1, len(source.text) - 1)
    start = Span(source.text.index("output y"), source.text.index("output y"))
    one = Repair("one", (Edit(start, "param p : (N)\n"),))
    both = Repair("both", (Edit(start, "param p, q : (N)\n"),))
    none = Repair("none", (Edit(end, " + 1"),))
    first, second = reports
    (found, _) = tried(source, [replace(first, repairs=(none, one, both)), second])
    assert [r.text for r in found.repairs] == ["both", "one"]


def test_trials_are_counted() -> None:
    lines = "".join(f"z{i}[t] = x[t] @ W.T\n" for i in range(100))
    source = Source("c.spec", HEAD + RIGHT + lines)
    candidates = [len(report.repairs) for report in refused(source)]
    assert len(candidates) == 100 and sum(candidates) > repair.TRIALS
    found = [bool(report.repairs) for report in tried(source, refused(source))]
    assert found[0] and not found[-1]


def test_a_long_spec_is_not_tried() -> None:
    text = HEAD + "h[t] = tanh(x[t] @ W.T + h[t-1] @ U)\n"
    assert ways(text) == [["write `x[t] @ W`"]]
    assert ways(text + "#" * 10_000 + "\n" + "#" * 9_000) == [["write `x[t] @ W`"]]
    assert ways(text + ("#" * 9_000 + "\n") * 25) == [[]]


def test_a_spec_that_is_much_work_is_tried_less() -> None:
    doubling = "fn f0(v) = v\n"
    doubling += "".join(f"fn f{i}(v) = f{i - 1}(v) + f{i - 1}(v)\n" for i in range(1, 13))
    wrong = "".join(f"z{i}[t] = x[t] @ W.T\n" for i in range(9))
    assert all(ways(HEAD + RIGHT + wrong))
    found = ways(HEAD + RIGHT + doubling + "q = f12(b)\n" + wrong)
    assert found[0] and not found[-1]


def test_edits_are_made_from_the_front() -> None:
    edits = (
        Edit(Span(4, 5), "E"),
        Edit(Span(0, 0), "<"),
        Edit(Span(0, 1), "A"),
        Edit(Span(5, 5), ">"),
    )
    assert applied("abcde", edits) == "<AbcdE>"
    with pytest.raises(ValueError, match="overlap"):
        applied("abcde", (Edit(Span(0, 3), ""), Edit(Span(2, 4), "")))


def test_a_report_without_a_place_or_without_repairs_stays_as_it_is() -> None:
    source = Source("c.spec", "cell c\n")
    report = Report("BP023", "too long")
    assert tried(source, [report]) == (report,)
    placed = Report("BP107", "no", Label(Span(0, 4)))
    assert tried(source, [placed]) == (placed,)


TOKEN = re.compile(r"[A-Za-z_]\w*'?|\d+\.?\d*|\*\*|\.T|[^\sA-Za-z0-9]")
WORDS = "t [t] [t-1] .T @ * + - ( ) x h W N D H 2 sum( tanh( over=all state param , :".split()


def test_every_repair_of_a_spoiled_spec_does_what_it_promises() -> None:
    rng = random.Random(1)
    texts = [path.read_text("utf-8") for path in CELLS]
    promised = 0
    for _ in range(150):
        text = rng.choice(texts)
        for _ in range(rng.randint(1, 2)):
            token = rng.choice(list(TOKEN.finditer(text)))
            word = rng.choice(["", rng.choice(WORDS)])
            text = f"{text[: token.start()]} {word} {text[token.end() :]}"
        source = Source("spoiled.spec", text)
        before = refused(source)
        for report in tried(source, before):
            assert report.place is not None
            assert len(report.repairs) <= repair.KEPT
            for way in report.repairs:
                promised += 1
                after = [(r.code, r.message) for r in refused(edited(source, way.edits))]
                assert len(after) <= len(before) or not reads(source), way.text
                assert (report.code, report.message) not in after or len(after) < len(before)
    assert promised > 50


def test_a_repair_in_its_own_way_is_dropped() -> None:
    source = Source("c.spec", HEAD + "h[t] = tanh(x[t])\n")
    (report,) = refused(source)
    assert report.place
    place = report.place.span
    wide, narrow = Edit(place, "x[t] @ W"), Edit(Span(place.start, place.start + 1), "y")
    (left,) = tried(source, [replace(report, repairs=(Repair("both", (wide, narrow)),))])
    assert left.repairs == ()
