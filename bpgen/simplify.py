"""Backward equations as a person would have left them: a table of rewrites, names for what is used
twice, and nothing that nobody reads.

In this order: the table, on every part, until nothing changes; equations that only rename another
are replaced by it; what the backward pass wants of the forward one, and is dear, gets a name there;
what several equations compute alike gets a name; what no result needs is dropped.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace
from heapq import heappop, heappush

from bpgen.apart import by_term
from bpgen.ir import Equation, Node, Pair, apply, rebuild, ref, walk
from bpgen.parts import called, holding, is_heavy, is_light, is_ref
from bpgen.rewrites import rewrite
from bpgen.shared import shared
from bpgen.sizes import ONE
from bpgen.standing import Standing


def simplify(pair: Pair) -> Pair:
    """The same results from fewer and plainer equations."""
    simplexes = {q.name: q.simplex for q in pair.cell.given if q.simplex is not None}
    plain = _exponentials(pair)
    pair = _each(pair, lambda value: rewrite(rebuild(value, plain), simplexes))
    names = _names(pair)
    pair = by_term(pair, names, lambda pair, stay: _without_renamings(pair, simplexes, stay))
    pair = _each(pair, lambda value: rewrite(value, simplexes))
    pair = by_term(pair, names, lambda pair, _: _named(pair))
    return _read(pair)


def _named(pair: Pair) -> Pair:
    """Names for what is dear: of the forward pass, and of what stands in several places."""
    pair = _kept(pair)
    pair = _each(pair, lambda value: rebuild(value, _sign_of_relu))
    return _shared(pair)


def _each(pair: Pair, change: Callable[[Node], Node]) -> Pair:
    """Change every backward equation; forward ones stay as they were written."""
    return replace(pair, backward=tuple(replace(e, value=change(e.value)) for e in pair.backward))


def _exponentials(pair: Pair) -> Callable[[Node], Node | None]:
    """exp(log_softmax(z)) is softmax(z), which has a name if the spec gave it one."""
    values = {e.target: e.value for e in pair.forward}

    def change(node: Node) -> Node | None:
        if node.op != "exp":
            return None
        (a,) = node.args
        if a.op == "ref" and a["when"] in (0, None):
            a = values.get(a["name"], a)
        made = apply("softmax", a.args[0], axis=a["axis"]) if a.op == "log_softmax" else None
        return replace(made, place=node.place) if made and made in values.values() else None

    return change


def _names(pair: Pair) -> dict[str, None]:
    cell = pair.cell
    names = [q.name for q in cell.given] + [*cell.sizes, "T", "t"]
    names += [e.target for e in (*cell.equations, *pair.forward, *pair.backward)]
    return dict.fromkeys(names + [name for _, name in pair.cotangents])


# -- renamings ------------------------------------------------------------------------------------


SCALED = 20  # parts of a multiple, at most: a thousand, one of the other, nest deeper than Python


class _Lines:
    """The backward equations, and of each name the equations that read it, in any order."""

    def __init__(self, equations: Iterable[Equation]) -> None:
        self.equations: list[Equation | None] = list(equations)  # None: replaced
        self.index = {e.target: i for i, e in enumerate(equations)}
        self._readers: dict[str, set[int]] = {}
        for i in self.index.values():
            self._read(i)

    def readers(self, name: str) -> list[Equation]:
        """The equations that read a name, in order."""
        found = [self.equations[i] for i in sorted(self._readers.get(name, ()))]
        return [equation for equation in found if equation]

    def replace(self, gone: Equation) -> set[int]:
        """Drop an equation, and read its value where it was read.

        Returns the places of those that read it, and of those that it read: to look at again.
        """
        place = self.index.pop(gone.target)
        self.equations[place] = None
        read = _reads_of(gone.value)
        for name in read:
            self._readers[name].discard(place)
        changed = self._readers.pop(gone.target, set()) - {place}
        for i in changed:
            if equation := self.equations[i]:
                value = rebuild(equation.value, _instead(gone))
                self.equations[i] = replace(equation, value=value)
                self._read(i)
        return changed | {self.index[name] for name in read if name in self.index}

    def _read(self, i: int) -> None:
        equation = self.equations[i]
        for name in _reads_of(equation.value) if equation else ():
            self._readers.setdefault(name, set()).add(i)


def _instead(gone: Equation) -> Callable[[Node], Node | None]:
    """What reads the value of an equation where its name was read."""
    value = gone.value

    def change(node: Node) -> Node | None:
        if not _reads(node, gone.target):
            return None
        if value.op == "ref" and value["when"] is not None:
            return ref(value["name"], node.shape, node["when"], node.kind, node.place)
        return value

    return change


def _without_renamings(
    pair: Pair, simplexes: Mapping[str, int | None], stay: Container[str]
) -> Pair:
    """Drop backward equations that rename or scale one thing, reading it where they were read.

    Not those that `stay`. So too a multiple of what sums to one, where its sum is wanted: that is
    the multiple alone. The first such equation goes first, and then those are looked at again that
    this may have changed.
    """
    results = {name for _, name in pair.gradients}
    lines = _Lines(pair.backward)
    waiting = list(range(len(pair.backward)))  # in order, so that it is a heap
    while waiting:
        place = heappop(waiting)
        equation = lines.equations[place]
        if equation is None or equation.target in results or equation.target in stay:
            continue
        readers = lines.readers(equation.target)
        if _renames(equation, readers) or _is_summed(equation, readers, simplexes):
            for again in sorted(lines.replace(equation)):
                heappush(waiting, again)
    return replace(pair, backward=tuple(e for e in lines.equations if e))


def _renames(equation: Equation, readers: Iterable[Equation]) -> bool:
    value = equation.value
    parts = tuple(walk(value))
    if not _scales(value) or len(parts) > SCALED or any(_reads(n, equation.target) for n in parts):
        return False
    reads = [n["when"] for e in readers for n in walk(e.value) if _reads(n, equation.target)]
    return all(when in (0, None) for when in reads) or (value.op == "ref" and value["when"] == 0)


def _scales(value: Node) -> bool:
    """A name, its negative, or either times a number; nothing that another step is asked for."""
    if value.op == "ref":
        return value["when"] in (0, None)
    if value.op == "multiply":
        return all(_scales(arg) for arg in value.args) and any(arg.rank == 0 for arg in value.args)
    return value.op in ("negate", "expand") and _scales(value.args[0])


def _is_summed(
    equation: Equation, readers: Iterable[Equation], simplexes: Mapping[str, int | None]
) -> bool:
    value = equation.value.args[0] if equation.value.op == "negate" else equation.value
    factors = value.args if value.op == "multiply" else ()
    if not any(f.op == "ref" and f["name"] in simplexes for f in factors):
        return False
    parts = [part for e in readers for part in walk(e.value)]
    reads = [part["when"] for part in parts if _reads(part, equation.target)]
    summed = any(part.op == "sum" and _reads(part.args[0], equation.target) for part in parts)
    own = [part for part in walk(value) if part.op == "ref"]
    return summed and all(when == 0 for when in [*reads, *(p["when"] for p in own if p.timed)])


def _reads(node: Node, name: str) -> bool:
    return node.op == "ref" and bool(node["name"] == name)


# -- what the backward pass wants of the forward pass ---------------------------------------------


def _kept(pair: Pair) -> Pair:
    """Name the dear parts of forward equations that backward equations mention."""
    parts = {part: e for e in reversed(pair.forward) for part in walk(e.value)}
    whole = {e.value: e for e in reversed(pair.forward)}
    names = _names(pair)
    forward, backward = Standing(pair.forward), Standing(pair.backward)
    for node in _wanted(pair, parts):
        if node in whole:
            forward.name(node, whole[node].target, placed=True)
            backward.name(node, whole[node].target, placed=True)
            continue
        owner = parts[node].target if node in parts else _reads_of(node)[0]
        name = called(node, owner, names)
        names[name] = None
        if node not in parts:  # smaller than what it is made of: forward keeps it instead
            forward.append(Equation(name, node, node.timed, node.place))
        placed = bool(forward.name(node, name, placed=node not in parts)) or node not in parts
        backward.name(node, name, placed=placed)
    return replace(pair, forward=forward.equations(), backward=backward.equations())


def _wanted(pair: Pair, parts: Container[Node]) -> Iterable[Node]:
    """The largest dear parts of backward equations that the forward pass can make, in order."""
    theirs = {e.target for e in pair.backward} | {name for _, name in pair.cotangents}
    wanted: dict[Node, None] = {}
    for equation in pair.backward:
        value = equation.value
        late = holding(value, lambda n: n.op == "ref" and n["name"] in theirs)
        dear = (holding(value, is_heavy) & holding(value, is_ref)) - late
        seen: set[Node] = set()
        todo = [value]
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen.add(node)
            if node in dear and not is_light(node) and (node in parts or _narrows(node)):
                wanted[node] = None
            else:
                todo += reversed(node.args)
    return wanted


def _sign_of_relu(node: Node) -> Node | None:
    """relu(a) > 0 where a > 0: the argument tells as much, where no name keeps the result."""
    if node.op != "greater" or node.args[0].op != "relu":
        return None
    return apply("greater", node.args[0].args[0], node.args[1], place=node.place)


def _narrows(node: Node) -> bool:
    """Whether a part of forward quantities is smaller than all that it reads in time."""
    reads = [n for n in walk(node) if n.op == "ref" and n.timed]
    wide = [sum(size != ONE for size in n.shape) for n in reads]
    return node.timed and bool(wide) and sum(size != ONE for size in node.shape) < min(wide)


def _reads_of(node: Node) -> list[str]:
    return [n["name"] for n in walk(node) if n.op == "ref"]


def _shared(pair: Pair) -> Pair:
    """Name dear parts that stand in several places of either pass."""
    names = _names(pair)
    forward = shared(pair.forward, names)
    return replace(pair, forward=forward, backward=shared(pair.backward, names))


# -- what nobody reads ----------------------------------------------------------------------------


def _read(pair: Pair) -> Pair:
    """Only what leads to a gradient or to something returned."""
    results = [name for _, name in pair.gradients if name]
    backward = _reached(pair.backward, results, {})
    mentioned = [n["name"] for e in backward for n in walk(e.value) if n.op == "ref"]
    initial: dict[str, str | None] = {s.name: s.initial for s in pair.cell.states if s.initial}
    forward = _reached(pair.forward, [*pair.cell.outputs, *mentioned], initial)
    return replace(pair, forward=forward, backward=backward)


def _reached(
    equations: tuple[Equation, ...], roots: Iterable[str], initial: dict[str, str | None]
) -> tuple[Equation, ...]:
    by_target = {e.target: e for e in equations}
    found: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        if initial.get(name):
            todo.append(initial[name] or "")
        if name in by_target:
            todo += [n["name"] for n in walk(by_target[name].value) if n.op == "ref"]
    return tuple(e for e in equations if e.target in found)
