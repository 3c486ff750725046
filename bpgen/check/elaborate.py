"""Expressions: from what was written to typed nodes.

`visit` returns a node, or None where something was wrong in a part; that part was reported, and
nothing above it is, since its shape is unknown. Every part is visited even so, because each mistake
deserves its report, and because what an expression reads decides the order of the equations.
"""

from dataclasses import replace
from functools import cache

from bpgen import plugins, syntax
from bpgen.check import calls, expand, moments, slopes, subscripts
from bpgen.check.scope import Missing, Reading, Scope, Symbol
from bpgen.check.ways import Operand, folded
from bpgen.ir import OPERATORS, Node, When, number, ref, size_node, step
from bpgen.notation import when_text
from bpgen.report import Edit, Label, Repair
from bpgen.sizes import STEPS
from bpgen.source import Span


@cache
def _sign(symbol: str, arguments: int) -> str:
    """The operator that a sign stands for: `-` is one of two, or of one."""
    return next(
        name
        for name, operator in sorted(OPERATORS.items())
        if operator.facts.get("symbol") == symbol and len(operator.params) == arguments
    )


def visit(e: syntax.Expression, scope: Scope) -> Node | None:
    """The node of an expression, or None if a part of it is wrong."""
    scope.spend(e.span)
    match e:
        case syntax.Number():
            return number(e.value, e.span)
        case syntax.Name():
            return _name(e, scope)
        case syntax.Subscripted():
            return _subscripted(e, scope)
        case syntax.Binary():
            return _binary(e, scope)
        case syntax.Unary():
            return _unary(e, scope)
        case syntax.Transposed():
            return _transposed(e, scope)
        case syntax.Call():
            return _call(e, scope)
    what = "a text" if isinstance(e, syntax.Text) else "a tuple"
    scope.report("BP211", f"{what} is no value here", e.span)
    return None


# -- operators ------------------------------------------------------------------------------------


def _binary(e: syntax.Binary, scope: Scope) -> Node | None:
    """A chain like `a + b + c` is worked off in a loop, so that its length costs no recursion."""
    spine = [e]
    while isinstance(spine[-1].left, syntax.Binary):
        spine.append(spine[-1].left)
        scope.spend(e.span)
    below = scope.down((len(spine) + 1) // 2)  # it is as high as long, and needs no brackets
    left: syntax.Expression = spine[-1].left
    node = visit(left, below)
    for part in reversed(spine):
        right = visit(part.right, below)
        if node is not None and right is not None:
            operands = (Operand(left, node), Operand(part.right, right))
            op = _sign(part.symbol, 2)
            node = calls.build(scope, op, part.symbol_span, part.span, operands)
        else:
            node = None
            scope.faults.blind.add(part.symbol_span.start)
        left = part
    return node


def _unary(e: syntax.Unary, scope: Scope) -> Node | None:
    node = visit(e.operand, scope.down())
    if node is None or e.symbol == "+":
        return node
    if e.symbol == "-" and node.op == "number":
        return number(-node["value"], e.span)
    return calls.build(scope, _sign(e.symbol, 1), e.symbol_span, e.span, [Operand(e.operand, node)])


def _transposed(e: syntax.Transposed, scope: Scope) -> Node | None:
    node = visit(e.operand, scope.down())
    if node is None:
        return None
    dot = Span(e.operand.span.end, e.operand.span.end + 2)
    return calls.build(scope, "transpose", dot, e.span, [Operand(e.operand, node)])


def _call(e: syntax.Call, scope: Scope) -> Node | None:
    name = e.function.text
    symbol = scope.table.symbols.get(name)
    if e.primed:
        return slopes.primed(e, scope)
    if symbol and symbol.function and not symbol.unclear:
        return expand.call(e, symbol, scope)
    if symbol and symbol.unclear:
        pass
    elif name == "split":
        message = "`split` gives several values, so it stands alone on the right of an equation"
        helps = ["as in `a[t], b[t] = split(z[t], H)`; a part of an axis is `z[t][:, 0:H]`"]
        scope.report("BP212", message, e.function.span, helps=helps)
    elif calls.is_word(name) or plugins.is_operator(name):
        return calls.call(e, scope)
    elif symbol or name in scope.bound:
        message = f"`{name}` is no function" + (f": it is {symbol.what()}" if symbol else "")
        helps = ["`*` multiplies entry by entry, `@` is the matrix product"]
        scope.report("BP102", message, e.function.span, helps=helps)
    else:
        scope.faults.miss(f"{name}(", Missing("function", e.function.span, scope))
    for arg in (*e.args, *(k.value for k in e.keywords if k.name.text not in ("over", "axis"))):
        if not isinstance(arg, syntax.Text | syntax.Tuple):
            visit(arg, scope.down())
    return None


# -- names ----------------------------------------------------------------------------------------


def _name(e: syntax.Name, scope: Scope) -> Node | None:
    if e.text in scope.bound:
        return expand.value(e.text, scope)
    if e.text == "t":
        return step(e.span)
    if e.text == "T":
        return size_node(STEPS, e.span)
    if e.text == "all":
        scope.report("BP108", "`all` stands after `over=` only", e.span)
        return None
    symbol = _symbol(e, scope)
    if symbol is None:
        return None
    if symbol.role == "dim":
        return size_node(scope.table.size(symbol), e.span)
    if symbol.timed and symbol.name in scope.faults.stepless:  # where it is given, too
        return _read(symbol, 0, e.span, scope)
    if symbol.timed:
        _without_step(e, symbol, scope)
        return None
    return _read(symbol, None, e.span, scope)


def _subscripted(e: syntax.Subscripted, scope: Scope) -> Node | None:
    """A name with brackets: the first may be its time, all others are subscripts."""
    name, first = e.name.text, e.groups[0]
    groups = e.groups
    if name in scope.bound:
        if len(first) == 1 and _is_moment(first[0], name, scope):
            when = moments.moment(first[0], scope, name)
            node = None if when is None else expand.in_time(name, when, e, scope)
            groups = e.groups[1:]
        else:
            node = expand.value(name, scope)
    else:
        symbol = _symbol(e.name, scope)
        in_time = len(first) == 1 and moments.speaks_of_time(first[0])
        if symbol and name in scope.faults.stepless and not in_time:
            node = _read(symbol, 0, e.name.span, scope)
        elif symbol and symbol.timed:
            node, groups = _at(symbol, e, scope), e.groups[1:]
        elif symbol and symbol.role == "dim":
            scope.report("BP211", f"`{name}` is a size, which has no axes", e.span)
            node = None
        elif symbol and in_time:
            _with_step(e, symbol, scope)
            node, groups = None, e.groups[1:]
        else:
            node = _read(symbol, None, e.name.span, scope) if symbol else None
    for items in groups:
        if node is None:
            _visit_all(items, scope)
        else:
            node = subscripts.group(node, items, e, scope)
    return node and replace(node, place=e.span)


def _without_step(e: syntax.Name, symbol: Symbol, scope: Scope) -> None:
    """Report a quantity in time without its step; all uses of one that has no other step to be."""
    name, uses = symbol.name, scope.table.mentions.get(symbol.name, ())
    alone = symbol.role == "state" or e not in uses
    places = [e.span] if alone else [use.span for use in uses if isinstance(use, syntax.Name)]
    place, scope, others = folded(places, e.span, scope)
    others.append(Label(symbol.place, "it is given here with `[t]`"))
    ways = [
        Repair(f"write `{name}[{step}]`", tuple(Edit(p, f"{name}[{step}]") for p in places))
        for step in (("t", "t-1") if symbol.role == "state" else ("t",))
    ]
    message = f"`{name}` changes over time and must be written with a step"
    scope.report("BP308", message, place, others=others, repairs=ways)


def _with_step(e: syntax.Subscripted, symbol: Symbol, scope: Scope) -> None:
    """Report steps of what does not change over time, all uses at once."""
    name = symbol.name
    uses = [
        use
        for use in scope.table.mentions.get(name, ())
        if isinstance(use, syntax.Subscripted)
        and len(use.groups[0]) == 1
        and moments.speaks_of_time(use.groups[0][0])
    ]
    uses = uses if e in uses else [e]
    place, scope, others = folded([use.span for use in uses], e.span, scope)
    others.append(Label(symbol.place, "it is given here without `[t]`"))
    ways = []
    if symbol.role == "input":
        end = Span(symbol.place.end, symbol.place.end)
        ways.append(Repair(f"declare `input {name}[t]`", (Edit(end, "[t]"),)))
    if all(len(use.groups) == 1 for use in uses):
        edits = tuple(Edit(Span(use.name.span.end, use.span.end), "") for use in uses)
        ways.append(Repair(f"write `{name}`", edits))
    message = f"`{name}` does not change over time"
    scope.report("BP309", message, place, others=others, repairs=ways)


def _is_moment(item: syntax.Subscript, name: str, scope: Scope) -> bool:
    """Whether the first brackets after an argument hold a step: `[t-1]` always, `[0]` perhaps."""
    if moments.is_step(item):
        return True
    given = scope.bound[name]
    is_quantity = not isinstance(given, Node) and expand.is_quantity_in_time(given)
    return is_quantity and not isinstance(item, syntax.Slice | syntax.NewAxis)


def _at(symbol: Symbol, e: syntax.Subscripted, scope: Scope) -> Node | None:
    """A quantity in time, at the step that its first brackets hold."""
    first = e.groups[0]
    if len(first) != 1:
        message = f"`{symbol.name}` changes over time, so its first brackets hold the step alone"
        end = e.name.span.end
        ways = [Repair(f"write the step first: `{symbol.name}[t]`", (Edit(Span(end, end), "[t]"),))]
        scope.report("BP307", message, e.span, repairs=ways)
        return None
    when = moments.moment(first[0], scope, symbol.name)
    if when is None:
        return None
    if symbol.role != "state" and not isinstance(when, int):
        outside = when.offset < 0 if when.anchor == "first" else when.offset > 0
        if outside:
            what = f"`{when_text(when)[1:-1]}`"
            message = f"`{symbol.name}` is zero outside its steps, and step {what} is outside"
            helps = ["only a state has a value before its first step"]
            others = [Label(symbol.place, f"`{symbol.name}` is {symbol.what()}")]
            scope.report("BP307", message, e.span, others=others, helps=helps)
            return None
    return _read(symbol, when, e.span, scope)


def _read(symbol: Symbol, when: When, place: Span, scope: Scope) -> Node | None:
    """A reading of a quantity. It is noted even if the quantity's shape is not known."""
    if symbol.function:
        message = f"`{symbol.name}` is a function and needs its arguments"
        scope.report("BP108", message, place, others=[Label(symbol.place, "defined here")])
        return None
    if scope.inside == "op" and symbol.role != "const":
        message = f"an `op` sees its arguments and constants, not `{symbol.name}`"
        helps = [f"make it an argument: its derivative, `d{symbol.name}`, must be given too"]
        scope.report("BP405", message, place, helps=helps)
        return None
    scope.reads.append(Reading(symbol.name, when, place))
    if symbol.shape is None:
        return None
    return ref(symbol.name, symbol.shape, when, symbol.kind, place)


def _symbol(e: syntax.Name, scope: Scope) -> Symbol | None:
    """What a name stands for; None, to be reported once, if it was not declared."""
    symbol = scope.table.symbols.get(e.text)
    if symbol is None and scope.inside == "claim":
        symbol = _gradient(e.text, scope)
    if symbol is None:
        scope.faults.miss(e.text, Missing("quantity", e.span, scope))
    return None if symbol and symbol.unclear else symbol


def _gradient(name: str, scope: Scope) -> Symbol | None:
    """What `dh` stands for in a claim: the gradient with respect to `h`."""
    of = scope.table.symbols.get(name[1:]) if name.startswith("d") else None
    if of is None or not of.is_quantity or of.kind != "real":
        return None
    return replace(of, name=name, role="state" if of.role == "state" else "gradient")


def _visit_all(items: tuple[syntax.Subscript, ...], scope: Scope) -> None:
    """Visit expressions among subscripts whose quantity is not known, for what they read."""
    for item in items:
        if not isinstance(item, syntax.Slice | syntax.NewAxis):
            visit(item, scope.down())
