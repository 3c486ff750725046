"""Which axes a reduction or a softmax works along: `over=H`, `over=(t, N)`, `over=all`, `axis=-1`.

Axes are counted from the end, so that they mean the same for one step and for all steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bpgen import syntax
from bpgen.check.explain import labels
from bpgen.check.named import same, shape_shown, shown
from bpgen.check.scope import Scope
from bpgen.check.sizing import integer_of, size_of
from bpgen.check.ways import Operand
from bpgen.ir import Node
from bpgen.report import Edit, Label, Repair
from bpgen.sizes import Size
from bpgen.source import Span


@dataclass(frozen=True, slots=True)
class Axes:
    """Axes from the end, in order; None if nothing was said. `steps` if time is among them."""

    axes: tuple[int, ...] | None
    steps: bool = False


def chosen(call: syntax.Call, node: Node, scope: Scope) -> Axes | None:
    """What a call says of the axes of its first argument; None, reported, if that is wrong."""
    said = {k.name.text: k for k in call.keywords if k.name.text in ("over", "axis")}
    if len(said) == 2:
        message = "`over=` names axes by size and `axis=` by position: one of them is enough"
        scope.report("BP208", message, said["axis"].span)
        return None
    for word, keyword in said.items():
        if keyword.value == syntax.Tuple((), keyword.value.span):
            helps = ["left out, it is every axis but `t`"]
            scope.report("BP208", f"`{word}=()` names no axis", keyword.value.span, helps=helps)
            return None
    if "axis" in said:
        return _by_position(said["axis"].value, node, scope)
    if "over" in said:
        others = labels(scope, [Operand(call.args[0], node)]) if call.args else []
        return _by_size(said["over"].value, node, others, scope)
    return Axes(None)


def axis_of(e: syntax.Expression, rank: int, scope: Scope) -> int | None:
    """One axis by position, counted from the end; None, reported, if there is none."""
    found = integer_of(e, scope, "an axis")
    if found is None:
        return None
    if not -rank <= found < rank:
        have = f"axes 0 to {rank - 1}" if rank > 1 else "one axis, 0" if rank else "no axes"
        scope.report("BP208", f"there is no axis {found}", e.span, f"this has {have}")
        return None
    return found - rank if found >= 0 else found


def _find(
    wanted: Size, node: Node, place: Span, others: Sequence[Label], scope: Scope
) -> int | None:
    """The one axis that has a size, counted from the end; None, reported, if it is not one."""
    places = [i for i in range(-node.rank, 0) if same(node.shape[i], wanted)]
    if len(places) == 1:
        return places[0]
    name, within = shown(wanted), shape_shown(node.shape)
    if places:
        helps = [f"say which by position: `axis={places[0]}` or `axis={places[-1]}`"]
        message = f"{name} occurs {len(places)} times in {within}"
        scope.report("BP208", message, place, others=others, helps=helps)
    else:
        extents = dict.fromkeys(reversed([shown(extent) for extent in node.shape]))
        ways = [Repair(f"write `over={extent}`", (Edit(place, extent),)) for extent in extents]
        message = f"{within} has no axis {name}"
        scope.report("BP208", message, place, others=others, repairs=ways)
    return None


def _by_position(e: syntax.Expression, node: Node, scope: Scope) -> Axes | None:
    items = e.items if isinstance(e, syntax.Tuple) else (e,)
    found = [axis_of(item, node.rank, scope) for item in items]
    return _distinct(found, items, False, scope)


def _by_size(
    e: syntax.Expression, node: Node, others: Sequence[Label], scope: Scope
) -> Axes | None:
    if isinstance(e, syntax.Name) and e.text == "all":
        return Axes(tuple(range(-node.rank, 0)), node.timed)
    items = e.items if isinstance(e, syntax.Tuple) else (e,)
    for item in items:
        if isinstance(item, syntax.Name) and item.text == "all":
            message = "`all` stands alone: `over=all` takes every axis, and the steps too"
            scope.report("BP208", message, item.span)
            return None
    steps = [item for item in items if isinstance(item, syntax.Name) and item.text == "t"]
    if steps and not node.timed:
        message = "this does not change over t, so it cannot be reduced over t"
        scope.report("BP208", message, steps[0].span, others=others)
        return None
    found: list[int | None] = []
    sizes = [item for item in items if item not in steps]
    for item in sizes:
        wanted = size_of(item, scope)
        found.append(None if wanted is None else _find(wanted, node, item.span, others, scope))
    return _distinct(found, tuple(sizes), bool(steps), scope)


def _distinct(
    found: list[int | None], items: tuple[syntax.Expression, ...], steps: bool, scope: Scope
) -> Axes | None:
    axes: list[int] = []
    for axis, item in zip(found, items, strict=True):
        if axis is None:
            return None
        if axis in axes:
            scope.report("BP208", "an axis is named twice", item.span)
            return None
        axes.append(axis)
    return Axes(tuple(sorted(axes)), steps)
