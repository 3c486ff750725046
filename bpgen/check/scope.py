"""What the parts of `check` share: the symbol table, the reports, and what a name means here.

A `Scope` is where an expression is read: in an equation, in the body of a function whose arguments
have names of their own, in a claim. Everything is looked up through it and reported through it, so
that a mistake inside a function also shows where the function was used.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TypeAlias

from bpgen import syntax
from bpgen.check.named import fixed
from bpgen.ir import Node, When
from bpgen.report import Label, Refused, Report, safe
from bpgen.sizes import Shape, Size, size
from bpgen.source import Source, Span

NODES = 100_000  # of a spec, abbreviations expanded
NO_CONSTANTS = "there are no constants `True` and `False`; a boolean is a comparison, as in `x > 0`"
HEIGHT = 240  # of an expression, abbreviations expanded


@dataclass(frozen=True, slots=True)
class Symbol:
    """What a name of the spec stands for. `shape` is None if it is not known."""

    name: str
    role: str  # "dim", "input", "param", "state", "const", "equation", "fn", "op"
    place: Span  # where the name was given
    timed: bool = False
    shape: Shape | None = None
    kind: str = "real"
    value: int | None = None  # of a fixed size
    function: syntax.Fn | syntax.Op | None = None
    unclear: bool = False  # given two meanings; nothing more is said of it

    @property
    def is_quantity(self) -> bool:
        return self.role not in ("dim", "fn", "op")

    def what(self) -> str:
        """The symbol in words, with its article."""
        words = {"dim": "a size", "const": "a constant", "param": "a parameter"}
        words |= {"fn": "a function", "op": "a function", "equation": "defined by an equation"}
        article = "an" if self.role == "input" else "a"
        return words.get(self.role, f"{article} {self.role}")


class Faults:
    """The reports so far: one a mistake, none twice."""

    def __init__(self, missing: set[str] | None = None) -> None:
        self._reports: dict[tuple[str, Span | None], Report] = {}
        self.missing: set[str] = set() if missing is None else missing  # names reported as such

    def add(self, report: Report) -> None:
        """Keep a report, unless the same mistake at the same place has one."""
        key = (report.code, report.place.span if report.place else None)
        self._reports.setdefault(key, report)

    def first_time(self, name: str) -> bool:
        """Whether a missing name is met for the first time; it is reported once."""
        if name in self.missing:
            return False
        self.missing.add(name)
        return True

    @property
    def reports(self) -> tuple[Report, ...]:
        return tuple(self._reports.values())

    def refuse(self) -> None:
        """Raise what was found, if anything was."""
        if self._reports:
            raise Refused(self.reports)


@dataclass(slots=True)
class Table:
    """Every name of a spec, and how much work its expressions were."""

    source: Source
    symbols: dict[str, Symbol] = field(default_factory=dict)
    spent: int = 0

    def size(self, symbol: Symbol) -> Size:
        """A size by name, or the number that a fixed one stands for."""
        return size(symbol.name) if symbol.value is None else fixed(symbol.name, symbol.value)

    def near(self, name: str, *roles: str) -> str | None:
        """A declared name that may have been meant."""
        return near(name, [s.name for s in self.symbols.values() if not roles or s.role in roles])


@dataclass(frozen=True, slots=True)
class Reading:
    """A quantity that an expression reads, `whole` if all its steps at once."""

    name: str
    when: When
    place: Span
    whole: bool = False


@dataclass(slots=True)
class Argument:
    """What a function was called with: an expression to be read where the call stands."""

    expression: syntax.Expression
    scope: "Scope"
    node: Node | None = None
    cost: int = 0  # what reading it took; 0 if it was not read yet


@dataclass(frozen=True, slots=True)
class Use:
    """A function being expanded, and the call that asked for it."""

    name: str
    call: Span


Visit: TypeAlias = Callable[[syntax.Expression, "Scope"], Node | None]


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression is read. `visit` reads one; it is `elaborate.visit`."""

    table: Table
    faults: Faults
    visit: Visit
    reads: list[Reading] = field(default_factory=list)
    bound: Mapping[str, Argument | Node] = field(default_factory=dict)
    uses: tuple[Use, ...] = ()
    inside: str = "equation"  # or "op", which sees its arguments only, or "claim"
    height: int = 0

    def down(self, levels: int = 1) -> "Scope":
        """The scope of a part of an expression."""
        return replace(self, height=self.height + levels)

    def spend(self, place: Span, cost: int = 1) -> None:
        """Count work; refuse at once where it grows beyond all bounds."""
        self.table.spent += cost
        if self.table.spent > NODES:
            self.report("BP110", f"the spec has more than {NODES} terms once expanded", place)
            self.faults.refuse()
        if self.height > HEIGHT:
            help = "give a part of it a name, by an equation of its own"
            message = f"this expression nests more than {HEIGHT} deep once expanded"
            self.report("BP110", message, place, helps=[help])
            self.faults.refuse()

    def report(
        self,
        code: str,
        message: str,
        place: Span,
        label: str = "",
        *,
        others: Iterable[Label] = (),
        notes: Sequence[str] = (),
        helps: Sequence[str] = (),
    ) -> None:
        """Keep a report, with the calls that led to its place."""
        calls = [Label(use.call, f"in `{use.name}`, used here") for use in reversed(self.uses)]
        labels = (*others, *calls[:3], *calls[3:][-1:])
        report = Report(code, message, Label(place, label), labels, tuple(notes), tuple(helps))
        self.faults.add(report)

    def quote(self, part: syntax.Expression, otherwise: str = "this") -> str:
        """A part as it was written, for a message; words instead if it is long."""
        text = " ".join(self.table.source.quote(part.span).split())
        return f"`{safe(text)}`" if len(text) <= 40 else otherwise


def near(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a name may be a slip of."""
    known = {candidate.lower(): candidate for candidate in candidates}
    found = get_close_matches(name.lower(), list(known), 1)
    if not found or (len(name) < 3 and found[0] != name.lower() and known[found[0]][0] != name[0]):
        return None
    return known[found[0]]


def meant(name: str | None, otherwise: str = "") -> tuple[str, ...]:
    """The help that proposes a name."""
    return (f"did you mean `{name}`?",) if name else (otherwise,) if otherwise else ()
