"""What came of the test of a module: as a table, a line for each row, JSON, GitHub's annotations.

Each way of showing it starts from `Outcome`: the gradients, a row each, and the other checks. The
object of JSON is documented where users look for it, in the help of `bpgen gradcheck`.
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bpgen.gradcheck import Check
from bpgen.report import series
from bpgen.source import Source

BOUND = 1e-10  # of relative errors, as in the test
_OUTCOMES = ("failed", "passed", "skipped", "not applicable")  # the first says it for many
_DERIVATIVES = {"gradient": "directions", "entries": "entries"}  # rows, and what they compare


@dataclass(frozen=True, slots=True)
class Gradient:
    """The gradient of a quantity: by what is compared, the largest relative error, if known."""

    quantity: str
    errors: Mapping[str, float | None]
    outcome: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the test of a spec's module; `trouble` says why it did not come to its end."""

    source: Source
    gradients: tuple[Gradient, ...] = ()
    others: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    failed: tuple[Check, ...] = ()
    passed: int = 0
    trouble: str = ""

    @property
    def failures(self) -> int:
        return len(self.failed) + bool(self.trouble)

    @property
    def right(self) -> bool:
        """Whether the module is: something was checked, and nothing failed."""
        return bool(self.passed and not self.failures)


def outcome(
    source: Source, ran: Sequence[Check], absent: Sequence[Check], own: Sequence[str]
) -> Outcome:
    """Of the checks that ran, those that do not apply, and functions with derivatives of their own.

    The derivative of such a function is what the spec says it is, and proves nothing about it.
    """
    about: dict[str, list[Check]] = {}
    for check in ran:
        if check.name in _DERIVATIVES:
            about.setdefault(check.quantity, []).append(check)
    many = len(own) > 1
    note = (
        f"the derivative{'s of' if many else ' of'} {series(own)} {'are' if many else 'is'} the"
        " user's own:"
        " gradients were compared with what the spec states, not with the true slope"
    )
    return Outcome(
        source,
        tuple(_gradient(quantity, checks) for quantity, checks in about.items()),
        tuple(check for check in (*ran, *absent) if check.name not in _DERIVATIVES),
        (note,) if own else (),
        tuple(check for check in ran if check.outcome == "failed"),
        sum(check.outcome == "passed" for check in ran),
    )


def _gradient(quantity: str, checks: Sequence[Check]) -> Gradient:
    errors: dict[str, float | None] = {}
    for name, compared in _DERIVATIVES.items():
        found = [check.error for check in checks if check.name == name]
        errors[compared] = max((error for error in found if error is not None), default=None)
    said = "\n".join(dict.fromkeys(check.message for check in checks if check.message))
    return Gradient(quantity, errors, _worst(checks), said)


def _worst(group: Iterable[Check]) -> str:
    outcomes = {check.outcome for check in group}
    return next(each for each in _OUTCOMES if each in outcomes)


# -- for people ------------------------------------------------------------------------------------


def table(found: Outcome, width: int = 80) -> list[str]:
    """A line for the gradient of each quantity, then one for each other row of the test."""
    parts = [_gradients(found.gradients), _rows(_grouped(found.others), width)]
    parts += [
        textwrap.wrap(note, width, initial_indent="  ", subsequent_indent="  ")
        for note in found.notes
    ]
    return [line for part in parts if part for line in ("", *part)][1:]


def _gradients(found: Sequence[Gradient]) -> list[str]:
    """The largest relative error of each gradient, and what came of it."""
    margin = max(map(len, ("gradient of", *(each.quantity for each in found))))
    heads = "".join(f"  {head:>10}" for head in _DERIVATIVES.values())
    lines = [f"  {'gradient of':<{margin}}{heads}  bound {BOUND:.0e}"]
    for each in found:
        cells = "".join(f"  {_number(error):>10}" for error in each.errors.values())
        lines.append(f"  {each.quantity:<{margin}}{cells}  {_shown(each.outcome)}")
    return lines if found else []


def _rows(groups: Mapping[str, Sequence[Check]], width: int) -> list[str]:
    """A line for each row: what came of it, and all that it was run for, or why it was not."""
    margin = max(map(len, groups), default=0)
    lines: list[str] = []
    for name, group in groups.items():
        worst, said = _row(group)
        opening = f"  {name:<{margin}}  {_shown(worst)}{':' * bool(said)}"
        lines += _hung(opening, said, width)
    return lines


def _grouped(checks: Iterable[Check]) -> dict[str, list[Check]]:
    """The checks of each row."""
    groups: dict[str, list[Check]] = {}
    for check in checks:
        groups.setdefault(check.name, []).append(check)
    return groups


def _row(group: Sequence[Check]) -> tuple[str, str]:
    """What came of a row, and all that it was run for, or why it was not."""
    worst = _worst(group)
    alike = [check for check in group if check.outcome == worst]
    if worst in ("skipped", "not applicable"):
        return worst, alike[0].message
    # `first-W` and `second-W` are both of W
    return worst, ", ".join(filter(None, dict.fromkeys(check.quantity for check in alike)))


def _hung(opening: str, said: str, width: int) -> list[str]:
    """A line, and others below it where what is said does not fit."""
    room = textwrap.wrap(said, width - len(opening) - 1) or [""]
    margin = " " * len(opening)
    return [f"{margin if i else opening} {part}".rstrip() for i, part in enumerate(room)]


def _number(error: float | None) -> str:
    return "-" if error is None else f"{error:.1e}"


def _shown(outcome: str) -> str:
    return outcome.upper() if outcome == "failed" else outcome


def about(check: Check) -> str:
    """`gradient of W_hh (first sizes)`."""
    sizes, _, quantity = check.subject.rpartition("-")
    return f"{check.name}{f' of {quantity}' * bool(quantity)}{f' ({sizes} sizes)' * bool(sizes)}"


# -- for programs ----------------------------------------------------------------------------------


def lines(found: Outcome) -> list[str]:
    """Each row of the test, then each failure, on a line that begins with the spec."""
    said: list[str] = []
    for each in found.gradients:
        errors = ", ".join(f"{name} {_number(error)}" for name, error in each.errors.items())
        said.append(f"gradient of {each.quantity}: {each.outcome}: {errors}")
    for name, group in _grouped(found.others).items():
        said.append(": ".join(filter(None, (name, *_row(group)))))
    said += [f"failed: {about(check)}: {check.message}" for check in found.failed]
    said += [f"failed: {found.trouble}"] * bool(found.trouble)
    said += [f"note: {note}" for note in found.notes]
    return [f"{found.source.shown}: {' '.join(line.split())}" for line in said]


def as_json(every: Iterable[Outcome]) -> str:
    """One object for all specs, on one line, in the form that every report of a program has."""
    whole = {"version": 1, "specs": [_spec(each) for each in every], "diagnostics": []}
    return json.dumps(whole, allow_nan=False) + "\n"


def _spec(found: Outcome) -> dict[str, Any]:
    return {
        "spec": found.source.shown,
        "outcome": "passed" if found.right else "failed",
        "message": found.trouble,
        "gradients": [
            {
                "quantity": each.quantity,
                **{name: _finite(error) for name, error in each.errors.items()},
                "bound": BOUND,
                "outcome": each.outcome,
                "message": each.message,
            }
            for each in found.gradients
        ],
        "checks": [
            {
                "name": check.name,
                "subject": check.subject,
                "outcome": check.outcome,
                "reason": check.message,
            }
            for check in found.others
        ],
        "notes": list(found.notes),
    }


def _finite(error: float | None) -> float | None:
    """JSON has no infinity."""
    return error if error is not None and math.isfinite(error) else None


def as_annotations(found: Outcome) -> list[str]:
    """What failed, as GitHub shows it beside the file of the spec."""
    from bpgen.cli.formats import annotation

    where = {"file": found.source.shown, "title": "gradcheck"}
    said = [(f"{about(check)} failed", *check.message.split("\n")) for check in found.failed]
    said += [(found.trouble,)] * bool(found.trouble)
    return [annotation("error", where, each) for each in said]
