"""Claims: what somebody believes of a gradient, typed but not judged.

An unknown name is a mistake of the spec. A formula whose shapes do not fit is none: that it cannot
be right is the verdict, so the claim is kept with the reason in place of the formula.
"""

from dataclasses import replace

from bpgen import syntax
from bpgen.check.scope import Faults, Scope
from bpgen.ir import Claim, Node
from bpgen.report import Label, Report
from bpgen.sizes import ONE, Shape, Size, shape_text
from bpgen.source import Span


def claims(statements: tuple[syntax.Statement, ...], scope: Scope) -> tuple[Claim, ...]:
    """Every claim of a spec, in order."""
    found = [_claim(s, scope) for s in statements if isinstance(s, syntax.Claim)]
    return tuple(claim for claim in found if claim is not None)


def _claim(statement: syntax.Claim, scope: Scope) -> Claim | None:
    inner = replace(scope, inside="claim", reads=[])
    targets = (statement.subject, statement.of, statement.source, statement.wrt)
    nodes = [None if part is None else inner.visit(part, inner) for part in targets]
    if any(node is None and part for node, part in zip(nodes, targets, strict=True)):
        _formula(statement.formula, None, inner)  # for what is wrong in it
        return None
    subject, of, source, wrt = nodes
    assert subject is not None
    formula, fault, batch = _judged(statement, subject, of, wrt, inner)
    return Claim(
        kind=statement.kind,
        subject=subject,
        formula=formula,
        of=of,
        at=statement.at is not None,
        source=source,
        wrt=wrt,
        place=statement.span,
        fault=fault,
        batch=batch,
    )


def _judged(
    statement: syntax.Claim, subject: Node, of: Node | None, wrt: Node | None, scope: Scope
) -> tuple[Node | None, Report | None, Size | None]:
    """The formula, or why it cannot be one; and the axis that it leaves out, if it does."""
    formula, fault = _formula(statement.formula, None, scope)
    place = statement.formula.span
    if wrt is None:
        if formula is not None:
            timed = subject.timed or statement.at is not None or (of is not None and of.timed)
            fault = _misfit(formula, subject, timed, place)
        return (None if fault else formula), fault, None
    shapes = subject.shape, wrt.shape
    if formula is not None and _is_jacobian(formula.shape, *shapes):
        return formula, None, None
    misfit = formula and _no_jacobian(formula.shape, *shapes, place)
    for batch in _batches(subject.shape, wrt.shape, scope):
        single, wrong = _formula(statement.formula, batch, scope)
        shapes = _without(subject.shape, batch), _without(wrt.shape, batch)
        if single is not None and _is_jacobian(single.shape, *shapes):
            return single, None, batch
        misfit = misfit or (single and _no_jacobian(single.shape, *shapes, place)) or wrong
        if misfit and formula is None:
            note = f"it is read for one example, so without the axis {batch}"
            misfit = replace(misfit, notes=(note,))
    return None, misfit or fault, None


def _batches(of: Shape, wrt: Shape, scope: Scope) -> list[Size]:
    """The axes that may number examples: both sides have them, and mostly no parameter has."""
    shared = list(dict.fromkeys(s for s in of if s in wrt and s != ONE))
    params = [s.shape for s in scope.table.symbols.values() if s.role == "param" and s.shape]
    return [s for s in shared if not any(s in shape for shape in params)] or shared


def _formula(
    e: syntax.Expression, batch: Size | None, scope: Scope
) -> tuple[Node | None, Report | None]:
    """The formula as a node, or what is wrong with its shapes. Other mistakes are reported.

    With a batch it is read for one example: every quantity without that axis.
    """
    table = scope.table
    if batch is not None:
        single = {
            name: replace(symbol, shape=symbol.shape and _without(symbol.shape, batch))
            for name, symbol in table.symbols.items()
        }
        table = replace(table, symbols=single)
    own = Faults(scope.faults.missing)
    node = scope.visit(e, replace(scope, table=table, faults=own))
    scope.table.spent = table.spent
    shapes = [r for r in own.reports if r.code.startswith("BP2")]
    for report in own.reports:
        if report not in shapes:
            scope.faults.add(report)
    return node, (shapes[0] if shapes else None)


def _misfit(formula: Node, subject: Node, timed: bool, place: Span) -> Report | None:
    """Why a formula cannot be a gradient of the subject, or None."""
    from_ones = [s for s in formula.shape if s != ONE]
    if from_ones != [s for s in subject.shape if s != ONE]:
        message = f"the formula has shape {shape_text(formula.shape)}"
        message += f"; the gradient has the shape of its quantity, {shape_text(subject.shape)}"
        return Report("BP206", message, Label(place))
    if formula.timed and not timed:
        message = "the formula changes over time, and this gradient does not"
        help = "sum it, `sum(..., over=t)`, or claim the part of one step, `at t`"
        return Report("BP308", message, Label(place), helps=(help,))
    return None


def _no_jacobian(shape: Shape, of: Shape, wrt: Shape, place: Span) -> Report:
    both = f"{shape_text((*of, *wrt))} or {shape_text((*wrt, *of))}"
    message = f"the formula has shape {shape_text(shape)}; the Jacobian has shape {both}"
    return Report("BP206", message, Label(place))


def _is_jacobian(shape: Shape, of: Shape, wrt: Shape) -> bool:
    """Whether a shape is that of a Jacobian in either layout, axes of size 1 dropped."""
    a, b, found = ([s for s in part if s != ONE] for part in (of, wrt, shape))
    return found in (a + b, b + a)


def _without(shape: Shape, batch: Size) -> Shape:
    """A shape without its first axis of a size."""
    if batch not in shape:
        return shape
    place = shape.index(batch)
    return (*shape[:place], *shape[place + 1 :])
