"""Rounds: contenders in turn, each long enough to be measured, again and again.

One round runs every contender once, starting with another one each time, so that a drifting clock
touches all alike. After each switch one call is thrown away, since it finds the caches full of
another's arrays. Then as many calls as take `LOOP` seconds are timed together. A round in which the
process did not have its core all the time is not counted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from time import perf_counter, process_time

LOOP = 0.030  # seconds that the calls of one sample take together, at least
CLEAN = 0.96  # of the wall's time, what the processor must have worked
ROUNDS = 3, 15  # at least and at most

Run = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Sample:
    """One contender in one round: how many calls, and their seconds together."""

    calls: int
    wall: float
    cpu: float


def is_clean(sample: Sample) -> bool:
    """Whether the process had its core to itself."""
    return sample.cpu > CLEAN * sample.wall


def seconds(samples: Sequence[Sample]) -> float:
    """Of one call: the median of the clean samples, or of all if none is clean."""
    counted = [sample for sample in samples if is_clean(sample)] or samples
    return median(sample.wall / sample.calls for sample in counted)


def measure(runs: Mapping[str, Run], budget: float) -> dict[str, tuple[Sample, ...]]:
    """Time each run in rounds, until `budget` seconds are spent or there are rounds enough."""
    began = perf_counter()
    calls = {name: ceil(LOOP / fastest(run)) for name, run in runs.items()}
    names = list(runs)
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    least, most = ROUNDS
    for turn in range(most):
        if turn >= least and perf_counter() - began > budget:
            break
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            runs[name]()
            samples[name].append(_sample(runs[name], calls[name]))
    return {name: tuple(found) for name, found in samples.items()}


def fastest(run: Run) -> float:
    """Seconds of the fastest of some calls, two at least, after one that only warms up."""
    run()
    began, walls = perf_counter(), list[float]()
    while len(walls) < 2 or perf_counter() - began < LOOP:
        walls.append(_sample(run, 1).wall)
    return min(walls)


def _sample(run: Run, calls: int) -> Sample:
    cpu, wall = process_time(), perf_counter()
    for _ in range(calls):
        run()
    wall, cpu = perf_counter() - wall, process_time() - cpu
    return Sample(calls, wall, cpu)
