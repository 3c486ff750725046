"""Who depends on whom in time, and what need not wait for a loop.

The largest parts of a loop's equations that do not touch its cycle, and that are worth a name,
become equations of their own: `a[t] = x[t] @ W + h[t-1] @ U + b` leaves `a_x[t] = x[t] @ W + b`
outside.
"""

from collections.abc import Sequence
from dataclasses import replace

from bpgen.graph import Edge, components
from bpgen.ir import Equation, Node, apply, fresh, ref, walk
from bpgen.parts import hint, is_heavy


def dependences(equations: Sequence[Equation], initial: dict[str, str | None]) -> tuple[Edge, ...]:
    """Who reads whom, and at which shift (None: all steps, or a quantity without time)."""
    timed = {e.target: e.timed for e in equations}
    edges: dict[Edge, None] = {}
    for equation in equations:
        for node in walk(equation.value):
            if node.op == "ref" and node["name"] in timed:
                shift = node["when"] if isinstance(node["when"], int) else None
                within = equation.timed and not _gathered(equation.value, node)
                edges[Edge(equation.target, node["name"], shift if within else None)] = None
        start = initial.get(equation.target)
        if start in timed:
            edges[Edge(equation.target, start or "", None)] = None
    return tuple(edges)


def _gathered(value: Node, read: Node) -> bool:
    """Whether a reading stands under an operator that takes all steps."""
    return any(n.op in ("steps", "sum_steps") and read in set(walk(n)) for n in walk(value))


def is_loop(group: Sequence[str], edges: Sequence[Edge]) -> bool:
    """Whether a component of the graph has to run step by step."""
    return len(group) > 1 or any(e.reader == e.target == group[0] for e in edges)


def lift(
    equations: tuple[Equation, ...], initial: dict[str, str | None], names: dict[str, None]
) -> tuple[Equation, ...]:
    """Name the parts of loop equations that need not wait for the loop."""
    edges = dependences(equations, initial)
    index = {e.target: i for i, e in enumerate(equations)}
    result: list[Equation] = []
    loops = {
        name: set(group)
        for group in components(index, edges)
        if is_loop(group, edges)
        for name in group
    }
    for equation in equations:
        cycle = loops.get(equation.target)
        if cycle:
            equation = _lifted(equation, cycle, result, names)
        result.append(equation)
    return tuple(result)


def _lifted(
    equation: Equation, cycle: set[str], result: list[Equation], names: dict[str, None]
) -> Equation:
    """The equation with its free parts named; their equations are appended to `result`."""

    def free(node: Node) -> bool:
        return not any(n.op == "ref" and n["name"] in cycle for n in walk(node))

    def part(node: Node) -> Node:
        if free(node):
            return named(node) if _worth(node) else node
        if node.op == "add":
            return total(node)
        args = tuple(part(arg) for arg in node.args)
        if args == node.args:
            return node
        return replace(apply(node.op, *args, **dict(node.attrs)), place=node.place)

    def total(node: Node) -> Node:
        terms = addends(node)
        loose = [term for term in terms if free(term)]
        if not any(_worth(term) for term in loose):
            return _added([part(term) for term in terms], node)
        rest = [part(term) for term in terms if not free(term)]
        return _added([named(_added(loose, node)), *rest], node)

    def named(node: Node) -> Node:
        name = fresh(_lifted_name(equation, node), names)
        names[name] = None
        result.append(Equation(name, node, node.timed, node.place or equation.place))
        return ref(name, node.shape, 0 if node.timed else None, node.kind, node.place)

    return replace(equation, value=part(equation.value))


def _worth(node: Node) -> bool:
    """Whether a part is dear enough to be taken out of a loop."""
    return any(is_heavy(n) for n in walk(node)) and node.kind == "real"


def addends(node: Node) -> list[Node]:
    """The terms of a sum, in order."""
    if node.op != "add":
        return [node]
    return [term for arg in node.args for term in addends(arg)]


def _added(terms: Sequence[Node], node: Node) -> Node:
    whole = terms[0]
    for term in terms[1:]:
        whole = apply("add", whole, term, place=node.place)
    return whole


def _lifted_name(equation: Equation, node: Node) -> str:
    """`a_x` for what x sends to a; `dh_above` for what reaches h, but not through time."""
    heavy = next(n for n in walk(node) if is_heavy(n))
    timed = [n for n in walk(heavy) if n.op == "ref" and n.timed]
    target = equation.target
    if any(n.op == "ref" and n["name"].endswith("_out") for n in addends(node)):
        return f"{target}_above"
    if node.op not in ("add", "matmul") or not timed:
        return hint(node, target)
    inside = equation.value.op not in ("add", "subtract", "matmul")
    if inside:
        target = f"a_{target.removeprefix(equation.value.op + '_')}"
    return f"{target}_{timed[0]['name']}"
