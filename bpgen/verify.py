"""What must hold of equations after every stage, whatever the spec said.

Each name is set once, and everything read was set or given, with the shape, the kind and the time
it is read with; each operator, applied again to its arguments, gives the node that stands there. A
failure is a mistake of ours. It names the equation and the line of the spec that it came from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bpgen.ir import (
    OPERATORS,
    Cell,
    Equation,
    Fixed,
    Node,
    Pair,
    ShapeError,
    apply,
    walk,
)
from bpgen.notation import equation_text, text
from bpgen.sizes import Shape, shape_text, size
from bpgen.source import Source, Span


class Broken(Exception):
    """A stage made something that cannot be: an internal error."""


@dataclass(frozen=True, slots=True)
class Known:
    """How a name may be read."""

    shape: Shape
    kind: str = "real"
    timed: bool = False


def verify_cell(cell: Cell) -> None:
    """Raises `Broken` unless all of a cell is as it must be."""
    given = {q.name: Known(q.shape, q.kind, q.timed) for q in cell.given}
    if len(given) < len(cell.given):
        raise Broken("a name is given twice")
    known = verify_equations(cell.equations, given, cell.source)
    for state in cell.states:
        _state(state.name, known.get(state.name), state.shape, state.place, cell.source)
        if bool(state.lag) != (state.initial is not None):
            raise Broken(f"state `{state.name}` of lag {state.lag} starts from {state.initial}")
        if state.initial is not None:
            shape = state.shape if state.lag == 1 else (size(state.lag), *state.shape)
            start = known.get(state.initial)
            if start is None or start.timed or start.shape != shape:
                where = _line(state.place, cell.source)
                raise Broken(f"`{state.initial}` does not hold the start of `{state.name}`{where}")
    for name in cell.outputs:
        if name not in known or name in given:
            raise Broken(f"the output `{name}` has no equation")
    if cell.loss is not None and known[cell.loss] != Known(()):
        raise Broken(f"the loss `{cell.loss}` is no real number without time")


def verify_pair(pair: Pair) -> None:
    """Raises `Broken` unless the equations of a pair, forward and backward, are as they must be."""
    source = pair.cell.source
    given = {q.name: Known(q.shape, q.kind, q.timed) for q in pair.cell.given}
    known = verify_equations(pair.forward, given, source)
    for output, cotangent in pair.cotangents:
        if output not in known or cotangent in known:
            raise Broken(f"`{cotangent}` is no gradient of an output `{output}`")
        known[cotangent] = Known(known[output].shape, "real", known[output].timed)
    known = verify_equations(pair.backward, known, source)
    for name, gradient in pair.gradients:
        if gradient is not None and known[gradient].shape != given[name].shape:
            raise Broken(f"`{gradient}` does not have the shape of `{name}`")


def verify_equations(
    equations: Sequence[Equation], given: Mapping[str, Known], source: Source | None = None
) -> dict[str, Known]:
    """Every name that is given or set, as it may be read. Raises `Broken` if anything is wrong."""
    known = dict(given)
    for equation in equations:
        if equation.target in known:
            raise _broken("its name is set twice", equation, source)
        value = equation.value
        if value.timed and not equation.timed:
            raise _broken("its value changes over time and it does not", equation, source)
        known[equation.target] = Known(value.shape, value.kind, equation.timed)
    for equation in equations:
        for node in walk(equation.value):
            if wrong := _wrong(node, known):
                raise _broken(wrong, equation, source, node.place)
    return known


def _wrong(node: Node, known: Mapping[str, Known]) -> str | None:
    """What is wrong with a node whose arguments are right."""
    if node.op == "ref":
        return _misread(node, known)
    if node.op in ("number", "size", "step"):
        return (
            None if node.shape == () and node.timed == (node.op == "step") else "a leaf has a shape"
        )
    if node.op not in OPERATORS:
        return f"there is no operator `{node.op}`"
    try:
        again = apply(node.op, *node.args, **dict(node.attrs))
    except ShapeError as error:
        return f"`{text(node)}` cannot be: {error}"
    for what in ("shape", "kind", "timed", "args"):
        if getattr(again, what) != getattr(node, what):
            return f"`{text(node)}` has another {what} than `{node.op}` gives"
    return None


def _misread(node: Node, known: Mapping[str, Known]) -> str | None:
    name, when = node["name"], node["when"]
    found = known.get(name)
    if found is None:
        return f"`{text(node)}` is read and never set"
    if found.timed != isinstance(when, int | Fixed):
        return f"`{text(node)}` is read {'without' if found.timed else 'at'} a step"
    if found.shape != node.shape:
        shapes = f"{shape_text(node.shape)}, and it is {shape_text(found.shape)}"
        return f"`{text(node)}` is read as {shapes}"
    if found.kind != node.kind:
        return f"`{text(node)}` is read as {node.kind}, and it is {found.kind}"
    return None


def _state(
    name: str, found: Known | None, shape: Shape, place: Span | None, source: Source
) -> None:
    if found != Known(shape, "real", True):
        raise Broken(f"state `{name}` has no equation of its shape{_line(place, source)}")


def _broken(
    what: str, equation: Equation, source: Source | None, place: Span | None = None
) -> Broken:
    where = _line(equation.place or place, source)
    return Broken(f"{what}; in the equation {equation_text(equation)}{where}")


def _line(place: Span | None, source: Source | None) -> str:
    """` (rnn.spec, line 12)`, if that is known."""
    if place is None or source is None:
        return ""
    return f" ({source.name}, line {source.position(place.start)[0]})"
