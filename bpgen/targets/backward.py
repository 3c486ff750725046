"""`backward`: what stands before and after the blocks of the backward pass.

Before: what was saved taken apart, sizes read off it, cotangents held to the outputs' shapes.
After: gradients returned, time where the spec has it, nothing sharing memory with what came in.
"""

import re
from collections.abc import Iterable, Sequence

from bpgen.ir import Cell, refs
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.page import Function, head
from bpgen.schedule import Plan
from bpgen.targets.arguments import boundary_shape, consts, initials, inputs, params, time_axis
from bpgen.targets.bodies import Body
from bpgen.targets.expressions import comment
from bpgen.targets.forward import forward_body
from bpgen.targets.grouping import sizes_in
from bpgen.targets.saving import (
    keeps_dtype,
    saved_fields,
    saved_name,
    saved_sizes,
    saved_views,
    shapes_of,
    sources,
    unpack,
)


def backward(plan: Plan, names: Names) -> Function:
    """`backward(params, saved, *, dh=None, …, dJ=1.0)`."""
    cell = plan.pair.cell
    body = _backward_body(plan, names)
    body.externals(given for _, given in plan.pair.cotangents)
    body.write()
    lines = _gradients(plan, names)
    given = _cotangents(plan, names)
    prelude = _backward_prelude(plan, names, [*given, *body.lines, *lines])
    words = ["params", "saved"]
    if cell.outputs:
        words += ["*", *(_defaulted(cell, names, o) for o in cell.outputs)]
    doc = "Return Grads, from the gradients with respect to the outputs (None is zero)."
    text = (*prelude, *given, *([""] if body.lines and body.lines[0] else []), *body.lines)
    return Function(head("backward", words), doc, (*text, "", *lines))


def _defaulted(cell: Cell, names: Names, output: str) -> str:
    """`dh=None`, or `dJ=1.0` for the loss."""
    return f"{names.cotangent(output)}={'1.0' if output == cell.loss else 'None'}"


def _backward_body(plan: Plan, names: Names) -> Body:
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
        owned={name for _, name in plan.pair.gradients if name},
        constants=frozenset(q.name for q in consts(cell)),
    )


def _backward_prelude(plan: Plan, names: Names, lines: Sequence[str]) -> list[str]:
    cell = plan.pair.cell
    made: list[str] = []
    given = [names.quantity(q.name) for q in params(cell)]
    shapes = _shapes_back(plan, names, sizes_in(lines, ["T", *cell.sizes]))
    if sizes_in(lines, ["dtype"]) and not keeps_dtype(plan):
        shapes = _with_dtype(shapes, f"{_dtype_source(plan, names)}.dtype")
    fields = [name for name, _, _ in saved_fields(plan, names)]
    unpack(made, given, "params", [*lines, *shapes])
    unpack(made, fields, "saved", [*lines, *shapes])
    return made + shapes


def _with_dtype(lines: list[str], source: str) -> list[str]:
    """The lines and one for the dtype, on the last of them if that reads one size."""
    if lines and re.fullmatch(r" {4}\w+ = \w+\.shape\[\d\]", lines[-1]):
        left, right = lines[-1].split(" = ")
        return [*lines[:-1], *layout(f"{left.strip()}, dtype = {right}, {source}", 4)]
    return [*lines, *layout(f"dtype = {source}", 4)]


def _dtype_source(plan: Plan, names: Names) -> str:
    cell = plan.pair.cell
    kinds = {q.name: q.kind for q in cell.given if q.role != "const"}
    kinds |= {e.target: e.value.kind for e in plan.pair.forward if e.timed or e.shape}
    for name, kept in saved_views(plan):
        if kinds.get(name) == "real":
            return saved_name(names, name, kept)
    return "params[0]"


def _shapes_back(plan: Plan, names: Names, wanted: Iterable[str]) -> list[str]:
    """Lines that read sizes off the shapes of what is there."""
    stored = saved_sizes(plan, names)
    rest = [size for size in wanted if size not in stored]
    made: list[str] = []
    for source, axes in sources(plan, names):
        here = [axis for axis in dict.fromkeys(axes) if axis in rest]
        if here:
            left, seen = [], set()
            for axis in axes:
                left.append(axis if axis in here and axis not in seen else "_")
                seen.add(axis)
            if len(axes) > 1 and left.count("_") == len(axes) - 1:
                made += layout(f"{here[0]} = {source}.shape[{left.index(here[0])}]", 4)
            else:
                text = ", ".join(left) if len(left) > 1 else f"({left[0]},)"
                made += layout(f"{text} = {source}.shape", 4)
            rest = [size for size in rest if size not in here]
    return made


def _cotangents(plan: Plan, names: Names) -> list[str]:
    cell = plan.pair.cell
    read = {n["name"] for e in plan.pair.backward for n in refs(e.value)}
    made: list[str] = []
    for output, given in plan.pair.cotangents:
        equation = cell.equation(output)
        own, argument = names.quantity(given), names.cotangent(output)
        if given not in read:
            continue
        if output == cell.loss:
            made += layout(f"{own} = dtype.type({argument})", 4)
            continue
        words = boundary_shape(cell, equation.shape, equation.timed)
        shape = f"({', '.join(words)}{',' if len(words) == 1 else ''})"
        text = f'cotangent("{argument}", {argument}, {shape}, dtype)'
        axis = time_axis(cell, equation.shape) if equation.timed else 0
        if axis:
            text = f"np.moveaxis({text}, {axis}, 0)"
        made += layout(f"{own} = {text}", 4, comment(equation.shape, steps=equation.timed))
    return made


def _gradients(plan: Plan, names: Names) -> list[str]:
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
    return layout(f"return Grads({', '.join([f'Params({learned})', *others])})", 4)
