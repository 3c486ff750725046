"""The square root, entry by entry.

Its derivative 1 / (2 √a) keeps the result, and is infinite at 0.
"""

from bpgen.ir import Node
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "np.sqrt({a})"
latex = r"\sqrt{{{a}}}"
heavy = True
domain = (0.5, 2.0)
unsafe = True
because = "√' = 1 / (2 √a)"


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return dy / (2 * y)
