"""log(1 + a), entry by entry, exact for small a."""

from bpgen.ir import Node
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "np.log1p({a})"
latex = r"\log(1 + {a})"
heavy = True
domain = (-0.5, 2.0)
unsafe = True
harmless = 0.0


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return dy / (1 + a)
