"""The logistic function 1 / (1 + e⁻ᵃ), entry by entry.

sigmoid' = sigmoid (1 - sigmoid), so the backward pass keeps the result. The exponential is taken of
-|a| only, so nothing overflows, and small results keep all their digits.
"""

from bpgen.ir import Node
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "sigmoid({a})"
plain = "sigmoid({a})"
latex = r"\sigma({a})"
heavy = True
because = "σ' = σ (1 - σ)"
helper = '''
def sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)
'''
plain_helper = '''
def sigmoid(x):
    """1 / (1 + exp(-x)), of real or complex x, without overflow."""
    e = np.exp(np.where(np.real(x) >= 0, -x, x))
    return np.where(np.real(x) >= 0, 1.0, e) / (1.0 + e)
'''
into = "sigmoid_to({a}, {number:lowest=-88.0}, {number:one=1.0}, {out})"
into_helper = '''
def sigmoid_to(x, lowest, one, out):
    """1 / (1 + exp(-x)), into out; from x = lowest down it stays, since exp(-x) would overflow."""
    np.maximum(x, lowest, out=out)
    np.negative(out, out)
    np.exp(out, out)
    np.add(out, one, out)
    np.reciprocal(out, out)
'''


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return dy * (y * (1 - y))
