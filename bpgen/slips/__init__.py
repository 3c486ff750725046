"""Says what is wrong with a statement that the grammar does not know, in words that help.

The parser stops at a token that cannot stand where it stands. What people slip on is a short list,
`_SLIPS`: each of its functions looks at that token and its neighbours, and reports if the slip is
its own. If none is, the last resort is what the parser would have taken instead.
"""

from bpgen.borrowed import WORDS, plain
from bpgen.report import Edit, Label, Repair, Report, safe
from bpgen.scan import Piece, Token
from bpgen.slips.brackets import bracket, round_step
from bpgen.slips.characters import CHARACTER_SLIPS
from bpgen.slips.declaring import DECLARATION_SLIPS, NAMING_SLIPS
from bpgen.slips.fault import Fault, at, expected, functions, instead, matching, operand_end, write
from bpgen.slips.habits import HABITS
from bpgen.slips.juxtaposed import products
from bpgen.slips.papers import angles, latex
from bpgen.source import Span
from bpgen.words import AXES, COMPARISONS, KEYWORDS, OPERATOR_SYMBOLS


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


# -- operators and operands ------------------------------------------------------------------------


def _equals(fault: Fault) -> Report | None:
    after = fault.after if fault.after and fault.after.start == fault.span.end else None
    if "EQUAL" in fault.accepts:
        message = "an equation has a single `=`"
        if fault.text in ("==", ":="):
            return fault.mended("BP007", message, instead(fault.span, "="))
        if fault.text == ":" or (after and fault.text + after.text in ("<-", "->", "=>")):
            arrow = fault.span.to(after.span) if after and after.text in "->" else fault.span
            if fault.tokens[0].text not in ("input", "param", "state"):
                said = f"`{fault.source.quote(arrow)}` is not used here: an equation has a `=`"
                return fault.mended("BP007", said, instead(arrow, "="))
        if after and after.text == "=" and fault.text in OPERATOR_SYMBOLS:
            return _compound(fault, fault.span.to(after.span))
    if fault.text == "=" and any(token.text == "=" for token in fault.tokens[: fault.index]):
        place = Label(fault.span, "a second one")
        doubled = fault.before is not None and fault.before.text == "="
        repairs = (Repair("remove it", (Edit(fault.span, ""),)),) * doubled
        return Report("BP007", "a statement has a single `=`", place, repairs=repairs)
    return None


def _compound(fault: Fault, sign: Span) -> Report:
    """`h[t] += x`: what is there already is the step before, or the same thing once more."""
    target = fault.quote(0, fault.index)
    before = target.replace("[t]", "[t-1]")
    message = f"`{fault.source.quote(sign)}` is not used here: an equation says the whole"
    if before == target:
        return fault.report("BP007", message, "write a single `=`, and all terms on its right")
    shown = f"{target} = {before} {fault.text} ..."
    return fault.mended("BP007", message, write(shown, Edit(sign, f"= {before} {fault.text}")))


def _operator(fault: Fault) -> Report | None:
    before, token = fault.before, fault.token
    if token and token.is_operator and before and before.text in ("=", "(", ","):
        repair = Repair("remove it", (Edit(token.span, ""),))
        return fault.mended("BP005", f"`{token.text}` has no left-hand side", repair)
    if not before or not (before.is_operator or before.text in ("=", "~")):
        return None
    if token is None or token.kind == "close" or token.text == ",":
        message = f"`{before.text}` has no right-hand side"
        repairs = (Repair("remove it", (Edit(before.span, ""),)),) * before.is_operator
        return Report("BP005", message, Label(before.span), repairs=repairs)
    if before.is_operator and token.is_operator:
        return _two_operators(before, token)
    return None


def _two_operators(before: Token, token: Token) -> Report:
    repairs = tuple(
        Repair(f"remove `{each.text}`", (Edit(span, ""),))
        for each, span in ((token, Span(before.end, token.end)), (before, before.span))
    )
    helps = ("a sign and its operand may stand in brackets, as in `x * (+y)`",)
    message = f"two operators in a row, `{before.text}` and `{token.text}`"
    return Report(
        "BP006",
        message,
        Label(token.span),
        helps=helps * (token.text == "+"),
        repairs=repairs[: 1 if before.text == token.text else 2],
    )


def _chain(fault: Fault) -> Report | None:
    """A second comparison: the grammar takes an operator here, but not this one."""
    if fault.text not in COMPARISONS or "TIMES" not in fault.accepts:
        return None
    earlier = [i for i in range(fault.index) if fault.tokens[i].text in COMPARISONS]
    if not earlier:
        return None
    place, other = Label(fault.span), Label(fault.tokens[earlier[-1]].span, "the first")
    middle = fault.quote(earlier[-1] + 1, fault.index)
    help = Repair(
        f"write `{safe(middle)}` twice: `a < b and b < c`",
        (Edit(at(fault.span.start), f"and {middle} "),),
    )
    return Report("BP014", "comparisons do not chain", place, (other,), repairs=(help,))


def _subscript(fault: Fault) -> Report | None:
    if fault.text == "[" and fault.before and fault.before.ends_operand:
        message = "a subscript follows a name, and nothing else"
        return fault.report("BP015", message, "give what stands before it a name")
    if fault.text == "[" and "NUMBER" in fault.accepts:
        message, help = "`[` begins no expression", "arrays are joined by `concat` and `stack`"
        end = matching(fault.tokens, fault.index)
        inside = fault.quote(fault.index + 1, end - 1)
        if not inside or fault.tokens[end - 1].text != "]":
            return fault.report("BP013", message, help)
        if way := _round(fault, end, inside):
            return fault.mended("BP013", message, way)
        if "," not in inside:
            return fault.report("BP013", message, help)
        joined = instead(Span(fault.span.start, fault.tokens[end - 1].end), f"concat({inside})")
        return fault.mended("BP013", message, joined)
    if fault.text == ":" and "RSQB" in fault.accepts:
        message = "a slice has a start and a stop, and no step"
        return fault.report("BP013", message, "as in `W[0:H]`")
    return None


def _round(fault: Fault, end: int, inside: str) -> Repair | None:
    """What a list is written as in `concat([a, b])` and in `over=[t, N]`, and what is a shape."""
    words = [token.text for token in fault.tokens[max(0, fault.index - 2) : fault.index]]
    ends = (fault.span, fault.tokens[end - 1].span)
    if words in (["concat", "("], ["stack", "("]):
        return write(f"{words[0]}({inside})", *(Edit(span, "") for span in ends))
    if words and words[0] in AXES:
        return write(f"{words[0]}=({inside})", *map(Edit, ends, "()"))
    if words in (["zeros", "("], ["ones", "("]):
        return write(f"{words[0]}(({inside}))", *map(Edit, ends, "()"))
    return None


def _reserved(fault: Fault) -> Report | None:
    first = fault.tokens[0]
    if fault.index == 1 and fault.text == "=" and first.text in ("cell", "about", "time"):
        message = f"`{first.text}` has no `=`"
        return fault.mended("BP013", message, Repair("remove it", (Edit(fault.span, ""),)))
    named = fault.index == 1 and fault.text in ("=", "[") and first.text != "loss"
    if first.text in KEYWORDS and named:
        message = f"`{first.text}` begins a statement and cannot be a name"
        return Report("BP021", message, Label(first.span), helps=("choose another name",))
    if fault.text == "dim" and fault.after and fault.after.text == "=":
        message = "an axis is named by `axis=`, or by its size with `over=`"
        return fault.mended("BP021", message, Repair("write `axis=`", (Edit(fault.span, "axis"),)))
    if fault.text in KEYWORDS and fault.index:
        message = f"`{fault.text}` begins a statement and cannot be a name"
        return fault.report("BP021", message, "choose another name")
    named = first.text in KEYWORDS and fault.index == 1 and fault.text in ("and", "or", "not")
    if (named or fault.text in ("None", *AXES)) and "NAME" in fault.accepts:
        return fault.report("BP021", f"`{fault.text}` is reserved and cannot be a name here")
    return None


def _juxtaposed(fault: Fault) -> Report | None:
    before, token = fault.before, fault.token
    if not before or not token or "TIMES" not in fault.accepts:
        return None
    if not before.ends_operand or not token.begins_operand:
        return None
    gap = Span(before.end, token.start)
    if found := _no_operand(fault, before, token):
        return found
    if before.kind == "word" and before.text in functions(fault.source.text):
        end = fault.tokens[operand_end(fault.tokens, fault.index) - 1].end
        shown = f"{before.text}({fault.source.quote(Span(token.start, end))})"
        message = f"`{safe(before.text)}` is a function and needs brackets"
        return fault.mended("BP012", message, write(shown, Edit(gap, "("), Edit(at(end), ")")))
    if token.text == "(" and (layer := WORDS.get(plain(fault.tokens[_called(fault)].text))):
        return fault.report("BP008", "a call has one pair of brackets", layer)
    left = " ".join(fault.source.quote(fault.operand_before()).split())
    left = left if len(left) <= 40 else before.text
    message = f"an operator is missing between `{safe(left)}` and `{safe(token.text)}`"
    return fault.mended("BP008", message, *products(fault))


def _called(fault: Fault) -> int:
    """The index of the first word of the operand before a fault."""
    start = fault.operand_before().start
    return next(i for i, token in enumerate(fault.tokens) if token.start >= start)


def _no_operand(fault: Fault, before: Token, token: Token) -> Report | None:
    """What stands beside an operand and is none itself."""
    if token.text in _NO_OPERATORS:
        sign, meant = _NO_OPERATORS[token.text]
        repair = Repair(f"write `{sign}`, {meant}", (Edit(token.span, sign),))
        return fault.mended("BP008", f"`{token.text}` is not an operator", repair)
    if before.text == "0" and before.end == token.start and token.text[0] in "xXbBoO":
        return fault.report("BP019", "a number is written in decimal digits")
    if token.kind == "string" or before.kind == "string":
        message = "a string stands only in `einsum(...)` and behind `about`"
        return fault.report("BP008", message)
    return None


_NO_OPERATORS = {
    "is": ("==", "which compares"),
    "in": ("==", "which compares"),
    "div": ("/", "the division"),
    "mod": ("%", "the remainder"),
}


# -- statements ------------------------------------------------------------------------------------


def _equal_sign(fault: Fault) -> Report | None:
    if "EQUAL" not in fault.accepts or not fault.before or fault.tokens[0].text == "dim":
        return None
    if any(token.text == "=" for token in fault.tokens[: fault.index]):
        return None  # it is a keyword's
    if fault.text == "(" and fault.after and fault.after.text == "t":
        return round_step(fault.source, fault.tokens)
    if fault.index == 1 and fault.text == "(":
        help = f"write `a[t] = {safe(fault.before.text)}(...)`"
        return fault.report("BP004", "an equation has a left side and a `=`", help)
    if fault.token and fault.token.is_operator and "=" in [t.text for t in fault.tokens]:
        message = "the left side of an equation is a name, and not an expression"
        return fault.report("BP004", message, "move the rest to the right side")
    what = "an equation" if fault.tokens[0].text not in KEYWORDS else f"`{fault.tokens[0].text}`"
    message = f"{what} needs a `=` here"
    if fault.before.ends_operand and not fault.token:
        return fault.report("BP004", message)
    if fault.before.ends_operand and fault.token and fault.token.begins_operand:
        shown = f"{fault.quote(0, fault.index)} = {fault.quote(fault.index, len(fault.tokens))}"
        return fault.mended("BP004", message, write(shown, Edit(at(fault.span.start), "= ")))
    return None


def _axes(fault: Fault) -> Report | None:
    """`sum(x over H)`, `sum(x, over H)`."""
    before, token = fault.before, fault.token
    if token and token.text in AXES and before and before.ends_operand and fault.after:
        help = f"it stands inside the brackets of a function, as in `sum(x, {token.text}=H)`"
        operand = fault.source.quote(fault.operand_before())
        shown = f"{operand}, {token.text}={fault.after.text}"
        edit = Edit(Span(before.end, fault.after.start), f", {token.text}=")
        message, inside = f"`{token.text}` is not an operator", "COMMA" in fault.accepts
        repairs = (write(shown, edit),) * inside
        return Report("BP008", message, Label(fault.span), helps=(help,), repairs=repairs)
    if token and before and before.text in AXES and token.begins_operand:
        gap = Edit(Span(before.end, token.start), "=")
        message = f"`{before.text}` needs a `=` here"
        return fault.mended("BP004", message, write(f"{before.text}={token.text}", gap))
    return None


def _two_values(fault: Fault) -> Report | None:
    if fault.text != "," or "EQUAL" in fault.accepts or "TIMES" not in fault.accepts:
        return None
    if any(token.kind == "open" for token in fault.tokens[: fault.index]) and (
        {"RPAR", "RSQB"} & fault.accepts
    ):
        return None
    message = "an equation has one value, and `,` begins a second"
    before, after = fault.before, fault.after
    if before and after and before.kind == after.kind == "number" and after.start == fault.span.end:
        shown = f"{before.text}.{after.text}"
        return fault.mended("BP013", message, write(shown, Edit(fault.span, ".")))
    return fault.report("BP013", message, "arrays are joined by `concat` and `stack`")


_SLIPS = (
    *(*NAMING_SLIPS, latex, angles, *HABITS, *CHARACTER_SLIPS),
    *(bracket, _equals, _operator, _chain, _subscript, _reserved, _axes),
    *(*DECLARATION_SLIPS, _equal_sign, _juxtaposed, _two_values),
)
