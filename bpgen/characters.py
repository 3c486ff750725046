"""Slips of single characters: signs from other languages, other alphabets, other keyboards.

Each function looks at the token at which a statement went wrong, and reports if the slip is its
own.
"""

import re

from bpgen.fault import Fault
from bpgen.report import Report, safe
from bpgen.scan import code_point
from bpgen.source import Span

# what people type, or paste, for a character of the language
LOOK_ALIKES = {
    "\u2212": "-", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-",
    "\u00d7": "*", "\u00b7": "*", "\u22c5": "*", "\u2217": "*", "\u2299": "*", "\u2218": "*",
    "\u00f7": "/", "\u2215": "/", "\u2044": "/", "\u02c6": "**", "\u00b2": "**2", "\u00b3": "**3",
    "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\uff1d": "=", "\u2190": "=", "\u2254": "=",
    "\u2223": "abs()", "\u221a": "sqrt()", "\u2211": "sum()", "\u2124": "int", "\u211d": "real",
    "\u2018": "'", "\u2019": "'", "\u2032": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"',
    "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u200a": " ", "\u202f": " ", "\u3000": " ",
    "\uff08": "(", "\uff09": ")", "\uff0c": ",", "\uff1a": ":", "\u2236": ":", "\u223c": "~",
    "\u1d40": ".T", "\u22a4": ".T", "\u2020": ".T",
}  # fmt: skip


def _foreign(fault: Fault) -> Report | None:
    if not fault.token or fault.token.kind != "symbol" or fault.text.isascii():
        return None
    shown = code_point(fault.text)
    if meant := LOOK_ALIKES.get(fault.text):
        message = f"{shown} is not `{meant}`" if meant.strip() else f"{shown} is not a space"
        return fault.report("BP011", message, "", f"write `{meant}`")
    message = f"{shown} cannot stand here: names have the letters a to z, digits and `_`"
    return fault.report("BP011", message, "", "other characters may stand in comments")


def _name(fault: Fault) -> Report | None:
    if not fault.token or fault.token.kind != "word":
        return None
    before = fault.before
    if before and before.kind == "number" and before.end == fault.token.start and "_" in fault.text:
        return fault.report("BP019", "a number is written without `_`")
    if fault.text.startswith("_"):
        message = f"U+005F LOW LINE cannot begin a name, as in `{safe(fault.text)}`"
        return fault.report("BP020", message, "", "begin it with a letter")
    if len(fault.text) > 64:
        return fault.report("BP020", "a name has at most 64 characters", f"{len(fault.text)} here")
    return None


def _number(fault: Fault) -> Report | None:
    if fault.token and fault.token.kind == "number" and re.match("0[0-9]", fault.text):
        return fault.report("BP019", "a number does not begin with `0` and another digit")
    return None


def _string(fault: Fault) -> Report | None:
    if fault.text.startswith('"') and (len(fault.text) == 1 or not fault.text.endswith('"')):
        return fault.report("BP018", "the string is never closed", "opened here", 'add `"`')
    return None


def _apostrophe(fault: Fault) -> Report | None:
    if fault.text != "'":
        return None
    if fault.before and fault.before.ends_operand:
        shown = safe(fault.source.quote(_operand(fault)))
        return fault.report("BP009", "`'` is not an operator here", "", f"transpose is `{shown}.T`")
    return fault.report("BP018", 'a string stands in double quotes, `"`')


def _caret(fault: Fault) -> Report | None:
    if fault.text != "^" or not fault.before:
        return None
    shown = safe(fault.source.quote(_operand(fault)))
    if fault.after and fault.after.text == "T":
        message, help = "`^T` is not an operator here", f"transpose is `{shown}.T`"
        return fault.report("BP009", message, "", help)
    power = safe(fault.after.text) if fault.after else "2"
    message, help = "`^` is not an operator here", f"a power is `{shown} ** {power}`"
    return fault.report("BP010", message, "", help)


_MARKS = {
    "\\": "a line goes on inside open brackets, without `\\`",
    ";": "one statement a line, without `;`",
    ".": "`.T` is all that may follow a point",
    "{": "brackets are `(` and `[`",
    "!": "negation is `not`",
    "&": "the conjunction is `and`",
    "&&": "the conjunction is `and`",
    "|": "the disjunction is `or`, and the absolute value `abs(x)`",
    "||": "the disjunction is `or`, and the norm `norm(x)`",
}


def _mark(fault: Fault) -> Report | None:
    if fault.text == "{" and fault.before and fault.before.text.endswith("_"):
        name = safe(fault.before.text.rstrip("_"))
        return fault.report("BP013", "`_{` is not used here", "", f"a step is `{name}[t-1]`")
    if fault.text in _MARKS:
        return fault.report("BP013", f"`{fault.text}` is not used here", "", _MARKS[fault.text])
    if fault.token and fault.token.kind == "symbol" and fault.text in "$?`":
        return fault.report("BP013", f"`{fault.text}` has no meaning in a spec")
    return None


def _operand(fault: Fault) -> Span:
    """What a postfix at the fault would apply to: the name, number or brackets before it."""
    index = fault.index - 1
    end = fault.tokens[index].end
    depth = 0
    while True:
        token = fault.tokens[index]
        depth += {"close": 1, "open": -1}.get(token.kind, 0)
        before = fault.tokens[index - 1] if index else None
        called = token.kind == "open" and before is not None and before.ends_operand
        if index == 0 or (depth <= 0 and not called):
            return Span(token.start, end)
        index -= 1


CHARACTER_SLIPS = (_foreign, _name, _number, _string, _apostrophe, _caret, _mark)
