"""Where each name is read: for a report that shows every use, and for a repair that changes all.

Only names of the spec count: an argument of an `fn` or `op` inside its body is another name.
"""

from collections.abc import Iterable, Iterator

from bpgen import syntax

Mention = syntax.Name | syntax.Subscripted | syntax.Call


def word(mention: Mention) -> syntax.Name:
    """The name in a mention."""
    match mention:
        case syntax.Name():
            return mention
        case syntax.Subscripted():
            return mention.name
    return mention.function


def mentions(statements: Iterable[syntax.Statement]) -> dict[str, list[Mention]]:
    """Every reading of every name, in the order of the spec; a called one is listed as `f(`."""
    found: dict[str, list[Mention]] = {}
    for statement in statements:
        own = _own(statement)
        for e in _expressions(statement):
            for name, mention in _in(e):
                if name not in own:
                    found.setdefault(name, []).append(mention)
    for places in found.values():
        places.sort(key=lambda mention: mention.span.start)
    return found


def given(statements: Iterable[syntax.Statement]) -> dict[str, list[syntax.Target]]:
    """Every place where a quantity that may change over time is declared or set, by its name."""
    found: dict[str, list[syntax.Target]] = {}
    for statement in statements:
        if isinstance(statement, syntax.Equation) or (
            isinstance(statement, syntax.Declaration) and statement.kind != "param"
        ):
            for target in statement.targets:
                name = target if isinstance(target, syntax.Name) else target.name
                found.setdefault(name.text, []).append(target)
    return found


def _own(statement: syntax.Statement) -> set[str]:
    """The names that a function gives to its arguments and to the gradient that arrives."""
    match statement:
        case syntax.Fn():
            return {param.text for param in statement.params}
        case syntax.Op():
            return {param.text for param in statement.params} | {f"d{statement.name.text}"}
    return set()


def _expressions(statement: syntax.Statement) -> Iterator[syntax.Expression]:
    match statement:
        case syntax.Declaration():
            yield from statement.shape
            yield from (part.over for part in statement.properties if part.over)
            if statement.below:
                yield statement.below
        case syntax.Equation():
            yield statement.value
        case syntax.Output():
            yield statement.target
        case syntax.Fn():
            yield statement.body
        case syntax.Op():
            yield statement.body
            yield from (derivative.value for derivative in statement.derivatives)
        case syntax.Claim():
            parts = (statement.subject, statement.of, statement.source, statement.wrt)
            yield from (part for part in parts if part)
            yield statement.formula


def _in(e: syntax.Expression) -> Iterator[tuple[str, Mention]]:
    work: list[syntax.Subscript | None] = [e]
    while work:
        part = work.pop()
        match part:
            case syntax.Name():
                yield part.text, part
            case syntax.Subscripted():
                yield part.name.text, part
                work += [item for group in part.groups for item in group]
            case syntax.Call():
                yield f"{part.function.text}(", part
                work += [*part.args, *(keyword.value for keyword in part.keywords)]
            case syntax.Binary():
                work += [part.left, part.right]
            case syntax.Unary() | syntax.Transposed():
                work.append(part.operand)
            case syntax.Tuple():
                work += part.items
            case syntax.Slice():
                work += [part.start, part.stop]
