"""The page that a template sees: lines, and where they belong. No mathematics is left in it.

Every text here is Python that a writer of `bpgen/targets` has made; a template only places it.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a NamedTuple, with the comment behind it."""

    name: str
    comment: str
    type: str = "np.ndarray"


@dataclass(frozen=True, slots=True)
class Record:
    """A NamedTuple of arrays."""

    name: str
    doc: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function: the lines of its head, a sentence, its body as lines."""

    head: tuple[str, ...]
    doc: str
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Module:
    """A module of NumPy code."""

    name: str
    doc: tuple[str, ...]
    imports: tuple[str, ...]
    records: tuple[Record, ...]
    tables: tuple[str, ...]  # constants: the shapes of the arguments, what labels lie below
    functions: tuple[Function, ...]
    helpers: tuple[str, ...]  # source of the small functions that the others call


@dataclass(frozen=True, slots=True)
class Test:
    """The test that ships beside a module."""

    module: str
    doc: tuple[str, ...]
    tables: tuple[str, ...]
    plain: tuple[str, ...]  # source of the plain forward pass and what it calls
    support: tuple[str, ...]  # source of the functions that the cases call
    cases: tuple[str, ...]  # source of the tests


def head(name: str, words: Sequence[str]) -> tuple[str, ...]:
    """The lines of `def name(words):`, as a formatter would break them."""
    line = f"def {name}({', '.join(words)}):"
    if len(line) <= 100:
        return (line,)
    inner = f"    {', '.join(words)}"
    lines = (inner,) if len(inner) <= 100 else tuple(f"    {word}," for word in words)
    return (f"def {name}(", *lines, "):")
