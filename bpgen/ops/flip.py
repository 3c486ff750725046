"""The entries along an axis in the opposite order; their gradients are turned back."""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import along as shape

__all__ = ["shape"]

internal = True
casts = False
kind = "join"
boolean = True
numpy = "np.flip({a}, axis={axis})"
latex = r"\operatorname{{flip}}({a})"


def vjp(dy: Node, y: Node, a: Node, *, axis: int) -> Node:
    return apply("flip", dy, axis=axis)
