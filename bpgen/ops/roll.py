"""The entries moved along an axis by some places, those that fall off coming in at the other end.

Their gradients move back by as many.
"""

from bpgen.ir import Node, apply
from bpgen.ops import shapes
from bpgen.sizes import Shape

along = True
casts = False
kind = "join"
boolean = True
numpy = "np.roll({a}, {shift}, axis={axis})"
latex = r"\operatorname{{roll}}_{{{shift}}}({a})"
because = "what moved forwards moves back"


def shape(a: Shape, *, shift: int, axis: int = -1) -> Shape:
    return shapes.along(a, axis=axis)


def vjp(dy: Node, y: Node, a: Node, *, shift: int, axis: int) -> Node:
    return apply("roll", dy, shift=-shift, axis=axis)
