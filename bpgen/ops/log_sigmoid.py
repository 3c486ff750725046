"""log(sigmoid(a)), finite for every finite a: what a logarithm of a sigmoid becomes.

Its derivative 1 - sigmoid(a) is sigmoid(-a), which keeps its digits where sigmoid(a) is near 1.
"""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

internal = True
numpy = "log_sigmoid({a})"
plain = "log_sigmoid({a})"
latex = r"\log \sigma({a})"
heavy = True
because = "(log σ)'(a) = 1 - σ(a) = σ(-a)"
helper = '''
def log_sigmoid(x):
    """log(1 / (1 + exp(-x))), without overflow."""
    return np.minimum(x, 0.0) - np.log1p(np.exp(-np.abs(x)))
'''
plain_helper = '''
def log_sigmoid(x):
    """log(1 / (1 + exp(-x))), of real or complex x, without overflow."""
    below = np.real(x) < 0
    return np.where(below, x, 0.0) - np.log1p(np.exp(np.where(below, x, -x)))
'''


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return dy * apply("sigmoid", -a)
