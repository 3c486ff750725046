"""Attacks through numbers and expressions: what is too large, too deep, or no expression at all."""

import pytest

from attacks import (
    TWIN,
    alike,
    attack,
    canary,
    compiled,
    rejected,
    reports,
    safe,
    with_line,
)

__all__ = ["canary"]


def number(text: str) -> str:
    """The twin, with a number in it."""
    return with_line(f"b[t] = a[t] * {text}")


@attack(37, 40)
@pytest.mark.parametrize("text", ["1" * 41, "9" * 5_000, "0." + "3" * 39, "1" * 100_000])
def test_long_numbers(text: str) -> None:
    spec = number(text)
    said = rejected(spec)
    assert "BP019" in said or "BP023" in said


@attack(38)
@pytest.mark.parametrize("text", ["1e999", "-1e999", "1e-400", "nan", "inf", "1e309", "NaN"])
def test_numbers_that_are_none(text: str) -> None:
    rejected(number(text))


@attack(39)
@pytest.mark.parametrize(
    "text",
    [
        *("\u0661\u0662", "\uff11\uff12", "1_000", "0x10", "0777", "1__0", "1e", "1e+", "0b1"),
        *("1j", "1L", "1.2.3", "1e5e5", "'1'", "\u00bd", "\u2460", "00", "1 2"),
    ],
)
def test_numbers_of_other_languages(text: str) -> None:
    rejected(number(text))


@attack(39)
@pytest.mark.parametrize(("text", "meant"), [(".5", "0.5"), ("1.", "1.0"), ("1E3", "1000.0")])
def test_numbers_are_printed_anew(text: str, meant: str) -> None:
    assert safe(number(text))["elman.py"].count(f" {meant}") >= 1
    alike(number(text), number(meant))


@attack(41)
@pytest.mark.parametrize(
    "line",
    [
        *("b[t] = a[t] * 9**9**9", "b[t] = a[t] * 2**(2**31)", "const k = 9**9**9**9"),
        *("input y[t] : (H*10**12)", "input y[t] : (H**999999999)", "dim K = 9**9**9"),
        *("param v : (9**9**9)", "b = zeros((10**18))", "b = ones((H**64))"),
    ],
)
def test_nothing_is_computed_that_is_too_large(line: str) -> None:
    """What is legal stays a formula, which NumPy may refuse in its turn."""
    try:
        rejected(with_line(line))
    except AssertionError:
        assert len(safe(with_line(line))["elman.py"]) < 10_000


@attack(42)
@pytest.mark.parametrize("size", ["0", "-1", "1.5", str(2**63), str(2**31 + 1), "K + 1", "1e3"])
def test_sizes(size: str) -> None:
    rejected(with_line(f"dim K = {size}"))
    rejected(with_line(f"param v : ({size})"))


@attack(43)
@pytest.mark.parametrize("depth", [65, 201, 1_000, 100_000])
@pytest.mark.parametrize("pair", ["()", "[]", ("tanh(", ")")])
def test_deep_brackets(depth: int, pair: str) -> None:
    text = pair[0] * depth + "a[t]" + pair[1] * depth
    assert "BP" in rejected(with_line(f"b[t] = {text}"))
    rejected(with_line(f"b[t] = {pair[0] * depth}"))
    rejected(with_line(f"b[t] = {pair[1] * depth}"))


@attack(43)
def test_brackets_up_to_the_limit() -> None:
    safe(with_line(f"b[t] = {'(' * 62}a[t]{')' * 62}"))
    safe(with_line(f"b[t] = {'tanh(' * 60}a[t]{')' * 60}"))


@attack(44)
@pytest.mark.parametrize(("terms", "fits"), [(100, True), (1_000, False), (3_000, False)])
@pytest.mark.parametrize("sign", [" + ", " * ", " @ "])
def test_long_sums_and_products(terms: int, fits: bool, sign: str) -> None:
    text = " @ ".join(["h[t]"] + ["U"] * terms) if "@" in sign else sign.join(["a[t]"] * terms)
    if fits:
        safe(with_line(f"b[t] = {text}"))
    else:
        assert "BP023" in rejected(with_line(f"b[t] = (\n{text.replace(' ', chr(10))})"))


@attack(44)
@pytest.mark.parametrize("sign", [" + ", " - ", " * ", " / ", " and "])
def test_what_is_as_long_as_may_be(sign: str) -> None:
    """Python reads no more than 200 brackets deep, and what is emitted keeps to it."""
    if sign == " and ":
        safe(with_line(f"b[t] = where({sign.join(['a[t] > 0'] * 90)}, 1, 0)"))
    else:
        safe(with_line(f"b[t] = {sign.join(['a[t]'] * 110)}"))


# each nests 60 deep; written out in one another, they are deeper than Python reads
DEEP = [
    "maximum(h[t], ",
    "tanh(a[t] - ",
    "tanh(a[t] @ U @ U + ",
    "(a[t] - ",
    "tanh(",
    "1 - (",
    "-(",
]


@attack(44, 45)
@pytest.mark.parametrize("opening", DEEP)
@pytest.mark.slow
def test_what_is_as_deep_as_may_be(opening: str) -> None:
    def deep(count: int, inner: str) -> str:
        return f"{opening * count}{inner}{')' * count}"

    chain = f"fn f(v) = {deep(60, 'v')}\nfn g(v) = {deep(60, 'f(v)')}\n"
    for count in (0, 30, 60):
        for inner in ("a[t]", "f(a[t])", "g(a[t])"):
            done = compiled(with_line(f"{chain}b[t] = {deep(count, inner)}"))
            assert done.exit_code == 0 or "BP110" in reports(done)


@attack(44)
def test_a_line_of_100_000_terms() -> None:
    assert "BP023" in rejected(with_line("b[t] = " + "+".join(["a"] * 100_000)))


@attack(45)
@pytest.mark.parametrize("sign", ["-", "- ", "+", "not ", "-(", "tanh("])
def test_many_prefixes(sign: str) -> None:
    for count in (300, 3_000, 50_000):
        rejected(with_line(f"b[t] = {sign * count}a[t]"))
        rejected(with_line(f"b[t] = (\n{(sign + chr(10)) * count}a[t])"))


PYTHON = [
    *("a.__class__", "a[t].shape", "x[t].T.T.real", "os.system('true')", "exec('1')", "eval(1)"),
    *("__import__('os')", "lambda: 1", "[a for a in x]", "{1: 2}", "f'{1}'", "(y := 1)", "1; 2"),
    *("import os", "a if x else h", "a[t] is None", "await a", "yield a", "*a", "**a", "a[::2]"),
    *("print(1)", "open(x)", "globals()", "x[t](1)", "(a)(1)", "`a`", "$a", "a?", "@a", "\\n"),
    *("a[exec(1)]", "a[t, t]", "a[[1]]", "np.tanh(a)", "a 'b'", "'a'", '"a"', "...", "a..b", "!a"),
]


@attack(46)
@pytest.mark.parametrize("text", PYTHON)
def test_python_is_no_spec(text: str) -> None:
    rejected(with_line(f"b[t] = {text}"))
    rejected(with_line(text))


@attack(47)
@pytest.mark.parametrize(
    "line",
    [
        *("b[t] = h[t*2]", "b[t] = h[2*t]", "b[t] = h[-t]", "b[t] = h[t-1.5]", "b[t] = h[t-k]"),
        *("b[t] = b[t]", "b[t] = c[t]\nc[t] = b[t]", "b[t] = b[t-1] + b[t+1]", "b = h[T+1]"),
        *("b[t] = h[t-99999999]", "b[t] = h[t+99999999]", "b = h[99999999999999999999]"),
        *("b[t-1] = h[t]", "h[t] = a[t]", "b[t] = h", "b = h[t]", "b[t] = W[t]", "b[t] = h[h[t]]"),
    ],
)
def test_time(line: str) -> None:
    rejected(with_line(line))


@attack(47)
@pytest.mark.parametrize("line", ["b[t] = h[t-0]", "b[t] = h[t-2]", "b[t] = x[t+1]", "b = h[T]"])
def test_time_that_is_defined(line: str) -> None:
    safe(with_line(line))


@attack(48)
@pytest.mark.parametrize(
    "line",
    ["b[t] = x[t] @ U", "b[t] = h[t] @ W", "b[t] = x[t] + h[t]", "b[t] = h[t] @ W.T + x[t].T"],
)
def test_sizes_that_happen_to_be_equal(line: str) -> None:
    assert "BP20" in rejected(with_line(line))


@attack(48)
def test_tests_tell_sizes_apart() -> None:
    """Wherever sizes differ in the spec, they differ in the arrays that the test draws."""
    text = safe(TWIN)["test_elman.py"]
    assert '"first": {"T": 5, "N": 3, "D": 7, "H": 11}' in text


@attack(49)
@pytest.mark.parametrize(
    "line",
    [
        *("b = 1 / 0", "b = 1 / -0", "b = log(-1)", "b = log(0)", "b = sqrt(-1)", "b = 0**-1"),
        *("b = 9.0**9999", "b = exp(1000)", "b[t] = a[t] / 0", "b[t] = 1 / 0 + a[t]"),
        *("b = 10**10**10", "b[t] = a[t]**10**10**10", "b = 10**(100 * 100)", "b = 1 / (2 - 2)"),
        *("b = (-10)**(5000 + 4999)", "b = 2**-(-2000)"),
    ],
)
def test_numbers_that_have_no_value(line: str) -> None:
    assert "BP402" in rejected(with_line(line))


@attack(49)
@pytest.mark.parametrize("line", ["b[t] = log(a[t])", "b[t] = a[t]**-1", "b[t] = sqrt(a[t])"])
def test_arrays_may_have_no_value_and_numpy_says_so(line: str) -> None:
    safe(with_line(line))


@attack(50)
@pytest.mark.parametrize(
    "line",
    [
        *("b[t] = layer_norm(a[t], eps=-1)", "b[t] = softmax(a[t], axis=7)"),
        *("b[t] = sum(a[t], axis=-3)", "b[t] = softmax(a[t], over=D)", "b[t] = mean(a[t], axis=2)"),
        *("b[t] = layer_norm(a[t], eps=H)", "b[t] = concat(a[t], axis=9)"),
    ],
)
def test_axes_and_eps(line: str) -> None:
    rejected(with_line(line))


@attack(50)
def test_a_softmax_over_one_entry() -> None:
    safe(with_line("input y[t] : (N, 1)\nb[t] = softmax(y[t])"))
