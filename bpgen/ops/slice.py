"""Part of one axis, `z[t][:, 0:H]`. The rest received nothing, so its gradient is zero."""

from bpgen.ir import Node, ShapeError, apply
from bpgen.ops.shapes import check_axis, spelled_size
from bpgen.ops.spelling import atom
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
    last = "" if stop == node.args[0].shape[axis] else spelled_size(stop)
    first = "" if start.number == 0 else spelled_size(start)
    return f"{atom(a)}[{', '.join([*lead, spelled_range(first, last)])}]"


def vjp(dy: Node, y: Node, a: Node, *, axis: int, start: Size, stop: Size) -> Node:
    return apply("embed", dy, axis=axis, start=start, size=a.shape[axis])


def spelled_range(first: str, last: str) -> str:
    """`first:last` as formatted Python: spaces around the colon beside anything but a word."""
    if all(end.isidentifier() or end.isdigit() or not end for end in (first, last)):
        return f"{first}:{last}"
    return f"{first} : {last}".strip()
