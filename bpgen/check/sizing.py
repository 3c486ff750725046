"""From expressions to what must be known before anything runs: sizes, shapes, plain numbers."""

from collections.abc import Iterable

from bpgen import syntax
from bpgen.check.scope import Argument, Missing, Scope
from bpgen.ir import Node
from bpgen.report import safe
from bpgen.sizes import Shape, Size, size
from bpgen.source import Span

RANK = 8  # axes of a shape
LARGEST = 2**31  # of a number in a size
TERMS = 64  # of a polynomial
DEGREE = 8  # of a polynomial


def shape_of(items: Iterable[syntax.Expression], scope: Scope, place: Span) -> Shape | None:
    """A shape written as sizes with commas; None, reported, if one is none."""
    sizes = [size_of(item, scope) for item in items]
    if len(sizes) > RANK:
        scope.report("BP213", f"a shape has at most {RANK} axes", place, f"{len(sizes)} here")
        return None
    known = tuple(found for found in sizes if found is not None)
    return known if len(known) == len(sizes) else None


def tuple_shape(expression: syntax.Expression, scope: Scope) -> Shape | None:
    """A shape given to an operator: `(N, H)`, `()`, or one size, `(H)`."""
    if isinstance(expression, syntax.Name) and expression.text in scope.bound:
        given = scope.bound[expression.text]
        if isinstance(given, Argument):
            return tuple_shape(given.expression, given.scope)
    items = expression.items if isinstance(expression, syntax.Tuple) else (expression,)
    return shape_of(items, scope, expression.span)


def size_of(expression: syntax.Expression, scope: Scope) -> Size | None:
    """A size: a number, a name, or `+ - * / **` of sizes. None, reported, if it is none."""
    found = _size(expression, scope)
    if found is None:
        return None
    if len(found.terms) > TERMS or any(
        len(names) > DEGREE or abs(c) > LARGEST for names, c in found.terms
    ):
        scope.report("BP209", "this size is too large", expression.span)
        return None
    if found.terms and all(c < 0 for _, c in found.terms):
        scope.report("BP209", f"a size cannot be {found}", expression.span)
        return None
    return found


def extent_of(expression: syntax.Expression, scope: Scope) -> Size | None:
    """The size of an axis, which is at least 1."""
    found = size_of(expression, scope)
    if found is not None and found.number == 0:
        scope.report("BP209", "an axis has at least one entry", expression.span)
        return None
    return found


def _size(e: syntax.Expression, scope: Scope) -> Size | None:
    if isinstance(e, syntax.Number):
        if isinstance(e.value, int):
            return size(e.value)
        scope.report("BP209", f"a size is a whole number, not {e.value}", e.span)
        return None
    if isinstance(e, syntax.Name):
        return _named(e, scope)
    if isinstance(e, syntax.Unary) and e.symbol in "+-":
        inner = _size(e.operand, scope)
        return inner if inner is None or e.symbol == "+" else inner * -1
    if isinstance(e, syntax.Binary) and e.symbol in ("+", "-", "*", "/", "**"):
        left, right = _size(e.left, scope), _size(e.right, scope)
        return None if left is None or right is None else _arithmetic(e, left, right, scope)
    what = scope.quote(e)
    helps = ["a size is a number, a name from `dim`, or arithmetic on them, as in `4*H`"]
    scope.report("BP209", f"{what} is no size", e.span, helps=helps)
    return None


def _arithmetic(e: syntax.Binary, left: Size, right: Size, scope: Scope) -> Size | None:
    if max(len(left.terms), len(right.terms)) > TERMS:
        return left  # reported by `size_of`
    if e.symbol == "+":
        return left + right
    if e.symbol == "-":
        return left - right
    if e.symbol == "*":
        return left * right
    if e.symbol == "/":
        quotient = left.divided(right) if right.terms else None
        if quotient is None:
            message = f"{left} is not a multiple of {right} for every value of its sizes"
            scope.report("BP209", message, e.span)
        return quotient
    if right.number is None or not 0 <= right.number <= DEGREE:
        message = f"the power of a size is a number from 0 to {DEGREE}"
        scope.report("BP209", message, e.right.span)
        return None
    power = size(1)
    for _ in range(right.number):
        power = power * left
        if len(power.terms) > TERMS:
            break
    return power


def _named(e: syntax.Name, scope: Scope) -> Size | None:
    if e.text in scope.bound:
        given = scope.bound[e.text]
        if isinstance(given, Node):
            scope.report("BP104", f"`{e.text}` is an argument here, not a size", e.span)
            return None
        return _size(given.expression, given.scope)
    symbol = scope.table.symbols.get(e.text)
    if symbol and symbol.role == "dim" and not symbol.unclear:
        return scope.table.size(symbol)
    if symbol and symbol.unclear:
        return None
    name = safe(e.text)
    if e.text == "T":
        helps = ["T varies from call to call; only `over=t` and `[T]` speak of the steps"]
        scope.report(
            "BP104", "`T`, the number of steps, is no size of an axis", e.span, helps=helps
        )
    elif symbol:
        scope.report("BP104", f"`{name}` is {symbol.what()}, not a size", e.span)
    else:
        scope.faults.miss(e.text, Missing("size", e.span, scope))
    return None


def number_of(e: syntax.Expression, scope: Scope, what: str) -> int | float | None:
    """A plain number: written out, with a sign, or given to the function being expanded."""
    if isinstance(e, syntax.Number):
        return e.value
    if isinstance(e, syntax.Unary) and e.symbol in "+-":
        inner = number_of(e.operand, scope, what)
        return inner if inner is None or e.symbol == "+" else -inner
    if isinstance(e, syntax.Name):
        given = scope.bound.get(e.text)
        if isinstance(given, Argument):
            return number_of(given.expression, given.scope, what)
        symbol = scope.table.symbols.get(e.text)
        if symbol and symbol.role == "dim" and symbol.value is not None:
            return symbol.value
    scope.report("BP402", f"{what} must be a number written out", e.span)
    return None


def integer_of(e: syntax.Expression, scope: Scope, what: str) -> int | None:
    """A whole number written out."""
    found = number_of(e, scope, what)
    if found is not None and not isinstance(found, int):
        scope.report("BP402", f"{what} must be a whole number, not {found}", e.span)
        return None
    return found
