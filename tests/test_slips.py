"""What people bring from elsewhere, and the text that the first repair makes of it.

Every text here is refused with one report a line of the second column, and the repairs of all
reports together give the third.
"""

import ast

import pytest

from bpgen.check import check
from bpgen.parse import parse
from bpgen.repair import applied
from bpgen.report import Refused, Report
from bpgen.source import Source
from bpgen.unparse import expression

MENDED = [
    # brackets, colons, signs
    ("y = tanh((a + b", "BP001", "y = tanh((a + b))"),
    ("h[t = b", "BP001", "h[t] = b"),
    ("y = tanh(a]", "BP002", "y = tanh(a)"),
    ("y = tanh(x[t)", "BP002", "y = tanh(x[t])"),
    ("y = b)", "BP002", "y = b"),
    ("param W (D, H) ~ zeros()", "BP003", "param W : (D, H) ~ zeros()"),
    ("state h[t] N, H", "BP003", "state h[t] : (N, H)"),
    ("param W in R^{D x H}", "BP003", "param W : (D, H)"),
    ("loss = sum(h)", "BP004", "loss J = sum(h)"),
    ("loss sum(J)", "BP004", "loss L = sum(J)"),
    ("const dt 0.1", "BP004", "const dt = 0.1"),
    ("h(t) = f(h(t-1), x(t))", "BP004", "h[t] = f(h[t-1], x[t])"),
    ("h[t] = f(h(t-1)) + cos(t)", "BP004", "h[t] = f(h[t-1]) + cos(t)"),
    ("y = sum(a, over N)", "BP004", "y = sum(a, over=N)"),
    ("y = a @", "BP005", "y = a "),
    ("y = * a", "BP005", "y =  a"),
    ("y = a + + b", "BP006", "y = a + b"),
    ("a := x", "BP007", "a = x"),
    ("a <- x", "BP007", "a = x"),
    ("h[t] += x[t]", "BP007", "h[t] = h[t-1] + x[t]"),
    ("y == = a", "BP007", "y = = a"),
    ("y = 3x", "BP008", "y = 3 * x"),
    ("y = sum(a over H)", "BP008", "y = sum(a, over=H)"),
    ("y = a' @ b' + c'", "BP009", "y = a.T @ b.T + c.T"),
    ("y = W^T @ x", "BP009", "y = W.T @ x"),
    ("y = (a + b)^2", "BP010", "y = (a + b) ** 2"),
    ("y = tanh a[t][0].T @ b", "BP012", "y = tanh(a[t][0].T) @ b"),
    ("y = a < b < c", "BP014", "y = a < b and b < c"),
    ("y = m[t, :, None]", "BP016", "y = m[t][:, None]"),
    ("dim N, K = 4", "BP017", "dim N\ndim K = 4"),
    ("dim K = 4, M = 5", "BP017", "dim K = 4\ndim M = 5"),
    ('about "x', "BP018", 'about "x"'),
    ("y = einsum('n h', a)", "BP018", 'y = einsum("n h", a)'),
    ('about """a\n  b"""', "BP018", 'about "a b"'),
    ("about the cell", "BP018", 'about "the cell"'),
    ("y = 007", "BP019", "y = 7"),
    ("y = 1_000", "BP019", "y = 1000"),
    ("_a = 1\ny = _a * _a", "BP020", "a = 1\ny = a * a"),
    ("parm W : (H)", "BP022", "param W : (H)"),
    ("(a, b) = split(z, H)", "BP022", "a, b = split(z, H)"),
    ("input w : (N) int (V)", "BP022", "input w : (N) int < V"),
    # other alphabets
    ("y = a − b", "BP011", "y = a - b"),
    ("y = a ⊙ b ⊙ c", "BP011", "y = a * b * c"),
    ("y = a × b · c", "BP011 BP011", "y = a * b * c"),
    ("y = Wᵀ @ x′", "BP011 BP011", "y = W.T @ x.T"),
    ("y = x² + W⁻¹", "BP011 BP011", "y = x ** 2 + W ** -1"),
    ("y = where(a ≤ b, a, b)", "BP011", "y = where(a <= b, a, b)"),
    ("hₜ = hₜ₋₁", "BP011 BP011", "h[t] = h[t-1]"),
    ("h₀ = θ", "BP011 BP011", "h0 = theta"),
    ("y = σ(a) * σ", "BP011", "y = sigmoid(a) * sigma"),
    ("y = √b + √(a + b)", "BP011", "y = sqrt(b) + sqrt(a + b)"),
    ("y = ‖x[t]‖", "BP011", "y = norm(x[t])"),
    ("h̃ = Δ", "BP011 BP011", "h_tilde = Delta"),
    ("y = \u0430 + \uff45\uff56", "BP011 BP011", "y = a + ev"),
    ("param W ∈ ℝ^{D×H}", "BP011", "param W : (D, H)"),
    ("y = a\u00a0+ b", "BP011", "y = a + b"),
    # programming languages
    ("y = a if c else b", "BP008", "y = where(c, a, b)"),
    ("y = f(c ? a : b, 1)", "BP008", "y = f(where(c, a, b), 1)"),
    ("y = np.linalg.norm(x)", "BP013", "y = norm(x)"),
    ("y = np.exp(a) + np.exp(b)", "BP013", "y = exp(a) + exp(b)"),
    ("y = torch.cat(a, b)", "BP013", "y = concat(a, b)"),
    ("y = np.dot(x[t], W)", "BP013", "y = x[t] @ W"),
    ("y = self.W @ x", "BP013", "y = W @ x"),
    ("y = (a + b).sum(axis=0)", "BP013", "y = sum(a + b, axis=0)"),
    ("y = x.reshape(N, H)", "BP013", "y = reshape(x, (N, H))"),
    ("y = W.t() @ x", "BP013", "y = W.T @ x"),
    ("y = x.dot(W)", "BP013", "y = x @ W"),
    # calls that are signs here: the operands keep their brackets, and so does the whole
    ("y = torch.mul(x[t] @ W, h[t-1] @ U)", "BP013", "y = (x[t] @ W) * (h[t-1] @ U)"),
    ("y = np.dot(x[t] + h[t-1], W)", "BP013", "y = (x[t] + h[t-1]) @ W"),
    ("y = torch.sub(x[t], h[t-1] - 2)", "BP013", "y = x[t] - (h[t-1] - 2)"),
    ("y = 2 * torch.add(a, b)", "BP013", "y = 2 * (a + b)"),
    ("y = x[t].mul(h[t-1] + 1)", "BP013", "y = x[t] * (h[t-1] + 1)"),
    ("y = x[t].add(h[t-1]) @ W", "BP013", "y = (x[t] + h[t-1]) @ W"),
    ("y = (a + b).mul(c)", "BP013", "y = (a + b) * c"),
    ("y = (a + b).T.sum()", "BP013", "y = sum((a + b).T)"),
    ("y = x.dot(W).dot(U).tanh()", "BP013", "y = tanh((x @ W) @ U)"),
    ("y = torch.pow(a, 2)", "BP013", "y = a ** 2"),
    ("y = -np.power(a, 2)", "BP013", "y = -(a ** 2)"),
    ("y = torch.div(a, 2)", "BP013", "y = a / 2"),
    ("y = np.divide(a, -b)", "BP013", "y = a / (-b)"),
    ("y = np.subtract(a, b)", "BP013", "y = a - b"),
    ("y = np.logical_and(a, not b)", "BP013", "y = a and (not b)"),
    ("y = np.tanh(np.dot(x, W) + np.dot(h, U))", "BP013", "y = tanh((x @ W) + (h @ U))"),
    ("fn mul(a, b) = a\ny = np.mul(a, b)", "BP013", "fn mul(a, b) = a\ny = mul(a, b)"),
    ("y = torch.cat([a, b], dim=1)", "BP013", "y = concat(a, b, axis=1)"),
    ("y = concat([a, b])", "BP013", "y = concat(a, b)"),
    ("y = sum(x, over=[t, N])", "BP013", "y = sum(x, over=(t, N))"),
    ("y = zeros([N, H])", "BP013", "y = zeros((N, H))"),
    ("y = b[np.newaxis, :]", "BP013", "y = b[None, :]"),
    ("y = b.unsqueeze(0)", "BP013", "y = b[None]"),
    ("y = K.tanh(z)", "BP013", "y = tanh(z)"),
    ("y = a // 2 * b", "BP013", "y = a / 2 * b"),
    ("y = a // the first of two", "BP013", "y = a # the first of two"),
    ("gate = lambda a: tanh(a)", "BP013", "fn gate(a) = tanh(a)"),
    ("def gate(a): return tanh(a)", "BP022", "fn gate(a) = tanh(a)"),
    ("def gate(a):\n    return tanh(a)", "BP022", "fn gate(a) = tanh(a)"),
    ("for t in range(T):\n    y = a", "BP022", "\n    y = a"),
    ("import numpy as np\ny = a", "BP022", "\ny = a"),
    ("let y = a", "BP022", "y = a"),
    ("return y", "BP022", "output y"),
    ("y = a; z = b;", "BP013", "y = a\nz = b"),
    ("y = a // b", "BP013", "y = a / b"),
    ("/* a comment", "BP013", "# a comment"),
    ("% a comment", "BP022", "# a comment"),
    ("y = a && !b", "BP013", "y = a  and  !b"),
    ("y = |a| + b", "BP013", "y = abs(a) + b"),
    ("y = 0,5 * b", "BP013", "y = 0.5 * b"),
    ("y = a \\\n  + b", "BP013", "y = (a \n  + b)"),
    ("y =\n  a", "BP013", "y = (\n  a)"),
    ("y = a +\n  b", "BP013", "y = (a +\n  b)"),
    ("dim N,\n  H", "BP013", "dim N, H"),
    # declarations
    ("param W : [D, H] ~ zeros()", "BP013", "param W : (D, H) ~ zeros()"),
    ("param b : H", "BP013", "param b : (H)"),
    ("param W : (D H K)", "BP013", "param W : (D, H, K)"),
    ("param W : (N, 4H)", "BP013", "param W : (N, 4*H)"),
    ("param W : (4H, 3D)", "BP013", "param W : (4*H, 3*D)"),
    ("param W : (D; H)", "BP013", "param W : (D, H)"),
    ("param W : (H), U : (H)", "BP013", "param W : (H)\nparam U : (H)"),
    ("param W : (H) = zeros()", "BP013", "param W : (H) ~ zeros()"),
    ("param W : (H) zeros()", "BP013", "param W : (H) ~ zeros()"),
    ("param W : (H) ~ zeros", "BP013", "param W : (H) ~ zeros()"),
    ("dim N D H", "BP013", "dim N, D, H"),
    ("cell my-cell", "BP013", "cell my_cell"),
    ('cell "rnn"', "BP013", "cell rnn"),
    ("time = last", "BP013", "time  last"),
    ("fn f a, b = a", "BP013", "fn f(a, b) = a"),
    ("claim dW = 0", "BP013", "claim grad W = 0"),
    # steps of papers
    ("h^{(t)} = tanh(x^{(t)} @ W + h^{t-1})", "BP013", "h[t] = tanh(x[t] @ W + h[t-1])"),
    ("h[t] = tanh(x^{<t>})", "BP013", "h[t] = tanh(x[t])"),
    ("h^(t) = tanh(x^(t) @ W + h^(t-1))", "BP010", "h[t] = tanh(x[t] @ W + h[t-1])"),
    ("h<t> = x<t> + h<t-1>", "BP013", "h[t] = x[t] + h[t-1]"),
    ("y = h'[t] @ a'", "BP009", "y = h[t].T @ a.T"),
    # LaTeX
    ("h[t] = \\sigma(W x[t])", "BP013", "h[t] = sigmoid(W @ x[t])"),
    ("h_{t} = \\tanh(W @ h_{t-1})", "BP013", "h[t] = tanh(W @ h[t-1])"),
    ("h_t = \\sigma(x_t) \\odot b", "BP013", "h[t] = sigmoid(x[t]) * b"),
    ("$y = W^{\\top} @ x^{2}$", "BP013", "y = W.T @ x ** (2)"),
    ("y = \\frac{a}{b} \\cdot \\mathbf{W}", "BP013", "y = ((a) / (b)) * W"),
    ("y = \\hat{h} + \\alpha", "BP013", "y = h_hat + alpha"),
]


@pytest.mark.parametrize(("text", "codes", "after"), MENDED, ids=[row[0][:30] for row in MENDED])
def test_a_slip_is_mended(text: str, codes: str, after: str) -> None:
    found = refused(text)
    assert " ".join(report.code for report in found) == codes
    edits = [edit for report in found for edit in report.repairs[0].edits]
    assert applied(text, edits) == after


CALLS = (
    "np.dot({}, {})",
    "torch.mul({}, {})",
    "torch.sub({}, {})",
    "np.power({}, {})",
    "np.divide({}, {})",
    "({}).add({})",
)
SIGNS = ("@", "*", "-", "**", "/", "+")
AROUND = ("{}", "c * {}", "{} @ c", "-{}", "c - {}", "{} ** c", "f(c, {})", "{}.T", "c / {} + c")
OPERANDS = (("a", "b"), ("a + b", "c"), ("a", "b - c"), ("-a", "b * c"), ("a ** b", "a @ b"))


@pytest.mark.parametrize("around", AROUND)
def test_a_sign_binds_as_the_call_did(around: str) -> None:
    for call, sign in zip(CALLS, SIGNS, strict=True):
        for left, right in OPERANDS:
            text = f"y = {around.format(call.format(left, right))}"
            (report,) = refused(text)
            meant = around.format(f"(({left}) {sign} ({right}))")
            assert tree(applied(text, report.repairs[0].edits)) == tree(f"y = {meant}"), text


@pytest.mark.parametrize("around", AROUND)
def test_a_sign_binds_as_a_call_of_no_module_did(around: str) -> None:
    names = ("dot", "mul", "sub", "add")
    for name, sign in zip(names, ("@", "*", "-", "+"), strict=True):
        for left, right in OPERANDS:
            text = SQUARE.format(around.format(f"{name}({left}, {right})"))
            with pytest.raises(Refused) as caught:
                check(parse(Source("x.spec", text)))
            (report,) = (report for report in caught.value.reports if report.code == "BP102")
            mended = applied(text, report.repairs[0].edits).splitlines()[-1]
            assert tree(mended) == tree(f"y = {around.format(f'(({left}) {sign} ({right}))')}"), (
                text
            )


SQUARE = """cell c
dim H
param a : (H, H)
param b : (H, H)
param c : (H, H)
fn f(p, q) = p + q
y = {}
"""


def tree(text: str) -> str:
    """An equation as Python's own precedence reads it, once from every bracket of ours."""
    (equation,) = parse(Source("x.spec", text)).statements
    ours = ast.dump(ast.parse(expression(equation.value)).body[0])
    assert ours == ast.dump(ast.parse(text.partition("= ")[2]).body[0])
    return ours


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = z.chunk(2, dim=1)", "split"),
        ("a = torch.squeeze(z, 1)", "a place along an axis"),
        ("y = Dense(H)(x)", "a layer is written out"),
    ],
)
def test_what_no_edit_can_write_is_said(text: str, said: str) -> None:
    (report,) = refused(text)
    assert not report.repairs and said in report.helps[0]


def test_a_sign_is_shown_without_its_neighbour() -> None:
    (report,) = refused("y = h[t\N{MINUS SIGN}1]")
    assert report.repairs[0].text == "write `-`"


def refused(text: str) -> tuple[Report, ...]:
    with pytest.raises(Refused) as caught:
        parse(Source("x.spec", text))
    return caught.value.reports
