"""Who waits for whom: loops, the direction of each state, and how far back each is read.

Equations are the nodes of a graph, and every reading is an edge with its shift: `h[t-1]` is an edge
of -1. Equations that depend on themselves form a loop over time, which must have one direction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bpgen.check.paths import way
from bpgen.check.scope import Reading, Scope
from bpgen.check.targets import Written
from bpgen.graph import Edge, components
from bpgen.ir import Fixed, Node, When
from bpgen.notation import when_text
from bpgen.report import Label
from bpgen.sizes import shape_text
from bpgen.source import Span


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


@dataclass(frozen=True, slots=True)
class _Edge(Edge):
    """A reading, with its place. The shift is None if it is of all steps at once or of one step."""

    place: Span


def courses(equations: Sequence[Typed], scope: Scope) -> dict[str, Course]:
    """The direction and lag of each state. Loops that cannot run are reported."""
    graph = _graph(equations, scope)
    ways: dict[str, int] = {}
    every = [edge for edges in graph.values() for edge in edges]
    for component in components(graph, every):
        inside = set(component)
        edges = [e for user in component for e in graph[user] if e.target in inside]
        if edges:
            ways |= dict.fromkeys(component, _direction(edges, scope))
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


def _graph(equations: Sequence[Typed], scope: Scope) -> dict[str, list[_Edge]]:
    graph: dict[str, list[_Edge]] = {}
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


def _edges(user: str, reading: Reading) -> Iterator[_Edge]:
    name, when, place = reading.name, reading.when, reading.place
    if before(when):
        yield _Edge(user, _start(name), None, place)
        return
    shift = None if isinstance(when, Fixed) or reading.whole else when or 0
    yield _Edge(user, name, shift, place)
    if when:
        yield _Edge(user, _start(name), None, place)


# -- loops ----------------------------------------------------------------------------------------


def _direction(edges: Sequence[_Edge], scope: Scope) -> int:
    """Which way a loop runs; reports what keeps it from running."""
    symbols = scope.table.symbols
    at_once = [e for e in edges if e.shift == 0]
    ahead = [e for e in edges if e.shift and e.shift > 0]
    back = [e for e in edges if e.shift and e.shift < 0]
    if loop := _loop_at_once(at_once):
        _report_at_once(loop, scope)
    elif whole := [e for e in edges if e.shift is None or not _timed(e.target, scope)]:
        loop = _loop(whole[0], edges)
        message = f"{_path(loop)}: this needs all steps of itself at once"
        helps = ["a sum over t, or a fixed step, cannot be part of what it is made of"]
        scope.report("BP306", message, whole[0].place, others=_labels(loop[1:]), helps=helps)
    elif ahead and back:
        loop = _round(back[0], ahead[0], edges)
        message = f"this loop runs both ways in time: {_path(loop)}"
        helps = ["read back only, `[t-k]`, or ahead only, `[t+k]`, all the way round"]
        place = next(e for e in loop if e in ahead)
        others = _labels(e for e in loop if e is not place)
        scope.report("BP301", message, place.place, "reads ahead", others=others, helps=helps)
    else:
        for name in dict.fromkeys(e.target for e in edges if e.shift):
            if name in symbols and symbols[name].role != "state":
                _not_a_state([e for e in edges if e.shift and e.target == name], scope)
    return 1 if back else -1


def _timed(node: str, scope: Scope) -> bool:
    symbol = scope.table.symbols.get(node)
    return symbol is not None and symbol.timed


def _loop_at_once(edges: Sequence[_Edge]) -> list[_Edge]:
    """A loop among edges that take no time, if there is one."""
    names = dict.fromkeys(name for edge in edges for name in (edge.reader, edge.target))
    groups = enumerate(components(names, edges))
    group = {name: place for place, members in groups for name in members}
    inside = [e for e in edges if group[e.reader] == group[e.target]]
    return _loop(inside[0], inside) if inside else []


def _loop(edge: _Edge, edges: Sequence[_Edge]) -> list[_Edge]:
    """A shortest loop through an edge, that edge first."""
    return [edge, *_way(edge.target, edge.reader, edges)]


def _round(first: _Edge, second: _Edge, edges: Sequence[_Edge]) -> list[_Edge]:
    """A loop through two edges."""
    there = _way(first.target, second.reader, edges)
    return [first, *there, second, *_way(second.target, first.reader, edges)]


def _way(start: str, end: str, edges: Sequence[_Edge]) -> list[_Edge]:
    uses: dict[str, list[str]] = {}
    for edge in edges:
        uses.setdefault(edge.reader, []).append(edge.target)
    path = way(uses, start, end)
    pairs = list(pairwise(path))
    return [next(e for e in edges if (e.reader, e.target) == pair) for pair in pairs]


def _path(loop: Sequence[_Edge]) -> str:
    """`h[t] → a[t] → h[t]`, with the shifts that are read."""

    def shown(edge: _Edge) -> str:
        return f"{edge.target}[t{edge.shift:+d}]" if edge.shift else edge.target

    return " → ".join([loop[0].reader, *map(shown, loop)])


def _labels(loop: Iterable[_Edge]) -> list[Label]:
    return [Label(e.place, f"`{e.reader}` reads `{e.target}` here") for e in loop]


def _report_at_once(loop: Sequence[_Edge], scope: Scope) -> None:
    names = [f"`{edge.reader}`" for edge in loop]
    last = loop[-1]
    if len(names) == 1:
        message = f"{names[0]} needs itself within one step: {_path(loop)}"
    else:
        both = f"{', '.join(names[:-1])} and {names[-1]}"
        message = f"{both} need each other within one step: {_path(loop)}"
    helps = []
    if _timed(last.target, scope):
        helps = [f"read one from the step before: `{last.target}[t-1]`"]
    label = f"`{loop[0].reader}` reads `{loop[0].target}` here"
    others = _labels(loop[1:])
    scope.report("BP303", message, loop[0].place, label, others=others, helps=helps)


def _not_a_state(edges: Sequence[_Edge], scope: Scope) -> None:
    """Report a name that is read at other steps and depends on itself, once for all readings."""
    name = edges[0].target
    symbol = scope.table.symbols[name]
    shift = edges[0].shift or 0
    step = f"{name}[t{shift:+d}]"
    end = "first" if shift < 0 else "last"
    shape = shape_text(symbol.shape) if symbol.shape is not None else "(...)"
    message = f"`{step}` has no value at the {end} step: `{name}` depends on it and is no state"
    helps = [f"declare it: `state {name}[t] : {shape}`"]
    others = [Label(symbol.place, f"`{name}` is set here")]
    others += [Label(edge.place, "and read here") for edge in edges[1:4]]
    scope.report("BP302", message, edges[0].place, others=others, helps=helps)


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
            helps = [f"its initial value is `{start}`"]
            scope.report("BP312", message, reading.place, helps=helps)
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
