"""Signs that only look like those of the language, put right: `b − c` with U+2212 is `b - c`.

They come with text that was copied from a paper or typed in a word processor. What each stands for
is for `foreign` to say, whose repairs are made here. Comments keep theirs, and so do strings.
"""

import re

from bpgen.report import Edit, Repair
from bpgen.scan import lexemes, pieces
from bpgen.slips.foreign import PREFIXES, SIGNS, foreign
from bpgen.words import TYPES, WORD_OPERATORS

_QUOTES = "".join(sign for sign, meant in SIGNS.items() if meant == '"')
_QUOTED = re.compile(rf'[{_QUOTES}]([^\n"{_QUOTES}]*)["{_QUOTES}]')
_WORDS = {*WORD_OPERATORS, *TYPES, *PREFIXES.values()}


def mended(text: str) -> str:
    """The text with its look-alikes replaced, but for letters: what is named is the author's.

    Raises Refused if the text has too many statements to be read.
    """
    if text.isascii():
        return text
    text = _quoted(text)
    edits: list[Edit] = []
    for piece in pieces(text):
        for report in foreign(piece):
            if report.repairs and not _names(report.repairs[0]):
                edits += report.repairs[0].edits
    parts: list[str] = []
    end = 0
    for edit in sorted(edits, key=lambda edit: edit.span.start):
        # between spaces it cannot run into its neighbours: `2½` is not 20.5
        made = edit.text if edit.text in ("'", '"') else f" {edit.text} "
        parts += [text[end : edit.span.start], made]
        end = edit.span.end
    return "".join((*parts, text[end:]))


def _names(repair: Repair) -> bool:
    words = {edit.text.strip() for edit in repair.edits}
    return any(word.isidentifier() for word in words - _WORDS)


def _quoted(text: str) -> str:
    """The text with straight quotation marks around its strings; what is inside stays."""
    parts: list[str] = []
    end = 0
    tokens = lexemes(text)
    while token := next(tokens, None):
        if found := _QUOTED.match(text, token.start):
            parts += [text[end : token.start], f'"{found[1]}"']
            end = found.end()
            tokens = lexemes(text, end)
    return "".join((*parts, text[end:]))
