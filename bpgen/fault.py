"""A statement that the grammar does not know: where it went wrong, and what could have stood there.

`slips` and `characters` look at it to say what was meant; `expected` is what is left to say if they
cannot.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bpgen.report import Label, Report, safe
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

    def report(self, code: str, message: str, label: str = "", *helps: str) -> Report:
        return Report(code, message, Label(self.span, label), helps=helps)


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
