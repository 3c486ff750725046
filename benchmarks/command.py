"""The command: what to measure, a process for each environment, and where results go."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import cells, contenders, report
from benchmarks.machine import environments, machine
from benchmarks.measure import Request
from benchmarks.results import Environment, Results, dump, environment, load
from benchmarks.settings import BUDGET, DTYPES, SHORT_BUDGET, SIZES
from bpgen import library

ROOT = Path(__file__).resolve().parent.parent
USUAL = tuple(name for name in contenders.NAMES if name != contenders.COMPILED)
SHORT = (*contenders.OURS, contenders.TEXTBOOK)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report. Returns 1 if a contender disagrees with the reference or fails."""
    made = parser()
    asked = made.parse_args(arguments)
    if wrong := _complete(asked):
        made.error(wrong)
    if asked.redraw:
        report.write(load(asked.redraw / "results.json"), asked.redraw)
        return 0
    found = environments(os.environ)
    if asked.short:  # as the machine is
        as_found = list(found)[-1]
        found = {as_found: found[as_found]}
    results = Results(datetime.now(UTC).date().isoformat(), machine(), ())
    for name, variables in found.items():
        measured = _measure(name, variables, asked)
        results = replace(results, environments=(*results.environments, measured))
        if asked.output:  # at once, so that a failure of the next does not lose it
            _keep(results, asked.output)
    print(report.short(results) if asked.short else report.page(results))
    return int(any(point.wrong for each in results.environments for point in each.points))


def _keep(results: Results, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    dump(results, folder / "results.json")
    report.write(results, folder)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python benchmarks/run.py",
        description="Time a training step of generated modules beside their peers and the limit.",
        epilog="Lists are separated by commas. The limit is always measured.",
    )
    add = made.add_argument
    add("--cells", type=_names, help=f"{', '.join(cells.NAMES)}; or of the library")
    add("--library", action="store_true", help="cells of bpgen's library, without peers")
    add("--sizes", type=_some(SIZES), help=", ".join(SIZES))
    add("--dtypes", type=_some(DTYPES), help=", ".join(DTYPES))
    add(
        "--contenders",
        type=_some(contenders.NAMES),
        help=f"{', '.join(contenders.NAMES[1:])}; or `all`. Unless it is named, "
        f"{contenders.COMPILED} is left out, since it compiles for minutes",
    )
    add("--short", action="store_true", help="one size, the textbook, the machine as it is")
    add("-o", "--output", type=Path, metavar="DIR", help="write JSON, tables and plots there")
    add("--redraw", type=Path, metavar="DIR", help="write tables and plots of the JSON in there")
    return made


def _some(known: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    """Reads a list of known names, in the order in which they are known."""

    def read(text: str) -> tuple[str, ...]:
        asked = text.split(",")
        for name in asked:
            if name not in (*known, "all"):
                raise argparse.ArgumentTypeError(f"`{name}` is none of {', '.join(known)}")
        return tuple(name for name in known if name in asked or "all" in asked)

    return read


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _complete(asked: argparse.Namespace) -> str:
    """Say all cells and contenders that are left open; returns what does not go together."""
    known = library.names() if asked.library else cells.NAMES
    asked.cells = asked.cells or tuple(known)
    usual = contenders.ANYWHERE if asked.library else SHORT if asked.short else USUAL
    asked.contenders = asked.contenders or usual
    for name in asked.cells:
        if name not in known:
            return f"argument --cells: `{name}` is none of {', '.join(known)}"
    for name in asked.contenders:
        if asked.library and name not in contenders.ANYWHERE:
            return f"`{name}` needs what only the cells of benchmarks/ have; --library has none"
    return ""


def _measure(name: str, variables: dict[str, str], asked: argparse.Namespace) -> Environment:
    """Run a process in an environment and read what it measured."""
    request = Request(
        environment=name,
        cells=asked.cells,
        sizes=asked.sizes or (("small",) if asked.short else tuple(SIZES)),
        dtypes=asked.dtypes or (DTYPES[:1] if asked.short else DTYPES),
        contenders=tuple(dict.fromkeys((contenders.LIMIT, *asked.contenders))),
        budget=SHORT_BUDGET if asked.short else BUDGET,
        library=asked.library,
    )
    with TemporaryDirectory(prefix="bench-") as scratch:
        out = Path(scratch) / "environment.json"
        subprocess.run(
            [sys.executable, "-m", "benchmarks.measure", str(out)],
            input=json.dumps(asdict(request)),
            cwd=ROOT,
            env=variables,
            text=True,
            check=True,
        )
        return environment(json.loads(out.read_text("utf-8")))
