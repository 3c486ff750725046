"""The cosine, entry by entry."""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "np.cos({a})"
latex = r"\cos({a})"
heavy = True
because = "cos' = -sin"


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return -(dy * apply("sin", a))
