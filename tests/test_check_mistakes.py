"""A wrong spec gets one report for each mistake, with its code, at its place."""

import random
import re
from pathlib import Path

import pytest

from bpgen.check import check
from bpgen.check.scope import NO_CONSTANTS
from bpgen.parse import parse
from bpgen.repair import tried
from bpgen.report import Refused, Report, draw
from bpgen.source import Source
from bpgen.verify import verify_cell

HEAD = """cell c
dim N, D, H
input x[t] : (N, D)
param W : (D, H)
param U : (H, H)
param b : (H)
state h[t] : (N, H)
"""
RIGHT = "h[t] = tanh(x[t] @ W + h[t-1] @ U + b)\n"
CELLS = sorted((Path(__file__).parent.parent / "bpgen" / "cells").glob("*.spec"))


def reports(text: str) -> tuple[Source, tuple[Report, ...]]:
    source = Source("c.spec", text)
    try:
        check(parse(source))
    except Refused as refused:
        for report in refused.reports:
            assert draw(report, source)
        return source, refused.reports
    return source, ()


FOURS = """dim K = 4
dim M = 4
param p : (K)
param q : (M)
param r : (4)
param P : (K, M)
"""

# what is wrong, and the code and the text at the place of its one report
ALONE = [  # beside an equation of h that is right
    ("z = Wxx + Wxx", "BP101", "Wxx"),
    ("z = tanh", "BP101", "tanh"),
    ("z = sigmod(b) + sigmod(b)", "BP102", "sigmod"),
    ("z = b(3)", "BP102", "b"),
    ("z = matmul(U, U)", "BP102", "matmul"),
    ("z = b\nz = b", "BP103", "z"),
    ("z[t] = b\nz = b", "BP103", "z"),
    ("dim b", "BP103", "b"),
    ("param q : (D, K)\nz = q + q", "BP104", "K"),
    ("param q : (D, b)", "BP104", "b"),
    ("z = zeros((T, N))", "BP104", "T"),
    ("param lambda : (H)", "BP105", "lambda"),
    ("param q__ : (H)", "BP105", "q__"),
    ("fn tanh(v) = v", "BP105", "tanh"),
    ("fn split(v) = v", "BP105", "split"),
    ("input h0 : (N, H)", "BP106", "h0"),
    ("const h0 = 1", "BP106", "h0"),
    ("cell d", "BP107", "cell d"),
    ("loss L = sum(b)\nloss M = sum(b)", "BP107", "M"),
    ("z = all", "BP108", "all"),
    ("fn f(v) = v\nz = f", "BP108", "f"),
    ("fn f(v) = f(v)\nz = f(b)", "BP109", "f"),
    ("fn f(v) = v\nz = f(b, b)", "BP109", "f(b, b)"),
    ("fn f(v) = v\nz = f(v=b, w=b)", "BP109", "w"),
    ("state s[t] : (H) frozen\ns[t] = b", "BP111", "frozen"),
    ("param q : (H) simplex", "BP111", "simplex"),
    ("param q : (D, H) symmetric", "BP111", "symmetric"),
    ("param q : (H) ~ nomal(1)", "BP111", "nomal"),
    ("param q : (H) ~ normal()", "BP111", "~ normal()"),
    ("param q : (H) ~ orthogonal()", "BP111", "~ orthogonal()"),
    ("input q : (H) ~ zeros()", "BP111", "~ zeros()"),
    ('about "%s"' % ("x" * 201), "BP112", '"%s"' % ("x" * 201)),
    ("z = tanh'(b)", "BP113", "tanh"),
    ("z[t] = x[t] @ U", "BP201", "@"),
    ("z = 3 @ U", "BP201", "@"),
    ("z = b.T", "BP201", ".T"),
    ("z = reshape(U, (H))", "BP201", "reshape"),
    ("z[t] = h[t] + x[t]", "BP202", "+"),
    ("param v : (N)\nz[t] = h[t] * v", "BP203", "*"),
    ("param v : (N, 1)\nparam u : (N)\nz = v - u", "BP203", "-"),
    ("param v : (N, 1)\nparam u : (N)\nz = maximum(v, u)", "BP203", "maximum"),
    ("loss L = sum(h[t])", "BP205", "sum(h[t])"),
    ("loss L[t] = sum(h[t])", "BP205", "L[t]"),
    ("loss L = b", "BP205", "b"),
    ("state s[t] : (N, H)\ns[t] = x[t]", "BP206", "s[t]"),
    ("h[0] = b", "BP206", "h[0]"),
    ("z = sum(b, over=D)", "BP208", "D"),
    ("z = sum(U, over=H)", "BP208", "H"),
    ("z = sum(U, axis=2)", "BP208", "2"),
    ("z = sum(U, axis=(0, -2))", "BP208", "-2"),
    ("z = sum(b, over=H, axis=0)", "BP208", "axis=0"),
    ("z = sum(b, over=t)", "BP208", "t"),
    ("z[t] = cumsum(h[t], over=(N, H))", "BP208", "cumsum(h[t], over=(N, H))"),
    ("z = softmax(sum(b))", "BP208", "softmax"),
    ("z = U[0:2, 3][0, 0]", "BP211", "U[0:2, 3][0, 0]"),
    ("z = U[0:2][0:3]", "BP211", "3"),
    ("dim K = 0", "BP209", "0"),
    ("dim K = 1.5", "BP209", "1.5"),
    ("param q : (H - 2*H)", "BP209", "H - 2*H"),
    ("param q : (H**9)", "BP209", "9"),
    ("param q : (H/2)", "BP209", "H/2"),
    ("param q : (0)", "BP209", "0"),
    ("z = where(b, 1, 0)", "BP210", "b"),
    ("z = not b", "BP210", "b"),
    ("z = b % 2", "BP210", "b"),
    ("z[t] = U[h[t]]", "BP210", "h[t]"),
    ("input y[t] : (N)\nz[t] = cross_entropy(h[t], y[t])", "BP210", "y[t]"),
    ("z = (b, b)", "BP211", "(b, b)"),
    ('z = "text"', "BP211", '"text"'),
    ("z = N[0]", "BP211", "N[0]"),
    ("z = b[0, 0]", "BP211", "b[0, 0]"),
    ("input i : (N) int < H\nz = U[:, i]", "BP211", "U[:, i]"),
    ("z[t], y[t] = split(h[t], H)", "BP212", "split(h[t], H)"),
    ("z[t], y[t] = h[t]", "BP212", "h[t]"),
    ("z[t], y[t] = split(z=concat(h[t], h[t]), siz=H)", "BP402", "siz"),
    ("z[t], y[t] = split(concat(h[t], h[t]), z=h[t])", "BP402", "z=h[t]"),
    ("z[t] = W @ x[t]", "BP204", "@"),
    ("param V : (H, H)\nz[t] = x[t] @ V", "BP207", "@"),
    ("z[t] = h + h[t]", "BP308", "h"),
    ("param q[t] : (H)\nz[t] = q[t] + q[t-1]", "BP309", "q[t]"),
    ("z[t] = argmax(h[t])", "BP401", "argmax"),
    ("z[t] = h[t] + Wxx\ny = Wxx + Wxx + Wxx", "BP101", "Wxx"),
    ("z[t] = tanh(split(h[t], H))", "BP212", "split"),
    ("param q : (N, N, N, N, N, N, N, N, N)", "BP213", "(N, N, N, N, N, N, N, N, N)"),
    ("dim K\nz = zeros((K))", "BP214", "K"),
    ("z[t] = z[t+1] + z[t-1]", "BP301", "z[t+1]"),
    ("z[t] = tanh(z[t-1] + z[t-2])", "BP302", "z[t-1]"),
    ("y[t] = z[t+1]\nz[t] = y[t]", "BP302", "z[t+1]"),
    ("y[t] = z[t]\nz[t] = y[t]", "BP303", "z[t]"),
    ("z = z + 1", "BP303", "z"),
    ("W = zeros((D, H))", "BP304", "W"),
    ("x[t] = x[t]", "BP304", "x[t]"),
    ("N = 3", "BP304", "N"),
    ("output x[t]", "BP304", "x[t]"),
    ("state s[t] : (N, H)\nq = sum(s[t], over=t)\ns[t] = s[t-1] + q", "BP306", "s[t]"),
    ("state s[t] : (N, H)\ns[t] = s[t-1] + softmax(s[t], over=t)", "BP306", "s[t]"),
    ("state s[t] : (N, H)\ns[0] = s[T]\ns[t] = s[t-1] + 1", "BP306", "s[T]"),
    ("z[t] = h[2]", "BP307", "2"),
    ("z[t] = h[t*2]", "BP307", "t*2"),
    ("z[t] = h[T-1]", "BP307", "T-1"),
    ("z[t] = h[t-65]", "BP307", "t-65"),
    ("z[t] = h[:, 0]", "BP307", "h[:, 0]"),
    ("z[t] = x[0]", "BP307", "x[0]"),
    ("z[t] = x[T+1]", "BP307", "x[T+1]"),
    ("z = h + 1", "BP308", "h"),
    ("z = sum(h[t])", "BP308", "sum(h[t])"),
    ("h[0] = x[t] @ W", "BP308", "x[t] @ W"),
    ("z[t] = b[t]", "BP309", "b[t]"),
    ("z[t] = U[T]", "BP309", "U[T]"),
    ("param q[t] : (H)", "BP309", "q[t]"),
    ("state s[t] : (N, H)", "BP310", "s[t]"),
    ("state s[t] : (N, H)\ns[0] = zeros((N, H))", "BP310", "s[t]"),
    ("z[t-1] = b", "BP311", "z[t-1]"),
    ("z[t][0] = b\ny[t] = z[t]", "BP311", "z[t][0]"),
    ("z[0] = b", "BP311", "z[0]"),
    ("h[T] = zeros((N, H))", "BP311", "h[T]"),
    ("h[T+1] = zeros((N, H))", "BP312", "h[T+1]"),
    ("z[t] = h[T+1]", "BP312", "h[T+1]"),
    ("const a = 1/0", "BP402", "1/0"),
    ("const a = 9**9**9", "BP402", "9**9**9"),
    ("const a = N", "BP402", "N"),
    ("z = layer_norm(b, epsilon=1)", "BP402", "epsilon"),
    ("z = layer_norm(b, eps=-1)", "BP402", "-1"),
    ("z = leaky_relu(b, N)", "BP402", "N"),
    ("z = roll(b)", "BP402", "roll(b)"),
    ("z = roll(b, 1.5)", "BP402", "1.5"),
    ("z = where(b > 0, 1)", "BP403", "where(b > 0, 1)"),
    ("z = tanh()", "BP403", "tanh()"),
    ("z = tanh(b, b)", "BP403", "b"),
    ("z = sum(b, H)", "BP403", "H"),
    ("op f(u, v) = u * v with du = df", "BP404", "v"),
    ("op f(v) = v with dv = df, dw = 0", "BP404", "dw"),
    ("op f(v) = v * b with dv = df\nz = f(b)", "BP405", "b"),
    ("op f(v) = sum(v) with dv = df\nz = f(b)", "BP405", "sum(v)"),
    ("op f(v) = v with dv = df * U\nz = f(sum(b))", "BP405", "U"),
    ("fn f(v) = v[t-1]\nz[t] = f(h[t] + 1)", "BP309", "h[t] + 1"),
    ("fn f(v) = v @ U\nz[t] = f(x[t]) + f(x[t])", "BP201", "@"),
    ("fn f(v) = b\nz = f(Wxx)", "BP101", "Wxx"),
    *(
        (FOURS + line, "BP202", sign)
        for line, sign in (
            ("z = p + q", "+"),
            ("z = p + r + q", "+"),
            ("z = 2 * p + where(q > 0, q, 0)", "+"),
            ("z = p @ q", "@"),
            ("z = P @ P", "@"),
            ("z = P - P.T", "-"),
            ("z = stack(p, q)", "stack"),
            ("z = expand(p, (M))", "expand"),
            ('z = einsum("k, k -> k", p, q)', "einsum"),
            ("z = concat(p, p) + concat(q, q)", "+"),
            ("z = zeros((2 * K)) + zeros((2 * M))", "+"),
            ("fn f(u, v) = u * v\nz = f(p, q)", "*"),
        )
    ),
    (FOURS + "z = sum(p, over=M)", "BP208", "M"),
    (FOURS + "a, c = split(concat(p, p), M)", "BP212", "split(concat(p, p), M)"),
    (FOURS + "state s[t] : (M)\ns[t] = p", "BP206", "s[t]"),
    ("z[t] = x[t][t]", "BP211", "t"),
    ("z[t] = x[t][t-1]", "BP211", "t-1"),
    ("z[t] = x[t][:, T]", "BP211", "T"),
    ("z = b[0:0]", "BP211", "0:0"),
    ("z = b[H:]", "BP211", "H:"),
    ("z = U[:, 2*H:H]", "BP211", "2*H"),
    ("z = U[:, H:H-1]", "BP211", "H:H-1"),
    ("z = U[3:2]", "BP211", "3:2"),
    ("z = U[:, H:3*H]", "BP211", "3*H"),
    ("z = U[:, 2:D]", "BP211", "D"),
    ("z = U[:, N:H]", "BP211", "N"),
    ("z = U[:, D:]", "BP211", "D"),
    ("z = U[-D:]", "BP211", "-D"),
    ("z = U[D-H:H]", "BP211", "D-H"),
    ("dim K = 4\nparam A : (K, H)\nz = A[:H]", "BP211", "H"),
    ("dim K = 4\nparam A : (K, H)\nz = A[:K+1]", "BP211", "K+1"),
    ("param A : (D + H, H)\nz = A[5]", "BP211", "5"),
    ("param A : (D + H, H)\nz = A[:5]", "BP211", "5"),
    ("z = U[H]", "BP211", "H"),
    ("z = U[D]", "BP211", "D"),
    ("z = U[-2*H]", "BP211", "-2*H"),
    ("z = U[T-1]", "BP211", "T-1"),
    ("z = U[0, H]", "BP211", "U[0, H]"),
    ("input i : (N) int < D\nz = U[i]", "BP211", "i"),
    ("input i : (N) int < H+1\nz = U[i, i]", "BP211", "i"),
    ("input i[t] : (N) int < D\nz[t] = cross_entropy(h[t], i[t])", "BP211", "i[t]"),
    ("z, y = split(U, (D, H - D))", "BP212", "H - D"),
    ("param q : (D, H) ~ identity()", "BP111", "~ identity()"),
    ("z = clip(b, 1, 0)", "BP402", "1"),
    ("z = clip(b, hi=-2.5, lo=-1)", "BP402", "-1"),
    ("z = h[-1]", "BP312", "h[-1]"),
    ("z = h[-2]\ny[t] = h[t-2]", "BP312", "h[-2]"),
    ("state s[t] : (N, H)\ns[t] = s[t+1] * 2\nz = s[T+2]", "BP312", "s[T+2]"),
    ("z[t] = sum(h[t], over=(t, all))", "BP208", "all"),
    ("z = where(True, b, 0)", "BP101", "True"),
    ("dim True", "BP105", "True"),
    ("z = huber(b, a=b)", "BP402", "a=b"),
    ("z = huber(b=b)", "BP403", "huber(b=b)"),
    ("z = huber(b, c=b, b=b)", "BP402", "c"),
    ("z = concat(parts=b)", "BP403", "concat(parts=b)"),
    ("input y[t] : (N) bool\nz[t] = cross_entropy(h[t], y[t])", "BP210", "y[t]"),
    ("claim grad Q = 1", "BP101", "Q"),
    ("claim grad W = dQ", "BP101", "dQ"),
]


@pytest.mark.parametrize(("wrong", "code", "place"), ALONE, ids=[case[0] for case in ALONE])
def test_one_report_at_the_place_of_the_mistake(wrong: str, code: str, place: str) -> None:
    source, found = reports(HEAD + RIGHT + wrong + "\n")
    assert [report.code for report in found] == [code], [report.message for report in found]
    assert found[0].place is not None
    assert source.quote(found[0].place.span) == place


@pytest.mark.parametrize("name", ["numpy", "sys", "conftest", "test_a", "class", "aux", "x__"])
def test_a_cell_does_not_take_the_name_of_something_else(name: str) -> None:
    _, found = reports(HEAD.replace("cell c", f"cell {name}") + RIGHT)
    assert [report.code for report in found] == ["BP105"]


def test_a_spec_names_its_cell() -> None:
    _, found = reports(HEAD.replace("cell c\n", "") + RIGHT)
    assert [report.code for report in found] == ["BP107"]


def test_all_mistakes_are_reported_each_once() -> None:
    text = "a[t] = x[t] @ U\nc[t] = a[t] + Nope\nd = c + h\ne[t] = tanh(a[t] + c[t]) + Nope\n"
    _, found = reports(HEAD + RIGHT + text)
    assert [r.code for r in found] == ["BP201", "BP101", "BP308", "BP308"]


@pytest.mark.parametrize(
    ("wrong", "helps"),
    [
        ("z = Uh", "did you mean `U`?"),
        ("z = sigmod(b)", "did you mean `sigmoid`?"),
        ("z[t] = h[t] @ W", "write `h[t] @ W.T`"),
        ("z[t] = W @ x[t]", "write `x[t] @ W`"),
        (
            "param v : (N)\nz[t] = h[t] * v",
            "write `h[t] * v[:, None]`",
        ),
        (
            "param v : (N, 1)\nparam u : (N)\nz = v - u",
            "write `v - u[None, :]` if that is meant",
        ),
        ("z = sum(b, over=D)", "write `over=H`"),
        ("z[t] = x + 1", "write `x[t]`"),
        ("h[0] = b", "write `expand(b, (N, H))`"),
        ("h[0] = 0", "write `zeros((N, H))`"),
        ("h[0] = zeros((H))", "write `zeros((N, H))`"),
        ("h[0] = 1.0", "write `ones((N, H))`"),
        ("h[0] = 2", "write `expand(2, (N, H))`"),
        ("z[t], y[t] = split(concat(h[t], h[t], h[t]), H)", "3*H is 3 parts of H"),
        ("z = roll(b, 1, axs=0)", "did you mean `axis`?"),
        ("z[t] = huber(h[t], h[t], delt=2)", "did you mean `delta`?"),
        ("z = True", NO_CONSTANTS),
        ("False = b", NO_CONSTANTS),
        (FOURS + "z = p + q", "give both one name, if they are one size"),
        (FOURS + "z = sum(p, over=M)", "write `over=K`"),
        ("z = h[-1]", "give it, `h[-1] = ...`, or read `h[t-2]` in an equation"),
    ],
)
def test_a_way_out(wrong: str, helps: str) -> None:
    source, found = reports(HEAD + RIGHT + wrong + "\n")
    (first, *_) = tried(source, found)
    assert helps in (*(repair.text for repair in first.repairs), *first.helps)


def test_a_shape_that_does_not_fit_shows_operands_and_declarations() -> None:
    source, (found,) = reports(HEAD + "h[t] = tanh(x[t] @ U)\n")
    labels = {source.quote(label.span): label.text for label in found.others[:2]}
    assert labels == {"x[t]": "`x[t]` has shape (N, D)", "U": "`U` has shape (H, H)"}
    assert [label.text for label in found.others[2:]] == [
        "`x` is declared here",
        "`U` is declared here",
    ]


def test_a_mistake_inside_a_function_shows_where_it_was_used() -> None:
    text = "fn g(v) = v @ U\nfn f(v) = g(v)\n" + RIGHT + "z[t] = f(x[t])\n"
    source, (found,) = reports(HEAD + text)
    uses = [source.quote(label.span) for label in found.others if "used here" in label.text]
    assert uses == ["g(v)", "f(x[t])"]


def test_a_loop_is_printed() -> None:
    _, (found,) = reports(HEAD + "a[t] = c[t] + 1\nc[t] = a[t] * 2\nh[t] = a[t] + x[t] @ W\n")
    assert found.message == "`a` and `c` need each other within one step: a → c → a"
    assert len(found.others) == 1


# -- a stranger's spec ----------------------------------------------------------------------------

LAUGHS = "fn f0(v) = v\n" + "".join(
    f"fn f{i}(v) = f{i - 1}(v) + f{i - 1}(v)\n" for i in range(1, 30)
)


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS + "z = f29(b)\n",
        "fn f(v) = v + v\nz = " + "f(" * 60 + "b" + ")" * 60 + "\n",
        "fn f(v) = " + "not " * 190 + "v\nz = " + "f(" * 60 + "b > 0" + ")" * 60 + "\n",
        "fn f(v) = " + "tanh(" * 60 + "v" + ")" * 60 + "\nz = f(f(f(f(f(b)))))\n",
        "".join(f"fn f{i}(v) = f{i + 1}(-v)\n" for i in range(300)) + "z = f0(b)\n",
    ],
    ids=["laughs", "doubling", "not", "deep", "chain"],
)
def test_expansion_has_bounds(text: str) -> None:
    _, found = reports(HEAD + RIGHT + text)
    assert found[-1].code in ("BP110", "BP101")


@pytest.mark.parametrize(
    "text",
    [
        "z[t] = " + " + ".join(["h[t]"] * 200),
        "z = " + "tanh(" * 60 + "b" + ")" * 60,
        "z = " + "-(" * 50 + "not " * 60 + "b > 0" + ")" * 50,
    ],
    ids=["sum", "calls", "signs"],
)
def test_what_a_statement_may_hold_does_not_overflow(text: str) -> None:
    assert reports(HEAD + RIGHT + text + "\n")[1] == ()


WORDS = """t T all over axis 0 1 -1 None : , ( ) [ ] + - * / ** @ % == < and not .T N D H x h W b
sum max softmax var split concat stack where diag einsum zeros eye reshape clip [t] [t-1] [t+1] [0]
[T] [T+1] [:,None] tanh( sum(x[t],over=t) max(h[t],over=t) frozen simplex int state param fn op
""".split()
TOKEN = re.compile(r"[A-Za-z_]\w*'?|\d+\.?\d*|\*\*|\.T|[^\sA-Za-z0-9]")


def test_a_spoiled_spec_is_refused_or_right() -> None:
    rng = random.Random(0)
    texts = [path.read_text("utf-8") for path in CELLS]
    for _ in range(1500):
        text = rng.choice(texts)
        for _ in range(rng.randint(1, 3)):
            tokens = list(TOKEN.finditer(text))
            token = rng.choice(tokens)
            word = rng.choice(["", rng.choice(WORDS), rng.choice(tokens).group()])
            text = f"{text[: token.start()]} {word} {text[token.end() :]}"
        source = Source("spoiled.spec", text)
        try:
            verify_cell(check(parse(source)))
        except Refused as refused:
            assert refused.reports
            assert all(draw(report, source) for report in refused.reports)
