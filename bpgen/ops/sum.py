"""The sum over some axes, or over all.

Every entry went into the sum once, so every entry receives the sum's gradient.
"""

from bpgen.ir import Node
from bpgen.ops.rules import restored
from bpgen.ops.shapes import reduce as shape

__all__ = ["shape"]

reduces = True
heavy = True
latex = r"\textstyle\sum {a}"
because = "every entry went into the sum once"


def numpy(a: str, *, node: Node, steps: bool) -> str:
    return f"{a}.sum({spelled_axes(node, steps)})"


def spelled_axes(node: Node, steps: bool) -> str:
    """`axis=-1`, `axis=(-2, -1), keepdims=True`, or nothing for all axes of one step."""
    axes = node["axes"]
    if axes is None:
        axes = tuple(range(-node.args[0].rank, 0))
    words = []
    if len(axes) < node.args[0].rank or steps:
        words.append(f"axis={axes[0] if len(axes) == 1 else axes}")
    if node["keepdims"]:
        words.append("keepdims=True")
    return ", ".join(words)


def vjp(dy: Node, y: Node, a: Node, *, axes: tuple[int, ...] | None, keepdims: bool) -> Node:
    return restored(dy, a, axes, keepdims)
