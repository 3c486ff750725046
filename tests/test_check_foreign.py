"""Words of other libraries: each leads to a word of the language, and hides none of its own."""

import re

import pytest

from bpgen import borrowed
from bpgen.check import calls, check
from bpgen.parse import parse
from bpgen.repair import tried
from bpgen.report import Refused, Report
from bpgen.source import Source

HEAD = """cell c
dim N, H
input x[t] : (N, H)
param W : (H, H)
"""
TABLES = (borrowed.SAME, borrowed.SIGNS, borrowed.WORDS, borrowed.FLAT)
KNOWN = [word for table in TABLES for word in table]


def reports(lines: str) -> tuple[Report, ...]:
    source = Source("c.spec", HEAD + lines + "\n")
    with pytest.raises(Refused) as refused:
        check(parse(source))
    return tried(source, refused.value.reports)


def test_no_word_is_listed_twice_or_hides_an_operator() -> None:
    assert len(KNOWN) == len(set(KNOWN))
    assert [word for word in KNOWN if word != borrowed.plain(word) or calls.is_word(word)] == []


def test_what_is_called_otherwise_here_is_an_operator() -> None:
    assert [to for to in borrowed.SAME.values() if not calls.is_word(to)] == []


@pytest.mark.parametrize("word", sorted(borrowed.SIGNS))
def test_a_call_becomes_a_sign(word: str) -> None:
    (found,) = reports(f"output y[t] = where({word}(x[t], W) > 0, 1, 0)")
    sign = borrowed.SIGNS[word]
    assert found.code == "BP102"
    said = [repair.text for repair in found.repairs]
    # x and W do not go together by every sign, and what does not check is not proposed
    assert said == ([f"write `x[t] {sign} W`"] if sign == "@" else [])


@pytest.mark.parametrize("word", sorted(borrowed.WORDS))
def test_every_word_has_a_way_out(word: str) -> None:
    (found,) = reports(f"output y[t] = {word}_(x[t])")
    assert found.code == "BP102" and (found.helps == (borrowed.WORDS[word],) or found.repairs)


@pytest.mark.parametrize("word", sorted(borrowed.FLAT))
def test_what_has_no_derivative_says_so(word: str) -> None:
    (found,) = reports(f"k[t] = {word}(x[t])\nloss J = sum(k[t], over=all)")
    assert found.code == "BP401" and found.helps
    assert found.notes == (f"the gradient comes this way: J → k → {word}",)


def test_every_operator_that_is_named_in_passing_exists() -> None:
    text = " ".join([*borrowed.WORDS.values(), *borrowed.FLAT.values()])
    called = set(re.findall(r"\b([a-z_][a-z0-9_]*)\(", text)) - {"spike", "split"}
    assert sorted(word for word in called if not calls.is_word(word)) == []
