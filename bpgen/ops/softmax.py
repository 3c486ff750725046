"""exp(a) / Σ exp(a) along an axis, without overflow.

The entries share one sum, so what one gains the others lose: from every dy the mean of dy, weighted
by the result, is taken away.
"""

from bpgen.ir import Node
from bpgen.ops.rules import total
from bpgen.ops.shapes import along_several as shape
from bpgen.ops.shapes import axes_of

__all__ = ["shape"]

along = True
several = True
heavy = True
latex = r"\operatorname{{softmax}}({a})"
because = "∂yᵢ/∂aⱼ = yᵢ (δᵢⱼ - yⱼ)"
helper = '''
def softmax(x, axis=-1):
    """exp(x) / sum(exp(x)) along an axis, without overflow."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
'''
plain_helper = helper.replace("x.max", "np.real(x).max")


def numpy(a: str, *, node: Node) -> str:
    return f"softmax({a})" if node["axis"] == -1 else f"softmax({a}, axis={node['axis']})"


plain = numpy


def vjp(dy: Node, y: Node, a: Node, *, axis: int | tuple[int, ...]) -> Node:
    return y * (dy - total(dy * y, axes_of(axis), keepdims=True))
