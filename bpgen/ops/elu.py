"""The argument above 0, alpha (eᵃ - 1) elsewhere.

Below 0 the derivative alpha eᵃ is the result plus alpha.
"""

from bpgen.ir import Node, apply
from bpgen.sizes import Shape

numpy = "elu({a}, {alpha})"
plain = "elu({a}, {alpha})"
latex = r"\operatorname{{elu}}({a})"
heavy = True
smooth = False
because = "elu' is 1 above 0 and elu + α elsewhere"
helper = '''
def elu(x, alpha):
    """x above 0, alpha * (exp(x) - 1) elsewhere."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))
'''
plain_helper = '''
def elu(x, alpha):
    """x above 0, alpha * (exp(x) - 1) elsewhere, of real or complex x."""
    above = np.real(x) > 0
    return np.where(above, x, alpha * np.expm1(np.where(above, 0.0, x)))
'''


def shape(a: Shape, *, alpha: float = 1.0) -> Shape:
    return a


shape.elementwise = True  # type: ignore[attr-defined]


def vjp(dy: Node, y: Node, a: Node, *, alpha: float) -> Node:
    return apply("where", apply("greater", a, 0), dy, dy * (y + alpha))


def kinks(a: Node) -> tuple[Node, ...]:
    return (a,)
