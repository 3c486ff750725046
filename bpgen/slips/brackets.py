"""Slips of brackets, of lines, which go on only inside of them, and of steps in round ones."""

import re
from collections.abc import Sequence
from functools import lru_cache

from bpgen.report import Edit, Label, Repair, Report
from bpgen.scan import Piece, Token
from bpgen.slips.fault import Fault, at, functions, instead, write
from bpgen.source import Source, Span


def broken(source: Source, piece: Piece, index: int | None = None) -> Report | None:
    """A statement that goes on below without a bracket, and did not go wrong before, at `index`."""
    tokens = piece.tokens
    starts = _broken(source, tokens)
    if not starts or tokens[0].text in ("def", "class"):
        return None
    if index is not None and index < starts[0] - (tokens[starts[0] - 1].text == "\\"):
        return None
    before, after = tokens[starts[0] - 1], tokens[starts[0]]
    fault = after if after.is_operator and before.ends_operand else before
    edits = [Edit(token.span, "") for token in tokens if token.text == "\\"]
    if equals := [i for i, t in enumerate(tokens[: starts[0]]) if t.text == "="]:
        first = equals[0]
        same = first + 1 not in starts
        opening = (
            Edit(at(tokens[first + 1].start), "(") if same else Edit(at(tokens[first].end), " (")
        )
        edits += [opening, Edit(at(tokens[-1].end), ")")]
        repair = Repair("write the right side in brackets", tuple(edits))
    else:
        gaps = [Span(tokens[i - 1].end, tokens[i].start) for i in starts]
        edits += [Edit(gap, " ") for gap in gaps if "#" not in source.quote(gap)]
        repair = Repair("write it on one line", tuple(edits))
    message = "a line goes on only inside open brackets"
    return Report("BP013", message, Label(fault.span), repairs=(repair,))


def _broken(source: Source, tokens: Sequence[Token]) -> list[int]:
    """The tokens that stand first on a line outside of brackets."""
    depth, found = 0, []
    for i, token in enumerate(tokens):
        gap = source.text[tokens[i - 1].end : token.start] if i else ""
        if depth == 0 and "\n" in gap:
            found.append(i)
        depth = max(0, depth + {"open": 1, "close": -1}.get(token.kind, 0))
    return found


def bracket(fault: Fault) -> Report | None:
    """A bracket that has no partner, or the wrong one; tokens before the fault are well nested."""
    opened: list[Token] = []
    for token in fault.tokens[: fault.index]:
        if token.kind == "open":
            opened.append(token)
        elif token.kind == "close" and opened:
            opened.pop()
    if fault.token and fault.token.kind == "close":
        return _closed(fault, opened)
    if opened and (_goes_on_below(fault, opened[-1]) or _cut_short(fault, opened)):
        return _unclosed(fault, opened)
    return None


_PARTNER = {")": "(", "]": "[", "}": "{", "(": ")", "[": "]", "{": "}"}


def _closed(fault: Fault, opened: list[Token]) -> Report | None:
    if not opened:
        message = f"`{fault.text}` has no matching `{_PARTNER[fault.text]}`"
        return fault.mended("BP002", message, Repair("remove it", (Edit(fault.span, ""),)))
    partner = _PARTNER[opened[-1].text]
    if partner == fault.text:
        return None
    message = f"`{opened[-1].text}` is closed by `{fault.text}`"
    place, other = Label(fault.span), Label(opened[-1].span, "opened here")
    added = Repair(f"add `{partner}` before it", (Edit(at(fault.span.start), partner),))
    repairs = (instead(fault.span, partner), added)
    outer = any(_PARTNER[token.text] == fault.text for token in opened)
    return Report("BP002", message, place, (other,), repairs=repairs[:: -1 if outer else 1])


def _goes_on_below(fault: Fault, bracket: Token) -> bool:
    """Whether nothing is wrong on the bracket's line but that it does not end."""
    line = fault.source.position(bracket.start)[0]
    here = fault.source.position(fault.token.start)[0] if fault.token else line + 1
    return here > line


def _cut_short(fault: Fault, opened: list[Token]) -> bool:
    """Whether a `=` stands in square brackets that should have ended before it."""
    return fault.text == "=" and opened[-1].text == "[" and "RSQB" in fault.accepts


def _unclosed(fault: Fault, opened: list[Token]) -> Report:
    before = fault.tokens[fault.index - 1]
    line = fault.source.position(before.end)[0]
    partners = "".join(_PARTNER[token.text] for token in reversed(opened))
    where = f"at the end of line {line}" if fault.text != "=" else "before `=`"
    return Report(
        "BP001",
        f"`{opened[-1].text}` is never closed",
        Label(opened[-1].span, "opened here"),
        repairs=(Repair(f"add `{partners}` {where}", (Edit(at(before.end), partners),)),),
    )


# -- steps in round brackets -----------------------------------------------------------------------


def round_step(source: Source, tokens: Sequence[Token]) -> Report | None:
    """`h(t-1)`, of a name that has its steps in square brackets elsewhere, or is set here."""
    found = [(i, end) for i in range(1, len(tokens) - 2) if (end := _step_end(tokens, i))]
    found = [(i, end) for i, end in found if tokens[i - 1].text not in functions(source.text)]
    sure = [(i, end) for i, end in found if i == 1 or tokens[i - 1].text in _in_time(source.text)]
    if not sure:
        return None
    first, last = sure[0]
    name, inside = tokens[first - 1].text, tokens[first + 1].span.to(tokens[last - 1].span)
    edits = [Edit(tokens[i].span, "[") for i, _ in found]
    edits += [Edit(tokens[end].span, "]") for _, end in found]
    repair = write(f"{name}[{source.quote(inside)}]", *edits)
    message = "a step stands in square brackets"
    return Report("BP004", message, Label(tokens[first].span), repairs=(repair,))


def _step_end(tokens: Sequence[Token], index: int) -> int:
    """The index of the bracket that ends `(t)`, `(t-1)`, `(t+2)`; 0 if this is none of them."""
    if tokens[index].text != "(" or tokens[index - 1].kind != "word":
        return 0
    words = [token.text for token in tokens[index + 1 : index + 5]]
    if words[:2] == ["t", ")"]:
        return index + 2
    moved = words[:1] == ["t"] and words[1] in ("+", "-") and words[3:] == [")"]
    return index + 4 if moved and words[2].isdigit() else 0


@lru_cache(maxsize=1)
def _in_time(text: str) -> frozenset[str]:
    """The names that a spec writes with a step."""
    return frozenset(re.findall(r"(\w+)[ \t]*\[[ \t]*t(?!\w)", text, re.ASCII))
