"""Cuts a spec into statements, so that each can be parsed, and refused, by itself.

A statement ends at a newline outside brackets. It also ends before a line that can only begin
another, so that a bracket left open costs one statement and not the rest of the file. The tokens
found here are coarser than the grammar's: they serve to cut, to count and to explain, and any text
has some. Limits are checked here, before any work is spent on a stranger's file.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from bpgen.report import Edit, Label, Refused, Repair, Report
from bpgen.source import Source, Span
from bpgen.words import KEYWORDS, OPERATOR_SYMBOLS, WORD_OPERATORS

CHARACTERS = 1 << 20  # of a file
COLUMNS = 10_000  # of a line
TOKENS = 20_000
STATEMENTS = 2_000
DEPTH = 64  # of brackets in a statement
REMOVED = 200  # characters that cannot stand in a spec, by one repair
OPERATORS = 200  # of a statement: with DEPTH, what bounds the height of a syntax tree

_TOKEN = re.compile(
    r"""
      (?P<space>   [ \t]+ )
    | (?P<comment> \#[^\n]* )
    | (?P<newline> \n )
    | (?P<string>  "{3} (?s:.*?) "{3} | "[^"\n]*"? )
    | (?P<word>    [A-Za-z_][A-Za-z0-9_]* )
    | (?P<number>  (?: [0-9]+ (?:\.[0-9]*)? | \.[0-9]+ ) (?: [eE][+-]?[0-9]+ )? )
    | (?P<open>    [(\[{] )
    | (?P<close>   [)\]}] )
    | (?P<symbol>  \.T(?![A-Za-z0-9_]) | \*\* | [=:!<>]= | && | \|\| | \.\.\. | . )
    """,
    re.VERBOSE,
)
# a line that begins so is no continuation: a word of a statement, or subscripted names and `=`
_KEYWORD = rf"(?:{'|'.join(KEYWORDS)})(?![A-Za-z0-9_])"
_TARGET = r"[A-Za-z][A-Za-z0-9_]*[ \t]*\[[^\[\]\n]*\][ \t]*"
_BEGINS = re.compile(rf"[ \t]*(?:{_KEYWORD}|{_TARGET}(?:,[ \t]*{_TARGET})*=(?!=))")
# after a line that ends in the midst of an expression, or in `\`: what does not begin anew
_GOES_ON = re.compile(r"[ \t]*(?![ \t\n#]|\w+[ \t]*=(?!=)|\Z)")
_GOES_ON_ANYWAY = re.compile(r"[ \t]*(?:[+*@<>]|/(?![/*])|-(?!-)|[=!]=|(?:and|or)(?!\w))")
_INDENTED = re.compile(r"[ \t]+[^ \t\n]")
# control characters; line ends that are none here; and marks that reorder what a reader sees
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff]"
)


class Token(NamedTuple):
    kind: str  # "string", "word", "number", "open", "close", "symbol"; "comment", "newline"
    text: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    @property
    def is_operator(self) -> bool:
        return self.text in OPERATOR_SYMBOLS or self.text in WORD_OPERATORS

    @property
    def ends_operand(self) -> bool:
        if self.kind == "word":
            return self.text not in KEYWORDS and self.text not in WORD_OPERATORS
        return self.kind in ("number", "string", "close") or self.text == ".T"

    @property
    def begins_operand(self) -> bool:
        if self.kind == "word":
            return self.text not in KEYWORDS and self.text not in ("and", "or")
        return self.kind in ("number", "string") or self.text == "("


@dataclass(frozen=True, slots=True)
class Piece:
    """The tokens of one statement, at least one."""

    tokens: tuple[Token, ...]

    @property
    def span(self) -> Span:
        return Span(self.tokens[0].start, self.tokens[-1].end)


def code_point(character: str) -> str:
    """A character as a message shows it: `U+0430 CYRILLIC SMALL LETTER A`."""
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X} {name}".rstrip()


def check_text(source: Source) -> None:
    """Refuses a text that is too long, or has characters that a reader would not see."""
    if len(source.text) > CHARACTERS:
        raise Refused([Report("BP023", f"a spec has at most {CHARACTERS} characters")])
    if found := _FORBIDDEN.search(source.text):
        where = Span(found.start(), found.end())
        message = f"the character {code_point(found[0])} cannot stand in a spec"
        others = islice(_FORBIDDEN.finditer(source.text), REMOVED)
        edits = tuple(Edit(Span(*each.span()), "") for each in others)
        raise Refused([Report("BP024", message, Label(where), repairs=(_removed(edits),))])
    if found := re.search(rf"(?m)^[^\n]{{{COLUMNS + 1}}}", source.text):
        where = Span(found.start(), found.start() + 1)
        raise Refused([Report("BP023", f"a line has at most {COLUMNS} characters", Label(where))])


def _removed(edits: tuple[Edit, ...]) -> Repair:
    return Repair("remove it" if len(edits) == 1 else "remove it, and the others like it", edits)


def lexemes(text: str, start: int = 0) -> Iterator[Token]:
    """The tokens of a text from an offset on, with comments and newlines and without spaces."""
    for match in _TOKEN.finditer(text, start):
        if match.lastgroup != "space":
            yield Token(match.lastgroup or "", match[0], match.start(), match.end())


def pieces(text: str) -> Iterator[Piece]:
    """The statements of a text in order; raises Refused where there are too many."""
    tokens: list[Token] = []
    depth = count = statements = 0
    for token in lexemes(text):
        if token.kind == "comment":
            continue
        if token.kind == "newline":
            if tokens and _ends(text, tokens, token.end, depth):
                yield Piece(tuple(tokens))
                tokens, depth, statements = [], 0, statements + 1
            continue
        count += 1
        if count > TOKENS or statements == STATEMENTS:
            what = f"{TOKENS} words and signs" if count > TOKENS else f"{STATEMENTS} statements"
            raise Refused([Report("BP023", f"a spec has at most {what}", Label(token.span))])
        depth = max(0, depth + {"open": 1, "close": -1}.get(token.kind, 0))
        tokens.append(token)
    if tokens:
        yield Piece(tuple(tokens))


def _ends(text: str, tokens: list[Token], offset: int, depth: int) -> bool:
    """Whether a statement ends with its line, at `offset`.

    Outside of brackets it does; what people mean to go on is taken as one all the same, so that it
    costs one report: lines after an operator or a `\\`, and the body of Python's `def`.
    """
    if _BEGINS.match(text, offset):
        return True
    if depth:
        return False
    if tokens[0].text in ("def", "class"):
        return not _INDENTED.match(text, offset)
    last = tokens[-1]
    dangling = last.is_operator or last.text in ("\\", "=", ",")
    return not (_GOES_ON if dangling else _GOES_ON_ANYWAY).match(text, offset)


def check_size(piece: Piece) -> None:
    """Refuses a statement that nests too deep or is too long to be read, or recursed into."""
    depth = operators = 0
    for token in piece.tokens:
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        operators += token.is_operator or token.text == ".T"
        if depth > DEPTH:
            message, help = f"brackets nest at most {DEPTH} deep", "give the inner part a name"
        elif operators > OPERATORS:
            message, help = f"a statement has at most {OPERATORS} operators", "give parts a name"
        else:
            continue
        raise Refused([Report("BP023", message, Label(token.span), helps=(help,))])
