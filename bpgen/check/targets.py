"""Left sides: what each equation sets, which names that makes, and what `forward` returns."""

from dataclasses import dataclass

from bpgen import syntax
from bpgen.check import moments
from bpgen.check.declare import define
from bpgen.check.scope import Scope, Symbol
from bpgen.graph import Edge, components
from bpgen.ir import Fixed, When
from bpgen.notation import when_text
from bpgen.report import Label, safe
from bpgen.source import Span


@dataclass(frozen=True, slots=True)
class Written:
    """An equation as written: one for each name on the left.

    `when` is 0 for what changes over time, None for what does not, and a fixed step for an initial
    value of a state. `part` is the place among `parts` names on the left.
    """

    name: str
    when: When
    value: syntax.Expression
    place: Span  # of the left side
    kind: str  # "equation", "output", "loss"
    part: int
    parts: int
    span: Span  # of the statement


def collect(statements: tuple[syntax.Statement, ...], scope: Scope) -> list[Written]:
    """Every equation, its name entered in the symbol table; what cannot be set is reported."""
    found: list[Written] = []
    first: dict[tuple[str, When], Span] = {}
    for statement in statements:
        if not isinstance(statement, syntax.Equation):
            continue
        for part, target in enumerate(statement.targets):
            written = _written(statement, target, part, scope)
            if written is None or not _settable(written, scope):
                _enter_anyway(target, scope)
                continue
            key = (written.name, written.when)
            if key in first:
                what = f"`{safe(written.name)}`" if written.when in (0, None) else "this step"
                others = [Label(first[key], "first here")]
                helps = ["each name is set once a step; rename one of the two"]
                message = f"{what} is defined twice"
                scope.report("BP103", message, written.place, others=others, helps=helps)
                continue
            first[key] = written.place
            found.append(written)
    _one_loss(statements, scope)
    _states_set(statements, scope)
    return found


def outputs(
    statements: tuple[syntax.Statement, ...], states: list[Symbol], scope: Scope
) -> tuple[str, ...]:
    """What `forward` returns: states, outputs and the loss, in the order of the spec."""
    places = {state.name: state.place.start for state in states}
    marked: dict[str, Span] = {}
    for statement in statements:
        if isinstance(statement, syntax.Equation) and statement.kind != "equation":
            for target in statement.targets:
                marked[_name(target).text] = target.span
        elif isinstance(statement, syntax.Output):
            name = _name(statement.target).text
            if _marks(statement, marked, scope):
                marked[name] = statement.target.span
    for name, span in marked.items():
        places.setdefault(name, span.start)
    return tuple(sorted(places, key=places.__getitem__))


def ordered(equations: list[Written], scope: Scope) -> list[Written]:
    """The equations in an order in which shapes can be inferred: what is read comes before."""
    inferred = {e.name: e for e in equations if scope.table.symbols[e.name].role == "equation"}
    known: dict[str, tuple[str, ...]] = {}
    edges = [
        Edge(name, used, None)
        for name, e in inferred.items()
        for used in _names(e.value, scope, known)
        if used in inferred
    ]
    groups = components(inferred, edges)
    order = {name: place for place, names in enumerate(groups) for name in names}
    return sorted(equations, key=lambda e: order.get(e.name, len(order)))


# -- one left side --------------------------------------------------------------------------------


def _name(target: syntax.Target) -> syntax.Name:
    return target if isinstance(target, syntax.Name) else target.name


def _written(
    statement: syntax.Equation, target: syntax.Target, part: int, scope: Scope
) -> Written | None:
    when: When = None
    if isinstance(target, syntax.Subscripted):
        (item, *more), *groups = target.groups
        if more or groups:
            message = "an equation sets all of a quantity, not a part of it"
            helps = ["join parts by `concat`, or choose by `where`"]
            scope.report("BP311", message, target.span, helps=helps)
            return None
        when = moments.moment(item, scope, target.name.text)
        if when is None:
            return None
    written = Written(
        name=_name(target).text,
        when=when,
        value=statement.value,
        place=target.span,
        kind=statement.kind,
        part=part,
        parts=len(statement.targets),
        span=statement.span,
    )
    if isinstance(when, int) and when != 0:
        message = f"an equation sets the step `t`, not `{when_text(when)[1:-1]}`"
        helps = [f"write `{safe(written.name)}[t] = ...` and shift what is read"]
        scope.report("BP311", message, target.span, helps=helps)
        return None
    return written


def _settable(written: Written, scope: Scope) -> bool:
    """Whether a left side may be set; an undeclared name is entered."""
    name, when = written.name, written.when
    symbol = scope.table.symbols.get(name)
    if symbol is None and not isinstance(when, Fixed):
        return define(Symbol(name, "equation", written.place, when is not None), scope)
    if symbol and symbol.unclear:
        return False
    where = [Label(symbol.place, f"`{safe(name)}` is declared here")] if symbol else []
    if symbol and symbol.role not in ("state", "equation"):
        message = f"`{safe(name)}` is {symbol.what()} and cannot be set"
        scope.report("BP304", message, written.place, others=where)
        return False
    if isinstance(when, Fixed):
        return _startable(written, when, symbol, scope)
    if symbol and symbol.timed != (when == 0):
        if symbol.role == "equation":
            message = f"`{safe(name)}` is defined twice, with `[t]` and without"
            scope.report("BP103", message, written.place, others=where)
        else:
            message = f"`{safe(name)}` changes over time and is set as `{safe(name)}[t]`"
            scope.report("BP308", message, written.place, others=where)
        return False
    return True


def _startable(written: Written, when: Fixed, symbol: Symbol | None, scope: Scope) -> bool:
    """Whether a left side is an initial value of a state; a report if not."""
    name = safe(written.name)
    if symbol is None or symbol.role != "state":
        message = f"only a state has initial values, and `{name}` is not declared as one"
        helps = [f"declare it: `state {name}[t] : ...`"]
        scope.report("BP311", message, written.place, helps=helps)
        return False
    if when.offset >= 0 if when.anchor == "first" else when.offset <= 0:
        message = "this step has the equation of every step; only steps before the first are given"
        helps = [f"the initial value is `{name}[0]`, or `{name}[T+1]` of one that runs down"]
        scope.report("BP311", message, written.place, helps=helps)
        return False
    return True


def _enter_anyway(target: syntax.Target, scope: Scope) -> None:
    """Enter the name of a refused left side, so that those who read it are not refused as well."""
    name = _name(target)
    timed = isinstance(target, syntax.Subscripted)
    symbol = Symbol(name.text, "equation", target.span, timed, unclear=True)
    scope.table.symbols.setdefault(name.text, symbol)


def _one_loss(statements: tuple[syntax.Statement, ...], scope: Scope) -> None:
    found = [s for s in statements if isinstance(s, syntax.Equation) and s.kind == "loss"]
    for again in found[1:]:
        first = [Label(found[0].targets[0].span, "the first")]
        helps = ["add them up in one loss, or make the other an `output`"]
        message = "a spec has at most one loss"
        scope.report("BP107", message, again.targets[0].span, others=first, helps=helps)


def _states_set(statements: tuple[syntax.Statement, ...], scope: Scope) -> None:
    """Report states without an equation; one whose left side was refused has its report."""
    tried = {
        _name(target).text
        for statement in statements
        if isinstance(statement, syntax.Equation)
        for target in statement.targets
        if isinstance(target, syntax.Name) or not _is_start(target)
    }
    for symbol in scope.table.symbols.values():
        if symbol.role == "state" and symbol.name not in tried:
            message = f"the state `{safe(symbol.name)}` has no equation"
            helps = [f"add one: `{safe(symbol.name)}[t] = ...`"]
            scope.report("BP310", message, symbol.place, helps=helps)


def _is_start(target: syntax.Subscripted) -> bool:
    """Whether a left side is that of an initial value, `h[0]`."""
    return len(target.groups[0]) == 1 and moments.is_fixed(target.groups[0][0])


def _marks(statement: syntax.Output, marked: dict[str, Span], scope: Scope) -> bool:
    """Whether `output h[t]` marks something that has an equation; a report if not."""
    target = statement.target
    name = _name(target)
    symbol = scope.table.symbols.get(name.text)
    shown = safe(name.text)
    if symbol is None:
        if scope.faults.first_time(name.text):
            scope.report("BP101", f"`{shown}` is not declared", name.span)
        return False
    if symbol.unclear:
        return False
    if symbol.role not in ("state", "equation"):
        message = f"`{shown}` is {symbol.what()}, so it is no output"
        scope.report("BP304", message, target.span, others=[Label(symbol.place, "given here")])
        return False
    steps = target.groups if isinstance(target, syntax.Subscripted) else ()
    right = (
        len(steps) == 1
        and len(steps[0]) == 1
        and moments.moment(steps[0][0], scope, name.text) == 0
    )
    if right != symbol.timed or (steps and not right):
        message = f"all of `{shown}` is put out: write `output {shown}{'[t]' * symbol.timed}`"
        scope.report("BP307", message, target.span)
        return False
    if name.text in marked:
        others = [Label(marked[name.text], "first here")]
        scope.report("BP103", f"`{shown}` is marked twice", target.span, others=others)
        return False
    return True


def _names(e: object, scope: Scope, known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Every name that an expression mentions, functions written out, their arguments' names not.

    `known` has those of each function met so far, so that each is read once.
    """
    found: dict[str, None] = {}
    work = [e]
    while work:
        part = work.pop()
        match part:
            case syntax.Name():
                found[part.text] = None
            case syntax.Subscripted():
                found[part.name.text] = None
                work += [item for group in part.groups for item in group]
            case syntax.Call():
                work += [*part.args, *(k.value for k in part.keywords)]
                found |= dict.fromkeys(_of_function(part.function.text, scope, known))
            case syntax.Binary():
                work += [part.left, part.right]
            case syntax.Unary() | syntax.Transposed():
                work.append(part.operand)
            case syntax.Tuple():
                work += part.items
            case syntax.Slice():
                work += [part.start, part.stop]
    return tuple(found)


def _of_function(name: str, scope: Scope, known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    symbol = scope.table.symbols.get(name)
    function = symbol.function if symbol else None
    if function is None:
        return ()
    if name not in known:
        known[name] = ()  # what calls itself is reported where it is expanded
        own = {param.text for param in function.params}
        known[name] = tuple(n for n in _names(function.body, scope, known) if n not in own)
    return known[name]
