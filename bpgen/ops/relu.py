"""The positive part, entry by entry; relu'(0) = 0.

What is cut off receives nothing. The result says where: it is above 0 where the argument was.
"""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "np.maximum({a}, 0.0)"
plain = "relu({a})"
latex = r"\operatorname{{relu}}({a})"
smooth = False
because = "relu' is 1 above 0 and 0 elsewhere"
plain_helper = '''
def relu(x):
    """The positive part of real or complex x."""
    return np.where(np.real(x) > 0, x, 0.0)
'''


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return apply("where", apply("greater", y, 0), dy, 0)


def kinks(a: Node) -> tuple[Node, ...]:
    return (a,)
