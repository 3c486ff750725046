"""The mean over some axes, or over all.

Every entry went into the mean once, with weight 1/n, so every entry receives that share.
"""

from bpgen.ir import Node
from bpgen.ops.rules import count, restored
from bpgen.ops.shapes import reduce as shape
from bpgen.ops.spelling import atom, spelled_axes

__all__ = ["shape"]

reduces = True
heavy = True
latex = r"\operatorname{{mean}} {a}"
because = "every entry went into the mean once, with weight 1/n"


def numpy(a: str, *, node: Node, steps: bool) -> str:
    return f"{atom(a)}.mean({spelled_axes(node, steps)})"


def vjp(dy: Node, y: Node, a: Node, *, axes: tuple[int, ...] | None, keepdims: bool) -> Node:
    return restored(dy, a, axes, keepdims) / count(a, axes)
