"""What `forward` keeps for `backward`: the forward names that backward equations mention."""

from collections.abc import Sequence

from bpgen.ir import Cell, Fixed, refs
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.schedule import Plan
from bpgen.sizes import Shape
from bpgen.targets.arguments import consts, params
from bpgen.targets.expressions import comment
from bpgen.targets.grouping import sizes_in


def saved_views(plan: Plan) -> list[tuple[str, int | str | None]]:
    """What is kept: (name, shift) over all steps, (name, None) without time, or (name, "all")."""
    wanted: dict[tuple[str, int | str | None], None] = {}
    reads = [n for e in plan.pair.backward for n in refs(e.value)]
    for name in plan.saved:
        for node in reads:
            if node["name"] == name:
                wanted[name, kept_as(node["when"])] = None
    order = {name: i for i, name in enumerate(plan.saved)}
    return sorted(
        wanted, key=lambda k: (order[k[0]], k[1] is not None, str(k[1]) == "all", _far(k[1]))
    )


def _far(shift: int | str | None) -> int:
    return shift if isinstance(shift, int) else 0


def kept_as(when: object) -> int | str | None:
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
        number = is_const(plan.pair.cell, name)
        note = comment(shape, steps=kept is not None)
        if kept == "all":
            note = f"{note} and the steps outside"
        fields.append((saved_name(names, name, kept), note, "float" if number else "np.ndarray"))
    fields += [(size, "a size", "int") for size in saved_sizes(plan, names)]
    return fields + [("dtype", "of the arrays", "np.dtype")] * keeps_dtype(plan)


def keeps_dtype(plan: Plan) -> bool:
    """Whether no array that backward has would tell the dtype, so that it is kept itself."""
    cell = plan.pair.cell
    kinds = {q.name: q.kind for q in cell.given if q.role != "const"}
    kinds |= {e.target: e.value.kind for e in plan.pair.forward if e.timed or e.shape}
    real = any(kinds.get(name) == "real" for name, _ in saved_views(plan))
    return not real and not params(cell)


def shapes_of(plan: Plan) -> dict[str, Shape]:
    cell = plan.pair.cell
    shapes = {q.name: q.shape for q in cell.given}
    return shapes | {e.target: e.shape for e in (*cell.equations, *plan.pair.forward)}


def is_const(cell: Cell, name: str) -> bool:
    return any(q.name == name for q in consts(cell))


def saved_sizes(plan: Plan, names: Names) -> list[str]:
    """Sizes that backward needs and that no array it has shows: kept as numbers."""
    cell = plan.pair.cell
    shown = {axis for _, axes in sources(plan, names) for axis in axes}
    return [size for size in ["T", *cell.sizes] if size not in shown and _needed(plan, size)]


def _needed(plan: Plan, size: str) -> bool:
    shapes = [e.shape for e in plan.pair.backward]
    shapes += [plan.pair.cell.equation(output).shape for output, _ in plan.pair.cotangents]
    shapes += [q.shape for q in plan.pair.cell.given if q.role in ("input", "initial")]
    if size == "T":
        outputs = [plan.pair.cell.equation(o).timed for o in plan.pair.cell.outputs]
        given = [q.timed for q in plan.pair.cell.given if q.kind == "real"]
        return any([*outputs, *given, *(e.timed for e in plan.pair.backward)])
    return any(size in s.names for shape in shapes for s in shape)


def sources(plan: Plan, names: Names) -> list[tuple[str, list[str]]]:
    """Arrays that backward has, with their axes."""
    cell = plan.pair.cell
    shapes = shapes_of(plan)
    found = []
    for name, kept in saved_views(plan):
        if kept != "all" and not is_const(cell, name):
            lead = [] if kept is None else ["T"]
            found.append((saved_name(names, name, kept), [*lead, *map(str, shapes[name])]))
    found.sort(key=lambda source: -len(source[1]))
    return found + [(names.quantity(q.name), list(map(str, q.shape))) for q in params(cell)]


def unpack(made: list[str], fields: Sequence[str], whole: str, lines: Sequence[str]) -> None:
    """Add the line that takes a tuple apart, naming what some line mentions."""
    used = sizes_in(lines, fields)
    if used:
        shown = [name if name in used else "_" for name in fields]
        left = ", ".join(shown) if len(shown) > 1 else f"({shown[0]},)"
        made += layout(f"{left} = {whole}", 4)
