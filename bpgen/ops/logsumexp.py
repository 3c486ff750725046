"""log Σ exp(a) over some axes, or over all, without overflow.

Its derivative is the softmax over the same axes.
"""

from bpgen.ir import Node, apply
from bpgen.ops.rules import restored, total
from bpgen.ops.shapes import reduce as shape
from bpgen.ops.spelling import spelled_axes

__all__ = ["shape"]

reduces = True
heavy = True
latex = r"\log \textstyle\sum \exp({a})"
because = "the derivative of log Σ exp(a) is exp(a) / Σ exp(a), the softmax"
helper = '''
def logsumexp(x, axis=None, keepdims=False):
    """log(sum(exp(x))) over some axes, without overflow."""
    top = x.max(axis=axis, keepdims=True)
    y = np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top
    return y if keepdims else y.squeeze(axis=axis)
'''
plain_helper = helper.replace("x.max", "np.real(x).max")


def numpy(a: str, *, node: Node, steps: bool) -> str:
    words = spelled_axes(node, steps)
    return f"logsumexp({a}, {words})" if words else f"logsumexp({a})"


plain = numpy


def vjp(dy: Node, y: Node, a: Node, *, axes: tuple[int, ...] | None, keepdims: bool) -> Node:
    share = _softmax(a, tuple(range(-a.rank, 0)) if axes is None else axes)
    return restored(dy, a, axes, keepdims) * share


def _softmax(a: Node, axes: tuple[int, ...]) -> Node:
    if len(axes) == 1:
        return apply("softmax", a, axis=axes[0])
    e = apply("exp", a - apply("max", a, axes=axes, keepdims=True))
    return e / total(e, axes, keepdims=True)
