"""Axes of size 1 put in, `m[t][:, None]`; `axes` are their places in the result, from the end."""

from bpgen.ir import Node, apply
from bpgen.sizes import ONE, Shape

internal = True
casts = False
kind = "join"
boolean = True
latex = "{a}"


def shape(a: Shape, *, axes: tuple[int, ...]) -> Shape:
    rest = iter(a)
    rank = len(a) + len(axes)
    return tuple(ONE if i in axes else next(rest) for i in range(-rank, 0))


def numpy(a: str, *, node: Node, steps: bool) -> str:
    axes = node["axes"]
    first = min(axes)
    words = ["None" if i in axes else ":" for i in range(first, 0)]
    before = node.rank + steps + first
    lead = [":"] * before if before <= 2 else ["..."]
    return f"{a}[{', '.join([*lead, *words])}]"


def vjp(dy: Node, y: Node, a: Node, *, axes: tuple[int, ...]) -> Node:
    return apply("sum", dy, axes=axes)
