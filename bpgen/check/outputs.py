"""What `forward` returns: states, outputs and the loss; and the statements that mark outputs."""

from bpgen import syntax
from bpgen.check import moments
from bpgen.check.scope import Missing, Scope, Symbol
from bpgen.check.targets import name_of
from bpgen.check.ways import instead
from bpgen.report import Label, safe
from bpgen.source import Span


def outputs(
    statements: tuple[syntax.Statement, ...], states: list[Symbol], scope: Scope
) -> tuple[str, ...]:
    """What `forward` returns: states, outputs and the loss, in the order of the spec."""
    places = {state.name: state.place.start for state in states}
    marked: dict[str, Span] = {}
    for statement in statements:
        if isinstance(statement, syntax.Equation) and statement.kind != "equation":
            for target in statement.targets:
                marked[name_of(target).text] = target.span
        elif isinstance(statement, syntax.Output):
            name = name_of(statement.target).text
            if _marks(statement, marked, scope):
                marked[name] = statement.target.span
    for name, span in marked.items():
        places.setdefault(name, span.start)
    return tuple(sorted(places, key=places.__getitem__))


def _marks(statement: syntax.Output, marked: dict[str, Span], scope: Scope) -> bool:
    """Whether `output h[t]` marks something that has an equation; a report if not."""
    target = statement.target
    name = name_of(target)
    symbol = scope.table.symbols.get(name.text)
    shown = safe(name.text)
    if symbol is None:
        scope.faults.miss(name.text, Missing("quantity", name.span, scope))
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
        message = f"an output is all of a quantity, `{shown}{'[t]' * symbol.timed}`"
        ways = [instead(target.span, f"{shown}{'[t]' * symbol.timed}")]
        scope.report("BP307", message, target.span, repairs=ways)
        return False
    if name.text in marked:
        others = [Label(marked[name.text], "first here")]
        scope.report("BP103", f"`{shown}` is marked twice", target.span, others=others)
        return False
    return True
