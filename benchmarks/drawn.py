"""Any cell of the library as a problem, with no file of its own in cells/.

Its reference is the plain module in float64, so what is compared is only what bpgen writes. Inputs,
labels, masks and distributions are drawn as the spec declares them, parameters by `init_params`. A
cell without a loss is given the gradients of its outputs or, if it has none, of every state that
has the shape of the first.
"""

from dataclasses import dataclass
from inspect import signature
from math import prod
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.contenders.generated import named
from benchmarks.problem import Problem
from benchmarks.settings import OTHER, SEED, VOCABULARY
from bpgen import library
from bpgen.compile import run
from bpgen.examples.load import load
from bpgen.ir import Cell, Quantity
from bpgen.source import Source

Sizes = dict[str, int]
PARTS = 1024  # that a distribution is cut into
MEMORY = 1 << 30  # bytes of the states over all steps, at most


@dataclass(frozen=True, slots=True)
class File:
    """What a file in cells/ says, of a cell that has none."""

    TITLE: str
    SPEC: Source
    module: ModuleType

    def textbook(self, params: Any, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        """Every output and gradient, by the plain module."""
        upstream = {n: v for n, v in arrays.items() if n in _keywords(self.module.backward)}
        given = (v for n, v in arrays.items() if n not in upstream)
        outputs, saved = self.module.forward(params, *given)
        return named((outputs, self.module.backward(params, saved, **upstream)))


def problem(name: str, sizes: Sizes, dtype: str) -> Problem:
    """Compile a cell of the library and draw its arrays. `sizes` has T, N, D and H."""
    spec = Source(f"{name}.spec", library.text(name))
    plan, module = run(spec), load(spec)
    cell = plan.pair.cell
    sizes = {**dict.fromkeys(cell.sizes, OTHER), "V": VOCABULARY, **sizes}
    _fit(cell, sizes, dtype)
    rng = np.random.default_rng(SEED)
    wanted = {n: sizes[n] for n in _keywords(module.init_params) if n != "dtype"}
    drawn = module.init_params(rng, **wanted)
    params = type(drawn)(*(np.ascontiguousarray(v, dtype) for v in drawn))

    def draw(role: str) -> dict[str, np.ndarray]:
        asked = [q for q in cell.given if q.role == role]
        return {q.name: _drawn(q, module, sizes, rng, dtype) for q in asked}

    inputs, initial = draw("input"), draw("initial")
    upstream = {}
    if not cell.loss:
        outputs, _ = module.forward(params, *inputs.values(), *initial.values())
        for wanted in _wanted(cell):
            shape = getattr(outputs, wanted).shape
            upstream[f"d{wanted}"] = rng.standard_normal(shape).astype(dtype)
    return Problem(File(name, spec, module), plan, module, sizes, params, inputs, initial, upstream)


def _wanted(cell: Cell) -> list[str]:
    """The outputs whose gradient is given: those that are no state, or else states, as above."""
    states = {state.name: state.shape for state in cell.states}
    first = cell.states[0].shape
    others = [name for name in cell.outputs if name not in states]
    return others or [name for name, shape in states.items() if shape == first]


def _fit(cell: Cell, sizes: Sizes, dtype: str) -> None:
    """Raise `MemoryError` if the states over all steps are too large."""
    entries = sum(prod(size.value(sizes) for size in state.shape) for state in cell.states)
    if sizes["T"] * entries * np.dtype(dtype).itemsize > MEMORY:
        raise MemoryError(f"its states alone take more than {MEMORY >> 30} GiB")


def _keywords(function: Any) -> list[str]:
    """The arguments that a function of a module takes by keyword alone."""
    found = signature(function).parameters.values()
    return [each.name for each in found if each.kind is each.KEYWORD_ONLY]


def _drawn(
    q: Quantity, module: ModuleType, sizes: Sizes, rng: np.random.Generator, dtype: str
) -> np.ndarray:
    """An input, or initial values of a state, as it is declared."""
    axes = module.SHAPES[q.name].split()  # with time where the spec has it
    shape = tuple(eval(axis, {}, sizes) for axis in axes)
    if q.kind == "bool":
        return rng.random(shape) < 0.9
    if q.kind == "int":
        return rng.integers(0, q.below.value(sizes) if q.below else 2, shape)
    if q.simplex is not None:
        axis = len(q.shape) + q.simplex
        axis += q.timed and axes.index("T") <= axis
        return _distribution(shape, axis, rng).astype(dtype)
    return ((1 if q.role == "input" else 0.5) * rng.standard_normal(shape)).astype(dtype)


def _distribution(shape: tuple[int, ...], axis: int, rng: np.random.Generator) -> np.ndarray:
    """Positive numbers that sum to one along an axis, exactly, in any dtype."""
    size = shape[axis]
    others = shape[:axis] + shape[axis + 1 :]
    drawn = rng.multinomial(PARTS - size, np.full(size, 1 / size), others) + 1
    return np.moveaxis(drawn / PARTS, -1, axis)
