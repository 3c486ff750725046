"""a Φ(a), entry by entry, Φ the normal distribution function: the exact form, through erf.

The product rule gives Φ + a φ, φ the normal density.
"""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "gelu({a})"
plain = "gelu({a})"
latex = r"\operatorname{{gelu}}({a})"
heavy = True
because = "gelu = a Φ, so gelu' = Φ + a φ"
helper = '''
def gelu(x):
    """x times the normal distribution function of x."""
    return x * normal_cdf(x)
'''


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return dy * (apply("normal_cdf", a) + a * apply("normal_pdf", a))
