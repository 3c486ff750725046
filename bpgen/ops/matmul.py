"""The matrix product, with NumPy's meaning for vectors, matrices and stacks of them.

With C = A B the differential is dC = dA B + A dB, so A receives dC Bᵀ and B receives Aᵀ dC: the
transposes are what the product becomes when the differential is moved to the other side of the
scalar product. A vector on either side is a matrix with one row or one column whose axis is
dropped; then one of the two is an outer product.
"""

from bpgen.ir import Node, ShapeError, apply, broadcast_shapes
from bpgen.sizes import Shape, shape_text

symbol = "@"
heavy = True
numpy = "{a} @ {b}"
latex = r"{a} {b}"
because = "dC = dA B + A dB, so A receives dC Bᵀ and B receives Aᵀ dC"
differential = "dA {b} + {a} dB"


def shape(a: Shape, b: Shape) -> Shape:
    if not a or not b:
        raise ShapeError("`@` is a product of vectors and matrices; a scalar is multiplied by `*`")
    inner = b[0] if len(b) == 1 else b[-2]
    if a[-1] != inner:
        raise ShapeError(
            f"`@` needs the last axis of the left side to equal the "
            f"{'only' if len(b) == 1 else 'first' if len(b) == 2 else 'second last'} axis of the "
            f"right; {shape_text(a)} @ {shape_text(b)} has {a[-1]} and {inner}"
        )
    stack = broadcast_shapes(a[:-2], b[:-2])
    if stack is None:
        raise ShapeError(f"stacks of {shape_text(a)} and {shape_text(b)} do not broadcast")
    rows = a[-2:-1]
    columns = b[-1:] if len(b) > 1 else ()
    return (*stack, *rows, *columns)


def vjp(dy: Node, y: Node, a: Node, b: Node) -> tuple[Node, Node]:
    if a.rank == 1 and b.rank == 1:
        return dy * b, dy * a
    if a.rank == 1:
        return _rows(b, dy), apply("outer", a, dy) if b.rank == 2 else _column(a) @ _row(dy)
    if b.rank == 1:
        return apply("outer", dy, b) if a.rank == 2 else _column(dy) @ _row(b), _columns(a, dy)
    return dy @ b.T, a.T @ dy


def _rows(b: Node, dy: Node) -> Node:
    """Each matrix of `b` times its vector of `dy`."""
    return b @ dy if b.rank == 2 else apply("index", b @ _column(dy), axis=-1, at=0)


def _columns(a: Node, dy: Node) -> Node:
    """Each matrix of `a`, transposed, times its vector of `dy`."""
    return a.T @ dy if a.rank == 2 else apply("index", a.T @ _column(dy), axis=-1, at=0)


def _column(v: Node) -> Node:
    return apply("newaxis", v, axes=(-1,))


def _row(v: Node) -> Node:
    return apply("newaxis", v, axes=(-2,))
