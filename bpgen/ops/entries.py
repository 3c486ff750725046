"""Entries of a matrix by two indices, `A[i[t], j[t]]`.

An entry that was taken several times receives the sum of what came back; one never taken, zero.
"""

from bpgen.ir import Node, ShapeError, apply
from bpgen.ops.shapes import broadcast
from bpgen.ops.spelling import atom, each_step
from bpgen.sizes import Shape, shape_text

internal = True
heavy = True
mixed = True
casts = False
kind = "join"  # the entries of integers are integers
latex = "{{{a}}}_{{{i}, {j}}}"
because = "an entry receives the sum over the places that took it"


def shape(a: Shape, i: Shape, j: Shape) -> Shape:
    if len(a) < 2:
        raise ShapeError(f"{shape_text(a)} is no matrix to take entries from", code="BP208")
    return (*broadcast(i, j), *a[2:])


def numpy(a: str, i: str, j: str, *, node: Node, steps: bool) -> str:
    rank = max(arg.rank for arg in node.args[1:])
    if not steps:
        return f"{atom(a)}[{i}, {j}]"
    places = f"{time_first(i, node.args[1], rank)}, {time_first(j, node.args[2], rank)}"
    if not node.args[0].timed:
        return f"{atom(a)}[{places}]"
    return f"{atom(a)}[{each_step(rank)}, {places}]"


def time_first(text: str, node: Node, rank: int) -> str:
    """The text of an array over all steps, of a rank within each step."""
    missing = rank - node.rank
    if not node.timed or not missing:
        return text
    return f"{atom(text)}[:, {', '.join(['None'] * missing)}{', ...' if node.rank else ''}]"


def vjp(dy: Node, y: Node, a: Node, i: Node, j: Node) -> tuple[Node, None, None]:
    return apply("scatter_entries", dy, i, j, size=a.shape[:2]), None, None
