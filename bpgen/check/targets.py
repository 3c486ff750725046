"""Left sides: what each equation sets, and which names that makes."""

from dataclasses import dataclass, replace

from bpgen import syntax
from bpgen.check import moments
from bpgen.check.declare import define
from bpgen.check.scope import Scope, Symbol
from bpgen.check.ways import as_state, instead, renamed
from bpgen.graph import Edge, components
from bpgen.ir import Fixed, When
from bpgen.notation import when_text
from bpgen.report import Edit, Label, Repair, safe
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
            symbol = scope.table.symbols[written.name]
            if symbol.role == "state" and written.when is None:  # refused for that alone
                written = replace(written, when=0)
            key = (written.name, written.when)
            if key in first:
                what = f"`{safe(written.name)}`" if written.when in (0, None) else "this step"
                others = [Label(first[key], "first here")]
                helps = ["an equation is no assignment: each name has one; rename one of the two"]
                message = f"{what} is defined twice"
                scope.report("BP103", message, written.place, others=others, helps=helps)
                continue
            first[key] = written.place
            found.append(written)
    _one_loss(statements, scope)
    _states_set(statements, scope)
    return found


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


def name_of(target: syntax.Target) -> syntax.Name:
    """The name on a left side."""
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
        name=name_of(target).text,
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
        ways = [_shifted(written, when, scope)]
        scope.report("BP311", message, target.span, repairs=ways)
        return None
    return written


def _shifted(written: Written, by: int, scope: Scope) -> Repair:
    """An equation for the step `t` in the place of one for `t+by`: all that it reads is shifted."""
    inside = written.value.span
    edits = [Edit(written.place, f"{written.name}[t]")]
    for use in (use for uses in scope.table.mentions.values() for use in uses):
        if (
            not isinstance(use, syntax.Subscripted)
            or not inside.start <= use.span.start < inside.end
        ):
            continue
        item = use.groups[0][0]
        when = moments.moment(item, scope, written.name) if moments.is_step(item) else None
        if isinstance(when, int):
            place = Span(use.name.span.end, item.span.end + 1)
            edits.append(Edit(place, when_text(when - by)))
    far = f"{abs(by)} steps" if abs(by) > 1 else "one step"
    way = "earlier" if by > 0 else "later"
    text = f"write `{safe(written.name)}[t] = ...`, and read all else {far} {way}"
    return Repair(text, tuple(edits))


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
        helps = ["what an equation computes is not declared; give one of the two another name"]
        state = _in_other_letters(name, scope)
        repairs = [Repair(f"write `{state}[t]`", (Edit(written.place, f"{state}[t]"),))]
        scope.report(
            "BP304",
            message,
            written.place,
            others=where,
            helps=[] if state else helps,
            repairs=repairs if state else [],
        )
        scope.table.symbols[name] = replace(symbol, unclear=True)
        return False
    if isinstance(when, Fixed):
        return _startable(written, when, symbol, scope)
    if symbol and symbol.timed != (when == 0):
        if symbol.role == "equation":
            message = f"`{safe(name)}` is defined twice, with `[t]` and without"
            scope.report("BP103", message, written.place, others=where)
        else:
            message = f"`{safe(name)}` changes over time and is set as `{safe(name)}[t]`"
            ways = [instead(written.place, f"{name}[t]")]
            scope.report("BP308", message, written.place, others=where, repairs=ways)
            return True
        return False
    return True


def _startable(written: Written, when: Fixed, symbol: Symbol | None, scope: Scope) -> bool:
    """Whether a left side is an initial value of a state; a report if not."""
    name = safe(written.name)
    if symbol is None or symbol.role != "state":
        message = f"only a state has initial values, and `{name}` is not declared as one"
        ways = list(as_state(scope, written.name)) if symbol is None or symbol.timed else []
        helps = [] if ways else [f"declare it: `state {name}[t] : (...)`"]
        scope.report("BP311", message, written.place, helps=helps, repairs=ways)
        return False
    if when.offset >= 0 if when.anchor == "first" else when.offset <= 0:
        message = "this step has the equation of every step; only steps before the first are given"
        helps = [f"the initial value is `{name}[0]`, or `{name}[T+1]` of one that runs down"]
        scope.report("BP311", message, written.place, helps=helps)
        return False
    return True


def _enter_anyway(target: syntax.Target, scope: Scope) -> None:
    """Enter the name of a refused left side, so that those who read it are not refused as well."""
    name = name_of(target)
    timed = isinstance(target, syntax.Subscripted)
    symbol = Symbol(name.text, "equation", target.span, timed, unclear=True)
    scope.table.symbols.setdefault(name.text, symbol)


def _in_other_letters(name: str, scope: Scope) -> str | None:
    """The state that a name is, but for capitals."""
    states = (s.name for s in scope.table.symbols.values() if s.role == "state")
    return next((s for s in states if s != name and s.lower() == name.lower()), None)


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
        name_of(target).text: name_of(target).span
        for statement in statements
        if isinstance(statement, syntax.Equation)
        for target in statement.targets
        if isinstance(target, syntax.Name) or not _is_start(target)
    }
    # `H[t] = ...` of a size H, where h is the state, has its report
    other = {name.lower() for name in tried if _in_other_letters(name, scope)}
    for symbol in scope.table.symbols.values():
        found = symbol.name in tried or symbol.name.lower() in other
        if symbol.role == "state" and not found and not symbol.unclear:
            message = f"the state `{safe(symbol.name)}` has no equation"
            step = f"{safe(symbol.name)}[t]"
            meant = [name for name in (f"{symbol.name}_t", f"{symbol.name}t") if name in tried]
            repairs = [
                Repair(f"write `{step}` for `{name}`", (Edit(tried[name], step), *others))
                for name in meant
                for others in [renamed(scope, name, step).edits]
            ]
            helps = [] if meant else [f"add one: `{step} = ...`"]
            scope.report("BP310", message, symbol.place, helps=helps, repairs=repairs)


def _is_start(target: syntax.Subscripted) -> bool:
    """Whether a left side is that of an initial value, `h[0]`."""
    return len(target.groups[0]) == 1 and moments.is_fixed(target.groups[0][0])


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
