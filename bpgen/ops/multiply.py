"""The product of two, entry by entry."""

from bpgen.ir import Node
from bpgen.ops.shapes import broadcast as shape

__all__ = ["shape"]

symbol = "*"
kind = "join"
numpy = "{a} * {b}"
latex = r"{a} \odot {b}"
because = "the product rule, entry by entry"


def vjp(dy: Node, y: Node, a: Node, b: Node) -> tuple[Node, Node]:
    return dy * b, dy * a
