"""What a spec means: its equations with shapes and times, where states start, what is claimed."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bpgen.check import check
from bpgen.ir import OPERATORS, Cell, Equation, Node, Quantity, apply, ref
from bpgen.notation import target_text
from bpgen.notation import text as leaf
from bpgen.parse import parse, read
from bpgen.sizes import Size, shape_text, size
from bpgen.source import Source
from bpgen.verify import Broken, verify_cell

ROOT = Path(__file__).parent.parent
CELLS = sorted((ROOT / "bpgen" / "cells").glob("*.spec"))

HEAD = """cell c
dim N, D, H
input x[t] : (N, D)
param W : (D, H)
param U : (H, H)
param b : (H)
state h[t] : (N, H)
"""
RIGHT = "h[t] = tanh(x[t] @ W + h[t-1] @ U + b)\n"


SIGNS = {"add": 10, "subtract": 10, "multiply": 20, "divide": 20, "matmul": 20, "remainder": 20}


def text(node: Node, within: int = 0) -> str:
    """A node with nothing left out: whatever is no arithmetic prints as a call."""
    if node.op in ("ref", "number", "size", "step"):
        return leaf(node)
    if node.op in SIGNS:
        (left, right), level = node.args, SIGNS[node.op]
        sign = OPERATORS[node.op].facts["symbol"]
        shown = f"{text(left, level)} {sign} {text(right, level + 1)}"
        return f"({shown})" if level < within else shown
    if node.op == "power":
        return f"{text(node.args[0], 41)}**{text(node.args[1], 40)}"
    if node.op == "negate":
        return f"(-{text(node.args[0], 30)})" if within > 10 else f"-{text(node.args[0], 30)}"
    if node.op == "transpose" and node["axes"] is None:
        return f"{text(node.args[0], 50)}.T"
    usual = OPERATORS[node.op].attributes
    words = [text(arg) for arg in node.args]
    words += [f"{name}={value_text(v)}" for name, v in node.attrs if v != usual.get(name)]
    return f"{node.op}({', '.join(words)})"


def value_text(value: object) -> str:
    if isinstance(value, tuple):
        sizes = value and isinstance(value[0], Size)
        return shape_text(value) if sizes else f"({', '.join(map(str, value))})"
    return str(value)


def equation_text(equation: Equation) -> str:
    return f"{target_text(equation)} = {text(equation.value)}  : {shape_text(equation.shape)}"


def cell(lines: str, head: str = HEAD) -> Cell:
    made = check(parse(Source("c.spec", head + lines)))
    verify_cell(made)
    return made


def equations(lines: str) -> list[str]:
    """The equations that lines make, beside those that `h` has."""
    return [equation_text(e) for e in cell(lines).equations]


@pytest.mark.parametrize("path", CELLS, ids=lambda path: path.stem)
def test_every_cell_of_the_library_is_right(path: Path) -> None:
    made = check(parse(read(path)))
    verify_cell(made)
    assert made.name == path.stem
    assert made.about


def test_a_whole_spec() -> None:
    made = check(parse(read(ROOT / "bpgen" / "cells" / "birnn.spec")))
    assert made.sizes == ("N", "D", "H", "V")
    assert [q.name for q in made.given][-2:] == ["f0", "b0"]
    assert made.quantity("y") == replace(
        made.given[1], kind="int", below=size("V"), shape=(size("N"),), timed=True
    )
    assert [(s.name, s.lag, s.direction, s.initial) for s in made.states] == [
        ("f", 1, 1, "f0"),
        ("b", 1, -1, "b0"),
    ]
    assert made.outputs == ("f", "b", "logits", "J")
    assert made.loss == "J"
    assert [equation_text(e) for e in made.equations][2:] == [
        "logits[t] = concat(f[t], b[t]) @ Wo + bo  : (N, V)",
        "J = sum_steps(sum(where(m[t], cross_entropy(logits[t], y[t]), 0))) / N  : ()",
    ]


# -- expressions ----------------------------------------------------------------------------------

MEANINGS = [
    ("z[t] = -h[t] ** 2 + 3 * h[t]", "z[t] = -h[t]**2 + 3 * h[t]  : (N, H)"),
    ("z = b ** -1 + (-2) ** b", "z = b**-1 + (-2)**b  : (H)"),
    ("z[t] = h[t] / N * T + t % 2", "z[t] = h[t] / N * T + cast(t % 2)  : (N, H)"),
    ("z = b[:, None] - b[None, :]", "z = newaxis(b, axes=(-1)) - newaxis(b, axes=(-2))  : (H, H)"),
    ("z = U[0]", "z = index(U, at=0, axis=-2)  : (H)"),
    ("z = U[:, -1]", "z = index(U, at=-1, axis=-1)  : (H)"),
    (
        "z = U[1:-1, None, 2:]",
        "z = newaxis(slice(slice(U, axis=-2, start=1, stop=H - 1), axis=-1, start=2, stop=H), "
        "axes=(-2))  : (H - 2, 1, H - 2)",
    ),
    ("z[t] = h[t][:, 0:H]", "z[t] = h[t]  : (N, H)"),
    ("z[t] = sum(h[t])", "z[t] = sum(h[t])  : ()"),
    ("z[t] = sum(h[t], over=H)", "z[t] = sum(h[t], axes=(-1))  : (N)"),
    ("z[t] = sum(h[t], axis=0)", "z[t] = sum(h[t], axes=(-2))  : (H)"),
    ("z = sum(h[t], over=t)", "z = sum_steps(h[t])  : (N, H)"),
    ("z = sum(h[t], over=(t, N))", "z = sum_steps(sum(h[t], axes=(-2)))  : (H)"),
    ("z = sum(h[t], over=all)", "z = sum_steps(sum(h[t]))  : ()"),
    ("z = mean(h[t], over=all)", "z = sum_steps(mean(h[t])) / T  : ()"),
    ("z = max(h[t], over=t)", "z = max(steps(h[t]), axes=(-3))  : (N, H)"),
    ("z = var(h[t], over=(H, t))", "z = var(steps(h[t]), axes=(-3, -1))  : (N)"),
    ("z[t] = softmax(h[t], over=t)", "z[t] = row(softmax(steps(h[t]), axis=-3))  : (N, H)"),
    ("z[t] = softmax(h[t], over=N)", "z[t] = softmax(h[t], axis=-2)  : (N, H)"),
    ("z[t] = layer_norm(h[t], eps=1e-3)", "z[t] = layer_norm(h[t], eps=0.001)  : (N, H)"),
    ("z = clip(b, -1, 1)", "z = clip(b, -1, 1)  : (H)"),
    ("z = roll(b, 2)", "z = roll(b, shift=2)  : (H)"),
    ("z = reshape(U, (H*H))", "z = reshape(U, to=(H**2))  : (H**2)"),
    ("z[t] = expand(b, (N, H))", "z[t] = expand(b, to=(N, H))  : (N, H)"),
    ("z = transpose(U, (1, 0))", "z = transpose(U, axes=(1, 0))  : (H, H)"),
    ("z = stack(b, b)", "z = stack(b, b, axis=-2)  : (2, H)"),
    ("z = stack(b, b, axis=-1)", "z = stack(b, b, axis=-1)  : (H, 2)"),
    (
        'z[t] = einsum("n h, h k -> n k", h[t], U)',
        "z[t] = einsum(h[t], U, pattern=n h, h k -> n k)  : (N, H)",
    ),
    ("z[t] = x[t-1] @ W", "z[t] = x[t-1] @ W  : (N, H)"),
    ("z = h[0] + h[1] + h[T]", "z = h0 + h[1] + h[T]  : (N, H)"),
    ("z[t] = where(h[t] > 0, 1, h[t])", "z[t] = where(greater(h[t], 0), 1, h[t])  : (N, H)"),
    ("dim K = 4\nparam p : (K, 2)\nz = p * K", "z = p * 4  : (4, 2)"),
    ("const a = 2 * 0.5\nz = a * b", "z = a * b  : (H)"),
    ("input i[t] : (N) int < H\nz[t] = U[i[t]]", "z[t] = take(U, i[t])  : (N, H)"),
    ("input i[t] : (N) int < H\nz[t] = U[i[t], i[t]]", "z[t] = entries(U, i[t], i[t])  : (N)"),
    ("z = U[H - 1]", "z = take(U, H - 1)  : (H)"),
]


@pytest.mark.parametrize(("written", "meant"), MEANINGS, ids=[case[0] for case in MEANINGS])
def test_what_an_expression_means(written: str, meant: str) -> None:
    assert equations(RIGHT + written + "\n")[1:] == [meant]


def test_split_gives_slices() -> None:
    head = HEAD.replace("(D, H)", "(D, 2*H)")
    made = cell("i[t], f[t] = split(x[t] @ W, H)\nh[t] = i[t] + f[t] + h[t-1]\n", head)
    assert [equation_text(e) for e in made.equations[:2]] == [
        "i[t] = slice(x[t] @ W, axis=-1, start=0, stop=H)  : (N, H)",
        "f[t] = slice(x[t] @ W, axis=-1, start=H, stop=2*H)  : (N, H)",
    ]


def test_equations_may_stand_in_any_order() -> None:
    lines = ["z[t] = y[t] * 2", "y[t] = a[t] + 1", "a[t] = h[t] + q", "q = b * b", RIGHT.strip()]
    made = cell("\n".join(lines) + "\n")
    assert [e.target for e in made.equations] == ["z", "y", "a", "q", "h"]
    assert {shape_text(made.equation(name).shape) for name in "zya"} == {"(N, H)"}


def test_an_operator_knows_the_line_it_came_from() -> None:
    made = cell(RIGHT)
    product = made.equations[0].value.args[0].args[0].args[0]
    assert product.op == "matmul"
    assert product.place is not None
    assert made.source.quote(product.place) == "x[t] @ W"


# -- functions ------------------------------------------------------------------------------------


def test_an_abbreviation_is_written_out_with_hygiene() -> None:
    lines = "fn gate(U, v) = sigmoid(v[t-1] @ U + b)\nfn two(q, b) = gate(U, q) * b\n"
    assert equations(lines + "h[t] = two(h, x[t] @ W)\nz[t] = gate(v=h[t-1], U=U)\n") == [
        "h[t] = sigmoid(h[t-1] @ U + b) * x[t] @ W  : (N, H)".replace("x[t] @ W", "(x[t] @ W)"),
        "z[t] = sigmoid(h[t-2] @ U + b)  : (N, H)",
    ]


def test_an_argument_may_be_a_size_or_a_number() -> None:
    lines = "fn f(v, n, s) = leaky_relu(v[:, 0:n], s) / n\n" + RIGHT + "z[t] = f(h[t], 2, 0.3)\n"
    found = "z[t] = leaky_relu(slice(h[t], axis=-1, start=0, stop=2), slope=0.3) / 2  : (N, 2)"
    assert equations(lines)[1] == found


def test_brackets_after_an_argument_are_a_step_or_a_place() -> None:
    lines = "fn f(v) = v[0] + v[1]\n" + RIGHT + "y = f(h)\nz = f(b)\n"
    assert equations(lines)[1:] == [
        "y = h0 + h[1]  : (N, H)",
        "z = index(b, at=0, axis=-1) + index(b, at=1, axis=-1)  : ()",
    ]


def test_an_op_has_its_own_derivative() -> None:
    lines = "const k = 10\nop f(u, v) = where(u > v, 1, 0) with du = df / k, dv = -df\n"
    made = cell(lines + RIGHT + "z[t] = f(h[t], b)\n")
    node = made.equation("z").value
    assert (node.op, node.kind, shape_text(node.shape)) == ("custom", "real", "(N, H)")
    assert [text(arg) for arg in node.args] == ["cast(where(greater(h[t], b), 1, 0))", "h[t]", "b"]
    assert [text(d) for d in node["derivatives"]] == ["$dy[t] / k", "-$dy[t]"]


# -- states ---------------------------------------------------------------------------------------


def start(lines: str) -> tuple[tuple[int, int, str | None], list[tuple[str, str]], list[str]]:
    """The lag, direction and start of `h`; the arguments that start it; the equations that do."""
    made = cell(lines)
    (state,) = made.states
    given = [(q.name, shape_text(q.shape)) for q in made.given if q.role == "initial"]
    found = [equation_text(e) for e in made.equations if not e.timed]
    return (state.lag, state.direction, state.initial), given, found


STEP = "h[t] = tanh(x[t] @ W + h[t-1] @ U)\n"
TWO = "h[t] = tanh(x[t] @ W + h[t-1] @ U + h[t-2])\n"
DOWN = "h[t] = tanh(x[t] @ W + h[t+1] @ U + h[t+2])\n"


@pytest.mark.parametrize(
    ("lines", "state", "given", "found"),
    [
        (STEP, (1, 1, "h0"), [("h0", "(N, H)")], []),
        (TWO, (2, 1, "h0"), [("h0", "(2, N, H)")], []),
        (DOWN, (2, -1, "h0"), [("h0", "(2, N, H)")], []),
        ("h[t] = x[t] @ W\n", (0, 1, None), [], []),
        ("h[t] = x[t] @ W\nz[t] = h[t+1]\n", (1, -1, "h0"), [("h0", "(N, H)")], []),
        ("h[t] = x[t] @ W\nz[t] = h[t+1] + h[t-1]\n", (1, 1, "h0"), [("h0", "(N, H)")], []),
        (STEP + "z[t] = h[t-3]\n", (3, 1, "h0"), [("h0", "(3, N, H)")], []),
        ("h[0] = ones((N, H)) * b\n" + STEP, (1, 1, "h0"), [], ["h0 = ones(shape=(N, H)) * b"]),
        (
            "h[0] = b * ones((N, H))\nh[-1] = zeros((N, H))\n" + TWO,
            (2, 1, "h0"),
            [],
            ["h0 = stack(zeros(shape=(N, H)), b * ones(shape=(N, H)), axis=-3)"],
        ),
        (
            "h[T+1] = b * ones((N, H))\nh[T+2] = zeros((N, H))\n" + DOWN,
            (2, -1, "h0"),
            [],
            ["h0 = stack(zeros(shape=(N, H)), b * ones(shape=(N, H)), axis=-3)"],
        ),
        (
            "h[0] = zeros((N, H))\n" + TWO,
            (2, 1, "h_start"),
            [("h0", "(N, H)")],
            ["h_start = stack(h0, zeros(shape=(N, H)), axis=-3)"],
        ),
        (
            "h[-1] = zeros((N, H))\nz[t] = h[t-3]\n" + STEP,
            (3, 1, "h_start"),
            [("h0", "(2, N, H)")],
            ["h_start = stack(index(h0, at=0, axis=-3), zeros(shape=(N, H)), "
                "index(h0, at=1, axis=-3), axis=-3)"],
        ),
        ("param h0 : (N, H)\nh[0] = h0\n" + STEP, (1, 1, "h0_"), [], ["h0_ = h0"]),
    ],
)  # fmt: skip
def test_where_a_state_starts(lines, state, given, found) -> None:
    made = start(lines)
    assert (made[0], made[1]) == (state, given)
    assert [line.partition("  :")[0] for line in made[2]] == found


def test_outputs_stand_in_the_order_of_the_spec() -> None:
    lines = "loss L = sum(h[t], over=all)\noutput z[t] = h[t]\nstate s[t] : (N, H)\noutput h[t]\n"
    made = cell(RIGHT + lines + "output y = h[T]\ns[t] = h[t]\n")
    assert made.outputs == ("h", "L", "z", "s", "y")


def test_time_and_text() -> None:
    made = cell('about "Two words."\ntime last\n' + RIGHT)
    assert (made.about, made.layout) == ("Two words.", "last")


def test_properties() -> None:
    lines = """input y[t] : (H, N) simplex(over=H)
input z[t] : (N, H) simplex
param P : (H, H) symmetric frozen ~ normal(0.1)
param q : (D) ~ constant(-1)
const dt = 2**-1
dim unused
"""
    made = cell(RIGHT + lines)
    given = {q.name: q for q in made.given}
    assert (given["y"].simplex, given["z"].simplex) == (-2, -1)
    assert given["P"].symmetric
    assert given["P"].frozen
    assert str(given["P"].initialiser) == "Initialiser(name='normal', args=(0.1,))"
    assert str(given["q"].initialiser) == "Initialiser(name='constant', args=(-1.0,))"
    assert given["dt"].value == 0.5
    assert made.sizes == ("N", "D", "H")


# -- claims ---------------------------------------------------------------------------------------


def claim(line: str) -> tuple[str | None, str | None, str | None]:
    """The formula of a claim, or the fault in it; and its batch."""
    made = cell(RIGHT + "a[t] = h[t]\n" + line + "\n")
    (found,) = made.claims
    return (
        found.formula and text(found.formula),
        found.fault and found.fault.code,
        str(found.batch) if found.batch else None,
    )


@pytest.mark.parametrize(
    ("line", "formula", "fault", "batch"),
    [
        ("claim grad U = sum(h[t-1].T @ da[t], over=t)", "sum_steps(h[t-1].T @ da[t])", None, None),
        ("claim grad U at t = h[t-1].T @ dh[t]", "h[t-1].T @ dh[t]", None, None),
        ("claim grad b = db", "db", None, None),
        ("claim grad h[0] = dh[0]", "dh[0]", None, None),
        ("claim grad U = h[t-1].T @ dh[t]", None, "BP308", None),
        ("claim grad U = sum(h[t-1] @ dh[t], over=t)", None, "BP201", None),
        ("claim grad b = sum(da[t], over=t)", None, "BP206", None),
        (
            "claim jacobian h[t] wrt h[t-1] = diag(tanh'(a[t])) @ U.T",
            "diag(1 - tanh(a[t])**2) @ U.T",
            None,
            "N",
        ),
        ("claim jacobian h[t] wrt h[t-1] = a[t]", None, "BP206", None),
        (
            "op s(v) = v with dv = ds / (1 + v)\nclaim grad h[0] = s'(dh[0]) * relu'(dh[1])",
            "1 / (1 + dh[0]) * cast(where(greater(relu(dh[1]), 0), 1, 0))",
            None,
            None,
        ),
    ],
)
def test_a_claim_is_kept_with_its_formula_or_its_fault(line, formula, fault, batch) -> None:
    found = claim(line)
    assert found == (formula, fault, batch)


def test_a_declared_name_wins_over_a_gradient() -> None:
    assert claim("const dU = 2\nclaim grad U = dU * dU")[1] == "BP206"


# -- the checker of checked things ----------------------------------------------------------------

H = (size("N"), size("H"))
X = (size("N"), size("D"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: replace(e, target="b"), "set twice"),
        (lambda e: replace(e, timed=False), "changes over time"),
        (lambda e: replace(e, value=ref("nobody", H, 0)), "never set"),
        (lambda e: replace(e, value=ref("x", H, 0)), "is read as"),
        (lambda e: replace(e, value=ref("b", (size("H"),), 0)), "at a step"),
        (lambda e: replace(e, value=replace(e.value, shape=())), "another shape"),
        (lambda e: replace(e, value=ref("x", X, 0)), "no equation of its shape"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_found(change, message: str) -> None:
    made = cell("h[t] = x[t] @ W\n")
    broken = replace(made, equations=tuple(map(change, made.equations)))
    with pytest.raises(Broken, match=message):
        verify_cell(broken)


def test_an_internal_failure_names_a_line_of_the_spec() -> None:
    made = cell(RIGHT)
    extra = Equation("z", apply("tanh", ref("q", H)), False, made.equations[0].place)
    with pytest.raises(Broken, match=r"`q` is read and never set; .*z = .*\(c\.spec, line 8\)"):
        verify_cell(replace(made, equations=(*made.equations, extra)))


def test_a_start_of_the_wrong_shape_is_found() -> None:
    made = cell(TWO)
    given = (*made.given[:-1], Quantity("h0", "initial", H))
    with pytest.raises(Broken, match="does not hold the start"):
        verify_cell(replace(made, given=given))


def test_the_order_of_a_hash_is_nowhere_seen() -> None:
    code = (
        "import sys; from bpgen.parse import parse, read; from bpgen.check import check;"
        "print([repr(check(parse(read(path)))) for path in sys.argv[1:]])"
    )
    paths = [str(path) for path in CELLS[:6]]
    found = set()
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        run = [sys.executable, "-c", code, *paths]
        found.add(subprocess.run(run, env=environment, capture_output=True, check=True).stdout)
    assert len(found) == 1


# -- integers among numbers -----------------------------------------------------------------------

TABLES = """input w[t] : (N) int < H
input E : (H, H) int < H
input B : (H, D) bool
input k[t] : (N, H) int < 2
"""


@pytest.mark.parametrize(
    ("line", "kind", "shown"),
    [
        ("z[t] = E[w[t]]", "int", "take(E, w[t])"),
        ("z[t] = B[w[t]]", "real", "take(cast(B), w[t])"),
        ("z[t] = U[w[t]]", "real", "take(U, w[t])"),
        ("z[t] = E[w[t], w[t]]", "int", "entries(E, w[t], w[t])"),
        ("z[t] = U[E[w[t], w[t]]]", "real", "take(U, entries(E, w[t], w[t]))"),
        ("z[t] = E[w[t]] * 0.5", "real", "cast(take(E, w[t])) * 0.5"),
        ("z[t] = cross_entropy(h[t], k[t])", "real", "cross_entropy(h[t], cast(k[t]))"),
        ("z[t] = cross_entropy(h[t], w[t])", "real", "cross_entropy(h[t], w[t])"),
        ("z[t] = cross_entropy(k[t], w[t])", "real", "cross_entropy(cast(k[t]), w[t])"),
    ],
)
def test_integers_become_numbers_where_numbers_are_needed(line: str, kind: str, shown: str) -> None:
    value = cell(RIGHT + TABLES + line + "\n").equation("z").value
    assert (value.kind, text(value)) == (kind, shown)


# -- arguments by name ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "placed"),
    [
        ("huber(b=b, a=U, delta=2)", "huber(U, b, delta=2)"),
        ("huber(U, b=b)", "huber(U, b)"),
        ("where(b=0, c=b > 0, a=1)", "where(b > 0, 1, 0)"),
        ("roll(shift=1, a=b)", "roll(b, 1)"),
        ("clip(b, hi=1, lo=0)", "clip(b, 0, 1)"),
        ("sum(over=H, a=b)", "sum(b, over=H)"),
    ],
)
def test_arguments_are_given_by_name_as_in_python(named: str, placed: str) -> None:
    values = [cell(RIGHT + f"z = {e}\n").equation("z").value for e in (named, placed)]
    assert values[0] == values[1]


# -- sizes that are fixed -------------------------------------------------------------------------

FOURS = "dim K = 4\ndim M = 4\nparam p : (K)\nparam r : (4)\nparam P : (K, M)\n"


@pytest.mark.parametrize(
    "value",
    [
        "p + r",
        "p @ r",
        "P @ P.T",
        "P * p[:, None]",
        "sum(P, over=M) + p",
        "sum(r, over=K)",
        "stack(p, r)",
        "concat(p, p) + zeros((2 * K))",
        "concat(p, p) + zeros((8))",
        "reshape(p, (M)) + sum(P, over=K)",
        "P[0:2] + P[K-2:K]",
        'einsum("k, k m -> m", r, P)',
    ],
)
def test_a_fixed_size_is_its_number(value: str) -> None:
    assert cell(RIGHT + FOURS + f"z = {value}\n").equation("z")


def test_a_fixed_size_is_a_number_to_other_stages() -> None:
    made = cell(RIGHT + FOURS + "z = P @ P.T\n")
    assert made.sizes == ("N", "D", "H")
    assert leaf(made.equation("z").value) == "P @ P.T"
    assert shape_text(made.equation("z").shape) == "(4, 4)"


# -- as a spec says it ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "max(h[t], over=t)",
        "max(h[t], over=(t, H))",
        "max(h[t], over=all)",
        "var(sum(h[t]), over=t)",
        "softmax(h[t], over=t)",
        "softmax(h[t], over=(t, H))",
        "softmax(h[t], over=(N, H))",
        "softmax(h[t], over=(t, N, H))",
        "cumsum(h[t], over=t)",
        "sum(h[t], over=N)",
    ],
)
def test_axes_print_as_a_spec_names_them(value: str) -> None:
    timed = "[t]" if value.startswith(("soft", "cum", "sum(h")) else ""
    assert leaf(cell(RIGHT + f"z{timed} = {value}\n").equation("z").value) == value
