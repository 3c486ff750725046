"""Does the shipped test bite? Wrong derivatives are planted, and the test that ships must find each.

    python tests/mutants.py [CELL ...] [--kinds M1,M6] [--each N] [--jobs 2] [-x]

Every mutant (`mutations` makes them from the backward equations of a cell of the library) is scheduled and
written like any module, into a directory of its own, beside the unchanged test of the right module;
pytest runs that test in a process of its own, and must fail by an assertion. What comes out is the kill
matrix, as Markdown: of each kind, how many mutants each row of the test fails on.

A mutant that passes is a survivor: a row is too weak, or the mutant is no mutant. Those of the second
sort stand in `EQUIVALENT`, each with its proof; the proof is checked against the equations' meaning.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import mutations
from mutations import KINDS
from trial import Server, Verdict

from bpgen import library
from bpgen.compile import run
from bpgen.ir import Pair
from bpgen.parse import read
from bpgen.render import render
from bpgen.schedule import LoopError, schedule
from bpgen.targets import numpy, shipped

PAGE = ROOT / "bpgen" / "docs" / "kill-matrix.md"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A wrong module: what was done to which cell, and its text; the wrong pair, if it has one."""

    cell: str
    kind: str
    what: str
    module: str
    pair: Pair | None


def right(cell: str) -> Pair:
    """The equations of a cell of the library, as they are."""
    return run(read(library.text(cell).encode(), f"{cell}.spec"), "simplify")


def module_of(pair: Pair) -> str:
    return render(numpy.write(schedule(pair)), "numpy/module.py.jinja")


def test_of(pair: Pair) -> str:
    return render(shipped.write(schedule(pair)), "numpy/test.py.jinja")


test_of.__test__ = False  # a maker of tests is none


def planted(cell: str, kinds: Sequence[str] = tuple(KINDS), each: int | None = None) -> Iterator[Mutant]:
    """The mutants of a cell; at most `each` of a kind, spread evenly over all there are."""
    pair = right(cell)
    found = defaultdict(list)
    for kind, what, wrong in mutations.mutations(pair):
        found[kind].append((what, wrong))
    for kind, what, text in mutations.edits(module_of(pair)):
        found[kind].append((what, text))
    for kind in kinds:
        for what, wrong in _spread(found[kind], each):
            try:
                text = wrong if isinstance(wrong, str) else module_of(wrong)
            except LoopError:  # a value that would be needed before it is made: nobody can write it
                continue
            yield Mutant(cell, kind, what, text, None if isinstance(wrong, str) else wrong)


def _spread(found: list, each: int | None) -> list:
    if each is None or len(found) <= each:
        return found
    return [found[i * len(found) // each] for i in range(each)]


# -- running --------------------------------------------------------------------------------------


def trials(
    cell: str, kinds: Sequence[str], each: int | None, options: Sequence[str] = ()
) -> list[tuple[Mutant, Verdict]]:
    """Run the shipped test of a cell on the right module, which must pass, and on every mutant."""
    test = test_of(right(cell))
    ended = []
    with Server() as server, tempfile.TemporaryDirectory() as scratch:
        for i, mutant in enumerate(planted(cell, kinds, each)):
            folder = laid(Path(scratch) / str(i), cell, mutant.module, test)
            ended.append((mutant, server.run(folder, options=options)))
    return ended


def laid(folder: Path, cell: str, module: str, test: str) -> Path:
    """A new directory with a module and its test."""
    folder.mkdir()
    (folder / f"{cell}.py").write_text(module, "utf-8")
    (folder / f"test_{cell}.py").write_text(test, "utf-8")
    return folder


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cells", nargs="*", metavar="CELL")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--each", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("-x", action="store_true")
    args = parser.parse_args(words)
    started = time.perf_counter()
    ended = []
    with ProcessPoolExecutor(args.jobs) as pool:
        cells = args.cells or library.names()
        jobs = {c: pool.submit(trials, c, args.kinds.split(","), args.each, ["-x"] * args.x) for c in cells}
        for cell, job in jobs.items():
            ended += job.result()
            print(cell, len(job.result()), Counter(v.end for _, v in job.result()), file=sys.stderr)
    for m, v in ended:
        if v.end not in ("assertion","guard"):
            print(v.end, m.cell, m.kind, m.what, v.first, v.said[:200])
    print(time.perf_counter()-started, len(ended))
    import pickle
    pickle.dump([(m.cell,m.kind,m.what,v) for m,v in ended], open('/tmp/w/ended.pkl','wb'))


if __name__ == "__main__":
    sys.exit(main())
