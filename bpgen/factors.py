"""What a loop need not compute step by step, computed for all steps at once: a pass over a plan.

`schedule` takes what is dear out of a loop, a product say. Here everything else follows that does
not touch the loop's cycle: local derivatives such as `sigmoid_o[t] * (1 - tanh_c[t]**2)`, which
stand as factors beside what comes back through time, and weights that are used transposed. Factors
of a product are gathered first, so that one multiplication per step is left. The equations mean
what they meant; factors multiply in another order, so that last digits may differ.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from bpgen.ir import Equation, Node, apply, fresh, rebuild, ref, refs, walk
from bpgen.lift import dependences, loops_of
from bpgen.parts import addends, called, holding
from bpgen.schedule import Plan, arranged, starts

_LEAVES = ("ref", "number", "size", "step", "zeros", "ones", "eye")
_MOVES = ("newaxis", "slice", "index", "expand", "reshape", "row", "cast", "embed")


def factored(plan: Plan) -> Plan:
    """The plan with loops that compute only what must wait for the step before."""
    cell = plan.pair.cell
    names = dict.fromkeys(
        [q.name for q in cell.given]
        + [*cell.sizes]
        + [e.target for e in (*cell.equations, *plan.pair.forward, *plan.pair.backward)]
        + [name for _, name in plan.pair.cotangents]
    )
    results = {name for _, name in plan.pair.gradients}
    pair = replace(
        plan.pair,
        forward=_taken_out(plan.pair.forward, starts(cell), names),
        backward=_taken_out(_chained(plan.pair.backward, results), {}, names),
    )
    return arranged(pair)


def _chained(
    equations: tuple[Equation, ...], results: Container[str | None]
) -> tuple[Equation, ...]:
    """Equations of which none is a product that only another product reads: it is written there.

    The local derivatives of a chain then meet, and become one factor.
    """
    readers: dict[str, list[bool]] = {}
    for equation in equations:
        for node in walk(equation.value):
            for arg in node.args:
                if arg.op == "ref":
                    within = node.op == "multiply" and arg["when"] == 0
                    readers.setdefault(arg["name"], []).append(within)
        if equation.value.op == "ref":
            readers.setdefault(equation.value["name"], []).append(False)
    alone = {name for name, found in readers.items() if found == [True]}
    inner: dict[str, Node] = {}
    kept: list[Equation] = []
    for equation in equations:
        value = rebuild(equation.value, lambda n: inner.get(n["name"]) if n.op == "ref" else None)
        equation = replace(equation, value=value)
        single = equation.target in alone and equation.target not in results
        if single and equation.timed and value.op == "multiply" and equation.shape == value.shape:
            inner[equation.target] = value
        else:
            kept.append(equation)
    return tuple(kept)


def _taken_out(
    equations: tuple[Equation, ...], initial: dict[str, str | None], names: dict[str, None]
) -> tuple[Equation, ...]:
    groups = [
        frozenset(group)
        for group in loops_of([e.target for e in equations], dependences(equations, initial))
    ]
    loops = {name: group for group in groups for name in group}
    result: list[Equation] = []
    known: dict[Node, Node] = {}  # a part that several equations have is named once
    for equation in equations:
        cycle = loops.get(equation.target)
        if cycle:
            equation = _freed(equation, cycle, result, names, known)
        result.append(equation)
    return tuple(result)


def _freed(
    equation: Equation,
    cycle: frozenset[str],
    result: list[Equation],
    names: dict[str, None],
    known: dict[Node, Node],
) -> Equation:
    """The equation with its free parts named; their equations are appended to `result`."""
    bound = holding(equation.value, lambda n: n.op == "ref" and n["name"] in cycle)

    def part(node: Node) -> Node:
        if node not in bound:
            return named(node) if _worth(node) else node
        if node.op in ("add", "multiply"):
            return gathered(node)
        return _remade(node, [part(arg) for arg in node.args])

    def gathered(node: Node) -> Node:
        terms = addends(node) if node.op == "add" else _factors(node)
        loose = [term for term in terms if term not in bound]
        whole = _joined(node.op, loose, node) if loose else None
        if whole is None or not _worth(whole):
            return _joined(node.op, [part(term) for term in terms], node)
        rest = [term for term in terms if term in bound]
        return _joined(node.op, [*map(part, rest), named(whole, rest)], node)

    def named(node: Node, beside: Sequence[Node] = ()) -> Node:
        if node not in known:
            name = _name(equation, node, beside, names)
            names[name] = None
            result.append(Equation(name, node, node.timed, node.place or equation.place))
            known[node] = ref(name, node.shape, 0 if node.timed else None, node.kind, node.place)
        return known[node]

    return replace(equation, value=part(equation.value))


def _worth(node: Node) -> bool:
    """Whether a part is more than a reading, and no larger than what it is made from."""
    if node.kind != "real" or node.op in _LEAVES or node.op in _MOVES:
        return False
    read = refs(node)
    return 0 < node.rank <= max((n.rank for n in read), default=0)


def _name(equation: Equation, node: Node, beside: Iterable[Node], names: dict[str, None]) -> str:
    """`dh_dc` for what `dh` is multiplied with on its way to `dc`, `U_T` for a matrix turned."""
    if node.op == "transpose" and node.args[0].op == "ref" and node.args[0].rank == 2:
        return fresh(f"{node.args[0]['name']}_T", names)
    found = [n["name"] for n in beside if n.op == "ref"]
    pair = [*found, equation.target]
    if len(found) == 1 and node.timed and all(name.startswith("d") for name in pair):
        if len(name := "_".join(pair)) <= 24:
            return fresh(name, names)
    return called(node, equation.target, names)


def _factors(node: Node) -> list[Node]:
    """The factors of a product, in order."""
    factors: list[Node] = []
    todo = [node]
    while todo:
        factor = todo.pop()
        if factor.op == "multiply":
            todo += reversed(factor.args)
        else:
            factors.append(factor)
    return factors


def _joined(op: str, terms: Sequence[Node], node: Node) -> Node:
    whole = terms[0]
    for term in terms[1:]:
        whole = apply(op, whole, term, place=node.place)
    return whole


def _remade(node: Node, args: Sequence[Node]) -> Node:
    if tuple(args) == node.args:
        return node
    return replace(apply(node.op, *args, **dict(node.attrs)), place=node.place)
