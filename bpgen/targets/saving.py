"""What `forward` keeps for `backward`: the forward names that backward equations mention."""

from collections.abc import Sequence

from bpgen.ir import Fixed, refs
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.schedule import Plan
from bpgen.sizes import Shape
from bpgen.targets.arguments import consts, params
from bpgen.targets.expressions import comment
from bpgen.targets.grouping import sizes_in

ARRAY = "np.ndarray"


def saved_views(plan: Plan) -> list[tuple[str, int | str | None]]:
    """What is kept: (name, shift) over all steps, (name, None) without time, or (name, "all")."""
    wanted: dict[tuple[str, int | str | None], None] = {}
    order = {name: i for i, name in enumerate(plan.saved)}
    for equation in plan.pair.backward:
        for node in refs(equation.value):
            if node["name"] in order:
                wanted[node["name"], kept_as(node["when"])] = None
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
    shapes, types = shapes_of(plan), types_of(plan)
    fields = []
    for name, kept in saved_views(plan):
        shape = shapes[name]
        note = comment(shape, steps=kept is not None)
        if kept == "all":
            note = f"{note} and the steps outside"
        fields.append((saved_name(names, name, kept), note, types[name]))
    fields += [(size, "a size", "int") for size in saved_sizes(plan)]
    return fields + [("dtype", "of the arrays", "np.dtype")] * keeps_dtype(plan)


def types_of(plan: Plan) -> dict[str, str]:
    """The types of what may be saved: arrays, or Python numbers where nothing else is in them."""
    numbers = {q.name for q in consts(plan.pair.cell)}
    types = dict.fromkeys(plan.saved, ARRAY) | dict.fromkeys(numbers, "float")
    for equation in plan.pair.forward:
        if not equation.timed and not equation.shape and equation.target not in numbers:
            if all(node["name"] in numbers for node in refs(equation.value)):
                kinds = {"real": "float", "int": "int", "bool": "bool"}
                types[equation.target] = kinds[equation.value.kind]
    return types


def kinds_of(plan: Plan) -> dict[str, str]:
    """The kinds of all quantities that may be saved."""
    kinds = {q.name: q.kind for q in plan.pair.cell.given}
    return kinds | {e.target: e.value.kind for e in plan.pair.forward}


def keeps_dtype(plan: Plan) -> bool:
    """Whether no array that backward has would tell the dtype, so that it is kept itself."""
    kinds, types = kinds_of(plan), types_of(plan)
    saved = [name for name, _ in saved_views(plan) if types[name] == ARRAY]
    return not any(kinds[name] == "real" for name in saved) and not params(plan.pair.cell)


def shapes_of(plan: Plan) -> dict[str, Shape]:
    cell = plan.pair.cell
    shapes = {q.name: q.shape for q in cell.given}
    return shapes | {e.target: e.shape for e in (*cell.equations, *plan.pair.forward)}


def saved_sizes(plan: Plan) -> list[str]:
    """Sizes that backward needs and that no array it has shows: kept as numbers."""
    cell = plan.pair.cell
    shown = {size.name for shape in _held(plan) for size in shape}
    if any(kept not in (None, "all") for _, kept in saved_views(plan)):
        shown.add("T")
    return [size for size in ["T", *cell.sizes] if size not in shown and _needed(plan, size)]


def _held(plan: Plan) -> list[Shape]:
    """The shapes of the arrays that backward has."""
    shapes, types = shapes_of(plan), types_of(plan)
    saved = [shapes[name] for name, _ in saved_views(plan) if types[name] == ARRAY]
    return saved + [q.shape for q in params(plan.pair.cell)]


def _needed(plan: Plan, size: str) -> bool:
    cell = plan.pair.cell
    if size == "T":
        outputs = [cell.equation(o).timed for o in cell.outputs]
        given = [q.timed for q in cell.given if q.kind == "real"]
        return any([*outputs, *given, *(e.timed for e in plan.pair.backward)])
    shapes = [*_held(plan), *(e.shape for e in plan.pair.backward)]
    shapes += [cell.equation(output).shape for output in cell.outputs]
    shapes += [q.shape for q in cell.given if q.role in ("input", "initial")]
    shapes += [(q.below,) for q in cell.given if q.below]
    return any(size in s.names for shape in shapes for s in shape)


def unpack(
    made: list[str],
    fields: Sequence[str],
    whole: str,
    lines: Sequence[str],
    known: Sequence[str] = (),
) -> None:
    """Add the line that takes a tuple apart, naming what lines mention and nothing told."""
    used = [name for name in sizes_in(lines, fields) if name not in known]
    if used:
        shown = [name if name in used else "_" for name in fields]
        left = ", ".join(shown) if len(shown) > 1 else f"({shown[0]},)"
        made += layout(f"{left} = {whole}", 4)
