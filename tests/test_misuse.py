"""Emitted modules in wrong hands: attacks 87 to 92, each with the end that it must have.

An argument that does not fit is refused by its name, in exact words, or it is defined what becomes
of it. The arguments come from the test that ships beside each module.
"""

import copy
import inspect
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bpgen import library
from bpgen.compile import compile_source
from bpgen.parse import read

OWN = {
    "fixed": """
dim N
dim K = 4
input x[t] : (N, K)
param W : (K, K)
state h[t] : (N, K)
h[t] = tanh(x[t] @ W + h[t-1])
""",
    "alone": """
dim N, H
param W : (H, H)
state h[t] : (N, H)
h[t] = tanh(h[t-1] @ W)
""",
    "places": """
dim N, D
input x[t] : (N, D)
param w : (D)
state h[t] : (N)
h[t] = tanh(h[t-1] + x[t][:, 1] + x[t] @ w)
""",
    "bare": """
dim N, H
input x[t] : (N, H)
state h[t] : (N, H)
h[t] = 0.5 * h[t-1] + x[t]
""",
    "counted": """
dim N, H
input x : (N, H)
param U : (H, H)
const a = 0.5
const c = 0.25
state h[t] : (N, H)
k = a * c
h[t] = tanh(x + h[t-1] @ U * t + k * h[t-2])
""",
}
CELLS = (
    *("rnn", "lstm", "gru", "rnnlm", "birnn", "mamba", "rnn_classifier", "cornn", "fixed"),
    *("places", "counted"),
)
SOME = r"\w+: expected shape \(.*\)( with .* \(from \w+\))?, got \(.*\)"  # any array, rightly named


@dataclass(frozen=True)
class Cell:
    """A module with its test, whose functions draw arguments and call it by their names."""

    module: ModuleType
    test: Any

    def run(self, given: dict[str, Any], dy: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Outputs and gradients."""
        outputs, saved = self.test.forward(given)
        dy = self.test.cotangents(self.test.arguments("first")) if dy is None else dy
        return outputs, self.test.backward(given, saved, dy)

    def told(self, name: str) -> str:
        """What is expected of the dtype of an argument."""
        first = self.test.PARAMS[0]
        wanted = {
            **dict.fromkeys(self.test.BELOW, "integer"),
            **dict.fromkeys(self.test.MASKS, "bool"),
        }
        wanted[first] = "an array of float32 or float64"
        return wanted.get(name, f"float64 (from {first})")


@cache
def cell(name: str, style: str = "plain") -> Cell:
    text = f"cell {name}\n{OWN[name]}" if name in OWN else library.text(name)
    files = compile_source(read(text.encode(), f"{name}.spec"), style=style)
    module, test = ModuleType(name), ModuleType(f"test_{name}")
    exec(compile(files[f"{name}.py"], f"{name}.py", "exec"), module.__dict__)
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        exec(compile(files[f"test_{name}.py"], f"test_{name}.py", "exec"), test.__dict__)
    finally:
        del sys.modules[name]
        if before:
            sys.modules[name] = before
    return Cell(module, test)


def each(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", names or CELLS)


def refused(error: type[Exception], said: str) -> Any:
    return pytest.raises(error, match=f"^{re.escape(said)}$")


def near(found: dict[str, Any], expected: dict[str, Any], bound: float = 1e-12) -> bool:
    return all(
        np.shape(found[k]) == np.shape(v) and np.allclose(found[k], v, rtol=bound, atol=bound)
        for k, v in expected.items()
    )


# -- 87: arguments ---------------------------------------------------------------------------------

KINDS: dict[str, Callable[[Any], Any]] = {
    "complex128": lambda v: v.astype(complex),
    "object": lambda v: v.astype(object),
    "float16": lambda v: v.astype(np.float16),
    "longdouble": lambda v: v.astype(np.longdouble),
    "big-endian": lambda v: v.astype(">f8"),
    "int64": lambda v: v.astype(np.int64),
    "bool": lambda v: v.astype(bool),
    "str": lambda v: v.astype("U3"),
    "datetime": lambda v: np.zeros(v.shape, "M8[s]"),
}
THINGS: dict[str, Callable[[Any], Any]] = {
    "MaskedArray": np.ma.masked_array,
    "matrix": lambda v: np.zeros((2, 2)).view(np.matrix),
    "list": lambda v: v.tolist(),
    "tuple": lambda v: (v,),
    "float": lambda v: 1.5,
    "function": lambda v: near,
}


def arrays(name: str) -> Iterator[tuple[str, Any]]:
    test = cell(name).test
    given = test.arguments("first")
    yield from ((key, given[key]) for key in (*test.INPUTS, *test.INITIAL, *test.PARAMS))


@pytest.mark.parametrize("kind", KINDS)
@each()
def test_87_another_dtype(name: str, kind: str) -> None:
    made = cell(name)
    for key, v in arrays(name):
        wrong = KINDS[kind](v)
        fits = (key in made.test.BELOW and kind == "int64") or (
            key in made.test.MASKS and kind == "bool"
        )
        if not fits:
            with refused(TypeError, f"{key}: expected {made.told(key)}, got {wrong.dtype}"):
                made.test.forward(made.test.arguments("first") | {key: wrong})


@pytest.mark.parametrize("thing", THINGS)
@each()
def test_87_no_array(name: str, thing: str) -> None:
    made = cell(name)
    for key, v in arrays(name):
        wrong, first = THINGS[thing](v), made.test.PARAMS[0]
        told = made.told(key) if key == first and not hasattr(wrong, "dtype") else "an array"
        with refused(TypeError, f"{key}: expected {told}, got {thing}"):
            made.test.forward(made.test.arguments("first") | {key: wrong})


@each()
def test_87_none(name: str) -> None:
    """None is zeros for an initial value, and nothing else."""
    made, given = cell(name), cell(name).test.arguments("first")
    for key, v in arrays(name):
        if key in made.test.INITIAL:
            zero = made.run(given | {key: 0 * v})
            assert near(made.run(given | {key: None})[1], zero[1])
        else:
            told = made.told(key) if key == made.test.PARAMS[0] else "an array"
            with refused(TypeError, f"{key}: expected {told}, got NoneType"):
                made.test.forward(given | {key: None})


@each()
def test_87_another_shape(name: str) -> None:
    """Nothing is broadcast: one rank more or less, no rank, one row for all, the transpose."""
    made, given = cell(name), cell(name).test.arguments("first")
    for key, v in arrays(name):
        axes = f"({', '.join(made.module.SHAPES[key].split())})"
        for wrong in (v[None], v[0], v.flat[0], np.asarray(v.flat[0]), v[..., None], v.ravel()):
            if wrong.ndim != v.ndim:
                with refused(ValueError, f"{key}: expected shape {axes}, got {wrong.shape}"):
                    made.test.forward(given | {key: wrong})
        for axis in range(v.ndim):
            one = np.take(v, [0], axis)
            if one.shape != v.shape and (key, axis) not in made.test.LONE:
                with pytest.raises(ValueError, match=f"^{SOME}$"):
                    made.test.forward(given | {key: one})
        if v.T.shape != v.shape:
            with pytest.raises(ValueError, match=f"^{SOME}$"):
                made.test.forward(given | {key: v.T})


def test_87_in_exact_words() -> None:
    module = cell("rnn").module
    params = module.init_params(np.random.default_rng(0), D=7, H=5)
    x, h0 = np.zeros((4, 3, 7)), np.zeros((3, 5))
    said = "W_hh: expected shape (H, H) with H = 5 (from W_xh), got (5, 3)"
    with refused(ValueError, said):
        module.forward(params._replace(W_hh=np.zeros((5, 3))), x, h0)
    with refused(ValueError, "h0: expected shape (N, H) with N = 3 (from x), got (1, 5)"):
        module.forward(params, x, h0[:1])
    with refused(ValueError, "h0: expected shape (N, H), got (5,)"):
        module.forward(params, x, h0[0])
    with refused(TypeError, "x: expected float64 (from W_xh), got float32"):
        module.forward(params, x.astype(np.float32), h0)
    with refused(TypeError, "h0: expected float64 (from W_xh), got float32"):
        module.forward(params, x, h0.astype(np.float32))
    with refused(ValueError, "h: expected shape (N, H) with N = 3 (from x), got (2, 5)"):
        module.step(params, x[0], h0[:2])
    with refused(ValueError, "h: expected shape (N, H) with H = 5 (from W_xh), got (3, 4)"):
        module.step(params, x[0], h0[:, :4])  # parameters are in use, so they are right
    with refused(ValueError, "x: expected shape (T, N, D) with D = 7 (from W_xh), got (4, 3, 6)"):
        module.forward(params, x[..., :6], h0)
    gates = cell("lstm").module  # with sizes such as 4*H
    params = gates.init_params(np.random.default_rng(0), D=7, H=5)
    with refused(ValueError, "c0: expected shape (N, H) with H = 5 (from U), got (3, 4)"):
        gates.forward(params, x, h0, h0[:, :4])
    fixed = cell("fixed").module
    with refused(ValueError, "x: expected shape (T, N, 4), got (2, 3, 5)"):
        fixed.forward(fixed.Params(np.zeros((4, 4))), np.zeros((2, 3, 5)))


def test_87_sizes_that_equations_ask_for() -> None:
    module = cell("places").module
    params, x = module.Params(np.zeros(1)), np.zeros((2, 3, 1))
    with refused(ValueError, "w: expected shape (D) with D at least 2, got (1,)"):
        module.forward(params, x)
    with refused(ValueError, "w: expected shape (D) with D at least 2, got (1,)"):
        module.step(params, x[0])


def test_87_an_initial_value_that_alone_tells_a_size() -> None:
    module = cell("alone").module
    params = module.Params(np.zeros((4, 4)))
    with refused(ValueError, "h0: must be given, since nothing else tells N"):
        module.forward(params, T=3)
    with refused(ValueError, "h: must be given, since nothing else tells N"):
        module.step(params)
    assert module.forward(params, np.zeros((2, 4)), T=3)[0].h.shape == (3, 2, 4)


def test_87_a_cell_without_parameters() -> None:
    """The first array tells the dtype; `saved` tells sizes and dtype if no array in it does."""
    module = cell("bare").module
    x = np.zeros((2, 3, 5), np.float32)
    with refused(TypeError, "h0: expected float32 (from x), got float64"):
        module.forward(module.Params(), x, np.zeros((3, 5)))
    with refused(TypeError, "x: expected an array of float32 or float64, got list"):
        module.forward(module.Params(), [1.0])
    _, saved = module.forward(module.Params(), x)
    said = "dh: expected shape (T, N, H) with H = 5 (from saved), got (2, 3, 1)"
    with refused(ValueError, said):
        module.backward(module.Params(), saved, dh=x[..., :1])
    with refused(TypeError, "dh: expected float32 (from saved), got float64"):
        module.backward(module.Params(), saved, dh=x.astype(float))


@pytest.mark.parametrize(
    ("wrong", "got"),
    [
        *((int, "int64"), (np.float16, "float16"), (complex, "complex128"), (bool, "bool")),
        *(("int32", "int32"), (">f8", ">f8"), (np.longdouble, str(np.dtype(np.longdouble)))),
    ],
)
def test_87_dtypes_to_draw(wrong: Any, got: str) -> None:
    module, rng = cell("rnn").module, np.random.default_rng(0)
    with refused(TypeError, f"dtype: expected float32 or float64, got {got}"):
        module.init_params(rng, D=3, H=4, dtype=wrong)
    for right in (np.float32, np.dtype("float32"), "float32"):
        drawn = module.init_params(rng, D=3, H=4, dtype=right)
        assert {v.dtype for v in drawn} == {np.dtype(np.float32)}


@pytest.mark.parametrize("wrong", [None, -1, 2.0, "3", True, [1]])
def test_87_numbers_of_steps(wrong: Any) -> None:
    module, given = cell("counted").module, cell("counted").test.arguments("first")
    params, x = module.Params(given["U"]), given["x"]
    with refused(ValueError, f"T: expected a number of steps, got {wrong!r}"):
        module.forward(params, x, T=wrong)
    with refused(ValueError, f"t: expected a number of steps, got {wrong!r}"):
        module.step(params, x, t=wrong)


def test_88_a_number_of_saved() -> None:
    test = cell("counted").test
    given = test.arguments("first")
    _, saved = test.forward(given)
    with refused(TypeError, "k: expected a number, got str"):
        test.backward(given, saved._replace(k="0.1"), test.cotangents(given))


@each()
def test_87_params_of_another_kind(name: str) -> None:
    made, other = cell(name), cell("lstm" if name != "lstm" else "gru")
    given = made.test.arguments("first")
    params = [given[key] for key in made.test.PARAMS]
    rest = [given[key] for key in made.test.INPUTS]
    _, saved = made.test.forward(given)
    for wrong in (
        *(
            None,
            params,
            tuple(params),
            params[:-1],
            dict(zip(made.test.PARAMS, params, strict=True)),
        ),
        other.module.Params(*(other.test.arguments("first")[key] for key in other.test.PARAMS)),
    ):
        said = f"params: expected this module's Params, got {type(wrong).__name__}"
        for call in (
            lambda wrong=wrong: made.module.forward(wrong, *rest, **made.test.keywords(given)),
            lambda wrong=wrong: made.module.backward(wrong, saved),
            lambda wrong=wrong: made.module.step(wrong, *rest),
        ):
            if hasattr(made.module, "step") or "step" not in call.__code__.co_names:
                with refused(TypeError, said):
                    call()


@pytest.mark.parametrize("wrong", [None, "1", 1j, [0.1], True, np.ones(1), [[1], [1, 2]]])
def test_87_numbers(wrong: Any) -> None:
    """Constants and the gradient of a loss are single real numbers."""
    module, test = cell("cornn").module, cell("cornn").test
    given = test.arguments("first")
    kind = type(wrong).__name__
    with refused(TypeError, f"dt: expected a number, got {kind}"):
        test.forward(given | {"dt": wrong})
    params = module.Params(*(given[key] for key in test.PARAMS))
    with refused(TypeError, f"dt: expected a number, got {kind}"):
        module.step(params, given["x"][0], dt=wrong)
    test = cell("rnnlm").test
    given = test.arguments("first")
    dy, (_, saved) = test.cotangents(given), test.forward(given)
    if wrong is None:  # zero, as for every output
        found = test.backward(given, saved, dy | {"L": None})
        assert test.same(found, test.backward(given, saved, dy | {"L": 0}))
    else:
        with refused(TypeError, f"dL: expected a number, got {kind}"):
            test.backward(given, saved, dy | {"L": wrong})


@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf])
@each()
def test_87_no_finite_number(name: str, strange: float) -> None:
    """NaN is seen in what depends on it, and never becomes zero; infinity passes or is refused."""
    made = cell(name)
    for key in made.test.REAL:
        v = made.test.arguments("first")[key].copy()
        v.flat[0] = strange
        if key in made.test.SIMPLEX and np.isinf(strange):
            with refused(ValueError, f"{key}: expected sums of 1 over axis -1, got one off by inf"):
                made.test.forward(made.test.arguments("first") | {key: v})
            continue
        with np.errstate(all="ignore"):
            outputs, grads = made.run(made.test.arguments("first") | {key: v})
        if np.isnan(strange):
            assert any(np.isnan(one).any() for one in (*outputs.values(), *grads.values())), key


def mapped(v: Any, place: Path) -> Any:
    kept = np.memmap(place / f"{len(list(place.iterdir()))}.bin", v.dtype, "w+", shape=v.shape)
    kept[...] = v
    return kept


@pytest.mark.parametrize("laid", ["negative strides", "read-only", "memory-mapped", "Fortran"])
@each()
def test_87_any_layout(name: str, laid: str, tmp_path: Path) -> None:
    made, given = cell(name), cell(name).test.arguments("first")
    changes: dict[str, Callable[[Any], Any]] = {
        "negative strides": lambda v: v[::-1].copy()[::-1],
        "read-only": lambda v: np.frombuffer(v.tobytes(), v.dtype).reshape(v.shape),
        "memory-mapped": lambda v: mapped(v, tmp_path),
        "Fortran": np.asfortranarray,
    }
    moved = given | {key: changes[laid](v) for key, v in arrays(name)}
    for found, expected in zip(made.run(moved), made.run(given), strict=True):
        assert near(found, expected)


def said(call: Callable[..., Any], *given: Any, **others: Any) -> str:
    """How a call is refused, in which words; nothing if it is not."""
    try:
        with np.errstate(all="ignore"):
            call(*given, **others)
    except (TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def wrong(given: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Arguments one of which, or one of whose parameters, is another than it was."""
    for i, v in enumerate(given):
        if isinstance(v, tuple):
            others = [
                v._replace(**{k: each[0]}) for k, v_ in v._asdict().items() for each in wrong((v_,))
            ]
            others += [tuple(v), None]
        elif isinstance(v, np.ndarray):
            others = [change(v) for change in (*KINDS.values(), *THINGS.values())]
            others += [None, v[None], v[..., None], v.T, v[:0], v[:1], *([v[0]] if v.ndim else [])]
        else:
            continue
        yield from ((*given[:i], other, *given[i + 1 :]) for other in others)


def calls(made: Cell) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """Each function by name, with arguments that are right, by place and by name."""
    given, test = made.test.arguments("first"), made.test
    params = made.module.Params(*(given[key] for key in test.PARAMS))
    rest = [given[key] for key in (*test.INPUTS, *test.INITIAL)]
    keywords = test.keywords(given)
    yield "forward", (params, *rest), keywords
    _, saved = made.module.forward(params, *rest, **keywords)
    yield "backward", (params, saved), {}
    if hasattr(made.module, "step"):
        now = [
            np.take(given[k], 0, test.TIMED[k]) if k in test.TIMED else given[k]
            for k in test.STREAM_INPUTS
        ]
        consts = {name: given[name] for name in test.CONSTS if name in given}
        _, states = made.module.step(params, *now, **consts)
        yield "step", (params, *now, *states), consts


@pytest.mark.parametrize("lent", [False, True])
@each("rnn", "lstm", "gru", "rnnlm", "mamba", "cornn", "fixed", "places", "counted", "bare")
def test_87_the_fast_style_refuses_in_the_same_words(name: str, lent: bool) -> None:
    """Also behind calls of the same workspace that were right, and from then on."""
    plain, fast = cell(name), cell(name, "fast")
    asked = inspect.signature(fast.module.Workspace).parameters.keys() - {"dtype"}
    work = fast.module.Workspace(**{size: fast.test.SIZES["first"][size] for size in asked})
    others = {"work": work} if lent else {}
    refusals = 0
    for (function, given, keywords), (_, own, _) in zip(calls(plain), calls(fast), strict=True):
        one, other = getattr(plain.module, function), getattr(fast.module, function)
        for expected, found in zip(wrong(given), wrong(own), strict=True):
            assert not said(other, *own, **keywords, **others)
            words = said(one, *expected, **keywords)
            refusals += bool(words)
            got = said(other, *found, **keywords, **others)
            fits = got.startswith("ValueError: work: expected ") if lent and not words else False
            assert fits or got == words, function
    assert refusals > 50


# -- 88: what was saved ----------------------------------------------------------------------------


@each()
def test_88_saved_of_another_call(name: str) -> None:
    """It belongs to its own call, however many came after, and can be used twice."""
    made, test = cell(name), cell(name).test
    given, other = test.arguments("first"), test.arguments("first", 1)
    dy = test.cotangents(given)
    (_, saved), (_, later) = test.forward(given), test.forward(other)
    expected = test.backward(given, saved, dy)
    assert test.same(test.backward(other, later, dy), made.run(other, dy)[1])
    assert test.same(test.backward(given, saved, dy), expected)
    assert test.same(test.backward(given, copy.deepcopy(saved), dy), expected)


@each()
def test_88_saved_that_does_not_fit(name: str) -> None:
    made, test = cell(name), cell(name).test
    given, other = test.arguments("first"), test.arguments("second")
    dy = test.cotangents(given)
    (_, saved), (_, later) = test.forward(given), test.forward(other)
    with pytest.raises(ValueError, match=f"^{SOME}$"):
        test.backward(given, later, dy)
    if name != "fixed":  # there, parameters of another call fit
        with pytest.raises(ValueError, match=f"^{SOME}$"):
            test.backward(other, saved, dy)
    for key in made.module.BACK.keys() & saved._asdict().keys():
        v, first = getattr(saved, key), test.PARAMS[0]
        kinds = {"i": "integer", "b": "bool", "f": f"float64 (from {first})"}
        with refused(TypeError, f"{key}: expected {kinds[v.dtype.kind]}, got complex128"):
            test.backward(given, saved._replace(**{key: v.astype(complex)}), dy)
        for wrong in (None, v.tolist()):
            with refused(TypeError, f"{key}: expected an array, got {type(wrong).__name__}"):
                test.backward(given, saved._replace(**{key: wrong}), dy)
        if made.module.BACK[key].startswith("T "):
            with pytest.raises(ValueError, match=f"^{SOME}$"):
                test.backward(given, saved._replace(**{key: v[1:]}), dy)


@each()
def test_88_saved_of_another_kind(name: str) -> None:
    made, test = cell(name), cell(name).test
    given = test.arguments("first")
    params = made.module.Params(*(given[key] for key in test.PARAMS))
    _, saved = test.forward(given)
    other = cell("lstm" if name != "lstm" else "gru").test
    _, foreign = other.forward(other.arguments("first"))
    for wrong in (
        None,
        (),
        tuple(saved),
        list(saved),
        saved._asdict(),
        saved[:-1],
        foreign,
        params,
    ):
        with refused(TypeError, f"saved: expected this module's Saved, got {type(wrong).__name__}"):
            made.module.backward(params, wrong)


def test_88_in_exact_words() -> None:
    module = cell("rnn").module
    rng = np.random.default_rng(0)
    params, others = (module.init_params(rng, D=7, H=size) for size in (5, 4))
    _, saved = module.forward(params, rng.normal(size=(4, 3, 7)))
    with refused(ValueError, "W_xh: expected shape (D, H) with H = 5 (from h_prev), got (7, 4)"):
        module.backward(others, saved)
    with refused(ValueError, "h: expected shape (T, N, H) with T = 4 (from x), got (3, 3, 5)"):
        module.backward(params, saved._replace(h=saved.h[1:]))
    with refused(ValueError, "dh: expected shape (T, N, H) with T = 4 (from x), got (6, 3, 5)"):
        module.backward(params, saved, dh=np.zeros((6, 3, 5)))
    with refused(ValueError, "dh: expected shape (T, N, H) with N = 3 (from x), got (4, 1, 5)"):
        module.backward(params, saved, dh=np.zeros((4, 1, 5)))
    for kind in (np.complex128, np.int64, np.float32):
        with refused(TypeError, f"dh: expected float64 (from W_xh), got {np.dtype(kind)}"):
            module.backward(params, saved, dh=np.zeros((4, 3, 5), kind))
    low = module.Params(*(v.astype(np.float32) for v in params))
    with refused(TypeError, "x: expected float32 (from W_xh), got float64"):
        module.backward(low, saved)


# -- 89: arrays in two places ----------------------------------------------------------------------


def test_89_one_array_as_two_arguments() -> None:
    made, given = cell("lstm"), cell("lstm").test.arguments("first")
    alike = made.run(given | {"c0": given["h0"]})
    copied = made.run(given | {"c0": given["h0"].copy()})
    assert made.test.same(alike[1], copied[1])
    assert not np.may_share_memory(alike[1]["h0"], alike[1]["c0"])


@each()
def test_89_a_gradient_that_is_an_output(name: str) -> None:
    made, given = cell(name), cell(name).test.arguments("first")
    outputs, saved = made.test.forward(given)
    copies = {key: np.array(v) for key, v in outputs.items()}
    assert made.test.same(
        made.test.backward(given, saved, outputs), made.test.backward(given, saved, copies)
    )
    assert made.test.same(outputs, copies)


@each()
def test_89_outputs_written_to(name: str) -> None:
    """What `backward` reads refuses it; what it does not read changes nothing."""
    made, given = cell(name), cell(name).test.arguments("first")
    expected = made.run(given)[1]
    outputs, saved = made.test.forward(given)
    for v in outputs.values():
        if np.ndim(v) and v.flags.writeable:
            v[...] = 7
        elif np.ndim(v):
            with refused(ValueError, "assignment destination is read-only"):
                v[...] = 7
    dy = made.test.cotangents(given)
    assert made.test.same(made.test.backward(given, saved, dy), expected)


# -- 90, 91: pickles, threads ----------------------------------------------------------------------


@each()
def test_90_saved_survives_a_pickle(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made, given = cell(name), cell(name).test.arguments("first")
    monkeypatch.setitem(sys.modules, name, made.module)
    _, saved = made.test.forward(given)
    again = pickle.loads(pickle.dumps(saved))
    dy = made.test.cotangents(given)
    expected = made.test.backward(given, saved, dy)
    assert near(made.test.backward(given, again, dy), expected)


def test_90_nothing_emitted_loads_a_pickle() -> None:
    for path in (Path(__file__).parent.parent / "generated").glob("*.py"):
        assert not re.search(r"pickle|\bload\(|\beval\b|\bexec\b", path.read_text("utf-8")), path


@each()
def test_91_eight_threads(name: str) -> None:
    made = cell(name)
    drawn = [made.test.arguments("first", seed) for seed in range(8)]
    dy = made.test.cotangents(drawn[0])
    alone = [made.run(given, dy) for given in drawn]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            together = list(pool.map(lambda given: made.run(given, dy), drawn))
            for one, other in zip(alone, together, strict=True):
                assert all(made.test.same(a, b) for a, b in zip(one, other, strict=True))


# -- 92: sizes and weights at the ends -------------------------------------------------------------


def sized(name: str, scale: float = 1.0, **sizes: int) -> dict[str, Any]:
    """Arguments of these sizes, the other sizes as the shipped test has them."""
    test = cell(name).test
    rng = np.random.default_rng(1)
    drawn = {key: test.drawn(key, test.SIZES["first"] | sizes, rng, 1.0) for key, _ in arrays(name)}
    drawn = {k: v * scale if k in test.PARAMS else v for k, v in drawn.items()}
    return drawn | {key: (test.SIZES["first"] | sizes)[key] for key in test.EXTRA}


@pytest.mark.parametrize(
    "sizes", [{"T": 1}, {"T": 2}, {"N": 1}, {"H": 1}, {"T": 1, "N": 1, "H": 1}]
)
@each("rnn", "lstm", "gru", "birnn", "rnn_classifier", "cornn")
def test_92_small_sizes(name: str, sizes: dict[str, int]) -> None:
    made, given = cell(name), sized(name, **sizes)
    dy = made.test.cotangents(given)
    outputs, grads = made.run(given, dy)
    assert near(outputs, made.test.plain(**given))
    for key in made.test.REAL:
        direction = np.random.default_rng(2).normal(size=given[key].shape)
        expected = made.test.slope(given, key, direction, dy)
        found = np.sum(grads[key] * direction)
        assert made.test.error(found, expected, grads[key]) <= made.test.BOUND, key


@pytest.mark.parametrize("size", ["T", "N"])
@each()
def test_92_no_steps_and_no_examples(name: str, size: str) -> None:
    """Empty outputs and zero gradients; refused by name where the equations divide by the size."""
    made, given = cell(name), sized(name, **{size: 0})
    if size not in made.test.SIZES["first"]:
        return
    if name == "rnn_classifier" and size == "T":
        with refused(ValueError, "T: this cell needs at least one step, got 0"):
            made.test.forward(given)
    elif name in ("rnn_classifier", "birnn") and size == "N":
        shape = given["x"].shape
        with refused(ValueError, f"x: expected shape (T, N, D) with N at least 1, got {shape}"):
            made.test.forward(given)
    else:
        outputs, saved = made.test.forward(given)
        dy = {key: np.zeros(np.shape(v)) for key, v in outputs.items()}
        for key, v in made.test.backward(given, saved, dy).items():
            assert v.shape == given[key].shape and not v.any(), key


@pytest.mark.parametrize("scale", [1e150, -1e150, 1e-150])
@each("rnn", "lstm", "gru", "rnnlm", "birnn", "rnn_classifier")
def test_92_weights(name: str, scale: float) -> None:
    made, given = cell(name), sized(name, scale)
    outputs, _ = made.test.forward(given)
    dy = {key: np.ones(np.shape(v)) for key, v in outputs.items()}
    with np.errstate(over="raise", divide="raise", invalid="raise", under="ignore"):
        outputs, grads = made.run(given, dy)
    assert all(np.isfinite(v).all() for v in (*outputs.values(), *grads.values()))


def test_92_many_steps() -> None:
    """A hundred thousand steps at once are those of two halves."""
    test = cell("rnn").test
    given = sized("rnn", 0.5, T=100_000, N=1, D=1, H=2)
    whole, saved = test.forward(given)
    dy = {"h": np.ones_like(whole["h"])}
    grads = test.backward(given, saved, dy)
    early, late = given["x"][:50_000], given["x"][50_000:]
    first, first_saved = test.forward(given | {"x": early})
    second, second_saved = test.forward(given | {"x": late, "h0": first["h"][-1]})
    assert near(whole, {"h": np.concatenate([first["h"], second["h"]])})
    after = test.backward(given, second_saved, {"h": np.ones_like(second["h"])})
    handed = np.ones_like(first["h"])
    handed[-1] += after["h0"]
    before = test.backward(given, first_saved, {"h": handed})
    for key in test.PARAMS:
        assert np.isfinite(grads[key]).all()
        assert test.close(grads[key], before[key] + after[key], 1e-9), key
