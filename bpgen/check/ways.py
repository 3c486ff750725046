"""Ways out of a mistake, as edits of the spec: what a report proposes and `bpgen.repair` tries.

A proposal need only be likely. Whether the spec is right with it is found by making the edit and
checking all of the spec again, so nothing here has to foresee what a change does elsewhere.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from bpgen import syntax
from bpgen.check.mentions import word
from bpgen.check.named import shape_shown
from bpgen.check.scope import Scope, Symbol
from bpgen.ir import Node
from bpgen.report import Edit, Label, Repair, safe
from bpgen.sizes import Shape, Size
from bpgen.source import Span

SHAPES = 6  # in which a missing state is tried
SHOWN = 2  # further places of one mistake that a report marks
LONG = 30  # characters of an operand in a message
ELIDED = "(...)"


@dataclass(frozen=True, slots=True)
class Operand:
    """An argument as it was written, and what it is."""

    written: syntax.Expression
    node: Node


def folded(places: Sequence[Span], met: Span, scope: Scope) -> tuple[Span, Scope, list[Label]]:
    """One report for a mistake made at several places: its place, its scope, labels at the others.

    It stands at the first, wherever it was met first; the calls that led there explain no other.
    """
    first, *more = places
    labels = [Label(place, "here too") for place in more[:SHOWN]]
    if len(more) > SHOWN:
        rest = len(more) - SHOWN
        uses = "use" if rest == 1 else "uses"
        labels[-1] = Label(more[SHOWN - 1], f"here too, and {rest} more {uses}")
    return first, scope if first == met else replace(scope, uses=()), labels


def instead(place: Span, text: str, why: str = "") -> Repair:
    """Another text in the place of one."""
    return Repair(f"write `{safe(text)}`{why}", (Edit(place, text),))


def suffixed(
    scope: Scope, operand: Operand, suffix: str, within: Callable[[str], str] = str
) -> Repair:
    """An operand with something behind it, `.T` or `[:, None]`; `within` shows what is around it.

    What is transposed already is so no more.
    """
    if suffix == ".T" and isinstance(operand.written, syntax.Transposed):
        end = operand.written.span.end
        shown = within(bare(scope, operand).removesuffix(".T"))
        return Repair(f"write `{shown}`", (Edit(Span(end - 2, end), ""),))
    shown = within(f"{bare(scope, operand)}{suffix}")
    return Repair(f"write `{shown}`", behind(operand, suffix))


def behind(operand: Operand, suffix: str) -> tuple[Edit, ...]:
    """The edits that put something behind an operand, in brackets if it needs them."""
    span = operand.written.span
    if not is_open(operand):
        return (Edit(Span(span.end, span.end), suffix),)
    return (Edit(Span(span.start, span.start), "("), Edit(Span(span.end, span.end), f"){suffix}"))


def redeclared(scope: Scope, symbol: Symbol, shape: Shape) -> Iterable[Repair]:
    """Another shape for a declared quantity, if its declaration is of it alone.

    No parameter has an axis for the examples, and what is given for each of them keeps it.
    """
    numbered = _examples(scope)
    if symbol.role == "param":
        unlikely = numbered.intersection(shape)
    else:
        unlikely = numbered.intersection(symbol.shape or ()) - numbered.intersection(shape)
    if symbol.shape_place and shape != symbol.shape and not unlikely:
        step = "[t]" if symbol.timed else ""
        text = shape_shown(shape)
        declaration = f"declare `{symbol.name}{step} : {text}`"
        yield Repair(declaration, (Edit(symbol.shape_place, text),))


def added(scope: Scope, line: str, *edits: Edit, say: str = "") -> Iterable[Repair]:
    """A declaration more, below the last there is; `say` if more is to be told of it."""
    after = scope.table.after
    if after is not None:
        yield Repair(
            say or f"declare it: `{line}`", (*edits, Edit(Span(after, after), f"\n{line}"))
        )


def as_state(
    scope: Scope, name: str, *edits: Edit, do: str = "", wanted: Iterable[Shape] = ()
) -> Iterable[Repair]:
    """A state of that name, of a wanted shape or of another's; `do` says what the edits do."""
    timed = [s for s in scope.table.symbols.values() if s.timed and s.shape is not None]
    states = [s for s in timed if s.role == "state"]
    shapes = [*wanted] or [s.shape for s in states or timed if s.shape is not None]
    inputs = [set(s.shape or ()) for s in timed if s.role == "input" and s.kind == "real"]
    likely = [shape for shape in dict.fromkeys(shapes) if all(map(set(shape).intersection, inputs))]
    for shape in likely[:SHAPES]:
        line = f"state {name}[t] : {shape_shown(shape)}"
        say = f"{do}, and declare `{line}`" if do else f"declare it: `{line}`"
        yield from added(scope, line, *edits, say=say)


def renamed(scope: Scope, name: str, to: str) -> Repair:
    """Another name wherever one is read."""
    places = [word(mention).span for mention in scope.table.mentions.get(name, ())]
    return Repair(f"did you mean `{to}`?", tuple(Edit(place, to) for place in places))


def exact(scope: Scope, operand: Operand) -> str:
    """An operand as written, in brackets if it needs them before or behind `@`."""
    text = scope.table.source.quote(operand.written.span)
    return f"({text})" if is_open(operand) else text


def bare(scope: Scope, operand: Operand) -> str:
    """An operand as a message shows it: `exact`, on one line, and shortened if it is long."""
    text = raw(scope, operand)
    return f"({text})" if is_open(operand) and text != ELIDED else text


def raw(scope: Scope, operand: Operand) -> str:
    """An operand as a message shows it where it stays as it is."""
    text = " ".join(scope.table.source.quote(operand.written.span).split())
    return safe(text) if len(text) <= LONG else ELIDED


def is_open(operand: Operand) -> bool:
    """Whether an operand is a sum, a product or the like without brackets around it."""
    e = operand.written
    return isinstance(e, syntax.Binary | syntax.Unary) and not _bracketed(e)


def is_name(operand: Operand) -> bool:
    """Whether an operand can take subscripts as it is written."""
    return isinstance(operand.written, syntax.Name | syntax.Subscripted)


def symbol_of(scope: Scope, operand: Operand) -> Symbol | None:
    """The declared quantity that an operand is, whole and as it lies; None if it is none."""
    if operand.node.op != "ref":
        return None
    symbol = scope.table.symbols.get(operand.node["name"])
    return symbol if symbol and symbol.role in ("param", "input", "state") else None


def params(scope: Scope) -> list[Symbol]:
    """The parameters of known shape, in the order of the spec."""
    return [s for s in scope.table.symbols.values() if s.role == "param" and s.shape is not None]


def _examples(scope: Scope) -> frozenset[Size]:
    """The sizes that number examples: all that changes over time has them, and no parameter."""
    timed = [s.shape for s in scope.table.symbols.values() if s.timed and s.shape]
    if len(timed) < 2:
        return frozenset()
    learned = {size for symbol in params(scope) for size in symbol.shape or ()}
    return frozenset.intersection(*map(frozenset, timed)) - learned


def _bracketed(e: syntax.Binary | syntax.Unary) -> bool:
    """Whether a span has the brackets around an expression, so is longer than its parts."""
    first = e.left.span.start if isinstance(e, syntax.Binary) else e.symbol_span.start
    return e.span.start < first
