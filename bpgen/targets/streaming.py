"""`step`: one step of a causal cell, for streams.

What a step needs of earlier ones it takes and hands on: states, inputs and other quantities that
are read some steps back, and t where an equation mentions it. A cell that reads ahead, or first or
last steps or initial values, or sums over all, has no step.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import singledispatch

from bpgen.graph import ordered
from bpgen.ir import Cell, Equation, Node, Quantity, apply, rebuild, refs, walk
from bpgen.layout import layout
from bpgen.lift import dependences
from bpgen.names import Names
from bpgen.page import Function, function
from bpgen.safe import safe
from bpgen.schedule import Plan
from bpgen.sizes import Shape, Size, size
from bpgen.targets.arguments import (
    axis_text,
    consts,
    initials,
    inputs,
    must_be_given,
    params,
    told,
)
from bpgen.targets.expressions import Writer, comment, shape_text
from bpgen.targets.grouping import sizes_in, split_groups, split_text
from bpgen.targets.saving import unpack


@dataclass(frozen=True, slots=True)
class Carried:
    """Something handed from step to step: `lag` rows of it, the farthest first."""

    name: str
    shape: Shape
    lag: int
    is_state: bool

    @property
    def held(self) -> Shape:
        return self.shape if self.lag == 1 else (size(self.lag), *self.shape)


@dataclass(frozen=True, slots=True)
class Stream:
    """What `step` computes: its equations in order, what it carries, whether it counts steps."""

    equations: tuple[Equation, ...]
    carried: tuple[Carried, ...]
    counts: bool
    inputs: tuple[Quantity, ...]  # of the cell's, those that a step cannot do without


def stream(plan: Plan) -> Stream | None:
    """What a step of a cell is, None if the cell has none."""
    cell = plan.pair.cell
    equations = _needed(cell, safe(cell))
    if not _alone(cell, equations) or not any(e.timed for e in equations):
        return None
    if any(s.direction < 0 for s in cell.states):
        return None
    carried = [Carried(s.name, s.shape, s.lag, True) for s in cell.states if s.lag]
    carried += _lagged(cell, equations)
    counts = any(n.op == "step" for e in equations for n in walk(e.value))
    return Stream(equations, tuple(carried), counts, _taken(cell, equations, carried))


def shortened(plan: Plan, stream: Stream) -> tuple[Equation, ...]:
    """The equations of a step as the plan has made them, if they need no more than `stream` has."""
    equations = _needed(plan.pair.cell, plan.pair.forward)
    lags = {c.name: c.lag for c in stream.carried}
    timed = {q.name for q in inputs(plan.pair.cell)} - {q.name for q in stream.inputs}
    nodes = [node for e in equations for node in refs(e.value)]
    fits = all(lags.get(n["name"], 0) >= -(n["when"] or 0) for n in nodes if _causal(n))
    missing = timed & {node["name"] for node in nodes}
    alone = _alone(plan.pair.cell, equations)
    return equations if fits and alone and not missing else stream.equations


def _alone(cell: Cell, equations: tuple[Equation, ...]) -> bool:
    """Whether equations ask for nothing of later steps, or of all of them, or of the start."""
    known = {e.target for e in equations} | {q.name for q in cell.given}
    begun = {q.name for q in initials(cell)}  # what a stream no longer has behind its first step
    for equation in equations:
        for node in walk(equation.value):
            if node.op in ("steps", "sum_steps", "row", "at_step"):
                return False
            if node.op == "size" and "T" in node["size"].names:
                return False
            if node.op == "ref" and (node["name"] not in known or not _causal(node)):
                return False
            if node.op == "ref" and equation.timed and node["name"] in begun:
                return False
    return True


def _causal(node: Node) -> bool:
    when = node["when"]
    return when is None or (isinstance(when, int) and when <= 0)


def _needed(cell: Cell, equations: Sequence[Equation]) -> tuple[Equation, ...]:
    """The equations of the outputs that change over time, in an order that one step can run."""
    by_target = {e.target: e for e in equations}
    todo = [name for name in cell.outputs if by_target[name].timed]
    initial = {s.name: s.initial for s in cell.states if s.initial in by_target}
    found: dict[str, None] = {}
    while todo:
        name = todo.pop()
        if name in by_target and name not in found:
            found[name] = None
            todo += [n["name"] for n in refs(by_target[name].value)]
            todo += [initial[name] or ""] if name in initial else []
    kept = [e for e in equations if e.target in found]
    edges = [e for e in dependences(kept, {}) if not e.shift]
    return tuple(by_target[name] for name in ordered([e.target for e in kept], edges))


def _taken(
    cell: Cell, equations: tuple[Equation, ...], carried: Sequence[Carried]
) -> tuple[Quantity, ...]:
    """The inputs that equations read, and those that alone tell a size; no target of the loss."""
    read = {n["name"] for e in equations for n in refs(e.value)}
    kept = [q for q in inputs(cell) if q.name in read]
    sizes = [size for e in equations for node in walk(e.value) for size in _sizes_of(node)]
    needed = {name for size in [*sizes, *(q.below for q in kept if q.below)] for name in size.names}
    held = [c.held for c in carried]
    for q in inputs(cell):
        known = told(cell, [*kept, *params(cell)], held)
        if q not in kept and needed & (told(cell, [*kept, q, *params(cell)], held) - known):
            kept.append(q)
    return tuple(q for q in inputs(cell) if q in kept)


def _sizes_of(node: Node) -> Iterator[Size]:
    """The sizes in a node's shape, and in its attributes."""
    for value in (node.shape, *(value for _, value in node.attrs)):
        items = value if isinstance(value, tuple) else (value,)
        yield from (item for item in items if isinstance(item, Size))


def _lagged(cell: Cell, equations: tuple[Equation, ...]) -> list[Carried]:
    states = {s.name for s in cell.states}
    far: dict[str, tuple[Shape, int]] = {}
    for equation in equations:
        for node in refs(equation.value):
            if isinstance(node["when"], int) and node["when"] < 0 and node["name"] not in states:
                lag = max(-node["when"], far.get(node["name"], ((), 0))[1])
                far[node["name"]] = (node.shape, lag)
    return [Carried(name, shape, lag, False) for name, (shape, lag) in far.items()]


# -- the function ---------------------------------------------------------------------------------


def carried_name(names: Names, c: Carried) -> str:
    """A state keeps its name; what else is carried is called by what it is, `x_prev`."""
    return names.quantity(c.name) if c.is_state else names.view(c.name, -1)


def _listed(names: Names, stream: Stream) -> str:
    words = [carried_name(names, c) for c in stream.carried] + ["t"] * stream.counts
    return f"({', '.join(words)}{',' if len(words) == 1 else ''})" if words else "nothing"


def step_shapes(cell: Cell, names: Names, stream: Stream) -> list[tuple[str, list[str]]]:
    """The arrays of `step` and their axes, for `bind`."""
    found = [(names.quantity(q.name), q.shape) for q in stream.inputs]
    found += [(carried_name(names, c), c.held) for c in stream.carried]
    return [(name, [axis_text(str(size)) for size in shape]) for name, shape in found]


@singledispatch
def step_function(plan: Plan, names: Names, stream: Stream) -> Function:
    """`step(params, x, h=None, …)`; a style of its own may write it otherwise."""
    cell = plan.pair.cell
    starts = {s.initial for s in cell.states if s.initial}

    def read(node: Node, steps: bool) -> str:
        when = node["when"]
        return (
            names.view(node["name"], when)
            if isinstance(when, int)
            else names.quantity(node["name"])
        )

    writer = Writer(read, False, constants=frozenset(q.name for q in consts(cell)))
    before: list[str] = []
    lines: list[str] = []
    for group in split_groups(e for e in stream.equations if e.target not in starts):
        targets = ", ".join(names.quantity(e.target) for e in group)
        text = f"{targets} = {counted(split_text(group, writer))}"
        note = comment(group[0].shape) + " each" * (len(group) > 1)
        (lines if group[0].timed else before).extend(layout(text, 4, note))
    for text in starting(cell, names, stream, writer):
        before += layout(text, 4)
    last = layout(returned(cell, names, stream), 4)
    first = opening(cell, names, stream, [*before, *lines, *last])
    body = (*first, *before, *lines, *last)
    return function("step", arguments(cell, names, stream), sentence(names, stream), body)


def sentence(names: Names, stream: Stream) -> str:
    """What `step` does."""
    return f"Run one step. Return its Outputs, and {_listed(names, stream)} for the next."


def arguments(cell: Cell, names: Names, stream: Stream) -> list[str]:
    """What `step` takes."""
    words = ["params", *(names.quantity(q.name) for q in stream.inputs)]
    words += [f"{carried_name(names, c)}=None" for c in stream.carried]
    words += ["t=1"] * stream.counts
    keywords = [f"{names.quantity(q.name)}={q.value!r}" for q in consts(cell)]
    return [*words, *(["*", *keywords] if keywords else [])]


def _zero_rows(cell: Cell) -> Callable[[Node], Node | None]:
    """Initial values that are arguments of `forward` are zero where a stream begins."""
    given = {q.name for q in initials(cell)}

    def change(node: Node) -> Node | None:
        if node.op != "ref" or node["name"] not in given:
            return None
        return apply("zeros", shape=node.shape)

    return change


def counted(text: str) -> str:
    """The step of a stream is counted from 1 by itself."""
    return text.replace("(t + 1)", "t")


def starting(cell: Cell, names: Names, stream: Stream, writer: Writer) -> Iterator[str]:
    """The statements that name what is carried, by how far back it lies."""
    initial = {s.name: s.initial for s in cell.states}
    by_target = {e.target: e for e in stream.equations}
    for c in stream.carried:
        start = by_target.get(initial.get(c.name) or "")
        own = carried_name(names, c)
        rows = [names.view(c.name, -k) for k in range(c.lag, 0, -1)]
        text = writer.write(rebuild(start.value, _zero_rows(cell))) if start else ""
        zeros = text or f"np.zeros({shape_text(c.held)}, dtype)"
        yield f"{', '.join(rows)} = {zeros} if {own} is None else {own}"


def opening(
    cell: Cell,
    names: Names,
    stream: Stream,
    lines: Iterable[str],
    bound: tuple[str, ...] = ("bind", "params"),
) -> list[str]:
    """The statements that refuse arguments, and give sizes and parameters their names.

    `bound` is the function that reads sizes off arrays, and what it takes before these.
    """
    lines = [*lines]
    wanted = sizes_in(lines, [*cell.sizes, "dtype"])
    arrays = [name for name, _ in step_shapes(cell, names, stream)]
    binds, *own = bound
    call = ", ".join([f'"{" ".join(wanted)}"', "STEP", *own, *(f"{a}={a}" for a in arrays)])
    target = f"{', '.join(wanted)}{',' if len(wanted) == 1 else ''} = " if wanted else ""
    required = (*stream.inputs, *params(cell))
    optional = [(carried_name(names, c), c.held) for c in stream.carried]
    made = must_be_given(cell, required, optional)
    made += layout(f"{target}{binds}({call})", 4)
    unpack(made, [names.quantity(q.name) for q in params(cell)], "params", lines)
    for q in consts(cell):
        name = names.quantity(q.name)
        made += layout(f'{name} = number("{name}", {name})', 4) if sizes_in(lines, [name]) else []
    return made + ['    t = steps("t", t)'] * stream.counts


def returned(cell: Cell, names: Names, stream: Stream, kept: Sequence[str] = ()) -> str:
    """The last statement. What is carried by a name of `kept` has the array of all its rows."""
    by_target = {e.target: e for e in cell.equations}
    outputs = [names.quantity(o) if by_target[o].timed else "None" for o in cell.outputs]
    states = []
    for c in stream.carried:
        rows = [names.view(c.name, -k) for k in range(c.lag - 1, 0, -1)] + [names.quantity(c.name)]
        stacked = names.whole(c.name) if c.name in kept else f"np.stack([{', '.join(rows)}])"
        states.append(rows[0] if c.lag == 1 else stacked)
    states += ["t + 1"] * stream.counts
    handed = f"({', '.join(states)}{',' if len(states) == 1 else ''})"
    return f"return Outputs({', '.join(outputs)}), {handed}"
