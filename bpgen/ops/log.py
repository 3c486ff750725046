"""The natural logarithm, entry by entry."""

from bpgen.ir import Node
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "np.log({a})"
latex = r"\log({a})"
heavy = True
domain = (0.5, 2.0)
unsafe = True
because = "log' = 1 / a"


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return dy / a
