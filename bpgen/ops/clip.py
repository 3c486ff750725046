"""The argument, cut off below `lo` and above `hi`, entry by entry.

Gradients pass on the closed interval; what was cut off is the bound's, and so is its gradient.
"""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import broadcast as shape

__all__ = ["shape"]

kind = "join"
numpy = "np.clip({a}, {lo}, {hi})"
plain = "clip({a}, {lo}, {hi})"
latex = r"\operatorname{{clip}}({a}, {lo}, {hi})"
domain = ((-2.0, 2.0), (-1.5, -0.5), (0.5, 1.5))
smooth = False
because = "what lies between the bounds passes, ends included"
plain_helper = '''
def clip(x, lo, hi):
    """Real or complex x, cut off below lo and above hi by the real parts."""
    x = np.where(np.real(x) < np.real(lo), lo, x)
    return np.where(np.real(x) > np.real(hi), hi, x)
'''


def vjp(dy: Node, y: Node, a: Node, lo: Node, hi: Node) -> tuple[Node, Node, Node]:
    below, above = apply("less", a, lo), apply("greater", a, hi)
    inside = apply("logical_and", apply("greater_equal", a, lo), apply("less_equal", a, hi))
    return (
        apply("where", inside, dy, 0),
        apply("where", below, dy, 0),
        apply("where", above, dy, 0),
    )


def kinks(a: Node, lo: Node, hi: Node) -> tuple[Node, ...]:
    return a - lo, a - hi
