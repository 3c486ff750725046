"""Part of one axis, `z[t][:, 0:H]`. The rest received nothing, so its gradient is zero."""

from bpgen.ir import Node, ShapeError, apply
from bpgen.ops.shapes import check_axis
from bpgen.sizes import Shape, Size

internal = True
casts = False
kind = "join"
boolean = True
latex = "{a}"


def shape(a: Shape, *, axis: int, start: Size, stop: Size) -> Shape:
    check_axis(axis, a)
    size = stop - start
    if size.number is not None and size.number < 0:
        raise ShapeError(f"the slice {start}:{stop} ends before it begins")
    return (*a[:axis], size, *a[len(a) + axis + 1 :])


def numpy(a: str, *, node: Node, steps: bool) -> str:
    axis, start, stop = node["axis"], node["start"], node["stop"]
    before = node.rank + steps + axis
    lead = [":"] * before if before <= 2 else ["..."]
    last = "" if stop == node.args[0].shape[axis] else stop
    first = "" if start.number == 0 else start
    return f"{a}[{', '.join([*lead, f'{first}:{last}', *[':'] * (-axis - 1)])}]"


def vjp(dy: Node, y: Node, a: Node, *, axis: int, start: Size, stop: Size) -> Node:
    return apply("embed", dy, axis=axis, start=start, size=a.shape[axis])
