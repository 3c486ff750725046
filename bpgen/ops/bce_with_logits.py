"""The cross entropy of a Bernoulli law with logit z against a probability p, entry by entry:
-p log σ(z) - (1 - p) log(1 - σ(z)), computed as max(z, 0) - z p + log(1 + e^-|z|).

Its derivative in z is the plain difference σ(z) - p.
"""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import broadcast as shape

__all__ = ["shape"]

numpy = "bce_with_logits({z}, {p})"
plain = "bce_with_logits({z}, {p})"
latex = r"\operatorname{{bce}}({z}, {p})"
heavy = True
because = "the logarithms' derivatives leave σ(z) - p"
helper = '''
def bce_with_logits(z, p):
    """-p log s - (1 - p) log(1 - s) where s = 1 / (1 + exp(-z)), without overflow."""
    return np.maximum(z, 0.0) - z * p + np.log1p(np.exp(-np.abs(z)))
'''
plain_helper = '''
def bce_with_logits(z, p):
    """-p log s - (1 - p) log(1 - s) where s = 1 / (1 + exp(-z)), of real or complex z, p."""
    above = np.real(z) > 0
    return np.where(above, z, 0.0) - z * p + np.log1p(np.exp(np.where(above, -z, z)))
'''


def vjp(dy: Node, y: Node, z: Node, p: Node) -> tuple[Node, Node]:
    return dy * (apply("sigmoid", z) - p), -(dy * z)
