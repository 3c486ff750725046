"""a sigmoid(a), entry by entry, also called swish.

The product rule gives σ + a σ (1 - σ), and a σ is the result.
"""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "silu({a})"
plain = "silu({a})"
latex = r"\operatorname{{silu}}({a})"
heavy = True
because = "silu = a σ, so silu' = σ + silu (1 - σ)"
helper = '''
def silu(x):
    """x times the logistic function of x."""
    return x * sigmoid(x)
'''


def vjp(dy: Node, y: Node, a: Node) -> Node:
    s = apply("sigmoid", a)
    return dy * (s + y * (1 - s))
