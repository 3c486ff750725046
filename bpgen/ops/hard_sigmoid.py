"""(a + 3) / 6, cut off at 0 and 1; the derivative is 1/6 strictly between, as torch has it."""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "hard_sigmoid({a})"
plain = "hard_sigmoid({a})"
latex = r"\operatorname{{hard\_sigmoid}}({a})"
domain = (-6.0, 6.0)
smooth = False
because = "the derivative is 1/6 where -3 < a < 3, 0 elsewhere"
helper = '''
def hard_sigmoid(x):
    """(x + 3) / 6, cut off at 0 and 1."""
    return np.clip(x + 3.0, 0.0, 6.0) / 6.0
'''
plain_helper = '''
def hard_sigmoid(x):
    """(x + 3) / 6, cut off at 0 and 1, of real or complex x."""
    return np.where(np.abs(np.real(x)) < 3, x + 3.0, np.where(np.real(x) > 0, 6.0, 0.0)) / 6.0
'''


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return apply("where", apply("less", apply("abs", a), 3), dy / 6, 0)


def kinks(a: Node) -> tuple[Node, ...]:
    return a + 3, a - 3
