"""Names that stand for nothing: one report each, at the first use, with what may have been meant.

They are reported when all equations have been read, since the shapes around a name tell which
declaration is missing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bpgen import borrowed, plugins, syntax
from bpgen.check import calls, moments, stepped, wanted
from bpgen.check.mentions import word
from bpgen.check.named import shape_shown
from bpgen.check.paths import way
from bpgen.check.scope import NO_CONSTANTS, Missing, Scope, Symbol, near
from bpgen.check.targets import Written
from bpgen.check.ways import added, folded, renamed
from bpgen.report import Edit, Label, Repair, safe
from bpgen.source import Span

SOUGHT = 20  # missing names whose shapes are looked for
LONG = 2  # letters of a name; what is near a longer one is likelier a slip than another name


def report(equations: Sequence[Written], scope: Scope) -> None:
    """Report every name that was missed; the shapes of the first few are looked for."""
    for number, (name, missed) in enumerate(list(scope.faults.missing.items())):
        missing = replace(missed, scope=replace(missed.scope, faults=scope.faults))
        if missing.role == "function":
            _function(name.rstrip("("), missing, equations)
        elif missing.role == "size":
            _size(name, missing)
        else:
            _quantity(name, missing, equations if number < SOUGHT else ())


def _first(name: str, missing: Missing) -> tuple[Span, Scope, list[Label]]:
    """Where a report stands, the scope to make it in, and labels at further uses."""
    mentions = missing.scope.table.mentions.get(name, ())
    places = [word(mention).span for mention in mentions] or [missing.place]
    return folded(places, missing.place, missing.scope)


# -- quantities -----------------------------------------------------------------------------------


def _quantity(name: str, missing: Missing, equations: Sequence[Written]) -> None:
    place, scope, others = _first(name, missing)
    message = f"`{safe(name)}` is not declared"
    helps: list[str] = []
    repairs: list[Repair] = []
    close = scope.table.near(name)
    gradient = scope.inside == "claim" and name.startswith("d")
    step = ""
    if name in ("True", "False"):
        helps = [NO_CONSTANTS]
    elif gradient:
        helps = [f"a gradient `d...` is that of a quantity; `{safe(name[1:])}` is none"]
    elif calls.is_word(name):
        helps = [f"`{name}` is an operator and needs brackets: `{name}(...)`"]
    elif step := _as_in_papers(name, scope):
        repairs = [renamed(scope, name, step)]
    elif (other := stepped.declared(name, scope)) and _in_time(name, scope):
        step = f"{name}[t]"
        others = [*others, Label(other.place, f"`{other.name}` is here")]
        repairs = list(stepped.respelled(other.name, scope))[-1:]
    elif close:
        where = scope.table.symbols[close]
        others = [*others, Label(where.place, f"`{close}` is here")]
        repairs += _spelled(name, where, scope)
    if not helps and not step and scope.inside != "claim":
        declarations = list(_declarations(name, equations, scope))
        slip = len(name) > LONG or bool(close and close.lower() == name.lower())
        repairs = [*repairs, *declarations] if slip else [*declarations, *repairs]
        helps = [] if declarations else [_advice(name, scope)]
    scope.report("BP101", message, place, others=others, helps=helps, repairs=repairs)


def _as_in_papers(name: str, scope: Scope) -> str:
    """`h[t-1]` for `h_prev`, where there is an `h` that changes over time."""
    parts = stepped.parted(name)
    symbol = scope.table.symbols.get(parts[0]) if parts else None
    return f"{parts[0]}[{parts[1]}]" if parts and symbol and symbol.timed else ""


def _spelled(name: str, meant: Symbol, scope: Scope) -> Iterator[Repair]:
    """A near name in the place of a missing one, with a step if it changes over time."""
    mentions = scope.table.mentions.get(name, ())
    plain = all(isinstance(mention, syntax.Name) for mention in mentions)
    to = f"{meant.name}[t]" if meant.timed and plain else meant.name
    yield renamed(scope, name, to)


def _declarations(name: str, equations: Sequence[Written], scope: Scope) -> Iterator[Repair]:
    """The declaration that is missing, in each shape that the uses ask for."""
    timed = _in_time(name, scope)
    for shape in wanted.shapes(name, equations, replace(scope, uses=(), bound={})):
        word, step = ("input", "[t]") if timed else ("param", "")
        yield from added(scope, f"{word} {name}{step} : {shape_shown(shape)}")


def _in_time(name: str, scope: Scope) -> bool:
    mentions = scope.table.mentions.get(name, ())
    return any(isinstance(m, syntax.Subscripted) and _is_step(m) for m in mentions)


def _is_step(mention: syntax.Subscripted) -> bool:
    return len(mention.groups[0]) == 1 and moments.speaks_of_time(mention.groups[0][0])


def _advice(name: str, scope: Scope) -> str:
    shown = safe(name)
    if _in_time(name, scope):
        return f"declare it, `input {shown}[t] : (...)`, or give it an equation, `{shown}[t] = ...`"
    return f"declare it, `param {shown} : (...)`, or give it an equation, `{shown} = ...`"


# -- sizes ----------------------------------------------------------------------------------------


def _size(name: str, missing: Missing) -> None:
    if name == "t":  # its other uses are steps
        helps = ["steps are summed by `over=t`, beside sizes by `over=(t, N)`"]
        missing.scope.report("BP104", "`t` is the step, and no size", missing.place, helps=helps)
        return
    place, scope, others = _first(name, missing)
    close = scope.table.near(name, "dim")
    repairs = [renamed(scope, name, close)] if close else []
    dims = [s for s in scope.table.symbols.values() if s.role == "dim" and s.value is None]
    if dims:
        end = dims[-1].place.end
        line = Repair(f"add `{safe(name)}` to the sizes", (Edit(Span(end, end), f", {name}"),))
        repairs.append(line)
    if not dims:
        repairs += _declared_at_once(scope)
    message = f"`{safe(name)}` is not declared as a size"
    scope.report("BP104", message, place, others=others, repairs=repairs)


def _declared_at_once(scope: Scope) -> Iterator[Repair]:
    """All sizes that are missing, where none is declared: in a line above what mentions the first.

    One line mends every report of a size, so each proposes all of it.
    """
    names = [name for name, missing in scope.faults.missing.items() if missing.role == "size"]
    first = min(missing.place.start for missing in map(scope.faults.missing.__getitem__, names))
    line = scope.table.source.text.rfind("\n", 0, first) + 1
    text = f"dim {', '.join(names)}"
    yield Repair(f"declare it: `{safe(text)}`", (Edit(Span(line, line), f"{text}\n"),))


# -- functions ------------------------------------------------------------------------------------


def _function(name: str, missing: Missing, equations: Sequence[Written]) -> None:
    place, scope, others = _first(f"{name}(", missing)
    known = borrowed.plain(name)
    if known in borrowed.FLAT:
        _flat(name, place, others, equations, scope)
        return
    message = f"there is no operator `{safe(name)}`"
    notes = plugins.why_not(name)
    helps: list[str] = []
    repairs: list[Repair] = []
    if known in borrowed.WORDS:
        repairs = list(_tangents(name, scope)) if known == "tan" else []
        helps = [] if repairs else [borrowed.WORDS[known]]
    elif known in borrowed.SIGNS:
        repairs = list(_signs(name, borrowed.SIGNS[known], scope))
        helps = [] if repairs else [f"write `a {borrowed.SIGNS[known]} b`"]
    elif not notes:
        meant = _function_meant(name, known, scope)
        repairs = [renamed(scope, f"{name}(", meant)] if meant else []
        helps = [] if meant else ["`bpgen ops` lists all"]
    scope.report("BP102", message, place, others=others, notes=notes, helps=helps, repairs=repairs)


def _function_meant(name: str, known: str, scope: Scope) -> str | None:
    """The function that a name is another word for, or a slip of."""
    if calls.is_word(known):
        return known
    functions = [s.name for s in scope.table.symbols.values() if s.function]
    every = [*functions, *calls.words(), *plugins.operator_names()]
    return borrowed.SAME.get(known) or near(name, every)


def _signs(name: str, sign: str, scope: Scope) -> Iterator[Repair]:
    """A sign between the two arguments, wherever the function is called."""
    found = scope.table.mentions.get(f"{name}(", ())
    uses = [use for use in found if isinstance(use, syntax.Call) and len(use.args) == 2]
    if not uses or len(uses) < len(found):
        return
    quote = scope.table.source.quote
    words = [" ".join(quote(arg.span).split()) for arg in uses[0].args]
    words = [
        f"({text})" if _is_infix(arg) and not isinstance(arg, syntax.Call) else text
        for text, arg in zip(words, uses[0].args, strict=True)
    ]
    shown = f" {sign} ".join(words) if len("".join(words)) <= 40 else f"a {sign} b"
    edits: list[Edit] = []
    for use in uses:
        a, b = (arg.span for arg in use.args)
        left, right = map(_is_infix, use.args)
        whole = not _stands_alone(scope, use.span)
        edits += (
            Edit(Span(use.span.start, a.start), "(" * (whole + left)),
            Edit(Span(a.end, b.start), f"{')' * left} {sign} {'(' * right}"),
            Edit(Span(b.end, use.span.end), ")" * (whole + right)),
        )
    yield Repair(f"write `{safe(shown)}`", tuple(edits))


def _is_infix(e: syntax.Expression) -> bool:
    """Whether an operand of a sign needs brackets."""
    names = (syntax.Name, syntax.Number, syntax.Subscripted, syntax.Transposed)
    if isinstance(e, syntax.Call):
        return borrowed.plain(e.function.text) in borrowed.SIGNS
    return not isinstance(e, names)


_CLOSED = re.compile(
    r"(?:\s|#.*)*(?:\Z|[)\],])"  # a bracket, perhaps some lines further on
    r"|[ \t]*(?:#.*)?\n(?:\s|#.*)*(?!and\b|or\b)\w"  # the next statement
)


def _stands_alone(scope: Scope, span: Span) -> bool:
    """Whether nothing beside an expression could take a part of it."""
    text = scope.table.source.text
    opened = re.search(r"(?:[(\[,]|(?<![=<>!])=)\s*$", text[: span.start])
    closed = _CLOSED.match(text, span.end)
    return bool(opened and closed)


def _tangents(name: str, scope: Scope) -> Iterator[Repair]:
    """`tan(x)` as the quotient that it is."""
    found = scope.table.mentions.get(f"{name}(", ())
    uses = [use for use in found if isinstance(use, syntax.Call) and len(use.args) == 1]
    nested = any(a.span.start < b.span.start < a.span.end for a in uses for b in uses)
    if not uses or len(uses) < len(found) or nested:
        return
    texts = [scope.table.source.quote(use.args[0].span) for use in uses]
    shown = [f"sin({text}) / cos({text})" for text in texts]
    edits = [
        Edit(use.span, text if _stands_alone(scope, use.span) else f"({text})")
        for use, text in zip(uses, shown, strict=True)
    ]
    yield Repair(f"write `{safe(shown[0])}`", tuple(edits))


def _flat(
    name: str, place: Span, others: list[Label], equations: Sequence[Written], scope: Scope
) -> None:
    message = f"`{safe(name)}` has no derivative, so no gradient can pass through it"
    path = _to_the_loss(place, equations, scope)
    notes = [f"the gradient comes this way: {' → '.join([*path, name])}"] if path else []
    helps = [way for way in (borrowed.FLAT[borrowed.plain(name)],) if way]
    helps.append("compute it outside, and give it: `input k[t] : (N) int < V`")
    scope.report("BP401", message, place, others=others, notes=notes, helps=helps)


def _to_the_loss(place: Span, equations: Sequence[Written], scope: Scope) -> list[str]:
    """The equations from the loss down to the one around a place; none if it is on no such way."""
    uses: dict[str, list[str]] = {}
    start = loss = None
    for written in equations:
        inside = written.value.span
        loss = written.name if written.kind == "loss" else loss
        if inside.start <= place.start < inside.end:
            start = written.name
        uses.setdefault(written.name, []).extend(
            name
            for name, mentions in scope.table.mentions.items()
            if any(inside.start <= mention.span.start < inside.end for mention in mentions)
        )
    return way(uses, loss, start) if loss and start else []
