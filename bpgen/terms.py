"""From what the grammar recognised to the expressions of `syntax`: one function for a rule.

The parser calls a method as soon as a rule is complete, with the rule's tokens and the values of
its parts; there is no tree in between, so depth costs no recursion. What a grammar cannot say well
(a number that overflows, `m[t, :, None]`) is refused here. `build` adds the statements.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, NoReturn, Protocol, TypeAlias

from bpgen import syntax
from bpgen.report import Edit, Label, Refused, Repair, Report, safe
from bpgen.scan import code_point
from bpgen.source import Span

DIGITS = 40  # characters of a number
LETTERS = 500  # characters of a string


class Token(Protocol):
    """What is needed here of a token of lark's: its text and its place."""

    start_pos: int | None
    end_pos: int | None

    def __str__(self) -> str: ...


Children: TypeAlias = list[Any]  # tokens, and values that methods below returned


def span_of(token: Token) -> Span:
    assert token.start_pos is not None and token.end_pos is not None
    return Span(token.start_pos, token.end_pos)


def refuse(
    code: str, message: str, span: Span, label: str = "", help: str = "", *repairs: Repair
) -> NoReturn:
    helps = (help,) if help else ()
    raise Refused([Report(code, message, Label(span, label), helps=helps, repairs=repairs)])


def text_of(token: Token) -> syntax.Text:
    text, span = str(token)[1:-1], span_of(token)
    if len(text) > LETTERS:
        message = f"a string has at most {LETTERS} characters"
        refuse("BP018", message, span, f"{len(text)} here")
    return syntax.Text(text, span)


@dataclass(frozen=True, slots=True)
class _Subscripts:
    """What stands between one pair of square brackets."""

    items: tuple[syntax.Subscript, ...]
    span: Span


class Terms:
    """A method for each rule of expressions, by the rule's name or alias."""

    def name(self, children: Children) -> syntax.Name:
        (token,) = children
        return syntax.Name(str(token), span_of(token))

    def number(self, children: Children) -> syntax.Number:
        (token,) = children
        text, span = str(token), span_of(token)
        if len(text) > DIGITS:
            refuse("BP019", f"a number has at most {DIGITS} characters", span, f"{len(text)} here")
        if text.isdigit():
            return syntax.Number(int(text), span)
        value = float(text)
        mantissa = text.lower().partition("e")[0]
        if not math.isfinite(value) or (value == 0 and mantissa.strip("0.")):
            size = "large" if value else "small"
            refuse("BP019", f"`{text}` is too {size} for a number in float64", span)
        return syntax.Number(value, span)

    def text(self, children: Children) -> syntax.Text:
        (token,) = children
        text = text_of(token)
        for offset, character in enumerate(text.value, text.span.start + 1):
            if character > "~":
                refuse(
                    "BP011",
                    f"{code_point(character)} cannot stand in a string of an expression",
                    Span(offset, offset + 1),
                )
        return text

    def group(self, children: Children) -> syntax.Expression:
        """An expression in brackets spans them, so that what is around it spans them too."""
        left, inner, right = children
        grouped: syntax.Expression = replace(inner, span=span_of(left).to(span_of(right)))
        return grouped

    def tuple(self, children: Children) -> syntax.Tuple:
        left, *items, right = children
        return syntax.Tuple(tuple(items), span_of(left).to(span_of(right)))

    def unary(self, children: Children) -> syntax.Unary:
        symbol, operand = children
        place = span_of(symbol)
        return syntax.Unary(str(symbol), operand, place, place.to(operand.span))

    def binary(self, children: Children) -> syntax.Binary:
        left, symbol, right = children
        span = left.span.to(right.span)
        return syntax.Binary(str(symbol), left, right, span_of(symbol), span)

    def transposed(self, children: Children) -> syntax.Transposed:
        operand, dot = children
        return syntax.Transposed(operand, operand.span.to(span_of(dot)))

    def call(self, children: Children) -> syntax.Call:
        name, *arguments, right = children
        args, keywords = _arguments(arguments)
        return syntax.Call(name, False, args, keywords, name.span.to(span_of(right)))

    def primed_call(self, children: Children) -> syntax.Call:
        token, *arguments, right = children
        start = span_of(token).start
        name = syntax.Name(str(token)[:-1], Span(start, start + len(str(token)) - 1))
        args, keywords = _arguments(arguments)
        return syntax.Call(name, True, args, keywords, name.span.to(span_of(right)))

    def keyword(self, children: Children) -> syntax.Keyword:
        name, value = children
        return syntax.Keyword(name, value, name.span.to(value.span))

    def subscripted(self, children: Children) -> syntax.Subscripted:
        name, *groups = children
        items = tuple(group.items for group in groups)
        span = name.span.to(groups[-1].span)
        return syntax.Subscripted(name, items, span)

    def subscripts(self, children: Children) -> _Subscripts:
        left, *items, right = children
        span = span_of(left).to(span_of(right))
        if len(items) > 1 and _is_step(items[0]):
            gap = Span(items[0].span.end, items[1].span.start)
            way = "write the step first and then the subscripts, as in `m[t][:, None]`"
            split = Repair(way, (Edit(gap, "]["),))
            refuse("BP016", "the step stands in brackets of its own", span, "", "", split)
        return _Subscripts(tuple(items), span)

    def slice(self, children: Children) -> syntax.Slice:
        start, colon, stop = children
        span = span_of(colon)
        span = span.to(start.span) if start else span
        return syntax.Slice(start, stop, span.to(stop.span) if stop else span)

    def new_axis(self, children: Children) -> syntax.NewAxis:
        return syntax.NewAxis(span_of(children[0]))


def _arguments(
    arguments: list[syntax.Expression | syntax.Keyword],
) -> tuple[tuple[syntax.Expression, ...], tuple[syntax.Keyword, ...]]:
    """The arguments by position and those by name, which come last and have different names."""
    args: list[syntax.Expression] = []
    keywords: dict[str, syntax.Keyword] = {}
    for argument in arguments:
        if not isinstance(argument, syntax.Keyword):
            if keywords:
                message = "an argument without a name stands before those with one"
                refuse("BP026", message, argument.span)
            args.append(argument)
            continue
        name = argument.name
        if name.text in keywords:
            refuse("BP026", f"`{safe(name.text)}=` is given twice", name.span)
        keywords[name.text] = argument
    return tuple(args), tuple(keywords.values())


def _is_step(item: syntax.Subscript) -> bool:
    """Whether a subscript is `t`, `t-1`, `t+2`."""
    if isinstance(item, syntax.Binary) and item.symbol in "+-":
        return isinstance(item.right, syntax.Number) and _is_step(item.left)
    return isinstance(item, syntax.Name) and item.text == "t"
