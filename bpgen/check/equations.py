"""Equations: each right side typed and held to its left side.

What is not declared takes its shape from the right, so equations are read in an order in which
that is possible. Where there is none, on a loop of undeclared names, shapes stay unknown; `timing`
reports the loop.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bpgen import syntax
from bpgen.check import kinds, moments
from bpgen.check.broadcasts import projected
from bpgen.check.explain import labels
from bpgen.check.mentions import Mention, word
from bpgen.check.named import same, shape_shown
from bpgen.check.parting import split
from bpgen.check.scope import Reading, Scope, Symbol
from bpgen.check.targets import Written, ordered
from bpgen.check.timing import Typed
from bpgen.check.ways import Operand, redeclared, suffixed
from bpgen.ir import Fixed, Node, broadcast_shapes, is_number
from bpgen.report import Edit, Label, Repair
from bpgen.sizes import Shape, shape_text
from bpgen.source import Span

_SUMS = ("sum", "mean")
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
        if node is None:
            scope.faults.blind |= {written.place.start, written.value.span.start}
        fitted = node and _fitted(written, node, scope)
        meant = replace(written, when=0) if written.name in scope.faults.stepless else written
        done[written] = Typed(meant, fitted, reads)
    return [done[written] for written in equations]


def _sides(written: Written, scope: Scope) -> list[Node | None]:
    """The value of each name on the left: one expression, or the parts of a `split`."""
    e = written.value
    if isinstance(e, syntax.Call) and e.function.text == "split" and not e.primed:
        return split(e, written.parts, scope)
    node = scope.visit(e, scope)
    if node is None:
        return [None] * written.parts
    if written.parts > 1:
        message = f"one value cannot be given to {written.parts} names"
        helps = ["`a[t], b[t] = split(z[t], H)` cuts an axis into parts"]
        scope.report("BP212", message, e.span, helps=helps)
        return [None] * written.parts
    return [node]


# -- both sides -----------------------------------------------------------------------------------


def _fitted(written: Written, node: Node, scope: Scope) -> Node | None:
    """The value, if it may stand on the right of this left side; a report if not."""
    name = written.name
    symbol = scope.table.symbols[name]
    if node.timed and not isinstance(written.when, int):
        fixed = isinstance(written.when, Fixed)
        what = "an initial value" if fixed else f"`{name}` is written without `[t]`, so it"
        message = f"{what} does not change over time, and its value does"
        code, ways = "BP308", list(_at_a_step(written, node, fixed, scope))
        if written.kind == "loss":
            code, ways = "BP205", list(_summed(written, node, scope))
            message = f"the loss `{name}` is one number, and this changes over time"
        scope.report(code, message, written.value.span, repairs=ways)
        _learn(name, node, scope)
        if code == "BP308" and not fixed:
            _in_time(name, scope)
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


def _in_time(name: str, scope: Scope) -> None:
    """Enter that a name changes over time, though its left side does not say so.

    That is one mistake: whoever reads the name, with a step or without, makes no second.
    """
    scope.table.symbols[name] = replace(scope.table.symbols[name], timed=True)
    scope.faults.stepless.add(name)


def _loss(written: Written, node: Node, scope: Scope) -> Node | None:
    if written.when is not None:
        message = f"the loss is one number, so `{written.name}` is written without a step"
        alone = Edit(written.place, written.name)
        ways = [
            Repair(f"{way.text}, and `loss {written.name} = ...`", (alone, *way.edits))
            for way in _summed(written, node, scope)
        ]
        scope.report("BP205", message, written.place, repairs=ways)
        return None
    if node.shape:
        message = f"the loss has shape {shape_text(node.shape)} but must be a scalar"
        ways = list(_summed(written, node, scope))
        others = labels(scope, [Operand(written.value, node)])[1:]
        scope.report("BP205", message, written.value.span, others=others, repairs=ways)
        return None
    if node.kind == "bool":
        message = "the loss must be a real number, and this is a boolean"
        scope.report("BP205", message, written.value.span)
        return None
    real = kinds.as_real(node)
    _learn(written.name, real, scope)
    return real


def _summed(written: Written, node: Node, scope: Scope) -> Iterator[Repair]:
    """How to make one number of a loss: over all axes and steps, or over the steps alone."""
    e = written.value
    if isinstance(e, syntax.Call) and e.function.text in _SUMS and len(e.args) == 1:
        yield _over_all(e, scope)
        if node.timed and not node.shape and e.function.text == "mean":
            yield _wrapped(e, "sum", "t", scope)
        return
    over = "all" if node.shape else "t"
    yield _wrapped(e, "sum", over, scope)
    yield _wrapped(e, "mean", over, scope)


def _over_all(e: syntax.Call, scope: Scope) -> Repair:
    """A sum or a mean over every axis and every step."""
    first = e.args[0].span
    inner = scope.quote(e.args[0], "`...`").strip("`")
    end = Edit(Span(first.end, e.span.end), ", over=all)")
    return Repair(f"write `{e.function.text}({inner}, over=all)`", (end,))


def _wrapped(e: syntax.Expression, word: str, over: str, scope: Scope) -> Repair:
    inner = scope.quote(e, "`...`").strip("`")
    edits = (
        Edit(Span(e.span.start, e.span.start), f"{word}("),
        Edit(Span(e.span.end, e.span.end), f", over={over})"),
    )
    return Repair(f"wrap it: `{word}({inner}, over={over})`", edits)


def _at_a_step(written: Written, node: Node, fixed: bool, scope: Scope) -> Iterator[Repair]:
    """A left side that changes over time as its value does, or a value of one step."""
    if not fixed:
        left = f"{written.name}[t]"
        uses = scope.table.mentions.get(written.name, ())
        stepless = [use for use in uses if not _has_step(use)]
        places = [written.place, *(word(use).span for use in stepless)]
        edits = tuple(Edit(place, left) for place in places)
        yield Repair(f"write `{left} = ...`", edits)
        if isinstance(written.value, syntax.Call) and written.value.function.text in _SUMS:
            yield from _summed(written, node, scope)
        else:
            yield _wrapped(written.value, "sum", "t", scope)


def _has_step(use: Mention) -> bool:
    if not isinstance(use, syntax.Subscripted) or len(use.groups[0]) > 1:
        return False
    return moments.speaks_of_time(use.groups[0][0])


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
    ways = list(_as_declared(written, node, symbol, scope))
    where = [
        Label(written.value.span, f"this has shape {got}"),
        Label(symbol.place, f"`{written.name}` is declared as {declared} here"),
    ]
    scope.report("BP206", message, written.place, others=where, repairs=ways)
    return None


def _as_declared(written: Written, node: Node, symbol: Symbol, scope: Scope) -> Iterator[Repair]:
    """A value of a state brought to its shape, or the state declared with the value's."""
    assert symbol.shape is not None
    e = written.value
    operand = Operand(e, node)
    if node.shape != symbol.shape == broadcast_shapes(node.shape, symbol.shape):
        yield _filled(e, node, symbol.shape, scope)
    yield from projected(scope, "+", operand, symbol.shape)
    if node.rank == 2:
        yield suffixed(scope, operand, ".T")
    yield from redeclared(scope, symbol, node.shape)


def _filled(e: syntax.Expression, node: Node, shape: Shape, scope: Scope) -> Repair:
    """A value at every place of a shape; zero and one have words of their own for it."""
    filled = shape_shown(shape)
    for op, value in (("zeros", 0), ("ones", 1)):
        if node.op == op or is_number(node, value):
            return Repair(f"write `{op}({filled})`", (Edit(e.span, f"{op}({filled})"),))
    written = scope.quote(e, "`...`").strip("`")
    start, end = Span(e.span.start, e.span.start), Span(e.span.end, e.span.end)
    edits = (Edit(start, "expand("), Edit(end, f", {filled})"))
    return Repair(f"write `expand({written}, {filled})`", edits)
