"""Functions of the user's own: `fn` is written out where it is called, `op` has its own derivative.

Expansion keeps hygiene: a name in the body is an argument of that function or a name of the spec,
never something of the caller's; an argument is read where the call stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bpgen import syntax
from bpgen.check import kinds, moments
from bpgen.check.linear import passes_on
from bpgen.check.scope import Argument, Scope, Symbol, Use, meant, near
from bpgen.ir import (
    OPERATORS,
    Fixed,
    Node,
    When,
    apply,
    broadcast_shapes,
    rebuild,
    ref,
    walk,
)
from bpgen.report import Label, safe
from bpgen.sizes import shape_text

Function = syntax.Fn | syntax.Op


def call(e: syntax.Call, symbol: Symbol, scope: Scope) -> Node | None:
    """A call of a function that the spec defines."""
    function = symbol.function
    assert function is not None
    if any(use.name == symbol.name for use in scope.uses):
        path = [use.name for use in scope.uses] + [symbol.name]
        shown = " → ".join(path[path.index(symbol.name) :])
        message = f"`{symbol.name}` calls itself: {shown}"
        scope.report(
            "BP109", message, e.function.span, others=[Label(symbol.place, "defined here")]
        )
        return None
    given = _given(e, function, scope)
    if given is None:
        return None
    inner = replace(
        scope.down(),
        bound={name: Argument(part, scope) for name, part in given.items()},
        uses=(*scope.uses, Use(symbol.name, e.span)),
    )
    if isinstance(function, syntax.Op):
        return _custom(e, function, inner)
    found = inner.visit(function.body, inner)
    for name, argument in inner.bound.items():
        assert isinstance(argument, Argument)
        if not argument.cost and not is_quantity_in_time(argument):
            value(name, inner)  # it is not used, but what is wrong in it must be said
    return found and replace(found, place=e.span)


def _given(e: syntax.Call, function: Function, scope: Scope) -> dict[str, syntax.Expression] | None:
    """The arguments of a call by the names that the definition gives them."""
    names = [name.text for name in function.params]
    given = dict(zip(names, e.args, strict=False))
    for keyword in e.keywords:
        name = keyword.name.text
        if name not in names or name in given:
            helps = meant(near(name, names))
            wrong = "is given twice" if name in given else f"is no argument of `{e.function.text}`"
            scope.report("BP109", f"`{safe(name)}` {wrong}", keyword.name.span, helps=helps)
            return None
        given[name] = keyword.value
    count = len(e.args) + len(e.keywords)
    if count != len(names):
        plural = "argument" if len(names) == 1 else "arguments"
        message = f"`{e.function.text}` takes {len(names)} {plural}, and {count} are given"
        where = Label(function.name.span, "defined here")
        scope.report("BP109", message, e.span, others=[where])
        return None
    return given


# -- arguments ------------------------------------------------------------------------------------


def value(name: str, scope: Scope) -> Node | None:
    """An argument as a value, read once where the call stands; each further use costs as much."""
    given = scope.bound[name]
    if isinstance(given, Node):
        return given
    table = scope.table
    if given.cost:
        scope.spend(given.expression.span, given.cost)
        return given.node
    before = table.spent
    outer = replace(given.scope, height=scope.height + 1, reads=scope.reads)
    given.node = outer.visit(given.expression, outer)
    given.cost = table.spent - before
    return given.node


def in_time(name: str, when: When, at: syntax.Expression, scope: Scope) -> Node | None:
    """An argument at a time, `v[t-1]`: it must be a quantity in time, which is shifted."""
    given = scope.bound[name]
    if isinstance(given, Node):
        message = f"an `op` works entry by entry: `{name}` has no steps here"
        scope.report("BP405", message, at.span, helps=[f"write `{name}`"])
        return None
    target = shifted(given, when)
    if target is None:
        place = given.expression.span
        message = f"`{name}` is read at a step, so it must be a quantity in time"
        others = [Label(at.span, "read at a step here")]
        helps = ["give the function a name, or compute the argument by an equation of its own"]
        given.scope.report("BP309", message, place, others=others, helps=helps)
        return None
    outer = replace(given.scope, height=scope.height + 1, reads=scope.reads)
    return outer.visit(target, outer)


def shifted(given: Argument, when: When) -> syntax.Subscripted | None:
    """The argument `h` or `h[t-1]`, read at another time; None if it is neither."""
    e = given.expression
    name = (
        e if isinstance(e, syntax.Name) else e.name if isinstance(e, syntax.Subscripted) else None
    )
    groups = e.groups if isinstance(e, syntax.Subscripted) else ()
    if name is None or len(groups) > 1 or (groups and len(groups[0]) != 1):
        return None
    shift = 0
    if groups:
        if not moments.is_step(groups[0][0]):
            return None
        found = moments.moment(groups[0][0], given.scope, name.text)
        assert isinstance(found, int)
        shift = found
    return syntax.Subscripted(name, ((_written(moments.plus(when, shift), e),),), e.span)


def _written(when: When, e: syntax.Expression) -> syntax.Expression:
    """A time as it is written in brackets."""
    offset = when.offset if isinstance(when, Fixed) else when
    assert offset is not None
    if isinstance(when, Fixed) and when.anchor == "first":
        step = syntax.Number(abs(offset + 1), e.span)
        return step if offset >= -1 else syntax.Unary("-", step, e.span, e.span)
    start = syntax.Name("T" if isinstance(when, Fixed) else "t", e.span)
    if not offset:
        return start
    symbol = "+" if offset > 0 else "-"
    return syntax.Binary(symbol, start, syntax.Number(abs(offset), e.span), e.span, e.span)


def is_quantity_in_time(given: Argument) -> bool:
    """Whether an argument is the bare name of a quantity in time, which is no value by itself."""
    e = given.expression
    if not isinstance(e, syntax.Name):
        return False
    outer = given.scope.bound.get(e.text)
    if isinstance(outer, Argument):
        return is_quantity_in_time(outer)
    symbol = given.scope.table.symbols.get(e.text)
    return outer is None and symbol is not None and symbol.timed


# -- op -------------------------------------------------------------------------------------------


def _custom(e: syntax.Call, function: syntax.Op, scope: Scope) -> Node | None:
    """A call of an `op`: its value written out, and its derivatives over placeholders."""
    names = [name.text for name in function.params]
    args = [value(name, scope) for name in names]
    nodes = [arg for arg in args if arg is not None]
    if len(nodes) < len(args):
        return None
    holes: dict[str, Argument | Node] = {
        name: ref(f"${i}", node.shape, 0 if node.timed else None, node.kind, node.place)
        for i, (name, node) in enumerate(zip(names, nodes, strict=True))
    }
    inner = replace(scope, bound=holes, inside="op", reads=[])
    body = inner.visit(function.body, inner)
    if body is None or not _entry_by_entry(body, nodes, function, inner):
        return None
    derivatives = _derivatives(function, body, holes, inner)
    if derivatives is None:
        return None
    filled = {f"${i}": node for i, node in enumerate(nodes)}
    result = rebuild(body, lambda part: filled.get(part["name"]) if part.op == "ref" else None)
    operands = [kinds.as_real(node) for node in (result, *nodes)]
    name = function.name.text
    return apply("custom", *operands, derivatives=derivatives, called=name, place=e.span)


def _entry_by_entry(body: Node, args: Sequence[Node], function: syntax.Op, scope: Scope) -> bool:
    """Whether the value of an `op` works entry by entry; a report if not."""
    for part in walk(body):
        leaf = part.op in ("number", "size", "step", "ref", "custom", "cast")
        if not leaf and not OPERATORS[part.op].elementwise:
            message = f"an `op` works entry by entry, and `{part.op}` does not"
            scope.report("BP405", message, part.place or function.body.span)
            return False
    shape = broadcast_shapes(*(arg.shape for arg in args))
    if shape != body.shape:
        shown = "shapes that do not broadcast" if shape is None else f"shape {shape_text(shape)}"
        message = f"the value of `{function.name.text}` has shape {shape_text(body.shape)}"
        message += f", but its arguments have {shown}"
        scope.report("BP405", message, function.body.span)
        return False
    return True


def _derivatives(
    function: syntax.Op, body: Node, holes: Mapping[str, Argument | Node], scope: Scope
) -> tuple[Node, ...] | None:
    """One derivative for each argument, in their order; None, reported, if one is wrong."""
    written = {d.name.text: d.value for d in function.derivatives}
    upstream = ref("$dy", body.shape, 0 if body.timed else None)
    inner = replace(scope, bound={f"d{function.name.text}": upstream, **holes})
    found: list[Node] = []
    for param in function.params:
        expression = written.get(f"d{param.text}")
        if expression is None:
            return None  # reported where the function is declared
        node = inner.visit(expression, inner)
        if node is None:
            return None
        if broadcast_shapes(node.shape, body.shape) != body.shape:
            message = f"`d{param.text}` has shape {shape_text(node.shape)}"
            message += f", which does not fit {shape_text(body.shape)}"
            inner.report("BP405", message, expression.span)
            return None
        if node.timed and not body.timed:
            message = f"`d{param.text}` changes over time, and `{function.name.text}` does not here"
            inner.report("BP405", message, expression.span, helps=["a derivative without `t` fits"])
            return None
        if not passes_on(node, "$dy"):
            name = f"d{function.name.text}"
            message = f"`d{param.text}` must be a multiple of `{name}`, the gradient that arrives"
            helps = [f"multiply by it, `d{param.text} = {name} * (...)`; 0 if nothing flows"]
            inner.report("BP404", message, expression.span, helps=helps)
            return None
        found.append(kinds.as_real(node))
    return tuple(found)


def signature(function: syntax.Op, scope: Scope) -> None:
    """Report arguments without a derivative, and derivatives of no argument."""
    names = [param.text for param in function.params]
    known = {f"d{name}" for name in names}
    first: dict[str, syntax.Derivative] = {}
    for derivative in function.derivatives:
        name = derivative.name.text
        if name not in known:
            helps = meant(near(name, known))
            message = f"`{safe(name)}` is the derivative of no argument of `{function.name.text}`"
            scope.report("BP404", message, derivative.name.span, helps=helps)
        elif name in first:
            again = Label(first[name].name.span, "first given here")
            message = f"`{safe(name)}` is given twice"
            scope.report("BP404", message, derivative.name.span, others=[again])
        first.setdefault(name, derivative)
    for param in function.params:
        if f"d{param.text}" not in first:
            message = f"the derivative of `{function.name.text}` with respect to `{param.text}` "
            add = [f"add `d{param.text} = ...` after `with`; 0 if nothing flows"]
            scope.report("BP404", message + "is missing", param.span, helps=add)
