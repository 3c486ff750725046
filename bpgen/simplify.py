"""Backward equations as a person would have left them: a table of rewrites, names for what is used
twice, and nothing that nobody reads.

In this order: the table, on every part, until nothing changes; equations that only rename another are
replaced by it; what the backward pass wants of the forward one, and is dear, gets a name there; what
several equations compute alike gets a name; what no result needs is dropped.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from bpgen.adjoint import hint
from bpgen.ir import OPERATORS, Equation, Node, Pair, fresh, rebuild, ref, walk
from bpgen.rewrites import rewrite

_LIGHT = ("add", "subtract", "multiply", "divide", "negate", "power")


def simplify(pair: Pair) -> Pair:
    """The same results from fewer and plainer equations."""
    simplexes = {q.name: q.simplex for q in pair.cell.given if q.simplex is not None}
    pair = _each(pair, lambda value: rewrite(value, simplexes))
    pair = _without_renamings(pair)
    pair = _each(pair, lambda value: rewrite(value, simplexes))
    pair = _kept(pair)
    pair = _shared(pair)
    return _read(pair)


def _each(pair: Pair, change: Callable[[Node], Node]) -> Pair:
    return replace(
        pair,
        forward=tuple(replace(e, value=change(e.value)) for e in pair.forward),
        backward=tuple(replace(e, value=change(e.value)) for e in pair.backward),
    )


def _names(pair: Pair) -> dict[str, None]:
    cell = pair.cell
    names = [q.name for q in cell.given] + [*cell.sizes, "T", "t"]
    names += [e.target for e in (*cell.equations, *pair.forward, *pair.backward)]
    return dict.fromkeys(names + [name for _, name in pair.cotangents])


# -- renamings ------------------------------------------------------------------------------------


def _without_renamings(pair: Pair) -> Pair:
    """Drop backward equations `q[t] = r[t]`, reading r where q was read."""
    results = {name for _, name in pair.gradients}
    changed = True
    while changed:
        changed = False
        for equation in pair.backward:
            if equation.target not in results and _renames(equation, pair.backward):
                pair = _replaced(pair, equation)
                changed = True
                break
    return pair


def _renames(equation: Equation, everything: Iterable[Equation]) -> bool:
    value = equation.value
    if value.op != "ref" or value.shape != equation.shape or value["name"] == equation.target:
        return False
    if equation.timed and value["when"] == 0:
        return True
    if equation.timed and value["when"] is None:  # the same at every step, but zero outside
        reads = [n for e in everything for n in walk(e.value) if _reads(n, equation.target)]
        return all(n["when"] == 0 for n in reads)
    return not equation.timed and value["when"] is None


def _reads(node: Node, name: str) -> bool:
    return node.op == "ref" and bool(node["name"] == name)


def _replaced(pair: Pair, gone: Equation) -> Pair:
    value = gone.value

    def change(node: Node) -> Node | None:
        if not _reads(node, gone.target):
            return None
        when = node["when"] if value["when"] is not None else None
        return ref(value["name"], node.shape, when, node.kind, node.place)

    kept = tuple(e for e in pair.backward if e is not gone)
    return replace(
        pair, backward=tuple(replace(e, value=rebuild(e.value, change)) for e in kept)
    )


# -- what the backward pass wants of the forward pass ---------------------------------------------


def _kept(pair: Pair) -> Pair:
    """Name the dear parts of forward equations that backward equations mention."""
    backward = {e.target for e in pair.backward} | {name for _, name in pair.cotangents}
    parts = {part: e for e in reversed(pair.forward) for part in walk(e.value)}
    whole = {e.value: e for e in reversed(pair.forward)}
    wanted: dict[Node, None] = {}

    def search(node: Node) -> None:
        ours = all(n["name"] not in backward for n in walk(node) if n.op == "ref")
        if ours and node in parts and _dear(node) and not _slight(node):
            wanted[node] = None
            return
        for arg in node.args:
            search(arg)

    for equation in pair.backward:
        search(equation.value)
    names = _names(pair)
    for node in wanted:
        if node in whole:
            pair = _named(pair, node, whole[node].target, made=False)
        else:
            name = fresh(hint(node, parts[node].target), names)
            names[name] = None
            pair = _named(pair, node, name, made=True)
    return pair


def _dear(node: Node) -> bool:
    """Whether computing a part again would cost more than reading it back."""
    return any(is_heavy(part) for part in walk(node)) and any(n.op == "ref" for n in walk(node))


def is_heavy(node: Node) -> bool:
    if node.op == "power" and node.args[1].op == "number":
        return node.args[1]["value"] not in (1, 2)
    return node.op in OPERATORS and bool(OPERATORS[node.op].facts.get("heavy"))


def _slight(node: Node) -> bool:
    """A dear part and little around it: better to name the dear part."""
    if node.op in ("newaxis", "slice", "index", "transpose", "cast", "expand", "row", "reshape"):
        return True
    named = [arg for arg in node.args if arg.op not in ("number", "size")]
    return node.op in _LIGHT and len(named) == 1


def _named(pair: Pair, node: Node, name: str, *, made: bool) -> Pair:
    """Read `name` wherever `node` stands; `made` puts its equation before the first that uses it."""
    reading = ref(name, node.shape, 0 if node.timed else None, node.kind, node.place)

    def change(part: Node) -> Node | None:
        return reading if part == node else None

    forward: list[Equation] = []
    placed = not made
    for equation in pair.forward:
        if equation.target == name:
            forward.append(equation)
            continue
        value = rebuild(equation.value, change)
        if not placed and value != equation.value:
            forward.append(Equation(name, node, node.timed, node.place or equation.place))
            placed = True
        forward.append(replace(equation, value=value))
    backward: list[Equation] = []
    for equation in pair.backward:
        value = rebuild(equation.value, change) if equation.target != name else equation.value
        if not placed and value != equation.value:
            backward.append(Equation(name, node, node.timed, node.place or equation.place))
            placed = True
        backward.append(replace(equation, value=value))
    return replace(pair, forward=tuple(forward), backward=tuple(backward))


# -- what several equations compute alike ---------------------------------------------------------


def _shared(pair: Pair) -> Pair:
    """Name dear parts that stand in several places, the largest first."""
    names = _names(pair)
    while True:
        counts: dict[Node, int] = {}
        owner: dict[Node, str] = {}
        for equation in (*pair.forward, *pair.backward):
            for node in walk(equation.value):
                for arg in node.args:
                    counts[arg] = counts.get(arg, 0) + 1
                    owner.setdefault(arg, equation.target)
        twice = [
            n for n, count in counts.items() if count > 1 and is_heavy(n) and _dear(n) and _plain(n)
        ]
        if not twice:
            return pair
        node = max(twice, key=lambda n: sum(1 for _ in walk(n)))
        name = fresh(hint(node, owner[node]), names)
        names[name] = None
        pair = _named(pair, node, name, made=True)


def _plain(node: Node) -> bool:
    return node.kind == "real" and node.op not in ("zeros", "ones", "eye")


# -- what nobody reads ----------------------------------------------------------------------------


def _read(pair: Pair) -> Pair:
    """Only what leads to a gradient or to something returned."""
    results = [name for _, name in pair.gradients if name]
    backward = _reached(pair.backward, results, {})
    mentioned = [n["name"] for e in backward for n in walk(e.value) if n.op == "ref"]
    initial = {s.name: s.initial for s in pair.cell.states if s.initial}
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
