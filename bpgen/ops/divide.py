"""The quotient of two, entry by entry.

With y = a / b, the gradient of b is -y / b, which keeps the result.
"""

from bpgen.ir import Node
from bpgen.ops.shapes import broadcast as shape

__all__ = ["shape"]

symbol = "/"
numpy = "{a} / {b}"
latex = r"{a} / {b}"
unsafe = True
domain = ((-2.0, 2.0), (0.5, 2.0))


def vjp(dy: Node, y: Node, a: Node, b: Node) -> tuple[Node, Node]:
    return dy / b, -(dy * y / b)
