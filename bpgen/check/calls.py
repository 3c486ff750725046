"""Calls of operators: their arguments, their attributes, and the axes they work along.

Reductions over t become sums over the steps, or, for all but sums and means, work on the array of
all steps.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bpgen import plugins, syntax
from bpgen.check import arguments, axes, explain, kinds, named, numbers
from bpgen.check.arguments import Attributes
from bpgen.check.scope import Scope
from bpgen.check.sizing import RANK
from bpgen.check.ways import Operand
from bpgen.ir import OPERATORS, Node, ShapeError, apply, size_node
from bpgen.sizes import STEPS
from bpgen.source import Span


def is_word(name: str) -> bool:
    """Whether an operator of bpgen itself can be called by name."""
    facts = OPERATORS[name].facts if plugins.is_own(name) else {"internal": True}
    return not (facts.get("internal") or "symbol" in facts)


def words() -> list[str]:
    """Every operator that can be called by name, in order."""
    return [name for name in sorted(OPERATORS) if is_word(name)]


def build(
    scope: Scope, op: str, symbol: Span, place: Span, operands: Sequence[Operand], **attrs: Any
) -> Node | None:
    """An operator's node, or None, reported. `symbol` is the place of its sign or name."""
    suited = kinds.suited(scope, op, operands)
    if suited is None:
        return None
    nodes = kinds.joined(op, suited)
    if numbers.has_no_value(op, nodes):
        scope.report("BP402", "this has no finite value, whatever arrays come", place)
        return None
    try:
        node = apply(op, *nodes, place=place, **attrs)
    except ShapeError as error:
        explain.made(scope, op, symbol, operands, error)
        return None
    if explain.other_names(scope, op, symbol, operands, attrs):
        return None
    node = replace(node, shape=named.result(op, nodes, node.shape))
    if node.rank > RANK:
        scope.report("BP213", f"the result has {node.rank} axes, and {RANK} is the most", symbol)
        return None
    if OPERATORS[op].elementwise and len(operands) > 1:
        sign = OPERATORS[op].facts.get("symbol", op)
        if explain.repeats(scope, sign, symbol, operands, node.shape):
            return None
    return node


def call(e: syntax.Call, scope: Scope) -> Node | None:
    """A call of an operator by name."""
    name = e.function.text
    operator = OPERATORS[name]
    start = len(scope.reads)
    args, extra = arguments.divided(e, operator)
    visited = []
    for arg in args:  # a loop, as a comprehension takes a frame and this recurs
        visited.append((arg, scope.visit(arg, scope.down())))
    if not arguments.counted(e, operator, args, scope):
        return None
    operands = [Operand(arg, node) for arg, node in visited if node is not None]
    if len(operands) < len(args):
        scope.faults.blind.add(e.function.span.start)
        return None
    attrs = arguments.attributes(e, operator, extra, operands, scope)
    if attrs is None or not arguments.ordered_bounds(e, operands, scope):
        return None
    if not (operator.facts.get("reduces") or operator.facts.get("along")):
        return build(scope, name, e.function.span, e.span, operands, **attrs)
    chosen = axes.chosen(e, operands[0].node, scope)
    if chosen is None:
        return None
    if chosen.steps:
        scope.reads[start:] = [replace(reading, whole=True) for reading in scope.reads[start:]]
    along = _reduced if operator.facts.get("reduces") else _along
    return along(e, operands, chosen, attrs, scope)


# -- axes and time --------------------------------------------------------------------------------


def _reduced(
    e: syntax.Call,
    operands: Sequence[Operand],
    chosen: axes.Axes,
    attrs: Attributes,
    scope: Scope,
) -> Node | None:
    """A reduction: over axes at one step, over the steps, or over both."""
    op, name = e.function.text, e.function.span
    written, node = operands[0].written, operands[0].node
    everything = tuple(range(-node.rank, 0))
    over = everything if chosen.axes is None else chosen.axes
    if chosen.steps and op not in ("sum", "mean"):
        whole = Operand(written, apply("steps", node, place=written.span))
        attrs = {**attrs, "axes": _all((-node.rank - 1, *over), node.rank + 1)}
        return build(scope, op, name, e.span, [whole], **attrs)
    inner: Node | None = node
    if over or not chosen.steps:
        inner = build(scope, op, name, e.span, operands, axes=_all(over, node.rank), **attrs)
    if inner is None or not chosen.steps:
        return inner
    total = apply("sum_steps", inner, place=e.span)
    return apply("divide", total, size_node(STEPS), place=e.span) if op == "mean" else total


def _all(over: tuple[int, ...], rank: int) -> tuple[int, ...] | None:
    """The axes reduced, None for all there are."""
    return None if len(over) == rank else over


def _along(
    e: syntax.Call,
    operands: Sequence[Operand],
    chosen: axes.Axes,
    attrs: Attributes,
    scope: Scope,
) -> Node | None:
    """An operator along an axis, the last if none was named, along several, or along the steps."""
    op, name = e.function.text, e.function.span
    node = operands[0].node
    over = chosen.axes or ()
    several = len(over) + chosen.steps > 1
    if several and not OPERATORS[op].facts.get("several"):
        scope.report("BP208", f"`{op}` works along one axis", e.span)
        return None
    if not chosen.steps:
        if chosen.axes == ():
            scope.report("BP208", f"`{op}` needs an axis to work along", e.span)
            return None
        axis = over if several else over[0] if over else -1
        if not node.rank:
            message = f"`{op}` works along an axis, and this is a scalar"
            scope.report("BP208", message, name, others=explain.labels(scope, operands))
            return None
        return build(scope, op, name, e.span, operands, axis=axis, **attrs)
    if len(operands) > 1:
        scope.report("BP208", f"`{op}` cannot work along the steps", e.span)
        return None
    whole = Operand(operands[0].written, apply("steps", node, place=operands[0].written.span))
    axis = (-node.rank - 1, *sorted(over)) if over else -node.rank - 1
    found = build(scope, op, name, e.span, [whole], axis=axis, **attrs)
    return found and apply("row", found, place=e.span)
