"""How texts are put together: brackets where Python needs them and nowhere else, sizes as formatted
code, the helpers that a text calls and no other.
"""

import ast

import pytest

from bpgen.ir import OPERATORS, apply, number, ref
from bpgen.ops.shapes import spelled_shape, spelled_size
from bpgen.ops.spelling import atom, binding, bracketed, helpers, spell
from bpgen.sizes import size

N, H, D = map(size, "NHD")


def v(name, *shape):
    return ref(name, shape or (N, H))


a, b, c = v("a"), v("b"), v("c")
W = v("W", H, H)


def written(node):
    """A node's whole text."""
    if node.op == "ref":
        return node["name"]
    if node.op == "number":
        return repr(node["value"])
    return spell(node, *map(written, node.args), dtype="dtype")


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (a + b * c, "a + b * c"),
        ((a + b) * c, "(a + b) * c"),
        (a - (b - c), "a - (b - c)"),
        (a - b - c, "a - b - c"),
        (a / (b * c), "a / (b * c)"),
        (a * b / c, "a * b / c"),
        (-(a + b), "-(a + b)"),
        (-(a * b), "-(a * b)"),
        ((-a) ** 2, "(-a)**2"),
        (-(a**2), "-a**2"),
        ((a**2) ** 2, "(a**2)**2"),
        (a ** (b + 1), "a**(b + 1)"),
        (a @ W.T, "a @ W.T"),
        ((a + b).T, "(a + b).T"),
        ((a @ W) @ W, "a @ W @ W"),
        (a @ (W @ W), "a @ (W @ W)"),
        (apply("greater", a + b, c * 2), "a + b > c * 2"),
        (apply("sum", a * b, axes=(-1,)), "(a * b).sum(axis=-1)"),
        (apply("sum", apply("tanh", a)), "np.tanh(a).sum()"),
        (apply("newaxis", a + b, axes=(-1,)), "(a + b)[:, :, None]"),
        (apply("index", a @ W, axis=-1, at=0), "(a @ W)[:, 0]"),
        (number(2) * a, "2 * a"),
        (apply("squared_error", a, b - c), "np.square(a - (b - c))"),
        (apply("where", apply("greater", a, 0), a, 0), "np.where(a > 0, a, 0)"),
        (apply("where", apply("less", a, 0), 1.0, 0), "np.where(a < 0, 1.0, 0).astype(dtype)"),
        (apply("diag", v("u", H)) @ a.T, "diag(u) @ a.T"),
        (apply("diag", v("u", H, size(1))), "diag(u[..., 0])"),
        (apply("outer", v("u", H), v("w", H)), "np.outer(u, w)"),
        (apply("take", v("E", D, H), ref("w", (N,), kind="int")), "E[w]"),
        (apply("softmax", a), "softmax(a)"),
        (apply("softmax", a, axis=-2), "softmax(a, axis=-2)"),
        (apply("layer_norm", a), "layer_norm(a, 1e-05)"),
        (apply("clip", a, -1, 1), "np.clip(a, -1, 1)"),
        (apply("zeros", shape=(N, H * 4)), "np.zeros((N, 4 * H), dtype)"),
        (apply("eye", size=H), "np.eye(H, dtype=dtype)"),
        (apply("reshape", a + b, to=(N, H, size(1))), "(a + b).reshape(N, H, 1)"),
        (apply("concat", a, b), "np.concatenate((a, b), axis=-1)"),
        (apply("stack", a, b, axis=-3), "np.stack((a, b), axis=-3)"),
        (
            apply("einsum", a, v("u", N, D), pattern="n h, n k -> n h k"),
            'np.einsum("nh,nk->nhk", a, u)',
        ),
        (
            apply("einsum", a, W, pattern="row old, old new -> row new"),
            'np.einsum("ab,bc->ac", a, W)',
        ),
        (
            apply("slice", v("z", N, H * 4), axis=-1, start=size(0), stop=H),
            "z[:, :H]",
        ),
        (apply("slice", v("z", N, H * 4), axis=-1, start=H, stop=H * 2), "z[:, H : 2 * H]"),
        (apply("slice", v("z", N, H * 4), axis=-1, start=H * 3, stop=H * 4), "z[:, 3 * H :]"),
        (apply("slice", v("z", N, D), axis=-2, start=size(1), stop=N), "z[1:]"),
    ],
)
def test_brackets_stand_where_they_are_needed(node, text):
    assert written(node) == text
    ast.parse(text)


def test_a_function_with_time_sees_all_steps():
    x, y = ref("x", (H,), 0), ref("y", (D,), 0)
    assert spell(apply("outer", x, y), "x", "y", steps=True) == "x[..., :, None] * y[..., None, :]"
    assert spell(apply("sum", x), "x", steps=True) == "x.sum(axis=-1)"
    E, w = v("E", D, H), ref("w", (N,), 0, kind="int")
    assert spell(apply("take", E, w), "E", "w", steps=True) == "E[w]"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("x", 15),
        ("f(x)", 15),
        ("(a + b)", 15),
        ("(a) + (b)", 10),
        ("x.T", 15),
        ("2", 14),
        ("-x", 12),
    ],
)
def test_how_tightly_a_text_binds(text, level):
    assert binding(text) == level
    assert (atom(text) == text) == (level == 15)
    assert bracketed(text, level) == text


def test_sizes_are_spelled_as_formatted_code():
    assert spelled_size(H * 4 + D) == "D + 4 * H"
    assert spelled_size(H * H * 2) == "2 * H**2"
    assert spelled_shape((H,)) == "(H,)"
    assert spelled_shape((), steps=True) == "(T,)"
    assert spelled_shape(()) == "()"


# -- helpers --------------------------------------------------------------------------------------


def test_a_text_gets_the_helpers_that_it_calls_and_those_before_that_these_call():
    assert list(helpers(["y = gelu(x) + softmax(x)"])) == ["erf", "normal_cdf", "gelu", "softmax"]
    assert list(helpers(["y = np.abs(x)", "sigmoid = 2"])) == []
    assert list(helpers(["y = cells.sigmoid(x)"])) == []
    assert list(helpers(["largest(x)"], plain=True)) == ["first_max", "largest"]


@pytest.mark.parametrize("plain", [False, True])
def test_helpers_run_and_say_what_they_do(plain):
    facts = ("helper", "plain_helper") if plain else ("helper",)
    sources = [op.facts[f] for op in OPERATORS.values() for f in facts if f in op.facts]
    for source in sources:
        tree = ast.parse(source)
        for function in tree.body:
            assert isinstance(function, ast.FunctionDef) and ast.get_docstring(function)
        assert max(map(len, source.splitlines())) <= 100
