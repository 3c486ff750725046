"""What equations mean: a small interpreter, the reference that every stage is held to.

It evaluates by demand, one quantity at one step at a time, and remembers. No schedule, no buffers,
no loops over time, so nothing of the compiler's order of work can hide in it. It is slow, and
recursive in the number of steps: for tests at small sizes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from bpgen.ir import OPERATORS, Equation, Fixed, Node, State, When
from bpgen.ops.spelling import helpers, spell

Array: TypeAlias = Any
Read: TypeAlias = Callable[[Node, int], Array]  # a ref, at step t


def _space(plain: bool) -> dict[str, Any]:
    """The small functions that spellings call, by name."""
    space: dict[str, Any] = {"np": np}
    names = [f"{fact}(" for op in OPERATORS.values() for fact in _functions(op.facts)]
    for source in helpers(names, plain).values():
        exec(source, space)  # our own text, from a file in bpgen/ops
    return space


def _functions(facts: Mapping[str, Any]) -> list[str]:
    sources = [facts[fact] for fact in ("helper", "plain_helper") if fact in facts]
    return [source.split("def ")[1].split("(")[0] for source in sources]


_SPACES = {plain: _space(plain) for plain in (False, True)}


def evaluate(
    node: Node,
    read: Read,
    sizes: Mapping[str, int],
    t: int = 0,
    *,
    dtype: Any = np.float64,
    plain: bool = False,
) -> Array:
    """The value of an expression at step t (any, if it has no time). `sizes` has T too."""

    def at(n: Node, t: int) -> Array:
        return evaluate(n, read, sizes, t, dtype=dtype, plain=plain)

    if node.op == "ref":
        return read(node, t)
    if node.op == "number":
        return node["value"]
    if node.op == "size":
        return node["size"].value(sizes)
    if node.op == "step":
        return t
    steps = range(1, sizes["T"] + 1)
    if node.op in ("sum_steps", "steps"):
        shape = tuple(s.value(sizes) for s in node.args[0].shape)
        rows = [np.broadcast_to(at(node.args[0], s), shape) for s in steps]
        stacked = np.stack(rows) if rows else np.zeros((0, *shape), dtype)
        return stacked.sum(axis=0) if node.op == "sum_steps" else stacked
    if node.op == "custom":
        return at(node.args[0], t)
    if node.op == "row":
        return at(node.args[0], t)[t - 1]
    if node.op == "at_step":
        value = at(node.args[0], t)
        return value if t == fixed_step(node["step"], sizes["T"]) else np.zeros_like(value)
    values = [at(arg, t) for arg in node.args]
    names = [f"v{i}" for i in range(len(values))]
    text = spell(node, *names, plain=plain, dtype="dtype")
    space = {**_SPACES[plain], **sizes, "dtype": dtype, **dict(zip(names, values, strict=True))}
    return eval(text, space)  # our own spelling over our own names


def fixed_step(when: Fixed, T: int) -> int:
    """The step that a fixed time means, for T steps."""
    return when.offset + (1 if when.anchor == "first" else T)


def step_of(when: When, t: int, T: int) -> int:
    """The step that a reading at step t reads."""
    return t + when if isinstance(when, int) else fixed_step(when, T) if when else 0


def run(
    equations: Sequence[Equation],
    states: Sequence[State],
    given: Mapping[str, Array],
    timed: Mapping[str, bool],
    sizes: Mapping[str, int],
    *,
    dtype: Any = np.float64,
    plain: bool = False,
) -> dict[str, Array]:
    """The value of every equation's target: over all steps, time first, if it changes over time.

    `given` has the arguments, those with `timed[name]` time first. `sizes` has every size and T.
    """
    T = sizes["T"]
    by_target = {e.target: e for e in equations}
    by_state = {s.name: s for s in states}
    values: dict[tuple[str, int], Array] = {}

    def read(node: Node, t: int) -> Array:
        name, when = node["name"], node["when"]
        if when is None:
            return value(name, 0)
        step = step_of(when, t, T)
        if 1 <= step <= T:
            return given[name][step - 1] if timed.get(name) else value(name, step)
        return outside(node, step)

    def outside(node: Node, step: int) -> Array:
        state = by_state.get(node["name"])
        before = 0 if state is None else 1 - step if state.direction > 0 else step - T
        if state and state.initial and 1 <= before <= state.lag:
            rows = value(state.initial, 0)
            return rows if state.lag == 1 else rows[state.lag - before]
        return np.zeros(tuple(s.value(sizes) for s in node.shape), dtype)

    def value(name: str, step: int) -> Array:
        if name in given:
            return np.asarray(given[name])
        if (name, step) not in values:
            equation = by_target[name]
            found = evaluate(equation.value, read, sizes, step, dtype=dtype, plain=plain)
            shape = tuple(s.value(sizes) for s in equation.shape)
            values[name, step] = np.broadcast_to(found, shape)
        return values[name, step]

    results: dict[str, Array] = {}
    for equation in equations:
        if equation.timed:
            shape = tuple(s.value(sizes) for s in equation.shape)
            rows = [value(equation.target, t) for t in range(1, T + 1)]
            results[equation.target] = np.stack(rows) if rows else np.zeros((0, *shape), dtype)
        else:
            results[equation.target] = value(equation.target, 0)
    return results
