"""`step` in the fast style: the equations of one step, written in place.

What a step computes goes into arrays of a workspace. Of what it returns there are two sets, used in
turn, since a call reads what the last one returned.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from bpgen.ir import OPERATORS, Cell, Equation, Node, refs
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.page import Function, function
from bpgen.schedule import Block, Plan, Program
from bpgen.sizes import Shape
from bpgen.targets.arguments import consts
from bpgen.targets.expressions import Writer, shape_list
from bpgen.targets.fast.filling import Filling
from bpgen.targets.fast.holding import HeldNames
from bpgen.targets.fast.loops import Loop
from bpgen.targets.fast.lowering import writes
from bpgen.targets.fast.workspace import arrays_class, sizes_of, taking, with_work
from bpgen.targets.grouping import sizes_in, split_groups
from bpgen.targets.streaming import (
    Carried,
    Stream,
    arguments,
    counted,
    opening,
    returned,
    sentence,
    shortened,
    starting,
    step_function,
    step_shapes,
)

_RESULTS = "With `work` they are arrays of it, which the call after the next one overwrites."


@dataclass(frozen=True, slots=True)
class Passed(Plan):
    """A plan whose module is written in the fast style."""


def of_fast(plan: Plan) -> Passed:
    """The same plan, for a module in the fast style."""
    return Passed(**{each.name: getattr(plan, each.name) for each in fields(plan)})


@step_function.register
def _(plan: Passed, names: Names, streamed: Stream) -> Function:
    return streaming(plan, names, streamed)[0]


def streaming(plan: Plan, names: Names, streamed: Stream) -> tuple[Function, str, list[str]]:
    """`step`, the source of the class that makes its arrays, and the sizes of these."""
    cell = plan.pair.cell
    streamed = replace(streamed, equations=shortened(plan, streamed))
    body = _stepping(cell, names, streamed)
    body.write_step(cell, names, streamed)
    stacked = [c.name for c in body.stacked]
    lines = [*body.lines, *layout(returned(cell, names, streamed, stacked), 8)]
    sizes = sizes_of(cell, body)
    taken = taking("StepArrays", sizes, body.names, lines)
    again = not any(q.below for q in cell.given)  # whose values are looked at, call by call
    bound = ("bind_again", "work", "params") if again else ("bind", "params")
    before = opening(cell, names, streamed, [*taken, *lines], bound)
    doc = f"{sentence(names, streamed)}\n\n    {_RESULTS}\n    "
    words = with_work(arguments(cell, names, streamed))
    made = function("step", words, doc, (*before, *taken, *lines))
    return made, arrays_class("StepArrays", "What `step` fills.", sizes, body), sizes


def _stepping(cell: Cell, names: Names, streamed: Stream) -> "Stepping":
    starts = {s.initial for s in cell.states}
    # what stays as it is comes first: a state may start from it
    ordered = sorted(streamed.equations, key=lambda e: e.timed)
    equations = tuple(e for e in ordered if e.target not in starts)
    real = {e.target for e in equations if e.value.kind == "real"}
    real |= {q.name for q in streamed.inputs if q.kind == "real"}
    handed = {*cell.outputs, *(c.name for c in streamed.carried)} & real
    by_target = {e.target: e for e in equations}
    return Stepping(
        HeldNames(names.sizes, names.helpers, names.known, names.taken),
        Program((Block(1, equations),), tuple((e.target, "local") for e in equations)),
        states={},
        external={},
        constants=frozenset(q.name for q in consts(cell)),
        owned={e.target for e in equations if e.target in handed and _filled(e, by_target)},
        stacked=tuple(c for c in streamed.carried if c.lag > 1 and c.name in real),
    )


def _filled(equation: Equation, by_target: Mapping[str, Equation]) -> bool:
    """Whether a quantity is written in place, or may be a view of one that is."""
    value = equation.value
    if not equation.shape or writes(value, steps=False):
        return bool(equation.shape)
    operator = OPERATORS.get(value.op)
    if operator and operator.facts.get("heavy") and value.op != "einsum":
        return False
    read = (by_target.get(node["name"]) for node in refs(value) if not node["when"])
    return any(_filled(whole, by_target) for whole in read if whole)


@dataclass(slots=True)
class Stepping(Filling):
    """The lines of `step`; `owned` are the arrays that it returns, and that are there twice.

    So are those of `stacked`, which hold all the rows that are handed on of something.
    """

    stacked: tuple[Carried, ...] = ()

    # -- where quantities live --------------------------------------------------------------------

    def _place(self, equation: Equation, block: Block) -> None:
        if equation.target in self.owned:
            self.names.held.add(equation.target)
        else:
            Filling._place(self, equation, block)

    def _base(self, value: Node) -> str | None:
        base = Filling._base(self, value)
        return None if base in self.owned else base

    def make(self, equation: Equation) -> None:
        if equation.target not in self.owned:
            Filling.make(self, equation)

    # -- reading ----------------------------------------------------------------------------------

    def read(self, node: Node, steps: bool) -> str:
        return self._at_step(node["name"], node["when"] or 0, node.shape)

    def _at_step(self, name: str, when: int, shape: Shape, writes: bool = False) -> str:
        assert self.current is not None
        if name in self.names.held and not when and name not in self.owned:
            self.current.locals[self.names.bare(name)] = None
        return self.names.bare(name, when)

    # -- lines ------------------------------------------------------------------------------------

    def add(self, statement: str, note: str = "", depth: int = 0) -> None:
        """A statement; there is no loop that it could stand in."""
        Filling.add(self, counted(statement), note)

    def say(self, sentence: str, depth: int) -> None:
        Filling.say(self, sentence, 0)

    def write_step(self, cell: Cell, names: Names, streamed: Stream) -> None:
        """All lines but the last."""
        self.current = loop = Loop(1, self.names.own)
        groups = split_groups(self.program.equations)
        for group in groups:
            self._made_for_loop(group)
        equations = [e for group in groups for e in group]
        for equation in (e for e in equations if not e.timed):
            self._fill_step(equation)
        writer = Writer(self.read, False, constants=self.constants)
        for statement in starting(cell, names, streamed, writer):
            self.add(statement)
        turn, self.lines = self.lines, []
        for equation in (e for e in equations if e.timed):
            self._fill_step(equation)
        self._stack()
        inside, self.lines = self.lines, []
        used = sizes_in([*turn, *inside], [*self.scratch.known, *self.numbers])
        for line in loop.bound([*loop.locals, *used], 92):
            self.add(line)
        self.lines += turn
        self._take_turn([name for name, _ in step_shapes(cell, names, streamed)])
        self.lines += inside

    def _rows(self, name: str) -> str:
        """The name of the array that holds all the rows that are handed on."""
        return Names.whole(self.names, name)

    def _stack(self) -> None:
        """Put the rows that are handed on where they lie together."""
        for c in self.stacked:
            rows = [self.names.bare(c.name, -k) for k in range(c.lag - 1, -1, -1)]
            for i, row in enumerate(rows if c.name not in self.owned else rows[:-1]):
                self.add(f"{self._rows(c.name)}[{i}] = {row}")

    def _take_turn(self, given: Sequence[str]) -> None:
        """The arrays of this call's results, and how the class makes two sets of them."""
        results = dict(self._results())
        if not results:
            return
        own, turns = self.names.own("ws"), self.names.own("turns")
        targets = ", ".join(results) if len(results) > 1 else f"({next(iter(results))},)"
        self.add(f"{targets} = in_turn({', '.join([f'{own}.{turns}', *given])})")
        for c in self.stacked:
            if c.name in self.owned:
                self.add(f"{self.names.bare(c.name)} = {self._rows(c.name)}[-1]")
        both = [f"self.{self.names.own(f'{name}_both')}" for name in results]
        for array, shape in zip(both, results.values(), strict=True):
            axes = shape_list(shape)
            self._made(self.steps, f"{array} = np.empty((2, {axes}), dtype)", f"(2, {axes})")
        self._made(self.steps, f"self.{turns} = list(zip({', '.join(both)}, strict=True))")

    def _results(self) -> Iterator[tuple[str, Shape]]:
        """The names of the arrays that a call returns, with their shapes."""
        stacked = {c.name for c in self.stacked}
        yield from ((self._rows(c.name), c.held) for c in self.stacked)
        for name in (e.target for e in self.program.equations if e.target in self.owned):
            if name not in stacked:
                yield self.names.bare(name), self.equations[name].shape
