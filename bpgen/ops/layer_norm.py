"""(a - mean) / √(var + eps) along an axis; gain and bias are written out.

Mean and variance move with every entry, so from dy are taken away its mean and its part along the
result.
"""

from bpgen.ir import Node, apply
from bpgen.ops import shapes
from bpgen.ops.rules import mean
from bpgen.sizes import Shape

along = True
several = True
heavy = True
latex = r"\operatorname{{layer\_norm}}({a})"
because = "a shift and a stretch of the argument change nothing, so neither may flow back"
helper = '''
def layer_norm(x, eps, axis=-1):
    """(x - mean) / sqrt(var + eps) along an axis."""
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / np.sqrt(np.square(centred).mean(axis=axis, keepdims=True) + eps)
'''


def shape(a: Shape, *, axis: int | tuple[int, ...] = -1, eps: float = 1e-5) -> Shape:
    return shapes.along_several(a, axis=axis)


def numpy(a: str, *, node: Node) -> str:
    axis = "" if node["axis"] == -1 else f", axis={node['axis']}"
    return f"layer_norm({a}, {node['eps']}{axis})"


plain = numpy


def vjp(dy: Node, y: Node, a: Node, *, axis: int | tuple[int, ...], eps: float) -> Node:
    scale = apply("sqrt", apply("var", a, axes=shapes.axes_of(axis), keepdims=True) + eps)
    return (dy - mean(dy, shapes.axes_of(axis)) - y * mean(dy * y, shapes.axes_of(axis))) / scale
