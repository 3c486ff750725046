"""Rows of an array, `E[w[t]]`: for each integer of the index the row that it names.

A row that was taken several times receives the sum of what came back; one never taken, zero.
"""

from bpgen.ir import Node, ShapeError, apply
from bpgen.ops.spelling import atom, each_step
from bpgen.sizes import Shape

internal = True
heavy = True
mixed = True
casts = False
kind = "join"  # the entries of integers are integers
latex = "{{{a}}}_{{{index}}}"
because = "a row receives the sum over the places that took it"


def shape(a: Shape, index: Shape) -> Shape:
    if not a:
        raise ShapeError("a scalar has no rows to take", code="BP208")
    return (*index, *a[1:])


def numpy(a: str, index: str, *, node: Node, steps: bool) -> str:
    rows, places = node.args
    if not (steps and rows.timed):
        return f"{atom(a)}[{index}]"
    if not places.timed:
        return f"{atom(a)}[:, {index}]"
    return f"{atom(a)}[{each_step(places.rank)}, {index}]"


def vjp(dy: Node, y: Node, a: Node, index: Node) -> tuple[Node, None]:
    return apply("scatter", dy, index, size=a.shape[0]), None
