"""The argument, cut off at -1 and 1; the derivative is 1 strictly between, as torch has it."""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "np.clip({a}, -1.0, 1.0)"
plain = "hard_tanh({a})"
latex = r"\operatorname{{hard\_tanh}}({a})"
smooth = False
because = "the derivative is 1 between -1 and 1, 0 elsewhere"
plain_helper = '''
def hard_tanh(x):
    """Real or complex x, cut off at -1 and 1."""
    return np.where(np.abs(np.real(x)) < 1, x, np.sign(np.real(x)))
'''


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return apply("where", apply("less", apply("abs", y), 1), dy, 0)


def kinks(a: Node) -> tuple[Node, ...]:
    return a + 1, a - 1
