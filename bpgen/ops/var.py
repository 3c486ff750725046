"""The variance over some axes, or over all: the mean squared distance from the mean, divided by n.

The mean moves too, but to first order that does not change the sum of squares around it.
"""

from bpgen.ir import Node
from bpgen.ops.rules import count, mean, restored
from bpgen.ops.shapes import reduce as shape
from bpgen.ops.spelling import atom, spelled_axes

__all__ = ["shape"]

reduces = True
heavy = True
latex = r"\operatorname{{var}} {a}"
because = "around the mean, a shift of the centre changes the sum of squares only to second order"
plain_helper = '''
def var(x, axis=None, keepdims=False):
    """The variance over some axes, divided by n, of real or complex x."""
    square = np.square(x - x.mean(axis=axis, keepdims=True))
    return square.mean(axis=axis, keepdims=keepdims)
'''


def numpy(a: str, *, node: Node, steps: bool) -> str:
    return f"{atom(a)}.var({spelled_axes(node, steps)})"


def plain(a: str, *, node: Node, steps: bool) -> str:
    words = spelled_axes(node, steps)
    return f"var({a}, {words})" if words else f"var({a})"


def vjp(dy: Node, y: Node, a: Node, *, axes: tuple[int, ...] | None, keepdims: bool) -> Node:
    scale = 2 * restored(dy, a, axes, keepdims) / count(a, axes)
    return scale * (a - mean(a, axes))
