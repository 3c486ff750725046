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
from bpgen.check.mentions import Mention
from bpgen.check.named import fixed
from bpgen.ir import Node, When
from bpgen.report import Label, Refused, Repair, Report, safe
from bpgen.sizes import Shape, Size, size
from bpgen.source import Source, Span

NODES = 100_000  # of a spec, abbreviations expanded
NO_CONSTANTS = "there are no constants `True` and `False`; a boolean is a comparison, as in `x > 0`"
HERE = "here too"  # at a further place of one mistake
HEIGHT = 120  # of an expression, abbreviations expanded; Python reads 200 brackets deep


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
    unclear: bool = False  # given two meanings, or wrongly one; nothing more is said of it
    shape_place: Span | None = None  # of the declared shape, if it is that of this name alone

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

    def __init__(self, missing: "dict[str, Missing] | None" = None) -> None:
        self._reports: dict[tuple[str, Span | None], Report] = {}
        self._once: dict[tuple[str, str], tuple[str, Span | None]] = {}
        self.missing = {} if missing is None else missing  # names that stand for nothing
        self.blind: set[int] = set()  # where nothing could be checked, as a part was wrong
        self.stepless: set[str] = set()  # names refused as they change over time and do not say so

    def add(self, report: Report, once: str = "") -> None:
        """Keep a report, unless the same mistake at the same place has one.

        What is to be said `once`, wherever it is met, is one report with a label at each place.
        """
        key = (report.code, report.place.span if report.place else None)
        if key in self._reports:
            return
        first = self._once.get((report.code, once)) if once else None
        if first:
            report = again(self._reports.pop(first), report)
            key = (report.code, report.place.span if report.place else None)
        if once:
            self._once[report.code, once] = key
        self._reports[key] = report

    def miss(self, name: str, missing: "Missing") -> None:
        """Note a name that stands for nothing; it is reported once, when all else is known."""
        self.missing.setdefault(name, missing)

    @property
    def reports(self) -> tuple[Report, ...]:
        return tuple(self._reports.values())

    def refuse(self) -> None:
        """Raise what was found, if anything was."""
        if self._reports:
            raise Refused(self.reports)


COMPARED = 100_000  # names that missing ones are compared with in all, some 3 microseconds each


@dataclass(slots=True)
class Table:
    """Every name of a spec, and how much work its expressions were."""

    source: Source
    symbols: dict[str, Symbol] = field(default_factory=dict)
    spent: int = 0
    mentions: Mapping[str, Sequence[Mention]] = field(default_factory=dict)
    given: Mapping[str, Sequence[syntax.Target]] = field(default_factory=dict)
    compared: int = 0  # names looked through, for those that may have been meant
    after: int | None = None  # where a declaration can be added: the end of the last one's line

    def size(self, symbol: Symbol) -> Size:
        """A size by name, or the number that a fixed one stands for."""
        return size(symbol.name) if symbol.value is None else fixed(symbol.name, symbol.value)

    def near(self, name: str, *roles: str) -> str | None:
        """A declared name that may have been meant; none once too many have been looked through."""
        if self.compared > COMPARED:
            return None
        found = [s.name for s in self.symbols.values() if not roles or s.role in roles]
        self.compared += len(found)
        return near(name, found)


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that stands for nothing, where it was met, and what was expected of it."""

    role: str  # "quantity", "size", "function"
    place: Span
    scope: "Scope"


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
        repairs: Iterable[Repair] = (),
        once: str = "",
    ) -> None:
        """Keep a report, with the calls that led to its place; `once` as `Faults.add` has it."""
        calls = [Label(use.call, f"in `{use.name}`, used here") for use in reversed(self.uses)]
        labels = (*others, *calls[:3], *calls[3:][-1:])
        report = Report(
            code,
            message,
            Label(place, label),
            labels,
            tuple(notes),
            tuple(helps),
            repairs=tuple(repairs),
        )
        self.faults.add(report, once)

    def quote(self, part: syntax.Expression, otherwise: str = "this") -> str:
        """A part as it was written, for a message; words instead if it is long."""
        text = " ".join(self.table.source.quote(part.span).split())
        return f"`{safe(text)}`" if len(text) <= 40 else otherwise


def again(one: Report, other: Report) -> Report:
    """Two reports of one mistake as one, at the earlier place; a repair is made at both."""
    if one.place and other.place and other.place.span.start < one.place.span.start:
        one, other = other, one
    places = sum(label.text == HERE for label in one.others)
    here = (Label(other.place.span, HERE),) if other.place and places < 2 else ()
    labels = dict.fromkeys((*one.others, *here))
    repairs = tuple(
        replace(repair, edits=tuple(dict.fromkeys((*repair.edits, *more.edits))))
        for repair, more in zip(one.repairs, other.repairs, strict=False)
    )
    return replace(one, others=tuple(labels), repairs=repairs)


def near(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a name may be a slip of; a short one must begin as the name does."""
    known = {candidate.lower(): candidate for candidate in candidates}
    for found in get_close_matches(name.lower(), list(known), 3):
        if len(name) >= 3 or found == name.lower() or known[found][0] == name[0]:
            return known[found]
    return None


def meant(name: str | None, otherwise: str = "") -> tuple[str, ...]:
    """The help that proposes a name."""
    return (f"did you mean `{name}`?",) if name else (otherwise,) if otherwise else ()
