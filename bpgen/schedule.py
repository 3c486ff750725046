"""From equations to an order of work: what runs once, over every step at once, or step by step.

Equations on a cycle of the dependence graph go into a loop, ascending if the cycle reads back in
time, descending if it reads ahead. All others run over every step at once. The largest parts inside
a loop that do not touch its cycle and are worth it (they hold a product, say) are lifted out. One
scheduler serves the forward and the backward equations; what the forward pass must keep falls out
as the forward names that backward equations mention.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bpgen.graph import Edge, ordered
from bpgen.ir import Cell, Equation, Pair, refs, walk
from bpgen.lift import dependences, lift, loops_of


@dataclass(frozen=True, slots=True)
class Block:
    """Equations that run together: `direction` is 1 or -1 for a loop, 0 for all steps at once."""

    direction: int
    equations: tuple[Equation, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """Blocks in their order. `storage` says of each target how it lives:

    "array" over all steps (or once), "local" within one step of a loop, "carry" from one step of
    a loop to the next, zero before the first.
    """

    blocks: tuple[Block, ...]
    storage: tuple[tuple[str, str], ...]

    @property
    def equations(self) -> tuple[Equation, ...]:
        return tuple(e for block in self.blocks for e in block.equations)


@dataclass(frozen=True, slots=True)
class Plan:
    """The order of work of a pair; `saved` names what backward reads of forward."""

    pair: Pair
    forward: Program
    backward: Program
    saved: tuple[str, ...]


class LoopError(Exception):
    """Equations that cannot be put in an order: the targets of a cycle, in its order."""

    def __init__(self, names: Sequence[str], reason: str) -> None:
        super().__init__(f"{' -> '.join([*names, names[0]])}: {reason}")
        self.names = tuple(names)


def schedule(pair: Pair) -> Plan:
    """Order both halves of a pair; lift, decide what is stored, and find what is kept between."""
    cell = pair.cell
    names = dict.fromkeys(
        [q.name for q in cell.given]
        + [*cell.sizes]
        + [e.target for e in (*cell.equations, *pair.forward, *pair.backward)]
        + [name for _, name in pair.cotangents]
    )
    forward = lift(pair.forward, starts(cell), names)
    backward = lift(pair.backward, {}, names)
    return arranged(replace(pair, forward=forward, backward=backward))


def starts(cell: Cell) -> dict[str, str | None]:
    """Of each state that starts from something: the quantity with its initial values."""
    return {s.name: s.initial for s in cell.states if s.initial}


def arranged(pair: Pair) -> Plan:
    """The plan of a pair whose equations stay as they are."""
    cell = pair.cell
    mentioned = {n["name"] for e in pair.backward for n in walk(e.value) if n.op == "ref"}
    given = [q.name for q in cell.given if q.role != "param"]
    saved = [n for n in [*given, *(e.target for e in pair.forward)] if n in mentioned]
    stored = {*cell.outputs, *saved, *(s.name for s in cell.states)}
    results = {name for _, name in pair.gradients if name}
    return Plan(
        pair,
        program(pair.forward, starts(cell), stored),
        program(pair.backward, {}, results),
        tuple(saved),
    )


def program(
    equations: Sequence[Equation], initial: dict[str, str | None], stored: Iterable[str]
) -> Program:
    """Blocks for equations whose targets in `stored` must outlive the loop they are made in."""
    edges = dependences(equations, initial)
    index = {e.target: i for i, e in enumerate(equations)}
    loops = loops_of(index, edges)
    looped = {name for loop in loops for name in loop}
    by_target = {e.target: e for e in equations}
    needs: dict[str, list[Edge]] = {name: [] for name in index}
    for edge in edges:
        needs[edge.reader].append(edge)
    done: set[str] = set()
    blocks: list[Block] = []

    def emit(names: Iterable[str]) -> None:
        wanted = {name: None for name in names if name not in done and name not in looped}
        inner = [e for name in wanted for e in needs[name] if e.target in wanted]
        order = ordered(wanted, inner)
        if order:
            blocks.append(Block(0, tuple(by_target[name] for name in order)))
            done.update(order)

    for loop in loops:  # they come in an order of dependence
        emit(sorted(_ancestors(loop, needs, done), key=index.__getitem__))
        members = set(loop)
        inside = [e for name in loop for e in needs[name] if e.target in members]
        order = _loop_order(loop, inside)
        blocks.append(Block(_direction(loop, inside), tuple(by_target[name] for name in order)))
        done.update(order)
    emit(index)
    return Program(tuple(blocks), _storage(blocks, set(stored), set(initial)))


# -- loops ----------------------------------------------------------------------------------------


def _direction(loop: Sequence[str], inside: Sequence[Edge]) -> int:
    if any(e.shift is None for e in inside):
        raise LoopError(loop, "all steps of one are needed for a single step of another")
    signs = {e.shift > 0 for e in inside if e.shift}
    if len(signs) != 1:
        raise LoopError(loop, "the cycle runs both ways" if signs else "a loop within one step")
    return -1 if signs.pop() else 1


def _loop_order(loop: Sequence[str], inside: Sequence[Edge]) -> list[str]:
    """The order within a step; what is handed on comes after what reads the last."""
    now = [e for e in inside if e.shift == 0]
    later = [Edge(e.target, e.reader, 0) for e in inside if e.shift and e.reader != e.target]
    for extra in (later, []):
        order = ordered(loop, [*now, *extra])
        if len(order) == len(loop):
            return order
    raise LoopError(loop, "a loop within one step")


def _ancestors(names: Iterable[str], needs: Mapping[str, list[Edge]], done: set[str]) -> set[str]:
    """What the names need and is not done; what is done has all that it needs done before it."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        for edge in needs[todo.pop()]:
            if edge.target not in found and edge.target not in done:
                found.add(edge.target)
                todo.append(edge.target)
    return found


# -- storage --------------------------------------------------------------------------------------


def _storage(
    blocks: Sequence[Block], stored: set[str], states: set[str]
) -> tuple[tuple[str, str], ...]:
    reads = _readings(blocks)
    result = []
    for i, block in enumerate(blocks):
        places = {e.target: place for place, e in enumerate(block.equations)}
        for equation in block.equations:
            name = equation.target
            if not block.direction or name in stored or name in states:
                result.append((name, "array"))
                continue
            found = [(reader, when, at == i) for reader, when, at in reads.get(name, ())]
            result.append((name, _kind_of_storage(name, found, places, block.direction)))
    return tuple(result)


def _readings(blocks: Sequence[Block]) -> dict[str, list[tuple[str, object, int]]]:
    """Of each name that is read: who reads it, when, and in which block."""
    found: dict[str, list[tuple[str, object, int]]] = {}
    for i, block in enumerate(blocks):
        for equation in block.equations:
            for node in refs(equation.value):
                found.setdefault(node["name"], []).append((equation.target, node["when"], i))
    return found


def _kind_of_storage(
    name: str, reads: Sequence[tuple[str, object, bool]], places: Mapping[str, int], direction: int
) -> str:
    if all(within and when == 0 for _, when, within in reads):
        return "local"
    last = [when for _, when, within in reads if not within]
    # after the loop a carry holds the value of the last step run
    end_is_last = all(_is_end(when, direction) for when in last)
    previous = [reader for reader, when, within in reads if within and when == -direction]
    only = all(when == -direction for _, when, within in reads if within)
    if only and end_is_last and all(places[reader] <= places[name] for reader in previous):
        return "carry"
    return "array"


def _is_end(when: object, direction: int) -> bool:
    anchor, offset = getattr(when, "anchor", None), getattr(when, "offset", None)
    return anchor == ("last" if direction > 0 else "first") and offset == 0
