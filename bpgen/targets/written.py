"""The equations of a cell as its spec has them, for the paragraph that opens a module.

Inside, the values before the first step of a state are one quantity, `h0`; a spec gives and reads
each by its step, `h[0]`, `h[-1]`.
"""

from collections.abc import Iterator

from bpgen.ir import Cell, Equation, Fixed, Node, State, rebuild, ref
from bpgen.notation import when_text


def as_written(cell: Cell) -> list[Equation]:
    """The equations in their order; the target of an initial value is `h[0]`, as text."""
    starts = {state.initial: state for state in cell.states if state.initial}
    arguments = {q.name for q in cell.given if q.role == "initial"}
    made: list[Equation] = []
    for e in cell.equations:
        each = _rows(e, starts[e.target], arguments) if e.target in starts else [e]
        made += [Equation(e.target, _read(e.value, starts), e.timed, e.place) for e in each]
    return made


def _rows(equation: Equation, state: State, arguments: set[str]) -> Iterator[Equation]:
    """An equation for each initial value that the spec has one for, in the order of the spec."""
    value = equation.value
    rows = value.args if state.lag > 1 else (value,)
    steps = [(row, _step(state, i)) for i, row in enumerate(rows)]
    computed = [pair for pair in steps if not _is_part(pair[0], arguments)]
    for row, when in sorted(computed, key=lambda pair: pair[0].place.start if pair[0].place else 0):
        yield Equation(f"{state.name}{when_text(when)}", row, False, equation.place)


def _step(state: State, row: int) -> Fixed:
    """The step of a row of initial values, of which the farthest is the first."""
    far = state.lag - row
    return Fixed("first", -far) if state.direction > 0 else Fixed("last", far)


def _is_part(row: Node, arguments: set[str]) -> bool:
    """Whether a row of initial values is one of these arguments, or a row of one."""
    inner = row.args[0] if row.op == "index" else row
    return inner.op == "ref" and inner["name"] in arguments


def _read(value: Node, starts: dict[str, State]) -> Node:
    """A value that reads initial values by their steps."""

    def change(node: Node) -> Node | None:
        inner = node.args[0] if node.op == "index" else node
        state = starts.get(inner["name"]) if inner.op == "ref" else None
        if state is None or (state.lag > 1) != (node.op == "index"):
            return None
        row = node["at"] if node.op == "index" else 0
        return ref(state.name, state.shape, _step(state, row))

    return rebuild(value, change)
