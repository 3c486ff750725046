"""Loops over time: which way each runs, and what keeps those that cannot run from running."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bpgen.check import wanted
from bpgen.check.paths import way
from bpgen.check.scope import Scope
from bpgen.check.targets import Written
from bpgen.check.ways import as_state
from bpgen.graph import Edge, components
from bpgen.report import Edit, Label, Repair
from bpgen.source import Span


@dataclass(frozen=True, slots=True)
class Link(Edge):
    """A reading, with its place. The shift is None if it is of all steps at once or of one step."""

    place: Span


def runs(edges: Sequence[Link], equations: Sequence[Written], scope: Scope) -> int:
    """Which way a loop runs; reports what keeps it from running."""
    symbols = scope.table.symbols
    at_once = [e for e in edges if e.shift == 0]
    ahead = [e for e in edges if e.shift and e.shift > 0]
    back = [e for e in edges if e.shift and e.shift < 0]
    if loop := _loop_at_once(at_once):
        _report_at_once(loop, equations, scope)
    elif whole := [e for e in edges if e.shift is None or not _timed(e.target, scope)]:
        loop = _loop(whole[0], edges)
        message = f"{_path(loop)}: this needs all steps of itself at once"
        helps = ["a sum over t, or a fixed step, cannot be part of what it is made of"]
        others = [*_labels(loop[1:]), *_declared(loop, scope)]
        scope.report("BP306", message, whole[0].place, others=others, helps=helps)
    elif ahead and back:
        loop = _round(back[0], ahead[0], edges)
        readings = ", ".join(f"`{e.reader}` reads `{_read(e)}`" for e in loop)
        message = f"this loop runs both ways in time: {readings}"
        helps = [
            "read back only, `[t-k]`, or ahead only, `[t+k]`, all the way round; "
            "two directions are two states, and a third equation joins them"
        ]
        place = next(e for e in loop if e in ahead)
        others = [*_labels(e for e in loop if e is not place), *_declared(loop, scope)]
        scope.report("BP301", message, place.place, "reads ahead", others=others, helps=helps)
    else:
        for name in dict.fromkeys(e.target for e in edges if e.shift):
            if name in symbols and symbols[name].role != "state":
                own = [e for e in edges if e.shift and e.target == name]
                _not_a_state(own, equations, scope)
    return 1 if back else -1


def _timed(node: str, scope: Scope) -> bool:
    symbol = scope.table.symbols.get(node)
    return symbol is not None and symbol.timed


def _loop_at_once(edges: Sequence[Link]) -> list[Link]:
    """A loop among edges that take no time, if there is one."""
    names = dict.fromkeys(name for edge in edges for name in (edge.reader, edge.target))
    groups = enumerate(components(names, edges))
    group = {name: place for place, members in groups for name in members}
    inside = [e for e in edges if group[e.reader] == group[e.target]]
    return _loop(inside[0], inside) if inside else []


def _loop(edge: Link, edges: Sequence[Link]) -> list[Link]:
    """A shortest loop through an edge, that edge first."""
    return [edge, *_way(edge.target, edge.reader, edges)]


def _round(first: Link, second: Link, edges: Sequence[Link]) -> list[Link]:
    """A loop through two edges."""
    there = _way(first.target, second.reader, edges)
    return [first, *there, second, *_way(second.target, first.reader, edges)]


def _way(start: str, end: str, edges: Sequence[Link]) -> list[Link]:
    uses: dict[str, list[str]] = {}
    for edge in edges:
        uses.setdefault(edge.reader, []).append(edge.target)
    path = way(uses, start, end)
    pairs = list(pairwise(path))
    return [next(e for e in edges if (e.reader, e.target) == pair) for pair in pairs]


def _path(loop: Sequence[Link]) -> str:
    """`h[t] → a[t] → h[t]`, with the shifts that are read."""

    return " → ".join([loop[0].reader, *map(_read, loop)])


def _read(edge: Link) -> str:
    """What an equation reads, with its step if that is another one."""
    return f"{edge.target}[t{edge.shift:+d}]" if edge.shift else edge.target


def _labels(loop: Iterable[Link]) -> list[Label]:
    return [Label(e.place, f"`{e.reader}` reads `{_read(e)}` here") for e in loop]


def _declared(loop: Iterable[Link], scope: Scope) -> list[Label]:
    """Where the states of a loop are declared."""
    symbols = [scope.table.symbols.get(name) for name in dict.fromkeys(e.target for e in loop)]
    states = [symbol for symbol in symbols if symbol and symbol.role == "state"]
    return [Label(symbol.place, f"`{symbol.name}` is declared here") for symbol in states]


def _report_at_once(loop: Sequence[Link], equations: Sequence[Written], scope: Scope) -> None:
    names = [f"`{edge.reader}`" for edge in loop]
    if len(names) == 1:
        message = f"{names[0]} needs itself within one step: {_path(loop)}"
    else:
        both = f"{', '.join(names[:-1])} and {names[-1]}"
        message = f"{both} need each other within one step: {_path(loop)}"
    label = f"`{loop[0].reader}` reads `{loop[0].target}` here"
    others = [*_labels(loop[1:]), *_declared(loop, scope)]
    timed = [edge for edge in (*loop[1:], loop[0]) if _timed(edge.target, scope)]
    states = [edge for edge in timed if scope.table.symbols[edge.target].role == "state"]
    ways = [way for edge in states or timed for way in _lagged(edge, equations, scope)]
    helps = [] if timed else ["an equation cannot be made of its own result"]
    scope.report("BP303", message, loop[0].place, label, others=others, helps=helps, repairs=ways)


def _lagged(edge: Link, equations: Sequence[Written], scope: Scope) -> Iterator[Repair]:
    """The step before in the place of this one; what is no state must become one."""
    name = edge.target
    start = edge.place.start + len(name)
    if not scope.table.source.quote(edge.place).startswith(f"{name}[t]"):
        return
    back = Edit(Span(start, start + len("[t]")), "[t-1]")
    do = f"read `{name}[t-1]`, the step before"
    if scope.table.symbols[name].role == "state":
        yield Repair(do, (back,))
    else:
        shapes = wanted.shapes(name, equations, scope)
        yield from as_state(scope, name, back, do=do, wanted=shapes)


def _not_a_state(edges: Sequence[Link], equations: Sequence[Written], scope: Scope) -> None:
    """Report a name that is read at other steps and depends on itself, once for all readings."""
    name = edges[0].target
    symbol = scope.table.symbols[name]
    shift = edges[0].shift or 0
    step = f"{name}[t{shift:+d}]"
    end = "first" if shift < 0 else "last"
    message = f"`{step}` has no value at the {end} step: `{name}` depends on it and is no state"
    given = f"{name}[0]" if shift < 0 else f"{name}[T+1]"
    notes = [f"a state starts from zeros, from the argument `{name}0`, or from `{given} = ...`"]
    others = [Label(symbol.place, f"`{name}` is set here")]
    others += [Label(edge.place, "and read here") for edge in edges[1:4]]
    shapes = wanted.shapes(name, equations, scope)
    ways = list(as_state(scope, name, wanted=shapes))
    scope.report("BP302", message, edges[0].place, others=others, notes=notes, repairs=ways)
