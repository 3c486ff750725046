"""The memory of one long training step: `python -m benchmarks.memory`, with names of contenders.

A step of the LSTM at the size `long`, in float32, in a process of its own for each contender, which
has imported its libraries, run a tiny step, and drawn its inputs before anything is counted. Then
it is prepared, with its workspace if it has one, and takes one step, whose results are held.

    resident    the largest resident set of the process from there on, less what it was there
    NumPy's     the most that NumPy's arrays took at once, by tracemalloc, in another process

MB are 10**6 bytes. What is freed goes back to the system at once, by `ALLOTTING`, so that nothing
is put where something else was. Needs Linux, where a largest resident set can be reset.
"""

import argparse
import gc
import json
import os
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import cells, contenders
from benchmarks.command import ROOT
from benchmarks.machine import ALONE
from benchmarks.problem import Problem, problem
from benchmarks.settings import SIZES

CELL, SIZE, DTYPE = "lstm", "long", "float32"
WARM = {"N": 2, "T": 3, "D": 4, "H": 4}
USUAL = (*contenders.OURS, contenders.TEXTBOOK, "torch-loop", "torch-nn")
NUMPY = (*contenders.OURS, contenders.TEXTBOOK)  # those that work in NumPy's arrays alone
ALLOTTING = {
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "NUMPY_MADVISE_HUGEPAGE": "0",
}
ABSENT = "absent"

Count = Callable[[str, Problem], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure in processes of their own, and print a table."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    asked.add_argument("contenders", nargs="*", default=USUAL, metavar="CONTENDER")
    asked.add_argument("--count", choices=COUNTS, help="one of them, in this process, in bytes")
    given = asked.parse_args(arguments)
    if given.count:
        print(json.dumps(counted(given.contenders[0], COUNTS[given.count])))
        return 0
    sizes = ", ".join(f"{name} = {value}" for name, value in SIZES[SIZE].items())
    print(f"{cells.find(CELL).TITLE}, {sizes}, {DTYPE}: MB over its inputs.\n")
    print("| contender | resident | NumPy's |\n|---|---:|---:|")
    for name in given.contenders:
        found = [alone(name, "resident"), alone(name, "arrays") if name in NUMPY else ""]
        print(f"| `{name}` | {' | '.join(found)} |", flush=True)
    return 0


def alone(name: str, count: str) -> str:
    """What a process of its own counts, in MB."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", name, "--count", count],
        cwd=ROOT,
        env={**os.environ, **ALONE, **ALLOTTING},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    return ABSENT if found is None else f"{found / 1e6:.1f}"


def counted(name: str, count: Count) -> int | None:
    """What a contender takes for a step, in bytes; None if its library is absent."""
    try:
        prepared = contenders.find(name)(problem(CELL, WARM, DTYPE))
    except ImportError:
        return None
    prepared.run()
    given = problem(CELL, SIZES[SIZE], DTYPE)
    gc.collect()
    return count(name, given)


def resident(name: str, given: Problem) -> int:
    """By the system: pages of memory that the process has touched."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak is now what is resident now
    before = _status("VmRSS")
    held = contenders.find(name)(given).run()
    peak = _status("VmHWM")
    del held
    return peak - before


def arrays(name: str, given: Problem) -> int:
    """By tracemalloc: all that Python and NumPy have allotted."""
    tracemalloc.start()
    held = contenders.find(name)(given).run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del held
    return peak


COUNTS: dict[str, Count] = {"resident": resident, "arrays": arrays}


def _status(field: str) -> int:
    found = re.search(rf"^{field}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.M)
    assert found is not None
    return int(found[1]) * 1024


if __name__ == "__main__":
    sys.exit(main())
