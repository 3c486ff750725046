"""Every operator that there is, found by looking: its backward rule against the complex step, its
spellings against each other, its dtype, and what it must survive.
"""

import warnings
from itertools import product

import numpy as np
import pytest

from bpgen.interpret import _SPACES
from bpgen.ir import OPERATORS
from bpgen.ops.spelling import spell
from operators import BACKWARD, FOUND, SIZES, STEP, backward, cases, dims, draw, flowing, forward


@pytest.fixture(autouse=True)
def underflow_is_fine():
    """1e-30 times something small vanishes, as it should; nothing else may happen."""
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        yield


def seed(case):
    return np.random.default_rng(list(str(case).encode()))


@pytest.mark.parametrize("name", BACKWARD)
def test_backward_rule_agrees_with_the_complex_step(name):
    for case in cases(name):
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
                scale = max(1.0, abs(expected), np.linalg.norm(gradients[i]))
                assert abs(found - expected) <= 1e-12 * scale, f"{case}, argument {i}"


@pytest.mark.parametrize("name", FOUND)
def test_both_spellings_say_the_same_and_keep_the_shape(name):
    for case in cases(name):
        arrays = draw(case, seed(case))
        numpy, plain = (np.asarray(forward(case, arrays, plain=p)) for p in (False, True))
        assert numpy.shape == dims(case.node().shape), case
        np.testing.assert_allclose(numpy, plain, rtol=1e-13, atol=1e-15, err_msg=str(case))


@pytest.mark.parametrize("name", FOUND)
def test_all_steps_at_once_are_the_steps_one_by_one(name):
    for case in cases(name):
        if name == "matmul" and {len(case.shapes[0]), len(case.shapes[1])} not in ({2}, {3}):
            continue  # the writer of expressions has a form for each combination
        if not case.shapes:
            continue
        for timed in _times(case):
            whole = [
                a if time else a[0]
                for a, time in zip(draw(case, seed(case), (SIZES["T"],)), timed, strict=True)
            ]
            rows = [
                forward(case, [a[t] if time else a for a, time in zip(whole, timed, strict=True)])
                for t in range(SIZES["T"])
            ]
            np.testing.assert_allclose(
                _at_once(case, whole, timed),
                np.stack(rows),
                rtol=1e-13,
                atol=1e-15,
                err_msg=str(case),
            )


def _times(case):
    """Which arguments change over time: all, and where the spelling cares for it, any."""
    if not case.facts.get("mixed"):
        return [(True,) * len(case.shapes)]
    return [times for times in product((True, False), repeat=len(case.shapes)) if any(times)]


def _at_once(case, whole, timed):
    node = case.node(timed)
    names = [f"a{i}" for i in range(len(whole))]
    if OPERATORS[case.name].elementwise:  # the writer lines up ranks behind time
        whole = [
            a.reshape(a.shape[0], *(1,) * (node.rank + 1 - a.ndim), *a.shape[1:]) for a in whole
        ]
    text = spell(node, *names, steps=True, dtype="np.float64")
    return eval(text, {**_SPACES[False], **SIZES, **dict(zip(names, whole, strict=True))})


@pytest.mark.parametrize("name", FOUND)
def test_float32_stays_float32(name):
    for case in cases(name):
        arrays = [a.astype(np.float32) if a.dtype == float else a for a in draw(case, seed(case))]
        y = np.asarray(forward(case, arrays, dtype=np.float32))
        if case.node().kind != "real" or (y.ndim == 0 and np.__version__ < "2"):
            continue  # NumPy 1.26 makes float64 of a float32 number and a Python number
        assert y.dtype == np.float32, case
        if name in BACKWARD:
            dy = seed(case).uniform(-1, 1, y.shape).astype(np.float32)
            for gradient in backward(case, arrays, dy, dtype=np.float32):
                scalar = gradient is not None and gradient.ndim == 0 and np.__version__ < "2"
                assert gradient is None or scalar or gradient.dtype == np.float32, case


KINKED = [
    name
    for name in BACKWARD
    if OPERATORS[name].facts.get("smooth") is False and OPERATORS[name].elementwise
]


@pytest.mark.parametrize("name", KINKED)
def test_both_sides_of_a_kink_are_drawn(name):
    slopes = []
    for case in cases(name):
        for array in backward(case, draw(case, seed(case)), np.ones(dims(case.node().shape))):
            slopes += list(np.ravel(array))
    assert len(set(np.round(slopes, 12))) > 1


# By nature these grow past every number, or have no value somewhere; the rest is promised finite.
GROWING = ("multiply", "square", "squared_error")
PROMISED = [
    name
    for name in BACKWARD
    if OPERATORS[name].elementwise
    and not OPERATORS[name].facts.get("unsafe")
    and name not in GROWING
] + ["softmax", "log_softmax", "logsumexp", "cross_entropy"]
PROBABILITIES = ("p", "labels")
EXTREMES = np.array([0.0, -0.0, 1.0, -1.0, 40.0, -40.0, 1e3, -1e3, 1e300, -1e300, 1e-300, 5e-324])


@pytest.mark.parametrize("name", PROMISED)
def test_any_finite_argument_gives_finite_values_and_gradients(name):
    for case in cases(name):
        rng = seed(case)
        arrays = [
            rng.choice(EXTREMES, (40, *a.shape))
            if a.dtype == float and OPERATORS[name].params[i] not in PROBABILITIES
            else np.stack([a] * 40)
            for i, a in enumerate(draw(case, rng))
        ]
        for row in range(40):
            given = [np.asarray(a[row]) for a in arrays]
            for plain in (False, True):
                y = np.asarray(forward(case, given, plain=plain))
                assert np.isfinite(y).all(), (case, given)
            for gradient in backward(case, given, rng.uniform(-1, 1, y.shape)):
                assert gradient is None or np.isfinite(gradient).all(), (case, given)


def test_nothing_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in FOUND:
            case = cases(name)[0]
            forward(case, draw(case, seed(case)))
