"""`forward` and `backward`: what stands before and after the blocks of a pass.

Before: parameters unpacked, sizes bound and arrays refused that do not fit, time brought to the front,
initial values. After: what is returned, nothing of it sharing memory with what came in.
"""

from collections.abc import Iterable, Sequence

from bpgen.ir import OPERATORS, Cell, Equation, Fixed, Node, refs, walk
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.page import Function, head
from bpgen.schedule import Plan, Program
from bpgen.sizes import Shape
from bpgen.targets.arguments import (
    boundary_shape,
    consts,
    initials,
    inputs,
    params,
    time_axis,
)
from bpgen.targets.bodies import Body, sizes_in
from bpgen.targets.expressions import comment, shape_text

HELPERS = (
    "bind cotangent fold shifted glorot he orthogonal symmetric sums_to_one is_symmetric".split()
    + [source.split("def ")[1].split("(")[0] for op in OPERATORS.values()
       for fact in ("helper", "plain_helper") if (source := op.facts.get(fact))]
)  # fmt: skip


def saved_views(plan: Plan) -> list[tuple[str, int | str | None]]:
    """What is kept: (name, shift) over all steps, (name, None) without time, (name, "all") whole."""
    wanted: dict[tuple[str, int | str | None], None] = {}
    reads = [n for e in plan.pair.backward for n in refs(e.value)]
    for name in plan.saved:
        for node in reads:
            if node["name"] == name:
                wanted[name, _kept(node["when"])] = None
    order = {name: i for i, name in enumerate(plan.saved)}
    return sorted(wanted, key=lambda k: (order[k[0]], k[1] is not None, str(k[1]) == "all", _far(k[1])))


def _far(shift: int | str | None) -> int:
    return shift if isinstance(shift, int) else 0


def _kept(when: object) -> int | str | None:
    if isinstance(when, Fixed):
        inside = when.offset >= 0 if when.anchor == "first" else when.offset <= 0
        return 0 if inside else "all"
    return when if isinstance(when, int) else None


def saved_name(names: Names, name: str, kept: int | str | None) -> str:
    if kept is None:
        return names.quantity(name)
    return names.whole(name) if isinstance(kept, str) else names.view(name, kept)


def saved_fields(plan: Plan, names: Names) -> list[tuple[str, str, str]]:
    """The fields of `Saved`, with their shapes."""
    shapes = shapes_of(plan)
    fields = []
    for name, kept in saved_views(plan):
        shape = shapes[name]
        number = _is_const(plan.pair.cell, name)
        note = comment(shape, steps=kept is not None)
        if kept == "all":
            note = f"{note} and the steps outside"
        fields.append((saved_name(names, name, kept), note, "float" if number else "np.ndarray"))
    return fields + [(size, "a size", "int") for size in saved_sizes(plan, names)]


def shapes_of(plan: Plan) -> dict[str, Shape]:
    cell = plan.pair.cell
    shapes = {q.name: q.shape for q in cell.given}
    return shapes | {e.target: e.shape for e in (*cell.equations, *plan.pair.forward)}


def _is_const(cell: Cell, name: str) -> bool:
    return any(q.name == name for q in consts(cell))


# -- forward --------------------------------------------------------------------------------------


def forward(plan: Plan, names: Names) -> Function:
    """`forward(params, x, …, h0=None, …, *, dt=0.1)`."""
    cell = plan.pair.cell
    body = _body(plan, names)
    timed = [q for q in inputs(cell) if q.timed]
    body.externals(q.name for q in timed)
    body.write()
    lines = _returned(plan, names)
    prelude = _prelude(cell, names, body.lines)
    doc = "Return Outputs and Saved. Saved refers to the arrays given and returned: leave them be."
    return Function(head("forward", _arguments(cell, names)), doc, (*prelude, *body.lines, "", *lines))


def _body(plan: Plan, names: Names) -> Body:
    cell = plan.pair.cell
    return Body(
        names,
        plan.forward,
        {s.name: s for s in cell.states},
        {q.name: q.shape for q in inputs(cell) if q.timed},
        extra=tuple((n, k) for n, k in saved_views(plan) if isinstance(k, int)),
        owned=set(cell.outputs),
    )


def _arguments(cell: Cell, names: Names) -> list[str]:
    words = ["params", *(names.quantity(q.name) for q in inputs(cell))]
    words += [f"{names.quantity(q.name)}=None" for q in initials(cell)]
    keywords = [f"{names.quantity(q.name)}={q.value!r}" for q in consts(cell)]
    if not any(q.timed for q in inputs(cell)):
        keywords.insert(0, "T")
    return [*words, *(["*", *keywords] if keywords else [])]


def _prelude(cell: Cell, names: Names, lines: Sequence[str]) -> list[str]:
    made: list[str] = []
    _unpack(made, [names.quantity(q.name) for q in params(cell)], "params", lines)
    defaults = _defaults(cell, names)
    wanted = sizes_in([*lines, *defaults], ["T", *cell.sizes])
    free = not any(q.timed for q in inputs(cell))
    if free:
        wanted = [size for size in wanted if size != "T"]
    if "dtype" in " ".join([*lines, *defaults]):
        wanted.append("dtype")
    given = [names.quantity(q.name) for q in (*inputs(cell), *initials(cell))]
    call = ", ".join([f'"{" ".join(wanted)}"', "SHAPES", "params", *(f"{name}={name}" for name in given)])
    target = f"{', '.join(wanted)} = " if len(wanted) > 1 else f"({wanted[0]},) = " if wanted else ""
    made += layout(f"{target}bind({call})", 4)
    if needs_steps(cell):
        made += ["    if T == 0:", '        raise ValueError("T: this cell needs at least one step, got 0")']
    for q in consts(cell):
        made += layout(f"{names.quantity(q.name)} = float({names.quantity(q.name)})", 4)
    made += _promises(cell, names)
    for q in inputs(cell):
        axis = time_axis(cell, q.shape)
        if q.timed and axis:
            own = names.quantity(q.name)
            made += layout(f"{own} = np.moveaxis({own}, {axis}, 0)", 4, comment(q.shape, steps=True))
    return made + defaults + [""] * bool(lines and lines[0])


def _unpack(made: list[str], fields: Sequence[str], whole: str, lines: Sequence[str]) -> None:
    used = sizes_in(lines, fields)
    if used:
        shown = [name if name in used else "_" for name in fields]
        left = ", ".join(shown) if len(shown) > 1 else f"({shown[0]},)"
        made += layout(f"{left} = {whole}", 4)


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
            if node.op == "ref" and isinstance(node["when"], Fixed) and _kept(node["when"]) == 0:
                return True
            if node.op == "divide" and any("T" in n["size"].names for n in walk(node.args[1]) if n.op == "size"):
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
    saved = [saved_name(names, *view) for view in saved_views(plan)] + saved_sizes(plan, names)
    if len(frozen) > 1:
        lines = [f"    for output in ({', '.join(frozen)}):", "        output.flags.writeable = False"]
    else:
        lines = [f"    {name}.flags.writeable = False" for name in frozen]
    return lines + layout(f"return Outputs({', '.join(outputs)}), Saved({', '.join(saved)})", 4)


# -- backward -------------------------------------------------------------------------------------


def backward(plan: Plan, names: Names) -> Function:
    """`backward(params, saved, *, dh=None, …, dJ=1.0)`."""
    cell = plan.pair.cell
    body = _backward_body(plan, names)
    body.write()
    lines = _gradients(plan, names)
    given = _cotangents(plan, names)
    prelude = _backward_prelude(plan, names, [*given, *body.lines, *lines])
    words = ["params", "saved"]
    if cell.outputs:
        words += ["*", *(f"d{o}={'1.0' if o == cell.loss else 'None'}" for o in cell.outputs)]
    doc = "Return Grads, from the gradients with respect to the outputs (None is zero)."
    text = (*prelude, *given, *([""] if body.lines and body.lines[0] else []), *body.lines)
    return Function(head("backward", words), doc, (*text, "", *lines))


def _backward_body(plan: Plan, names: Names) -> Body:
    cell = plan.pair.cell
    shapes = shapes_of(plan)
    timed = {name for name, kept in saved_views(plan) if kept is not None}
    external = {name: shapes[name] for name in plan.saved if name in timed}
    for output, given in plan.pair.cotangents:
        if cell.equation(output).timed:
            external[given] = shapes[output]
    return Body(
        names,
        plan.backward,
        {s.name: s for s in cell.states if s.name in external},
        external,
        have={(n, k) for n, k in saved_views(plan) if isinstance(k, int)},
        owned={name for _, name in plan.pair.gradients if name},
    )


def _backward_prelude(plan: Plan, names: Names, lines: Sequence[str]) -> list[str]:
    cell = plan.pair.cell
    made: list[str] = []
    used = " ".join(lines)
    given = [names.quantity(q.name) for q in params(cell)]
    shapes = _shapes_back(plan, names, sizes_in(lines, ["T", *cell.sizes]))
    if "dtype" in used:
        shapes += layout(f"dtype = {_dtype_source(plan, names)}.dtype", 4)
    fields = [name for name, _, _ in saved_fields(plan, names)]
    _unpack(made, given, "params", [*lines, *shapes])
    _unpack(made, fields, "saved", [*lines, *shapes])
    return made + shapes


def _dtype_source(plan: Plan, names: Names) -> str:
    cell = plan.pair.cell
    kinds = {q.name: q.kind for q in cell.given if q.role != "const"}
    kinds |= {e.target: e.value.kind for e in plan.pair.forward if e.timed or e.shape}
    for name, kept in saved_views(plan):
        if kinds.get(name) == "real":
            return saved_name(names, name, kept)
    return "params[0]"


def _sources(plan: Plan, names: Names) -> list[tuple[str, list[str]]]:
    """Arrays that backward has, with their axes."""
    cell = plan.pair.cell
    shapes = shapes_of(plan)
    found = []
    for name, kept in saved_views(plan):
        if kept != "all" and not _is_const(cell, name):
            lead = [] if kept is None else ["T"]
            found.append((saved_name(names, name, kept), [*lead, *map(str, shapes[name])]))
    found.sort(key=lambda source: -len(source[1]))
    return found + [(names.quantity(q.name), list(map(str, q.shape))) for q in params(cell)]


def _shapes_back(plan: Plan, names: Names, wanted: Iterable[str]) -> list[str]:
    """Lines that read sizes off the shapes of what is there."""
    stored = saved_sizes(plan, names)
    rest = [size for size in wanted if size not in stored]
    made: list[str] = []
    for source, axes in _sources(plan, names):
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


def saved_sizes(plan: Plan, names: Names) -> list[str]:
    """Sizes that backward needs and that no array it has shows: kept as numbers."""
    cell = plan.pair.cell
    shown = {axis for _, axes in _sources(plan, names) for axis in axes}
    return [size for size in ["T", *cell.sizes] if size not in shown and _needed(plan, size)]


def _needed(plan: Plan, size: str) -> bool:
    shapes = [e.shape for e in plan.pair.backward]
    shapes += [plan.pair.cell.equation(output).shape for output, _ in plan.pair.cotangents]
    shapes += [q.shape for q in plan.pair.cell.given if q.role in ("input", "initial")]
    return size == "T" or any(size in s.names for shape in shapes for s in shape)


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
