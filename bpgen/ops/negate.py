"""The negative, entry by entry."""

from bpgen.ir import Node
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

symbol = "-"
kind = "join"
numpy = "-{a}"
latex = "-{a}"


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return -dy
