"""A cell run in a Python loop, as one writes it for a library that differentiates.

With `hoisted`, what needs only the inputs is computed for all steps before the loop.
"""

from collections.abc import Iterable, Sequence

from benchmarks.ops import Array, Ops
from benchmarks.problem import Problem


def states(problem: Problem, ops: Ops, leaves: Sequence[Array], hoisted: bool) -> Array:
    """The first state over all steps, (T, N, H), from the arrays of `problem.leaves`."""
    cell = problem.cell
    p, x, state = split(problem, leaves)
    steps: Iterable[Sequence[Array]]
    if hoisted:
        steps = zip(*cell.project(ops, p, x), strict=True)
    else:
        steps = (cell.project(ops, p, row) for row in x)
    rows = []
    for given in steps:
        state = cell.step(ops, p, given, state)
        rows.append(state[0])
    return ops.stack(rows)


def split(problem: Problem, leaves: Sequence[Array]) -> tuple[Array, Array, tuple[Array, ...]]:
    """The parameters, as the module's `Params`; the input; the initial states."""
    count = len(problem.params)
    return type(problem.params)(*leaves[:count]), leaves[count], tuple(leaves[count + 1 :])


def loss(problem: Problem, ops: Ops, p: Array, h: Array, constants: Sequence[Array]) -> Array:
    """The cell's loss; without one, the sum whose gradient is the one given."""
    if problem.upstream:
        return (h * constants[0]).sum()
    return problem.cell.loss(ops, p, h, *constants)


def named(problem: Problem, J: Array, h: Array, grads: Sequence[Array]) -> dict[str, Array]:
    """Results by the names of the reference."""
    given = {} if problem.upstream else {"J": J}
    found = {f"d{name}": grad for name, grad in zip(problem.leaves, grads, strict=True)}
    return {problem.first_state: h, **given, **found}
