"""All steps of a quantity as one array, time as its first axis, of size T.

Step t of the gradient is row t of the array's.
"""

from bpgen.ir import Node, apply
from bpgen.sizes import STEPS, Shape

internal = True
timed = False
casts = False
kind = "join"
boolean = True
numpy = "{a}"
latex = "{a}"


def shape(a: Shape) -> Shape:
    return (STEPS, *a)


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return apply("row", dy)
