"""The page that a template sees: lines, and where they belong. No mathematics is left in it.

Every text here is Python that a writer of `bpgen/targets` has made, and says so by its type; a
template only places it. Whatever a template does to a `Code`, be it a filter, a slice or `~`, gives
a plain `str`, and the renderer takes none.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_PLAIN = re.compile(r"[\n -~]*")


class Code(str):
    """A line of an emitted file, or several, made by `code` and by nothing else."""

    __slots__ = ()


def code(text: str) -> Code:
    """What a writer made, for a page. Raises `ValueError` for what is not printable ASCII."""
    if not _PLAIN.fullmatch(text):
        raise ValueError(f"no line of an emitted file: {text!a}")
    return Code(text)


def codes(lines: Iterable[str]) -> tuple[Code, ...]:
    """Lines that a writer made, for a page."""
    return tuple(map(code, lines))


def quoted(text: str) -> str:
    """Words of a spec as they may stand in a docstring, where they mean themselves."""
    shown = text.replace("\\", r"\\").replace('"', r"\"")
    return shown.encode("ascii", "backslashreplace").decode("ascii")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a NamedTuple, with the comment behind it."""

    name: Code
    comment: Code
    type: Code


@dataclass(frozen=True, slots=True)
class Record:
    """A NamedTuple of arrays."""

    name: Code
    doc: Code
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function: the lines of its head, a sentence, its body as lines."""

    head: tuple[Code, ...]
    doc: Code
    body: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Module:
    """A module of NumPy code."""

    name: Code
    doc: tuple[Code, ...]
    imports: tuple[Code, ...]
    records: tuple[Record, ...]
    tables: tuple[Code, ...]  # constants: the shapes of the arguments, what labels lie below
    functions: tuple[Function, ...]
    helpers: tuple[Code, ...]  # source of the small functions that the others call
    classes: tuple[Code, ...] = ()  # source of the classes that arrays are kept in between calls


@dataclass(frozen=True, slots=True)
class Test:
    """The test that ships beside a module."""

    module: Code
    doc: tuple[Code, ...]
    tables: tuple[Code, ...]
    plain: tuple[Code, ...]  # source of the plain forward pass and what it calls
    support: tuple[Code, ...]  # source of the functions that the cases call
    cases: tuple[Code, ...]  # source of the tests


def field(name: str, comment: str, type: str = "np.ndarray") -> Field:
    """A field, an array if no type is said."""
    return Field(code(name), code(comment), code(type))


def record(name: str, doc: str, fields: Iterable[Field]) -> Record:
    """A NamedTuple, with a sentence."""
    return Record(code(name), code(doc), tuple(fields))


def function(name: str, words: Sequence[str], doc: str, body: Iterable[str]) -> Function:
    """`def name(words):`, with a sentence and the lines of a body."""
    return Function(codes(head(name, words)), code(doc), codes(body))


def head(name: str, words: Sequence[str]) -> tuple[str, ...]:
    """The lines of `def name(words):`, as a formatter would break them."""
    line = f"def {name}({', '.join(words)}):"
    if len(line) <= 100:
        return (line,)
    inner = f"    {', '.join(words)}"
    lines = (inner,) if len(inner) <= 100 else tuple(f"    {word}," for word in words)
    return (f"def {name}(", *lines, "):")
