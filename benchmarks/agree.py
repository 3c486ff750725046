"""Whether contenders compute the same: every output and gradient, against the textbook in float64.

The distance of two arrays is the largest difference of their entries over the largest entry of the
reference. A contender that is farther off than the dtype allows is not timed.
"""

from collections.abc import Mapping

import numpy as np

ALLOWED = {"float32": 1e-4, "float64": 1e-9}


class Disagreement(Exception):
    """A contender's results are not those of the reference: which, and by how much."""


def agree(got: Mapping[str, np.ndarray], want: Mapping[str, np.ndarray], dtype: str) -> float:
    """The largest distance of any result. Raises `Disagreement` if one is too large or absent."""
    worst = 0.0
    for name, reference in want.items():
        if name not in got:
            raise Disagreement(f"{name} is missing")
        away = distance(np.asarray(got[name]), np.asarray(reference))
        if not away <= ALLOWED[dtype]:  # NaN is too far as well
            raise Disagreement(f"{name} is off by {away:.1e}, allowed is {ALLOWED[dtype]:.0e}")
        worst = max(worst, away)
    return worst


def distance(got: np.ndarray, want: np.ndarray) -> float:
    """Their largest difference, relative to the largest entry of `want`."""
    if got.shape != want.shape:
        return float("inf")
    off, largest = float(np.abs(got - want).max()), float(np.abs(want).max())
    if off == 0:
        return 0.0
    return off / largest if largest else float("inf")
