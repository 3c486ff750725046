"""Row t of an array whose first axis is time: `steps` undone."""

from bpgen.ir import Node, ShapeError, apply
from bpgen.sizes import STEPS, Shape, shape_text

internal = True
timed = True
casts = False
kind = "join"
boolean = True
numpy = "{a}"  # where all steps are computed at once, the array itself
latex = "{a}"


def shape(a: Shape) -> Shape:
    if not a or a[0] != STEPS:
        raise ShapeError(f"{shape_text(a)} does not have time as its first axis")
    return a[1:]


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return apply("steps", dy)
