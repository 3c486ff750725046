"""Slips of single signs: names, numbers and strings spelt otherwise, and signs of other languages.

Each function looks at the token at which a statement went wrong, and reports if the slip is its
own. Characters outside of ASCII are for `foreign`.
"""

import re
from functools import lru_cache

from bpgen.report import Edit, Repair, Report, safe
from bpgen.slips.fault import Fault, at, instead, matching, operand_end, write
from bpgen.slips.foreign import paired
from bpgen.slips.papers import TIME
from bpgen.source import Span


def _name(fault: Fault) -> Report | None:
    if not fault.token or fault.token.kind != "word":
        return None
    before = fault.before
    if before and before.kind == "number" and before.end == fault.token.start and "_" in fault.text:
        whole = before.span.to(fault.span)
        plain = fault.source.quote(whole).replace("_", "")
        message = "a number is written without `_`"
        return fault.mended("BP019", message, instead(whole, plain))
    if fault.text.startswith("_"):
        message = f"a name begins with a letter, and not with `_`, as `{safe(fault.text)}` does"
        if plain := fault.text.strip("_"):
            return fault.mended("BP020", message, _renamed(fault.source.text, fault.text, plain))
        return fault.report("BP020", message)
    if len(fault.text) > 64:
        message = f"a name has at most 64 characters, and this one {len(fault.text)}"
        return fault.report("BP020", message)
    return None


@lru_cache(maxsize=8)  # a name that is wrong is so in many statements
def _renamed(text: str, word: str, name: str) -> Repair:
    """A word of the spec under another name, wherever it stands."""
    edits = tuple(Edit(span, name) for span in _begun_low(text)[word])
    return Repair(f"rename it `{safe(name)}`", edits)


@lru_cache(maxsize=1)
def _begun_low(text: str) -> dict[str, list[Span]]:
    """Where the words of a text stand that begin with `_`."""
    found: dict[str, list[Span]] = {}
    for place in re.finditer(r"(?<!\w)_\w*", text, re.ASCII):
        found.setdefault(place[0], []).append(Span(*place.span()))
    return found


def _number(fault: Fault) -> Report | None:
    if fault.token and fault.token.kind == "number" and re.match("0[0-9]", fault.text):
        message = "a number does not begin with `0` and another digit"
        plain = re.sub("^0+(?=[0-9])", "", fault.text)
        return fault.mended("BP019", message, instead(fault.span, plain))
    return None


def _string(fault: Fault) -> Report | None:
    if fault.text.startswith('"""'):
        plain = " ".join(fault.text.strip('"').replace('"', "").split())
        meant = f'"{plain}"' if fault.index else f'about "{plain}"'
        message = 'a string stands on one line, between single `"`'
        return fault.mended("BP018", message, instead(fault.span, meant))
    if fault.text.startswith('"') and (len(fault.text) == 1 or not fault.text.endswith('"')):
        end = fault.span.start + len(fault.text.rstrip())
        closed = Repair('add `"` at the end of the line', (Edit(at(end), '"'),))
        return fault.mended("BP018", "the string is never closed", closed)
    return None


def _apostrophe(fault: Fault) -> Report | None:
    if fault.text != "'":
        return None
    marks = [token for token in fault.tokens[fault.index :] if token.text == "'"]
    if fault.before and fault.before.ends_operand:
        subscript = fault.quote(fault.index + 1, _behind(fault, fault.index))
        shown = f"{fault.source.quote(fault.operand_before())}{subscript}.T"
        edits = tuple(edit for index in _primes(fault) for edit in _transposed(fault, index))
        repair = Repair(f"the transpose is `{safe(shown)}`", edits)
        return fault.mended("BP009", "`'` is not an operator here", repair)
    message = 'a string stands in double quotes, `"`'
    if len(marks) < 2:
        return fault.report("BP018", message)
    whole = marks[0].span.to(marks[1].span)
    edits = (Edit(marks[0].span, '"'), Edit(marks[1].span, '"'))
    inside = fault.source.quote(whole)[1:-1]
    return fault.mended("BP018", message, write(f'"{inside}"', *edits))


def _transposed(fault: Fault, index: int) -> tuple[Edit, ...]:
    """`.T` for a `'`, behind the subscript that may follow it: `h'[t]` is `h[t].T`."""
    token, behind = fault.tokens[index], _behind(fault, index)
    if behind == index + 1:
        return (Edit(token.span, ".T"),)
    return Edit(token.span, ""), Edit(at(fault.tokens[behind - 1].end), ".T")


def _behind(fault: Fault, index: int) -> int:
    """The index behind a `'` and the subscripts that follow it."""
    index += 1
    while index < len(fault.tokens) and fault.tokens[index].text == "[":
        index = matching(fault.tokens, index)
    return index


def _primes(fault: Fault) -> list[int]:
    """Where a `'` of a statement stands behind an operand, and not before a bracket."""
    tokens = (*fault.tokens, None)
    return [
        index
        for index, (before, token, after) in enumerate(
            zip(tokens, tokens[1:], tokens[2:], strict=False), 1
        )
        if token and before and token.text == "'" and before.ends_operand
        if not (after and after.text == "(")
    ]


def _caret(fault: Fault) -> Report | None:
    if fault.text != "^" or not fault.before or not fault.after or fault.after.text in "{\\":
        return None  # braces are for `papers`
    shown = fault.source.quote(fault.operand_before())
    if fault.after.text in ("T", "t"):
        edit = Edit(fault.span.to(fault.after.span), ".T")
        repair = Repair(f"the transpose is `{safe(shown)}.T`", (edit,))
        return fault.mended("BP009", f"`^{fault.after.text}` is not an operator here", repair)
    end = operand_end(fault.tokens, fault.index + 1)
    inside = fault.quote(fault.index + 1, end)
    power = f"a power is `{safe(shown)} ** {safe(inside)}`"
    ways = [Repair(power, (Edit(_spaced(fault), " ** "),))]
    if steps := _raised_steps(fault):
        ways.insert(0, write(f"{shown}[{inside.strip('() ')}]", *steps))
    if shown == "e":
        whole = fault.before.span.to(fault.tokens[end - 1].span)
        ways.append(instead(whole, f"exp{inside}" if inside[0] == "(" else f"exp({inside})"))
    return fault.mended("BP010", "`^` is not an operator here", *ways)


def _raised_steps(fault: Fault) -> list[Edit]:
    """`x^(t)` as `x[t]`, wherever the statement has a step there; nothing if the fault is none."""
    text, start = fault.source.quote(fault.statement), fault.statement.start
    found = list(re.finditer(rf" *\^ *\( *({TIME}) *\)", text))
    places = [Span(start + step.start(), start + step.end()) for step in found]
    if not any(place.start <= fault.span.start < place.end for place in places):
        return []
    return [Edit(place, f"[{step[1]}]") for place, step in zip(places, found, strict=True)]


def _spaced(fault: Fault) -> Span:
    """The token at fault with the blanks around it."""
    assert fault.before and fault.after
    return Span(fault.before.end, fault.after.start)


_MARKS = {  # what to write, and the rest of what there is to say
    "!": ("not ", "negation is `not`"),
    "~": ("not ", "negation is `not`"),
    "&": (" and ", "the conjunction is `and`"),
    "&&": (" and ", "the conjunction is `and`"),
}
_NO_MARKS = {
    "...": "every axis is written, as in `W[:, 0:H]`",
    ".": "`.T` is all that may follow a point",
    "{": "brackets are `(` and `[`",
    "?": "a choice is `where(condition, a, b)`",
    "|": "the disjunction is `or`, and the absolute value `abs(x)`",
    "||": "the disjunction is `or`, and the norm `norm(x)`",
}


def _mark(fault: Fault) -> Report | None:
    message = f"`{fault.text}` is not used here"
    if fault.text == "!" and "NOT" not in fault.accepts:
        return fault.report("BP013", message)
    if fault.text == ";":
        return fault.mended("BP013", message, *_semicolon(fault))
    if fault.text == "\\" and fault.token is fault.tokens[-1]:
        removed = Repair("remove it", (Edit(fault.span, ""),))
        return fault.mended("BP013", "a line goes on only inside open brackets", removed)
    prefix = fault.text in ("!", "~")
    if fault.text in _MARKS and not (prefix and "NOT" not in fault.accepts):
        sign, says = _MARKS[fault.text]
        same = [token.span for token in fault.tokens if token.text == fault.text]
        return fault.mended("BP013", message, Repair(says, tuple(Edit(s, sign) for s in same)))
    if fault.text in ("|", "||"):
        same = [token.span for token in fault.tokens if token.text == fault.text]
        name = "abs" if fault.text == "|" else "norm"
        disjunction = Repair("the disjunction is `or`", tuple(Edit(s, " or ") for s in same))
        return fault.mended("BP013", message, *paired(name, same), disjunction)
    if fault.text in _NO_MARKS:
        return fault.report("BP013", message, _NO_MARKS[fault.text])
    if fault.text == "`":
        return fault.report("BP013", "a backtick has no meaning in a spec")
    return None


def _semicolon(fault: Fault) -> tuple[Repair, ...]:
    """At the end of a statement it goes; between two it becomes the end of a line."""
    marks = [token for token in fault.tokens if token.text == ";"]
    last = fault.tokens[-1]
    if fault.token is last:
        return (Repair("leave it out: a statement ends with its line", (Edit(last.span, ""),)),)
    if any(token.kind == "open" for token in fault.tokens[: fault.index]) and "COMMA" in (
        fault.accepts
    ):
        return (Repair("write `,`", tuple(Edit(mark.span, ",") for mark in marks)),)
    edits = []
    for mark in marks:
        after = next((t.start for t in fault.tokens if t.start > mark.start), mark.end)
        edits.append(Edit(Span(mark.start, after), "" if mark is last else "\n"))
    return (Repair("write one statement a line", tuple(edits)),)


CHARACTER_SLIPS = (_name, _number, _string, _apostrophe, _caret, _mark)
