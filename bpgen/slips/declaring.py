"""Slips in statements: their first words, sizes, shapes and colons, names of cells and losses.

Each function looks at the token at which a statement went wrong, and reports if the slip is its
own.
"""

import re
from difflib import get_close_matches
from functools import lru_cache
from itertools import pairwise

from bpgen.report import Edit, Label, Repair, Report, safe
from bpgen.scan import Token
from bpgen.slips.fault import Fault, at, instead, matching, write
from bpgen.slips.papers import shape_text
from bpgen.source import Span
from bpgen.words import KEYWORDS


def _shape(fault: Fault) -> Report | None:
    """A colon that is missing, or a shape that does not stand in round brackets."""
    first = fault.tokens[0].text
    if first not in ("input", "param", "state") or fault.index < 2 or not fault.before:
        return None
    colon = fault.before.text == ":"
    if not colon and "COLON" not in fault.accepts:
        return None
    last = next((i for i, token in enumerate(fault.tokens) if token.text == "~"), len(fault.tokens))
    if not colon and any(token.text == ":" for token in fault.tokens[: fault.index]):
        return None
    rest = fault.quote(fault.index, max(last, fault.index))
    shape = shape_text(rest) if rest else None
    message = "a shape stands in brackets" if colon else _NO_COLON
    code = "BP013" if colon else "BP003"
    before = fault.quote(0, fault.index).removesuffix(":").rstrip()
    if rest.startswith("(") and not colon:
        edit = Edit(at(fault.span.start), ": ")
        return fault.mended(code, message, write(f"{before} : {rest}", edit))
    if shape is None:
        return fault.report(code, message, f"write `{safe(before)} : (...)`, with the sizes in it")
    whole = Span(fault.tokens[fault.index - 1].end, fault.tokens[last - 1].end)
    edit = Edit(whole, f" {shape}" if colon else f" : {shape}")
    return fault.mended(code, message, write(f"{before} : {shape}", edit))


_NO_COLON = "a `:` is missing between the name and its shape"


_DRAWN = {0.0: "zeros()", 1.0: "ones()"}  # numbers that have an initialiser of their own


def _initialiser(fault: Fault) -> Report | None:
    """`= zeros()`, `zeros()`, `~ zeros` after a shape."""
    words = [token.text for token in fault.tokens[: fault.index]]
    if words[:1] not in (["input"], ["param"], ["state"]) or ":" not in words:
        return None
    if fault.text == "," and "TILDE" in fault.accepts:
        edit = Edit(_gap(fault, fault.index), f"\n{words[0]} ")
        message = "a statement declares one shape"
        return fault.mended("BP013", message, Repair("write two statements", (edit,)))
    if fault.text == "=" and words[0] == "state":
        help = f"write `{safe(words[1])}[0] = ...` on a line of its own"
        return fault.report("BP013", "where a state starts is said by an equation", help)
    if fault.text == "=" and "TILDE" in fault.accepts and words[0] == "param":
        message = "how a parameter is drawn stands after `~`"
        if fault.after and fault.after.kind == "number" and fault.index + 2 == len(fault.tokens):
            number = fault.after.text
            drawn = _DRAWN.get(float(number), f"constant({number})")
            whole = fault.span.to(fault.after.span)
            return fault.mended("BP013", message, instead(whole, f"~ {drawn}"))
        return fault.mended("BP013", message, instead(fault.span, "~"))
    if words[-1] == "(" and fault.accepts == {"OVER"} and fault.index > 1 and "~" not in words:
        name = fault.tokens[fault.index - 2]
        if name.text == "int":
            end = fault.tokens[matching(fault.tokens, fault.index - 1) - 1].end
            bound = fault.source.quote(Span(fault.tokens[fault.index - 1].start, end)).strip("() ")
            edit = Edit(Span(name.end, end), f" < {bound}")
            message = "the bound of `int` is written `<`"
            return fault.mended("BP022", message, write(f"int < {bound}", edit))
        return fault.mended(
            "BP013",
            "how a parameter is drawn stands after `~`",
            write(f"~ {name.text}(...)", Edit(at(name.start), "~ ")),
        )
    if fault.accepts == {"LPAR"} and "~" in words and fault.before:
        message = f"`{safe(fault.before.text)}` needs brackets, empty ones if it takes nothing"
        brackets = Edit(at(fault.before.end), "()")
        return fault.mended("BP013", message, write(f"{fault.before.text}()", brackets))
    return None


def _apart(fault: Fault) -> Report | None:
    """`(D H)` and `(N, 4H)`, a shape without its comma or its sign."""
    words = [token.text for token in fault.tokens[: fault.index]]
    if words[:1] not in (["input"], ["param"], ["state"]) or ":" not in words or "~" in words:
        return None
    if not (fault.before and fault.token) or words.count("(") <= words.count(")"):
        return None
    if not (fault.before.ends_operand and fault.token.begins_operand and "COMMA" in fault.accepts):
        return None
    rest = fault.tokens[fault.index - 1 :]
    end = next((i for i, token in enumerate(rest) if token.kind == "close"), len(rest))
    edits = [
        Edit(at(before.end), "*" if _multiple(before, token) else ",")
        for before, token in pairwise(rest[:end])
        if before.ends_operand and token.begins_operand and token.text != "("
    ]
    if _multiple(fault.before, fault.token):
        way = write(f"{fault.before.text}*{fault.text}", *edits)
        return fault.mended("BP013", "a multiple of a size has a `*`", way)
    shown = f"{fault.before.text}, {fault.text}"
    return fault.mended("BP013", "commas stand between sizes", write(shown, *edits))


def _multiple(before: Token, token: Token) -> bool:
    """`4H`, as papers write the width of four gates."""
    return before.kind == "number" and token.kind == "word" and before.end == token.start


def _sizes(fault: Fault) -> Report | None:
    """`dim N D`, `dim N = 4, H = 5`."""
    if fault.tokens[0].text != "dim" or not fault.before:
        return None
    words = fault.tokens[1:]
    if fault.text == "," and any(token.text == "=" for token in fault.tokens[: fault.index]):
        edits = [_new_line(fault, i) for i, token in enumerate(fault.tokens) if token.text == ","]
        repair = Repair("write a `dim` on a line of its own for each", tuple(edits))
        return fault.mended("BP017", "a `dim` with a value has one name", repair)
    if fault.index > 1 and "COMMA" in fault.accepts and fault.token:
        names = [token for token in words if token.text != ","]
        if all(token.kind == "word" for token in names):
            shown = f"dim {', '.join(token.text for token in names)}"
            repair = write(shown, Edit(words[0].span.to(words[-1].span), shown[4:]))
            return fault.mended("BP013", "commas stand between names", repair)
    return None


def _new_line(fault: Fault, index: int) -> Edit:
    return Edit(_gap(fault, index), "\ndim ")


def _gap(fault: Fault, index: int) -> Span:
    """A token, and the blanks behind it."""
    comma = fault.tokens[index].span
    after = fault.tokens[index + 1].start if index + 1 < len(fault.tokens) else comma.end
    return Span(comma.start, after)


def _cell(fault: Fault) -> Report | None:
    """A cell whose name is a string, a file, or two words."""
    words, token = fault.tokens, fault.token
    if words[0].text != "cell" or token is None or len(words) > 20:
        return None
    text = fault.quote(1, len(words)).strip('"').removesuffix(".spec")
    name = "_".join("".join(c if c.isalnum() else " " for c in text).split())
    if not (name.isascii() and name[:1].isalpha()):
        return None
    message = "a name has the letters a to z, digits and `_`"
    edit = Edit(words[1].span.to(words[-1].span), name)
    return fault.mended("BP013", message, write(f"cell {name}", edit))


def _about(fault: Fault) -> Report | None:
    if fault.tokens[0].text != "about" or fault.index not in (1, 2):
        return None
    if fault.index == 2:
        return _quotes_inside(fault)
    if fault.text.startswith('"') and not fault.text.startswith('"""'):
        return None
    message = "what a cell is about stands in double quotes"
    text = " ".join(fault.quote(1, len(fault.tokens)).replace('"', "").strip("' ").split())
    if not text:
        return fault.report("BP018", message, 'as in `about "The vanilla network"`')
    edit = Edit(fault.tokens[1].span.to(fault.tokens[-1].span), f'"{text}"')
    return fault.mended("BP018", message, write(f'about "{text}"', edit))


def _quotes_inside(fault: Fault) -> Report | None:
    """`about "a "b" c"`, whose text ends at the second quote."""
    first, last = fault.tokens[1], fault.tokens[-1]
    if not first.text.startswith('"') or last.text[-1:] != '"' or last is first:
        return None
    whole = first.span.to(last.span)
    text = fault.source.quote(whole)[1:-1].replace('"', "'")
    message = 'the text ends at the second `"`: within it, quotes are single'
    return fault.mended("BP018", message, write(f'about "{text}"', Edit(whole, f'"{text}"')))


def _derivative(fault: Fault) -> Report | None:
    if fault.tokens[0].text != "op" or fault.token or "WITH" not in fault.accepts:
        return None
    message = "an `op` says its derivatives after `with`"
    help = "end it as in `with da = ...`; an abbreviation without one is an `fn`"
    return fault.report("BP013", message, help)


def _parameters(fault: Fault) -> Report | None:
    """`fn f x = x`."""
    if fault.tokens[0].text not in ("fn", "op") or fault.index != 2 or "LPAR" not in fault.accepts:
        return None
    message = f"the arguments of an `{fault.tokens[0].text}` stand in brackets"
    words = [token.text for token in fault.tokens]
    stop = words.index("=") if "=" in words else fault.index
    names = [token for token in fault.tokens[2:stop] if token.text != ","]
    if any(token.kind != "word" for token in names):
        return fault.report("BP013", message)
    shown = f"({', '.join(token.text for token in names)})"
    before = fault.tokens[1]
    edit = Edit(Span(before.end, fault.tokens[stop - 1].end), shown)
    return fault.mended("BP013", message, write(f"{before.text}{shown}", edit))


def _loss(fault: Fault) -> Report | None:
    words = fault.tokens
    if words[0].text != "loss" or fault.text not in ("=", "("):
        return None
    taken = _taken(fault.source.text)
    name = next((name for name in ("J", "L") if name not in taken), "cost")
    if fault.index == 1 and fault.text == "=":
        shown = f"loss {name} {fault.quote(1, len(words))}"
        edit = Edit(at(fault.span.start), f"{name} ")
        return fault.mended("BP004", "a loss has a name", write(shown, edit))
    if fault.index == 2 or (fault.index == 1 and fault.text == "("):
        shown = f"loss {name} = {fault.quote(1, len(words))}"
        edit = Edit(at(words[1].start), f"{name} = ")
        return fault.mended("BP004", "a loss has a name and a `=`", write(shown, edit))
    return None


@lru_cache(maxsize=1)
def _taken(text: str) -> frozenset[str]:
    """The words of a spec."""
    return frozenset(re.findall(r"\w+", text, re.ASCII))


def _claim(fault: Fault) -> Report | None:
    """`claim dW = ...`."""
    if fault.tokens[0].text != "claim" or fault.index != 1 or not fault.token:
        return None
    message = "a claim says `grad` or `jacobian` first"
    name = fault.text.removeprefix("d")
    if fault.token.kind != "word" or name in (fault.text, ""):
        return fault.report("BP013", message, "as in `claim grad W = ...`")
    shown = f"claim grad {name} ..."
    return fault.mended("BP013", message, write(shown, Edit(fault.span, f"grad {name}")))


def _no_statement(fault: Fault) -> Report | None:
    """Two words at the start of a line of which the first begins no statement."""
    first = fault.tokens[0]
    message = f"`{safe(first.text)}` begins no statement"
    if fault.index == 0:
        return _bracketed(fault) or fault.report("BP022", message)
    if fault.index != 1 or first.kind != "word" or first.text in KEYWORDS:
        return None
    if not fault.token or fault.token.kind != "word":
        return None
    close = get_close_matches(first.text, KEYWORDS, 1)
    repairs = [Repair(f"did you mean `{word}`?", (Edit(first.span, word),)) for word in close]
    return Report("BP022", message, Label(first.span), repairs=tuple(repairs))


def _bracketed(fault: Fault) -> Report | None:
    """`(a[t], b[t]) = split(z[t], H)`."""
    end = matching(fault.tokens, 0)
    if fault.text not in ("(", "[") or [t.text for t in fault.tokens[end : end + 1]] != ["="]:
        return None
    edits = tuple(Edit(token.span, "") for token in (fault.tokens[0], fault.tokens[end - 1]))
    shown = f"{fault.quote(1, end - 1)} = ..."
    return fault.mended("BP022", "a left side has no brackets around it", write(shown, *edits))


NAMING_SLIPS = (_cell, _about)
DECLARATION_SLIPS = (
    _no_statement,
    _shape,
    _initialiser,
    _apart,
    _sizes,
    _derivative,
    _parameters,
    _loss,
    _claim,
)
