"""(a - b)² / 2 where |a - b| is at most delta, delta (|a - b| - delta / 2) beyond, entry by entry.

Its derivative is the difference, cut off at ±delta.
"""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import broadcast
from bpgen.sizes import Shape

numpy = "huber({a}, {b}, {delta})"
plain = "huber({a}, {b}, {delta})"
latex = r"\operatorname{{huber}}({a}, {b})"
because = "the derivative is the difference, cut off at ±δ"
helper = '''
def huber(a, b, delta):
    """(a - b)**2 / 2 up to |a - b| = delta, a line of slope delta beyond."""
    distance = np.abs(a - b)
    near = np.minimum(distance, delta)
    return near * (distance - 0.5 * near)
'''
plain_helper = '''
def huber(a, b, delta):
    """(a - b)**2 / 2 up to |a - b| = delta, a line of slope delta beyond; real or complex."""
    distance = (a - b) * np.sign(np.real(a - b))
    near = np.where(np.real(distance) < delta, distance, delta)
    return near * (distance - 0.5 * near)
'''


def shape(a: Shape, b: Shape, *, delta: float = 1) -> Shape:
    return broadcast(a, b)


shape.elementwise = True  # type: ignore[attr-defined]


def vjp(dy: Node, y: Node, a: Node, b: Node, *, delta: float) -> tuple[Node, Node]:
    slope = dy * apply("clip", a - b, -delta, delta)
    return slope, -slope
