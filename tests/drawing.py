"""Random arguments for a cell, and its derivatives by complex step: what tests of stages share."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bpgen.interpret import run
from bpgen.ir import Cell

PRIMES = (3, 2, 5, 7, 11, 13, 17)


def sizes_of(cell: Cell, T: int = 5) -> dict[str, int]:
    return {"T": T, **dict(zip(cell.sizes, PRIMES, strict=False))}


def drawn(cell: Cell, sizes: Mapping[str, int], seed: int = 0) -> dict[str, Any]:
    """Every argument by name, timed ones time first; constants as they stand."""
    rng = np.random.default_rng(seed)
    given = {}
    for q in cell.given:
        shape = tuple(s.value(sizes) for s in q.shape)
        shape = (sizes["T"], *shape) if q.timed else shape
        if q.role == "const":
            given[q.name] = q.value
        elif q.kind == "int":
            given[q.name] = rng.integers(0, q.below.value(sizes) if q.below else 3, shape)
        elif q.kind == "bool":
            given[q.name] = rng.random(shape) < 0.6
        else:
            v = rng.normal(size=shape) * 0.6
            if q.simplex is not None:
                v = np.abs(v) + 0.1
                v = v / v.sum(axis=q.simplex, keepdims=True)
            given[q.name] = (v + np.swapaxes(v, -1, -2)) / 2 if q.symmetric else v
    return given


def timed(cell: Cell) -> dict[str, bool]:
    return {q.name: q.timed for q in cell.given}


def objective(
    cell: Cell, given: Mapping[str, Any], sizes: Mapping[str, int], dy: Mapping[str, Any]
) -> Any:
    """The outputs of the plain equations weighted by cotangents, for real or complex arguments."""
    complexes = any(np.iscomplexobj(v) for v in given.values())
    dtype = complex if complexes else float
    values = run(cell.equations, cell.states, given, timed(cell), sizes, dtype=dtype, plain=True)
    return sum(np.sum(dy[name] * values[name]) for name in cell.outputs)
