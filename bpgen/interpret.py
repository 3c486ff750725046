"""What equations mean: a small interpreter, the reference that every stage is held to.

It evaluates by demand, one quantity at one step at a time, and remembers. No schedule, no buffers,
no loops over time, so nothing of the compiler's order of work can hide in it. It is slow, and
recursive in the number of steps: for tests at small sizes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from bpgen.ir import OPERATORS, Equation, Fixed, Node, State, When
from bpgen.ops.spelling import helper_names, helpers, spell
from bpgen.sizes import Shape

Array: TypeAlias = Any
Read: TypeAlias = Callable[[Node, int], Array]  # a ref, at step t


def space(plain: bool = False) -> dict[str, Any]:
    """NumPy and the small functions that spellings call, by name."""
    brought = (op.facts for op in OPERATORS.values() if op.origin)
    return _space(plain, tuple((f.get("helper"), f.get("plain_helper")) for f in brought))


@cache
def _space(plain: bool, brought: tuple[tuple[str | None, ...], ...]) -> dict[str, Any]:
    """Made anew when plug-ins have `brought` other functions."""
    made: dict[str, Any] = {"np": np}
    for source in helpers([f"{name}()" for name in helper_names()], plain).values():
        exec(source, made)  # the text of a file in bpgen/ops, or of a plug-in
    return made


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
    values = [_argument(node, at(arg, t)) for arg in node.args]
    names = [f"v{i}" for i in range(len(values))]
    text = spell(node, *names, plain=plain, dtype="_dtype")
    known = {**space(plain), **sizes, "_dtype": dtype, **dict(zip(names, values, strict=True))}
    return eval(text, known)  # our own spelling over our own names


def _argument(node: Node, value: Array) -> Array:
    """An argument as an operator can take it: a size, a number, has no axes to ask for."""
    return np.asarray(value) if OPERATORS[node.op].facts.get("reduces") else value


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
    values = _Values(
        {e.target: e for e in equations},
        {s.name: s for s in states},
        given,
        timed,
        sizes,
        dtype,
        plain,
    )
    return {e.target: values.whole(e) for e in equations}


@dataclass(frozen=True, slots=True)
class _Values:
    """Quantities by demand, each step of each computed once."""

    equations: Mapping[str, Equation]
    states: Mapping[str, State]
    given: Mapping[str, Array]
    timed: Mapping[str, bool]
    sizes: Mapping[str, int]
    dtype: Any
    plain: bool
    known: dict[tuple[str, int], Array] = field(default_factory=dict)

    def whole(self, equation: Equation) -> Array:
        """An equation's target, over all steps if it changes over time."""
        if not equation.timed:
            return self.value(equation.target, 0)
        rows = [self.value(equation.target, t) for t in range(1, self.sizes["T"] + 1)]
        return np.stack(rows) if rows else np.zeros((0, *self.shape(equation.shape)), self.dtype)

    def shape(self, shape: Shape) -> tuple[int, ...]:
        return tuple(size.value(self.sizes) for size in shape)

    def value(self, name: str, step: int) -> Array:
        if name in self.given:
            return np.asarray(self.given[name])
        if (name, step) not in self.known:
            equation = self.equations[name]
            found = evaluate(
                equation.value, self.read, self.sizes, step, dtype=self.dtype, plain=self.plain
            )
            self.known[name, step] = np.broadcast_to(found, self.shape(equation.shape))
        return self.known[name, step]

    def read(self, node: Node, t: int) -> Array:
        name, when = node["name"], node["when"]
        if when is None:
            return self.value(name, 0)
        step = step_of(when, t, self.sizes["T"])
        if 1 <= step <= self.sizes["T"]:
            return self.given[name][step - 1] if self.timed.get(name) else self.value(name, step)
        return self.outside(node, step)

    def outside(self, node: Node, step: int) -> Array:
        """Initial values on the side where a state starts, zero everywhere else."""
        state = self.states.get(node["name"])
        if state and state.initial:
            before = 1 - step if state.direction > 0 else step - self.sizes["T"]
            if 1 <= before <= state.lag:
                rows = self.value(state.initial, 0)
                return rows if state.lag == 1 else rows[state.lag - before]
        return np.zeros(self.shape(node.shape), self.dtype)
