"""Who depends on whom in time, and what need not wait for a loop.

The largest parts of a loop's equations that do not touch its cycle, and that are worth a name,
become equations of their own: `a[t] = x[t] @ W + h[t-1] @ U + b` leaves `a_x[t] = x[t] @ W + b`
outside.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bpgen.graph import Edge, components
from bpgen.ir import Equation, Node, apply, fresh, ref, refs, walk
from bpgen.parts import addends, hint, holding, is_heavy


def dependences(equations: Sequence[Equation], initial: dict[str, str | None]) -> tuple[Edge, ...]:
    """Who reads whom, and at which shift (None: all steps, or a quantity without time)."""
    timed = {e.target: e.timed for e in equations}
    edges: dict[Edge, None] = {}
    for equation in equations:
        for name, shift in readings(equation):
            if name in timed:
                edges[Edge(equation.target, name, shift)] = None
        start = initial.get(equation.target)
        if start in timed:
            edges[Edge(equation.target, start or "", None)] = None
    return tuple(edges)


def readings(equation: Equation) -> Iterator[tuple[str, int | None]]:
    """What an equation reads, and at which shift (None: all steps, or one without time)."""
    gathered = _gathered(equation.value)
    for node in refs(equation.value):
        shift = node["when"] if isinstance(node["when"], int) else None
        within = equation.timed and node not in gathered
        yield node["name"], shift if within else None


def _gathered(value: Node) -> set[Node]:
    """The parts that stand under an operator that takes all steps."""
    found: set[Node] = set()
    todo = [n for n in walk(value) if n.op in ("steps", "sum_steps")]
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo += node.args
    return found


def loops_of(names: Iterable[str], edges: Sequence[Edge]) -> list[list[str]]:
    """The components of the graph that have to run step by step, each after those it needs."""
    alone = {e.reader for e in edges if e.reader == e.target}
    return [g for g in components(names, edges) if len(g) > 1 or g[0] in alone]


def lift(
    equations: tuple[Equation, ...], initial: dict[str, str | None], names: dict[str, None]
) -> tuple[Equation, ...]:
    """Name the parts of loop equations that need not wait for the loop."""
    edges = dependences(equations, initial)
    result: list[Equation] = []
    groups = [frozenset(group) for group in loops_of([e.target for e in equations], edges)]
    loops = {name: group for group in groups for name in group}
    for equation in equations:
        cycle = loops.get(equation.target)
        if cycle:
            equation = _lifted(equation, cycle, result, names)
        result.append(equation)
    return tuple(result)


def _lifted(
    equation: Equation, cycle: frozenset[str], result: list[Equation], names: dict[str, None]
) -> Equation:
    """The equation with its free parts named; their equations are appended to `result`."""

    bound = holding(equation.value, lambda n: n.op == "ref" and n["name"] in cycle)
    dear = holding(equation.value, is_heavy)

    def worth(node: Node) -> bool:  # dear enough to be taken out of a loop
        return node.kind == "real" and node in dear

    def part(node: Node) -> Node:
        if node not in bound:
            return named(node) if worth(node) else node
        if node.op == "add":
            return total(node)
        args = tuple(part(arg) for arg in node.args)
        if args == node.args:
            return node
        return replace(apply(node.op, *args, **dict(node.attrs)), place=node.place)

    def total(node: Node) -> Node:
        terms = addends(node)
        loose = [term for term in terms if term not in bound]
        if not any(worth(term) for term in loose):
            return _added([part(term) for term in terms], node)
        rest = [part(term) for term in terms if term in bound]
        return _added([named(_added(loose, node)), *rest], node)

    def named(node: Node) -> Node:
        name = fresh(_lifted_name(equation, node), names)
        names[name] = None
        result.append(Equation(name, node, node.timed, node.place or equation.place))
        return ref(name, node.shape, 0 if node.timed else None, node.kind, node.place)

    return replace(equation, value=part(equation.value))


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
