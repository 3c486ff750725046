"""What shape a missing name must have where it stands, if that can be told from what is around it.

The shape of the whole is taken down to the name: through what works entry by entry it stays, in a
product each side gives the other one size. What cannot be told is not guessed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bpgen import syntax
from bpgen.check.scope import NODES, Faults, Scope
from bpgen.check.targets import Written
from bpgen.ir import OPERATORS
from bpgen.sizes import Shape

ASKED = 8  # uses of a name that are asked


def shapes(name: str, equations: Sequence[Written], scope: Scope) -> list[Shape]:
    """The shapes that equations ask of a name that they mention, the likeliest first."""
    found: dict[Shape, None] = {}
    for written in _mentioning(name, equations, scope):
        want = None
        if written.parts == 1 and written.kind != "loss":
            want = scope.table.symbols[written.name].shape
            want = _as_read(written.name, equations, scope) if want is None else want
        found |= dict.fromkeys(_into(written.value, name, want, False, scope))
    return list(found)


def _mentioning(name: str, equations: Sequence[Written], scope: Scope) -> Iterator[Written]:
    """The first equations that mention a name."""
    places = [mention.span.start for mention in scope.table.mentions.get(name, ())][:ASKED]
    for written in equations:
        if any(written.value.span.start <= place < written.value.span.end for place in places):
            yield written


def _as_read(name: str, equations: Sequence[Written], scope: Scope) -> Shape | None:
    """The shape that other equations ask of what an equation sets that is wrong itself."""
    for written in _mentioning(name, equations, scope):
        want = scope.table.symbols[written.name].shape
        if want is not None:
            for shape in _into(written.value, name, want, False, scope):
                return shape
    return None


def _into(
    e: syntax.Expression, name: str, want: Shape | None, product: bool, scope: Scope
) -> Iterator[Shape]:
    """The shapes of a name in an expression of a shape; `product` if a product asks for it."""
    match e:
        case syntax.Name(text=text) if text == name:
            if want and not product:
                yield want[-1:]  # the bias of a layer, the diagonal weight of a gate
            if want is not None:
                yield want
        case syntax.Subscripted(name=syntax.Name(text=text)) if text == name:
            if want is not None and len(e.groups) == 1:
                yield want
        case syntax.Unary():
            yield from _into(e.operand, name, want, product, scope)
        case syntax.Transposed():
            turned = (*want[:-2], want[-1], want[-2]) if want and len(want) > 1 else None
            yield from _into(e.operand, name, turned, product, scope)
        case syntax.Binary(symbol="@"):
            yield from _factor(e, name, want, scope)
        case syntax.Binary():
            yield from _beside((e.left, e.right), name, want, product, scope)
        case syntax.Call():
            operator = OPERATORS.get(e.function.text)
            if operator and (operator.elementwise or operator.facts.get("along")):
                yield from _beside(e.args, name, want, product, scope)
            elif operator and operator.facts.get("reduces"):
                yield from _beside(e.args[:1], name, None, product, scope)


def _beside(
    parts: Sequence[syntax.Expression], name: str, want: Shape | None, product: bool, scope: Scope
) -> Iterator[Shape]:
    """Into parts that go together entry by entry: each is as the whole is, or as another."""
    for part in parts:
        others = [_shape(other, scope) for other in parts if other is not part]
        known = max((shape for shape in others if shape), key=len, default=None)
        yield from _into(part, name, want if want is not None else known, product, scope)


def _factor(e: syntax.Binary, name: str, want: Shape | None, scope: Scope) -> Iterator[Shape]:
    """Into the factors of a product: one size is the other factor's, one that of the whole."""
    left, right = _shape(e.left, scope), _shape(e.right, scope)
    if left and want:
        yield from _into(e.right, name, (left[-1], want[-1]), True, scope)
    if left and want is not None and len(want) < len(left):
        yield from _into(e.right, name, left[-1:], True, scope)
    if right and want:
        outer, inner = (want, right[0]) if len(right) == 1 else (want[:-1], right[-2])
        yield from _into(e.left, name, (*outer, inner), True, scope)


def _shape(e: syntax.Expression, scope: Scope) -> Shape | None:
    """The shape of an expression, if nothing in it is wrong; nothing is reported."""
    if scope.table.spent > NODES // 2:
        return None
    node = scope.visit(e, replace(scope, faults=Faults(), reads=[]))
    return node.shape if node else None
