"""Does the shipped test bite? Wrong derivatives are planted, and the test must find each.

    python tests/mutants.py [CELL ...] [--style fast] [--kinds M1,F6] [--each N] [--jobs 2] [-x]

Every mutant (`mutations` makes them from the backward equations of a cell of the library) is
scheduled and written like any module, into a directory of its own, beside the unchanged test of the
right module; pytest runs that test in a process of its own, and must fail by an assertion. In the
fast style, `buffer_mutations` plants more in the text. What comes out is the kill matrix, as
Markdown: how many mutants of a kind fail in each row of the test. All that can be planted are more
than 11,000 in the plain style, of which `--each` takes some of every kind and cell.

A mutant that passes is a survivor: a row is too weak, or the mutant is no mutant. Those of the
second sort stand in `EQUIVALENT`, each with its proof, and the equations are evaluated to check it.
"""

import argparse
import shlex
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import buffer_mutations
import line_mutations
import mutations
from bpgen import library
from bpgen.compile import STYLES, run
from bpgen.interpret import run as evaluate
from bpgen.ir import Pair
from bpgen.parse import read
from bpgen.render import render
from bpgen.schedule import LoopError, schedule
from bpgen.targets import shipped
from drawing import drawn, sizes_of
from trial import Server, Verdict

KINDS = mutations.KINDS | buffer_mutations.KINDS


@dataclass(frozen=True, slots=True)
class Mutant:
    """A wrong module: what was done to which cell, and its text; the wrong pair, if it has one."""

    cell: str
    kind: str
    what: str
    module: str
    pair: Pair | None


# what no cell of the library has
EXTRA = {
    "stopped": """
cell  stopped
about "A state that is read twice, once where nothing flows back."

dim   N, D, H

input x[t] : (N, D)
param W : (D, H)
param U : (H, H)
state h[t] : (N, H)

h[t] = tanh(x[t] @ W + h[t-1] @ U + stop_gradient(h[t-1] @ U))
"""
}


def right(cell: str) -> Pair:
    """The equations of a cell of the library, or of a further one, as they are."""
    text = EXTRA.get(cell) or library.text(cell)
    return run(read(text.encode(), f"{cell}.spec"), "simplify")


def module_of(pair: Pair, style: str = "plain") -> str:
    return render(STYLES[style](schedule(pair)), "numpy/module.py.jinja")


def test_of(pair: Pair) -> str:
    return render(shipped.write(schedule(pair)), "numpy/test.py.jinja")


test_of.__test__ = False  # a maker of tests is none


def planted(
    cell: str,
    kinds: Sequence[str] = tuple(KINDS),
    each: int | None = None,
    style: str = "plain",
) -> Iterator[Mutant]:
    """The mutants of a cell; at most `each` of a kind, spread evenly over all there are."""
    pair = right(cell)
    module = module_of(pair, style)
    found = defaultdict(list)
    for kind, what, wrong in (*mutations.mutations(pair), *line_mutations.edits(module)):
        found[kind].append((what, wrong))
    for kind, what, text in buffer_mutations.edits(module) if style == "fast" else ():
        found[kind].append((what, text))
    for kind in kinds:
        for what, wrong in _spread(found[kind], each):
            try:
                text = wrong if isinstance(wrong, str) else module_of(wrong, style)
            except LoopError:  # a value that would be needed before it is made: nobody can write it
                continue
            yield Mutant(cell, kind, what, text, None if isinstance(wrong, str) else wrong)


def _spread(found: list, each: int | None) -> list:
    if each is None or len(found) <= each:
        return found
    return [found[i * len(found) // each] for i in range(each)]


# -- running --------------------------------------------------------------------------------------


def trials(
    cell: str,
    kinds: Sequence[str],
    each: int | None,
    options: Sequence[str] = (),
    style: str = "plain",
) -> list[tuple[Mutant, Verdict]]:
    """Run the shipped test of a cell on every mutant of it."""
    test = test_of(right(cell))
    ended = []
    with Server() as server, tempfile.TemporaryDirectory() as scratch:
        for i, mutant in enumerate(planted(cell, kinds, each, style)):
            folder = laid(Path(scratch) / str(i), cell, mutant.module, test)
            ended.append((mutant, server.run(folder, options=options)))
    return ended


def laid(folder: Path, cell: str, module: str, test: str) -> Path:
    """A new directory with a module and its test."""
    folder.mkdir()
    (folder / f"{cell}.py").write_text(module, "utf-8")
    (folder / f"test_{cell}.py").write_text(test, "utf-8")
    return folder


# -- survivors ------------------------------------------------------------------------------------

_HOLDS = "a clocked state holds between its ticks, so that these steps read and receive the same"
_RELU = "relu(a) is above 0 where a is"

# (cell, what was done) -> why that changes nothing, at any number of steps
EQUIVALENT: dict[tuple[str, str], str] = {
    ("antisymmetric", "dW: its first element"): "a matrix less its transpose has no diagonal",
    ("antisymmetric", "dW: its last element"): "a matrix less its transpose has no diagonal",
    ("clockwork", "ds_prev: da_s[t+1] for da_s[t]"): _HOLDS,
    ("clockwork", "ds_prev: da_m[t+1] for da_m[t]"): _HOLDS,
    ("clockwork", "dm_prev: da_m[t+1] for da_m[t]"): _HOLDS,
    ("clockwork", "dU_mm: m[t-2] for m[t-1]"): _HOLDS,
    ("clockwork", "dU_mm: da_m[t+1] for da_m[t]"): _HOLDS,
    ("clockwork", "dU_sm: s[t-2] for s[t-1]"): _HOLDS,
    ("clockwork", "dU_sm: da_m[t+1] for da_m[t]"): _HOLDS,
    ("clockwork", "dU_ss: s[t-3] for s[t-1]"): _HOLDS,
    ("clockwork", "dU_ss: s[t-2] for s[t-1]"): _HOLDS,
    ("clockwork", "dU_ss: da_s[t+1] for da_s[t]"): _HOLDS,
    ("clockwork", "db_m: da_m[t+1] for da_m[t]"): "the first step is no tick, so none is lost",
    ("clockwork", "db_s: da_s[t+1] for da_s[t]"): "the first step is no tick, so none is lost",
    ("fast_weights", "da_h: the argument of h[t]"): _RELU,
    ("hopfield", "du_prev: W.T without .T"): "W is symmetric",
    ("hopfield", "backward: ws.scratch_TNH lies in ws.dx"): "both are du * dt",
    ("hopfield", "dW_free: transposed"): "only its symmetric part is used",
    ("hopfield", "dW: transposed"): "it is symmetric",
    ("indrnn", "da_h: the argument of h[t]"): _RELU,
    ("linear_attention", "da_k: x_W_k[t] >= 0 for x_W_k[t] > 0"): "elu has slope 1 around 0",
    ("linear_attention", "da_q: x_W_q[t] >= 0 for x_W_q[t] > 0"): "elu has slope 1 around 0",
    ("rnn_relu", "da_h: the argument of h[t]"): _RELU,
}


def agree(pair: Pair, wrong: Pair, T: int) -> bool:
    """Whether two pairs mean the same gradients: both evaluated, at a random place, of T steps."""
    cell = pair.cell
    sizes = sizes_of(cell, T)
    given = drawn(cell, sizes, seed=T)
    rng = np.random.default_rng(T)
    timed = {q.name: q.timed for q in cell.given}
    outputs = evaluate(pair.forward, cell.states, given, timed, sizes)
    for output, name in pair.cotangents:
        given[name] = rng.normal(size=np.shape(outputs[output]))
        timed[name] = cell.equation(output).timed
    found = []
    for p in (pair, wrong):
        values = evaluate((*p.forward, *p.backward), cell.states, given, timed, sizes)
        found.append([values[name] for _, name in p.gradients if name])
    return all(np.allclose(a, b, rtol=1e-12, atol=1e-13) for a, b in zip(*found, strict=True))


def settled(mutant: Mutant, verdict: Verdict) -> str:
    """The end of a verdict; "equivalent" for a survivor with a proof, "survivor" without."""
    if verdict.end != "passed":
        return verdict.end
    return "equivalent" if (mutant.cell, mutant.what) in EQUIVALENT else "survivor"


# -- the page -------------------------------------------------------------------------------------

Trial = tuple[Mutant, Verdict]
KILLED = ("assertion", "guard")


def page(ended: Mapping[str, Sequence[Trial]], command: str) -> str:
    """The kill matrix of every style that was tried, as Markdown."""
    lines = [
        "# Kill matrix",
        "",
        f"Rebuilt by `{command} > bpgen/docs/kill-matrix.md`.",
        "",
        "Each mutant is a module of some cell with a mistake in one place: M1 to M22 are wrong",
        "gradients beside right outputs, F1 to F7 are of the text of the fast style. The test that",
        "ships beside the right module was run on each: a number says how many mutants of a kind",
        "fail in a row of that test. *Alone* counts those that no other row sees.",
    ]
    for style, trials_ in ended.items():
        lines += ["", f"## The {style} style", "", *_section(trials_)]
    return "\n".join(lines) + "\n"


def _section(ended: Sequence[Trial]) -> Iterator[str]:
    ends = Counter(settled(*trial) for trial in ended)
    killed, lost = sum(ends[end] for end in KILLED), ends["crash"] + ends["timeout"]
    yield f"{len(ended)} mutants of {len({mutant.cell for mutant, _ in ended})} cells: {killed}"
    yield f"killed, {ends['assertion']} by an assertion, {ends['guard']} by a guard (a read-only"
    yield f"argument written to, an error in floating point); {ends['equivalent']} equivalent;"
    yield f"{ends['survivor']} survived; {lost} crashed."
    yield ""
    yield from _matrix(ended)
    rest = [trial for trial in ended if settled(*trial) not in KILLED]
    if rest:
        yield from ("", "| cell | kind | mutant | end |", "|---|---|---|---|")
    for mutant, verdict in rest:
        said = EQUIVALENT.get((mutant.cell, mutant.what), verdict.said)
        end = ": ".join(filter(None, (settled(mutant, verdict), said)))
        yield f"| {mutant.cell} | {mutant.kind} | `{mutant.what}` | {end} |".replace("||", "|")


def _matrix(ended: Sequence[Trial]) -> Iterator[str]:
    rows = Counter(row for _, verdict in ended for row in verdict.rows)
    named = [row for row, _ in rows.most_common() if row]
    heads = [row.removeprefix("test_").replace("_", " ") for row in named]
    yield f"| kind | what | mutants | killed | {' | '.join(heads)} |"
    yield f"|---|---|{'---:|' * (len(heads) + 2)}"
    for kind, what in KINDS.items():
        own = [trial for trial in ended if trial[0].kind == kind]
        if own:
            yield _line(f"{kind} | {what}", own, named)
    yield _line("all | ", ended, named)
    alone = Counter(v.rows[0] for _, v in ended if len(v.rows) == 1)
    yield f"| alone | | {sum(alone.values())} | | {' | '.join(str(alone[row]) for row in named)} |"


def _line(lead: str, ended: Sequence[Trial], named: Sequence[str]) -> str:
    killed = sum(settled(*trial) in KILLED for trial in ended)
    counts = [sum(row in verdict.rows for _, verdict in ended) for row in named]
    return f"| {lead} | {len(ended)} | {killed} | {' | '.join(map(str, counts))} |"


# -- the command ----------------------------------------------------------------------------------


def main(words: Sequence[str] | None = None) -> int:
    """Print the matrix; 1 if anything survived or crashed."""
    parser = argparse.ArgumentParser(description="Does the shipped test find planted mistakes?")
    parser.add_argument("cells", nargs="*", metavar="CELL", help="all of the library, if none")
    parser.add_argument("--style", default=",".join(STYLES), help="plain, fast; both, if not given")
    parser.add_argument("--kinds", default=",".join(KINDS), help="such as M1,F6; all, if not given")
    parser.add_argument("--each", type=int, help="at most so many mutants of a kind and cell")
    parser.add_argument("--jobs", type=int, default=2, help="how many cells at a time")
    parser.add_argument("-x", action="store_true", help="stop each run at its first failure")
    given = parser.parse_args(words)
    kinds, options = given.kinds.split(","), ["-x"] * given.x
    cells = given.cells or [*library.names(), *EXTRA]
    ended: dict[str, list[Trial]] = {style: [] for style in given.style.split(",")}
    with ProcessPoolExecutor(given.jobs) as pool:
        asked = [(cell, kinds, given.each, options, style) for style in ended for cell in cells]
        jobs = [pool.submit(trials, *each) for each in asked]
        for (cell, *_, style), job in zip(asked, jobs, strict=True):
            ended[style] += job.result()
            counts = Counter(settled(*trial) for trial in job.result())
            print(style, cell, dict(counts), file=sys.stderr, flush=True)
    print(page(ended, shlex.join(["python", "tests/mutants.py", *(words or sys.argv[1:])])), end="")
    every = [trial for found in ended.values() for trial in found]
    return int(any(settled(*trial) not in (*KILLED, "equivalent") for trial in every))


if __name__ == "__main__":
    sys.exit(main())
