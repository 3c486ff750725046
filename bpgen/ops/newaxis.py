"""Axes of size 1 put in, `m[t][:, None]`; `axes` are their places in the result, from the end."""

from bpgen.ir import Node, ShapeError, apply
from bpgen.ops.spelling import atom
from bpgen.sizes import ONE, Shape, shape_text

internal = True
casts = False
kind = "join"
boolean = True
latex = "{a}"


def shape(a: Shape, *, axes: tuple[int, ...]) -> Shape:
    rank = len(a) + len(axes)
    if len(set(axes)) < len(axes) or not all(-rank <= axis < 0 for axis in axes):
        raise ShapeError(f"axes {axes} cannot be put into {shape_text(a)}")
    rest = iter(a)
    return tuple(ONE if i in axes else next(rest) for i in range(-rank, 0))


def numpy(a: str, *, node: Node, steps: bool) -> str:
    axes = node["axes"]
    first = min(axes)
    words = ["None" if i in axes else ":" for i in range(first, 0)]
    before = node.rank + steps + first
    lead = [":"] * before if before <= 2 else ["..."]
    return f"{atom(a)}[{', '.join([*lead, *words])}]"


def vjp(dy: Node, y: Node, a: Node, *, axes: tuple[int, ...]) -> Node:
    return apply("sum", dy, axes=axes)
