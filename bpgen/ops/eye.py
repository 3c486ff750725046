"""The identity matrix of a size, `eye(H)`."""

from bpgen.ir import Node
from bpgen.ops.shapes import spelled_size
from bpgen.sizes import Shape, Size

params = ()
latex = "I"
vjp = None


def shape(*, size: Size) -> Shape:
    return (size, size)


def numpy(*, node: Node, dtype: str) -> str:
    return f"np.eye({spelled_size(node['size'])}, dtype={dtype})"


def plain(*, node: Node) -> str:
    return f"np.eye({spelled_size(node['size'])})"
