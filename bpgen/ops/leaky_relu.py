"""The argument above 0, `slope` times the argument elsewhere; the derivative at 0 is `slope`."""

from bpgen.ir import Node, apply
from bpgen.sizes import Shape

numpy = "leaky_relu({a}, {slope})"
plain = "leaky_relu({a}, {slope})"
latex = r"\operatorname{{leaky\_relu}}({a})"
smooth = False
because = "the derivative is 1 above 0 and the slope elsewhere"
helper = '''
def leaky_relu(x, slope):
    """x above 0, slope * x elsewhere."""
    return np.where(x > 0, x, slope * x)
'''
plain_helper = '''
def leaky_relu(x, slope):
    """x where its real part is above 0, slope * x elsewhere."""
    return np.where(np.real(x) > 0, x, slope * x)
'''


def shape(a: Shape, *, slope: float = 0.01) -> Shape:
    return a


shape.elementwise = True  # type: ignore[attr-defined]


def vjp(dy: Node, y: Node, a: Node, *, slope: float) -> Node:
    return apply("where", apply("greater", a, 0), dy, slope * dy)


def kinks(a: Node) -> tuple[Node, ...]:
    return (a,)
