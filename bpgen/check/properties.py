"""What may follow a shape, `simplex`, `frozen`, `int < V`, `~ normal(0.01)`; and constants."""

import math
from dataclasses import dataclass
from typing import Any

from bpgen import borrowed, syntax
from bpgen.check.named import same, shape_shown
from bpgen.check.scope import Scope, near
from bpgen.check.sizing import size_of
from bpgen.ir import Initialiser
from bpgen.report import Edit, Repair, safe
from bpgen.sizes import Shape, Size, shape_text
from bpgen.words import INITIALISERS

_MATRICES = ("glorot", "he", "orthogonal", "identity")


@dataclass(frozen=True, slots=True)
class Properties:
    """What a declaration says beside the shape; the fields are those of `ir.Quantity`."""

    below: Size | None = None
    simplex: int | None = None
    symmetric: bool = False
    frozen: bool = False
    initialiser: Initialiser | None = None


def read(statement: syntax.Declaration, shape: Shape | None, scope: Scope) -> Properties | None:
    """The properties of a declaration; None, reported, if one is wrong."""
    found: dict[str, Any] = {}
    if statement.below is not None:
        found["below"] = size_of(statement.below, scope)
    if shape is None:
        return None
    for part in statement.properties:
        name = part.name.text
        found[name] = _PROPERTIES[name](statement, part, shape, scope)
    if statement.initialiser:
        found["initialiser"] = _initialiser(statement, statement.initialiser, shape, scope)
    return None if None in found.values() else Properties(**found)


def _simplex(
    statement: syntax.Declaration, part: syntax.Property, shape: Shape, scope: Scope
) -> int | None:
    """The axis that sums to one, counted from the end."""
    if statement.kind != "input" or statement.type != "real":
        _misplaced(part, "a promise about real inputs", scope)
        return None
    if not shape:
        scope.report("BP208", "`simplex` needs an axis, and this is a scalar", part.span)
        return None
    if part.over is None:
        return -1
    wanted = size_of(part.over, scope)
    if wanted is None:
        return None
    places = [i for i in range(-len(shape), 0) if shape[i] == wanted]
    if len(places) != 1:
        times = f"{len(places)} times" if places else "nowhere"
        message = f"{wanted} occurs {times} in {shape_text(shape)}"
        scope.report("BP208", message, part.over.span)
        return None
    return places[0]


def _symmetric(
    statement: syntax.Declaration, part: syntax.Property, shape: Shape, scope: Scope
) -> bool | None:
    if statement.kind == "state" or statement.type != "real":
        _misplaced(part, "a property of real parameters and inputs", scope)
        return None
    if len(shape) < 2 or not same(*shape[-2:]):
        message = f"only a square matrix is symmetric; this has shape {shape_shown(shape)}"
        scope.report("BP111", message, part.span)
        return None
    return True


def _frozen(
    statement: syntax.Declaration, part: syntax.Property, shape: Shape, scope: Scope
) -> bool | None:
    if statement.kind != "param":
        _misplaced(part, "a property of parameters", scope)
        return None
    return True


def _misplaced(part: syntax.Property, what: str, scope: Scope) -> None:
    scope.report("BP111", f"`{part.name.text}` is {what}", part.span)


_PROPERTIES = {"simplex": _simplex, "symmetric": _symmetric, "frozen": _frozen}


def _initialiser(
    statement: syntax.Declaration, part: syntax.Initialiser, shape: Shape, scope: Scope
) -> Initialiser | None:
    name = part.name.text
    if statement.kind != "param":
        message = f"`~` says how a parameter is drawn, and this is a {statement.kind}"
        hint = ["an initial value is given by `h[0] = ...`"] if statement.kind == "state" else []
        scope.report("BP111", message.replace("a input", "an input"), part.span, helps=hint)
        return None
    if name not in INITIALISERS:
        word = borrowed.DRAWN.get(borrowed.plain(name)) or near(name, INITIALISERS)
        ways = [Repair(f"did you mean `{word}`?", (Edit(part.name.span, word),))] if word else []
        helps = [] if ways else [f"one of {', '.join(INITIALISERS)}"]
        message = f"there is no initialiser `{safe(name)}`"
        scope.report("BP111", message, part.name.span, helps=helps, repairs=ways)
        return None
    wanted = INITIALISERS[name]
    if len(part.args) != wanted:
        plural = "one number" if wanted else "no numbers"
        scope.report("BP111", f"`{name}` takes {plural}", part.span, f"{len(part.args)} given")
        return None
    if name in _MATRICES and len(shape) < 2:
        message = f"`{name}` draws matrices; this has shape {shape_text(shape)}"
        hint = ["vectors are mostly drawn `~ zeros()` or `~ normal(0.1)`"]
        scope.report("BP111", message, part.span, helps=hint)
        return None
    if name == "identity" and not same(*shape[-2:]):
        message = f"`identity` draws square matrices; this has shape {shape_shown(shape)}"
        scope.report("BP111", message, part.span)
        return None
    numbers = [constant(arg, scope) for arg in part.args]
    known = tuple(value for value in numbers if value is not None)
    if len(known) < len(numbers):
        return None
    if name in ("normal", "uniform") and known[0] < 0:
        scope.report("BP111", f"`{name}` takes a width, which is not negative", part.args[0].span)
        return None
    return Initialiser(name, known)


def constant(e: syntax.Expression, scope: Scope) -> float | None:
    """The value of arithmetic on numbers; None, reported, if it is more, or no finite number."""
    try:
        value = _value(e)
    except (ArithmeticError, ValueError):
        value = math.nan
    if value is None:
        message = f"{scope.quote(e)} is no number"
        helps = ["a constant is a number, or `+ - * / **` of numbers"]
        scope.report("BP402", message, e.span, helps=helps)
    elif not math.isfinite(value):
        scope.report("BP402", f"{scope.quote(e)} is no finite number", e.span)
        return None
    return value


def _value(e: syntax.Expression) -> float | None:
    if isinstance(e, syntax.Number):
        return float(e.value)
    if isinstance(e, syntax.Unary) and e.symbol in "+-":
        inner = _value(e.operand)
        return inner if inner is None or e.symbol == "+" else -inner
    if isinstance(e, syntax.Binary) and e.symbol in ("+", "-", "*", "/", "**"):
        left, right = _value(e.left), _value(e.right)
        if left is None or right is None:
            return None
        if e.symbol == "**":
            return math.pow(left, right)
        if e.symbol == "/":
            return left / right
        return (
            left * right if e.symbol == "*" else left + right if e.symbol == "+" else left - right
        )
    return None
