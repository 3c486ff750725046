"""-1, 0 or 1, entry by entry. It is constant but for a jump at 0, so nothing flows back."""

from bpgen.ir import Node
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

params = ("a",)
kind = "join"
numpy = "np.sign({a})"
plain = "np.sign(np.real({a}))"
latex = r"\operatorname{{sign}}({a})"
smooth = False
vjp = None


def kinks(a: Node) -> tuple[Node, ...]:
    return (a,)
