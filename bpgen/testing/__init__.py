"""For those who write an operator: one line that holds it to what bpgen's own are held to.

    from bpgen.testing import check_op
    from bpgen_sinc import sinc

    def test_sinc():
        check_op(sinc)

Shapes are tried until the operator's own rule has accepted enough of them: broadcast, reduced,
square, degenerate. Over these its backward rule is compared with the complex step, its spellings
with each other, all steps at once with the steps one by one, and so on through `CHECKS`. Each check
raises `AssertionError`, naming the operator, the shapes and what is off.
"""

import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from types import ModuleType
from typing import Any

import numpy as np

from bpgen import plugins
from bpgen.interpret import space
from bpgen.ir import OPERATORS
from bpgen.ops.spelling import spell
from bpgen.testing.cases import SIZES, Array, Case, backward, cases, dims, draw, flowing, forward

STEP = 1e-30
EXTREMES = np.array([0.0, -0.0, 1.0, -1.0, 40.0, -40.0, 1e3, -1e3, 1e300, -1e300, 1e-300, 5e-324])
PROBABILITIES = ("p", "labels")  # arguments that are no numbers of any size


def check_op(operator: ModuleType | str) -> None:
    """Hold an operator to all `CHECKS`: a module of its facts, or the word of one installed.

    Raises `AssertionError` at the first that fails, `bpgen.plugins.Unusable` if a fact is missing
    or makes no sense, `LookupError` if no operator has that word.
    """
    with _entered(operator) as name:
        for check in CHECKS:
            try:
                with strict():
                    check(name)
            except (ArithmeticError, LookupError, TypeError, ValueError, Warning) as error:
                raise AssertionError(f"{name}, {check.__name__}: {error}") from error


@contextmanager
def strict() -> Iterator[None]:
    """Nothing may warn or overflow; 1e-30 times something small vanishes, as it should."""
    with warnings.catch_warnings(), np.errstate(over="raise", divide="raise", invalid="raise"):
        warnings.simplefilter("error")
        yield


@contextmanager
def _entered(operator: ModuleType | str) -> Iterator[str]:
    if isinstance(operator, str):
        yield operator if plugins.is_own(operator) else plugins.use_operator(operator).name
        return
    name = operator.__name__.rpartition(".")[2]
    if plugins.is_own(name):
        raise plugins.Unusable(f"bpgen has an operator `{name}` of its own")
    before = OPERATORS.pop(name, None)
    plugins.enter(name, operator, operator.__name__)
    try:
        yield name
    finally:
        del OPERATORS[name]
        if before:
            OPERATORS[name] = before


def seed(case: Case) -> np.random.Generator:
    """The same numbers for the same case, on every run."""
    return np.random.default_rng(list(str(case).encode()))


def _hold(is_so: object, case: Case, what: str) -> None:
    if not is_so:
        raise AssertionError(f"{case}: {what}")


def _close(found: Array, wanted: Array, case: Case, what: str) -> None:
    close = np.shape(found) == np.shape(wanted) and np.allclose(found, wanted, 1e-13, 1e-15)
    _hold(close, case, f"{what}: {found} and {wanted}")


# -- checks ----------------------------------------------------------------------------------------


def the_rule_agrees_with_the_complex_step(name: str) -> None:
    """`vjp` against the derivative of the plain spelling, along random directions."""
    for case in cases(name) if OPERATORS[name].vjp else []:
        rng = seed(case)
        for _ in range(2):
            arrays = draw(case, rng)
            y = np.asarray(forward(case, arrays, plain=True))
            dy = rng.uniform(-1, 1, y.shape)
            gradients = backward(case, arrays, dy)
            for i in np.flatnonzero(flowing(case)):
                along = rng.uniform(-1, 1, arrays[i].shape)
                stepped = [a + 1j * STEP * along if i == j else a for j, a in enumerate(arrays)]
                expected = np.sum(np.imag(forward(case, stepped, plain=True)) / STEP * dy)
                found = np.sum(gradients[i] * along)
                scale = max(1.0, abs(expected), float(np.linalg.norm(gradients[i])))
                what = f"`vjp` is off in argument {i}: {found}, and the complex step has {expected}"
                _hold(abs(found - expected) <= 1e-12 * scale, case, what)


def both_spellings_say_the_same(name: str) -> None:
    """`numpy` and `plain` have one value, in the shape that `shape` says."""
    for case in cases(name):
        arrays = draw(case, seed(case))
        numpy, plain = (np.asarray(forward(case, arrays, plain=p)) for p in (False, True))
        wanted = dims(case.node().shape)
        _hold(numpy.shape == wanted, case, f"`numpy` gives {numpy.shape}, `shape` says {wanted}")
        _close(numpy, plain, case, "`numpy` and `plain` differ")


def the_latex_is_whole(name: str) -> None:
    """`latex` names the first argument, and its braces close."""
    for case in cases(name)[:4]:
        node, texts = case.node(), [f"a_{i}" for i in range(len(case.shapes))]
        form = case.operator.latex
        if callable(form):
            named: dict[str, Any] = (
                {"node": node} if "node" in inspect.signature(form).parameters else {}
            )
            text = form(*texts, **named)
        else:
            named = dict(zip(case.operator.params, texts, strict=True))
            text = form.format(**dict(node.attrs), **named)
        whole = text.count("{") == text.count("}") and (not texts or "a_0" in text)
        _hold(whole, case, f"`latex` gives {text}")


def all_steps_at_once_are_the_steps_one_by_one(name: str) -> None:
    """The spelling under `steps` gives for every step what the other gives for each."""
    for case in cases(name):
        if name == "matmul" and {len(case.shapes[0]), len(case.shapes[1])} not in ({2}, {3}):
            continue  # the writer of expressions has a form for each combination
        if not case.shapes:
            continue
        for timed in _times(case):
            drawn = zip(draw(case, seed(case), (SIZES["T"],)), timed, strict=True)
            whole = [a if time else a[0] for a, time in drawn]
            rows = [
                forward(case, [a[t] if time else a for a, time in zip(whole, timed, strict=True)])
                for t in range(SIZES["T"])
            ]
            _close(_at_once(case, whole, timed), np.stack(rows), case, "all steps at once differ")


def _times(case: Case) -> list[tuple[bool, ...]]:
    """Which arguments change over time: all, and where the spelling cares for it, any."""
    if not case.operator.facts.get("mixed"):
        return [(True,) * len(case.shapes)]
    return [times for times in product((True, False), repeat=len(case.shapes)) if any(times)]


def _at_once(case: Case, whole: list[Array], timed: tuple[bool, ...]) -> Array:
    node = case.node(timed)
    names = [f"a{i}" for i in range(len(whole))]
    if case.operator.elementwise:  # the writer lines up ranks behind time
        whole = [
            a.reshape(a.shape[0], *(1,) * (node.rank + 1 - a.ndim), *a.shape[1:]) for a in whole
        ]
    text = spell(node, *names, steps=True, dtype="np.float64")
    return eval(text, {**space(), **SIZES, **dict(zip(names, whole, strict=True))})


def float32_stays_float32(name: str) -> None:
    """The value and every gradient, for arguments of float32."""
    for case in cases(name):
        arrays = [a.astype(np.float32) if a.dtype == float else a for a in draw(case, seed(case))]
        y = np.asarray(forward(case, arrays, dtype=np.float32))
        if case.node().kind != "real" or (y.ndim == 0 and np.__version__ < "2"):
            continue  # NumPy 1.26 makes float64 of a float32 number and a Python number
        _hold(y.dtype == np.float32, case, f"of float32 it makes {y.dtype}")
        if not case.operator.vjp:
            continue
        dy = seed(case).uniform(-1, 1, y.shape).astype(np.float32)
        for gradient in backward(case, arrays, dy, dtype=np.float32):
            if gradient is None or (gradient.ndim == 0 and np.__version__ < "2"):
                continue
            _hold(gradient.dtype == np.float32, case, f"a gradient is {gradient.dtype}")


def both_sides_of_a_kink_are_drawn(name: str) -> None:
    """Where an operator has kinks, `domain` lets arguments fall on more than one side of them."""
    op = OPERATORS[name]
    if not (op.vjp and op.elementwise and op.facts.get("smooth") is False):
        return
    slopes: list[float] = []
    for case in cases(name):
        for array in backward(case, draw(case, seed(case)), np.ones(dims(case.node().shape))):
            slopes += list(np.ravel(array))
    if len(set(np.round(slopes, 12))) < 2:
        raise AssertionError(f"{name}: every slope is {slopes[0]}; `domain` is on one side")


def any_finite_argument_gives_finite_numbers(name: str) -> None:
    """Up to 1e300, unless the operator says `unsafe`; of those that work entry by entry."""
    op = OPERATORS[name]
    if op.vjp and op.elementwise and not op.facts.get("unsafe"):
        stays_finite(name)


def stays_finite(name: str) -> None:
    """Values and gradients at `EXTREMES`."""
    for case in cases(name):
        rng = seed(case)
        arrays = [
            rng.choice(EXTREMES, (40, *a.shape))
            if a.dtype == float and case.operator.params[i] not in PROBABILITIES
            else np.stack([a] * 40)
            for i, a in enumerate(draw(case, rng))
        ]
        for row in range(40):
            given = [np.asarray(a[row]) for a in arrays]
            for plain in (False, True):
                y = np.asarray(forward(case, given, plain=plain))
                _hold(np.isfinite(y).all(), case, f"not finite at {given}")
            for gradient in backward(case, given, rng.uniform(-1, 1, y.shape)):
                finite = gradient is None or np.isfinite(gradient).all()
                _hold(finite, case, f"a gradient is not finite at {given}")


CHECKS: tuple[Callable[[str], None], ...] = (
    both_spellings_say_the_same,
    the_rule_agrees_with_the_complex_step,
    the_latex_is_whole,
    all_steps_at_once_are_the_steps_one_by_one,
    float32_stays_float32,
    both_sides_of_a_kink_are_drawn,
    any_finite_argument_gives_finite_numbers,
)
