"""Cutting time into parts: which cells can be, and what `backward` then computes again.

A part of the steps is the same cell once more, that starts from the states before it. So a cell can
be cut where what a step needs of other steps is the states before it, and nothing else.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bpgen.ir import Cell, Equation, Fixed, Node, State, refs, walk
from bpgen.planned import verify_plan
from bpgen.report import Label, Refused, Report
from bpgen.schedule import Plan, program, starts
from bpgen.source import Span

_LINEAR = ("negate", "sum", "transpose", "reshape", "cast")  # in their first argument


def recomputed(plan: Plan) -> Plan:
    """The plan whose `backward` has inputs and outputs, and makes all else of `forward` again.

    No loop is needed for it, since states are outputs. Raises `Refused` if time cannot be cut.
    """
    pair, cell = plan.pair, plan.pair.cell
    reports = {report.message: report for report in reversed(list(_uncut(cell)))}
    if reports:
        raise Refused(reports.values())
    timed = [name for name in cell.outputs if cell.equation(name).timed]
    forward = _needed(pair.forward, cell.outputs)
    mentioned = {node["name"] for e in pair.backward for node in refs(e.value)}
    again = _needed([e for e in pair.forward if e.target not in timed], mentioned)
    backward = (*again, *pair.backward)
    mentioned = {node["name"] for e in backward for node in refs(e.value)}
    given = [q.name for q in cell.given if q.role != "param"]
    saved = tuple(name for name in (*given, *timed) if name in mentioned)
    results = [name for _, name in pair.gradients if name]
    plan = Plan(
        replace(pair, forward=forward, backward=backward),
        program(forward, starts(cell), cell.outputs),
        program(backward, {}, results),
        saved,
    )
    verify_plan(plan)
    return plan


def _needed(equations: Sequence[Equation], names: Iterable[str]) -> tuple[Equation, ...]:
    """The equations of some quantities, and of what these need."""
    made = {e.target: e for e in equations}
    todo = [*names]
    found = set()
    while todo:
        name = todo.pop()
        if name in made and name not in found:
            found.add(name)
            todo += [node["name"] for node in refs(made[name].value)]
    return tuple(e for e in equations if e.target in found)


# -- which cells can be cut -----------------------------------------------------------------------


def _uncut(cell: Cell) -> Iterator[Report]:
    """A report for each place for which a cell cannot be cut."""
    if not cell.outputs:
        yield _report(cell, "it has no steps", None)
    for state in cell.states:
        reason = _start(cell, state)
        if reason:
            yield _report(cell, reason, state.place)
    for equation in cell.equations:
        adds = equation.target == cell.loss and _adds_up(equation.value)
        nodes = [node for node in walk(equation.value) if not (adds and node.op == "sum_steps")]
        reasons = {_reason(cell, node): node.place for node in nodes}
        reasons.pop("", None)
        for reason, place in reasons.items():
            yield _report(cell, reason, place or equation.place)
        if not (reasons or adds or equation.timed) and equation.target in cell.outputs:
            yield _report(cell, f"`{equation.target}` has no step", equation.place)


def _report(cell: Cell, reason: str, place: Span | None) -> Report:
    return Report(
        "BP509",
        f"`{cell.name}` cannot be cut into parts: {reason}",
        Label(place) if place else None,
        helps=("compile it without `--remat`",),
    )


def _start(cell: Cell, state: State) -> str:
    """What is in the way of a part that starts from the state before it; "" if nothing is."""
    start = cell.quantity(state.initial) if state.initial else None
    if state.direction < 0:
        return f"`{state.name}` runs from the last step to the first"
    if state.lag > 1:
        return f"`{state.name}` is read {state.lag} steps back"
    if state.initial and (start is None or start.role != "initial"):
        return f"`{state.name}` has a first value that is computed"
    return ""


def _reason(cell: Cell, node: Node) -> str:
    """What is in the way at a node; "" if nothing is."""
    when = node["when"] if node.op == "ref" else 0
    if node.op in ("steps", "sum_steps", "row", "at_step"):
        return "all steps are needed at once"
    if node.op == "step":
        return "it counts steps"
    if node.op == "size" and "T" in node["size"].names:
        return "it needs the number of steps"
    if isinstance(when, Fixed):
        return f"`{node['name']}` is read at a fixed step"
    state = cell.state(node["name"]) if when else None
    if when and (state is None or when * state.direction > 0):
        return f"`{node['name']}` is read at another step, and is no state before it"
    return ""


def _adds_up(node: Node) -> bool:
    """Whether a value is a sum over all steps, and so the sum of what it is in each part."""
    over = [any(n.op == "sum_steps" for n in walk(arg)) for arg in node.args]
    adds = [there and _adds_up(arg) for there, arg in zip(over, node.args, strict=True)]
    match node.op:
        case "sum_steps":
            return not any(over)
        case "add" | "subtract":
            return all(adds)
        case "multiply":
            return any(adds) and not all(over)
        case "divide":
            return adds[0] and not over[1]
    return node.op in _LINEAR and adds[0]
