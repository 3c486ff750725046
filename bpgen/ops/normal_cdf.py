"""Φ, the distribution function of the normal law, entry by entry; its derivative is the density φ.

Good to 2e-16 in the value; to the left of -1 that is less than 16 digits of a small number.
"""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

internal = True
numpy = "normal_cdf({a})"
plain = "normal_cdf({a})"
latex = r"\Phi({a})"
heavy = True
because = "Φ' = φ"
helper = '''
def normal_cdf(x):
    """The distribution function of the normal law, to 2e-16."""
    return 0.5 * (1.0 + erf(x * 0.7071067811865476))
'''


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return dy * apply("normal_pdf", a)
