"""a / √(mean a² + eps) along an axis; the gain is written out.

The scale moves with every entry, so from dy is taken away its part along the result.
"""

from bpgen.ir import Node, apply
from bpgen.ops import shapes
from bpgen.ops.rules import mean
from bpgen.sizes import Shape

along = True
several = True
heavy = True
latex = r"\operatorname{{rms\_norm}}({a})"
because = "a stretch of the argument changes nothing, so none may flow back"
helper = '''
def rms_norm(x, eps, axis=-1):
    """x / sqrt(mean(x**2) + eps) along an axis."""
    return x / np.sqrt(np.square(x).mean(axis=axis, keepdims=True) + eps)
'''


def shape(a: Shape, *, axis: int | tuple[int, ...] = -1, eps: float = 1e-5) -> Shape:
    return shapes.along_several(a, axis=axis)


def numpy(a: str, *, node: Node) -> str:
    axis = "" if node["axis"] == -1 else f", axis={node['axis']}"
    return f"rms_norm({a}, {node['eps']}{axis})"


plain = numpy


def vjp(dy: Node, y: Node, a: Node, *, axis: int | tuple[int, ...], eps: float) -> Node:
    scale = apply("sqrt", mean(apply("square", a), shapes.axes_of(axis)) + eps)
    return (dy - y * mean(dy * y, shapes.axes_of(axis))) / scale
