"""Each stage, and each pass of the fast style, means what the one before meant, for every cell."""

from pathlib import Path

import numpy as np
import pytest

from bpgen.compile import run as compile_to
from bpgen.interpret import run
from bpgen.ir import Pair
from bpgen.parse import read
from bpgen.targets.fast import PASSES, passed
from drawing import drawn, objective, sizes_of, timed

CELLS = sorted((Path(__file__).parent.parent / "bpgen" / "cells").glob("*.spec"))
CUSTOM = {
    "spiking"
}  # a derivative of the user's own has no complex step; its module's test has one


def cotangents(pair: Pair, values, rng):
    return {name: rng.normal(size=np.shape(values[name])) for name in pair.cell.outputs}


@pytest.mark.parametrize("path", CELLS, ids=lambda p: p.stem)
@pytest.mark.parametrize("stage", ["adjoint", "simplify", "schedule", *dict(PASSES)])
def test_every_gradient_agrees_with_a_complex_step(path, stage):
    of_fast = stage in dict(PASSES)
    made = compile_to(read(path), "schedule" if of_fast else stage)
    if of_fast:
        made = passed(made, stage)
    pair = made if isinstance(made, Pair) else made.pair
    cell = pair.cell
    sizes = sizes_of(cell)
    given = drawn(cell, sizes)
    rng = np.random.default_rng(1)
    plain = run(cell.equations, cell.states, given, timed(cell), sizes)
    safe = run(pair.forward, cell.states, given, timed(cell), sizes)
    for name in cell.outputs:
        np.testing.assert_allclose(safe[name], plain[name], rtol=1e-12, atol=1e-13)
    dy = cotangents(pair, plain, rng)
    if cell.loss:
        dy[cell.loss] = np.float64(1.3)
    cots = {given_name: dy[output] for output, given_name in pair.cotangents}
    names = timed(cell) | {g: cell.equation(o).timed for o, g in pair.cotangents}
    both = run((*pair.forward, *pair.backward), cell.states, {**given, **cots}, names, sizes)
    if cell.name in CUSTOM:
        pytest.skip("the derivative is the user's own")
    for name, target in pair.gradients:
        for _ in range(2):
            v = rng.normal(size=np.shape(given[name]))
            q = cell.quantity(name)
            if q.symmetric:
                v = v + v.T
            moved = {**given, name: given[name] + 1e-30j * v}
            slope = np.imag(objective(cell, moved, sizes, dy)) / 1e-30
            if target is None:
                assert q.frozen or slope == 0, name
                continue
            found = np.sum(both[target] * v)
            assert (
                abs(slope - found) <= 1e-10 * max(abs(slope), np.linalg.norm(both[target])) + 1e-13
            ), name
