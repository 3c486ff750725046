"""a / (1 + |a|), entry by entry; its derivative is 1 / (1 + |a|)²."""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "softsign({a})"
plain = "softsign({a})"
latex = r"\operatorname{{softsign}}({a})"
because = "softsign' = 1 / (1 + |a|)²"
helper = '''
def softsign(x):
    """x / (1 + abs(x))."""
    return x / (1.0 + np.abs(x))
'''
plain_helper = '''
def softsign(x):
    """x / (1 + abs(x)), of real or complex x."""
    return x / (1.0 + x * np.sign(np.real(x)))
'''


def vjp(dy: Node, y: Node, a: Node) -> Node:
    scale = 1 + apply("abs", a)
    return dy / scale / scale  # not by the square, which overflows
