"""What a module says of its cell, and who tells it its sizes."""

from types import ModuleType

import numpy as np
import pytest

from bpgen.compile import compile_source
from bpgen.source import Source

LAGS = """\
cell c
dim N, H
input x[t] : (N, H)
input f : (N, H)
state h[t], k[t], b[t] : (N, H)
h[0] = zeros((N, H))
h[-1] = expand(0, (N, H))
h[t] = tanh(x[t] + h[t-1] - 0.3 * h[t-2] + h[-1])
k[-1] = f * 2
k[t] = tanh(x[t] + k[t-1] - 0.3 * k[t-2])
b[T+1] = f
b[t] = tanh(x[t] + b[t+1])
output u = k[0] + k[-1] + b[T+1] + h[0]
"""

DOUBLED = """\
cell c
dim N, D, H
input x[t] : (N, D)
param W : (D, 2 * H)
state h[t] : (N, H)
a[t], b[t] = split(x[t] @ W, H)
h[t] = tanh(h[t-1] + a[t]) * b[t]
"""

REST = """\
cell c
dim N, D, H
input x[t] : (N, D + H)
state h[t] : (N, H)
h[t] = tanh(h[t-1] + x[t][:, 0:H])
"""

UNREAD = """\
cell c
dim N, D
input x[t] : (N, D)
output y[t] = t * ones((N, D))
"""


def emitted(text: str) -> tuple[str, ModuleType]:
    """The text of a cell's module, and the module."""
    written = compile_source(Source("c.spec", text))["c.py"]
    module = ModuleType("c")
    exec(written, module.__dict__)
    return written, module


def test_the_docstring_has_the_equations_of_the_spec() -> None:
    said = [line.strip() for line in (emitted(LAGS)[1].__doc__ or "").splitlines()]
    wanted = [line.removeprefix("output ") for line in LAGS.splitlines() if " = " in line]
    assert said[2 : 2 + len(wanted)] == wanted


def test_a_number_expanded_is_an_array_of_the_modules_dtype() -> None:
    written, _ = emitted(LAGS)
    assert "np.stack((np.full((N, H), 0, dtype), np.zeros((N, H), dtype)), axis=-3)" in written
    assert "* 1.0" not in written


def test_initial_values_may_be_left_out_where_a_multiple_tells_their_size() -> None:
    _, module = emitted(DOUBLED)
    params, x = module.Params(np.ones((2, 6))), np.ones((4, 1, 2))
    assert module.forward(params, x)[0].h.shape == (4, 1, 3)
    assert module.step(params, x[0])[0].h.shape == (1, 3)


def test_initial_values_that_alone_tell_a_size_are_asked_for_by_name() -> None:
    _, module = emitted(REST)
    with pytest.raises(ValueError, match=r"^h0: must be given, since nothing else tells H$"):
        module.forward(module.Params(), np.ones((4, 1, 5)))
    with pytest.raises(ValueError, match=r"^h: must be given, since nothing else tells H$"):
        module.step(module.Params(), np.ones((1, 5)))


def test_a_step_takes_an_input_that_alone_tells_a_size() -> None:
    _, module = emitted(UNREAD)
    outputs, (t,) = module.step(module.Params(), np.ones((2, 3)), 4)
    np.testing.assert_array_equal(outputs.y, np.full((2, 3), 4.0))
    assert t == 5
