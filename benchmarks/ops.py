"""The few functions that the steps of the cells share, in whatever array library runs them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any  # of NumPy, autograd, PyTorch or jax


@dataclass(frozen=True, slots=True)
class Ops:
    """An array library. `split` cuts the last axis in equal parts."""

    tanh: Callable[[Array], Array]
    sigmoid: Callable[[Array], Array]
    split: Callable[[Array, int], Sequence[Array]]
    layer_norm: Callable[[Array], Array]  # of the last axis; eps = 1e-5, no gain and no bias
    cross_entropy: Callable[[Array, Array], Array]  # of logits and labels, summed over all
    stack: Callable[[Sequence[Array]], Array]


def sigmoid(v: np.ndarray) -> np.ndarray:
    """The logistic function as textbooks have it."""
    return 1 / (1 + np.exp(-v))
