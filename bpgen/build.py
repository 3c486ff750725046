"""From what the grammar recognised to the statements of `syntax`: one function for a rule.

The expressions in them are built by `terms`, which says how. What a grammar cannot say well
(`dim N, K = 4`, `symmetric symmetric`) is refused here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from bpgen import syntax
from bpgen.report import Edit, Repair, safe
from bpgen.source import Span
from bpgen.terms import Children, Terms, refuse, span_of, text_of
from bpgen.words import PLACES, PROPERTIES, RESERVED, TYPES


@dataclass(frozen=True, slots=True)
class _Shape:
    sizes: tuple[syntax.Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class _Word:
    """A word after a shape, with what follows it: `int < V`, `simplex(over=H)`, `frozen`."""

    name: syntax.Name
    over: syntax.Expression | None
    below: syntax.Expression | None
    span: Span


class Builder(Terms):
    """A method for each rule of the grammar, by the rule's name or alias."""

    # -- statements --------------------------------------------------------------------------------

    def cell(self, children: Children) -> syntax.CellName:
        keyword, name = children
        return syntax.CellName(_new(name), span_of(keyword).to(name.span))

    def about(self, children: Children) -> syntax.About:
        keyword, token = children
        text = text_of(token)
        return syntax.About(text, span_of(keyword).to(text.span))

    def dim(self, children: Children) -> syntax.Dim:
        keyword, *names = children
        return syntax.Dim(_all_new(names), None, span_of(keyword).to(names[-1].span))

    def fixed_dim(self, children: Children) -> syntax.Dim:
        keyword, *names, value = children
        span = span_of(keyword).to(value.span)
        if len(names) > 1:
            free = ", ".join(name.text for name in names[:-1])
            fixed = f"dim {names[-1].text} = {value.value}"
            label = f"the value of `{names[-1].text}` only, or of each?"
            way = f"write `dim {safe(free)}` on one line and `{fixed}` on another"
            edit = Edit(Span(names[-2].span.end, names[-1].span.start), "\ndim ")
            message = "a `dim` with a value has one name"
            refuse("BP017", message, value.span, label, "", Repair(way, (edit,)))
        return syntax.Dim(_all_new(names), value, span)

    def declaration(self, children: Children) -> syntax.Declaration:
        keyword, *parts = children
        targets = tuple(p for p in parts if isinstance(p, syntax.Name | syntax.Subscripted))
        words = [p for p in parts if isinstance(p, _Word)]
        (shape,) = (p for p in parts if isinstance(p, _Shape))
        initialiser = parts[-1] if isinstance(parts[-1], syntax.Initialiser) else None
        type_, below = _type(words)
        return syntax.Declaration(
            kind=str(keyword),
            targets=_targets(targets),
            shape=shape.sizes,
            shape_span=shape.span,
            type=type_,
            below=below,
            properties=_properties(words),
            initialiser=initialiser,
            span=span_of(keyword).to(parts[-1].span),
        )

    def const(self, children: Children) -> syntax.Const:
        keyword, name, value = children
        return syntax.Const(_new(name), value, span_of(keyword).to(value.span))

    def equation(self, children: Children) -> syntax.Equation:
        *targets, value = children
        span = targets[0].span.to(value.span)
        return syntax.Equation("equation", _targets(targets), value, span)

    def output(self, children: Children) -> syntax.Equation:
        return self._kept(children)

    def loss(self, children: Children) -> syntax.Equation:
        return self._kept(children)

    def _kept(self, children: Children) -> syntax.Equation:
        keyword, *targets, value = children
        span = span_of(keyword).to(value.span)
        return syntax.Equation(str(keyword), _targets(targets), value, span)

    def marked(self, children: Children) -> tuple[syntax.Output, ...]:
        """`output h[t], c[t]` is one statement for each."""
        keyword, *targets = children
        spans = [target.span for target in targets]
        spans[0] = span_of(keyword).to(spans[0])
        return tuple(map(syntax.Output, _targets(targets), spans))

    def fn(self, children: Children) -> syntax.Fn:
        keyword, name, *params, body = children
        span = span_of(keyword).to(body.span)
        return syntax.Fn(_new(name), _all_new(params), body, span)

    def op(self, children: Children) -> syntax.Op:
        keyword, name, *rest = children
        derivatives = tuple(part for part in rest if isinstance(part, syntax.Derivative))
        *params, body = rest[: -len(derivatives)]
        span = span_of(keyword).to(derivatives[-1].span)
        return syntax.Op(_new(name), _all_new(params), body, derivatives, span)

    def time(self, children: Children) -> syntax.Time:
        keyword, place = children
        _one_of(PLACES, place, "the time axis is")
        return syntax.Time(place, span_of(keyword).to(place.span))

    def claim(self, children: Children) -> syntax.Claim:
        keyword, judged, subject, *links, formula = children
        kind = str(judged)
        parts = _linked(kind, span_of(judged), links)
        return syntax.Claim(
            kind=kind,
            subject=subject,
            of=parts.get("of"),
            at=_step(parts["at"]) if "at" in parts else None,
            source=parts.get("from"),
            wrt=parts.get("wrt"),
            formula=formula,
            span=span_of(keyword).to(formula.span),
        )

    # -- their parts -------------------------------------------------------------------------------

    def shape(self, children: Children) -> _Shape:
        left, *sizes, right = children
        return _Shape(tuple(sizes), span_of(left).to(span_of(right)))

    def word(self, children: Children) -> _Word:
        (name,) = children
        return _Word(name, None, None, name.span)

    def word_over(self, children: Children) -> _Word:
        name, over, right = children
        return _Word(name, over, None, name.span.to(span_of(right)))

    def word_below(self, children: Children) -> _Word:
        name, sign, below = children
        if str(sign) != "<":
            message, place = "the bound of `int` is written `<`", span_of(sign)
            refuse(
                "BP022",
                message,
                place,
                "",
                "",
                Repair("write `<`, as in `int < V`", (Edit(place, "<"),)),
            )
        return _Word(name, None, below, name.span.to(below.span))

    def initialiser(self, children: Children) -> syntax.Initialiser:
        tilde, name, *args, right = children
        for arg in args:
            if isinstance(arg, syntax.Keyword):
                refuse("BP026", "the arguments of an initialiser have no names", arg.name.span)
        return syntax.Initialiser(name, tuple(args), span_of(tilde).to(span_of(right)))

    def derivative(self, children: Children) -> syntax.Derivative:
        name, value = children
        return syntax.Derivative(name, value, name.span.to(value.span))


# -- what the grammar leaves open ------------------------------------------------------------------


def _new(name: syntax.Name) -> syntax.Name:
    """A name that a statement gives to something, so none of the reserved words."""
    if name.text in RESERVED:
        meaning = {"t": "the step", "T": "the number of steps", "all": "every axis"}[name.text]
        refuse("BP021", f"`{name.text}` is {meaning} and cannot name anything else", name.span)
    return name


def _all_new(names: list[syntax.Name]) -> tuple[syntax.Name, ...]:
    return tuple(map(_new, names))


def _targets(targets: Iterable[syntax.Target]) -> tuple[syntax.Target, ...]:
    found = tuple(targets)
    for target in found:
        _new(target.name if isinstance(target, syntax.Subscripted) else target)
    return found


def _one_of(words: tuple[str, ...], name: syntax.Name, what: str) -> None:
    if name.text not in words:
        shown = " or ".join(f"`{word}`" for word in words)
        close = get_close_matches(name.text, words, 1)
        meant = [Repair(f"did you mean `{near}`?", (Edit(name.span, near),)) for near in close]
        refuse("BP022", f"{what} {shown}, not `{safe(name.text)}`", name.span, "", "", *meant)


def _linked(kind: str, place: Span, links: Children) -> dict[str, syntax.Target]:
    """What follows `of`, `at`, `from` and `wrt` in a claim, each of which has its place."""
    words = tuple(str(word) for word in links[::2])
    orders = _ORDERS[kind]
    if words not in orders:
        shown = {"grad": "grad X [of S] [at t | from Y]", "jacobian": "jacobian X wrt Y"}[kind]
        refuse("BP022", f"a claim of this kind reads `claim {shown} = ...`", place)
    return dict(zip(words, links[1::2], strict=True))


_ORDERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "grad": ((), ("of",), ("at",), ("from",), ("of", "at"), ("of", "from")),
    "jacobian": (("wrt",),),
}


def _step(target: syntax.Target) -> syntax.Name:
    if isinstance(target, syntax.Name) and target.text == "t":
        return target
    refuse("BP022", "a claim is judged `at t`, or from one quantity to another", target.span)


def _type(words: list[_Word]) -> tuple[str, syntax.Expression | None]:
    """The type among the words after a shape, and the bound of `int < V`."""
    found = [word for word in words if word.name.text in TYPES]
    if len(found) > 1:
        refuse("BP022", "a quantity has one type", found[1].span, "a second one")
    for word in words:
        if word.below is not None and word.name.text != "int":
            refuse("BP022", "only `int` takes a bound", word.span, help="as in `int < V`")
        if word.over is not None and word.name.text != "simplex":
            refuse("BP022", "only `simplex` takes `over=`", word.span)
    return (found[0].name.text, found[0].below) if found else ("real", None)


def _properties(words: list[_Word]) -> tuple[syntax.Property, ...]:
    found: dict[str, syntax.Property] = {}
    for word in words:
        text = word.name.text
        if text in TYPES:
            continue
        if text not in PROPERTIES:
            close = get_close_matches(text, (*PROPERTIES, *TYPES), 1)
            place, known = word.name.span, ", ".join((*TYPES, *PROPERTIES))
            message = f"`{safe(text)}` is no type and no property"
            help = "" if close else f"a shape is followed by {known} or `~`"
            meant = [Repair(f"did you mean `{near}`?", (Edit(place, near),)) for near in close]
            refuse("BP022", message, place, "", help, *meant)
        if text in found:
            removed = Repair("remove it", (Edit(word.span, ""),))
            refuse("BP026", f"`{text}` is said twice", word.span, "", "", removed)
        found[text] = syntax.Property(word.name, word.over, word.span)
    return tuple(found.values())
