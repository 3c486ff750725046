"""Where the largest entry over some axes stands, the first of several: one True among False."""

from bpgen.ir import Node, ShapeError
from bpgen.ops.shapes import reduce
from bpgen.sizes import Shape

internal = True
params = ("a",)
kind = "bool"
heavy = True
latex = r"\operatorname{{first\_max}}({a})"
vjp = None
helper = '''
def first_max(x, axis):
    """True where the largest entry over some axes stands, the first of several."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, last)
    rest = moved.shape[: -len(axes)]
    flat = moved.reshape(*rest, int(np.prod(moved.shape[-len(axes) :])))
    first = np.arange(flat.shape[-1]) == flat.argmax(axis=-1)[..., None]
    return np.moveaxis(first.reshape(moved.shape), last, axes)
'''


def shape(a: Shape, *, axes: tuple[int, ...] | None = None) -> Shape:
    if not a:
        raise ShapeError("a scalar is the only one of its entries")
    reduce(a, axes=axes)
    return a


def numpy(a: str, *, node: Node) -> str:
    axes = node["axes"] or tuple(range(-node.rank, 0))
    return f"first_max({a}, {axes[0] if len(axes) == 1 else axes})"
