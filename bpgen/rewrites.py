"""The table of rewrites: what an expression may be replaced by, because it says the same.

Each entry takes a node whose parts are rewritten already and returns a plainer node, or None. Minus
signs move outwards, common factors out of differences and sums, numbers that do nothing go.
"""

from collections.abc import Mapping
from dataclasses import replace

from bpgen.ir import OPERATORS, Node, apply, is_number, number, rebuild, size_node
from bpgen.parts import addends
from bpgen.sizes import ONE, STEPS, Size


def rewrite(value: Node, simplexes: Mapping[str, int | None]) -> Node:
    """The plainest form of an expression. `simplexes` names what sums to one, along which axis."""

    def change(node: Node) -> Node | None:
        for _ in range(20):  # each entry shrinks or normalises; a bound all the same
            made = _one(node, simplexes)
            if made is None or made == node:
                return node
            if made.shape != node.shape:
                made = apply("expand", made, to=node.shape)
            node = replace(made, place=made.place or node.place)
        return node

    previous = None
    while value != previous:
        previous, value = value, rebuild(value, change)
    return value


def _one(node: Node, simplexes: Mapping[str, int | None]) -> Node | None:
    if node.op == "sum":
        return _sum(node, simplexes)
    entry = _TABLE.get(node.op)
    made = entry(node) if entry else None
    if made is None and node.op in OPERATORS and OPERATORS[node.op].elementwise:
        made = _unexpanded(node)
    return made


def _add(node: Node) -> Node | None:
    a, b = node.args
    if is_number(a, 0) or _zeros(a):
        return b
    if is_number(b, 0) or _zeros(b):
        return a
    if b.op == "negate":
        return a - b.args[0]
    if a.op == "negate":
        return b - a.args[0]
    return _common_factor(node) or _tiled(node)


def _subtract(node: Node) -> Node | None:
    a, b = node.args
    if is_number(b, 0) or _zeros(b):
        return a
    if is_number(a, 0) or _zeros(a):
        return -b
    if b.op == "negate":
        return a + b.args[0]
    if a.op == "negate":
        return -(a.args[0] + b)
    return _common_factor(node)


def _multiply(node: Node) -> Node | None:
    a, b = node.args
    if is_number(a, 1):
        return b
    if is_number(b, 1):
        return a
    if a.op == "negate":
        return -(a.args[0] * b)
    if b.op == "negate":
        return -(a * b.args[0])
    if a.op == "number" and b.op == "number":
        return number(a["value"] * b["value"])
    if a.op == "number" and a["value"] < 0:
        return -(number(-a["value"]) * b)
    if b.op == "number":
        return b * a
    if b.op == "multiply" and a.shape == node.shape:
        return a * b.args[0] * b.args[1]
    if b.op == "divide" and is_number(b.args[0], 1):
        return a / b.args[1]
    return None


def _divide(node: Node) -> Node | None:
    a, b = node.args
    if is_number(b, 1):
        return a
    if a.op == "negate":
        return -(a.args[0] / b)
    return None


def _negate(node: Node) -> Node | None:
    (a,) = node.args
    if a.op == "negate":
        return a.args[0]
    if a.op == "subtract":
        return a.args[1] - a.args[0]
    if a.op == "number":
        return number(-a["value"])
    return None


def _power(node: Node) -> Node | None:
    a, b = node.args
    return a if is_number(b, 1) else number(1.0) if is_number(b, 0) else None


def _transpose(node: Node) -> Node | None:
    (a,) = node.args
    if a.op == "transpose" and node["axes"] is None and a["axes"] is None:
        return a.args[0]
    return None


def _expand(node: Node) -> Node | None:
    (a,) = node.args
    if a.shape == node.shape:
        return a
    if a.op == "expand":
        return apply("expand", a.args[0], to=node.shape)
    return None


def _newaxis(node: Node) -> Node | None:
    (a,) = node.args
    if a.op == "negate":
        return -apply("newaxis", a.args[0], **dict(node.attrs))
    single = a.op == "expand" and not a.args[0].rank  # the same at every place
    return apply("expand", a.args[0], to=node.shape) if single else None


def _row(node: Node) -> Node | None:
    (a,) = node.args
    if a.op == "steps":
        return a.args[0]
    if a.op == "expand" and (a.args[0].rank < a.rank or a.args[0].shape[0] == ONE):
        if a.args[0].rank < a.rank:  # the same at every step
            return apply("expand", a.args[0], to=node.shape)
    return None


def _steps(node: Node) -> Node | None:
    (a,) = node.args
    return a.args[0] if a.op == "row" else None


def _sum_steps(node: Node) -> Node | None:
    (a,) = node.args
    if not a.timed:  # the same at every step
        return apply("multiply", size_node(STEPS), a)
    return -apply("sum_steps", a.args[0]) if a.op == "negate" else None


def _sum(node: Node, simplexes: Mapping[str, int | None]) -> Node | None:
    (a,) = node.args
    axes, keepdims = node["axes"], node["keepdims"]
    if axes is None:
        axes = tuple(range(-a.rank, 0))
    if not axes:
        return a
    if all(a.shape[axis] == ONE for axis in axes):
        if keepdims:
            return a
    if a.op == "negate":
        return -apply("sum", a.args[0], axes=axes, keepdims=keepdims)
    if a.op == "sum" and a["keepdims"] and a["axes"] and set(a["axes"]) <= set(axes):
        return apply("sum", a.args[0], axes=axes, keepdims=keepdims)
    if a.op == "ref" and a["name"] in simplexes and axes == (simplexes[a["name"]],):
        return number(1.0)
    if a.op == "multiply":
        return _factor_out(a, axes, keepdims)
    return None


def _factor_out(a: Node, axes: tuple[int, ...], keepdims: bool) -> Node | None:
    """Σ s v = s Σ v where s does not change along the axes summed."""
    for s, v in (a.args, a.args[::-1]):
        constant = all(-axis > s.rank or s.shape[axis] == ONE for axis in axes)
        if constant and v.shape == a.shape:
            inner = apply("sum", v, axes=axes, keepdims=keepdims)
            if keepdims or s.rank == 0:
                return s * inner
            present = tuple(axis for axis in axes if -axis <= s.rank)
            outer = set(range(-a.rank, 0)) - set(axes)
            if s.rank == a.rank or len(present) == s.rank or not outer:
                return apply("sum", s, axes=present) * inner if present else s * inner
    return None


def _common_factor(node: Node) -> Node | None:
    """s a - s b = s (a - b), and the same for sums; s - s b = s (1 - b)."""
    a, b = node.args
    for s in _factors(a):
        for r in _factors(b):
            if s == r and s.op != "number":
                left, right = _without(a, s), _without(b, s)
                if left is None and right is None:
                    return None
                one = number(1.0)
                left, right = left or one, right or one
                return apply("multiply", s, apply(node.op, left, right, place=node.place))
    return None


def _factors(node: Node) -> tuple[Node, ...]:
    """The factors of a product that are names, outermost last."""
    if node.op == "multiply":
        return tuple(f for arg in node.args for f in _factors(arg))
    inner = node.args[0] if node.op in ("expand", "newaxis") else node
    return (node,) if inner.op == "ref" else ()


def _without(node: Node, factor: Node) -> Node | None:
    """The product without one factor; None if nothing is left."""
    if node == factor:
        return None
    left, right = node.args
    if factor in _factors(left):
        rest = _without(left, factor)
        return right if rest is None else apply("multiply", rest, right)
    rest = _without(right, factor)
    return left if rest is None else apply("multiply", left, rest)


def _tiled(node: Node) -> Node | None:
    """A sum of arrays each put into its own part of one axis is their concatenation."""
    right = node.args[1]
    if right.op not in ("add", "embed"):  # most sums: not all their terms are looked at
        return None
    parts = addends(node)
    if any(p.op != "embed" for p in parts) or len({p["axis"] for p in parts}) > 1:
        return None
    axis = parts[0]["axis"]
    at: Size = ONE - ONE
    ordered: list[Node] = []
    rest = list(parts)
    while rest:
        found = next((p for p in rest if p["start"] == at), None)
        if found is None:
            return None
        rest.remove(found)
        ordered.append(found.args[0])
        at = at + found.args[0].shape[axis]
    if at != parts[0]["size"]:
        return None
    return apply("concat", *ordered, axis=axis)


def _zeros(node: Node) -> bool:
    return node.op == "zeros" or (node.op == "expand" and _zeros(node.args[0]))


def _unexpanded(node: Node) -> Node | None:
    """Arguments need not be repeated where broadcasting will do it."""
    for i, arg in enumerate(node.args):
        if arg.op == "expand":
            args = [*node.args[:i], arg.args[0], *node.args[i + 1 :]]
            made = apply(node.op, *args, **dict(node.attrs))
            if made.shape == node.shape and made.timed == node.timed:
                return made
    return None


_TABLE = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "negate": _negate,
    "power": _power,
    "transpose": _transpose,
    "expand": _expand,
    "newaxis": _newaxis,
    "row": _row,
    "steps": _steps,
    "sum_steps": _sum_steps,
}
