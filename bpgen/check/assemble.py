"""The cell, put together from its checked parts, and what can only be seen of the whole."""

from collections.abc import Iterable, Sequence

from bpgen.check import outside
from bpgen.check.declare import Declared, Head
from bpgen.check.scope import Scope
from bpgen.check.states import Start, from_starts
from bpgen.check.timing import Typed
from bpgen.ir import Cell, Claim, Equation, Fixed, Quantity, State, walk
from bpgen.sizes import Shape, Size
from bpgen.solving import solutions


def cell(
    head: Head,
    declared: Declared,
    equations: Sequence[Typed],
    starts: Sequence[Start],
    outputs: tuple[str, ...],
    claims: tuple[Claim, ...],
    scope: Scope,
) -> Cell:
    """The cell of a spec in which nothing was wrong so far."""
    arguments = [start.argument for start in starts if start.argument]
    given = (*declared.given, *arguments)
    states = tuple(start.state for start in starts)
    set_ = _equations(equations, starts)
    loss = next((e.written.name for e in equations if e.written.kind == "loss"), None)
    sizes = _sizes(given, states, set_, scope)
    outside.report(set_, given, scope)
    scope.faults.refuse()
    return Cell(
        name=head.name,
        about=head.about,
        sizes=sizes,
        given=given,
        states=states,
        equations=set_,
        outputs=outputs,
        loss=loss,
        layout=head.layout,
        claims=claims,
        source=scope.table.source,
    )


def _equations(equations: Sequence[Typed], starts: Sequence[Start]) -> tuple[Equation, ...]:
    """Every equation in the order of the spec; initial values stand where they are first given."""
    found = [start.equation for start in starts if start.equation]
    states = {start.state.name: start.state for start in starts}
    for typed in equations:
        written, node = typed.written, typed.node
        if isinstance(written.when, Fixed):
            continue
        if node is None:
            raise AssertionError(f"`{written.name}` has no value, and nobody said why")
        value = from_starts(node, states)
        found.append(Equation(written.name, value, written.when is not None, written.span))
    places = {id(e): (e.place.start if e.place else 0, i) for i, e in enumerate(found)}
    return tuple(sorted(found, key=lambda e: places[id(e)]))


def _sizes(
    given: Iterable[Quantity], states: Iterable[State], equations: Iterable[Equation], scope: Scope
) -> tuple[str, ...]:
    """The symbolic sizes that arrays bind when they arrive; one that none binds is reported."""
    quantities = list(given)
    named = _names(q.shape for q in quantities)
    alone = [extent.name for q in quantities for extent in q.shape if extent.name]
    bound = {*alone, *(solved.name for solved in solutions(quantities, ["T", *alone]))}
    used = _names(q.shape for q in states)
    used |= named | _names((q.below,) for q in quantities if q.below)
    for equation in equations:
        for part in walk(equation.value):
            used |= _names([part.shape, *map(_sizes_of, (v for _, v in part.attrs))])
    for symbol in scope.table.symbols.values():
        if symbol.role == "dim" and symbol.name in used and symbol.name not in bound:
            where = (
                "stands alone in no array" if symbol.name in named else "is the size of no array"
            )
            message = f"`{symbol.name}` {where} that is given, so nothing binds it"
            helps = [
                f"fix it, `dim {symbol.name} = 4`, or declare an input or parameter that has it"
            ]
            scope.report("BP214", message, symbol.place, helps=helps)
    dims = [s.name for s in scope.table.symbols.values() if s.role == "dim" and s.value is None]
    return tuple(name for name in dims if name in bound)


def _names(shapes: Iterable[Shape]) -> dict[str, None]:
    return dict.fromkeys(name for shape in shapes for extent in shape for name in extent.names)


def _sizes_of(value: object) -> Shape:
    """The sizes in an attribute."""
    items = value if isinstance(value, tuple) else (value,)
    return tuple(item for item in items if isinstance(item, Size))
