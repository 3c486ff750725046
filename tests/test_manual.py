"""What `bpgen ops NAME` says of every operator and initialiser is so: its line stands in a spec,
and gives the shape that it names.
"""

import re

import pytest

from bpgen import manual
from bpgen.compile import run
from bpgen.ir import OPERATORS
from bpgen.source import Source
from bpgen.words import INITIALISERS

WORDS = [name for name, op in OPERATORS.items() if not op.facts.get("internal")]
KINDS = {"remainder": " int < N", "logical_and": " bool", "logical_or": " bool"}


def indented(page: str, heading: str) -> list[str]:
    """The lines under a heading of a page."""
    _, _, rest = page.partition(f"{heading}\n\n")
    return [line.strip() for line in rest.partition("\n\n")[0].splitlines()]


def page_of(name: str) -> str:
    """The page of an operator alone, where an initialiser or another has the same word or sign."""
    sign = re.escape(manual.signature(OPERATORS[name]))
    pages = re.split(r"\n\n\n", manual.entry(name))
    return next(page for page in pages if re.match(sign, page))


@pytest.mark.parametrize("name", WORDS)
def test_its_line_stands_in_a_spec_and_gives_what_it_says(name: str) -> None:
    page = page_of(name)
    (line,) = indented(page, "In a spec:")
    declared, wanted = "input of : (N, H)\n", None
    for given in indented(page, "Shapes:")[:1]:
        arguments, _, wanted = given.partition("  gives  ")
        for argument, shape in re.findall(r"(\w+) : (\([^)]*\))", arguments):
            kind = " bool" if (name, argument) == ("where", "c") else KINDS.get(name, "")
            kind = " bool" if name == "logical_not" else kind
            declared += f"input {argument}[t] : {shape}{kind}\n"
    cell = run(Source("page.spec", f"cell c\ndim N, H\n{declared}output {line}\n"), "check")
    shape = ", ".join(map(str, cell.equation("y").shape))
    assert wanted in (None, f"({shape})")


@pytest.mark.parametrize("name", INITIALISERS)
def test_an_initialiser_has_its_page_and_its_line_compiles(name: str) -> None:
    line = re.search(r"^ +(param W .*)$", manual.entry(name), re.MULTILINE)[1]
    run(
        Source("page.spec", f"cell c\ndim N, H\n{line}\ninput x[t] : (N)\noutput y[t] = x[t] @ W\n")
    )
    assert f"\n  {name}(" in manual.index()


def test_kinks_are_said_where_they_are() -> None:
    assert "Its slope jumps where `a[t]` is 0" in manual.entry("relu")
    assert "where several entries tie" in manual.entry("max")
    assert "slope jumps" not in manual.entry("tanh") + manual.entry("greater")


def test_a_slip_is_met_with_what_was_meant() -> None:
    with pytest.raises(LookupError, match="did you mean `glorot`"):
        manual.entry("glorott")
    with pytest.raises(LookupError, match="`bpgen ops` lists all"):
        manual.entry("qqqq")
    assert manual.entry("zeros").count("In a spec:") == 2  # of the operator and of the initialiser
