"""Does the shipped test cry wolf? It is run on right modules, over many seeds, and must pass.

    python tests/false_alarms.py [CELL ...] [--seeds 10000] [--jobs 2]

A seed decides every number that a test draws. Seeds are dealt out to the cells of the library in
turn, so that 10,000 are some 230 for each. A copy of the test for each seed stands beside the
module, and pytest runs many copies together.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bpgen import library
from bpgen.compile import compile_source
from bpgen.parse import read
from trial import Server, Verdict

TOGETHER = 25  # copies in one run
SEED = '"BPGEN_SEED", "0"'  # the seed that stands in a test


def alarms(cell: str, seeds: Sequence[int]) -> list[tuple[int, Verdict]]:
    """The seeds for which the test of a right module does not pass, and how it ends."""
    files = compile_source(read(library.text(cell).encode(), f"{cell}.spec"))
    module, test = files[f"{cell}.py"], files[f"test_{cell}.py"]
    assert test.count(SEED) == 1
    found = []
    with Server() as server, tempfile.TemporaryDirectory() as scratch:
        for start in range(0, len(seeds), TOGETHER):
            part = seeds[start : start + TOGETHER]
            folder = Path(scratch) / str(start)
            folder.mkdir()
            (folder / f"{cell}.py").write_text(module, "utf-8")
            for seed in part:
                copy = test.replace(SEED, f'"BPGEN_SEED", "{seed}"')
                (folder / f"test_{cell}_{seed}.py").write_text(copy, "utf-8")
            if server.run(folder, options=["--assert=plain"], limit=600).end != "passed":
                each = [(seed, server.run(folder, [f"test_{cell}_{seed}.py"])) for seed in part]
                found += [(seed, verdict) for seed, verdict in each if verdict.end != "passed"]
    return found


def dealt(cells: Sequence[str], count: int) -> dict[str, list[int]]:
    """The seeds from 1 to `count`, to the cells in turn."""
    return {cell: [*range(1 + i, 1 + count, len(cells))] for i, cell in enumerate(cells)}


def main(words: Sequence[str] | None = None) -> int:
    """Print every false alarm, and how many there were; 1 if any."""
    parser = argparse.ArgumentParser(description="Does the shipped test pass on right modules?")
    parser.add_argument("cells", nargs="*", metavar="CELL", help="all of the library, if none")
    parser.add_argument("--seeds", type=int, default=10_000, help="how many, over all cells")
    parser.add_argument("--jobs", type=int, default=2, help="how many cells at a time")
    given = parser.parse_args(words)
    seeds = dealt(given.cells or library.names(), given.seeds)
    count = 0
    with ProcessPoolExecutor(given.jobs) as pool:
        for cell, found in zip(seeds, pool.map(alarms, seeds, seeds.values()), strict=True):
            print(f"{cell}: {len(seeds[cell])} seeds", file=sys.stderr, flush=True)
            for seed, verdict in found:
                print(f"{cell}, seed {seed}: {verdict.end} in {verdict.first}: {verdict.said}")
            count += len(found)
    print(f"{given.seeds} seeds, {len(seeds)} cells: {count} false alarms")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
