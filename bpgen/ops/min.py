"""The smallest entry over some axes, or over all; a tie belongs to the first.

Only the entry that was taken receives the gradient.
"""

from bpgen.ir import Node, apply
from bpgen.ops.rules import restored
from bpgen.ops.shapes import reduce as shape
from bpgen.ops.spelling import atom, spelled_axes

__all__ = ["shape"]

reduces = True
heavy = True
smooth = False
ties = True
kind = "join"
latex = r"\min {a}"
because = "the entry that was taken receives all, the others nothing"
plain_helper = '''
def smallest(x, axis=None, keepdims=False):
    """The smallest entry by the real part, the first of several, of real or complex x."""
    axes = tuple(range(-x.ndim, 0)) if axis is None else axis
    return np.where(first_max(-np.real(x), axes), x, 0.0).sum(axis=axis, keepdims=keepdims)
'''


def numpy(a: str, *, node: Node, steps: bool) -> str:
    return f"{atom(a)}.min({spelled_axes(node, steps)})"


def plain(a: str, *, node: Node, steps: bool) -> str:
    words = spelled_axes(node, steps)
    return f"smallest({a}, {words})" if words else f"smallest({a})"


def vjp(dy: Node, y: Node, a: Node, *, axes: tuple[int, ...] | None, keepdims: bool) -> Node:
    if a.rank == 0:
        return dy
    taken = apply("first_max", -a, axes=axes)
    return apply("where", taken, restored(dy, a, axes, keepdims), 0)


def kinks(a: Node, *, axes: tuple[int, ...] | None, keepdims: bool) -> tuple[Node, ...]:
    """How far every other entry is from the one taken."""
    if a.rank == 0:
        return ()
    whole = restored(apply("min", a, axes=axes, keepdims=keepdims), a, axes, keepdims)
    return (apply("where", apply("first_max", -a, axes=axes), 1.0, a - whole),)
