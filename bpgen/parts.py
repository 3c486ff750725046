"""Parts of equations that deserve a name: how dear they are, what to call them."""

from collections.abc import Callable, Mapping

from bpgen.ir import OPERATORS, Node, fresh, walk

_ARITHMETIC = ("add", "subtract", "multiply", "divide", "negate", "power")
_MOVES = ("newaxis", "slice", "index", "transpose", "cast", "expand", "row", "reshape")


def is_heavy(node: Node) -> bool:
    """Whether an operator costs more than reading its result back: a product, an exponential."""
    if node.op == "power" and node.args[1].op == "number":
        return node.args[1]["value"] not in (1, 2)
    return node.op in OPERATORS and bool(OPERATORS[node.op].facts.get("heavy"))


def is_ref(node: Node) -> bool:
    """Whether a node reads a quantity."""
    return node.op == "ref"


def holding(value: Node, wanted: Callable[[Node], bool]) -> set[Node]:
    """The parts of an expression that are as wanted, and those that hold such a one."""
    found: set[Node] = set()
    for part in walk(value):
        if wanted(part) or not found.isdisjoint(part.args):
            found.add(part)
    return found


def addends(node: Node) -> list[Node]:
    """The terms of a sum, in order."""
    terms: list[Node] = []
    todo = [node]  # no recursion: a gradient may be a sum of a thousand terms
    while todo:
        term = todo.pop()
        if term.op == "add":
            todo += reversed(term.args)
        else:
            terms.append(term)
    return terms


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
