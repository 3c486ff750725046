"""An array of ones, `ones((N, H))`."""

from bpgen.ir import Node
from bpgen.ops.shapes import spelled_shape
from bpgen.sizes import Shape

params = ()
latex = "1"
vjp = None


def shape(*, shape: Shape) -> Shape:
    return tuple(shape)


def numpy(*, node: Node, dtype: str) -> str:
    return f"np.ones({spelled_shape(node.shape)}, {dtype})"


def plain(*, node: Node) -> str:
    return f"np.ones({spelled_shape(node.shape)})"
