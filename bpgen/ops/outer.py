"""The outer product of two vectors: each entry of one times each of the other."""

from bpgen.ir import Node, ShapeError
from bpgen.ops.spelling import atom
from bpgen.sizes import Shape, shape_text

heavy = True
mixed = True
latex = r"{a} {b}^{{\top}}"
because = "dC = da bᵀ + a dbᵀ, so a receives dC b and b receives dCᵀ a"
differential = "d{a} {b}ᵀ + {a} d{b}ᵀ"


def shape(a: Shape, b: Shape) -> Shape:
    if len(a) != 1 or len(b) != 1:
        raise ShapeError(f"`outer` takes two vectors, not {shape_text(a)} and {shape_text(b)}")
    return (*a, *b)


def numpy(a: str, b: str, *, steps: bool) -> str:
    return f"{atom(a)}[..., :, None] * {atom(b)}[..., None, :]" if steps else f"np.outer({a}, {b})"


def vjp(dy: Node, y: Node, a: Node, b: Node) -> tuple[Node, Node]:
    return dy @ b, dy.T @ a
