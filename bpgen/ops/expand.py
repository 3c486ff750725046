"""An array repeated along axes to a given shape, `expand(x, (N, H))`.

Each entry was used many times, so its gradient is the sum of theirs.
"""

from bpgen.ir import Node, ShapeError, broadcast_shapes
from bpgen.ops.shapes import spelled_shape
from bpgen.ops.spelling import atom
from bpgen.sizes import Shape, shape_text

casts = False
kind = "join"
boolean = True
latex = "{a}"


def shape(a: Shape, *, to: Shape) -> Shape:
    if broadcast_shapes(a, to) != tuple(to):
        raise ShapeError(f"{shape_text(a)} cannot be expanded to {shape_text(to)}")
    return tuple(to)


def numpy(a: str, *, node: Node, steps: bool) -> str:
    missing = node.rank - node.args[0].rank
    if steps and missing:
        a = f"{atom(a)}[:, {', '.join(['None'] * missing)}]"
    return f"np.broadcast_to({a}, {spelled_shape(node.shape, steps)})"


def vjp(dy: Node, y: Node, a: Node, *, to: Shape) -> Node:
    return dy
