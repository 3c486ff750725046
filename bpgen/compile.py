"""The line of stages, from the text of a spec to the text of a module and its test.

Each stage is a function from one frozen value to the next and is followed by its check. `run` goes
as far as asked; `show` prints what any stage made as a page that one can read.
"""

from collections.abc import Callable
from typing import Any

from bpgen import ops as ops  # fills the table of operators
from bpgen.adjoint import adjoint
from bpgen.check import check
from bpgen.files import stamp
from bpgen.parse import parse
from bpgen.planned import verify_plan
from bpgen.render import render
from bpgen.schedule import schedule
from bpgen.simplify import simplify
from bpgen.source import Source
from bpgen.targets import numpy, shipped
from bpgen.verify import verify_cell, verify_pair

Stage = tuple[str, Callable[[Any], Any], Callable[[Any], None] | None]

STAGES: tuple[Stage, ...] = (
    ("parse", parse, None),
    ("check", check, verify_cell),
    ("adjoint", adjoint, verify_pair),
    ("simplify", simplify, verify_pair),
    ("schedule", schedule, verify_plan),
    ("write", numpy.write, None),
)


def run(source: Source, last: str = "schedule") -> Any:
    """What the stage `last` makes of a spec. Raises `Refused` if the spec is wrong."""
    value: Any = source
    for name, stage, verify in STAGES:
        value = stage(value)
        if verify:
            verify(value)
        if name == last:
            return value
    raise KeyError(last)


def compile_source(source: Source) -> dict[str, str]:
    """The files that a spec becomes, by name: the module and the test beside it, stamped."""
    plan = run(source)
    name = plan.pair.cell.name
    return {
        f"{name}.py": stamp(render(numpy.write(plan), "numpy/module.py.jinja")),
        f"test_{name}.py": stamp(render(shipped.write(plan), "numpy/test.py.jinja")),
    }
