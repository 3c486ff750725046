"""What was measured, as values that go into JSON and come back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.timing import Sample, is_clean, seconds

FEW = 3  # clean rounds; a median of fewer is marked


@dataclass(frozen=True, slots=True)
class Timed:
    """One contender at one point. Times are in seconds, of one training step."""

    name: str
    seconds: float  # the median of the clean rounds
    first: float  # of the first call, which may compile
    agreement: float | None  # its distance from the reference; None if it computes no result
    clean: int  # how many rounds are clean
    rounds: tuple[Sample, ...]

    @classmethod
    def of(
        cls, name: str, first: float, agreement: float | None, rounds: tuple[Sample, ...]
    ) -> "Timed":
        """Rounds with their median."""
        return cls(name, seconds(rounds), first, agreement, sum(map(is_clean, rounds)), rounds)


@dataclass(frozen=True, slots=True)
class Point:
    """A cell at a size and dtype. `skipped` and `wrong` say why a contender was not timed.

    `load` is the machine's load average of the last minute, of which this process makes one; NaN
    where a system has none.
    """

    cell: str
    size: str
    dtype: str
    timed: tuple[Timed, ...]
    skipped: Mapping[str, str]
    wrong: Mapping[str, str]
    load: float

    def find(self, name: str) -> Timed | None:
        """A contender, if it was timed."""
        return next((each for each in self.timed if each.name == name), None)

    def ratio(self, name: str, to: str) -> float | None:
        """The time of one contender over that of another, if both were timed."""
        one, other = self.find(name), self.find(to)
        return one.seconds / other.seconds if one and other else None


@dataclass(frozen=True, slots=True)
class Environment:
    """All that one process measured. `variables` are those that choose the kernel of BLAS."""

    name: str
    variables: Mapping[str, str]
    blas: str
    core: int | None
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """All environments of one machine, and the day."""

    day: str
    machine: Mapping[str, Any]
    environments: tuple[Environment, ...]


def dump(value: Environment | Results, path: Path) -> None:
    """Write a value as JSON."""
    path.write_text(json.dumps(asdict(value)) + "\n", "utf-8")


def environment(fields: Mapping[str, Any]) -> Environment:
    """An environment from what JSON made of it."""
    return Environment(**{**fields, "points": tuple(map(_point, fields["points"]))})


def load(path: Path) -> Results:
    """What `dump` wrote."""
    fields = json.loads(path.read_text("utf-8"))
    return Results(**{**fields, "environments": tuple(map(environment, fields["environments"]))})


def _point(fields: Mapping[str, Any]) -> Point:
    return Point(**{**fields, "timed": tuple(map(_timed, fields["timed"]))})


def _timed(fields: Mapping[str, Any]) -> Timed:
    return Timed(**{**fields, "rounds": tuple(Sample(**each) for each in fields["rounds"])})
