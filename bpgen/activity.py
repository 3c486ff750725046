"""Which quantities matter to differentiation: those between what is given and what is returned."""

from bpgen.ir import OPERATORS, Cell, Equation, Node, walk


def active(cell: Cell, forward: tuple[Equation, ...]) -> dict[str, None]:
    """Quantities that depend on something learned or given, and reach something returned."""
    roots = [q.name for q in cell.given if q.kind == "real" and q.role != "const" and not q.frozen]
    initial: dict[str, str | None] = {s.name: s.initial for s in cell.states if s.initial}
    by_target = {e.target: e for e in forward}
    varied = dict.fromkeys(roots)
    growing = True
    while growing:
        growing = False
        for equation in forward:
            if equation.target in varied:
                continue
            value = equation.value
            live = initial.get(equation.target) in varied or value in live_parts(value, varied)
            if live and value.kind == "real":
                varied[equation.target] = None
                growing = True
    useful = _useful(cell, by_target, initial)
    return {name: None for name in varied if name in useful}


def _useful(
    cell: Cell, by_target: dict[str, Equation], initial: dict[str, str | None]
) -> dict[str, None]:
    """What the outputs depend on."""
    useful: dict[str, None] = {}
    todo = [name for name in cell.outputs if name in by_target]
    while todo:
        name = todo.pop()
        if name in useful:
            continue
        useful[name] = None
        todo += [initial[name] or ""] if name in initial else []
        if name in by_target:
            todo += [n["name"] for n in walk(by_target[name].value) if n.op == "ref"]
    return useful


def live_parts(value: Node, varied: dict[str, None]) -> set[Node]:
    """The parts of an expression through which a gradient flows to one of some quantities."""
    live: set[Node] = set()
    for node in walk(value):
        if node.op == "ref":
            flows = node["name"] in varied and node.kind == "real"
        else:
            operator = OPERATORS.get(node.op)
            flows = bool(operator and operator.vjp) and any(arg in live for arg in node.args)
        if flows:
            live.add(node)
    return live
