"""`split(z, H)`: the right side of an equation with several names on its left, one a part."""

from collections.abc import Sequence

from bpgen import syntax
from bpgen.check import axes
from bpgen.check.explain import labels
from bpgen.check.named import same, shown
from bpgen.check.scope import Scope, near
from bpgen.check.sizing import size_of
from bpgen.check.ways import Operand
from bpgen.extents import least
from bpgen.ir import Node, apply
from bpgen.report import Edit, Repair, safe
from bpgen.sizes import Size, size

ARGUMENTS = ("z", "size", "axis")


def split(e: syntax.Call, count: int, scope: Scope) -> list[Node | None]:
    """The parts of one axis, for as many names; each is None, reported, if something is wrong.

    `split(z, H)` has parts of one size, `split(z, (H, K))` parts of their own sizes.
    """
    nothing: list[Node | None] = [None] * count
    given = _given(e, scope)
    what = given.get("z")
    node = scope.visit(what, scope.down()) if what else None
    if what is None or node is None or "size" not in given:
        return nothing
    axis: int | None = -1
    if "axis" in given:
        axis = axes.axis_of(given["axis"], node.rank, scope)
    elif not node.rank:
        scope.report("BP212", "a scalar has no axis to split", what.span)
        return nothing
    part = given["size"]
    items = part.items if isinstance(part, syntax.Tuple) else (part,)
    sizes = [size_of(item, scope) for item in items]
    known = [found for found in sizes if found is not None]
    if axis is None or len(known) < len(sizes):
        return nothing
    parts = known if isinstance(part, syntax.Tuple) else known * count
    if not same(sum(parts, size(0)), node.shape[axis]) or len(parts) != count:
        _misfit(e, Operand(what, node), axis, parts, count, scope)
        return nothing
    unsure = [item for item, found in zip(items, known, strict=True) if least(found) is None]
    if unsure:
        message = f"a part of {scope.quote(unsure[0])} may be negative: nothing says that it is not"
        scope.report("BP212", message, unsure[0].span, others=labels(scope, [Operand(what, node)]))
        return nothing
    return _slices(node, axis, parts, e)


def _given(e: syntax.Call, scope: Scope) -> dict[str, syntax.Expression]:
    """The arguments by name; those that are wrong are reported, and `size` is left out."""
    given = dict(zip(ARGUMENTS, e.args, strict=False))
    for keyword in e.keywords:
        name = keyword.name.text
        if name not in ARGUMENTS or name in given:
            _wrong(keyword, name in given, scope)
            return {key: part for key, part in given.items() if key == "z"}
        given[name] = keyword.value
    if len(e.args) > len(ARGUMENTS) or not {"z", "size"} <= given.keys():
        message = "`split` needs what to split and the size of a part"
        scope.report("BP403", message, e.span, helps=["as in `split(z[t], H)`"])
    return given


def _wrong(keyword: syntax.Keyword, again: bool, scope: Scope) -> None:
    name, place = keyword.name.text, keyword.name.span
    if again:
        scope.report("BP402", f"`{name}` is given twice", keyword.span)
        return
    close = near(name, ARGUMENTS)
    ways = [Repair(f"did you mean `{close}`?", (Edit(place, close),))] if close else []
    helps = [] if close else ["as in `split(z[t], H)`, or `split(z[t], H, axis=0)`"]
    message = f"`split` takes no `{safe(name)}=`"
    scope.report("BP402", message, place, helps=helps, repairs=ways)


def _misfit(
    e: syntax.Call, whole: Operand, axis: int, parts: Sequence[Size], count: int, scope: Scope
) -> None:
    """Report an axis that the parts do not use up exactly, or not by as many names."""
    extent = whole.node.shape[axis]
    taken = " + ".join(map(shown, parts)) or "none"
    helps: list[str] = []
    if len(set(parts)) == 1:
        taken = f"{len(parts)} of {shown(parts[0])}"
        each = extent.divided(parts[0])
        number = each.number or 0 if each else 0
        helps = [f"{extent} is {number} parts of {parts[0]}"] if number > 1 else []
    what = scope.quote(whole.written, "what is split")
    message = f"{what} has {shown(extent)} along axis {axis}, and {count} names take {taken}"
    equal = extent.divided(size(count))
    ways: list[Repair] = []
    if equal and len(e.args) > 1:
        new = f"split({scope.quote(whole.written, '`...`').strip('`')}, {equal})"
        ways = [Repair(f"write `{new}`", (Edit(e.args[1].span, str(equal)),))]
    others = labels(scope, [whole])
    scope.report("BP212", message, e.span, others=others, helps=helps, repairs=ways)


def _slices(node: Node, axis: int, parts: Sequence[Size], e: syntax.Call) -> list[Node | None]:
    found: list[Node | None] = []
    start = size(0)
    for part in parts:
        attrs = {"axis": axis, "start": start, "stop": start + part}
        whole = part == node.shape[axis]
        found.append(node if whole else apply("slice", node, place=e.span, **attrs))
        start = start + part
    return found
