"""(a - b)², entry by entry, without a half and without a mean."""

from bpgen.ir import Node
from bpgen.ops.shapes import broadcast as shape

__all__ = ["shape"]

numpy = "np.square({a} - {b})"
latex = "({a} - {b})^2"
because = "the derivative of a square is twice its base"


def vjp(dy: Node, y: Node, a: Node, b: Node) -> tuple[Node, Node]:
    slope = dy * (2 * (a - b))
    return slope, -slope
