"""φ(a) = exp(-a²/2) / √(2π), the density of the normal law, entry by entry; φ' = -a φ."""

from bpgen.ir import Node
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

internal = True
numpy = "normal_pdf({a})"
plain = "normal_pdf({a})"
latex = r"\varphi({a})"
heavy = True
because = "φ' = -a φ"
helper = '''
def normal_pdf(x):
    """exp(-x**2 / 2) / sqrt(2 * pi); from 40 on it is 0, and x**2 would overflow later."""
    return np.exp(-0.5 * np.square(np.minimum(np.abs(x), 40.0))) * 0.3989422804014327
'''
plain_helper = '''
def normal_pdf(x):
    """exp(-x**2 / 2) / sqrt(2 * pi), of real or complex x; 0 from 40 on."""
    return np.exp(-0.5 * np.square(np.where(np.abs(np.real(x)) < 40, x, 40.0))) * 0.3989422804014327
'''


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return -(dy * (a * y))
