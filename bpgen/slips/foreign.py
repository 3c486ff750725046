"""Characters that are none of the language: signs of papers, other alphabets, other keyboards.

They are seen before a statement is parsed, and each different one is reported once a statement,
with what to write for it where that can be told.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from bpgen.report import Edit, Label, Repair, Report, safe
from bpgen.scan import Piece, Token, code_point
from bpgen.slips.fault import operand_end
from bpgen.slips.papers import shape_text
from bpgen.source import Span

# what people type, or paste, for a sign of the language
SIGNS = {
    "\u2212": "-", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-",
    "\u00d7": "*", "\u00b7": "*", "\u22c5": "*", "\u2217": "*", "\u2299": "*", "\u2218": "*",
    "\u2297": "*", "\u00f7": "/", "\u2215": "/", "\u2044": "/", "\u02c6": "**",
    "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\uff1d": "=", "\u2190": "=", "\u2254": "=",
    "\u2208": ":", "\u2227": "and", "\u2228": "or", "\u00ac": "not", "\u221e": "1e300",
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\uff08": "(", "\uff09": ")", "\uff0c": ",",
    "\uff1a": ":", "\u2236": ":", "\u223c": "~", "\u1d40": ".T", "\u22a4": ".T", "\u2020": ".T",
    "\u2124": "int", "\u211d": "real", "\u00bd": "0.5", "\u00bc": "0.25", "\u00be": "0.75",
}  # fmt: skip
PRODUCTS = "\u00d7\u00b7\u22c5"  # of entries for some, of matrices for others
SPACES = "\u00a0\u2007\u2009\u200a\u202f\u3000\u200b\ufeff"
QUOTES = "\u2018\u2019\u2032\u00b4"  # a transpose behind an operand, and else a quotation mark
PREFIXES = {"\u221a": "sqrt", "\u2211": "sum", "\u03a3": "sum"}
PAIRS = {"\u2223": "abs", "\u2016": "norm", "\u2225": "norm"}
_LOWER = dict(zip("₀₁₂₃₄₅₆₇₈₉₋₊ₜ", "0123456789-+t", strict=True))
_UPPER = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
_TWINS = dict(zip("аеорсхуіАВЕКМНОРСТХ", "aeopcxyiABEKMHOPCTX", strict=True))
_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0305": "bar", "\u0307": "dot"}
_GREEK = re.compile(r"GREEK (SMALL|CAPITAL) LETTER (?:FINAL )?([A-Z]+)|GREEK (PHI) SYMBOL")


def foreign(piece: Piece) -> Iterator[Report]:
    """A report for each foreign character of a statement, at the first place where it stands."""
    if report := _set_of_matrices(piece.tokens):
        yield report
        return
    found: dict[str, list[int]] = {}
    tokens = piece.tokens
    index = 0
    while index < len(tokens):
        end = _run(tokens, index)
        if end > index:
            text = "".join(token.text for token in tokens[index:end])
            found.setdefault(text, []).append(index)
        index = max(end, index + 1)
    for text, places in found.items():
        yield _report(tokens, text, places)


def _set_of_matrices(tokens: Sequence[Token]) -> Report | None:
    """A shape as papers write it, behind the sign of membership."""
    place = next((i for i, token in enumerate(tokens) if token.text == "\u2208"), 0)
    if not place or tokens[0].text not in ("input", "param", "state"):
        return None
    shape = shape_text("".join(token.text for token in tokens[place:]))
    if shape is None:
        return None
    edit = Edit(tokens[place].span.to(tokens[-1].span), f": {shape}")
    names = "".join(token.text for token in tokens[1:place])
    return Report(
        "BP011",
        f"{code_point(tokens[place].text)} is not `:`, and a shape stands in brackets",
        Label(tokens[place].span),
        repairs=(Repair(f"write `{safe(f'{tokens[0].text} {names} : {shape}')}`", (edit,)),),
    )


def _run(tokens: Sequence[Token], index: int) -> int:
    """The index behind the foreign characters that belong together; `index` if it has none."""
    kind = _kind(tokens[index].text)
    end = index + bool(kind)
    while kind not in ("", "sign") and end < len(tokens) and _kind(tokens[end].text) == kind:
        if tokens[end].start != tokens[end - 1].end:
            break
        end += 1
    return end


def _kind(text: str) -> str:
    """What a character belongs together with, its neighbours of the same kind; a sign with none."""
    if text[0].isascii():
        return ""
    if text in _LOWER or text in _UPPER:
        return "lower" if text in _LOWER else "upper"
    known = text in SIGNS or text in SPACES or text in QUOTES or text in PREFIXES
    return "letter" if unicodedata.category(text)[0] in "LMN" and not known else "sign"


def _report(tokens: Sequence[Token], text: str, places: list[int]) -> Report:
    first = tokens[places[0]]
    repairs = _repairs(tokens, text, places)
    shown = code_point(text[0])
    if text in SPACES:
        message = f"{shown} is not a space"
    elif text in SIGNS:
        message = f"{shown} is not `{SIGNS[text]}`"
    elif text in _TWINS:
        message = f"{shown} is not the letter `{_TWINS[text]}`"
    elif unicodedata.category(text[0])[0] in "LM":
        message = f"{shown} cannot stand here: names have the letters a to z, digits and `_`"
    else:
        message = f"{shown} is no sign of the language"
    helps = () if repairs else ("other characters may stand in comments",)
    return Report("BP011", message, Label(first.span), helps=helps, repairs=repairs)


def _repairs(tokens: Sequence[Token], text: str, places: list[int]) -> tuple[Repair, ...]:
    """The way out for all places of a statement where a foreign character stands."""
    if text in SPACES:
        return (Repair("write a space", tuple(Edit(tokens[i].span, " ") for i in places)),)
    if text in PRODUCTS:
        means = {"*": "entry by entry", "@": "the matrix product"}
        return tuple(
            Repair(f"write `{sign}`, {meant}", tuple(Edit(tokens[i].span, sign) for i in places))
            for sign, meant in means.items()
        )
    if name := PREFIXES.get(text):
        edits = [edit for i in places for edit in _called(tokens, i, name)]
        return (Repair(f"write `{name}(...)`", tuple(edits)),)
    if name := PAIRS.get(text):
        return paired(name, [tokens[i].span for i in places])
    words = [(i, _meant(tokens, i, text)) for i in places]
    if any(word is None for _, word in words):
        return ()
    last = len(text) - 1
    edits = [Edit(tokens[i].span.to(tokens[i + last].span), word or "") for i, word in words]
    before = tokens[places[0] - 1] if places[0] else None
    joined = before and before.kind == "word" and before.end == tokens[places[0]].start
    joined = joined and text not in SIGNS  # `t-` would say nothing
    shown = (before.text if before and joined else "") + (words[0][1] or "")
    return (Repair(f"write `{safe(shown.strip())}`", tuple(edits)),)


def _called(tokens: Sequence[Token], index: int, name: str) -> Iterable[Edit]:
    """A sign before an operand, as a function of it."""
    span, after = tokens[index].span, index + 1
    if after == len(tokens) or tokens[after].text == "(" or not tokens[after].begins_operand:
        return (Edit(span, name),)
    end = tokens[operand_end(tokens, after) - 1].end
    inner = Edit(Span(span.start, tokens[after].start), f"{name}(")
    return (inner, Edit(Span(end, end), ")"))


def paired(name: str, spans: Sequence[Span]) -> tuple[Repair, ...]:
    """Signs that enclose an operand, `|x|`, as a function of it."""
    if len(spans) % 2:
        return ()
    edits = [Edit(span, ")" if i % 2 else f"{name}(") for i, span in enumerate(spans)]
    return (Repair(f"write `{name}(...)`", tuple(edits)),)


def _meant(tokens: Sequence[Token], index: int, text: str) -> str | None:
    """What to write for a foreign character, or for several that belong together."""
    before = tokens[index - 1] if index else None
    after = tokens[index + len(text)] if index + len(text) < len(tokens) else None
    joined = before is not None and before.end == tokens[index].start and before.kind == "word"
    if text in QUOTES and joined and after and after.text == "(":
        return "'"  # a derivative, as in `tanh'(x)`
    if text in QUOTES:
        return ".T" if before and before.ends_operand else '"'
    if text[0] in _LOWER:
        plain = "".join(_LOWER[c] for c in text)
        return f"[{plain}]" if not plain.isdigit() else plain
    if text[0] in _UPPER:
        return " ** " + "".join(_UPPER[c] for c in text)
    if text in SIGNS:
        sign = SIGNS[text]
        return f" {sign} " if sign.isalpha() else sign
    if text in _ACCENTS:
        return f"_{_ACCENTS[text]}" if joined else None
    if text == "\u03c3" and after and after.text == "(" and not joined:
        return "sigmoid"
    letters = [_letter(character) for character in text]
    return None if None in letters else "".join(map(str, letters))


def _letter(text: str) -> str | None:
    """A letter of another alphabet in the letters a to z."""
    if text in _TWINS:
        return _TWINS[text]
    if found := _GREEK.match(unicodedata.name(text, "")):
        word = (found[2] or found[3]).lower().replace("lamda", "lam")
        return word.capitalize() if found[1] == "CAPITAL" else word
    decomposed = unicodedata.normalize("NFKD", text)
    base, marks = decomposed[:1], decomposed[1:]
    if not base.isascii() or not base.isalnum():
        return None
    if len(marks) == 1 and marks[0] in _ACCENTS:
        return f"{base}_{_ACCENTS[marks[0]]}"
    return base if not any(mark.isascii() for mark in marks) else None
