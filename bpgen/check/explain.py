"""Reports of shapes that do not fit: what each side has, where it was declared, what would fit.

An operator says in one sentence why it cannot take its arguments. Here the sentence gets its
places, and, for products and for broadcasting, the expressions that would be legal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bpgen import syntax
from bpgen.check import named
from bpgen.check.scope import Scope
from bpgen.ir import OPERATORS, Node, ShapeError
from bpgen.report import Label, safe
from bpgen.sizes import ONE, Shape, Size, shape_text
from bpgen.source import Span


@dataclass(frozen=True, slots=True)
class Operand:
    """An argument as it was written, and what it is."""

    written: syntax.Expression
    node: Node


def made(
    scope: Scope, op: str, place: Span, operands: Sequence[Operand], found: ShapeError
) -> None:
    """Report that an operator cannot take its arguments; `place` is its symbol or its name."""
    helps = list(found.helps)
    label, message = "", str(found)
    if op == "matmul":
        label = _inner(*(operand.node.shape for operand in operands))
        helps += _products(scope, *operands)
    elif OPERATORS[op].elementwise and len(operands) == 2:
        message = f"`{OPERATORS[op].facts.get('symbol', op)}` {_differ(*operands)}"
        helps += _aligned(scope, *operands)
    others = labels(scope, operands)
    scope.report(found.code, message, place, label, others=others, helps=helps[:3])


def labels(scope: Scope, operands: Sequence[Operand]) -> list[Label]:
    """What shape each operand has, and where those that are names were declared."""
    shapes = [
        Label(o.written.span, f"{scope.quote(o.written)} has shape {shape_text(o.node.shape)}")
        for o in operands
    ]
    declared: dict[Span, Label] = {}
    for operand in operands:
        for name in _names(operand.node):
            symbol = scope.table.symbols.get(name)
            if symbol and symbol.is_quantity and symbol.role != "equation":
                where = f"`{name}` is declared here"
                declared[symbol.place] = Label(symbol.place, where)
    return shapes + list(declared.values())


def repeats(
    scope: Scope, symbol: str, place: Span, operands: Sequence[Operand], shape: Shape
) -> bool:
    """Report an entry-by-entry result that says a size more often than any operand does.

    That is how a column and a row become a matrix that nobody wanted. It is meant only where the
    axis of size 1 was written as `None`.
    """
    for extent in dict.fromkeys(shape):
        count = shape.count(extent)
        if extent == ONE or count <= max(o.node.shape.count(extent) for o in operands):
            continue
        axes = [i for i in range(-len(shape), 0) if shape[i] == extent]
        if any(i in _written(o.node) for o in operands for i in axes if _stretched(o.node, i)):
            continue
        shown = " and ".join(shape_text(o.node.shape) for o in operands)
        message = (
            f"`{symbol}` of {shown} would be {shape_text(shape)}, with {extent} "
            f"{count} times where neither side has it so often"
        )
        meant = f" {symbol} ".join(_subscripted(scope, o, len(shape)) for o in operands)
        helps = [f"if it is meant, write the axes: `{meant}`"] if len(operands) == 2 else []
        scope.report("BP203", message, place, others=labels(scope, operands), helps=helps)
        return True
    return False


def other_names(
    scope: Scope, op: str, place: Span, operands: Sequence[Operand], attrs: dict[str, Any]
) -> bool:
    """Report sizes that two `dim` fix at one number: each equals the number, not the other."""
    found = named.clash(op, [operand.node for operand in operands], attrs)
    if found is None:
        return False
    a, b = map(named.shown, found)
    sign = OPERATORS[op].facts.get("symbol", op)
    message = f"`{sign}` needs equal sizes; {a} is not {b}, though both are {found[0]} here"
    helps = ["give both one name, if they are one size"]
    others = labels(scope, operands)
    scope.report("BP202", message, place, others=others, helps=helps)
    return True


def _names(node: Node) -> Iterator[str]:
    """The name of an operand that is one, transposed or subscripted perhaps."""
    while node.op in ("transpose", "newaxis", "slice", "index", "cast"):
        (node,) = node.args
    if node.op == "ref":
        yield str(node["name"])


# -- products -------------------------------------------------------------------------------------


def _inner(left: Shape, right: Shape) -> str:
    if not left or not right:
        return ""
    inner = right[0] if len(right) == 1 else right[-2]
    return "" if left[-1] == inner else f"{left[-1]} is not {inner}"


def _products(scope: Scope, left: Operand, right: Operand) -> Iterator[str]:
    """The products of the same two, transposed or in the other order, that would be legal."""
    a, b = left.node.shape, right.node.shape
    if not a or not b:
        yield f"write `{_bare(scope, left)} * {_bare(scope, right)}`"
        return
    at, bt = ((*s[:-2], s[-1], s[-2]) if len(s) > 1 else None for s in (a, b))
    x, y = _bare(scope, left), _bare(scope, right)
    tried = (
        (a, bt, f"{x} @ {y}.T"),
        (at, b, f"{x}.T @ {y}"),
        (b, a, f"{y} @ {x}"),
        (bt, a, f"{y}.T @ {x}"),
        (b, at, f"{y} @ {x}.T"),
    )
    legal = [text for p, q, text in tried if p and q and _is_product(p, q)]
    if legal:
        yield "write " + " or ".join(f"`{text}`" for text in legal[:2])
    symbol = scope.table.symbols.get(next(_names(right.node), ""))
    if symbol and symbol.role == "param" and right.node.op == "ref" and len(b) == 2:
        or_ = "or " if legal else ""
        yield f"{or_}declare `{symbol.name} : {shape_text((a[-1], b[-1]))}`"


def _is_product(a: Shape, b: Shape) -> bool:
    try:
        OPERATORS["matmul"].shape(a, b)
    except ShapeError:
        return False
    return True


# -- broadcasting ---------------------------------------------------------------------------------


_LAST = {1: "last", 2: "second last", 3: "third last"}


def _differ(left: Operand, right: Operand) -> str:
    """Where two shapes do not broadcast, as the end of a sentence."""
    a, b = left.node.shape, right.node.shape
    pairs = enumerate(zip(reversed(a), reversed(b), strict=False), start=1)
    axis, p, q = next((i, p, q) for i, (p, q) in pairs if p != q and ONE not in (p, q))
    where = _LAST.get(axis, f"{axis}th last")
    shown = f"{shape_text(a)} and {shape_text(b)}"
    return f"needs equal or broadcastable shapes; in the {where} axis of {shown}, {p} is not {q}"


def _aligned(scope: Scope, left: Operand, right: Operand) -> Iterator[str]:
    """A subscript that would line up two shapes of which one lacks axes of the other."""
    for short, long in ((left, right), (right, left)):
        a, b = short.node.shape, long.node.shape
        if len(a) >= len(b) or not a or not _is_name(short):
            continue
        placed = _places(a, b)
        if placed is not None:
            yield f"broadcasting aligns from the right; write `{_bare(scope, short)}{placed}`"
    a, b = left.node.shape, right.node.shape
    if len(a) == 2 and a == (b[-1:] + b[-2:-1]) and right.node.rank == 2:
        yield f"write `{_bare(scope, right)}.T`"


def _places(short: Shape, long: Shape) -> str | None:
    """The subscript that puts each axis of the short shape at its size in the long one."""
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


def _stretched(node: Node, axis: int) -> bool:
    return -axis <= node.rank and node.shape[axis] == ONE


def _written(node: Node) -> set[int]:
    """The axes of a node, from the end, that were written as `None`."""
    if node.op == "newaxis":
        return set(node["axes"])
    if node.op in OPERATORS and OPERATORS[node.op].elementwise:
        return {axis for arg in node.args for axis in _written(arg)}
    return set()


def _subscripted(scope: Scope, operand: Operand, rank: int) -> str:
    """The operand with every axis that broadcasting adds written out."""
    missing = rank - operand.node.rank
    text = _bare(scope, operand)
    if not missing or not operand.node.rank or not _is_name(operand):
        return text
    return f"{text}[{', '.join(['None'] * missing + [':'] * operand.node.rank)}]"


def _is_name(operand: Operand) -> bool:
    """Whether an operand can take subscripts as it is written."""
    return isinstance(operand.written, syntax.Name | syntax.Subscripted)


def _bare(scope: Scope, operand: Operand) -> str:
    """An operand as written, in brackets if it needs them before a dot."""
    text = safe(" ".join(scope.table.source.quote(operand.written.span).split()))
    if len(text) > 30:
        return "(...)"
    open_ = isinstance(operand.written, syntax.Binary | syntax.Unary) and text[0] != "("
    return f"({text})" if open_ else text
