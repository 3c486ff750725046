"""The NumPy target: a plan as a module that a person would have written, and the test beside it.

`write` makes the page of the module. The bodies of its functions come from `bodies`, expressions from
`expressions`, signatures and tables from `arguments`, the small functions from `support`.
"""

from bpgen.ir import Cell, text
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.ops.spelling import helpers
from bpgen.page import Field, Function, Module, Record
from bpgen.schedule import Plan
from bpgen.sizes import shape_text as spec_shape
from bpgen.targets import arguments, passes
from bpgen.targets.arguments import boundary_shape, consts, initials, inputs, params
from bpgen.targets.streaming import Stream, fields, step_function, step_shapes, stream
from bpgen.targets.support import support


def write(plan: Plan) -> Module:
    """The page of a cell's module."""
    cell = plan.pair.cell
    names = module_names(plan)
    functions = [
        init_params(cell, names),
        passes.forward(plan, names),
        passes.backward(plan, names),
    ]
    streamed = stream(plan)
    if streamed:
        functions.append(step_function(plan, names, streamed))
    called = [line for function in functions for line in function.body]
    own = support(called, cell)
    records = (*_records(plan, names), *([_states(plan, names, streamed)] if streamed else []))
    tables = arguments.tables(cell, names)
    if streamed:
        tables += arguments.table("STEP", step_shapes(cell, names, streamed))
    optional = [names.quantity(q.name) for q in initials(cell)]
    optional += [name for name, _ in fields(plan, names, streamed)] if streamed else []
    listed = ", ".join(f'"{name}"' for name in dict.fromkeys(optional))
    tables.append(f"OPTIONAL = {{{listed}}}" if listed else "OPTIONAL = set()")
    return Module(
        name=cell.name,
        doc=tuple(_doc(cell)),
        records=records,
        tables=tuple(tables),
        functions=tuple(functions),
        imports=tuple(_imports([*called, *own])),
        helpers=tuple([*own, *(source.strip("\n") for source in helpers(called).values())]),
    )


def module_names(plan: Plan) -> Names:
    """The names of a module, the arguments' first, so that these stay as the spec has them."""
    cell = plan.pair.cell
    names = Names(sizes=cell.sizes, helpers=passes.HELPERS)
    for q in cell.given:
        names.quantity(q.name)
    for equation in (*cell.equations, *plan.pair.forward, *plan.pair.backward):
        names.quantity(equation.target)
    for _, given in plan.pair.cotangents:
        names.quantity(given)
    return names


def _imports(lines: list[str]) -> list[str]:
    whole = "\n".join(lines)
    standard = [f"import {name}" for name in ("math", "re") if f"{name}." in whole]
    return [*standard, "from typing import NamedTuple"]


def _doc(cell: Cell) -> list[str]:
    """What the module is: the equations as the spec has them, sizes, conventions."""
    about = cell.about or f"The cell {cell.name}."
    lines = [about, ""]
    for equation in cell.equations:
        target = equation.target + ("[t]" if equation.timed else "")
        lines.append(f"    {target} = {text(equation.value)}")
    lines += ["", *_sizes_doc(cell)]
    return lines


def _sizes_doc(cell: Cell) -> list[str]:
    where = {"first": "first", "second": "second", "last": "last"}[cell.layout]
    sizes = ", ".join(cell.sizes) or "none but numbers"
    return [
        f"Sizes: T steps, t = 1 ... T, and {sizes}; time is the {where} axis. Gradients: d<v> is that",
        "of the loss, or of the cotangents given for the outputs, with respect to <v>, in its shape.",
    ]


# -- records --------------------------------------------------------------------------------------


def _records(plan: Plan, names: Names) -> list[Record]:
    cell = plan.pair.cell
    made = []
    learned = [Field(names.quantity(q.name), spec_shape(q.shape)) for q in params(cell)]
    made.append(Record("Params", "What is learned; its gradient has the same form.", tuple(learned)))
    outputs = []
    for name in cell.outputs:
        equation = cell.equation(name)
        words = boundary_shape(cell, equation.shape, equation.timed)
        outputs.append(Field(names.quantity(name), f"({', '.join(words)})"))
    made.append(Record("Outputs", "What `forward` returns.", tuple(outputs)))
    saved = [Field(name, *rest) for name, *rest in passes.saved_fields(plan, names)]
    made.append(Record("Saved", "What `backward` reads of the forward pass.", tuple(saved)))
    grads = [Field("params", "the gradient of each", "Params")]
    for q in (*inputs(cell), *initials(cell)):
        if q.kind == "real":
            words = boundary_shape(cell, q.shape, q.timed)
            grads.append(Field(names.cotangent(q.name), f"({', '.join(words)})"))
    made.append(Record("Grads", "What `backward` returns.", tuple(grads)))
    return made


def _states(plan: Plan, names: Names, streamed: Stream) -> Record:
    held = tuple(Field(name, note) for name, note in fields(plan, names, streamed))
    return Record("States", "What `step` hands to the next step.", held)


# -- drawing --------------------------------------------------------------------------------------


def init_params(cell: Cell, names: Names) -> Function:
    """`init_params(rng, *, D, H, dtype=np.float64)`."""
    given = params(cell)
    sizes = [s for s in cell.sizes if any(s in size.names for q in given for size in q.shape)]
    words = ["rng", *(["*", *sizes] if sizes else ["*"]), "dtype=np.float64"]
    body: list[str] = []
    for q in given:
        text = arguments.drawn(cell, q)
        body += layout(f"{names.quantity(q.name)} = {text}", 4, spec_shape(q.shape))
    body += layout(f"return Params({', '.join(names.quantity(q.name) for q in given)})", 4)
    return Function(
        "init_params",
        ", ".join(words),
        "Draw parameters, from a numpy.random.Generator.",
        tuple(body),
    )
