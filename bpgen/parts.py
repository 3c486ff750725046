"""Parts of equations that deserve a name: how dear they are, what to call them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bpgen.ir import OPERATORS, Equation, Node, fresh, rebuild, ref, walk

_ARITHMETIC = ("add", "subtract", "multiply", "divide", "negate", "power")
_MOVES = ("newaxis", "slice", "index", "transpose", "cast", "expand", "row", "reshape")


def is_heavy(node: Node) -> bool:
    """Whether an operator costs more than reading its result back: a product, an exponential."""
    if node.op == "power" and node.args[1].op == "number":
        return node.args[1]["value"] not in (1, 2)
    return node.op in OPERATORS and bool(OPERATORS[node.op].facts.get("heavy"))


def is_dear(node: Node) -> bool:
    """Whether a part holds something heavy and depends on something given."""
    parts = tuple(walk(node))
    return any(is_heavy(part) for part in parts) and any(part.op == "ref" for part in parts)


def is_light(node: Node) -> bool:
    """Whether a part adds little to what it holds, so that it is better to name that."""
    if node.op in _MOVES:
        return True
    named = [arg for arg in node.args if arg.op not in ("number", "size")]
    return node.op in _ARITHMETIC and len(named) == 1


def hint(node: Node, target: str) -> str:
    """A name for a part of an equation, as people make them: `sigmoid_f`, `h_prev_U`, `x_W_b`."""
    if node.op == "ref":
        when = node["when"]
        suffix = "" if not isinstance(when, int) or when == 0 else "_prev" if when < 0 else "_next"
        return f"{node['name']}{suffix}"
    named = [arg for arg in node.args if arg.op not in ("number", "size")]
    if node.op in ("matmul", "add"):
        name = "_".join(hint(arg, target) for arg in named)
    elif len(named) == 1 and named[0].op not in ("matmul", "add"):
        name = f"{node.op}_{hint(named[0], target)}"
    else:
        name = f"{node.op}_{target}"
    if len(name) <= 24:
        return name
    return f"a_{target}" if node.op in ("add", "matmul") else f"{node.op}_{target}"


def called(node: Node, target: str, names: Mapping[str, None]) -> str:
    """A name for a part that nobody has: by its equation, or else by what it works on."""
    wanted = hint(node, target)
    if wanted in names and node.args:
        inner = node.args[0].args[-1] if node.args[0].op == "matmul" else node.args[0]
        longer = f"{node.op}_{hint(inner, target)}"
        wanted = longer if len(longer) <= 24 and longer not in names else wanted
    return fresh(wanted, names)


def _is_ref(node: Node) -> bool:
    return node.op == "ref"


def named(
    equations: Iterable[Equation], node: Node, name: str, placed: bool
) -> tuple[tuple[Equation, ...], bool]:
    """The equations reading `name` wherever `node` stood.

    Unless it is `placed` already, its equation comes before the first that uses it; the second
    result says whether it now has one.
    """
    reading = ref(name, node.shape, 0 if node.timed else None, node.kind, node.place)

    def change(part: Node) -> Node | None:
        return reading if part == node else None

    made: list[Equation] = []
    for equation in equations:
        value = equation.value
        if equation.target != name:
            value = rebuild(value, change)
        if not placed and value != equation.value:
            made.append(Equation(name, node, node.timed, node.place or equation.place))
            placed = True
        made.append(replace(equation, value=value))
    return tuple(made), placed


def shared(equations: tuple[Equation, ...], names: dict[str, None]) -> tuple[Equation, ...]:
    """The equations with names for dear parts that stand in several places, the largest first."""
    while True:
        counts: dict[Node, int] = {}
        owner: dict[Node, str] = {}
        above: dict[Node, Node] = {}
        for equation in equations:
            for node in walk(equation.value):
                for arg in node.args:
                    counts[arg] = counts.get(arg, 0) + 1
                    owner.setdefault(arg, equation.target)
                    above.setdefault(arg, node)
        twice = [n for n, k in counts.items() if k > 1 and n.kind == "real" and is_dear(n)]
        twice = [n for n in twice if not is_light(n) and not (n.op == "sum" and _is_ref(n.args[0]))]
        if not twice:
            return equations
        node = max(twice, key=lambda n: sum(1 for _ in walk(n)))
        activated = node.op == "add" and len(above[node].args) == 1 and is_heavy(above[node])
        name = f"a_{owner[node]}" if activated and f"a_{owner[node]}" not in names else ""
        name = name or called(node, owner[node], names)
        names[name] = None
        equations, _ = named(equations, node, name, placed=False)
