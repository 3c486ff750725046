"""Whether one is the other, entry by entry."""

from bpgen.ir import Node
from bpgen.ops.shapes import broadcast as shape

__all__ = ["shape"]

symbol = "=="
params = ("a", "b")
kind = "bool"
numpy = "{a} == {b}"
plain = "np.real({a}) == np.real({b})"
latex = r"{a} = {b}"
vjp = None


def kinks(a: Node, b: Node) -> tuple[Node, ...]:
    return (a - b,)
