"""The NumPy target: a plan as a module that a person would have written, and the test beside it.

`write` makes the page of the module. The bodies of its functions come from `bodies`, expressions
from `expressions`, signatures and tables from `arguments`, the small functions from `support`.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

from bpgen.ir import Cell, Equation
from bpgen.layout import layout
from bpgen.names import RESERVED, Names
from bpgen.notation import target_text, text
from bpgen.ops.spelling import helper_names, helpers
from bpgen.page import Function, Module, Record, code, codes, field, function, quoted, record
from bpgen.schedule import Plan
from bpgen.sizes import shape_text as spec_shape
from bpgen.targets import arguments
from bpgen.targets.arguments import boundary_shape, initials, inputs, params
from bpgen.targets.backward import backward
from bpgen.targets.binding import held
from bpgen.targets.forward import forward
from bpgen.targets.grouping import split_groups
from bpgen.targets.holdings import sentence
from bpgen.targets.saving import saved_fields
from bpgen.targets.sizes import without_clashes
from bpgen.targets.streaming import step_function, stream
from bpgen.targets.support import HELPERS, support
from bpgen.targets.written import as_written

Passes: TypeAlias = Callable[[Plan, Names], tuple[list[Function], list[str]]]


def write(plan: Plan) -> Module:
    """The page of a cell's module."""
    return assembled(plan, _passes)


def _passes(plan: Plan, names: Names) -> tuple[list[Function], list[str]]:
    return [forward(plan, names), backward(plan, names)], []


def assembled(plan: Plan, passes: Passes) -> Module:
    """The page of a module in any style: `passes` writes `forward`, `backward` and classes."""
    plan = without_clashes(plan)
    cell = plan.pair.cell
    names = module_names(plan)
    both, classes = passes(plan, names)
    functions = [init_params(cell, names), *both]
    streamed = stream(plan)
    if streamed:
        functions.append(step_function(plan, names, streamed))
    lines = (line for each in functions for line in each.body)
    called = [line for line in lines if not line.lstrip().startswith("#")]  # words call nothing
    tables, bind = held(plan, names, streamed)
    own = support(called, bind)
    keeps = sentence(plan, names, both[0].body, classes)
    return Module(
        name=code(cell.name),
        doc=codes(_doc(cell)),
        records=tuple(_records(plan, names, keeps)),
        tables=codes(tables),
        classes=codes(classes),
        functions=tuple(functions),
        imports=codes(_imports([*called, *classes, *own])),
        helpers=codes([*own, *(source.strip("\n") for source in helpers(called).values())]),
    )


def module_names(plan: Plan) -> Names:
    """The names of a module, the arguments' first, so that these stay as the spec has them."""
    cell = plan.pair.cell
    names = Names(sizes=cell.sizes, helpers=(*HELPERS, *helper_names()))
    written = {q.name for q in cell.given} | {e.target for e in cell.equations}
    # the arguments of backward: another quantity that is called like one gives way
    for given in (f"d{output}" for output in cell.outputs):
        names.taken.add(given)
        if given not in {*written, *RESERVED}:
            # the whole gradient of an output is called like what was given
            names.known[given, None] = given
    for q in cell.given:
        names.quantity(q.name)
    for equation in (*cell.equations, *plan.pair.forward, *plan.pair.backward):
        names.quantity(equation.target)
    for _, given in plan.pair.cotangents:
        names.quantity(given)
    return names


def _imports(lines: list[str]) -> list[str]:
    whole = "\n".join(lines)
    modules = ("math", "re", "threading")
    standard = [f"import {name}" for name in modules if re.search(rf"\b{name}\.", whole)]
    return [*standard, "from typing import NamedTuple"]


def _doc(cell: Cell) -> list[str]:
    """What the module is: the equations as the spec has them, sizes, conventions."""
    about = quoted(cell.about) or f"The cell {cell.name}."
    groups = split_groups(as_written(cell))
    equations = [line for group in groups for line in filled(_spec_line(group), 92, "    ")]
    return [*filled(about), *([""] if equations else []), *equations, "", *_sizes_doc(cell)]


def _spec_line(group: tuple[Equation, ...]) -> str:
    """An equation as the spec has it, or several that split one array."""
    targets = ", ".join(target_text(e) for e in group)
    value = group[0].value
    if len(group) > 1:
        return f"{targets} = split({text(value.args[0])}, {group[0].shape[value['axis']]})"
    return f"{targets} = {text(value)}"


def filled(sentence: str, width: int = 96, indent: str = "") -> list[str]:
    """Words in lines of at most `width` columns; lines after the first are indented further."""
    lines, line = [], ""
    for word in sentence.split(" "):
        if line and len(line) + len(word) + 1 > width:
            lines.append(line)
            line = word if not indent else f"    {word}"
        else:
            line = f"{line} {word}" if line else word
    return [indent + line for line in [*lines, line]]


def _sizes_doc(cell: Cell) -> list[str]:
    lead = f"T steps, t = 1 ... T; {', '.join(cell.sizes)}".rstrip("; ")
    return filled(
        f"{lead}. Time is the {cell.layout} axis; d<v> is the gradient of v, in its shape."
    )


# -- records --------------------------------------------------------------------------------------


def _records(plan: Plan, names: Names, keeps: str) -> list[Record]:
    """The records; `keeps` is what `Saved` says of itself."""
    cell = plan.pair.cell
    made = []
    learned = [field(names.quantity(q.name), spec_shape(q.shape)) for q in params(cell)]
    made.append(record("Params", "What is learned; its gradient has the same form.", learned))
    outputs = []
    for name in cell.outputs:
        equation = cell.equation(name)
        words = boundary_shape(cell, equation.shape, equation.timed)
        outputs.append(field(names.output(name), f"({', '.join(words)})"))
    made.append(record("Outputs", "What `forward` returns.", outputs))
    saved = [field(name, *rest) for name, *rest in saved_fields(plan, names)]
    lines = filled(keeps, 90)
    doc = keeps if len(lines) == 1 else "\n    ".join([*lines, ""])
    made.append(record("Saved", doc, saved))
    grads = [field("params", "the gradient of each", "Params")]
    for q in (*inputs(cell), *initials(cell)):
        if q.kind == "real":
            words = boundary_shape(cell, q.shape, q.timed)
            grads.append(field(f"d{names.quantity(q.name)}", f"({', '.join(words)})"))
    made.append(record("Grads", "What `backward` returns.", grads))
    return made


# -- drawing --------------------------------------------------------------------------------------


def init_params(cell: Cell, names: Names) -> Function:
    """`init_params(rng, *, D, H, dtype=np.float64)`."""
    given = params(cell)
    sizes = [s for s in cell.sizes if any(s in size.names for q in given for size in q.shape)]
    words = ["rng", *(["*", *sizes] if sizes else ["*"]), "dtype=np.float64"]
    body = [
        "    if np.dtype(dtype) not in (np.float32, np.float64):",
        '        raise TypeError(f"dtype: expected float32 or float64, got {np.dtype(dtype)}")',
    ]
    for q in given:
        text = arguments.drawn(cell, q)
        body += layout(f"{names.quantity(q.name)} = {text}", 4, spec_shape(q.shape))
    body += layout(f"return Params({', '.join(names.quantity(q.name) for q in given)})", 4)
    doc = "Draw parameters, from a numpy.random.Generator."
    return function("init_params", words, doc, body)
