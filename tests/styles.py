"""Do the two styles of a module agree, on whatever spec? Mutated specs that are right are compiled
in both, and run on what their shipped test draws.

    python tests/styles.py [--count 4000] [--seed 0] [--jobs 1]

The mutants are those of `fuzz`, with its numbers. Arrays are held to 1e-10 of their largest entry,
since a mutant may lose digits that no cell of the library loses; where plain is not finite, nothing
is compared, and that is counted.
"""

import argparse
import importlib.util
import inspect
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from bpgen.compile import STYLES, files_of, run
from bpgen.parse import read
from bpgen.report import Refused
from fuzz import mutant

TOGETHER = 200  # mutants that a worker takes at a time


def loaded(path: Path, name: str) -> Any:
    """A module from a file, whatever else has its name."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def working(module: ModuleType, sizes: Mapping[str, int]) -> Any:
    """A module that does all its work in one workspace."""
    asked = inspect.signature(module.Workspace).parameters.keys() - {"dtype"}
    work = module.Workspace(**{name: sizes[name] for name in asked}, dtype=np.float64)
    both = {name: partial(getattr(module, name), work=work) for name in ("forward", "backward")}
    return SimpleNamespace(**{**vars(module), **both})


def results(test: Any, module: Any, which: str, seed: int = 0) -> dict[str, np.ndarray]:
    """Outputs and gradients on what the shipped test draws; copies, since a workspace is reused."""
    test.module = module
    given = test.arguments(which, seed)
    dy = test.cotangents(given, seed)
    outputs, saved = test.forward(given)
    found = {name: np.array(v) for name, v in outputs.items()}
    gradients = test.backward(given, saved, dy)
    return found | {f"d{name}": np.array(v) for name, v in gradients.items()}


def agree(
    found: dict[str, np.ndarray], expected: dict[str, np.ndarray], which: str, near: float
) -> None:
    """Hold arrays to others by name, to a share of the largest entry of each.

    A mutant's gradient may be what is left where all else cancels: then 1 counts as its largest.
    """
    floor = 0.0 if near < 1e-11 else 1.0
    assert found.keys() == expected.keys()
    for name, v in expected.items():
        assert (found[name].shape, found[name].dtype) == (v.shape, v.dtype), f"{which}: {name}"
        if v.dtype.kind != "f":
            assert np.array_equal(found[name], v), f"{which}: {name}"
            continue
        off = np.abs(found[name] - v).max(initial=0)
        assert off <= near * np.abs(v).max(initial=floor), f"{which}: {name} is off by {off}"


def both(folder: Path, cell: str, near: float = 1e-12) -> str:
    """Hold the fast module of a cell to the plain one, alone and in a workspace used before."""
    plain, fast = (loaded(folder / style / f"{cell}.py", cell) for style in STYLES)
    kept = sys.modules.get(cell)
    sys.modules[cell] = plain  # what the test imports
    try:
        test = loaded(folder / "plain" / f"test_{cell}.py", f"test_{cell}")
    finally:
        sys.modules.pop(cell)
        if kept:
            sys.modules[cell] = kept
    for which, sizes in test.SIZES.items():
        expected = results(test, plain, which)
        if not all(np.isfinite(v).all() for v in expected.values()):
            return "not finite"
        agree(results(test, fast, which), expected, which, near)
        module = working(fast, sizes)
        results(test, module, which, seed=1)  # nothing of it may be left
        agree(results(test, module, which), expected, f"{which}, in a workspace", near)
    return "agree"


def outcome(data: bytes) -> str:
    """How a mutant ended: refused, not finite, agree, or what went wrong."""
    try:
        with np.errstate(all="ignore"), TemporaryDirectory() as folder:
            plan = run(read(data, "mutant.spec"))
            for style in STYLES:
                (Path(folder) / style).mkdir()
                for name, text in files_of(plan, style=style).items():
                    (Path(folder) / style / name).write_text(text, "ascii")
            return both(Path(folder), plan.pair.cell.name, near=1e-10)
    except Refused:
        return "refused"
    except Exception as error:  # whatever it is, it is what is looked for
        if "no arguments found" in str(error):  # the shipped test says so: they are not finite
            return "not finite"
        return f"failed: {type(error).__name__}: {str(error)[:200]}"


def trials(seed: int, numbers: Sequence[int]) -> list[tuple[int, str]]:
    """The mutants of these numbers, and how each ended."""
    return [(number, outcome(mutant(seed, number))) for number in numbers]


def main(given: Sequence[str] | None = None) -> int:
    """Print how the mutants ended; 1 if the styles differ for one."""
    parser = argparse.ArgumentParser(description="Do the two styles of a module agree?")
    parser.add_argument("--count", type=int, default=4000, help="how many mutants")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other mutants")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    args = parser.parse_args(given)
    ends: Counter[str] = Counter()
    dealt = [range(i, min(i + TOGETHER, args.count)) for i in range(0, args.count, TOGETHER)]
    with ProcessPoolExecutor(args.jobs) as pool:
        for part in pool.map(partial(trials, args.seed), dealt):
            for number, end in part:
                ends[end.partition(":")[0]] += 1
                if end.startswith("failed"):
                    text = mutant(args.seed, number).decode("utf-8", "backslashreplace")
                    print(f"mutant {number}: {end}\n{text}", flush=True)
    print(", ".join(f"{count} {end}" for end, count in ends.most_common()))
    return int(bool(ends["failed"]))


if __name__ == "__main__":
    sys.exit(main())
