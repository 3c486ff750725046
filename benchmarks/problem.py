"""One cell at one size and dtype: the arrays that every contender is given.

Arrays are drawn in the dtype and lie row by row; the reference is the textbook on the same numbers
in float64. Parameters come from the module's own `init_params`; vectors among them are then moved a
little, so that no bias is zero. A cell without a loss is given the gradient of its first state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks import cells
from benchmarks.settings import SEED, VOCABULARY
from bpgen.compile import run
from bpgen.examples.load import load
from bpgen.schedule import Plan

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Problem:
    """Arrays by name, in the order of the spec. `upstream` is empty if the cell has a loss."""

    cell: Any  # the file in cells/, or what stands for one
    plan: Plan
    module: ModuleType  # what bpgen makes of the spec
    sizes: Mapping[str, int]
    params: Any  # the module's `Params`
    inputs: Arrays  # x of shape (T, N, D), and labels y of shape (T, N) if the cell has a loss
    initial: Arrays  # one of shape (N, H) for each state
    upstream: Arrays  # the gradient of the first state, (T, N, H)

    @property
    def leaves(self) -> dict[str, np.ndarray]:
        """All that a training step takes the gradient of."""
        return {**self.params._asdict(), "x": self.inputs["x"], **self.initial}

    @property
    def dtype(self) -> np.dtype:
        """That of every array but labels."""
        return self.params[0].dtype

    @property
    def first_state(self) -> str:
        """The name of the state that the loss reads."""
        return self.plan.pair.cell.states[0].name

    @property
    def constants(self) -> tuple[np.ndarray, ...]:
        """What `loss` takes besides the states: labels, or the gradient given."""
        labels = tuple(v for name, v in self.inputs.items() if name != "x")
        return labels or tuple(self.upstream.values())

    def reference(self) -> dict[str, np.ndarray]:
        """The results of the textbook, in float64."""
        params = type(self.params)(*map(wide, self.params))
        arrays = {**self.inputs, **self.initial, **self.upstream}
        return self.cell.textbook(params, **{name: wide(v) for name, v in arrays.items()})


def problem(cell: str, sizes: Mapping[str, int], dtype: str) -> Problem:
    """Compile a cell and draw its arrays. `sizes` has T, N, D and H."""
    file = cells.find(cell)
    plan, module = run(file.SPEC), load(file.SPEC)
    sizes = {**sizes, "V": VOCABULARY}
    rng = np.random.default_rng(SEED)
    wanted = {name: sizes[name] for name in plan.pair.cell.sizes if name not in ("N", "T")}
    params = module.init_params(rng, **wanted)
    scales = getattr(file, "SCALES", {})
    drawn = {n: _moved(rng, v) * scales.get(n, 1) for n, v in params._asdict().items()}
    params = type(params)(**{n: np.ascontiguousarray(v, dtype) for n, v in drawn.items()})

    T, N, D, H = (sizes[name] for name in "TNDH")
    inputs = {"x": rng.standard_normal((T, N, D)).astype(dtype)}
    upstream = {}
    if plan.pair.cell.loss:
        inputs["y"] = rng.integers(0, VOCABULARY, (T, N))
    else:
        first = plan.pair.cell.states[0].name
        upstream[f"d{first}"] = rng.standard_normal((T, N, H)).astype(dtype)
    initial = {
        f"{state.name}0": (0.5 * rng.standard_normal((N, H))).astype(dtype)
        for state in plan.pair.cell.states
    }
    return Problem(file, plan, module, sizes, params, inputs, initial, upstream)


def _moved(rng: np.random.Generator, v: np.ndarray) -> np.ndarray:
    return v + 0.1 * rng.standard_normal(v.shape) if v.ndim == 1 else v


def wide(v: np.ndarray) -> np.ndarray:
    """An array in float64, labels and masks as they are."""
    return v.astype(np.float64) if v.dtype == np.float32 else v
