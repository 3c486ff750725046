"""A statement that the grammar does not know: where it went wrong, and what could have stood there.

`slips`, `characters`, `habits` and `papers` look at it to say what was meant; `expected` is what is
left to say if they cannot.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from bpgen.report import Edit, Label, Repair, Report, safe
from bpgen.scan import Token
from bpgen.source import Source, Span


@dataclass(frozen=True, slots=True)
class Fault:
    """A statement, the index of the token at which it went wrong, and what could have stood there.

    The index is the number of tokens if the statement ended too early. `accepts` has names of the
    grammar's terminals.
    """

    source: Source
    tokens: tuple[Token, ...]
    index: int
    accepts: frozenset[str]

    @property
    def before(self) -> Token | None:
        return self.tokens[self.index - 1] if self.index else None

    @property
    def token(self) -> Token | None:
        """The token at fault; None at the end of the statement."""
        return self.tokens[self.index] if self.index < len(self.tokens) else None

    @property
    def after(self) -> Token | None:
        return self.tokens[self.index + 1] if self.index + 1 < len(self.tokens) else None

    @property
    def text(self) -> str:
        return self.token.text if self.token else ""

    @property
    def span(self) -> Span:
        end = self.tokens[-1].end
        return self.token.span if self.token else Span(end, end)

    @property
    def statement(self) -> Span:
        return Span(self.tokens[0].start, self.tokens[-1].end)

    def report(self, code: str, message: str, *helps: str) -> Report:
        return Report(code, message, Label(self.span), helps=helps)

    def mended(self, code: str, message: str, *repairs: Repair) -> Report:
        return Report(code, message, Label(self.span), repairs=repairs)

    def quote(self, first: int, last: int) -> str:
        """The text of the tokens from `first` up to and without `last`; empty if there are none."""
        if first >= last:
            return ""
        return self.source.quote(self.tokens[first].span.to(self.tokens[last - 1].span))

    def operand_before(self) -> Span:
        """What a postfix at the fault would apply to: the name, number or brackets before it."""
        index = self.index - 1
        end = self.tokens[index].end
        depth = 0
        while True:
            token = self.tokens[index]
            depth += {"close": 1, "open": -1}.get(token.kind, 0)
            before = self.tokens[index - 1] if index else None
            called = token.kind == "open" and before is not None and before.ends_operand
            if index == 0 or (depth <= 0 and not called and token.text != ".T"):
                return Span(token.start, end)
            index -= 1


def matching(tokens: Sequence[Token], index: int) -> int:
    """The index behind the bracket that closes the one at `index`, or of the end."""
    depth = 0
    for i in range(index, len(tokens)):
        depth += {"open": 1, "close": -1}.get(tokens[i].kind, 0)
        if depth <= 0:
            return i + 1
    return len(tokens)


def operand_end(tokens: Sequence[Token], index: int) -> int:
    """The index behind an operand that begins at `index`: a name and its brackets, a number."""
    end = matching(tokens, index)
    while end < len(tokens) and (tokens[end].text == ".T" or _adjoins(tokens, end)):
        end = matching(tokens, end)
    return end


def _adjoins(tokens: Sequence[Token], index: int) -> bool:
    return tokens[index].kind == "open" and tokens[index].start == tokens[index - 1].end


def write(shown: str, *edits: Edit) -> Repair:
    """The way out that has a text of the spec to show."""
    return Repair(f"write `{safe(shown)}`", edits)


def instead(span: Span, text: str) -> Repair:
    """The way out to write a text in the place of another."""
    return write(text.strip(), Edit(span, text))


def at(offset: int) -> Span:
    """The place to insert at."""
    return Span(offset, offset)


@lru_cache(maxsize=1)  # a spec with many slips would be searched for each
def functions(text: str) -> frozenset[str]:
    """Names of operators, and of the functions that the text of this spec seems to define."""
    folder = files("bpgen").joinpath("ops")
    shipped = (file.name.removesuffix(".py") for file in folder.iterdir())
    own = re.findall(r"^[ \t]*(?:fn|op)[ \t]+(\w+)", text, re.MULTILINE)
    return frozenset((*shipped, *own))


_OPERATORS = {"SIGN", "TIMES", "POWER", "COMPARISON", "AND", "OR", "TRANSPOSE"}
_SIGNS = {
    "RPAR": "`)`", "RSQB": "`]`", "LSQB": "`[`", "LPAR": "`(`", "COMMA": "`,`", "EQUAL": "`=`",
    "COLON": "`:`", "TILDE": "`~`", "COMPARISON": "`<`", "SIGN": "`+`",
    "STRING": "a string", "NUMBER": "a number",
}  # fmt: skip


_WORDS = {
    "KIND": ("`input`", "`param`", "`state`"),
    "JUDGED": ("`grad`", "`jacobian`"),
    "LINK": ("`of`", "`at`", "`from`", "`wrt`"),
}


def expected(fault: Fault) -> Report:
    """The last resort: what the grammar would have taken, in words of people, four at most."""
    words = list(dict.fromkeys(_words(fault.accepts)))
    shown = words[0] if len(words) == 1 else f"{', '.join(words[:-1][:3])} or {words[-1]}"
    found = f"`{safe(fault.text, 20)}`" if fault.token else "the end of the statement"
    return fault.report("BP013", f"expected {shown}, found {found}")


def _words(accepts: frozenset[str]) -> Iterator[str]:
    """What could have stood there, in words of people."""
    rest = set(accepts)
    if {"NAME", "NUMBER"} <= rest:
        yield "an expression"
        rest -= {"NUMBER", "LPAR", "STRING", "NOT", "SIGN", "PRIMED", "OVER", "AXIS"}
    elif "NAME" in rest:
        yield "a name"
    if "NAME" in rest:
        rest -= {"NAME", "JUDGED", "LINK", "WITH"}
    if {"SIGN", "TIMES"} <= rest:
        yield "an operator"
        rest -= _OPERATORS
    yield from (word for terminal, words in _WORDS.items() if terminal in rest for word in words)
    yield from (word for sign, word in _SIGNS.items() if sign in rest)
    yield from (f"`{name.lower()}`" for name in sorted(rest - {*_SIGNS, *_WORDS, "$END", "NONE"}))
    if "$END" in rest:
        yield "the end of the statement"
