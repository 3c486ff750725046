"""Backward equations as a person would have left them: a table of rewrites, names for what is used
twice, and nothing that nobody reads.

In this order: the table, on every part, until nothing changes; equations that only rename another
are replaced by it; what the backward pass wants of the forward one, and is dear, gets a name there;
what several equations compute alike gets a name; what no result needs is dropped.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from bpgen.ir import Equation, Node, Pair, apply, rebuild, ref, walk
from bpgen.parts import called, is_dear, is_light, named, shared
from bpgen.rewrites import rewrite
from bpgen.sizes import ONE


def simplify(pair: Pair) -> Pair:
    """The same results from fewer and plainer equations."""
    simplexes = {q.name: q.simplex for q in pair.cell.given if q.simplex is not None}
    plain = _exponentials(pair)
    pair = _each(pair, lambda value: rewrite(rebuild(value, plain), simplexes))
    pair = _without_renamings(pair)
    pair = _each(pair, lambda value: rewrite(value, simplexes))
    pair = _kept(pair)
    pair = _each(pair, lambda value: rebuild(value, _sign_of_relu))
    pair = _shared(pair)
    return _read(pair)


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


def _without_renamings(pair: Pair) -> Pair:
    """Drop backward equations that rename or scale one thing, reading it where they were read."""
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
    if not _scales(value) or any(_reads(n, equation.target) for n in walk(value)):
        return False
    reads = [n["when"] for e in everything for n in walk(e.value) if _reads(n, equation.target)]
    return all(when in (0, None) for when in reads) or (value.op == "ref" and value["when"] == 0)


def _scales(value: Node) -> bool:
    """A name, its negative, or either times a number; nothing that another step is asked for."""
    if value.op == "ref":
        return value["when"] in (0, None)
    if value.op == "multiply":
        return all(_scales(arg) for arg in value.args) and any(arg.rank == 0 for arg in value.args)
    return value.op in ("negate", "expand") and _scales(value.args[0])


def _reads(node: Node, name: str) -> bool:
    return node.op == "ref" and bool(node["name"] == name)


def _replaced(pair: Pair, gone: Equation) -> Pair:
    value = gone.value

    def change(node: Node) -> Node | None:
        if not _reads(node, gone.target):
            return None
        if value.op == "ref" and value["when"] is not None:
            return ref(value["name"], node.shape, node["when"], node.kind, node.place)
        return value

    kept = tuple(e for e in pair.backward if e is not gone)
    return replace(pair, backward=tuple(replace(e, value=rebuild(e.value, change)) for e in kept))


# -- what the backward pass wants of the forward pass ---------------------------------------------


def _kept(pair: Pair) -> Pair:
    """Name the dear parts of forward equations that backward equations mention."""
    backward = {e.target for e in pair.backward} | {name for _, name in pair.cotangents}
    parts = {part: e for e in reversed(pair.forward) for part in walk(e.value)}
    whole = {e.value: e for e in reversed(pair.forward)}
    wanted: dict[Node, None] = {}

    def search(node: Node) -> None:
        ours = all(n["name"] not in backward for n in walk(node) if n.op == "ref")
        if ours and is_dear(node) and not is_light(node) and (node in parts or _narrows(node)):
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
            owner = parts[node].target if node in parts else _reads_of(node)[0]
            name = called(node, owner, names)
            names[name] = None
            if node not in parts:  # smaller than what it is made of: forward keeps it instead
                made = Equation(name, node, node.timed, node.place)
                pair = replace(pair, forward=(*pair.forward, made))
            pair = _named(pair, node, name, made=node in parts)
    return pair


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


def _named(pair: Pair, node: Node, name: str, *, made: bool) -> Pair:
    """Read `name` wherever `node` stands; `made` gives it an equation before the first use."""
    forward, placed = named(pair.forward, node, name, not made)
    backward, _ = named(pair.backward, node, name, placed)
    return replace(pair, forward=forward, backward=backward)


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
