"""The Euclidean norm over some axes, or over all; norm'(0) = 0.

Its derivative is a / norm, the direction of a. Where the norm is 0, so is a, and a division by 1
makes the derivative 0.
"""

from bpgen.ir import Node, apply
from bpgen.ops.rules import restored
from bpgen.ops.shapes import reduce as shape
from bpgen.ops.spelling import spelled_axes

__all__ = ["shape"]

reduces = True
heavy = True
latex = r"\left\|{a}\right\|"
plain_helper = '''
def length(squares):
    """The square root of a sum of squares, real or complex; its derivative at 0 is 0."""
    root = np.sqrt(squares)
    return np.where(np.real(squares) > 0, root, np.real(root))
'''
because = "the norm grows in the direction of its argument"


def numpy(a: str, *, node: Node, steps: bool) -> str:
    return f"np.sqrt(np.square({a}).sum({spelled_axes(node, steps)}))"


def plain(a: str, *, node: Node, steps: bool) -> str:
    return f"length(np.square({a}).sum({spelled_axes(node, steps)}))"


def vjp(dy: Node, y: Node, a: Node, *, axes: tuple[int, ...] | None, keepdims: bool) -> Node:
    length = apply("where", apply("equal", y, 0), 1, y)
    return restored(dy / length, a, axes, keepdims) * a
