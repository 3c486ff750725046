"""The dull work of differentiation: what a rule returns is made to fit the argument it is for.

Sums over axes and over time that broadcasting had repeated, zeros, places: here and nowhere else,
so that no rule mentions them.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from inspect import unwrap

from bpgen.ir import OPERATORS, Node, apply, size_node, walk
from bpgen.ops.rules import total
from bpgen.sizes import ONE, STEPS, Shape
from bpgen.source import Span

_VIEWS = {
    *("ref", "number", "size", "negate", "newaxis"),
    *("slice", "index", "expand", "row", "transpose"),
}


def backward_rule(node: Node, dy: Node) -> tuple[Node | None, ...]:
    operator = OPERATORS[node.op]
    assert operator.vjp is not None
    given = operator.vjp(dy, node, *node.args, **_accepted(operator.vjp, dict(node.attrs)))
    return given if isinstance(given, tuple) else (given,)


def _accepted(function: Callable[..., object], attrs: dict[str, object]) -> dict[str, object]:
    """Those attributes that a rule asks for."""
    code = getattr(unwrap(function), "__code__", None)
    if code is None:
        return attrs
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return {name: value for name, value in attrs.items() if name in names}


def is_slight(part: Node) -> bool:
    """Whether writing a part twice is no dearer than naming it: a view, or a view scaled."""
    if part.op == "multiply":
        return all(is_slight(arg) for arg in part.args) and any(arg.rank == 0 for arg in part.args)
    return part.op in _VIEWS and all(is_slight(arg) for arg in part.args)


def mentions(node: Node, part: Node) -> int:
    """How many places of an expression name a part."""
    if node == part:
        return 1
    return sum(arg == part for n in walk(node) for arg in n.args)


def added(parts: Iterable[Node]) -> Node:
    first, *rest = parts
    for part in rest:
        first = apply("add", first, part, place=first.place)
    return first


def expanded(part: Node, shape: Shape) -> Node:
    return part if part.shape == shape else apply("expand", part, to=shape, place=part.place)


def fitted(share: Node, node: Node, arg: Node) -> Node:
    """Undo broadcasting: over the axes that `arg` did not have, and over time."""
    if OPERATORS[node.op].elementwise and arg.shape != node.shape:
        share = _summed(expanded(share, node.shape), arg.shape)
    elif len(share.shape) > len(arg.shape) or not _fits(share.shape, arg.shape):
        share = _summed(share, arg.shape)
    if node.timed and not arg.timed and node.op != "row":
        if share.timed:
            return apply("sum_steps", share, place=node.place)
        return share * size_node(STEPS)
    return share


def _fits(shape: Shape, wanted: Shape) -> bool:
    tail = wanted[len(wanted) - len(shape) :]
    return all(s in (ONE, w) for s, w in zip(shape, tail, strict=True))


def _summed(share: Node, shape: Shape) -> Node:
    """The sum over the axes that broadcasting to `share.shape` from `shape` had repeated."""
    extra = share.rank - len(shape)
    share = total(share, tuple(range(-share.rank, -share.rank + extra)))
    kept = tuple(
        i - len(shape)
        for i, (have, want) in enumerate(zip(share.shape, shape, strict=True))
        if want == ONE and have != ONE
    )
    return total(share, kept, keepdims=True)


def placed(node: Node, place: Span | None) -> Node:
    """The expression, its parts without a place being given this one."""
    done: dict[Node, Node] = {}
    for part in walk(node):
        args = tuple(done[arg] for arg in part.args)
        done[part] = replace(part, args=args, place=part.place or place)
    return done[node]
