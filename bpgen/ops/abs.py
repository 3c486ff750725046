"""The absolute value, entry by entry; abs'(0) = 0."""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

kind = "join"
numpy = "np.abs({a})"
plain = "{a} * np.sign(np.real({a}))"
latex = r"\left|{a}\right|"
smooth = False
because = "the derivative is the sign, 0 at 0"


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return dy * apply("sign", a)


def kinks(a: Node) -> tuple[Node, ...]:
    return (a,)
