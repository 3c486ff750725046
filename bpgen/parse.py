"""Reads a spec: bytes to a `Source`, and a `Source` to a `syntax.Spec`, with lark.

The grammar is `grammar/spec.lark`. Each statement is parsed by itself, so one mistake costs one
report and the next statement is read as if nothing had happened.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn

from lark import Lark, TextSlice, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from bpgen import slips, syntax
from bpgen.build import Builder
from bpgen.report import Refused, Report, safe
from bpgen.resources import grammar_text
from bpgen.scan import CHARACTERS, Piece, check_size, check_text, pieces
from bpgen.slips.brackets import broken, round_step
from bpgen.slips.fault import Fault
from bpgen.slips.foreign import foreign
from bpgen.source import Source

FOREIGN = 8  # reports of foreign characters of a statement


def read(origin: str | PathLike[str] | bytes, name: str | None = None) -> Source:
    """The text of a file, or of bytes, with its line ends made `\\n`.

    Raises Refused where there is no regular file, or one too long or not in UTF-8. What else a text
    must not contain is for `parse` to say, which can point at it.
    """
    data = origin if isinstance(origin, bytes) else _bytes(Path(origin))
    name = name or ("spec" if isinstance(origin, bytes) else Path(origin).name)
    if len(data) > CHARACTERS:
        _refuse(f"{safe(name)} is longer than {CHARACTERS} bytes", "BP023")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        message = f"{safe(name)} is not UTF-8: byte 0x{byte:02x} in line {line}"
        _refuse(message, "BP024", "save it in UTF-8")
    return Source(safe(name), text.replace("\r\n", "\n").replace("\r", "\n"))


def parse(source: Source) -> syntax.Spec:
    """The statements of a spec; raises Refused with a report for each that cannot be read."""
    check_text(source)
    statements: list[syntax.Statement] = []
    reports: list[Report] = []
    said: set[str] = set()
    try:
        for piece in pieces(source.text):
            try:
                statements += _statement(source, piece)
            except Refused as refused:
                reports += _new(refused.reports, said)
    except Refused as refused:  # too many statements
        reports += refused.reports
    if reports:
        raise Refused(reports)
    return syntax.Spec(source, tuple(statements))


def _new(reports: Iterable[Report], said: set[str]) -> Iterator[Report]:
    """The reports without those of a name that was reported where it stood before."""
    for report in reports:
        if report.code != "BP020" or not report.repairs or report.message not in said:
            said.add(report.message)
            yield report


@cache
def _lark() -> Lark:
    """The parser, made once a process: 20 ms, and no cache file that could be planted."""
    return Lark(
        grammar_text("spec.lark"),
        parser="lalr",
        lexer="basic",
        start="statement",
        transformer=Builder(),  # lark calls its methods by name
    )


def _statement(source: Source, piece: Piece) -> tuple[syntax.Statement, ...]:
    check_size(piece)
    if strange := tuple(islice(foreign(piece), FOREIGN)):
        raise Refused(strange)
    span = piece.span
    try:
        found: Any = _lark().parse(TextSlice(source.text, span.start, span.end))
    except UnexpectedInput as error:
        fault = _fault(source, piece, error)
        raise Refused([broken(source, piece, fault.index) or slips.explain(fault)]) from None
    slip = broken(source, piece) or round_step(source, piece.tokens) or slips.doubled_sign(piece)
    if slip:
        raise Refused([slip])
    return found if isinstance(found, tuple) else (found,)


def _fault(source: Source, piece: Piece, error: UnexpectedInput) -> Fault:
    """Where the parser stopped, by the tokens of the statement, and what it would have taken."""
    offset = piece.span.end
    if isinstance(error, UnexpectedCharacters):
        offset = error.pos_in_stream or 0
    elif isinstance(error, UnexpectedToken) and error.token.type != "$END":
        offset = error.token.start_pos or 0
    index = sum(token.end <= offset for token in piece.tokens)
    return Fault(source, piece.tokens, index, _accepted(source, piece, offset))


def _accepted(source: Source, piece: Piece, offset: int) -> frozenset[str]:
    """The terminals that could have stood at an offset.

    The parser that failed has already closed rules which only the token at fault made it close, so
    another one is taken up to that token and not into it.
    """
    span = piece.span
    state: Any = _lark().parse_interactive(TextSlice(source.text, span.start, span.end))
    try:
        for token in state.lexer_thread.lex(state.parser_state):
            if token.start_pos >= offset:
                break
            state.feed_token(token)
    except UnexpectedCharacters:
        pass
    return frozenset(state.accepts())


def _bytes(path: Path) -> bytes:
    """The first bytes of a regular file, one more than a spec may have."""
    try:
        if not path.is_file():
            _refuse(f"{safe(path.name)} is not a file", "BP024")
        with path.open("rb") as file:
            return file.read(CHARACTERS + 1)
    except OSError as error:
        _refuse(f"{safe(path.name)} cannot be read: {error.strerror}", "BP024")


def _refuse(message: str, code: str, *helps: str) -> NoReturn:
    raise Refused([Report(code, message, helps=helps)])
