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
into = "sigmoid_to({a}, {half}, {out})"
into_helper = '''
def sigmoid_to(x, half, out):
    """1 / (1 + exp(-x)) as (1 + tanh(x/2)) / 2, which does not overflow, into out."""
    np.multiply(x, half, out)
    np.tanh(out, out)
    np.multiply(out, half, out)
    np.add(out, half, out)
'''


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return dy * (y * (1 - y))
