"""What compiling costs as a spec grows; `growth.py` is the command.

Specs of 125 to 2,000 statements, the most that a spec may have, of three kinds. All statements but
a few are equations. Seconds are a processor's, from the text of a spec to the texts of its module
and test, in one process that has made grammar and templates; each is the median of three runs.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import log
from pathlib import Path
from statistics import linear_regression, median
from time import process_time

from benchmarks.machine import machine, pin
from bpgen.compile import files_of, run
from bpgen.lints import lint
from bpgen.source import Source

STATEMENTS = (125, 250, 500, 1000, 2000)
RUNS = 3
WARM = 20  # statements of a spec that is compiled before, for what is made once

Times = Mapping[str, Sequence[float]]  # of each kind, seconds for each of STATEMENTS


def chain(n: int) -> str:
    """Equations of which each reads the one before it, half of them over time."""
    head = "cell c\ndim N, D\ninput x[t] : (N, D)\nparam w0 : (D)\na0[t] = x[t]\n"
    pairs = (n - 6) // 2
    body = (f"w{i} = tanh(w{i - 1})\na{i}[t] = a{i - 1}[t] * w{i}\n" for i in range(1, pairs + 1))
    return f"{head}{''.join(body)}loss J = sum(a{pairs}[t], over=all)\n"


def outputs(n: int) -> str:
    """Outputs that all read one input, whose gradient is a sum of as many terms."""
    body = (f"output y{i} = x ** {i}\n" for i in range(2, n - 1))
    return f"cell c\ndim N, D\ninput x : (N, D)\n{''.join(body)}"


def parameters(n: int) -> str:
    """A product of as many parameters, each with its gradient; a line declares a hundred."""
    count = (n - 4) * 100 // 101
    names = [f"w{i}" for i in range(count)]
    declared = (f"param {', '.join(names[i : i + 100])} : (D)\n" for i in range(0, count, 100))
    body = (f"a{i} = a{i - 1} * w{i}\n" for i in range(1, count))
    head = f"cell c\ndim N, D\ninput x : (N, D)\n{''.join(declared)}a0 = x * w0\n"
    return f"{head}{''.join(body)}loss J = sum(a{count - 1}, over=all)\n"


KINDS: Mapping[str, Callable[[int], str]] = {
    "a chain": chain,
    "outputs of one input": outputs,
    "a parameter for each": parameters,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write what was asked for."""
    asked = argparse.ArgumentParser(prog="python benchmarks/growth.py", description=__doc__)
    asked.add_argument("-o", "--output", type=Path, metavar="DIR", help="write JSON and plot there")
    folder = asked.parse_args(arguments).output
    pin()
    times = {kind: [seconds(make, n) for n in STATEMENTS] for kind, make in KINDS.items()}
    facts = {"day": datetime.now(UTC).date().isoformat(), "machine": machine()}
    print(page(times, facts), end="")
    if folder:
        write(times, facts, folder)
    return 0


def seconds(make: Callable[[int], str], n: int) -> float:
    """A processor's seconds to compile a spec of `n` statements."""
    _compile(make(WARM))
    return median(_compile(make(n)) for _ in range(RUNS))


def _compile(text: str) -> float:
    source = Source("c.spec", text)
    began = process_time()
    plan = run(source)
    lint(plan.pair.cell)
    files_of(plan)
    return process_time() - began


def exponent(found: Sequence[float]) -> float:
    """The power of the number of statements that the seconds grow with."""
    return linear_regression([log(n) for n in STATEMENTS], [log(each) for each in found]).slope


def page(times: Times, facts: Mapping[str, object]) -> str:
    """A table: a row for each size, and the power that each column grows with."""
    rows = [
        "# Seconds to compile a spec",
        "",
        f"{facts['machine']['processor']}, one core; {facts['day']}.",
        "",
        f"| statements | {' | '.join(times)} |",
        f"|---:|{'---:|' * len(times)}",
    ]
    for n, *found in zip(STATEMENTS, *times.values(), strict=True):
        rows.append(f"| {n} | {' | '.join(f'{each:.2f}' for each in found)} |")
    powers = (f"{exponent(found):.2f}" for found in times.values())
    return "\n".join([*rows, f"| grows with the power | {' | '.join(powers)} |"]) + "\n"


def write(times: Times, facts: Mapping[str, object], folder: Path) -> None:
    """Write the page, JSON, and the plot if matplotlib is here."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "growth.md").write_text(page(times, facts), "utf-8")
    known = {**facts, "statements": STATEMENTS, "seconds": times}
    (folder / "growth.json").write_text(json.dumps(known) + "\n", "utf-8")
    try:
        from benchmarks import plots
    except ImportError as absent:
        print(f"no plot: {absent}")
    else:
        plots.growth(STATEMENTS, times, facts, folder)
