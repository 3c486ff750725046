"""What a call gives to an operator: its arguments and its attributes, by position or by name.

An operator's `params` name its arguments, its shape rule its attributes, with types and defaults.
As in Python, what is given by position comes first, arguments before attributes.
"""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, get_args

from bpgen import syntax
from bpgen.check import axes
from bpgen.check.scope import Scope, near
from bpgen.check.sizing import integer_of, number_of, size_of, tuple_shape
from bpgen.check.ways import Operand
from bpgen.ir import Operator
from bpgen.report import Edit, Repair, safe
from bpgen.sizes import Shape, Size
from bpgen.source import Span

Attributes: TypeAlias = dict[str, Any]

_AXES = ("over", "axis")
_BETWEEN = {"max": "maximum", "min": "minimum"}  # of two, where the word alone is along an axis


def divided(
    e: syntax.Call, operator: Operator
) -> tuple[list[syntax.Expression], list[syntax.Expression]]:
    """The arguments, in the operator's order, and the attributes that were given by position."""
    texts: list[syntax.Expression] = [a for a in e.args if isinstance(a, syntax.Text)]
    rest: list[syntax.Expression] = [arg for arg in e.args if not isinstance(arg, syntax.Text)]
    if _variadic(operator):
        return rest, texts
    count = len(operator.params)
    given = dict(zip(operator.params, rest, strict=False))
    for keyword in e.keywords:
        if keyword.name.text in operator.params:
            given.setdefault(keyword.name.text, keyword.value)
    return [given[name] for name in operator.params if name in given], texts + rest[count:]


def counted(
    e: syntax.Call, operator: Operator, args: Sequence[syntax.Expression], scope: Scope
) -> bool:
    """Whether each argument is given, and once; a report if not."""
    for keyword in e.keywords:
        if keyword.name.text in operator.params and keyword.value not in args:
            scope.report("BP402", f"`{keyword.name.text}` is given twice", keyword.span)
            return False
    variadic = _variadic(operator)
    if len(args) >= len(operator.params) - variadic and (args or not operator.params):
        return True
    needed = ", ".join(operator.params).replace("*", "") + (", ..." if variadic else "")
    message = f"`{e.function.text}` needs {len(operator.params)} arguments: {needed}"
    if len(operator.params) == 1:
        message = f"`{e.function.text}` needs an argument"
    scope.report("BP403", message, e.span, f"{len(args)} given" if args else "none given")
    return False


def ordered_bounds(e: syntax.Call, operands: Sequence[Operand], scope: Scope) -> bool:
    """Whether the bounds of a `clip`, if they are numbers, are in order; a report if not."""
    if e.function.text != "clip":
        return True
    low, high = (operand.node for operand in operands[1:])
    if not low.op == high.op == "number" or low["value"] <= high["value"]:
        return True
    message = f"`clip` takes the lower bound first; {low['value']} is above {high['value']}"
    scope.report("BP402", message, operands[1].written.span)
    return False


def _variadic(operator: Operator) -> bool:
    """Whether an operator takes any number of arguments."""
    return bool(operator.params) and operator.params[-1].startswith("*")


# -- attributes -----------------------------------------------------------------------------------


def attributes(
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
    given = _given(e, operator, extra, types, by_axes, scope)
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
    operator: Operator,
    extra: Sequence[syntax.Expression],
    types: Mapping[str, Any],
    by_axes: bool,
    scope: Scope,
) -> dict[str, syntax.Expression] | None:
    """The expressions given for attributes, by the attributes' names."""
    op = operator.name
    if len(extra) > len(types):
        _one_too_many(e, extra[len(types)], by_axes, scope)
        return None
    given = dict(zip(types, extra, strict=False))
    for keyword in e.keywords:
        name = keyword.name.text
        if (name in _AXES and by_axes) or name in operator.params:
            continue
        if name in given:
            scope.report("BP402", f"`{name}` is given twice", keyword.span)
            return None
        if name not in types:
            params = [] if _variadic(operator) else operator.params
            known = [*params, *types, *(_AXES if by_axes else ())]
            _unknown(op, keyword, known, scope)
            return None
        given[name] = keyword.value
    return given


def _one_too_many(call: syntax.Call, e: syntax.Expression, by_axes: bool, scope: Scope) -> None:
    """Report an argument that an operator does not take; an axis needs its word.

    A second argument of `max` is the other number to be compared, so a number there is no axis:
    the larger along an axis would be another value, of the same shape perhaps.
    """
    op, ways = call.function.text, []
    between = _BETWEEN.get(op, "") if len(call.args) == 2 and not call.keywords else ""
    if between:
        shown = f"{between}({', '.join(scope.quote(arg, '...').strip('`') for arg in call.args)})"
        ways.append(Repair(f"write `{shown}`", (Edit(call.function.span, between),)))
    quote, start = scope.quote(e).strip("`"), Span(e.span.start, e.span.start)
    words = _AXES if by_axes and not (between and _is_number(e)) else ()
    ways += [Repair(f"write `{word}={quote}`", (Edit(start, f"{word}="),)) for word in words]
    if op in _SHAPED and len(call.args) > _SHAPED[op] + 1:
        sizes = call.args[_SHAPED[op]].span.to(call.args[-1].span)
        text = f"({scope.table.source.quote(sizes)})"
        ways.append(Repair(f"write `{safe(text)}`, a shape", (Edit(sizes, text),)))
    message = f"`{op}` does not take so many arguments"
    scope.report("BP403", message, e.span, repairs=ways)


_SHAPED = {
    "zeros": 0,
    "ones": 0,
    "reshape": 1,
    "expand": 1,
}  # where the one bracket of sizes stands


def _is_number(e: syntax.Expression) -> bool:
    while isinstance(e, syntax.Unary):
        e = e.operand
    return isinstance(e, syntax.Number)


def _unknown(op: str, keyword: syntax.Keyword, known: Sequence[str], scope: Scope) -> None:
    """Report a keyword that an operator does not take."""
    name = keyword.name.text
    close = "axis" if name in ("dim", "axes") and "axis" in known else near(name, known)
    ways = [Repair(f"did you mean `{close}`?", (Edit(keyword.name.span, close),))] if close else []
    helps = [f"it takes {', '.join(known)}"] if known and not close else []
    if name in ("keepdim", "keepdims"):
        ways, helps = [], ["give what is reduced a name, and add the axis: `s[t][:, None]`"]
    message = f"`{op}` takes no `{safe(name)}=`"
    scope.report("BP402", message, keyword.name.span, helps=helps, repairs=ways)


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
