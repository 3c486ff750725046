"""log(softmax(a)) along an axis, finite for every finite argument.

The exponential of the result is the softmax, so the backward pass keeps the result.
"""

from bpgen.ir import Node, apply
from bpgen.ops.rules import total
from bpgen.ops.shapes import along_several as shape
from bpgen.ops.shapes import axes_of

__all__ = ["shape"]

along = True
several = True
heavy = True
latex = r"\log \operatorname{{softmax}}({a})"
because = "∂yᵢ/∂aⱼ = δᵢⱼ - exp(yⱼ)"
helper = '''
def log_softmax(x, axis=-1):
    """log(exp(x) / sum(exp(x))) along an axis, without overflow."""
    z = x - x.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))
'''
plain_helper = helper.replace("x.max", "np.real(x).max")


def numpy(a: str, *, node: Node) -> str:
    return f"log_softmax({a})" if node["axis"] == -1 else f"log_softmax({a}, axis={node['axis']})"


plain = numpy


def vjp(dy: Node, y: Node, a: Node, *, axis: int | tuple[int, ...]) -> Node:
    return dy - apply("exp", y) * total(dy, axes_of(axis), keepdims=True)
