"""Rows added into an array of zeros, each at the place that an index names: `take` turned round.

The helper adds up everything that it is given. So over all steps at once it also sums over time,
if the index and the rows have time as their first axis.
"""

from bpgen.ir import Node, ShapeError, apply
from bpgen.ops.shapes import spelled_shape, spelled_size
from bpgen.ops.spelling import each_step
from bpgen.sizes import Shape, Size, shape_text

internal = True
heavy = True
mixed = True
casts = False
latex = r"\operatorname{{scatter}}_{{{index}}}({a})"
helper = '''
def scatter(rows, index, size):
    """An array of `size` rows, each the sum of the given rows whose index names it."""
    shape = rows.shape[np.ndim(index) :]
    total = np.zeros((size, *shape), rows.dtype)
    width = np.prod(shape, dtype=int)  # entry by entry, np.add.at is four times as fast
    places = np.asarray(index)[..., None] * width + np.arange(width)
    np.add.at(total.reshape(-1), places.reshape(-1), rows.reshape(-1))
    return total
'''


def shape(a: Shape, index: Shape, *, size: Size) -> Shape:
    if a[: len(index)] != index:
        raise ShapeError(f"an index of {shape_text(index)} does not name rows of {shape_text(a)}")
    return (size, *a[len(index) :])


def numpy(a: str, index: str, *, node: Node, steps: bool) -> str:
    if not steps:
        return f"scatter({a}, {index}, {spelled_size(node['size'])})"
    places = f"({each_step(node.args[1].rank)}, {index})"
    return f"scatter_entries({a}, {places}, {spelled_shape(node.shape, steps)})"


def vjp(dy: Node, y: Node, a: Node, index: Node, *, size: Size) -> tuple[Node, None]:
    return apply("take", dy, index), None
