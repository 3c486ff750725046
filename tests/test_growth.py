"""What a text costs to refuse grows as the text does, whatever it is full of; so does what a spec
costs to compile.

What is made four times as long costs four times as much if the cost is linear, sixteen times if
it is quadratic. What a spec costs is counted in calls of functions, Python's and C's, the same on
every machine. A text is refused inside a few regular expressions, and each counts as one call,
however long it runs: only the clock can tell there, so the least of many runs is taken, and a text
that is refused in linear time has a dozen chances to show it.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest
from jinja2 import Environment
from lark import Lark

from bpgen.compile import compile_source, run
from bpgen.lints import lint
from bpgen.parse import _lark, parse
from bpgen.render import environment
from bpgen.report import Refused
from bpgen.source import Source
from command import bpgen_
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


def each(unit: str, first: int = 0) -> Callable[[int], str]:
    """A line for each number: `{i}` is the number, `{before}` the one before it."""
    return lambda n: "".join(unit.format(i=i, before=i - 1) + "\n" for i in range(first, n))


def spec(*parts: str | Callable[[int], str]) -> Callable[[int], str]:
    """A spec of fixed lines and of lines for each number."""
    return lambda n: "".join(part if isinstance(part, str) else part(n) for part in parts)


GATHERED = ("b0[t] = a0[t]\n", each("b{i}[t] = b{before}[t] + a{i}[t]", 1))


def pieces(n: int) -> str:
    """Equations that cut an input into sixteen pieces, and put them together again."""
    names = [[f"a{k}_{i}[t]" for i in range(16)] for k in range(n // 16)]
    cut = (f"{', '.join(row)} = split(x[t] * {k + 2}, D)\n" for k, row in enumerate(names))
    joined = (f"c{k}[t] = concat({', '.join(row)})\n" for k, row in enumerate(names))
    whole = " + ".join(f"c{k}[t]" for k in range(n // 16))
    return "cell c\ndim B, D\ninput x[t] : (B, 16*D)\n" + "".join(
        (*cut, *joined, f"s[t] = {whole}\n")
    )


SPECS = {
    "a chain": chain("x[t] * W[0]", "tanh(a{0}[t])"),
    "a chain of products with one matrix": chain("x[t]", "tanh(a{0}[t] @ W)"),
    "equations that read three": chain("x[t] @ W", "tanh(a{0}[t]) * a{1}[t] + a{2}[t]"),
    "a chain of renamings": chain("x[t] @ W", "a{0}[t]"),
    "states": lambda n: spec(
        HEAD, each("state h{i}[t] : (B, D)"), each("h{i}[t] = tanh(h{i}[t-1] + x[t])")
    )(n // 2),
    "outputs of one input": spec(HEAD, each("output y{i}[t] = tanh(x[t] * {i}.5)")),
    "readers of one product": spec(
        f"{HEAD}param W : (D, D)\n", each("a{i}[t] = sigmoid(x[t] @ W * {i}.5)"), *GATHERED
    ),
    "readers of the step before": spec(
        f"{HEAD}state h[t] : (B, D)\nh[t] = tanh(h[t-1] + x[t])\n",
        each("a{i}[t] = tanh(h[t-1] * {i}.5)"),
        *GATHERED,
    ),
    "parameters": spec(HEAD, each("param w{i} : (D)"), each("a{i}[t] = x[t] * w{i}"), *GATHERED),
    "inputs": spec(
        "cell c\ndim B, D\n",
        each("input x{i}[t] : (B, D)"),
        each("a{i}[t] = tanh(x{i}[t])"),
        *GATHERED,
    ),
    "factors without a shape": spec(
        HEAD,
        each("const k{i} = 0.5"),
        "a0[t] = x[t]\n",
        each("a{i}[t] = a{before}[t] * k{i}", 1),
    ),
    "slices": lambda n: spec(
        f"cell c\ndim B, D\ninput x[t] : (B, {n}*D)\n",
        each("a{i}[t] = tanh(x[t][:, {i}*D : ({i} + 1)*D])"),
        *GATHERED,
    )(n),
    "pieces": pieces,
}
EQUATIONS = 32
LINEAR = 4.5  # times the calls for four times the equations


@pytest.mark.parametrize("kind", SPECS)
def test_a_spec_is_compiled_in_linear_time(kind: str) -> None:
    compiled(SPECS[kind](16))  # what is made once and kept
    once, fourfold = (calls(compiled, SPECS[kind](n)) for n in (EQUATIONS, 4 * EQUATIONS))
    assert fourfold < LINEAR * once, f"{once} and {fourfold} calls"


@pytest.mark.parametrize("kind", ["readers of one product", "readers of the step before", "pieces"])
def test_large_sums_keep_their_meaning(kind: str, tmp_path: Path) -> None:
    """They are taken apart while what stands in them is named, and their gradients are right."""
    (tmp_path / "c.spec").write_text(with_loss(SPECS[kind](64)), "utf-8")
    result = bpgen_("gradcheck", tmp_path / "c.spec")
    assert result.exit_code == 0, result.output


def with_loss(text: str) -> str:
    """A spec with a loss: the sum of what its last equation makes."""
    last = text.rsplit("\n", 2)[1].removeprefix("output ").split(" ")[0]
    return f"{text}loss J = sum({last}, over=all)\n"


def compiled(text: str) -> None:
    """Compile a spec, with its lints."""
    source = Source("c.spec", with_loss(text))
    lint(run(source, "check"))
    compile_source(source)


def test_a_spec_full_of_missing_names_is_refused_in_linear_time() -> None:
    refused(missing(2))
    once, fourfold = (calls(refused, missing(n)) for n in (80, 320))
    assert fourfold < LINEAR * once, f"{once} and {fourfold} calls"


def missing(n: int) -> str:
    """A spec with a name in every equation that nothing declares."""
    return HEAD + "".join(f"a{i}[t] = tanh(q{i}[t])\n" for i in range(n))


def refused(text: str) -> None:
    with pytest.raises(Refused):
        run(Source("c.spec", text))


def test_grammar_and_templates_are_made_once_for_all_specs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """However many specs one command names: what a second and a third add is made of the same."""
    made = Counter[str]()

    def counted(owner: type, method: str) -> None:
        before = getattr(owner, method)

        def count(*args: object, **given: object) -> object:
            made[f"{owner.__name__}.{method}"] += 1
            return before(*args, **given)

        monkeypatch.setattr(owner, method, count)

    for owner, method in ((Lark, "__init__"), (Environment, "__init__"), (Environment, "compile")):
        counted(owner, method)
    counts = []
    for cells in (["lstm"], ["lstm", "gru", "birnn"]):
        _lark.cache_clear()
        environment.cache_clear()
        made.clear()
        assert bpgen_("compile", *cells, "-o", tmp_path / cells[-1]).exit_code == 0
        counts.append(dict(made))
    one, three = counts
    assert one == three
    assert one["Lark.__init__"] == one["Environment.__init__"] == 1
    assert one["Environment.compile"] >= 2  # of the module and of its test


def test_a_gradient_may_be_a_sum_of_more_terms_than_python_recurses() -> None:
    text = SPECS["a chain of products with one matrix"](1200)
    module = compile_source(Source("c.spec", f"{text}loss J = sum(a1199[t], over=all)\n"))["c.py"]
    assert module.count("over_time(") > 1000 or module.count(".T") > 1000
