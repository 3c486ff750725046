"""Operands that do not broadcast: which two, at which axis, and what would line them up."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from bpgen import syntax
from bpgen.check.scope import Scope
from bpgen.check.ways import (
    Operand,
    bare,
    behind,
    exact,
    is_name,
    params,
    raw,
    redeclared,
    suffixed,
    symbol_of,
)
from bpgen.ir import Node, broadcast_shapes, refs
from bpgen.report import Edit, Repair
from bpgen.sizes import ONE, Shape, Size, shape_text
from bpgen.source import Span

_LAST = {1: "last", 2: "second last", 3: "third last"}


def clash(operands: Sequence[Operand]) -> tuple[Operand, Operand]:
    """The first two of several operands that do not broadcast."""
    pairs = combinations(operands, 2)
    return next(pair for pair in pairs if broadcast_shapes(*(o.node.shape for o in pair)) is None)


def sentence(scope: Scope, sign: str, left: Operand, right: Operand) -> tuple[str, str]:
    """The code and the sentence for two operands of an operator."""
    axis, p, q = _differ(left, right)
    for short, long, own, other in ((left, right, p, q), (right, left, q, p)):
        if _places(short.node.shape, long.node.shape):
            what = scope.quote(short.written, "one side")
            shape = shape_text(short.node.shape)
            end = f"which lines up with the last axis, {other}, and not with {own}"
            return "BP203", f"{what} has shape {shape}, {end}"
    where = _LAST.get(axis, f"{axis}th last")
    shown = f"{shape_text(left.node.shape)} and {shape_text(right.node.shape)}"
    needs = f"`{sign}` needs equal or broadcastable shapes"
    return "BP202", f"{needs}; in the {where} axis of {shown}, {p} is not {q}"


def repairs(
    scope: Scope, sign: str, place: Span, left: Operand, right: Operand
) -> Iterator[Repair]:
    """What would line up two operands; `place` is that of the sign or of the operator's name."""
    around = _around(scope, sign, left, right)
    if sign == "*" and min(left.node.rank, right.node.rank) > 1:
        yield from _as_product(scope, place, left, right)
    for one, other in ((left, right), (right, left)):
        placed = _places(one.node.shape, other.node.shape)
        if placed and is_name(one):
            yield suffixed(scope, one, placed, around(one))
    if _places(left.node.shape, right.node.shape) or _places(right.node.shape, left.node.shape):
        return
    yield from _other_parameters(scope, left, right, around)
    for one, other in ((left, right), (right, left)):
        yield from projected(scope, sign, one, other.node.shape)
    for one, other in ((right, left), (left, right)):
        yield from _redeclared(scope, one, other)
    if left.node.rank == right.node.rank == 2:
        yield suffixed(scope, right, ".T", around(right))
        yield suffixed(scope, left, ".T", around(left))


def _around(
    scope: Scope, sign: str, left: Operand, right: Operand
) -> Callable[[Operand], Callable[[str], str]]:
    """How a message shows one of two operands that is changed: with its sign and the other."""

    def around(operand: Operand) -> Callable[[str], str]:
        if sign[0].isalpha():  # a call, whose other arguments are not known here
            return str
        if operand is left:
            return lambda text: f"{text} {sign} {raw(scope, right)}"
        return lambda text: f"{raw(scope, left)} {sign} {text}"

    return around


def labels_as_rows(scope: Scope, left: Operand, right: Operand) -> list[str]:
    """The help where labels are multiplied by logarithms as if they were rows of probabilities."""
    for labels, logs in ((left, right), (right, left)):
        if labels.node.kind == "int" and logs.node.op in ("log", "log_softmax"):
            return [f"`cross_entropy(logits, {bare(scope, labels)})` takes labels as they are"]
    return []


def _differ(left: Operand, right: Operand) -> tuple[int, Size, Size]:
    """Where two shapes do not broadcast: the axis, counted from 1 at the end, and its two sizes."""
    pairs = enumerate(
        zip(reversed(left.node.shape), reversed(right.node.shape), strict=False), start=1
    )
    return next((i, p, q) for i, (p, q) in pairs if p != q and ONE not in (p, q))


def _as_product(scope: Scope, place: Span, left: Operand, right: Operand) -> Iterator[Repair]:
    """The matrix product, where `*` was taken for it."""
    x, y = bare(scope, left), bare(scope, right)
    yield Repair(f"write `{x} @ {y}`", (Edit(place, "@"),))
    whole = left.written.span.to(right.written.span)
    for end in ("", ".T"):
        made = f"{exact(scope, right)} @ {exact(scope, left)}{end}"
        yield Repair(f"write `{y} @ {x}{end}`", (Edit(whole, made),))
    yield Repair(f"write `{x} @ {y}.T`", (Edit(place, "@"), *behind(right, ".T")))


def _other_parameters(
    scope: Scope, left: Operand, right: Operand, around: Callable[[Operand], Callable[[str], str]]
) -> Iterator[Repair]:
    """Another parameter in the place of one, of the shape that fits."""
    for one, other in ((right, left), (left, right)):
        symbol = symbol_of(scope, one)
        if symbol and symbol.role == "param" and not scope.uses:
            wanted = _like(one.node.shape, other.node.shape)
            for param in params(scope):
                if param.shape == wanted and param.name not in _read(other.node):
                    shown = around(one)(param.name)
                    yield Repair(f"write `{shown}`", (Edit(one.written.span, param.name),))


def projected(scope: Scope, sign: str, one: Operand, shape: Shape) -> Iterator[Repair]:
    """A product with a parameter that brings an operand to the width of a shape."""
    if not one.node.shape or not shape:
        return
    wanted = (one.node.shape[-1], shape[-1])
    for weight in params(scope):
        if weight.name in _read(one.node):
            continue  # there and back again
        for found, end in ((weight.shape, ""), ((weight.shape or ())[::-1], ".T")):
            if found == wanted and one.node.rank > 1:
                text = f"{bare(scope, one)} @ {weight.name}{end}"
                edits = behind(one, f" @ {weight.name}{end}")
                if sign not in ("+", "-"):  # a product within a product keeps its brackets
                    edits = _in_brackets(one, edits)
                yield Repair(f"project first: `{text}`", edits)


def _in_brackets(operand: Operand, edits: tuple[Edit, ...]) -> tuple[Edit, ...]:
    start = operand.written.span.start
    *before, last = edits
    return (Edit(Span(start, start), "("), *before, Edit(last.span, f"{last.text})"))


def _redeclared(scope: Scope, one: Operand, other: Operand) -> Iterator[Repair]:
    """Another shape for an operand that is declared, or for the weight that made its last axis."""
    symbol = symbol_of(scope, one)
    if symbol and symbol.role != "state":
        yield from redeclared(scope, symbol, _like(one.node.shape, other.node.shape))
        return
    e = one.written
    if isinstance(e, syntax.Binary) and e.symbol == "@" and one.node.op == "matmul":
        weight = symbol_of(scope, Operand(e.right, one.node.args[1]))
        if weight and weight.role == "param" and weight.shape and other.node.shape:
            yield from redeclared(scope, weight, (*weight.shape[:-1], other.node.shape[-1]))


def _read(node: Node) -> list[str]:
    return [part["name"] for part in refs(node)]


def _like(shape: Shape, other: Shape) -> Shape:
    """A shape with the sizes of another wherever the two do not fit."""
    found = list(shape)
    for axis in range(-min(len(shape), len(other)), 0):
        if ONE not in (shape[axis], other[axis]):
            found[axis] = other[axis]
    return tuple(found)


def _places(short: Shape, long: Shape) -> str | None:
    """The subscript that puts each axis of a short shape at its size in a longer one."""
    if not short or len(short) >= len(long):
        return None
    rest: list[Size] = list(short)
    words = []
    for extent in long:
        if rest and rest[0] == extent:
            words.append(":")
            rest.pop(0)
        else:
            words.append("None")
    while words and words[0] == "None":  # put there by broadcasting itself
        words.pop(0)
    return f"[{', '.join(words)}]" if not rest and "None" in words else None
