"""a / max(‖a‖, eps) along an axis.

The length moves with every entry, so from dy is taken away its part along the result; where the
length is below eps it counts as eps, which does not move.
"""

from bpgen.ir import Node, apply
from bpgen.ops import shapes
from bpgen.ops.rules import total
from bpgen.sizes import Shape

along = True
several = True
heavy = True
smooth = False
latex = r"\operatorname{{l2\_normalize}}({a})"
because = "a stretch of the argument changes nothing, so none may flow back"
helper = '''
def l2_normalize(x, eps, axis=-1):
    """x / max(norm(x), eps) along an axis."""
    return x / np.maximum(np.sqrt(np.square(x).sum(axis=axis, keepdims=True)), eps)
'''
plain_helper = '''
def l2_normalize(x, eps, axis=-1):
    """x / max(norm(x), eps) along an axis, of real or complex x."""
    length = np.sqrt(np.square(x).sum(axis=axis, keepdims=True))
    return x / np.where(np.real(length) < eps, eps, length)
'''


def shape(a: Shape, *, axis: int | tuple[int, ...] = -1, eps: float = 1e-12) -> Shape:
    return shapes.along_several(a, axis=axis)


def numpy(a: str, *, node: Node) -> str:
    axis = "" if node["axis"] == -1 else f", axis={node['axis']}"
    return f"l2_normalize({a}, {node['eps']}{axis})"


plain = numpy


def vjp(dy: Node, y: Node, a: Node, *, axis: int | tuple[int, ...], eps: float) -> Node:
    length = apply("norm", a, axes=shapes.axes_of(axis), keepdims=True)
    moved = y * total(dy * y, shapes.axes_of(axis), keepdims=True)
    fixed = apply("less", length, eps)
    return (dy - apply("where", fixed, 0, moved)) / apply("maximum", length, eps)
