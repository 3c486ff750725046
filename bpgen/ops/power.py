"""A power, entry by entry.

A number as exponent gives b a^(b-1), written 2 a for a square. An exponent that is a quantity
needs a base above 0 and gets y log a.
"""

from bpgen.ir import Node, apply, is_number
from bpgen.ops.shapes import broadcast as shape

__all__ = ["shape"]

symbol = "**"
numpy = "{a}**{b}"
latex = "{{{a}}}^{{{b}}}"
domain = ((0.5, 2.0), (-2.0, 2.0))
heavy = True
unsafe = True


def vjp(dy: Node, y: Node, a: Node, b: Node) -> tuple[Node, Node]:
    if is_number(b, 0):
        return 0 * dy, dy
    if is_number(b, 2):
        return dy * (2 * a), dy
    if b.op == "number":
        return dy * (b * a ** (b["value"] - 1)), dy
    return dy * (b * a ** (b - 1)), dy * (y * apply("log", a))
