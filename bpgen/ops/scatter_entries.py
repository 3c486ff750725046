"""Values added into a matrix of zeros, each at the entry that two indices name: `entries` turned
round.

The helper adds up everything that it is given. So over all steps at once it also sums over time,
if the indices and the values have time as their first axis.
"""

from bpgen.ir import Node, ShapeError, apply
from bpgen.ops.entries import time_first
from bpgen.ops.shapes import broadcast, spelled_shape
from bpgen.ops.spelling import each_step
from bpgen.sizes import Shape, shape_text

internal = True
heavy = True
mixed = True
casts = False
latex = r"\operatorname{{scatter}}_{{{i}, {j}}}({a})"
helper = '''
def scatter_entries(values, index, shape):
    """An array of a shape, each entry the sum of the values whose index names it."""
    total = np.zeros(shape, values.dtype)
    np.add.at(total, index, values)
    return total
'''


def shape(a: Shape, i: Shape, j: Shape, *, size: Shape) -> Shape:
    index = broadcast(i, j)
    if a[: len(index)] != index or len(size) != 2:
        raise ShapeError(f"an index of {shape_text(index)} does not name parts of {shape_text(a)}")
    return (*size, *a[len(index) :])


def numpy(a: str, i: str, j: str, *, node: Node, steps: bool) -> str:
    if not steps:
        return f"scatter_entries({a}, ({i}, {j}), {spelled_shape(node.shape)})"
    rank = max(arg.rank for arg in node.args[1:])
    places = f"{time_first(i, node.args[1], rank)}, {time_first(j, node.args[2], rank)}"
    return (
        f"scatter_entries({a}, ({each_step(rank)}, {places}), {spelled_shape(node.shape, steps)})"
    )


def vjp(dy: Node, y: Node, a: Node, i: Node, j: Node, *, size: Shape) -> tuple[Node, None, None]:
    return apply("entries", dy, i, j), None, None
