"""Entries of `a` where a condition holds, of `b` elsewhere.

Each entry was taken from one side, and that side receives its gradient; the other receives zero.
"""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import broadcast as shape

__all__ = ["shape"]

kind = "join"
joins = 1  # the condition stays a boolean, whatever the sides are
casts = False
boolean = True
latex = r"\begin{{cases}}{a} & {c}\\{b} & \text{{else}}\end{{cases}}"
because = "the side that was taken receives all, the other nothing"


def numpy(c: str, a: str, b: str, *, node: Node, dtype: str) -> str:
    sides = node.args[1:]
    plain_numbers = not any(side.rank or side.timed for side in sides)
    cast = f".astype({dtype})" if node.kind == "real" and plain_numbers else ""
    return f"np.where({c}, {a}, {b}){cast}"


def plain(c: str, a: str, b: str) -> str:
    return f"np.where({c}, {a}, {b})"


def vjp(dy: Node, y: Node, c: Node, a: Node, b: Node) -> tuple[None, Node, Node]:
    return None, apply("where", c, dy, 0), apply("where", c, 0, dy)
