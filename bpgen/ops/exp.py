"""The exponential, entry by entry.

It is its own derivative, so the backward pass keeps the result.
"""

from bpgen.ir import Node
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "np.exp({a})"
latex = r"\exp({a})"
heavy = True
unsafe = True
harmless = 0.0
because = "exp' = exp"


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return dy * y
