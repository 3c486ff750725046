"""One environment, in a process of its own: prepare, compare, time, and write what came out.

    python -m benchmarks.measure OUT < request

The request is JSON with the fields of `Request`; OUT becomes JSON of an `Environment`, and stderr
says how far it is.
"""

import gc
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from time import perf_counter

from benchmarks import drawn
from benchmarks.agree import agree
from benchmarks.contenders import Skip, find
from benchmarks.machine import KERNEL, blas, load, pin
from benchmarks.problem import Arrays, Problem, problem
from benchmarks.results import Environment, Point, Timed, dump
from benchmarks.settings import SIZES
from benchmarks.timing import Run, measure

EVERY = "every contender"  # what is left out where a cell's arguments cannot be drawn


@dataclass(frozen=True, slots=True)
class Request:
    """What to measure: names, and the seconds that each point may take."""

    environment: str
    cells: Sequence[str]
    sizes: Sequence[str]
    dtypes: Sequence[str]
    contenders: Sequence[str]
    budget: float
    library: bool = False  # whether the cells are bpgen's, by name, and have no file in cells/


@dataclass(frozen=True, slots=True)
class Ready:
    """A contender that may be timed: its first call took `first` seconds."""

    run: Run
    first: float
    agreement: float | None


def main() -> None:
    core = pin()
    request = Request(**json.load(sys.stdin))
    wanted = list(product(request.dtypes, request.cells, request.sizes))
    points = []
    for done, (dtype, cell, size) in enumerate(wanted, start=1):
        began = perf_counter()
        points.append(point(cell, size, dtype, request))
        gc.collect()  # what contenders held of a large point must not weigh on the next
        said = f"{request.environment} {cell} {size} {dtype}: {perf_counter() - began:.1f} s"
        print(f"[{done}/{len(wanted)}] {said}", file=sys.stderr, flush=True)
    variables = {name: os.environ[name] for name in KERNEL if name in os.environ}
    made = Environment(request.environment, variables, blas(), core, tuple(points))
    dump(made, Path(sys.argv[1]))


def point(cell: str, size: str, dtype: str, request: Request) -> Point:
    """Measure one cell at one size and dtype."""
    try:
        given = (drawn.problem if request.library else problem)(cell, SIZES[size], dtype)
        reference = given.reference()
    except Exception as reason:
        if not request.library:
            raise
        return Point(cell, size, dtype, (), {EVERY: said(reason)}, {}, load())
    ready: dict[str, Ready] = {}
    skipped, wrong = {}, {}
    for name in request.contenders:
        try:
            ready[name] = prepare(name, given, reference)
        except (Skip, ImportError) as reason:
            skipped[name] = str(reason)
        except Exception as reason:  # one that fails must not take the others' hour with it
            wrong[name] = said(reason)
    rounds = measure({name: each.run for name, each in ready.items()}, request.budget)
    timed = (Timed.of(n, each.first, each.agreement, rounds[n]) for n, each in ready.items())
    return Point(cell, size, dtype, tuple(timed), skipped, wrong, load())


def said(reason: Exception) -> str:
    """The first line of what went wrong."""
    return f"{type(reason).__name__}: {reason}".splitlines()[0]


def prepare(name: str, given: Problem, reference: Arrays) -> Ready:
    """Prepare a contender, call it once, and compare what comes out with the reference."""
    prepared = find(name)(given)
    began = perf_counter()
    result = prepared.run()
    first = perf_counter() - began
    if not prepared.read:
        return Ready(prepared.run, first, None)
    agreement = agree(prepared.read(result), reference, given.dtype.name)
    return Ready(prepared.run, first, agreement)


if __name__ == "__main__":
    main()
