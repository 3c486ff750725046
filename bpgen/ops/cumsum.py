"""The sums of all entries up to each, along an axis.

An entry goes into its own sum and all later ones, so its gradient is the sum of theirs, taken from
the other end.
"""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import along as shape

__all__ = ["shape"]

along = True
heavy = True
kind = "join"
numpy = "np.cumsum({a}, axis={axis})"
latex = r"\operatorname{{cumsum}}({a})"
because = "an entry goes into its own sum and all later ones"


def vjp(dy: Node, y: Node, a: Node, *, axis: int) -> Node:
    return apply("flip", apply("cumsum", apply("flip", dy, axis=axis), axis=axis), axis=axis)
