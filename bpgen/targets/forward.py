"""`forward`: what stands before and after the blocks of the forward pass.

Before: parameters unpacked, sizes bound and arrays refused that do not fit, promises held to, time
brought to the front, initial values. After: outputs that `backward` will read made read-only.
"""

from collections.abc import Sequence

from bpgen.ir import Cell, Fixed, refs, walk
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.page import Function, function
from bpgen.schedule import Plan
from bpgen.targets.arguments import (
    asks_steps,
    consts,
    initials,
    inputs,
    must_be_given,
    params,
    time_axis,
)
from bpgen.targets.bodies import Body
from bpgen.targets.expressions import comment, shape_text
from bpgen.targets.grouping import sizes_in
from bpgen.targets.saving import keeps_dtype, kept_as, saved_name, saved_sizes, saved_views, unpack


def forward(plan: Plan, names: Names) -> Function:
    """`forward(params, x, …, h0=None, …, *, dt=0.1)`."""
    cell = plan.pair.cell
    body = forward_body(plan, names)
    timed = [q for q in inputs(cell) if q.timed]
    body.externals(q.name for q in timed)
    body.write()
    lines = _returned(plan, names)
    before = prelude(cell, names, [*body.lines, *lines])
    doc = "Return Outputs and Saved. Saved refers to the arrays given and returned: leave them be."
    gap = [""] * bool(body.lines and body.lines[0])
    text = (*before, *gap, *body.lines, "", *lines)
    return function("forward", arguments(cell, names), doc, text)


def forward_body(plan: Plan, names: Names) -> Body:
    """The blocks of the forward pass, to be written."""
    cell = plan.pair.cell
    return Body(
        names,
        plan.forward,
        {s.name: s for s in cell.states},
        {q.name: q.shape for q in inputs(cell) if q.timed},
        extra=tuple((n, k) for n, k in saved_views(plan) if isinstance(k, int)),
        least=int(needs_steps(cell)),
        owned=set(cell.outputs),
        constants=frozenset(q.name for q in consts(cell)),
    )


def arguments(cell: Cell, names: Names) -> list[str]:
    words = ["params", *(names.quantity(q.name) for q in inputs(cell))]
    words += [f"{names.quantity(q.name)}=None" for q in initials(cell)]
    keywords = [f"{names.quantity(q.name)}={q.value!r}" for q in consts(cell)]
    if asks_steps(cell):
        keywords.insert(0, "T")
    return [*words, *(["*", *keywords] if keywords else [])]


def prelude(cell: Cell, names: Names, lines: Sequence[str]) -> list[str]:
    made: list[str] = []
    defaults = _defaults(cell, names)
    refused = ["if T == 0:"] if needs_steps(cell) else []
    wanted = sizes_in([*lines, *defaults, *refused], ["T", *cell.sizes])
    if asks_steps(cell):
        wanted = [size for size in wanted if size != "T"]
    if sizes_in([*lines, *defaults], ["dtype"]):
        wanted.append("dtype")
    given = [names.quantity(q.name) for q in (*inputs(cell), *initials(cell))]
    call = ", ".join(
        [f'"{" ".join(wanted)}"', "SHAPES", "params", *(f"{name}={name}" for name in given)]
    )
    target = (
        f"{', '.join(wanted)} = " if len(wanted) > 1 else f"({wanted[0]},) = " if wanted else ""
    )
    if asks_steps(cell):
        made.append('    T = steps("T", T)')
    optional = [(names.quantity(q.name), q.shape) for q in initials(cell)]
    made += must_be_given(cell, (*inputs(cell), *params(cell)), optional)
    made += layout(f"{target}bind({call})", 4)
    promises = _promises(cell, names)
    unpack(made, [names.quantity(q.name) for q in params(cell)], "params", [*promises, *lines])
    if needs_steps(cell):
        made += [
            "    if T == 0:",
            '        raise ValueError("T: this cell needs at least one step, got 0")',
        ]
    for q in consts(cell):
        own = names.quantity(q.name)
        made += layout(f'{own} = number("{own}", {own})', 4)
    made += promises
    for q in inputs(cell):
        axis = time_axis(cell, q.shape)
        if q.timed and axis:
            own = names.quantity(q.name)
            made += layout(
                f"{own} = np.moveaxis({own}, {axis}, 0)", 4, comment(q.shape, steps=True)
            )
    return made + defaults


def _defaults(cell: Cell, names: Names) -> list[str]:
    """Zeros for initial values that were not given, where an equation reads them."""
    read = {node["name"] for e in cell.equations for node in refs(e.value)}
    made: list[str] = []
    for q in initials(cell):
        if q.name in read:
            own = names.quantity(q.name)
            made.append(f"    if {own} is None:")
            made += layout(f"{own} = np.zeros({shape_text(q.shape)}, dtype)", 8)
    return made


def _promises(cell: Cell, names: Names) -> list[str]:
    made: list[str] = []
    for q in cell.given:
        own = names.quantity(q.name)
        if q.simplex is not None:
            axis = q.simplex
            if q.timed and time_axis(cell, q.shape) >= len(q.shape) + 1 + axis:
                axis -= 1  # time lies behind it
            made += layout(f'sums_to_one("{own}", {own}, {axis})', 4)
        if q.symmetric:
            made += layout(f'is_symmetric("{own}", {own})', 4)
    return made


def needs_steps(cell: Cell) -> bool:
    """Whether a cell means nothing for T = 0: it reads a first or last step, or divides by T."""
    for equation in cell.equations:
        for node in walk(equation.value):
            if node.op == "ref" and isinstance(node["when"], Fixed) and kept_as(node["when"]) == 0:
                return True
            if node.op == "divide" and any(
                "T" in n["size"].names for n in walk(node.args[1]) if n.op == "size"
            ):
                return True
            if node.op == "steps":
                return True
    return False


def _returned(plan: Plan, names: Names) -> list[str]:
    cell = plan.pair.cell
    kept = {name for name, _ in saved_views(plan)}
    outputs, frozen = [], []
    for name in cell.outputs:
        equation = cell.equation(name)
        text = names.quantity(name)
        if name in kept and (equation.timed or equation.shape):
            frozen.append(text)
        axis = time_axis(cell, equation.shape) if equation.timed else 0
        outputs.append(f"np.moveaxis({text}, 0, {axis})" if axis else text)
    saved = [saved_name(names, *view) for view in saved_views(plan)] + saved_sizes(plan)
    saved += ["dtype"] * keeps_dtype(plan)
    if len(frozen) > 1:
        lines = [
            f"    for output in ({', '.join(frozen)}):",
            "        output.flags.writeable = False",
        ]
    else:
        lines = [f"    {name}.flags.writeable = False" for name in frozen]
    return lines + layout(f"return Outputs({', '.join(outputs)}), Saved({', '.join(saved)})", 4)
