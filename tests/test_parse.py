"""What is read from a spec, where it stood, and what is said of text that is no spec."""

import ast
import dataclasses
import random
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark.parsers.lalr_analysis import LALR_Analyzer

from bpgen import parse as parse_module
from bpgen import scan, syntax
from bpgen.parse import parse, read
from bpgen.report import Refused, Report, draw
from bpgen.resources import data_root, grammar_text, template_text
from bpgen.source import Source, Span

EVERYTHING = """\
# every statement and every form of expression
cell  rnnlm
about "Ünïcode, # not a comment; \\ nor an escape"  # ñ
dim   d, Dh, V
dim K = 4
input e[t] : (1, d)
input y[t] : (1, V) simplex            # a promise
input z[t], first : (N) int < V
input m[t] : (N) bool
input q[t] : (1, V) real simplex(over=n_y)
param H : (Dh, 4*H) symmetric frozen ~ normal(0.01)
param b1 : (1, Dh,) ~ zeros()
param s : ()
state h[t], c[t] : (1, Dh)
const dt = 0.1
time last
h[0] = features @ W_p + b_p
h[-1] = b
b[T+1] = c
a[t] = x[t] @ W_xh + h[t-1] @ W_hh + b
a[t], b[t] = split(z[t], H, axis=-1)
r = -x ** -2 ** y.T + (a + b).T @ m[t][:, None] * E[w[t]] - A[i[t], j[t]] % 2 / z[t][:, 0:H]
yhat[t] = softmax(
    h[t] @ U   # inside brackets
    + b2)
loss J = sum(where(m[t], cross_entropy(logits[t], y[t]), 0), over=(t, N)) / N + sum(x, over=all)
output logits[t] = concat(f[t], b[t]) @ Wo + bo
output h[t]
output c[t], q
fn gate(W, U, b) = sigmoid(x[t] @ W + h[t-1] @ U + b)
op spike(v) = where(v > 0, 1, 0) with dv = dspike / (1 + 10*abs(v))**2
op two(a, b) = a * b with da = b * dtwo, db = not a < b and c or d
claim grad W_hh                = sum(h[t-1].T @ da[t], over=t)
claim grad H of J[t] at t      = h[t-1].T @ (((yhat[t] - y[t]) @ U.T) * h[t] * (1 - h[t]))
claim grad H of J[t] from h[t] = 0
claim grad h[t-1] from h[t]    = (dh[t] * (1 - h[t]**2)) @ W_hh.T
claim jacobian x[t] wrt x[t-1] = W_rec.T @ diag(sigmoid'(x[t-1]))
claim grad of of at at t       = with + from + wrt + grad + jacobian + second + int + normal
p = reshape(x, (N, H, 1)) + eye((H)) + zeros(()) + 1e-5 + .5 + 5. + 7 + f(a, (b,), k=1,) + W[1:]
e = einsum("n h, n k -> n h k", a, b) == c
"""


def read_text(text: str) -> syntax.Spec:
    return parse(Source("x.spec", text))


def refused(text: str) -> tuple[Report, ...]:
    with pytest.raises(Refused) as caught:
        read_text(text)
    return caught.value.reports


def expression(text: str) -> Any:
    (statement,) = read_text(f"x = {text}").statements
    assert isinstance(statement, syntax.Equation)
    return statement.value


def bare(value: Any) -> Any:
    """A node as nested tuples, without its places."""
    if dataclasses.is_dataclass(value):
        names = (f.name for f in dataclasses.fields(value) if not f.name.endswith("span"))
        return (type(value).__name__, *(bare(getattr(value, name)) for name in names))
    return tuple(map(bare, value)) if isinstance(value, tuple) else value


def nodes(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for item in value:
            yield from nodes(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, Span | Source):
        yield value
        for field in dataclasses.fields(value):
            yield from nodes(getattr(value, field.name))


# -- what is read ----------------------------------------------------------------------------------


def test_every_statement_is_read() -> None:
    statements = read_text(EVERYTHING).statements
    kinds = {type(statement) for statement in statements}
    assert kinds == set(syntax.Statement.__args__)
    lines = [line for line in EVERYTHING.splitlines() if line and line[0] not in "# "]
    assert len(statements) == len(lines) + 1  # `output c[t], q` is two


def test_spans_are_exact() -> None:
    """What a node spans, parsed by itself, is that node."""
    spec = read_text(EVERYTHING)
    seen = set()
    for node in nodes(spec.statements):
        quoted = spec.source.quote(node.span)
        if isinstance(node, syntax.Expression) and quoted not in ("over", "axis"):
            seen.add(type(node))
            if not isinstance(node, syntax.Text) or node.value.isascii():
                assert bare(expression(f"({quoted})")) == bare(node)
    assert seen == set(syntax.Expression.__args__)


def test_spans_of_statements() -> None:
    spec = read_text("  param W : (D, H)  ~ zeros( )  # c\nh[t-1] = tanh( a )\n")
    quoted = [spec.source.quote(statement.span) for statement in spec.statements]
    assert quoted == ["param W : (D, H)  ~ zeros( )", "h[t-1] = tanh( a )"]
    declaration, equation = spec.statements
    assert isinstance(declaration, syntax.Declaration) and declaration.initialiser
    assert isinstance(equation, syntax.Equation)
    assert spec.source.quote(declaration.shape_span) == "(D, H)"
    assert spec.source.quote(declaration.initialiser.span) == "~ zeros( )"
    assert spec.source.quote(equation.targets[0].span) == "h[t-1]"


def test_declaration() -> None:
    (found,) = read_text("input y[t], z : (N, 4*H) int < V simplex(over=H) frozen").statements
    assert isinstance(found, syntax.Declaration)
    assert (found.kind, found.type) == ("input", "int")
    assert bare(found.below) == ("Name", "V")
    assert [p.name.text for p in found.properties] == ["simplex", "frozen"]
    assert bare(found.properties[0].over) == ("Name", "H")
    assert len(found.targets) == len(found.shape) == 2


def test_declaration_of_a_scalar() -> None:
    (found,) = read_text("param s : ()").statements
    assert isinstance(found, syntax.Declaration)
    assert (found.shape, found.type, found.below, found.initialiser) == ((), "real", None, None)


def test_dim() -> None:
    free, fixed = read_text("dim N, H\ndim K = 4").statements
    assert isinstance(free, syntax.Dim) and isinstance(fixed, syntax.Dim)
    assert [name.text for name in free.names] == ["N", "H"] and free.value is None
    assert fixed.value is not None and fixed.value.value == 4


def test_claims() -> None:
    text = "claim grad X[t] of S at t = 1\nclaim grad X from Y[t] = 1\nclaim jacobian A wrt B = 1"
    of_at, source, jacobian = read_text(text).statements
    assert isinstance(of_at, syntax.Claim) and isinstance(source, syntax.Claim)
    assert isinstance(jacobian, syntax.Claim)
    assert of_at.of is not None and of_at.at is not None and of_at.source is None
    assert source.source is not None and source.at is None
    assert (jacobian.kind, bare(jacobian.wrt)) == ("jacobian", ("Name", "B"))


def test_op_and_fn() -> None:
    op, fn = read_text("op f(a, b) = a with da = 1, db = 2\nfn g() = h").statements
    assert isinstance(op, syntax.Op) and isinstance(fn, syntax.Fn)
    assert [name.text for name in op.params] == ["a", "b"]
    assert [derivative.name.text for derivative in op.derivatives] == ["da", "db"]
    assert bare(op.body) == ("Name", "a") and fn.params == ()


def test_kinds_of_equations() -> None:
    text = "a, b = c\noutput o[t] = a\nloss J = b\noutput a"
    a, o, loss, marked = read_text(text).statements
    assert [getattr(s, "kind", None) for s in (a, o, loss)] == ["equation", "output", "loss"]
    assert isinstance(a, syntax.Equation) and len(a.targets) == 2
    assert isinstance(marked, syntax.Output)


@pytest.mark.parametrize(
    ("text", "value"),
    [("4", 4), ("4.", 4.0), (".5", 0.5), ("1e3", 1000.0), ("0", 0), ("0e9", 0.0), ("1E-5", 1e-5)],
)
def test_numbers(text: str, value: float) -> None:
    number = expression(text)
    assert number.value == value and type(number.value) is type(value)


def test_subscripts() -> None:
    found = expression("m[t][:, None, 0:H, k:, -1]")
    assert len(found.groups) == 2
    kinds = [type(item).__name__ for item in found.groups[1]]
    assert kinds == ["Slice", "NewAxis", "Slice", "Slice", "Unary"]


def test_primed_call() -> None:
    found = expression("tanh' (z)")
    assert (found.primed, found.function.text) == (True, "tanh")
    assert found.function.span == Span(4, 8)


@pytest.mark.parametrize(("text", "items"), [("()", 0), ("(N,)", 1), ("(N, H)", 2), ("(N, H,)", 2)])
def test_tuples(text: str, items: int) -> None:
    assert len(expression(text).items) == items


def test_brackets_without_a_comma_are_no_tuple() -> None:
    assert bare(expression("((N))")) == ("Name", "N")


@pytest.mark.parametrize(
    "word", "first last second at of from wrt grad with normal int dims".split()
)
def test_words_with_a_meaning_elsewhere_may_name_quantities(word: str) -> None:
    assert (
        len(read_text(f"state {word}[t] : (N)\n{word}[t] = {word}[t-1] + {word}(a)").statements)
        == 2
    )


# -- precedence is Python's ------------------------------------------------------------------------

OPERATIONS = ["+", "-", "*", "/", "%", "@", "**", "<", "==", "and", "or", ">="]


def drawn(draw: random.Random, depth: int) -> str:
    kind = draw.random()
    if depth == 0 or kind < 0.2:
        return draw.choice(["a", "b.T", "f(c)", "x[t]", "2", "m[:, None]"])
    if kind < 0.35:
        return draw.choice(["-", "not ", "+"]) + drawn(draw, depth - 1)
    if kind < 0.5:
        return f"({drawn(draw, depth - 1)})" + draw.choice(["", ".T"])
    left, right = drawn(draw, depth - 1), drawn(draw, depth - 1)
    return f"{left} {draw.choice(OPERATIONS)} {right}"


def as_python(node: ast.expr) -> str:
    """A Python expression with all its brackets."""
    signs = {"Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "Mod": "%", "MatMult": "@"}
    signs |= {"Pow": "**", "Lt": "<", "Eq": "==", "GtE": ">=", "And": "and", "Or": "or"}
    signs |= {"USub": "-", "UAdd": "+", "Not": "not"}
    match node:
        case ast.BinOp(left, op, right):
            return f"({as_python(left)} {signs[type(op).__name__]} {as_python(right)})"
        case ast.Compare(left, [op], [right]):
            return f"({as_python(left)} {signs[type(op).__name__]} {as_python(right)})"
        case ast.BoolOp(op, [first, *others]):
            text = as_python(first)
            for other in others:
                text = f"({text} {signs[type(op).__name__]} {as_python(other)})"
            return text
        case ast.UnaryOp(op, operand):
            return f"({signs[type(op).__name__]} {as_python(operand)})"
        case ast.Attribute(value, name):
            return f"({as_python(value)}.{name})"
    return ast.unparse(node)


def atoms() -> dict[Any, str]:
    return {bare(expression(text)): text for text in ("a", "b", "f(c)", "x[t]", "2", "m[:, None]")}


def as_spec(node: Any) -> str:
    match node:
        case syntax.Binary():
            return f"({as_spec(node.left)} {node.symbol} {as_spec(node.right)})"
        case syntax.Unary():
            return f"({node.symbol} {as_spec(node.operand)})"
        case syntax.Transposed():
            return f"({as_spec(node.operand)}.T)"
    return atoms()[bare(node)]


def test_precedence_is_pythons() -> None:
    draw, compared = random.Random(1), 0
    for _ in range(600):
        text = drawn(draw, 4)
        try:
            meant = ast.parse(text, mode="eval").body
        except SyntaxError:
            with pytest.raises(Refused):  # `a == not b` is none in either
                expression(text)
            continue
        try:
            found = expression(text)
        except Refused as refusal:  # Python's comparisons chain; `x + +y` is refused here
            assert {report.code for report in refusal.reports} <= {"BP014", "BP006"}
            continue
        assert as_spec(found) == as_python(meant), text
        compared += 1
    assert compared > 200


# -- what is refused -------------------------------------------------------------------------------

SLIPS = [
    # text, code, the text at the place, a word of the message or of its help
    ("param W : (N, D\na = 2", "BP001", "(", "end of line 1"),
    ("a = tanh(b\nh[t] = c", "BP001", "(", "never closed"),
    ("input x[t] : (N, D\nstate h[t] : (N)", "BP001", "(", "never closed"),
    ("a = b)", "BP002", ")", "no matching `(`"),
    ("a = (b]", "BP002", "]", "`(` is closed by `]`"),
    ("param Wh (H, H)", "BP003", "(", "write `param Wh : (H, H)`"),
    ("state h[t] B  # c", "BP003", "B", "write `state h[t] : (B)`"),
    ("param W", "BP003", "", "(...)"),
    ("loss sum(h)", "BP004", "(", "loss J = "),
    ("loss = sum(h)", "BP004", "=", "a loss has a name"),
    ("const dt 3", "BP004", "3", "`=`"),
    ("tanh(x)", "BP004", "(", "`=`"),
    ("h(t) = x", "BP004", "(", "`h[t]`"),
    ("y = h @", "BP005", "@", "no right-hand side"),
    ("y = f(a -, b)", "BP005", "-", "no right-hand side"),
    ("y =", "BP005", "=", "no right-hand side"),
    ("y = not", "BP005", "not", "no right-hand side"),
    ("a = x + + y", "BP006", "+", "two operators"),
    ("a = x * / y", "BP006", "/", "two operators"),
    ("a == x", "BP007", "==", "single `=`"),
    ("h[t] := x", "BP007", ":=", "single `=`"),
    ("a += x", "BP007", "+", "single `=`"),
    ("a = b = c", "BP007", "=", "single `=`"),
    ("y = x @ W h", "BP008", "h", "between `W` and `h`"),
    ("y = 3x", "BP008", "x", "between `3` and `x`"),
    ("y = (a)(b)", "BP008", "(", "missing"),
    ("y = a if b else c", "BP008", "if", "where("),
    ("y = sum(h) over t", "BP008", "over", "over=H"),
    ("y = x' @ W", "BP009", "'", "`x.T`"),
    ("y = f(a + b[t])' @ W", "BP009", "'", "`f(a + b[t]).T`"),
    ("y = W^T @ x", "BP009", "^", "`W.T`"),
    ("y = (a + b) ^ 2", "BP010", "^", "`(a + b) ** 2`"),
    ("y = b − c", "BP011", "−", "U+2212 MINUS SIGN is not `-`"),
    ("y = b\u00a0+ c", "BP011", "\u00a0", "NO-BREAK SPACE is not a space"),
    ("y = x’ @ W", "BP011", "’", "U+2019"),
    ("y = a · b", "BP011", "·", "`*`"),
    ("y = \u0430", "BP011", "\u0430", "U+0430 CYRILLIC SMALL LETTER A"),
    ("t\u00e9t = 1", "BP011", "\u00e9", "U+00E9"),
    ("y = \uff45\uff56", "BP011", "\uff45", "U+FF45"),
    ("y = a\u200db", "BP011", "\u200d", "U+200D"),
    ("y = \u0661\u0662", "BP011", "\u0661", "U+0661"),
    ('y = einsum("n é", a)', "BP011", "é", "U+00E9"),
    ("fn gate(x) = x\ny = gate x", "BP012", "x", "`gate(x)`"),
    ("dim K = N", "BP013", "N", "expected a number"),
    ("cell 3", "BP013", "3", "expected a name"),
    ("claim gradient H = 3", "BP013", "gradient", "`grad` or `jacobian`"),
    ("param W : H", "BP013", "H", "`param W : (H)`"),
    ("op f(a) = a", "BP013", "", "with da = ..."),
    ("y = W[1:2:3]", "BP013", ":", "no step"),
    ("y = a; z = b", "BP013", ";", "one statement a line"),
    ("y = a \\", "BP013", "\\", "inside open brackets"),
    ("y = x.shape", "BP013", ".", "by its name"),
    ("y = {a}", "BP013", "{", "`(` and `[`"),
    ("h[t] = h_{t-1}", "BP013", "{", "`h[t] = h[t-1]`"),
    ("y = a && b", "BP013", "&&", "`and`"),
    ("y = [a, b]", "BP013", "[", "`concat(a, b)`"),
    ("y = a < b < c", "BP014", "<", "do not chain"),
    ("y = a == b != c", "BP014", "!=", "do not chain"),
    ("y = (a + b)[t]", "BP015", "[", "follows a name"),
    ("y = tanh(a)[0]", "BP015", "[", "follows a name"),
    ("y = x.T[0]", "BP015", "[", "follows a name"),
    ("y = m[t, :, None]", "BP016", "[t, :, None]", "m[t][:, None]"),
    ("y = m[t-1, 0]", "BP016", "[t-1, 0]", "m[t][:, None]"),
    ("dim N, K = 4", "BP017", "4", "`dim N` on one line and `dim K = 4`"),
    ('about "x', "BP018", '"x', "never closed"),
    ("y = einsum('n', a)", "BP018", "'", "double quotes"),
    (f'about "{"x" * 501}"', "BP018", f'"{"x" * 501}"', "500"),
    ("y = 0777", "BP019", "0777", "`0`"),
    ("y = 1_000", "BP019", "_000", "without `_`"),
    ("y = 1e999", "BP019", "1e999", "too large"),
    ("y = 1e-999", "BP019", "1e-999", "too small"),
    (f"y = {'1' * 41}", "BP019", "1" * 41, "40"),
    ("y = _x", "BP020", "_x", "rename it `x`"),
    ("__class__ = 1", "BP020", "__class__", "begins with a letter"),
    (f"y = {'a' * 65}", "BP020", "a" * 65, "64"),
    ("y = dim + 1", "BP021", "dim", "begins a statement"),
    ("param t : (H)", "BP021", "t", "the step"),
    ("T = 3", "BP021", "T", "number of steps"),
    ("fn f(all) = 3", "BP021", "all", "every axis"),
    ("y = None", "BP021", "None", "reserved"),
    ("y = axis", "BP021", "axis", "reserved"),
    ("parm W : (H)", "BP022", "parm", "`param`?"),
    ("3 = x", "BP022", "3", "begins no statement"),
    ("time third", "BP022", "third", "`last`"),
    ("claim grad H at s = 3", "BP022", "s", "at t"),
    ("claim grad h at t of J = 3", "BP022", "grad", "[of S] [at t | from Y]"),
    ("claim jacobian h = 3", "BP022", "jacobian", "wrt Y"),
    ("param W : (H) simpex", "BP022", "simpex", "`simplex`?"),
    ("input y : (N) bool < 3", "BP022", "bool < 3", "`int < V`"),
    ("input y : (N) int >= 3", "BP022", ">=", "`int < V`"),
    ("input y : (N) real int", "BP022", "int", "one type"),
    ("y = f(a=1, 2)", "BP026", "2", "without a name"),
    ("y = f(a=1, a=2)", "BP026", "a", "twice"),
    ("param W : (H) frozen frozen", "BP026", "frozen", "twice"),
    ("param W : (H) ~ normal(s=1)", "BP026", "s", "no names"),
]


@pytest.mark.parametrize(
    ("text", "code", "at", "word"), SLIPS, ids=[slip[0][:30] for slip in SLIPS]
)
def test_slips(text: str, code: str, at: str, word: str) -> None:
    (report,) = refused(text)
    source = Source("x.spec", text)
    assert report.place is not None
    assert (report.code, source.quote(report.place.span)) == (code, at)
    ways = (*report.helps, *(repair.text for repair in report.repairs))
    assert word in " ".join((report.message, *ways, *(other.text for other in report.others)))
    assert draw(report, source)


@pytest.mark.parametrize(
    ("text", "code", "at", "word"), SLIPS, ids=[slip[0][:30] for slip in SLIPS]
)
def test_a_slip_costs_one_report_in_the_midst_of_a_spec(
    text: str, code: str, at: str, word: str
) -> None:
    before, after = "cell a\nb[t] = c\n", "\nstate h[t] : (N)\nparam ok : (N)\n"
    (report,) = refused(before + text + after)
    assert report.code == code and report.place is not None
    alone = refused(text)[0].place
    assert alone is not None and report.place.span.start == alone.span.start + len(before)


def test_every_mistake_is_reported_once_at_its_place() -> None:
    text = "cell\nx = (a\nparam W : (N\nstate h (N)\n  y = a b\nz = a + 1\nT = 2\nloss J = ^2"
    source = Source("x.spec", text)
    found = [(r.code, source.position(r.place.span.start)) for r in refused(text) if r.place]
    assert found == [
        ("BP013", (1, 5)),
        ("BP001", (2, 5)),
        ("BP001", (3, 11)),
        ("BP003", (4, 9)),
        ("BP008", (5, 9)),
        ("BP021", (7, 1)),
        ("BP010", (8, 10)),
    ]


def test_an_open_bracket_ends_at_the_next_line_that_can_only_begin_a_statement() -> None:
    pieces = list(scan.pieces("a = f(\n  b,\n  axis=1)\nc = (d\ne[t], f[t] = g(\nh\nloss J = 1\n"))
    assert [len(piece.tokens) for piece in pieces] == [10, 4, 13, 4]


def test_the_last_resort_names_four_things_at_most() -> None:
    (report,) = refused("h[t] 3")
    assert report.message.count("`,") <= 4


def test_text_of_a_spec_is_escaped_in_messages() -> None:
    (report,) = refused("y = \U0001d428\U0001d42c")
    assert report.message.isascii()


# -- limits and characters -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"x = {'(' * 65}a{')' * 65}", "BP023"),
        (f"x = {'f(' * 3000}a{')' * 3000}", "BP023"),
        (f"x = {'(' * 9000}", "BP023"),
        (f"x = {'-' * 9000}a", "BP023"),
        (f"x = {'not ' * 2000}a", "BP023"),
        (f"x = {'+'.join('a' * 3000)}", "BP023"),
        (f"x = {'**'.join('a' * 3000)}", "BP023"),
        (f"x = a{'.T' * 3000}", "BP023"),
        (f"# {'x' * 10_000}", "BP023"),
        ("x = a\n" * 2001, "BP023"),
        ("x = (a, a, a, a, a, a, a, a)\n" * 1200, "BP023"),
        ("#\n" * 600_000, "BP023"),
        ("# a\0b", "BP024"),
        ("# a\x1b[31m", "BP024"),
        ("# a\fb", "BP024"),
        ("# a\x85b", "BP024"),
        ("# a\u2028b", "BP024"),
        ("# a\u202eb", "BP024"),
        ('about "a\u2067b"', "BP024"),
        ("# \ud800", "BP024"),
        ("a = b\r\n", "BP024"),
    ],
)
def test_limits(text: str, code: str) -> None:
    start = perf_counter()
    (report,) = refused(text)
    assert report.code == code
    assert perf_counter() - start < 60  # it ends at all, on a machine however busy


def test_within_the_limits() -> None:
    assert expression(f"{'(' * 64}a{')' * 64}")
    assert expression("+".join("a" * 200))
    assert len(read_text("x = a\n" * 2000).statements) == 2000
    (about,) = read_text(f'about "{"x" * 500}"').statements
    assert isinstance(about, syntax.About) and len(about.text.value) == 500


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "  \t \n"])
def test_nothing(text: str) -> None:
    assert read_text(text).statements == ()


@pytest.mark.parametrize("text", ['"' + "a" * 9000, "1" * 9000 + "!", "a[" * 4000, "x[t]," * 1900])
def test_no_text_takes_long(text: str) -> None:
    start = perf_counter()
    refused(f"{text}\n" * 10)
    assert perf_counter() - start < 60  # it ends at all, on a machine however busy


# -- bytes -----------------------------------------------------------------------------------------


def test_read_bytes() -> None:
    source = read(b"\xef\xbb\xbfcell a\r\n# b\rdim N\n\r", "a.spec")
    assert (source.name, source.text) == ("a.spec", "cell a\n# b\ndim N\n\n")


def test_read_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.spec"
    path.write_bytes(b"cell a\n")
    assert read(path) == read(str(path)) == Source("a.spec", "cell a\n")


@pytest.mark.parametrize(
    "data", [b"\xff\xfea", b"a\n# \xe9", b"\xc0\xaf", b"\xed\xa0\x80", b"#" * (1 << 20) + b"\n"]
)
def test_bytes_that_are_no_text(data: bytes) -> None:
    with pytest.raises(Refused) as caught:
        read(data, "a.spec")
    assert caught.value.reports[0].code in ("BP023", "BP024")


def test_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent", Path("/dev/zero"), tmp_path / "a\0b"):
        with pytest.raises(Refused):
            read(path)


# -- the grammar and the data ----------------------------------------------------------------------


def test_the_grammar_has_no_conflict() -> None:
    conf: Any = parse_module._lark().parser.parser  # type: ignore[attr-defined]
    LALR_Analyzer(conf.parser_conf, strict=True).compute_lalr()


def test_the_grammar_is_built_once() -> None:
    assert parse_module._lark() is parse_module._lark()


def test_every_rule_has_its_function() -> None:
    rules = parse_module._lark().rules
    names = {rule.alias or rule.origin.name for rule in rules if not rule.options.expand1}
    for name in names:
        assert name.startswith("_") or hasattr(parse_module.Builder, name), name


def test_resources() -> None:
    assert "statement" in grammar_text("spec.lark")
    assert data_root().joinpath("templates").is_dir()
    for name in ("../pyproject.toml", "absent", "/etc/passwd", "a\\b"):
        with pytest.raises(OSError):
            template_text(name)


# -- anything else is refused or read, and nothing breaks ------------------------------------------

SCRAPS = [*"()[]{}=+-*/@%:,.~^'\"#_!&;\\ \n\t0é−", *scan.KEYWORDS, "h[t-1]", "None", "1e999", "**"]
SCRAPS += ["with", "over=", ".T", "==", "x = ", "\n\n", "t", "'(", "claim grad ", "\0", "\u202e"]


@pytest.mark.parametrize("seed", range(400))
def test_mutated_specs_are_read_or_refused(seed: int) -> None:
    draw = random.Random(seed)
    lines = draw.sample(EVERYTHING.splitlines(keepends=True), 12)
    text = "".join(lines)
    for _ in range(draw.randint(1, 4)):
        start = draw.randrange(len(text))
        end = start + draw.choice([0, 0, 1, 1, 3, 20])
        text = text[:start] + draw.choice([*SCRAPS, ""]) + text[end:]
    is_sound(text)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*SCRAPS, "a", "H", "3", "tanh"]), max_size=40).map("".join))
def test_scraps_are_read_or_refused(text: str) -> None:
    is_sound(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    is_sound(text)


def is_sound(text: str) -> None:
    source = Source("x.spec", text)
    try:
        assert parse(source).source == source
    except Refused as refusal:
        places = [report.place.span for report in refusal.reports if report.place]
        assert len(places) == len(refusal.reports) > 0
        for span, report in zip(places, refusal.reports, strict=True):
            assert 0 <= span.start <= span.end <= len(text)
            labels = (label.text for label in report.others)
            for said in (report.message, *report.helps, *labels):
                assert said.isascii() and said.isprintable()
            assert report.code.startswith("BP0") and report.message
            draw(report, source)
        statements = [source.position(piece.span.start) for piece in scan_all(text)]
        assert len(places) <= max(1, len(statements)) * parse_module.FOREIGN


def scan_all(text: str) -> list[scan.Piece]:
    try:
        return list(scan.pieces(text))
    except Refused:
        return []
