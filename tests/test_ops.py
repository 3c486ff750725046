"""Every operator that there is, found by looking, against all that `bpgen.testing` holds it to."""

import pytest

from bpgen import testing
from bpgen.ir import OPERATORS
from bpgen.testing import CHECKS, stays_finite, strict

# What time does to an equation is no business of a rule for one step: `test_stages` has these.
OF_TIME = ("at_step", "cast", "custom", "row", "steps", "sum_steps")
FOUND = [name for name in OPERATORS if name not in OF_TIME]
# By nature these grow past every number; and these are promised finite, though along an axis.
GROWING = ("multiply", "square", "squared_error")
SAFE_ALONG = ("softmax", "log_softmax", "logsumexp", "cross_entropy")


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_an_operator_holds(check, name):
    if check is not testing.any_finite_argument_gives_finite_numbers or name not in GROWING:
        with strict():
            check(name)


@pytest.mark.parametrize("name", SAFE_ALONG)
def test_it_is_finite_along_an_axis_too(name):
    with strict():
        stays_finite(name)
