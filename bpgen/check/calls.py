"""Calls of operators: their arguments, their attributes, and the axes they work along.

An operator's shape rule states its attributes, with types and defaults; they may be given by name
or by position after the arguments, as in `clip(x, -1, 1)` or `roll(x, 1, axis=-1)`. Reductions over
t become sums over the steps, or, for all but sums and means, work on the array of all steps.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, get_args

from bpgen import syntax
from bpgen.check import axes, explain, kinds
from bpgen.check.explain import Operand
from bpgen.check.scope import Scope, meant, near
from bpgen.check.sizing import RANK, integer_of, number_of, size_of, tuple_shape
from bpgen.ir import OPERATORS, Node, Operator, ShapeError, apply, size_node
from bpgen.report import safe
from bpgen.sizes import STEPS, Shape, Size
from bpgen.source import Span

Attributes: TypeAlias = dict[str, Any]

_AXES = ("over", "axis")


def is_word(name: str) -> bool:
    """Whether an operator can be called by name."""
    facts = OPERATORS[name].facts if name in OPERATORS else {"internal": True}
    return not (facts.get("internal") or "symbol" in facts)


def words() -> list[str]:
    """Every operator that can be called by name, in order."""
    return [name for name in sorted(OPERATORS) if is_word(name)]


def build(
    scope: Scope, op: str, symbol: Span, place: Span, operands: Sequence[Operand], **attrs: Any
) -> Node | None:
    """An operator's node, or None, reported. `symbol` is the place of its sign or name."""
    if not kinds.suit(scope, op, operands):
        return None
    nodes = kinds.joined(op, [operand.node for operand in operands])
    try:
        node = apply(op, *nodes, place=place, **attrs)
    except ShapeError as error:
        explain.made(scope, op, symbol, operands, error)
        return None
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
    args, extra = _divided(e, operator)
    visited = []
    for arg in args:  # a loop, as a comprehension takes a frame and this recurs
        visited.append((arg, scope.visit(arg, scope.down())))
    if not _counted(e, operator, args, scope):
        return None
    operands = [Operand(arg, node) for arg, node in visited if node is not None]
    if len(operands) < len(args):
        return None
    attrs = _attributes(e, operator, extra, operands, scope)
    if attrs is None:
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


def _divided(
    e: syntax.Call, operator: Operator
) -> tuple[list[syntax.Expression], list[syntax.Expression]]:
    """What was given by position: the arguments, and after them the attributes."""
    texts: list[syntax.Expression] = [a for a in e.args if isinstance(a, syntax.Text)]
    rest: list[syntax.Expression] = [arg for arg in e.args if not isinstance(arg, syntax.Text)]
    if operator.params and operator.params[-1].startswith("*"):
        return rest, texts
    count = len(operator.params)
    return rest[:count], texts + rest[count:]


def _counted(
    e: syntax.Call, operator: Operator, args: Sequence[syntax.Expression], scope: Scope
) -> bool:
    """Whether the number of arguments is right; a report if not."""
    variadic = bool(operator.params) and operator.params[-1].startswith("*")
    if len(args) >= len(operator.params) - variadic and (args or not operator.params):
        return True
    needed = ", ".join(operator.params).replace("*", "") + (", ..." if variadic else "")
    message = f"`{e.function.text}` needs {len(operator.params)} arguments: {needed}"
    if len(operator.params) == 1:
        message = f"`{e.function.text}` needs an argument"
    scope.report("BP403", message, e.span, f"{len(args)} given" if args else "none given")
    return False


# -- attributes -----------------------------------------------------------------------------------


def _attributes(
    e: syntax.Call,
    operator: Operator,
    extra: Sequence[syntax.Expression],
    operands: Sequence[Operand],
    scope: Scope,
) -> Attributes | None:
    """The attributes that a call states, as values; None, reported, if one is wrong."""
    by_axes = bool(operator.facts.get("reduces") or operator.facts.get("along"))
    hidden = {"axes", "axis", "keepdims"} if by_axes else set()
    types = {
        name: parameter.annotation
        for name, parameter in inspect.signature(operator.shape).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name not in hidden
    }
    given = _given(e, operator.name, extra, types, by_axes, scope)
    if given is None:
        return None
    found = {
        name: _value(part, name, types[name], operator.name, operands, scope)
        for name, part in given.items()
    }
    if any(value is None for value in found.values()):
        return None
    if operator.name == "stack":  # its axes are those of the result, which has one more
        found.setdefault("axis", -operands[0].node.rank - 1)
    for name in types:
        if name not in found and operator.attributes[name] is inspect.Parameter.empty:
            scope.report("BP402", f"`{operator.name}` needs `{name}`", e.span)
            return None
    return found


def _given(
    e: syntax.Call,
    op: str,
    extra: Sequence[syntax.Expression],
    types: Mapping[str, Any],
    by_axes: bool,
    scope: Scope,
) -> dict[str, syntax.Expression] | None:
    """The expressions given for attributes, by the attributes' names."""
    if len(extra) > len(types):
        message = f"`{op}` does not take so many arguments"
        helps = ["name the axes by `over=` or `axis=`"] if by_axes else []
        scope.report("BP403", message, extra[len(types)].span, helps=helps)
        return None
    given = dict(zip(types, extra, strict=False))
    for keyword in e.keywords:
        name = keyword.name.text
        if name in _AXES and by_axes:
            continue
        if name in given:
            scope.report("BP402", f"`{name}` is given twice", keyword.span)
            return None
        if name not in types:
            known = [*types, *(_AXES if by_axes else ())]
            hint = meant(near(name, known), f"it takes {', '.join(known)}" if known else "")
            message = f"`{op}` takes no `{safe(name)}=`"
            scope.report("BP402", message, keyword.name.span, helps=hint)
            return None
        given[name] = keyword.value
    return given


def _value(
    e: syntax.Expression,
    name: str,
    type_: Any,
    op: str,
    operands: Sequence[Operand],
    scope: Scope,
) -> Any:
    """An attribute's value by its type; None, reported, if the expression has none."""
    what = f"`{name}` of `{op}`"
    wanted = [t for t in get_args(type_) if t is not type(None)] or [type_]
    if type_ == Shape:
        return tuple_shape(e, scope)
    if type_ is Size:
        return size_of(e, scope)
    if type_ is str:
        if isinstance(e, syntax.Text):
            return e.value
        scope.report("BP402", f"{what} is a text in double quotes", e.span)
        return None
    if name == "axis":
        return axes.axis_of(e, operands[0].node.rank + (op == "stack"), scope)
    if type_ is int:
        return integer_of(e, scope, what)
    if wanted[0] is int or wanted[0] == tuple[int, ...]:
        items = e.items if isinstance(e, syntax.Tuple) else (e,)
        found = [integer_of(item, scope, what) for item in items]
        return None if None in found else tuple(found)
    number = number_of(e, scope, what)
    if number is not None and number < 0 and name in ("eps", "delta"):
        scope.report("BP402", f"{what} cannot be negative", e.span)
        return None
    return number


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
