"""Says what is wrong with a statement that the grammar does not know, in words that help.

The parser stops at a token that cannot stand where it stands. What people slip on is a short list,
`_SLIPS`: each of its functions looks at that token and its neighbours, and reports if the slip is
its own. If none is, the last resort is what the parser would have taken instead.
"""

import re
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files

from bpgen.characters import CHARACTER_SLIPS
from bpgen.fault import Fault, expected
from bpgen.report import Label, Report, safe
from bpgen.scan import COMPARISONS, KEYWORDS, OPERATOR_SYMBOLS, Piece, Token
from bpgen.source import Span


def explain(fault: Fault) -> Report:
    """The report for a statement that cannot be parsed."""
    for slip in _SLIPS:
        if report := slip(fault):
            return report
    return expected(fault)


def doubled_sign(piece: Piece) -> Report | None:
    """`x + + y`, which has a meaning, but hardly the one that was meant."""
    for before, token in zip(piece.tokens, piece.tokens[1:], strict=False):
        if token.text == "+" and before.text in OPERATOR_SYMBOLS:
            return _two_operators(before, token)
    return None


# -- brackets --------------------------------------------------------------------------------------


def _bracket(fault: Fault) -> Report | None:
    """A bracket that has no partner, or the wrong one; tokens before the fault are well nested."""
    opened: list[Token] = []
    for token in fault.tokens[: fault.index]:
        if token.kind == "open":
            opened.append(token)
        elif token.kind == "close" and opened:
            opened.pop()
    if fault.token and fault.token.kind == "close":
        if not opened:
            message = f"`{fault.text}` has no matching `{_PARTNER[fault.text]}`"
            return fault.report("BP002", message, "", "remove it")
        if opened[-1].text != _PARTNER[fault.text]:
            message = f"`{opened[-1].text}` is closed by `{fault.text}`"
            place, other = Label(fault.span), Label(opened[-1].span, "opened here")
            return Report("BP002", message, place, (other,))
    if opened and _goes_on_below(fault, opened[-1]):
        return _unclosed(fault, opened[-1])
    return None


_PARTNER = {")": "(", "]": "[", "}": "{", "(": ")", "[": "]", "{": "}"}


def _goes_on_below(fault: Fault, bracket: Token) -> bool:
    """Whether nothing is wrong on the bracket's line but that it does not end."""
    line = fault.source.position(bracket.start)[0]
    here = fault.source.position(fault.token.start)[0] if fault.token else line + 1
    return here > line


def _unclosed(fault: Fault, bracket: Token) -> Report:
    source = fault.source
    line = source.position(fault.tokens[fault.index - 1].end)[0]
    partner = _PARTNER[bracket.text]
    return Report(
        "BP001",
        f"`{bracket.text}` is never closed",
        Label(bracket.span, "opened here"),
        helps=(f"add `{partner}` at the end of line {line}",),
    )


# -- operators and operands ------------------------------------------------------------------------


def _equals(fault: Fault) -> Report | None:
    if "EQUAL" in fault.accepts:
        compound = fault.after and fault.after.text == "=" and fault.after.start == fault.span.end
        if fault.text in ("==", ":=") or (compound and fault.text in OPERATOR_SYMBOLS):
            return fault.report("BP007", "an equation has a single `=`", "", "write `=`")
    if fault.text == "=" and any(token.text == "=" for token in fault.tokens[: fault.index]):
        return fault.report("BP007", "a statement has a single `=`", "a second one")
    return None


def _operator(fault: Fault) -> Report | None:
    before, token = fault.before, fault.token
    if not before or not (before.is_operator or before.text in ("=", "~")):
        return None
    if token is None or token.kind == "close" or token.text == ",":
        message = f"`{before.text}` has no right-hand side"
        return Report("BP005", message, Label(before.span))
    if before.is_operator and token.is_operator:
        return _two_operators(before, token)
    return None


def _two_operators(before: Token, token: Token) -> Report:
    helps = ("remove one, or put the sign and its operand in brackets",)
    message = f"two operators in a row, `{before.text}` and `{token.text}`"
    return Report("BP006", message, Label(token.span), helps=helps)


def _chain(fault: Fault) -> Report | None:
    """A second comparison: the grammar takes an operator here, but not this one."""
    if fault.text not in COMPARISONS or "TIMES" not in fault.accepts:
        return None
    earlier = [token for token in fault.tokens[: fault.index] if token.text in COMPARISONS]
    if not earlier:
        return None
    place, other = Label(fault.span), Label(earlier[-1].span, "the first")
    helps = ("write `a < b and b < c`",)
    return Report("BP014", "comparisons do not chain", place, (other,), helps=helps)


def _subscript(fault: Fault) -> Report | None:
    if fault.text == "[" and fault.before and fault.before.ends_operand:
        message = "a subscript follows a name, and nothing else"
        return fault.report("BP015", message, "", "give what stands before it a name")
    if fault.text == "[" and "NUMBER" in fault.accepts:
        message, help = "`[` begins no expression", "arrays are joined by `concat` and `stack`"
        return fault.report("BP013", message, "", help)
    return None


def _reserved(fault: Fault) -> Report | None:
    if fault.text in KEYWORDS and fault.index:
        message = f"`{fault.text}` begins a statement and cannot be a name"
        return fault.report("BP021", message, "", "choose another name")
    if fault.text in ("None", "over", "axis") and "NAME" in fault.accepts:
        return fault.report("BP021", f"`{fault.text}` is reserved and cannot be a name here")
    return None


def _juxtaposed(fault: Fault) -> Report | None:
    before, token = fault.before, fault.token
    if not before or not token or "TIMES" not in fault.accepts:
        return None
    if not before.ends_operand or not token.begins_operand:
        return None
    if help := _PYTHON.get(token.text):
        return fault.report("BP008", f"`{token.text}` is not an operator", "", help)
    left, right = safe(before.text), safe(token.text)
    if before.kind == "word" and before.text in _functions(fault.source.text):
        message = f"`{left}` is a function and needs brackets"
        return fault.report("BP012", message, "", f"write `{left}({right})`")
    return fault.report(
        "BP008",
        f"an operator is missing between `{left}` and `{right}`",
        "",
        "`*` multiplies entry by entry, `@` is the matrix product",
    )


_PYTHON = {
    "if": "write `where(condition, a, b)`",
    "over": "it stands inside the brackets of a function, as in `sum(x, over=H)`",
    "axis": "it stands inside the brackets of a function, as in `sum(x, axis=0)`",
}


@lru_cache(maxsize=1)  # a spec with many slips would be searched for each
def _functions(text: str) -> frozenset[str]:
    """Names of operators, and of the functions that the text of this spec seems to define."""
    folder = files("bpgen").joinpath("ops")
    shipped = (file.name.removesuffix(".py") for file in folder.iterdir())
    own = re.findall(r"^[ \t]*(?:fn|op)[ \t]+(\w+)", text, re.MULTILINE)
    return frozenset((*shipped, *own))


# -- statements ------------------------------------------------------------------------------------


def _colon(fault: Fault) -> Report | None:
    first = fault.tokens[0].text
    if first not in ("input", "param", "state") or "COLON" not in fault.accepts or fault.index < 2:
        return None
    if any(token.text == ":" for token in fault.tokens[: fault.index]):
        return None
    before = Span(fault.tokens[0].start, fault.tokens[fault.index - 1].end)
    line = fault.source.line(fault.source.position(fault.span.start)[0])
    rest = line[fault.source.position(fault.span.start)[1] - 1 :].partition("#")[0].strip()
    shape = rest if rest.startswith("(") else f"({rest or '...'})"
    shown = safe(f"{fault.source.quote(before)} : {shape}")
    message = "a `:` is missing between the name and its shape"
    return fault.report("BP003", message, "", f"write `{shown}`")


def _shape(fault: Fault) -> Report | None:
    if fault.before and fault.before.text == ":" and fault.accepts == {"LPAR"}:
        shown = safe(fault.text) or "..."
        return fault.report("BP013", "a shape stands in brackets", "", f"write `({shown})`")
    return None


def _no_derivative(fault: Fault) -> Report | None:
    if fault.tokens[0].text != "op" or fault.token or "WITH" not in fault.accepts:
        return None
    help = "end it as in `with da = ...`; an abbreviation without one is an `fn`"
    return fault.report("BP013", "an `op` says its derivatives after `with`", "", help)


def _loss(fault: Fault) -> Report | None:
    if fault.tokens[0].text != "loss":
        return None
    if fault.index == 1 and fault.text == "=":
        return fault.report("BP004", "a loss has a name", "", "write `loss J = ...`")
    if fault.index == 2 and fault.text == "(":
        return fault.report("BP004", "a loss has a name and a `=`", "", "write `loss J = ...`")
    return None


def _no_statement(fault: Fault) -> Report | None:
    """Two words at the start of a line of which the first begins no statement."""
    first = fault.tokens[0]
    if fault.index == 0:
        message = f"`{safe(first.text)}` begins no statement"
        return fault.report("BP022", message)
    if fault.index != 1 or first.kind != "word" or first.text in KEYWORDS:
        return None
    if not fault.token or fault.token.kind != "word":
        return None
    close = get_close_matches(first.text, KEYWORDS, 1)
    helps = (f"did you mean `{close[0]}`?",) if close else ()
    message = f"`{safe(first.text)}` begins no statement"
    return Report("BP022", message, Label(first.span), helps=helps)


def _equal_sign(fault: Fault) -> Report | None:
    if "EQUAL" not in fault.accepts or not fault.before or fault.tokens[0].text == "dim":
        return None
    if fault.text == "(" and fault.after and fault.after.text == "t":
        name = safe(fault.before.text)
        help = f"write `{name}[t]`"
        return fault.report("BP004", "a step stands in square brackets", "", help)
    what = "an equation" if fault.tokens[0].text not in KEYWORDS else f"`{fault.tokens[0].text}`"
    if fault.before.ends_operand and (not fault.token or fault.token.begins_operand):
        return fault.report("BP004", f"{what} needs a `=` here")
    return None


_SLIPS = (
    *CHARACTER_SLIPS,
    *(_bracket, _equals, _operator, _chain, _subscript, _reserved),
    *(_no_statement, _colon, _shape, _loss, _no_derivative, _equal_sign, _juxtaposed),
)
