"""Equations: each right side typed and held to its left side.

What is not declared takes its shape from the right, so equations are read in an order in which
that is possible. Where there is none, on a loop of undeclared names, shapes stay unknown; `timing`
reports the loop.
"""

from collections.abc import Sequence
from dataclasses import replace

from bpgen import syntax
from bpgen.check import axes, kinds
from bpgen.check.explain import Operand, labels
from bpgen.check.named import same, shape_shown, shown
from bpgen.check.scope import Reading, Scope, meant, near
from bpgen.check.sizing import size_of
from bpgen.check.targets import Written, ordered
from bpgen.check.timing import Typed
from bpgen.ir import Fixed, Node, apply, broadcast_shapes
from bpgen.report import Label
from bpgen.sizes import Size, shape_text, size
from bpgen.source import Span

_Sides = tuple[list[Node | None], tuple[Reading, ...]]  # of the names on the left, what is read


def typed(equations: Sequence[Written], scope: Scope) -> list[Typed]:
    """The equations in the order of the spec, typed; the symbol table learns their shapes."""
    read: dict[Span, _Sides] = {}
    done: dict[Written, Typed] = {}
    for written in ordered(list(equations), scope):
        if written.span not in read:
            inner = replace(scope, reads=[])
            sides = _sides(written, inner)
            read[written.span] = sides, tuple(inner.reads)
        nodes, reads = read[written.span]
        node = nodes[written.part]
        done[written] = Typed(written, node and _fitted(written, node, scope), reads)
    return [done[written] for written in equations]


def _sides(written: Written, scope: Scope) -> list[Node | None]:
    """The value of each name on the left: one expression, or the parts of a `split`."""
    e = written.value
    if isinstance(e, syntax.Call) and e.function.text == "split" and not e.primed:
        return _split(e, written, scope)
    node = scope.visit(e, scope)
    if written.parts > 1:
        message = f"one value cannot be given to {written.parts} names"
        helps = ["`a[t], b[t] = split(z[t], H)` cuts an axis into parts"]
        scope.report("BP212", message, e.span, helps=helps)
        return [None] * written.parts
    return [node]


def _split(e: syntax.Call, written: Written, scope: Scope) -> list[Node | None]:
    """`split(z, H)`, parts of one size, or `split(z, (H, K))`, parts of their own sizes."""
    count = written.parts
    nothing: list[Node | None] = [None] * count
    node = scope.visit(e.args[0], scope.down()) if e.args else None
    keywords = {k.name.text: k for k in e.keywords}
    for name, keyword in keywords.items():
        if name != "axis":
            helps = meant(near(name, ["axis"]), "it takes `axis`")
            scope.report("BP402", f"`split` takes no `{name}=`", keyword.name.span, helps=helps)
            return nothing
    if len(e.args) != 2:
        message = "`split` needs what to split and the size of a part"
        scope.report("BP403", message, e.span, helps=["as in `split(z[t], H)`"])
        return nothing
    if node is None:
        return nothing
    axis: int | None = -1
    if "axis" in keywords:
        axis = axes.axis_of(keywords["axis"].value, node.rank, scope)
    elif not node.rank:
        scope.report("BP212", "a scalar has no axis to split", e.args[0].span)
        return nothing
    items = e.args[1].items if isinstance(e.args[1], syntax.Tuple) else (e.args[1],)
    sizes = [size_of(item, scope) for item in items]
    known = [part for part in sizes if part is not None]
    if axis is None or len(known) < len(sizes):
        return nothing
    parts = known if isinstance(e.args[1], syntax.Tuple) else known * count
    return _parts(node, axis, parts, e, written, scope)


def _parts(
    node: Node, axis: int, parts: Sequence[Size], e: syntax.Call, written: Written, scope: Scope
) -> list[Node | None]:
    """The slices of one axis, which must be used up exactly."""
    extent = node.shape[axis]
    if not same(sum(parts, size(0)), extent) or len(parts) != written.parts:
        alike = len(set(parts)) == 1
        taken = " + ".join(map(shown, parts)) or "none"
        if alike:
            taken = f"{len(parts)} of {shown(parts[0])}"
        message = (
            f"{scope.quote(e.args[0], 'what is split')} has {shown(extent)} along axis {axis}, "
        )
        message += f"and {written.parts} names take {taken}"
        each = extent.divided(parts[0]) if alike else None
        number = each.number or 0 if each else 0
        helps = [f"{extent} is {number} parts of {parts[0]}"] if 1 < number != written.parts else []
        others = labels(scope, [Operand(e.args[0], node)])
        scope.report("BP212", message, e.span, others=others, helps=helps)
        return [None] * written.parts
    found: list[Node | None] = []
    start = size(0)
    for part in parts:
        attrs = {"axis": axis, "start": start, "stop": start + part}
        found.append(node if part == extent else apply("slice", node, place=e.span, **attrs))
        start = start + part
    return found


# -- both sides -----------------------------------------------------------------------------------


def _fitted(written: Written, node: Node, scope: Scope) -> Node | None:
    """The value, if it may stand on the right of this left side; a report if not."""
    name = written.name
    symbol = scope.table.symbols[name]
    if node.timed and not isinstance(written.when, int):
        fixed = isinstance(written.when, Fixed)
        what = "an initial value" if fixed else f"`{name}` is written without `[t]`, so it"
        message = f"{what} does not change over time, and its value does"
        helps = [] if fixed else [f"write `{name}[t] = ...`, or sum over the steps, `over=t`"]
        if written.kind == "loss":
            message = f"the loss `{name}` is one number, and this changes over time"
            helps = [_summed(written, "all" if node.shape else "t", scope)]
        code = "BP205" if written.kind == "loss" else "BP308"
        scope.report(code, message, written.value.span, helps=helps)
        _learn(name, node, scope)
        return None
    if written.kind == "loss":
        return _loss(written, node, scope)
    if symbol.role == "state":
        return _held(written, node, scope)
    _learn(name, node, scope)
    return node


def _learn(name: str, node: Node, scope: Scope) -> None:
    """Enter the shape of an undeclared name."""
    symbols = scope.table.symbols
    if symbols[name].role == "equation":
        symbols[name] = replace(symbols[name], shape=node.shape, kind=node.kind)


def _loss(written: Written, node: Node, scope: Scope) -> Node | None:
    if written.when is not None:
        message = f"the loss is one number, so `{written.name}` is written without a step"
        helps = [f"write `loss {written.name} = sum(..., over=t)`"]
        scope.report("BP205", message, written.place, helps=helps)
        return None
    if node.shape:
        message = f"the loss has shape {shape_text(node.shape)} but must be a scalar"
        helps = [_summed(written, "all", scope)]
        others = labels(scope, [Operand(written.value, node)])[1:]
        scope.report("BP205", message, written.value.span, others=others, helps=helps)
        return None
    if node.kind == "bool":
        message = "the loss must be a real number, and this is a boolean"
        scope.report("BP205", message, written.value.span)
        return None
    real = kinds.as_real(node)
    _learn(written.name, real, scope)
    return real


def _summed(written: Written, over: str, scope: Scope) -> str:
    """How to make one number of a loss."""
    e = written.value
    if isinstance(e, syntax.Call) and e.function.text in ("sum", "mean"):
        return f"take every axis and every step: `over={over}`"
    inner = scope.quote(e, "`...`").strip("`")
    return f"wrap it: `sum({inner}, over={over})` or `mean({inner}, over={over})`"


def _held(written: Written, node: Node, scope: Scope) -> Node | None:
    """A value of a state, which must have the declared shape."""
    symbol = scope.table.symbols[written.name]
    if symbol.shape is None:
        return None
    fits = len(node.shape) == len(symbol.shape) and all(map(same, node.shape, symbol.shape))
    if fits:
        return kinds.as_real(node)
    declared, got = shape_shown(symbol.shape), shape_shown(node.shape)
    step = "its initial value" if isinstance(written.when, Fixed) else "the value it is given"
    message = f"`{written.name}` is declared as {declared}, and {step} has shape {got}"
    helps = []
    if node.shape != symbol.shape == broadcast_shapes(node.shape, symbol.shape):
        value = scope.quote(written.value, "`...`").strip("`")
        helps = [f"write `expand({value}, {declared})`"]
    where = [
        Label(written.value.span, f"this has shape {got}"),
        Label(symbol.place, f"`{written.name}` is declared as {declared} here"),
    ]
    scope.report("BP206", message, written.place, others=where, helps=helps)
    return None
