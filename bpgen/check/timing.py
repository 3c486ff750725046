"""Who waits for whom: loops, the direction of each state, and how far back each is read.

Equations are the nodes of a graph, and every reading is an edge with its shift: `h[t-1]` is an edge
of -1. Equations that depend on themselves form a loop over time, which must have one direction.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bpgen.check.loops import Link, runs
from bpgen.check.scope import Reading, Scope
from bpgen.check.targets import Written
from bpgen.check.ways import instead
from bpgen.graph import components
from bpgen.ir import Fixed, Node, When
from bpgen.notation import when_text
from bpgen.report import Label


@dataclass(frozen=True, slots=True)
class Typed:
    """An equation with what it reads; `node` is None if a part of it was wrong."""

    written: Written
    node: Node | None
    reads: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """How a state runs: 1 up from step 1, -1 down from step T; `lag` steps are kept."""

    direction: int
    lag: int


def courses(equations: Sequence[Typed], scope: Scope) -> dict[str, Course]:
    """The direction and lag of each state. Loops that cannot run are reported."""
    graph = _graph(equations, scope)
    written = [equation.written for equation in equations]
    ways: dict[str, int] = {}
    every = [edge for edges in graph.values() for edge in edges]
    for component in components(graph, every):
        inside = set(component)
        edges = [e for user in component for e in graph[user] if e.target in inside]
        if edges:
            ways |= dict.fromkeys(component, runs(edges, written, scope))
    readings = [reading for equation in equations for reading in equation.reads]
    given = [
        Reading(e.written.name, e.written.when, e.written.place)
        for e in equations
        if isinstance(e.written.when, Fixed)
    ]
    return {
        symbol.name: _course(symbol.name, ways, readings, given, scope)
        for symbol in scope.table.symbols.values()
        if symbol.role == "state"
    }


# -- the graph ------------------------------------------------------------------------------------


def _start(name: str) -> str:
    """The node for the initial values of a state."""
    return f"{name}[0]"


def before(when: When) -> bool:
    """Whether a fixed step lies outside 1 to T, where only initial values are."""
    if not isinstance(when, Fixed):
        return False
    return when.offset < 0 if when.anchor == "first" else when.offset > 0


def _graph(equations: Sequence[Typed], scope: Scope) -> dict[str, list[Link]]:
    graph: dict[str, list[Link]] = {}
    for equation in equations:
        name = equation.written.name
        user = _start(name) if isinstance(equation.written.when, Fixed) else name
        graph.setdefault(user, [])
    for equation in equations:
        name = equation.written.name
        user = _start(name) if isinstance(equation.written.when, Fixed) else name
        for reading in equation.reads:
            graph[user] += [e for e in _edges(user, reading) if e.target in graph]
    return graph


def _edges(user: str, reading: Reading) -> Iterator[Link]:
    name, when, place = reading.name, reading.when, reading.place
    if before(when):
        yield Link(user, _start(name), None, place)
        return
    shift = None if isinstance(when, Fixed) or reading.whole else when or 0
    yield Link(user, name, shift, place)
    if when:
        yield Link(user, _start(name), None, place)


# -- states ---------------------------------------------------------------------------------------


def _course(
    name: str,
    ways: Mapping[str, int],
    readings: Sequence[Reading],
    given: Sequence[Reading],
    scope: Scope,
) -> Course:
    """A state on a loop runs as the loop does; one that is not runs so that its readings exist."""
    own = [r for r in (*readings, *given) if r.name == name]
    ahead = [r for r in own if _distance(r.when, -1) > 0]
    back = [r for r in own if _distance(r.when, 1) > 0]
    direction = ways.get(name) or (-1 if ahead and not back else 1)
    for reading in own:
        if before(reading.when) and _distance(reading.when, direction) <= 0:
            up = direction > 0
            start = f"{name}[0]" if up else f"{name}[T+1]"
            way = "up from step 1" if up else "down from step T"
            message = f"`{name}` runs {way}, so it has no value on this side"
            whole = scope.table.source.quote(reading.place)
            repairs = [instead(reading.place, start, ", its initial value")]
            repairs = repairs if whole.count("[") == 1 else []
            helps = [] if repairs else [f"its initial value is `{start}`"]
            others = [Label(scope.table.symbols[name].place, f"`{name}` is declared here")]
            scope.report(
                "BP312", message, reading.place, others=others, helps=helps, repairs=repairs
            )
    _kept([r for r in own if r not in given], [r for r in own if r in given], direction, scope)
    return Course(direction, max([_distance(r.when, direction) for r in own], default=0))


def _kept(
    readings: Sequence[Reading], given: Sequence[Reading], direction: int, scope: Scope
) -> None:
    """Report fixed steps, `h[-1]`, before all that equations read from a step, or give."""
    needed = [r for r in readings if isinstance(r.when, int)]
    lag = max([1, *(_distance(r.when, direction) for r in (*needed, *given))])
    for reading in readings:
        if isinstance(reading.when, Fixed) and _distance(reading.when, direction) > lag:
            name, far = reading.name, when_text(reading.when)
            steps = "one step" if lag == 1 else f"{lag} steps"
            way = "back" if direction > 0 else "ahead"
            message = f"`{name}{far}` does not exist: `{name}` is read at most {steps} {way}"
            shift = when_text(-direction * _distance(reading.when, direction))
            helps = [f"give it, `{name}{far} = ...`, or read `{name}{shift}` in an equation"]
            scope.report("BP312", message, reading.place, helps=helps)


def _distance(when: When, direction: int) -> int:
    """How many steps before its first a state must be known for a reading; 0 if none."""
    if isinstance(when, Fixed):
        up = when.anchor == "first"
        if up != (direction > 0):
            return 0
        return max(0, -when.offset if up else when.offset)
    return max(0, -when * direction) if when else 0
