"""Arrays joined along an axis, `concat(a, b, axis=-1)`; each receives its part back."""

from bpgen.ir import Node, ShapeError, apply
from bpgen.ops.shapes import check_axis
from bpgen.sizes import Shape, shape_text, size

kind = "join"
boolean = True
because = "a part of the result receives a part of its gradient"


def shape(*parts: Shape, axis: int = -1) -> Shape:
    if not parts:
        raise ShapeError("`concat` joins at least one array")
    first = parts[0]
    check_axis(axis, first)
    total = size(0)
    for part in parts:
        if len(part) != len(first) or _without(part, axis) != _without(first, axis):
            shown = " and ".join(map(shape_text, (first, part)))
            raise ShapeError(f"{shown} cannot be joined along axis {axis}: other axes differ")
        total = total + part[axis]
    return (*first[:axis], total, *first[len(first) + axis + 1 :])


def numpy(*parts: str, node: Node) -> str:
    joined = f"{', '.join(parts)}{',' if len(parts) == 1 else ''}"
    return f"np.concatenate(({joined}), axis={node['axis']})"


def latex(*parts: str) -> str:
    return rf"[{'; '.join(parts)}]"


def vjp(dy: Node, y: Node, *parts: Node, axis: int) -> tuple[Node, ...]:
    slices, start = [], size(0)
    for part in parts:
        stop = start + part.shape[axis]
        slices.append(apply("slice", dy, axis=axis, start=start, stop=stop))
        start = stop
    return tuple(slices)


def _without(part: Shape, axis: int) -> Shape:
    return (*part[:axis], *part[len(part) + axis + 1 :])
