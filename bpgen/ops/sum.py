"""The sum over some axes, or over all.

Every entry went into the sum once, so every entry receives the sum's gradient.
"""

from bpgen.ir import Node
from bpgen.ops.rules import restored
from bpgen.ops.shapes import reduce as shape
from bpgen.ops.spelling import atom, spelled_axes

__all__ = ["shape"]

reduces = True
heavy = True
latex = r"\textstyle\sum {a}"
because = "every entry went into the sum once"


def numpy(a: str, *, node: Node, steps: bool) -> str:
    return f"{atom(a)}.sum({spelled_axes(node, steps)})"


def vjp(dy: Node, y: Node, a: Node, *, axes: tuple[int, ...] | None, keepdims: bool) -> Node:
    return restored(dy, a, axes, keepdims)
