"""The square, entry by entry."""

from bpgen.ir import Node
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

kind = "join"
numpy = "np.square({a})"
latex = "({a})^2"


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return dy * (2 * a)
