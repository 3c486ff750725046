"""One place of one axis, `W[2]`; the axis is dropped. All other places receive zero."""

from bpgen.ir import Node, ShapeError, apply
from bpgen.ops.shapes import check_axis
from bpgen.ops.spelling import atom
from bpgen.sizes import Shape, size

internal = True
casts = False
kind = "join"
boolean = True
latex = "{a}_{{{at}}}"


def shape(a: Shape, *, axis: int, at: int) -> Shape:
    check_axis(axis, a)
    extent = a[axis].number
    if extent is not None and not -extent <= at < extent:
        raise ShapeError(f"place {at} lies outside an axis of size {extent}", code="BP208")
    return (*a[:axis], *a[len(a) + axis + 1 :])


def numpy(a: str, *, node: Node, steps: bool) -> str:
    axis = node["axis"]
    before = node.args[0].rank + steps + axis
    lead = [":"] * before if before <= 2 else ["..."]
    return f"{atom(a)}[{', '.join([*lead, str(node['at'])])}]"


def vjp(dy: Node, y: Node, a: Node, *, axis: int, at: int) -> Node:
    start = size(at) if at >= 0 else a.shape[axis] + at
    back = apply("newaxis", dy, axes=(axis,))
    return apply("embed", back, axis=axis, start=start, size=a.shape[axis])
