"""Where states start: from an argument of `forward`, from equations, or from both.

The values before the first step are one quantity, `h0`. It is an argument if nothing in the spec
gives it. If equations give all of it, it is an equation; if they give some rows of several, the
argument has the rest and the whole is put together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bpgen.check.scope import Scope, Symbol
from bpgen.check.timing import Course, Typed, before
from bpgen.ir import Equation, Fixed, Node, Quantity, State, apply, fresh, rebuild, ref
from bpgen.sizes import size


@dataclass(frozen=True, slots=True)
class Start:
    """A state, the argument that starts it, and the equation that does."""

    state: State
    argument: Quantity | None = None
    equation: Equation | None = None


def starts(
    states: Sequence[Symbol],
    courses: Mapping[str, Course],
    equations: Sequence[Typed],
    scope: Scope,
) -> list[Start]:
    """Every state with what it starts from, in the order of declaration."""
    given: dict[str, dict[int, Typed]] = {}
    for equation in equations:
        when = equation.written.when
        if isinstance(when, Fixed):
            given.setdefault(equation.written.name, {})[abs(when.offset)] = equation
    taken = set(scope.table.symbols)
    found = []
    for symbol in states:
        found.append(_start(symbol, courses[symbol.name], given.get(symbol.name, {}), taken))
    return found


def _start(symbol: Symbol, course: Course, given: Mapping[int, Typed], taken: set[str]) -> Start:
    name, shape, lag = symbol.name, symbol.shape, course.lag
    assert shape is not None
    if not lag:
        return Start(State(name, shape, 0, course.direction, None, symbol.place))
    free = lag - len(given)
    argument = equation = None
    start = whole = fresh(f"{name}0", taken)
    taken.add(start)
    if free:
        rows = shape if free == 1 else (size(free), *shape)
        argument = Quantity(start, "initial", rows, place=symbol.place)
    if given:
        if free:
            whole = fresh(f"{name}_start", taken)
            taken.add(whole)
        value = _whole(argument, given, lag, free, symbol)
        first = given[min(given)].written
        equation = Equation(whole, value, False, first.span)
    state = State(name, shape, lag, course.direction, whole, symbol.place)
    return Start(state, argument, equation)


def _whole(
    argument: Quantity | None, given: Mapping[int, Typed], lag: int, free: int, symbol: Symbol
) -> Node:
    """The initial values, the farthest first: rows of the argument, rows of equations."""
    rank = len(symbol.shape or ())
    rest = ref(argument.name, argument.shape, place=symbol.place) if argument else None
    rows = []
    used = 0
    for distance in range(lag, 0, -1):
        if distance in given:
            node = given[distance].node
            assert node is not None
            rows.append(node)
            continue
        assert rest is not None
        rows.append(rest if free == 1 else apply("index", rest, axis=-rank - 1, at=used))
        used += 1
    return rows[0] if lag == 1 else apply("stack", *rows, axis=-rank - 1)


def from_starts(value: Node, states: Mapping[str, State]) -> Node:
    """A value that reads initial values where they are given: `h[0]` is `h0`.

    So an equation that runs with `h` may read `h[0]` without waiting for all steps of `h`.
    """

    def change(part: Node) -> Node | None:
        state = states.get(part["name"]) if part.op == "ref" and before(part["when"]) else None
        if state is None or state.initial is None:
            return None
        if state.lag == 1:
            return ref(state.initial, state.shape, place=part.place)
        rows = ref(state.initial, (size(state.lag), *state.shape), place=part.place)
        row = state.lag - abs(part["when"].offset)
        return apply("index", rows, axis=-rows.rank, at=row, place=part.place)

    return rebuild(value, change)
