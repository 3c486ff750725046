"""What a text costs to refuse grows as the text does, whatever it is full of; so does what a spec
costs to compile.

What is made four times as long costs four times as much if the cost is linear, sixteen times if
it is quadratic. What a spec costs is counted in calls of functions, Python's and C's, the same on
every machine. A text is refused inside a few regular expressions, and each counts as one call,
however long it runs: only the clock can tell there, so the least of many runs is taken, and a text
that is refused in linear time has a dozen chances to show it.
"""

from collections.abc import Callable
from time import process_time

import pytest

from bpgen.compile import compile_source, run
from bpgen.lints import lint
from bpgen.parse import parse
from bpgen.report import Refused
from bpgen.source import Source
from counting import calls

LONG = 9000  # characters of a line, which may have 10,000
N = 1000


def inside(unit: str) -> Callable[[int], str]:
    """One statement, of many lines, inside a bracket that is never closed."""
    return lambda n: "y = (\n" + (unit * 50 + "\n") * (n // 50)


def lines(unit: str) -> Callable[[int], str]:
    """One statement a line, up to the number that a spec may have."""
    return lambda n: unit * (n * 19 // 40)


def wide(before: str, unit: str, after: str = "") -> Callable[[int], str]:
    """Lines of the utmost length, of one character."""
    return lambda n: f"{before}{unit * LONG}{after}\n" * (n // 100)


TEXTS = {
    "a string that never ends": wide('about "', "a"),
    "a number that never ends": wide("y = ", "1", "!"),
    "blanks": wide("y = a", " ", "b"),
    "blanks in LaTeX": wide("y = \\a", " ", "b"),
    "blanks in a shape": wide("param W : D", " ", "x H"),
    "comments": wide("", "#"),
    "letters": wide("y = ", "a"),
    "brackets opened": lambda n: "y = " + "(\n" * n,
    "brackets closed": lines("a)\n"),
    "triple quotes": lambda n: '"""\n' * (n // 4 + 1),
    "apostrophes": inside("' "),
    "products": inside("\u00b7 "),
    "foreign letters": lambda n: "".join(f"{chr(0x4E00 + i)} a\n" for i in range(n // 4)),
    "LaTeX": inside("\\alpha "),
    "steps of LaTeX": inside("h_{t} "),
    "bars": inside("| "),
    "hats and braces": inside("^ {"),
    "targets": lambda n: ("a[t], " * 20 + "\n") * (n // 20),
    "words": inside("a "),
    "comparisons": inside("a < "),
    "conditions": inside("a if b "),
    "modules": inside("np.a "),
    "methods": lambda n: "y = a" + ".b()\n" * (n // 4),
    "lines that go on": lambda n: "y = a\n" + "+ b\n" * n,
    "backslashes": lines("y = a \\\n"),
    "a body of Python's": lambda n: "def f(x):\n" + " y = x\n" * n,
    "operators missing": lines("y = a b\n"),
    "brackets missing": lines("y = tanh b\n"),
    "losses without a name": lines("loss (a)\n"),
    "one name that is wrong": lines("_a = 1\n"),
    "names that are wrong": lambda n: "".join(f"_a{i} = 1\n" for i in range(n * 19 // 40)),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_is_refused_in_linear_time(kind: str) -> None:
    once = fourfold = float("inf")
    for _ in range(12):
        once = min(once, cost(TEXTS[kind](N)))
        fourfold = min(fourfold, cost(TEXTS[kind](4 * N)))
        if fourfold < 8 * once + 0.02:
            return
    pytest.fail(f"{once:.3f} s and {fourfold:.3f} s")


def cost(text: str) -> float:
    """Seconds of a processor that it takes to refuse a text, or to read it."""
    source = Source("x.spec", text)
    start = process_time()
    try:
        parse(source)
    except Refused:
        pass
    return process_time() - start


HEAD = "cell c\ndim B, D\ninput x[t] : (B, D)\n"


def chain(first: str, unit: str) -> Callable[[int], str]:
    """Equations of which each reads those before it."""
    return lambda n: (
        f"{HEAD}param W : (D, D)\na0[t] = {first}\n"
        + "".join(
            f"a{i}[t] = " + unit.format(i - 1, max(i - 2, 0), i // 2) + "\n" for i in range(1, n)
        )
    )


SPECS = {
    "a chain": chain("x[t] * W[0]", "tanh(a{0}[t])"),
    "a chain of products with one matrix": chain("x[t]", "tanh(a{0}[t] @ W)"),
    "equations that read three": chain("x[t] @ W", "tanh(a{0}[t]) * a{1}[t] + a{2}[t]"),
    "a chain of renamings": chain("x[t] @ W", "a{0}[t]"),
    "states": lambda n: (
        HEAD
        + "".join(f"state h{i}[t] : (B, D)\n" for i in range(n // 2))
        + "".join(f"h{i}[t] = tanh(h{i}[t-1] + x[t])\n" for i in range(n // 2))
    ),
}
EQUATIONS = 80
LINEAR = 4.5  # times the calls for four times the equations


@pytest.mark.parametrize("kind", SPECS)
def test_a_spec_is_compiled_in_linear_time(kind: str) -> None:
    compiled(SPECS[kind](2))  # what is made once and kept
    once, fourfold = (calls(compiled, SPECS[kind](n)) for n in (EQUATIONS, 4 * EQUATIONS))
    assert fourfold < LINEAR * once, f"{once} and {fourfold} calls"


def compiled(text: str) -> None:
    """Compile a spec, with its lints."""
    last = text.rsplit("\n", 2)[1].split(" ")[0]
    source = Source("c.spec", f"{text}loss J = sum({last}, over=all)\n")
    lint(run(source, "check"))
    compile_source(source)


def test_a_spec_full_of_missing_names_is_refused_in_linear_time() -> None:
    refused(missing(2))
    once, fourfold = (calls(refused, missing(n)) for n in (EQUATIONS, 4 * EQUATIONS))
    assert fourfold < LINEAR * once, f"{once} and {fourfold} calls"


def missing(n: int) -> str:
    """A spec with a name in every equation that nothing declares."""
    return HEAD + "".join(f"a{i}[t] = tanh(q{i}[t])\n" for i in range(n))


def refused(text: str) -> None:
    with pytest.raises(Refused):
        run(Source("c.spec", text))


def test_a_gradient_may_be_a_sum_of_more_terms_than_python_recurses() -> None:
    text = SPECS["a chain of products with one matrix"](1200)
    module = compile_source(Source("c.spec", f"{text}loss J = sum(a1199[t], over=all)\n"))["c.py"]
    assert module.count("over_time(") > 1000 or module.count(".T") > 1000
