"""NumPy's subscripts after a name and its time: `m[t][:, None]`, `z[t][:, 0:H]`, `E[w[t]]`.

Each axis is taken by a slice, by one number, or whole; one integer quantity takes rows, two take
entries. Other mixtures of NumPy's are refused rather than guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bpgen import syntax
from bpgen.check import moments
from bpgen.check.calls import build
from bpgen.check.explain import labels
from bpgen.check.outside import doubted, outside, unordered
from bpgen.check.scope import Scope
from bpgen.check.sizing import RANK, size_of
from bpgen.check.ways import Operand
from bpgen.extents import always, least, left
from bpgen.ir import Node, ShapeError, apply
from bpgen.report import Label
from bpgen.sizes import Size, shape_text, size
from bpgen.source import Span


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one part of a subscript does to its axis: keep a stretch, or take one place."""

    start: Size | None = None
    stop: Size | None = None
    at: int | None = None


def group(
    node: Node, items: tuple[syntax.Subscript, ...], written: syntax.Subscripted, scope: Scope
) -> Node | None:
    """A node with one pair of brackets applied to it."""
    for item in items:
        if isinstance(item, syntax.Name | syntax.Binary) and moments.speaks_of_time(item):
            message = f"{scope.quote(item)} is a step, and no place along an axis"
            helps = ["the step stands in the first brackets of what changes over time"]
            scope.report("BP211", message, item.span, helps=helps)
            return None
    arrays = [item for item in items if _is_array(item, scope)]
    if arrays:
        return _gathered(node, items, arrays, written, scope)
    axes = [item for item in items if not isinstance(item, syntax.NewAxis)]
    others = labels(scope, [Operand(written, node)])[1:]
    if len(axes) > node.rank:
        what = f"{len(axes)} axes are subscripted, and {scope.quote(written)}"
        message = f"{what} takes them from {shape_text(node.shape)}"
        scope.report("BP211", message, written.span, others=others)
        return None
    taken = []
    for axis, item in enumerate(axes, start=-node.rank):
        taken.append(_taken(item, node.shape[axis], others, scope))
    known = [part for part in taken if part is not None]
    if len(known) < len(taken):
        return None
    try:
        return _applied(node, items, known, written.span, scope)
    except ShapeError as error:
        scope.report(error.code, str(error), written.span, helps=list(error.helps))
        return None


def _is_array(item: syntax.Subscript, scope: Scope) -> bool:
    """Whether a part is an expression to be computed: no slice, no `None`, no number."""
    if isinstance(item, syntax.Slice | syntax.NewAxis):
        return False
    return _number(item, scope) is None


def _number(item: syntax.Expression, scope: Scope) -> int | None:
    """The place that a subscript names, if it can be known now."""
    if isinstance(item, syntax.Number) and isinstance(item.value, int):
        return item.value
    if isinstance(item, syntax.Unary) and item.symbol == "-":
        inner = _number(item.operand, scope)
        return None if inner is None else -inner
    if isinstance(item, syntax.Name):
        given = scope.bound.get(item.text)
        if given is not None and not isinstance(given, Node):
            return _number(given.expression, given.scope)
        symbol = scope.table.symbols.get(item.text)
        if given is None and symbol and symbol.role == "dim":
            return symbol.value
    if isinstance(item, syntax.Binary) and item.symbol in ("+", "-", "*"):
        left, right = _number(item.left, scope), _number(item.right, scope)
        if left is not None and right is not None:
            return {"+": left + right, "-": left - right, "*": left * right}[item.symbol]
    return None


def _taken(
    item: syntax.Subscript, extent: Size, others: Sequence[Label], scope: Scope
) -> _Taken | None:
    if isinstance(item, syntax.Slice):
        start = _bound(item.start, size(0), extent, others, scope)
        stop = _bound(item.stop, extent, extent, others, scope)
        if start is None or stop is None:
            return None
        message = f"the slice from {start} to {stop} takes nothing"
        wrong = message if always(start - stop) else doubted(start, stop, ", where the slice ends")
        if wrong:
            scope.report("BP211", wrong, item.span, others=others, helps=unordered(start, stop))
            return None
        return _Taken(start, stop)
    assert not isinstance(item, syntax.NewAxis)
    at = _number(item, scope)
    if at is not None and least(left(extent, size(at))) is None:
        known = extent.number
        helps = [] if known is None else [f"places are counted from 0, so the last is {known - 1}"]
        scope.report("BP211", outside(size(at), extent), item.span, others=others, helps=helps)
        return None
    return _Taken(at=at)


def _bound(
    e: syntax.Expression | None,
    otherwise: Size,
    extent: Size,
    others: Sequence[Label],
    scope: Scope,
) -> Size | None:
    """An end of a slice; a negative one counts from the end of the axis."""
    if e is None:
        return otherwise
    back = isinstance(e, syntax.Unary) and e.symbol == "-"
    found = size_of(e.operand if isinstance(e, syntax.Unary) and back else e, scope)
    if found is None:
        return None
    wrong = doubted(found, extent, ", the size of this axis")
    if wrong and always(found - extent - 1):
        wrong = f"{_negative(found) if back else found} lies outside an axis of size {extent}"
    if not wrong and least(found) is None:
        wrong = f"{scope.quote(e)} may be negative: nothing says that it is not"
    if wrong:
        scope.report("BP211", wrong, e.span, others=others, helps=unordered(found, extent))
        return None
    return extent - found if back else found


def _negative(found: Size) -> str:
    return f"-{found}" if len(found.terms) < 2 else f"-({found})"


def _applied(
    node: Node,
    items: tuple[syntax.Subscript, ...],
    taken: Sequence[_Taken],
    place: Span,
    scope: Scope,
) -> Node | None:
    """The slices first, then the places taken, which drop axes, then the axes put in."""
    first = -node.rank
    for axis, part in enumerate(taken, start=first):
        if part.start is None or part.stop is None:
            continue
        if part.start != size(0) or part.stop != node.shape[axis]:
            attrs = {"axis": axis, "start": part.start, "stop": part.stop}
            node = apply("slice", node, place=place, **attrs)
    for axis, part in enumerate(taken, start=first):  # axes after it keep their number from the end
        if part.at is not None:
            node = apply("index", node, axis=axis, at=part.at, place=place)
    added = [isinstance(item, syntax.NewAxis) for item in items]
    kept = [isinstance(item, syntax.NewAxis | syntax.Slice) for item in items]
    if not any(added):
        return node
    rank = node.rank + sum(added)
    if rank > RANK:
        scope.report("BP213", f"a shape has at most {RANK} axes", place)
        return None
    shown = [new for new, keep in zip(added, kept, strict=True) if keep]
    axes = tuple(i - rank for i, new in enumerate(shown) if new)
    return apply("newaxis", node, axes=axes, place=place)


def _gathered(
    node: Node,
    items: tuple[syntax.Subscript, ...],
    arrays: Sequence[syntax.Subscript],
    written: syntax.Subscripted,
    scope: Scope,
) -> Node | None:
    """Rows by one integer quantity, `E[w[t]]`, or entries by two, `A[i[t], j[t]]`."""
    visited = []
    for item in arrays:
        assert not isinstance(item, syntax.Slice | syntax.NewAxis)
        visited.append((item, scope.visit(item, scope.down(2))))
    operands = [Operand(item, index) for item, index in visited if index is not None]
    if len(operands) < len(arrays):
        return None
    rest = items[len(arrays) :]
    whole = all(isinstance(i, syntax.Slice) and i.start is None and i.stop is None for i in rest)
    if tuple(items[: len(arrays)]) != tuple(arrays) or len(arrays) > 2 or not whole:
        message = "integer quantities subscript the first axis, or the first two"
        helps = [
            "`E[w[t]]` takes rows of E, `A[i[t], j[t]]` entries; slice in brackets of their own"
        ]
        scope.report("BP211", message, written.span, helps=helps)
        return None
    op = "take" if len(arrays) == 1 else "entries"
    return build(scope, op, written.span, written.span, [Operand(written, node), *operands])
