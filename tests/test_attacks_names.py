"""Attacks through names: those of Python, of NumPy, of emitted code, of other alphabets."""

import keyword
import subprocess
import sys

import pytest

from attacks import TWIN, alike, attack, bpgen, called, canary, folder, rejected, reports, safe

__all__ = ["canary"]

ROLES = {"cell": "elman", "dim": "H", "param": "U", "input": "x", "state": "h", "equation": "a"}
QUANTITIES = ("H", "U", "x", "h", "a")


@attack(21)
@pytest.mark.parametrize("role", ROLES)
def test_keywords(role: str) -> None:
    for word in keyword.kwlist:
        rejected(called(ROLES[role], word))


@attack(22)
@pytest.mark.parametrize("word", ["match", "case", "type"])
def test_soft_keywords_are_names(word: str) -> None:
    for role in ROLES.values():
        alike(called(role, word))


BUILTINS = [
    "print",
    "open",
    "eval",
    "exec",
    "len",
    "range",
    "sum",
    "type",
    "id",
    "float",
    "reversed",
]


@attack(23)
@pytest.mark.parametrize("word", BUILTINS)
def test_builtins_are_names(word: str) -> None:
    for role in QUANTITIES:
        alike(called(role, word))


OURS = ["np", "numpy", "math", "self", "cls", "pytest", "module", "cache", "grads", "out", "B"]
OURS += ["forward", "backward", "step", "bind", "fold", "params", "saved", "dtype", "rng", "given"]
OURS += ["Params", "Outputs", "Saved", "Grads", "SHAPES", "plain", "steps", "kinks"]


@attack(24)
@pytest.mark.parametrize("word", OURS)
def test_names_of_emitted_code_are_names(word: str) -> None:
    for role in QUANTITIES:
        if (word, role) == ("step", "H"):  # in a table of sizes, beside the label "one step"
            safe(called(role, word))
        else:
            alike(called(role, word))


@attack(24)
@pytest.mark.parametrize("word", ["t", "T"])
def test_the_step_and_their_number_are_not(word: str) -> None:
    for role in ROLES.values():
        rejected(called(role, word))


COLLIDING = """\
cell colliding
dim N, H, T0
input x[t] : (N, H)
input dx[t] : (N, H)
param np : (H, H)
param math : (H, H)
param h_prev : (H)
state h[t], dh[t], h_all[t], x_all[t] : (N, H)
d_h[t] = x[t] @ np + h[t-1] @ math
grad_h[t] = tanh(d_h[t])
h_t[t] = sigmoid(grad_h[t])
tmp0[t] = h_t[t] * dx[t]
t0[t] = tmp0[t] + h_prev
h[t] = tanh(t0[t])
dh[t] = tanh(dh[t-1] + h[t])
h_all[t] = tanh(h_all[t-1] * dh[t])
x_all[t] = tanh(x_all[t-1] + h_all[t])
out[t] = x_all[t] * h[t-1]
loss saved = sum(out[t], over=all)
"""


@attack(24, 25)
@pytest.mark.slow
def test_names_of_gradients_collide_and_gradients_are_right() -> None:
    with folder() as here:
        files = safe(COLLIDING)
        for name, text in files.items():
            (here / name).write_text(text)
        command = [
            sys.executable,
            "-I",
            "-W",
            "error",
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
        ]
        done = subprocess.run(
            [*command, str(here / "test_colliding.py")],
            cwd=here, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout


@attack(25)
@pytest.mark.parametrize("word", ["d_h", "grad_h", "h_prev", "h_t", "t0", "tmp0", "h_all", "a_out"])
def test_names_like_those_of_gradients(word: str) -> None:
    for role in ("U", "x", "a"):
        alike(called(role, word))


@attack(26)
@pytest.mark.parametrize(
    "word",
    ["__class__", "__builtins__", "__init__", "__x", "x__", "_", "__", "_t0", "_x", "__import__"],
)
def test_names_that_python_keeps(word: str) -> None:
    for role in ROLES.values():
        rejected(called(role, word))


# mathematical bold, full width, long s, ligature, ordinal: Python would read them as other letters
FOREIGN = [
    "\U0001d428\U0001d42c",
    "\uff45\uff56\uff41\uff4c",
    "\u017felf",
    "\ufb01",
    "\u00aa",
    "\u2163",
]
# Cyrillic, accents composed and not, micro and mu, dots and ties that may stand in identifiers
FOREIGN += [
    "\u0430",
    "\u00e9",
    "e\u0301",
    "\u00b5",
    "\u03bc",
    "x\u2024y",
    "x\u203fy",
    "x\u00b7",
    "\u2118",
]


@attack(27, 28, 29, 30)
@pytest.mark.parametrize("word", FOREIGN)
def test_other_alphabets(word: str) -> None:
    for role in ROLES.values():
        assert "U+" in rejected(called(role, word))


@attack(28)
def test_a_latin_and_a_cyrillic_a() -> None:
    said = rejected(f"{TWIN}\u0430[t] = a[t]\n")
    assert "attack.spec:10:1: BP011 U+0430 CYRILLIC SMALL LETTER A" in said


@attack(31)
@pytest.mark.parametrize(
    "word",
    [
        *(
            "a b",
            "a'b",
            'a"b',
            "a\\b",
            "a;b",
            "a=b",
            "a(b",
            "a\nb",
            "a#b",
            "\U0001f600",
            "a\\u0062",
        ),
        *("a\\x62", "&#98;", "%62", "a.b", "a-b", "a$", "`a`", "a\tb", "1a", ""),
    ],
)
def test_names_with_other_signs(word: str) -> None:
    rejected(called("U", word))


@attack(32)
def test_long_names() -> None:
    alike(called("U", "u" * 64))
    for length in (65, 10_000):
        assert "BP0" in rejected(called("U", "u" * length))
        assert "BP0" in rejected(called("elman", "u" * length))


@attack(33)
def test_cells_that_differ_in_case() -> None:
    with folder() as here:
        for name in ("elman", "Elman"):
            (here / f"{name}_1.spec").write_text(called("elman", name))
        paths = ["elman_1.spec", "Elman_1.spec"]
        done = bpgen("compile", *paths, "-o", "out", "--output-format", "concise", "-q")
        assert "BP505" in reports(done, 2)
        assert not (here / "out").exists() or not list((here / "out").iterdir())


@attack(33)
def test_quantities_may_differ_in_case() -> None:
    """As papers have it: a state h of H entries."""
    alike(called("a", "u"))


@attack(34)
@pytest.mark.parametrize(
    "word", ["tanh", "zeros", "empty", "exp", "where", "einsum", "sigmoid", "largest"]
)
def test_names_of_operators(word: str) -> None:
    for role in QUANTITIES:
        spec = called(role, word).replace(f"{word}(a[t])", "tanh(a[t])")
        alike(spec.replace(f"= {word}(tanh[t])", "= tanh(tanh[t])"))


@attack(35)
def test_many_names() -> None:
    many = "".join(f"v{i} = 1\n" for i in range(100_000))
    assert "BP023" in rejected(TWIN + many)
    listed = ", ".join(f"V{i}" for i in range(100_000))
    assert "BP023" in rejected(f"{TWIN}dim {listed}\n")
    assert "BP023" in rejected(f"{TWIN}dim (\n" + ",\n".join(f"V{i}" for i in range(100_000)))


@attack(36)
@pytest.mark.parametrize(
    ("line", "place"),
    [
        *(("dim x", "10:5"), ("param h : (N)", "10:7"), ("input W[t] : (N, D)", "10:7")),
        *(("a[t] = x[t]", "10:1"), ("dim N", "10:5"), ("const N = 1", "10:7")),
        *(("y[t] = q[t]", "10:8"), ("param V : (Q)", "10:12"), ("fn W(v) = v", "10:4")),
    ],
)
def test_two_meanings_or_none(line: str, place: str) -> None:
    assert f"attack.spec:{place}: BP" in rejected(f"{TWIN}{line}\n")


@attack(36)
def test_order_is_no_matter() -> None:
    lines = TWIN.split("\n")
    safe("\n".join([lines[0], lines[8], lines[7], *lines[1:7]]))
