"""log(1 + eᵃ), entry by entry, without overflow.

Its derivative is the sigmoid. (torch returns a itself above 20; the two differ by less than 3e-9.)
"""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "softplus({a})"
plain = "softplus({a})"
latex = r"\operatorname{{softplus}}({a})"
heavy = True
because = "softplus' = σ"
helper = '''
def softplus(x):
    """log(1 + exp(x)), without overflow."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))
'''
plain_helper = '''
def softplus(x):
    """log(1 + exp(x)), of real or complex x, without overflow."""
    above = np.real(x) > 0
    return np.where(above, x, 0.0) + np.log1p(np.exp(np.where(above, -x, x)))
'''


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return dy * apply("sigmoid", a)
