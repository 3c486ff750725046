"""`layout` against ruff itself, on statements drawn at random and on some that people write."""

import ast
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bpgen.layout import WIDTH, layout

NAMES = ["h", "x", "da", "W_hh", "params", "rng", "H", "T", "θ", "log_probability", "cotangents"]
BINARY = ["+", "-", "*", "/", "@", "**", "%", "//", "+", "-", "*", "@"]
JOINING = [" and ", " or ", "<", ">=", "==", " is not ", " not in "]
LITERALS = ["1", "0.5", "1E-5", ".5", "2.", "0Xff", "1e+8", "3J", "None", "True", "...", "'text'"]
LITERALS += ["'it\\'s'", '"say \'a\' and \\"b\\""', "'a \"b\"'", "'two\\n'"]


class Draw:
    """Statements of the subset, with spaces and parentheses strewn in."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one(self, *options: str) -> str:
        return self.random.choice(options)

    def name(self) -> str:
        parts = self.random.choices(NAMES, k=self.random.choice([1, 1, 1, 1, 2, 3]))
        return "_".join(parts)

    def space(self) -> str:
        return self.one("", " ", "  ")

    def many(self, depth: int, least: int = 0, most: int = 4) -> list[str]:
        return [self.expr(depth - 1) for _ in range(self.random.randint(least, most))]

    def expr(self, depth: int) -> str:
        if depth <= 0 or self.random.random() < 0.1:
            return self.one(self.name(), self.name(), self.name(), self.one(*LITERALS))
        kinds = [self.binary] * 6 + [self.call] * 5 + [self.method] * 3 + [self.subscript] * 3
        kinds += [self.unary, self.joined, self.conditional, self.sequence, self.dotted]
        text = self.random.choice(kinds)(depth)
        return f"({self.space()}{text} )" if self.random.random() < 0.5 else text

    def inner(self, depth: int) -> str:
        text = self.expr(depth)
        plain = text.isidentifier() or text.endswith(")")
        return text if plain and self.random.random() < 0.5 else f"({text})"

    def binary(self, depth: int) -> str:
        parts = [self.expr(depth - 1) for _ in range(self.random.choice([2, 2, 3, 4]))]
        text = parts[0]
        for part in parts[1:]:
            text += f"{self.space()}{self.one(*BINARY)}{self.space()}{part}"
        return text

    def joined(self, depth: int) -> str:
        return self.one(*JOINING).join(f"({part})" for part in self.many(depth, 2, 3))

    def unary(self, depth: int) -> str:
        return f"{self.one('-', '-', '-', '~', '+', 'not ')}({self.expr(depth - 1)})"

    def conditional(self, depth: int) -> str:
        body, test, rest = self.many(depth, 3, 3)
        return f"({body}) if ({test}) else ({rest})"

    def sequence(self, depth: int) -> str:
        items = self.many(depth)
        if self.random.random() < 0.2:
            return "{" + ", ".join(f"'{self.name()}':{item}" for item in items) + "}"
        end = "," if len(items) == 1 else ""
        return (
            f"[{', '.join(items)}]" if self.random.random() < 0.3 else f"({','.join(items)}{end})"
        )

    def call(self, depth: int) -> str:
        given = self.many(depth)
        if self.random.random() < 0.3:
            given.append(f"{self.name()} = {self.expr(depth - 2)}")
        if self.random.random() < 0.05:
            given.append(f"*{self.name()}")
        callee = self.one(self.name(), f"np.{self.name()}", f"np.{self.name()}.{self.name()}")
        return f"{callee}({self.space().join([',', '']).join(given)})"

    def method(self, depth: int) -> str:
        text = self.inner(depth - 1)
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            tail = self.one("", f"({','.join(self.many(depth - 1))})", f"[{self.index(depth)}]")
            text = f"({text}).{self.one('T', 'sum', 'reshape', self.name())}{tail}"
        return text

    def dotted(self, depth: int) -> str:
        return ".".join(self.name() for _ in range(self.random.randint(2, 3)))

    def index(self, depth: int) -> str:
        def part() -> str:
            low, high = self.one("", self.expr(depth - 2)), self.one("", self.expr(depth - 2))
            step = self.one("", "", f":{self.expr(depth - 2)}")
            return self.one(self.expr(depth - 1), "None", ":", f"{low}:{high}{step}", "...")

        return ",".join(part() for _ in range(self.random.choice([1, 1, 2, 3])))

    def subscript(self, depth: int) -> str:
        return f"{self.one(self.name(), self.inner(depth - 1))}[{self.index(depth)}]"

    def target(self) -> str:
        names = [self.name() for _ in range(self.random.randint(2, 6))]
        return self.one(
            self.name(),
            self.name(),
            f"{self.name()}[{self.index(1)}]",
            ", ".join(names),
            f"{names[0]}.{names[1]}",
        )

    def statement(self) -> str:
        value = self.expr(self.random.choice([0, 1, 1, 2, 2, 3, 4]))
        several = ", ".join([value, *self.many(self.random.choice([1, 2, 3]), 1, 4)])
        return self.one(
            f"{self.target()} = {value}",
            f"{self.target()}={value}",
            f"{self.name()} = {several}",
            f"{self.target()}{','} = {several}",
            f"{self.name()} {self.one('+', '@')}= {value}",
            f"{self.name()}[{self.index(2)}]{self.one('+', '@')}= {value}",
            f"return {value}",
            f"return ({several})",
            value,
            f"raise ValueError({value})",
        )


def parsed(text: str) -> str:
    return ast.dump(ast.parse(text))


def drawn(seed: int, number: int) -> list[str]:
    draw, statements = Draw(seed), []
    while len(statements) < number:
        text = draw.statement()
        try:
            parsed(text)
        except SyntaxError:  # an attribute of a number, a target that cannot be one
            continue
        statements.append(text)
    return statements


HAND = {
    "dx = (fold(da) @ (W_xh.T)).reshape(T,N,D)": "dx = (fold(da) @ W_xh.T).reshape(T, N, D)",
    "da[t] = (dh) * (1 - (h[t]**2))": "da[t] = dh * (1 - h[t] ** 2)",
    "dW = np.tensordot(da,x,((0,2),(0,2)))": "dW = np.tensordot(da, x, ((0, 2), (0, 2)))",
    "y = ((a + b) - c) - (d - e)": "y = a + b - c - (d - e)",
    "y = a*(b*c)": "y = a * (b * c)",
    "y = -(a ** 2) + (-a) ** 2 + (2) ** (-n)": "y = -(a**2) + (-a) ** 2 + 2**-n",
    "y = (a@b).T": "y = (a @ b).T",
    "z = g[:,0:H] + g[:, H:(2*H)] + g[1 : ][ : -1] + g[i:i+1]": (
        "z = g[:, 0:H] + g[:, H : 2 * H] + g[1:][:-1] + g[i : i + 1]"
    ),
    "s = (x).sum(axis = -1,keepdims=True)": "s = x.sum(axis=-1, keepdims=True)",
    "a, = params": "(a,) = params",
    "shape = T,N": "shape = (T, N)",
    "a,b = (b,a)": "a, b = b, a",
    "return ((a,b))": "return a, b",
    "y=1E-05+.5": "y = 1e-05 + 0.5",
    "m = ((a and b) or not (c < d))": "m = a and b or not c < d",
    "h0 = (None if (x) is None else (x))": "h0 = None if x is None else x",
}


@pytest.mark.parametrize("statement", HAND)
def test_short(statement: str) -> None:
    assert layout(statement, 4) == [" " * 4 + HAND[statement]]


def test_long() -> None:
    names = [f"term_of_the_sum_{i}" for i in range(6)]
    assert layout(f"total = {'+'.join(names)}", 4) == [
        "    total = (",
        f"        {names[0]}",
        *(f"        + {name}" for name in names[1:]),
        "    )",
    ]
    joined = ", ".join(names[:5])
    assert layout(f"Params({joined})") == ["Params(", f"    {joined}", ")"]
    assert layout(f"return Outputs({', '.join(names)})", 4) == [
        "    return Outputs(",
        *(f"        {name}," for name in names),
        "    )",
    ]


def test_powers_in_added_parentheses() -> None:
    """ruff would write `sigma** 2` here, but leaves parenthesised powers alone."""
    long = "the_standard_deviation_of_the_first_part"
    assert layout(f"s = {long}**2+{long}_of_two.sum(axis_of_time)") == [
        "s = (",
        f"    {long}**2",
        f") + {long}_of_two.sum(axis_of_time)",
    ]


def test_comments() -> None:
    assert layout("a = b", 4, "(T, N)") == ["    a = b  # (T, N)"]
    assert layout("a = b", 4, "c" * 87) == ["    a = b  # " + "c" * 87]
    assert layout("a = b + c", 4, "c" * 84) == [
        "    a = (",
        "        b + c",
        "    )  # " + "c" * 84,
    ]
    assert layout(f"a = f({'b' * 100})", 0, "c")[-1] == ")  # c"


@pytest.mark.parametrize(
    "statement",
    ["", "a; b", "a = b = c", "f = lambda: 0", "[i for i in x]", "f'{x}'", "b''", "if a: b", "(a"],
)
def test_refused(statement: str) -> None:
    with pytest.raises(ValueError):
        layout(statement)


def test_meaning_is_kept() -> None:
    for statement in drawn(0, 400):
        lines = layout(statement)
        assert parsed("\n".join(lines)) == parsed(statement)
        assert layout("\n".join(lines)) == lines


def test_ruff_agrees(tmp_path: Path) -> None:
    beside = Path(sys.executable).with_name("ruff")
    ruff = str(beside) if beside.exists() else shutil.which("ruff")
    if not ruff:
        pytest.skip("ruff is not installed")
    lines = ["def f():"]
    for statement in [*HAND, *drawn(1, 600)]:
        lines += layout(statement, 4)
    page = tmp_path / "page.py"
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = ["--line-length", str(WIDTH), "--isolated", "--diff", "--no-cache"]
    run = subprocess.run([ruff, "format", *options, page], capture_output=True, encoding="utf-8")
    assert run.returncode == 0, run.stdout or run.stderr
