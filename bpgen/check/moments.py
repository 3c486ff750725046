"""Time in brackets: `[t]`, `[t-1]`, `[0]`, `[T]`, and which brackets speak of time at all."""

from bpgen import syntax
from bpgen.check.scope import Scope
from bpgen.ir import Fixed, When
from bpgen.report import Edit, Repair
from bpgen.source import Span

FARTHEST = 64  # steps that a reading may reach back or ahead

_FORMS = "a step is `t`, `t-k`, `t+k`, `0`, `-k`, `1`, `T` or `T+k`, with k written out"


def is_step(item: syntax.Subscript) -> bool:
    """Whether a subscript is `t`, `t-k` or `t+k`, so speaks of time whatever is before it."""
    return _shift(item) is not None


def speaks_of_time(item: syntax.Subscript) -> bool:
    """Whether a subscript can only be a step: `t-1`, `T`, `T+1`, and not `0`, a place as well."""
    when = _moment(item)
    return isinstance(when, int) or (isinstance(when, Fixed) and when.anchor == "last")


def is_fixed(item: syntax.Subscript) -> bool:
    """Whether a subscript is a step counted from an end, `0` or `T+1`."""
    return isinstance(_moment(item), Fixed)


def moment(item: syntax.Subscript, scope: Scope, name: str) -> When:
    """The time that a subscript means; None, reported, if it means none.

    Whether a fixed step exists depends on the direction of a state, which `timing` finds out.
    """
    when = _moment(item)
    if when is None:
        _refuse(item, scope, name)
        return None
    if abs(when if isinstance(when, int) else when.offset) > FARTHEST:
        message = f"a reading reaches at most {FARTHEST} steps"
        scope.report("BP307", message, item.span)
        return None
    return when


def plus(when: When, shift: int) -> When:
    """A time, some steps on."""
    if isinstance(when, Fixed):
        return Fixed(when.anchor, when.offset + shift)
    return None if when is None else when + shift


def _moment(item: syntax.Subscript) -> When:
    shift = _shift(item)
    if shift is not None:
        return shift
    step = _integer(item)
    if step is not None:
        return Fixed("first", step - 1) if step <= 1 else None
    if isinstance(item, syntax.Name) and item.text == "T":
        return Fixed("last", 0)
    if isinstance(item, syntax.Binary) and item.symbol == "+":
        after = _integer(item.right)
        if isinstance(item.left, syntax.Name) and item.left.text == "T" and after is not None:
            return Fixed("last", after)
    return None


def _shift(item: syntax.Subscript) -> int | None:
    if isinstance(item, syntax.Name):
        return 0 if item.text == "t" else None
    if isinstance(item, syntax.Binary) and item.symbol in "+-" and _shift(item.left) == 0:
        if isinstance(item.right, syntax.Number) and isinstance(item.right.value, int):
            return item.right.value if item.symbol == "+" else -item.right.value
    return None


def _integer(item: syntax.Subscript) -> int | None:
    if isinstance(item, syntax.Unary) and item.symbol == "-":
        inner = _integer(item.operand)
        return None if inner is None else -inner
    if isinstance(item, syntax.Number) and isinstance(item.value, int):
        return item.value
    return None


def _refuse(item: syntax.Subscript, scope: Scope, name: str) -> None:
    if isinstance(item, syntax.Slice | syntax.NewAxis):
        message = f"`{name}` changes over time, so its first brackets hold the step"
        before = Span(item.span.start - 1, item.span.start - 1)
        ways = [Repair(f"write the step first: `{name}[t]`", (Edit(before, "[t]"),))]
        scope.report("BP307", message, item.span, repairs=ways)
        return
    step = _integer(item)
    if step is not None:
        message = f"step {step} has no name of its own: only the first and the last can be read"
        helps = [f"`{name}[1]` is the first, `{name}[T]` the last"]
        scope.report("BP307", message, item.span, helps=helps)
        return
    what = scope.quote(item)
    scope.report("BP307", f"{what} is no step that can be read", item.span, helps=[_FORMS])
