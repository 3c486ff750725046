"""The smaller of two, entry by entry; a tie belongs to the first."""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import broadcast as shape

__all__ = ["shape"]

kind = "join"
numpy = "np.minimum({a}, {b})"
plain = "minimum({a}, {b})"
latex = r"\min({a}, {b})"
smooth = False
because = "the smaller receives all, the other nothing"
plain_helper = '''
def minimum(a, b):
    """The smaller of two, real or complex, by the real parts."""
    return np.where(np.real(a) <= np.real(b), a, b)
'''


def vjp(dy: Node, y: Node, a: Node, b: Node) -> tuple[Node, Node]:
    first = apply("less_equal", a, b)
    return apply("where", first, dy, 0), apply("where", first, 0, dy)


def kinks(a: Node, b: Node) -> tuple[Node, ...]:
    return (a - b,)
