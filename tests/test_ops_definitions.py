"""What operators say of themselves where no derivative can be compared: ties, sums of what several
places took, the error of erf, and that definitions are PyTorch's where PyTorch has the operator.
"""

import math

import numpy as np
import pytest

from bpgen.ir import OPERATORS
from bpgen.sizes import size
from bpgen.testing.cases import Case, H, N, backward, draw, forward


def case(name, *shapes, **attrs):
    """An operator at some shapes, its attributes as they are if nothing is said."""
    return Case(name, shapes, tuple({**OPERATORS[name].attributes, **attrs}.items()))


def gradients(name, *arrays, **attrs):
    """The gradient of each argument for a gradient of ones, at given numbers."""
    given = [np.asarray(a, float) for a in arrays]
    here = case(name, *(tuple(map(size, a.shape)) for a in given), **attrs)
    return [
        list(np.ravel(g)) for g in backward(here, given, np.ones(np.shape(forward(here, given))))
    ]


TIES = {  # an operator, its arguments, attributes, and the gradients that the language states
    "relu": ([[-1, -0.0, 0, 2]], {}, [[0, 0, 0, 1]]),
    "leaky_relu": ([[-1, 0, 2]], {"slope": 0.5}, [[0.5, 0.5, 1]]),
    "abs": ([[-3, 0, 2]], {}, [[-1, 0, 1]]),
    "hard_tanh": ([[-2, -1, 0.5, 1, 2]], {}, [[0, 0, 1, 0, 0]]),
    "hard_sigmoid": ([[-4, -3, 0, 3, 4]], {}, [[0, 0, 1 / 6, 0, 0]]),
    "maximum": ([[1, 2, 2], [2, 2, 1]], {}, [[0, 1, 1], [1, 0, 0]]),
    "minimum": ([[1, 2, 2], [2, 2, 1]], {}, [[1, 1, 0], [0, 0, 1]]),
    "clip": ([[-2, -1, 0, 1, 2], -1, 1], {}, [[0, 1, 1, 1, 0], [1], [1]]),
    "huber": ([[0, 1, 3, -3], 0], {"delta": 1}, [[0, 1, 1, -1], [-1]]),
    "max": ([[[1, 3, 3], [5, 2, 5]]], {"axes": (-1,)}, [[0, 1, 0, 1, 0, 0]]),
    "min": ([[[3, 1, 1], [2, 2, 5]]], {"axes": (-1,)}, [[0, 1, 0, 1, 0, 0]]),
    "norm": ([[[3, 4], [0, 0]]], {"axes": (-1,)}, [[0.6, 0.8, 0, 0]]),
    "l2_normalize": ([[[0, 0], [2, 0]]], {"eps": 0.5}, [[2, 2, 0, 0.5]]),
    "softsign": ([[-1, 0, 1]], {}, [[0.25, 1, 0.25]]),
    "elu": ([[0, 1]], {}, [[1, 1]]),
}


@pytest.mark.parametrize("name", TIES)
def test_subgradients_are_those_stated(name):
    arrays, attrs, expected = TIES[name]
    for found, wanted in zip(gradients(name, *arrays, **attrs), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-15, atol=0)


def test_every_kink_is_listed():
    kinked = {name for name, op in OPERATORS.items() if op.facts.get("smooth") is False and op.vjp}
    assert kinked <= set(TIES)


def test_a_tie_over_several_axes_belongs_to_the_first_in_reading_order():
    for name, entries in (("max", [[1, 5], [5, 5]]), ("min", [[9, 5], [5, 5]])):
        assert gradients(name, entries) == [[0, 1, 0, 0]]


def test_rows_taken_several_times_receive_the_sum():
    rows, index = np.arange(8.0).reshape(4, 2), np.array([1, 3, 1])
    here = case("take", (H, size(2)), (N,))
    dy = np.array([[1.0, 2], [10, 20], [100, 200]])
    gradient, nothing = backward(here, [rows, index], dy)
    assert nothing is None
    assert gradient.tolist() == [[0, 0], [101, 202], [0, 0], [10, 20]]


def test_nothing_flows_through_what_stops():
    assert OPERATORS["stop_gradient"].vjp is None
    here = case("stop_gradient", (N,))
    stepped = forward(here, [np.arange(3) + 1e-30j], plain=True)
    assert stepped.dtype == float and stepped.tolist() == [0, 1, 2]


# -- the error function ---------------------------------------------------------------------------

POINTS = np.concatenate(
    [
        np.random.default_rng(1).uniform(-7, 7, 40_000),
        np.random.default_rng(2).uniform(-0.6, 0.6, 20_000),
        10.0 ** np.random.default_rng(3).uniform(-300, 1, 5_000),
        np.nextafter([0.46875, 0.46875, 6, 6], [0, 1, 0, 9]),
    ]
)


def test_erf_is_as_exact_as_it_says():
    exact = np.array([math.erf(x) for x in POINTS])
    for plain in (False, True):
        found = forward(case("erf", (N,)), [POINTS], plain=plain)
        assert np.max(np.abs(found / exact - 1)) < 1e-15
    single = POINTS[np.abs(POINTS) > 1e-37].astype(np.float32)
    found = forward(case("erf", (N,)), [single])
    assert found.dtype == np.float32
    # a rational function of a rounded argument, in float32: a few units in the last place
    exact = np.array([math.erf(x) for x in single])
    assert np.max(np.abs(found / exact - 1)) < 6e-7


def test_erf_at_the_ends():
    ends = [0.0, -0.0, np.inf, -np.inf, 1e300, -1e300, np.nan]
    with np.errstate(over="raise", divide="raise"):
        found = forward(case("erf", (N,)), [np.array(ends)])
    np.testing.assert_array_equal(found, [0, 0, 1, -1, 1, -1, np.nan])


# -- PyTorch --------------------------------------------------------------------------------------


def theirs(torch):
    F = torch.nn.functional
    last = {"dim": -1}
    return {
        "sigmoid": torch.sigmoid,
        "relu": F.relu,
        "leaky_relu": F.leaky_relu,
        "elu": F.elu,
        "silu": F.silu,
        "gelu": F.gelu,
        "softplus": F.softplus,
        "softsign": F.softsign,
        "hard_tanh": F.hardtanh,
        "hard_sigmoid": F.hardsigmoid,
        "log_sigmoid": F.logsigmoid,
        "erf": torch.erf,
        "sign": torch.sign,
        "softmax": lambda x: F.softmax(x, **last),
        "log_softmax": lambda x: F.log_softmax(x, **last),
        "logsumexp": lambda x: torch.logsumexp(x, (0, 1)),
        "layer_norm": lambda x: F.layer_norm(x, x.shape[-1:]),
        "rms_norm": lambda x: F.rms_norm(x, x.shape[-1:], eps=1e-5),
        "l2_normalize": lambda x: F.normalize(x, **last),
        "var": lambda x: torch.var(x, correction=0),
        "norm": lambda x: torch.linalg.norm(x),
        "cumsum": lambda x: torch.cumsum(x, -1),
        "bce_with_logits": lambda z, p: F.binary_cross_entropy_with_logits(z, p, reduction="none"),
        "huber": lambda a, b: F.huber_loss(a, b, reduction="none"),
        "squared_error": lambda a, b: F.mse_loss(a, b, reduction="none"),
        "cross_entropy": lambda z, p: F.cross_entropy(z, p, reduction="none"),
        "maximum": torch.maximum,
    }


def test_definitions_are_those_of_torch():
    torch = pytest.importorskip("torch", reason="peer absent: torch")
    for name, function in theirs(torch).items():
        shapes = [(N, H)] * len(OPERATORS[name].params)
        here = case(name, *shapes)
        arrays = [3 * a for a in draw(here, np.random.default_rng(7))]
        leaves = [torch.tensor(a, requires_grad=True) for a in arrays]
        y = function(*leaves)
        np.testing.assert_allclose(forward(here, arrays), y.detach(), rtol=1e-13, err_msg=name)
        if not OPERATORS[name].vjp:
            continue
        dy = np.asarray(np.random.default_rng(8).uniform(-1, 1, tuple(y.shape)))
        y.backward(torch.tensor(dy))
        rtol = 1e-7 if name == "hard_sigmoid" else 1e-12  # there torch's 1/6 is a float32
        for found, leaf in zip(backward(here, arrays, dy), leaves, strict=True):
            np.testing.assert_allclose(found, leaf.grad, rtol=rtol, atol=1e-14, err_msg=name)


def test_labels_are_those_of_torch():
    torch = pytest.importorskip("torch", reason="peer absent: torch")
    logits, labels = np.random.default_rng(9).normal(size=(3, 4)), np.array([3, 0, 3])
    here, dy = case("cross_entropy", (N, H), (N,)), np.array([1.0, -2, 0.5])
    leaf = torch.tensor(logits, requires_grad=True)
    y = torch.nn.functional.cross_entropy(leaf, torch.tensor(labels), reduction="none")
    y.backward(torch.tensor(dy))
    np.testing.assert_allclose(forward(here, [logits, labels]), y.detach(), rtol=1e-14)
    found, nothing = backward(here, [logits, labels], dy)
    assert nothing is None
    np.testing.assert_allclose(found, leaf.grad, rtol=1e-13)
