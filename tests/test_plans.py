"""An order of work means what its equations mean, and every order that cannot be run is refused.

`Machine` runs the blocks of a plan as they stand: one equation after another, over all steps or
step by step. It has no more at hand than emitted code will: a local lives for a step, a carry from
one step to the next, backward sees what was saved. Whatever reads what has not been made is an
error. So a plan is held to the pair that it was made from, that to the pair before it was
simplified, and so on to the equations of the spec.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpgen import library
from bpgen.compile import STAGES
from bpgen.interpret import evaluate, run, step_of
from bpgen.ir import Cell, Equation, Fixed, Node, Pair, rebuild, ref, refs
from bpgen.parse import read
from bpgen.planned import verify_plan
from bpgen.schedule import Block, Plan, Program
from bpgen.source import Source
from drawing import drawn, sizes_of, timed

TESTS = Path(__file__).resolve().parent
CELLS = sorted((TESTS.parent / "bpgen" / "cells").glob("*.spec"))
SPECS = [*CELLS, *sorted((TESTS / "specs").glob("*.spec"))]


each = pytest.mark.parametrize("path", [pytest.param(p, id=p.stem) for p in SPECS])


class Unset(Exception):
    """Something was read that had not been made, or had been forgotten."""


@dataclass
class Machine:
    """What is at hand while a program runs.

    `given` has whole arrays, those of `timed` time first. `made` holds what programs made, by name
    and step, and step 0 for what does not change over time.
    """

    cell: Cell
    given: Mapping[str, Any]
    timed: frozenset[str]
    sizes: Mapping[str, int]
    made: dict[tuple[str, int], Any] = field(default_factory=dict)

    @property
    def T(self) -> int:
        return self.sizes["T"]

    def run(self, program: Program) -> None:
        storage = dict(program.storage)
        for block in program.blocks:
            if block.direction:
                self.loop(block, storage)
            else:
                assert all(storage[e.target] == "array" for e in block.equations)
                for equation in block.equations:
                    for t in range(1, self.T + 1) if equation.timed else [0]:
                        self.make(equation, t)

    def loop(self, block: Block, storage: Mapping[str, str]) -> None:
        """The steps in their order; a carry is zero before the first, and stays after the last."""
        steps = range(1, self.T + 1)[:: block.direction]
        kept = {kind: [e for e in block.equations if storage[e.target] == kind] for kind in KINDS}
        before = (1 if block.direction > 0 else self.T) - block.direction
        for equation in kept["carry"]:
            self.made[equation.target, before] = self.zeros(equation.value)
        for t in steps:
            for equation in block.equations:
                self.make(equation, t)
                if equation in kept["carry"]:
                    del self.made[equation.target, t - block.direction]
            for equation in kept["local"]:
                del self.made[equation.target, t]

    def make(self, equation: Equation, t: int) -> None:
        value = evaluate(equation.value, self.read, self.sizes, t, plain=True)
        shape = tuple(size.value(self.sizes) for size in equation.shape)
        self.made[equation.target, t] = np.broadcast_to(value, shape)

    def read(self, node: Node, t: int) -> Any:
        name, when = node["name"], node["when"]
        step = step_of(when, t, self.T)
        if name in self.given:
            if name not in self.timed:
                return np.asarray(self.given[name])
            return self.given[name][step - 1] if 1 <= step <= self.T else self.zeros(node)
        if (name, step) in self.made:
            return self.made[name, step]
        if when is not None and not 1 <= step <= self.T:
            return self.outside(node, step)
        raise Unset(f"{name} at step {step}, of {self.T}")

    def outside(self, node: Node, step: int) -> Any:
        """What a state starts from, or zero."""
        state = self.cell.state(node["name"])
        if state and state.initial:
            before = 1 - step if state.direction > 0 else step - self.T
            if 1 <= before <= state.lag:
                start = self.given.get(state.initial)
                start = self.made[state.initial, 0] if start is None else start
                return start if state.lag == 1 else start[state.lag - before]
        return self.zeros(node)

    def zeros(self, node: Node) -> Any:
        return np.zeros([size.value(self.sizes) for size in node.shape])

    def whole(self, equation: Equation) -> Any:
        """A target over all steps. Raises `Unset` if it was not kept."""
        if not equation.timed:
            return self.made[equation.target, 0]
        try:
            rows = [self.made[equation.target, t] for t in range(1, self.T + 1)]
        except KeyError:
            raise Unset(equation.target) from None
        return np.stack(rows) if rows else np.zeros((0, *self.zeros(equation.value).shape))


KINDS = ("array", "local", "carry")


def executed(plan: Plan, given: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
    """Every array that a plan makes and keeps, forward and then backward from what was saved."""
    cell = plan.pair.cell
    of_time = frozenset(name for name, is_timed in all_timed(plan.pair).items() if is_timed)
    forward = Machine(cell, {q.name: given[q.name] for q in cell.given}, of_time, sizes)
    forward.run(plan.forward)

    starts = {s.initial for s in cell.states if s.name in plan.saved}
    cotangents = {name for _, name in plan.pair.cotangents}
    params = {q.name for q in cell.given if q.role == "param"}
    kept = {name: given[name] for name in given if name in cotangents | params | starts}
    kept |= {name: given[name] for name in plan.saved if name in given}
    saved = {key: v for key, v in forward.made.items() if key[0] in {*plan.saved, *starts}}
    backward = Machine(cell, kept, of_time, sizes, saved)
    backward.run(plan.backward)

    found: dict[str, Any] = {}
    for name in [gradient for _, gradient in plan.pair.gradients if gradient]:
        if all(made != name for made, _ in backward.made):
            raise Unset(name)
    for machine, program in ((forward, plan.forward), (backward, plan.backward)):
        storage = dict(program.storage)
        arrays = [e for e in program.equations if storage[e.target] == "array"]
        found |= {e.target: machine.whole(e) for e in arrays}
    return found


def all_timed(pair: Pair) -> dict[str, bool]:
    cotangents = {name: pair.cell.equation(output).timed for output, name in pair.cotangents}
    return timed(pair.cell) | cotangents


def stages(source: Source) -> dict[str, Any]:
    """What every stage up to the plan makes of a spec, each from the one before."""
    value: Any = source
    made = {}
    for name, stage, _ in STAGES:
        value = made[name] = stage(value)
        if name == "schedule":
            return made
    raise AssertionError("there is no stage `schedule`")


def arguments(pair: Pair, sizes: Mapping[str, int]) -> dict[str, Any]:
    """All that a pair is given: arguments of the cell, and gradients of its outputs."""
    given = drawn(pair.cell, sizes)
    rng = np.random.default_rng(1)
    for output, name in pair.cotangents:
        equation = pair.cell.equation(output)
        shape = [size.value(sizes) for size in equation.shape]
        given[name] = rng.normal(size=[sizes["T"], *shape] if equation.timed else shape)
    return given


def by_demand(pair: Pair, given: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
    equations = (*pair.forward, *pair.backward)
    return run(equations, pair.cell.states, given, all_timed(pair), sizes, plain=True)


def close(found: Mapping[str, Any], wanted: Mapping[str, Any], names: Sequence[str]) -> None:
    for name in names:
        np.testing.assert_allclose(
            found[name], wanted[name], rtol=1e-11, atol=1e-11, err_msg=name, strict=True
        )


@each
@pytest.mark.parametrize("T", [1, 4])
@np.errstate(all="ignore")  # the equations as they are written, before they are made safe
def test_each_stage_means_what_the_one_before_meant(path: Path, T: int) -> None:
    made = stages(read(path))
    cell, pairs, plan = made["check"], (made["adjoint"], made["simplify"]), made["schedule"]
    sizes = sizes_of(cell, T)
    given = arguments(plan.pair, sizes)
    plain = run(cell.equations, cell.states, given, timed(cell), sizes, plain=True)
    first, second, third = (by_demand(pair, given, sizes) for pair in (*pairs, plan.pair))
    results = [name for _, name in plan.pair.gradients if name]
    close(first, plain, cell.outputs)
    close(second, first, [*cell.outputs, *results])
    close(third, second, [*cell.outputs, *results])
    # the same equations in another order: the same numbers, to the bit
    done = executed(plan, given, sizes)
    assert {*cell.outputs, *results} <= done.keys()
    for name, value in done.items():
        np.testing.assert_array_equal(value, third[name], err_msg=name)


# -- orders that cannot be run ---------------------------------------------------------------------


def variants(program: Program) -> Iterator[tuple[str, Program]]:
    """A program with one thing out of its place, and what that is."""
    blocks = program.blocks
    read = {node["name"] for e in program.equations for node in refs(e.value)}

    def instead(i: int, new: Block) -> Program:
        return replace(program, blocks=(*blocks[:i], new, *blocks[i + 1 :]))

    for i, block in enumerate(blocks):
        rows = block.equations
        for j in range(len(rows) - 1):
            swapped = (*rows[:j], rows[j + 1], rows[j], *rows[j + 2 :])
            yield f"swap {rows[j].target}", instead(i, replace(block, equations=swapped))
        for j, row in enumerate(rows):
            if row.target in read:
                left = replace(block, equations=(*rows[:j], *rows[j + 1 :]))
                yield f"drop {row.target}", instead(i, left)
            twice = replace(block, equations=(*rows, row))
            yield f"repeat {row.target}", instead(i, twice)
        if block.direction:
            turned = replace(block, direction=-block.direction)
            yield f"turn the loop of {rows[0].target}", instead(i, turned)
            at_once = replace(block, direction=0)
            yield f"no loop for {rows[0].target}", instead(i, at_once)
        if i:
            order = (*blocks[: i - 1], block, blocks[i - 1], *blocks[i + 1 :])
            yield f"{rows[0].target} a block earlier", replace(program, blocks=order)


def can_run(plan: Plan, given: Mapping[str, Any], sizes: Mapping[str, int]) -> bool:
    try:
        executed(plan, given, sizes)
    except (Unset, KeyError, AssertionError):
        return False
    return True


def is_refused(plan: Plan) -> bool:
    try:
        verify_plan(plan)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("path", CELLS, ids=lambda path: path.stem)
def test_an_order_that_cannot_be_run_is_refused(path: Path) -> None:
    plan = stages(read(path))["schedule"]
    sizes = sizes_of(plan.pair.cell, 3)
    given = arguments(plan.pair, sizes)
    assert not is_refused(plan) and can_run(plan, given, sizes)
    broken = [
        (what, replace(plan, **{part: program}))
        for part in ("forward", "backward")
        for what, program in variants(getattr(plan, part))
    ]
    missed = [
        what for what, wrong in broken if not is_refused(wrong) and not can_run(wrong, given, sizes)
    ]
    assert broken and not missed, f"cannot be run, and were not refused: {missed}"


RNN = """cell rnn
dim N, H
input x[t] : (N, H)
param W : (H, H)
state h[t] : (N, H)
h[0] = x[1] @ W
a[t] = x[t] + h[t-1] @ W
h[t] = tanh(a[t])
"""


def later(when: Any) -> Callable[[Node], Node | None]:
    """`a` read at another step than its own."""
    return lambda n: ref("a", n.shape, when) if n.op == "ref" and n["name"] == "a" else None


def changed(program: Program, name: str, change: Callable[[Node], Node | None]) -> Program:
    """A program with another right side for one name."""
    blocks = [
        replace(
            block,
            equations=tuple(
                replace(e, value=rebuild(e.value, change)) if e.target == name else e
                for e in block.equations
            ),
        )
        for block in program.blocks
    ]
    return replace(program, blocks=tuple(blocks))


def stored(program: Program, name: str, kind: str) -> Program:
    return replace(program, storage=tuple({**dict(program.storage), name: kind}.items()))


def without(program: Program, name: str) -> Program:
    kept = [tuple(e for e in block.equations if e.target != name) for block in program.blocks]
    blocks = [replace(b, equations=k) for b, k in zip(program.blocks, kept, strict=True)]
    return replace(program, blocks=tuple(block for block in blocks if block.equations))


WRONG: dict[str, Callable[[Plan], Plan]] = {
    "a start that is not made": lambda p: replace(p, forward=without(p.forward, "h0")),
    "a step ahead of the loop": lambda p: replace(p, forward=changed(p.forward, "h", later(1))),
    "the last step, in the loop": lambda p: replace(
        p, forward=changed(p.forward, "h", later(Fixed("last", 0)))
    ),
    "a local that is forgotten": lambda p: replace(p, backward=stored(p.backward, "da", "local")),
    "a carry read at its own step": lambda p: replace(
        p, backward=stored(p.backward, "da", "carry")
    ),
    "something that is not saved": lambda p: replace(p, saved=p.saved[:-1]),
    "a gradient that is not made": lambda p: replace(p, backward=without(p.backward, "dW")),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_plan_that_cannot_be_carried_out_is_refused(what: str) -> None:
    plan = stages(Source("rnn.spec", RNN))["schedule"]
    wrong = WRONG[what](plan)
    sizes = sizes_of(plan.pair.cell, 3)
    given = arguments(plan.pair, sizes)
    assert can_run(plan, given, sizes) and not can_run(wrong, given, sizes)
    assert is_refused(wrong)


def test_a_refusal_names_both_equations() -> None:
    plan = stages(read(library.text("rnn").encode(), "rnn.spec"))["schedule"]
    first, second, third = plan.backward.blocks[0].equations
    assert (first.target, second.target) == ("dh", "da")
    block = replace(plan.backward.blocks[0], equations=(second, first, third))
    blocks = (block, *plan.backward.blocks[1:])
    with pytest.raises(AssertionError, match="da reads dh before it is made"):
        verify_plan(replace(plan, backward=replace(plan.backward, blocks=blocks)))
