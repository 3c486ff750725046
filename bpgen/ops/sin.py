"""The sine, entry by entry."""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "np.sin({a})"
latex = r"\sin({a})"
heavy = True
because = "sin' = cos"


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return dy * apply("cos", a)
