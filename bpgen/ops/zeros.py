"""An array of zeros, `zeros((N, H))`."""

from bpgen.ir import Node
from bpgen.ops.shapes import spelled_shape
from bpgen.sizes import Shape

params = ()
latex = "0"
vjp = None


def shape(*, shape: Shape) -> Shape:
    return tuple(shape)


def numpy(*, node: Node, dtype: str) -> str:
    return f"np.zeros({spelled_shape(node.shape)}, {dtype})"


def plain(*, node: Node) -> str:
    return f"np.zeros({spelled_shape(node.shape)})"
