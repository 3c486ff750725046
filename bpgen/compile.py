"""The line of stages, from the text of a spec to the text of a module and its test.

Each stage is a function from one frozen value to the next and is followed by its check. `run` goes
as far as asked; `show` prints what any stage made as a page that one can read.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from bpgen import ops as ops  # fills the table of operators
from bpgen import targets
from bpgen.adjoint import adjoint
from bpgen.beyond import beyond
from bpgen.check import check
from bpgen.emitted import admit
from bpgen.files import stamp
from bpgen.ir import OPERATORS, walk
from bpgen.page import Module, Test
from bpgen.parse import parse
from bpgen.permitted import Unexpected
from bpgen.planned import verify_plan
from bpgen.render import render
from bpgen.repair import tried
from bpgen.report import Refused, Report, safe
from bpgen.schedule import Plan, schedule
from bpgen.simplify import simplify
from bpgen.skeleton import complete
from bpgen.source import Source
from bpgen.targets import fast, numpy, shipped
from bpgen.verify import verify_cell, verify_pair

PLAIN = "plain"
STYLES: dict[str, Callable[[Plan], Module]] = {PLAIN: numpy.write, "fast": fast.write}

Stage = tuple[str, Callable[[Any], Any], Callable[[Any], None] | None]

STAGES: tuple[Stage, ...] = (
    ("parse", parse, None),
    ("check", check, verify_cell),
    ("adjoint", adjoint, verify_pair),
    ("simplify", simplify, verify_pair),
    ("schedule", schedule, verify_plan),
    ("write", STYLES[PLAIN], None),
)


def run(source: Source, last: str = "schedule", style: str = PLAIN) -> Any:
    """What the stage `last` makes of a spec; `write` makes a module in a style.

    Raises `Refused` if the spec is wrong, `LookupError` if there is no such style.
    """
    value: Any = source
    for name, stage, verify in (*STAGES[:-1], ("write", _writer(style), None)):
        try:
            value = stage(value)
        except Refused as refused:
            reports = tried(source, refused.reports)
            raise Refused(beyond(source, reports) if name == "parse" else reports) from None
        if verify:
            verify(value)
        if name == last:
            return value
    raise KeyError(last)


def _writer(style: str, remat: int | None = None) -> Callable[[Plan], Module]:
    """What writes modules in a style. Raises `LookupError`, with a sentence."""
    if style not in STYLES:
        known = " and ".join(f"`{known}`" for known in STYLES)
        raise LookupError(f"there is no style `{safe(style)}`; there are {known}")
    if remat is None:
        return STYLES[style]
    if style != "fast" or remat < 1:
        raise LookupError("`remat` is a number of steps, at least 1, for the style `fast`")
    return partial(fast.write, remat=remat)


def compile_source(
    source: Source, target: str = targets.OWN, style: str = PLAIN, remat: int | None = None
) -> dict[str, str]:
    """The files that a spec becomes, by name, stamped: for NumPy, the module and its test.

    The style is that of the module, which with `remat` runs so many steps at a time; the test is
    the same in all. Raises `Refused` if the spec is wrong, or holds what the target cannot say, or
    with `remat`, if time cannot be cut; `LookupError` if there is no such target or style, or the
    target is a plug-in's, which has none; `targets.Unusable` if a plug-in's is broken; each with a
    sentence.
    """
    return files_of(run(source), target, style, remat)


def style_of(text: str) -> str:
    """The style that a module is written in, as options say it: only fast has a `Workspace`."""
    parts = re.search(r"in range\(0, T, (\d+)\):", text)
    remat = f" --remat {parts[1]}" if parts else ""
    return f"fast{remat}" if "\nclass Workspace" in text else PLAIN


def files_of(
    plan: Plan, target: str = targets.OWN, style: str = PLAIN, remat: int | None = None
) -> dict[str, str]:
    """The files that a plan becomes, as those of `compile_source`."""
    if target != targets.OWN:
        if style != PLAIN or remat is not None:
            raise LookupError(f"styles are for `{targets.OWN}`; `{safe(target)}` has none")
        other = targets.find(target)
        return {name: stamp(text, other.comment) for name, text in other.write(plan).items()}
    name = plan.pair.cell.name
    module, test = _writer(style, remat)(plan), shipped.write(plan)
    files = {
        f"{name}.py": stamp(render(module, "numpy/module.py.jinja")),
        f"test_{name}.py": stamp(render(test, "numpy/test.py.jinja")),
    }
    _pass(files, {f"{name}.py": module, f"test_{name}.py": test}, plan)
    return files


def _pass(files: dict[str, str], pages: dict[str, Module | Test], plan: Plan) -> None:
    """Let the gate see the files. What it stops is our own fault, but where a plug-in spelled."""
    try:
        admit(files, plan.pair)
        complete(files, pages)
    except Unexpected as error:
        nodes = [n for e in (*plan.pair.forward, *plan.pair.backward) for n in walk(e.value)]
        brought = {n.op: OPERATORS[n.op].origin for n in nodes if n.op in OPERATORS}
        whose = [f"`{op}` of {origin}" for op, origin in sorted(brought.items()) if origin]
        if not whose:
            raise
        message = f"{' and '.join(whose)} cannot be used: a module would hold what none may"
        raise Refused([Report("BP507", message, notes=(str(error),))]) from error
