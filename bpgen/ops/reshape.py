"""The same entries in another shape, `reshape(x, (N, H, 1))`; the gradient is shaped back."""

from bpgen.ir import Node, ShapeError, apply
from bpgen.ops.shapes import spelled_size
from bpgen.ops.spelling import atom
from bpgen.sizes import Shape, product, shape_text

casts = False
kind = "join"
boolean = True
latex = "{a}"


def shape(a: Shape, *, to: Shape) -> Shape:
    if product(a) != product(to):
        raise ShapeError(
            f"{shape_text(a)} has {product(a)} entries, but {shape_text(to)} has {product(to)}"
        )
    return tuple(to)


def numpy(a: str, *, node: Node, steps: bool) -> str:
    sizes = [*(["T"] if steps else []), *map(spelled_size, node.shape)]
    return f"{atom(a)}.reshape({', '.join(sizes) or '()'})"


def vjp(dy: Node, y: Node, a: Node, *, to: Shape) -> Node:
    return apply("reshape", dy, to=a.shape)
