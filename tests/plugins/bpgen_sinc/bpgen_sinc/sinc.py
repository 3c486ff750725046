"""sin(πa) / (πa), entry by entry, and 1 at 0.

sinc' = (cos(πa) - sinc) / a. At 0, where that is 0 / 0, the derivative is 0; near 0, where it loses
all its digits, the first terms of its series stand in.
"""

from math import pi

from bpgen.ir import Node, apply
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "_sinc({a})"
latex = r"\operatorname{{sinc}}({a})"
heavy = True
because = "sinc' = (cos(πa) - sinc) / a"
helper = '''
def _sinc(x):
    """sin(pi x) / (pi x), and 1 at 0."""
    small = np.abs(x) < 1e-4
    near, away = np.pi * np.where(small, x, 0.0), np.pi * np.where(small, 1.0, x)
    return np.where(small, 1.0 - np.square(near) / 6.0, np.sin(away) / away)
'''


def vjp(dy: Node, y: Node, a: Node) -> Node:
    near = apply("less", apply("abs", a), 1e-4)
    away = apply("where", near, 1.0, a)
    slope = (apply("cos", pi * away) - y) / away
    return dy * apply("where", near, -(pi**2) / 3 * a, slope)
