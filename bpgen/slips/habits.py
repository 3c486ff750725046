"""Slips of habit from programming: statements, conditions and comments of Python's kind.

Each function looks at the token at which a statement went wrong, and reports if the slip is its
own, with what is written here instead.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from bpgen.report import Edit, Label, Repair, Report, safe
from bpgen.scan import Token
from bpgen.slips.fault import Fault, instead, matching
from bpgen.slips.methods import point
from bpgen.source import Span

_STATEMENTS = {
    **dict.fromkeys(("import", "from"), "operators have plain names, as in `tanh(x)`"),
    "def": "an abbreviation is written `fn gate(a) = ...`",
    "class": "a spec is one cell, and `cell NAME` names it",
    **dict.fromkeys(("for", "while"), "an equation with `[t]` holds at every step; nothing loops"),
    **dict.fromkeys(("if", "elif", "else"), "a choice is `where(condition, a, b)`"),
    "return": "`output h[t]` says what is returned",
    **dict.fromkeys(("print", "assert", "raise", "try", "pass"), "a spec has equations only"),
    **dict.fromkeys(("let", "var", "val", "auto", "where"), "an equation begins with its name"),
}  # fmt: skip
_LEFT_OUT = ("import", "from", "for", "while", "pass")
_LEFT_ALONE = ("let", "var", "val", "auto", "where")  # before an equation


def statement(fault: Fault) -> Report | None:
    """A statement of some other language."""
    first = fault.tokens[0]
    help = _STATEMENTS.get(first.text)
    if fault.index != 1 or not help or fault.text in (".", "'"):
        return None
    message = f"`{first.text}` begins no statement"
    repairs = tuple(_instead(fault))
    written = any(edit.text for repair in repairs for edit in repair.edits)
    helps = () if written else (help,)
    return Report("BP022", message, Label(first.span), helps=helps, repairs=repairs)


def _instead(fault: Fault) -> list[Repair]:
    first, rest = fault.tokens[0], fault.tokens[1:]
    if first.text in _LEFT_ALONE and rest:
        return [Repair(f"leave out `{first.text}`", (Edit(Span(first.start, rest[0].start), ""),))]
    if first.text in _LEFT_OUT:
        return [Repair("leave it out", (Edit(fault.statement, ""),))]
    if first.text == "return":
        return _outputs(fault)
    if first.text == "def" and (body := _body(fault)):
        return [instead(fault.statement, body)]
    return []


def _outputs(fault: Fault) -> list[Repair]:
    """`return h, c` as outputs, with `[t]` where the spec has it."""
    text = fault.quote(1, len(fault.tokens)).strip("()")
    names = [name.strip() for name in re.split(r",(?![^\[]*\])", text)]
    if not all(re.fullmatch(r"[A-Za-z]\w*( *\[[^\[\]]*\])?", name, re.ASCII) for name in names):
        return []
    targets = [
        f"{name}[t]" if re.search(rf"\b{name} *\[ *t *\]", fault.source.text) else name
        for name in names
    ]
    lines = [f"output {target}" for target in targets]
    edit = Edit(fault.statement, "\n".join(lines))
    return [Repair(f"write {', '.join(f'`{safe(line)}`' for line in lines[:3])}", (edit,))]


def _body(fault: Fault) -> str:
    """`def f(x): return x` as an `fn`; nothing if it is longer than that."""
    words = [token.text for token in fault.tokens]
    if words.count("return") != 1 or ":" not in words or words[2:3] != ["("]:
        return ""
    colon, back = words.index(":"), words.index("return")
    if back != colon + 1 or back + 1 == len(words):
        return ""
    return f"fn {fault.quote(1, colon)} = {fault.quote(back + 1, len(words))}"


def lambda_(fault: Fault) -> Report | None:
    """`gate = lambda x: ...`, which is an `fn` here."""
    words = [token.text for token in fault.tokens]
    if "lambda" not in words[: fault.index + 1]:
        return None
    message, help = "`lambda` is not used here", "an abbreviation is written `fn gate(a) = ...`"
    if words[1:3] != ["=", "lambda"] or ":" not in words[:-1]:
        return fault.report("BP013", message, help)
    colon = words.index(":")
    name, args, body = words[0], fault.quote(3, colon), fault.quote(colon + 1, len(words))
    return fault.mended("BP013", message, instead(fault.statement, f"fn {name}({args}) = {body}"))


def condition(fault: Fault) -> Report | None:
    """`a if c else b`, which is a `where` here."""
    if fault.text not in ("if", "where", "?") or not fault.before or not fault.before.ends_operand:
        return None
    help = "a choice is `where(condition, a, b)`"
    start, end = _reach(fault.tokens, fault.index)
    words = [token.text for token in fault.tokens]
    other, chosen = {"if": "else", "?": ":"}.get(fault.text, ""), fault.quote(start, fault.index)
    message = f"`{fault.text}` is not an operator"
    if other not in words[fault.index + 1 : end]:
        return fault.report("BP008", message, help)
    middle = words.index(other, fault.index)
    between, last = fault.quote(fault.index + 1, middle), fault.quote(middle + 1, end)
    if fault.text == "?":
        chosen, between = between, chosen
    text = f"where({between}, {chosen}, {last})"
    whole = fault.tokens[start].span.to(fault.tokens[end - 1].span)
    return fault.mended("BP008", message, instead(whole, text))


def prefixed(fault: Fault) -> Report | None:
    """`if c then a else b`, which is a `where` here."""
    words = [token.text for token in fault.tokens]
    before = [i for i in range(1, fault.index) if words[i] == "if"]
    first = next((i for i in before if not fault.tokens[i - 1].ends_operand), 0)
    if not first:
        return None
    end = _reach(fault.tokens, first)[1]
    place = Label(fault.tokens[first].span)
    message = "`if` is not used here: a choice is a `where`"
    help = "as in `where(x[t] > 0, a, b)`"
    text = _choices(fault, first, end)
    if not text:
        return Report("BP008", message, place, helps=(help,))
    whole = fault.tokens[first].span.to(fault.tokens[end - 1].span)
    return Report("BP008", message, place, repairs=(instead(whole, text),))


def _choices(fault: Fault, first: int, end: int) -> str:
    """One choice after another, `if c then a else if ...`, as a `where`; empty if it is none."""
    words = [token.text for token in fault.tokens]
    chosen: list[str] = []
    while first < end and words[first] == "if":
        if "else" not in words[first:end]:
            return ""
        other = words.index("else", first)
        if "then" in words[first:other]:
            then = words.index("then", first)
            condition, value = fault.quote(first + 1, then), fault.quote(then + 1, other)
        else:  # C's, with brackets around the condition
            then = matching(fault.tokens, first + 1)
            condition, value = fault.quote(first + 2, then - 1), fault.quote(then, other)
        if not condition or not value:
            return ""
        chosen.append(f"where({condition}, {value}, ")
        first = other + 1
    last = fault.quote(first, end)
    return "".join([*chosen, last, ")" * len(chosen)]) if last else ""


def _reach(tokens: Sequence[Token], index: int) -> tuple[int, int]:
    """The tokens of the expression around one: between `=`, commas, or brackets of its own."""
    start, depth = index, 0
    while start and (depth or tokens[start - 1].text not in ("=", ",")):
        depth += {"close": 1, "open": -1}.get(tokens[start - 1].kind, 0)
        if depth < 0:
            break
        start -= 1
    end = index
    while end < len(tokens) and tokens[end].kind != "close" and tokens[end].text != ",":
        end = matching(tokens, end)
    return start, end


def comment(fault: Fault) -> Report | None:
    """Comments of other languages, and the whole division that looks like one."""
    if fault.index == 0 and fault.text in ("%", "!", ";"):
        hash = Repair("write `#` before a comment", (Edit(fault.span, "#"),))
        return fault.mended("BP022", f"`{fault.text}` begins no statement", hash)
    here = (fault.before, fault.token, fault.after)
    slashes = [(a, b) for a, b in pairwise(here) if a and b and _joined(a, b)]
    for first, second in slashes:
        sign = first.text + second.text
        if sign in ("//", "/*") or (sign in ("--", "%%") and fault.index <= 1):
            whole = first.span.to(second.span)
            way = Repair("write `#` before a comment", (Edit(whole, "#"),))
            if sign == "//" and _divides(fault, second):
                way = Repair("the division is `/`", (Edit(whole, "/"),))
            return Report("BP013", f"`{sign}` is not used here", Label(whole), repairs=(way,))
    return None


def _divides(fault: Fault, second: Token) -> bool:
    """Whether `//` stands between operands, and not before words that are none of an expression.

    A comment in the place of what follows would change the value, and nobody would see it.
    """
    index = fault.tokens.index(second)
    before, rest = fault.tokens[index - 2 : index - 1], fault.tokens[index + 1 :]
    prose = any(a.kind == b.kind == "word" and a.ends_operand for a, b in pairwise(rest))
    return bool(before and before[0].ends_operand and rest and rest[0].begins_operand) and not prose


def _joined(first: Token, second: Token) -> bool:
    return first.end == second.start and first.text in "/-%" and second.text in "/-%*"


HABITS = (statement, lambda_, prefixed, condition, comment, point)
