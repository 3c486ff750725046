"""Matrix products that do not fit: what went wrong most likely, and the products that would fit.

A weight lies the other way, stands on the other side, or was declared with the sizes of another.
"""

from collections.abc import Iterator

from bpgen.check.named import shape_shown
from bpgen.check.scope import Scope, Symbol
from bpgen.check.ways import (
    Operand,
    added,
    bare,
    exact,
    instead,
    params,
    raw,
    redeclared,
    suffixed,
    symbol_of,
)
from bpgen.ir import OPERATORS, ShapeError, broadcast_shapes
from bpgen.report import Edit, Repair
from bpgen.sizes import Shape, shape_text
from bpgen.source import Span


def fault(scope: Scope, left: Operand, right: Operand, otherwise: str) -> tuple[str, str, str]:
    """The code, the sentence and a label for a product; `otherwise` is what the operator says."""
    label = _inner(left.node.shape, right.node.shape)
    if _on_the_wrong_side(scope, left, right):
        x, w = scope.quote(right.written, "the right side"), scope.quote(left.written)
        both = f"{shape_text(left.node.shape)} @ {shape_text(right.node.shape)}"
        message = f"{x} has its examples in rows, so {w} stands on its right; this is {both}"
        return ("BP204", message, label)
    weight = symbol_of(scope, right)
    if weight and _square_by_mistake(scope, left, weight):
        shape = right.node.shape
        message = (
            f"`{weight.name}` is {shape_text(shape)}, and {scope.quote(left.written, 'the left')} "
            f"has {left.node.shape[-1]} in its last axis: "
            f"is the first {shape[0]} meant to be {left.node.shape[-1]}?"
        )
        return ("BP207", message, label)
    return ("BP201", otherwise, label)


def repairs(scope: Scope, left: Operand, right: Operand) -> Iterator[Repair]:
    """The products of the same two that would be legal, and declarations that would make it so."""
    a, b = left.node.shape, right.node.shape
    place = left.written.span.to(right.written.span)
    if not a or not b:
        yield _swap(scope, place, left, "*", right)
        return
    at, bt = _turned(a), _turned(b)
    yield from _rows(scope, place, left, right)
    yield from _one_by_one(scope, place, left, right)
    if _on_the_wrong_side(scope, left, right):
        yield from _other_order(scope, left, right)
    if bt and _is_product(a, bt):
        yield suffixed(scope, right, ".T", lambda text: f"{bare(scope, left)} @ {text}")
    weight = symbol_of(scope, right)
    if weight and weight.role == "param" and len(b) > 1:
        yield from redeclared(scope, weight, (*b[:-2], b[-1], b[-2])) if a[-1] == b[-1] else ()
        yield from redeclared(scope, weight, (*b[:-2], a[-1], b[-1]))
    yield from _other_order(scope, left, right)
    weight = symbol_of(scope, left)
    if weight and weight.role == "param" and len(a) > 1:
        inner = b[0] if len(b) == 1 else b[-2]
        yield from redeclared(scope, weight, (*a[:-1], inner))
    if all(_is_settled(scope, operand) for operand in (left, right)):
        yield from _other_weights(scope, left, right)
        yield from _new_weight(scope, left, right)
    if at and _is_product(at, b):
        yield suffixed(scope, left, ".T", lambda text: f"{text} @ {bare(scope, right)}")
    if broadcast_shapes(a, b) is not None:
        yield _swap(scope, place, left, "*", right)


def _rows(scope: Scope, place: Span, left: Operand, right: Operand) -> Iterator[Repair]:
    """Rows of a parameter by labels, which are no one-hot rows to be multiplied."""
    for labels, weight in ((left, right), (right, left)):
        symbol = symbol_of(scope, weight)
        if labels.node.kind == "int" and symbol and symbol.role == "param":
            yield instead(place, f"{exact(scope, weight)}[{exact(scope, labels)}]")


def _one_by_one(scope: Scope, place: Span, left: Operand, right: Operand) -> Iterator[Repair]:
    """A matrix and a vector for each example, which `@` would take for a stack and a matrix."""
    a, b = left.node.shape, right.node.shape
    pattern = ""
    if len(a) == 3 and b == (a[0], a[2]):
        pattern = "n i j, n j -> n i"
    elif len(b) == 3 and a == b[:2]:
        pattern = "n i, n i j -> n j"
    if pattern:
        quote = scope.table.source.quote
        x, y = quote(left.written.span), quote(right.written.span)
        made = instead(place, f'einsum("{pattern}", {x}, {y})')
        yield Repair(
            f'write `einsum("{pattern}", {raw(scope, left)}, {raw(scope, right)})`', made.edits
        )


def _other_order(scope: Scope, left: Operand, right: Operand) -> Iterator[Repair]:
    """The two in the other order, one of them transposed perhaps."""
    a, b = left.node.shape, right.node.shape
    at, bt = _turned(a), _turned(b)
    place = left.written.span.to(right.written.span)
    for p, q, ends in ((b, a, ("", "")), (b, at, ("", ".T")), (bt, a, (".T", ""))):
        if p and q and _is_product(p, q):
            yield _swap(scope, place, right, "@", left, ends)


def _is_settled(scope: Scope, operand: Operand) -> bool:
    """Whether an operand cannot be declared otherwise: it is no weight, or one used elsewhere."""
    symbol = symbol_of(scope, operand)
    uses = scope.table.mentions.get(symbol.name, ()) if symbol else ()
    return symbol is None or symbol.role != "param" or len(uses) > 1


def _other_weights(scope: Scope, left: Operand, right: Operand) -> Iterator[Repair]:
    """Another parameter beside what changes over time, whose inner size is right.

    Those come first whose outer size is that of what stands there.
    """
    if scope.uses:
        return  # in a function, another call may need what is there
    for kept, other, inner in ((left, right, 0), (right, left, 1)):
        shape = (kept.node.shape[-1], other.node.shape[-1])
        if inner:
            shape = (other.node.shape[0], kept.node.shape[0])
        fitting = [w for w in _matrices(scope) if w.shape and w.shape[inner] == shape[inner]]
        for weight in sorted(fitting, key=lambda w: w.shape != shape) if kept.node.timed else ():
            sides = (bare(scope, kept), weight.name)
            text = " @ ".join(sides[::-1] if inner else sides)
            yield Repair(f"write `{text}`", (Edit(other.written.span, weight.name),))


def _new_weight(scope: Scope, left: Operand, right: Operand) -> Iterator[Repair]:
    """A weight more, where the one that stands there is needed elsewhere, or is none."""
    if scope.uses:
        return
    for kept, other, inner in ((left, right, 0), (right, left, 1)):
        weight = symbol_of(scope, other)
        uses = len(scope.table.mentions.get(weight.name, ())) if weight else 2
        a, b = kept.node, other.node
        if not a.timed or (inner and a.rank > 1) or (not inner and a.rank < 2) or uses == 1:
            continue
        shape = (b.shape[0], a.shape[0]) if inner else (a.shape[-1], b.shape[-1])
        name = _free(scope, "W2")
        if name and all(known.shape != shape for known in _matrices(scope)):
            sides = (bare(scope, kept), name)
            text = " @ ".join(sides[::-1] if inner else sides)
            line = f"param {name} : {shape_shown(shape)}"
            do = f"write `{text}`, and declare `{line}`"
            yield from added(scope, line, Edit(other.written.span, name), say=do)


def _free(scope: Scope, otherwise: str) -> str:
    """A name for a weight that the spec does not have; empty if there is none."""
    taken = {*scope.table.symbols, *scope.table.mentions}
    return next((name for name in ("W", "V", "U", otherwise) if name not in taken), "")


def _matrices(scope: Scope) -> list[Symbol]:
    return [weight for weight in params(scope) if weight.shape and len(weight.shape) == 2]


def _swap(
    scope: Scope,
    place: Span,
    left: Operand,
    sign: str,
    right: Operand,
    ends: tuple[str, str] = ("", ""),
) -> Repair:
    """Two operands joined anew: the text is shortened for the message and whole in the edit."""
    shown = f"{bare(scope, left)}{ends[0]} {sign} {bare(scope, right)}{ends[1]}"
    made = f"{exact(scope, left)}{ends[0]} {sign} {exact(scope, right)}{ends[1]}"
    return Repair(f"write `{shown}`", instead(place, made).edits)


def _on_the_wrong_side(scope: Scope, left: Operand, right: Operand) -> bool:
    """Whether a weight stands left of what has one example a row, `W @ x[t]`."""
    weight, data = symbol_of(scope, left), right.node
    if not (weight and weight.role == "param" and data.timed and left.node.rank == data.rank == 2):
        return False
    return left.node.shape[-1] != data.shape[-2] and data.shape[-1] in left.node.shape


def _square_by_mistake(scope: Scope, left: Operand, weight: Symbol) -> bool:
    """Whether a square parameter is used here only, where its first size should be another."""
    if weight.role != "param" or weight.shape is None or len(weight.shape) != 2:
        return False
    once = len(scope.table.mentions.get(weight.name, ())) == 1
    return once and weight.shape[0] == weight.shape[1] and left.node.rank > 1


def _turned(shape: Shape) -> Shape | None:
    return (*shape[:-2], shape[-1], shape[-2]) if len(shape) > 1 else None


def _inner(left: Shape, right: Shape) -> str:
    if not left or not right:
        return ""
    inner = right[0] if len(right) == 1 else right[-2]
    return "" if left[-1] == inner else f"{left[-1]} is not {inner}"


def _is_product(a: Shape, b: Shape) -> bool:
    try:
        OPERATORS["matmul"].shape(a, b)
    except ShapeError:
        return False
    return True
