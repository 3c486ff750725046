"""`backward`: what stands before and after the blocks of the backward pass.

Before: what was saved taken apart, sizes read off it, cotangents held to the outputs' shapes.
After: gradients returned, time where the spec has it, nothing sharing memory with what came in.
"""

from collections.abc import Sequence

from bpgen.ir import Cell, refs
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.page import Function, function
from bpgen.schedule import Plan
from bpgen.targets.arguments import boundary_shape, consts, initials, inputs, params, time_axis
from bpgen.targets.bodies import Body
from bpgen.targets.expressions import comment, shape_text
from bpgen.targets.forward import forward_body, needs_steps
from bpgen.targets.grouping import sizes_in
from bpgen.targets.saving import (
    saved_fields,
    saved_views,
    shapes_of,
    unpack,
)


def backward(plan: Plan, names: Names) -> Function:
    """`backward(params, saved, *, dh=None, …, dJ=1.0)`."""
    body = backward_body(plan, names)
    body.externals(given for _, given in plan.pair.cotangents)
    body.write()
    lines = gradients(plan, names)
    given = cotangents(plan, names)
    prelude = backward_prelude(plan, names, [*given, *body.lines, *lines])
    doc = "Return Grads, from the gradients with respect to the outputs (None is zero)."
    text = (*prelude, *given, *([""] if body.lines and body.lines[0] else []), *body.lines)
    return function("backward", backward_words(plan, names), doc, (*text, "", *lines))


def backward_words(plan: Plan, names: Names) -> list[str]:
    """The arguments of `backward`."""
    cell = plan.pair.cell
    given = [_defaulted(cell, names, output) for output in cell.outputs]
    return ["params", "saved", *(["*", *given] if given else [])]


def _defaulted(cell: Cell, names: Names, output: str) -> str:
    """`dh=None`, or `dJ=1.0` for the loss."""
    return f"{names.cotangent(output)}={'1.0' if output == cell.loss else 'None'}"


def backward_body(plan: Plan, names: Names) -> Body:
    cell = plan.pair.cell
    shapes = shapes_of(plan)
    timed = {name for name, kept in saved_views(plan) if kept is not None}
    external = {name: shapes[name] for name in plan.saved if name in timed}
    for output, given in plan.pair.cotangents:
        if cell.equation(output).timed:
            external[given] = shapes[output]
    rows = forward_body(plan, names)
    return Body(
        names,
        plan.backward,
        {s.name: s for s in cell.states if s.name in external},
        external,
        wholes={n: rows.margins(n) for n, k in saved_views(plan) if k == "all"},
        have={(n, k) for n, k in saved_views(plan) if isinstance(k, int)},
        least=int(needs_steps(cell)),
        owned={name for _, name in plan.pair.gradients if name},
        constants=frozenset(q.name for q in consts(cell)),
    )


def backward_prelude(plan: Plan, names: Names, lines: Sequence[str]) -> list[str]:
    cell = plan.pair.cell
    wanted = sizes_in(lines, ["T", *cell.sizes, "dtype"])
    target = f"{', '.join(wanted)}{',' if len(wanted) == 1 else ''} = " if wanted else ""
    given = [names.cotangent(output) for output in cell.outputs if output != cell.loss]
    words = [f'"{" ".join(wanted)}"', "BACK", "params", "saved", *(f"{d}={d}" for d in given)]
    made = layout(f"{target}bind({', '.join(words)})", 4)
    unpack(made, [names.quantity(q.name) for q in params(cell)], "params", lines)
    fields = saved_fields(plan, names)
    unpack(made, [name for name, _, _ in fields], "saved", lines, wanted)
    for name, _, kind in fields:
        if kind == "float" and sizes_in(lines, [name]):
            made += layout(f'{name} = number("{name}", {name})', 4)
    return made


def cotangents(plan: Plan, names: Names) -> list[str]:
    cell = plan.pair.cell
    read = {n["name"] for e in plan.pair.backward for n in refs(e.value)}
    made: list[str] = []
    for output, given in plan.pair.cotangents:
        equation = cell.equation(output)
        own, argument = names.quantity(given), names.cotangent(output)
        if given not in read:
            continue
        if output == cell.loss:
            value = f'0 if {argument} is None else number("{argument}", {argument})'
            made += layout(f"{own} = dtype.type({value})", 4)
            continue
        shape = shape_text(equation.shape, steps=equation.timed)
        axis = time_axis(cell, equation.shape) if equation.timed else 0
        value = f"np.moveaxis({argument}, {axis}, 0)" if axis else argument
        text = f"np.zeros({shape}, dtype) if {argument} is None else {value}"
        made += layout(f"{own} = {text}", 4, comment(equation.shape, steps=equation.timed))
    return made


def gradients(plan: Plan, names: Names, indent: int = 4) -> list[str]:
    cell = plan.pair.cell
    targets = dict(plan.pair.gradients)

    def gradient(name: str) -> str:
        q = cell.quantity(name)
        assert q is not None
        axis = time_axis(cell, q.shape) if q.timed else 0
        target = targets[name]
        if target is None:
            if q.role == "param":
                return f"np.zeros_like({names.quantity(name)})"
            words = boundary_shape(cell, q.shape, q.timed)
            return f"np.zeros(({', '.join(words)}{',' if len(words) == 1 else ''}), dtype)"
        text = names.quantity(target)
        return f"np.moveaxis({text}, 0, {axis})" if axis else text

    learned = ", ".join(gradient(q.name) for q in params(cell))
    others = [gradient(q.name) for q in (*inputs(cell), *initials(cell)) if q.kind == "real"]
    return layout(f"return Grads({', '.join([f'Params({learned})', *others])})", indent)
