"""Equations of a loop that do the same to neighbouring parts of one array, done as one: a pass.

Gates are cut from one product, and most of them go through the same function:

    i[t], f[t], o[t], g[t] = split(z[t], H)         i_f_o[t] = stack(i[t], f[t], o[t])
    sigmoid_i[t] = sigmoid(i[t])                    sigmoid_i_f_o[t] = sigmoid(i_f_o[t])
    sigmoid_f[t] = sigmoid(f[t])                    sigmoid_i[t] = sigmoid_i_f_o[t][0]
    sigmoid_o[t] = sigmoid(o[t])                    ...

The stack and its places are views to whoever writes them, so that one call is left of three.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bpgen.ir import OPERATORS, Equation, Node, apply, fresh, ref, refs, walk
from bpgen.lift import dependences, loops_of
from bpgen.schedule import Plan, arranged, starts

_MOST = 64  # parts of one array that are looked at


@dataclass(frozen=True, slots=True)
class Part:
    """A quantity that is one of the equal parts of another: of which, and at which place."""

    whole: Node
    place: int


def gathered(plan: Plan) -> Plan:
    """The plan with alike equations of a loop gathered into one."""
    pair, cell = plan.pair, plan.pair.cell
    every = (*cell.equations, *pair.forward, *pair.backward)
    names = dict.fromkeys([q.name for q in cell.given] + [*cell.sizes] + [e.target for e in every])
    names |= dict.fromkeys(name for _, name in pair.cotangents)
    kept = {*cell.outputs, *(s.name for s in cell.states)}
    kept |= {name for _, name in pair.gradients if name} | _elsewhere(every)
    forward = _gathered(pair.forward, starts(cell), kept, names)
    backward = _gathered(pair.backward, {}, kept, names)
    return arranged(replace(pair, forward=forward, backward=backward))


def _elsewhere(equations: Iterable[Equation]) -> set[str]:
    """The names that are read at another step than t."""
    nodes = (node for e in equations for node in refs(e.value))
    return {node["name"] for node in nodes if node["when"] not in (0, None)}


def _gathered(
    equations: tuple[Equation, ...],
    initial: dict[str, str | None],
    kept: set[str],
    names: dict[str, None],
) -> tuple[Equation, ...]:
    parts = dict(_parts(equations))
    found: dict[object, list[tuple[int, Equation]]] = {}
    loops = loops_of([e.target for e in equations], dependences(equations, initial))
    for i, loop in enumerate(loops):
        members = set(loop) - kept
        for equation in (e for e in equations if e.target in members):
            kind = _kind(equation, parts)
            if kind:
                found.setdefault((i, kind[0]), []).append((kind[1], equation))
    new: dict[str, list[Equation]] = {}  # what stands in the place of an equation
    for alike in found.values():
        for run in _runs(alike):
            _together([e for _, e in run], parts, names, new)
    return tuple(made for e in equations for made in new.get(e.target, [e]))


def _parts(equations: Iterable[Equation]) -> Iterator[tuple[str, Part]]:
    """Each quantity that is an equal part, along the last axis, of another at the same step."""
    for equation in equations:
        value = equation.value
        if value.op == "slice" and value["axis"] == -1 and value.args[0].op == "ref":
            whole, size = value.args[0], value.shape[-1]
            places = (i for i in range(_MOST) if size * i == value["start"])
            place = next(places, None)
            equal = any(size * i == whole.shape[-1] for i in range(_MOST))
            if whole["when"] == 0 and place is not None and equal:
                yield equation.target, Part(whole, place)


def _kind(equation: Equation, parts: dict[str, Part]) -> tuple[object, int] | None:
    """What an equation does, but for the place of the parts it reads; and that place."""
    value = equation.value
    places: set[int] = set()
    said: list[object] = []
    for node in walk(value):
        part = parts.get(node["name"]) if node.op == "ref" and node["when"] == 0 else None
        if part:
            places.add(part.place)
            said.append(part.whole)
            if node.shape != value.shape:
                return None
        elif not node.args:
            said.append(node)
        elif node.op not in OPERATORS or not OPERATORS[node.op].elementwise or node.kind != "real":
            return None
        else:
            said.append((node.op, node.attrs, len(node.args)))
    if len(places) != 1 or value.op == "ref":
        return None
    return (tuple(said), value.shape), places.pop()


def _runs(alike: list[tuple[int, Equation]]) -> Iterator[list[tuple[int, Equation]]]:
    """Those of one kind whose places follow one another, two or more."""
    run: list[tuple[int, Equation]] = []
    for place, equation in sorted(alike, key=lambda pair: pair[0]):
        if run and place != run[-1][0] + 1:
            if len(run) > 1:
                yield run
            run = []
        run.append((place, equation))
    if len(run) > 1:
        yield run


def _together(
    run: list[Equation],
    parts: dict[str, Part],
    names: dict[str, None],
    new: dict[str, list[Equation]],
) -> None:
    """One equation for several, which become places of it; it stands where the first one stood."""
    first, axis = run[0], -len(run[0].shape) - 1
    made: list[Equation] = []

    def add(wanted: str, value: Node) -> Node:
        name = fresh(wanted, names)
        names[name] = None
        made.append(Equation(name, value, True, first.place))
        return ref(name, value.shape, 0, place=first.place)

    done: dict[Node, Node] = {}
    columns = zip(*(walk(e.value) for e in run), strict=True)
    for nodes in columns:
        node = nodes[0]
        if node in done:
            continue
        if node.op == "ref" and node["when"] == 0 and node["name"] in parts:
            done[node] = add(_joined([n["name"] for n in nodes]), apply("stack", *nodes, axis=axis))
        elif node.args:
            done[node] = apply(node.op, *(done[arg] for arg in node.args), **dict(node.attrs))
        else:
            done[node] = node
    whole = add(_joined([e.target for e in run]), done[first.value])
    for i, equation in enumerate(run):
        place = replace(equation, value=apply("index", whole, axis=axis, at=i))
        new[equation.target] = [*made, place] if i == 0 else [place]


def _joined(names: list[str]) -> str:
    """`sigmoid_i_f_o` for `sigmoid_i`, `sigmoid_f` and `sigmoid_o`."""
    common = names[0][: names[0].rfind("_") + 1]
    if not all(name.startswith(common) for name in names):
        common = ""
    whole = common + "_".join(name.removeprefix(common) for name in names)
    return whole if len(whole) <= 24 else f"{names[0]}_to_{names[-1].removeprefix(common)}"
