"""The square matrix with a vector on its diagonal, zero elsewhere; of a matrix, its diagonal.

`(n)`, `(n, 1)` and `(1, n)` are vectors here. Only the diagonal carries the vector on, so only the
diagonal's gradient comes back.
"""

from bpgen.ir import Node, ShapeError, apply
from bpgen.ops.spelling import atom
from bpgen.sizes import ONE, Shape, shape_text

latex = r"\operatorname{{diag}}({a})"
because = "only the diagonal carries the vector on"
helper = '''
def diag(v):
    """Square matrices with the vectors along the last axis on their diagonals."""
    return np.where(np.eye(v.shape[-1], dtype=bool), v[..., None], 0.0)
'''


def shape(a: Shape) -> Shape:
    if len(a) == 1:
        return (a[0], a[0])
    if len(a) == 2 and ONE in a:
        n = a[1] if a[0] == ONE else a[0]
        return (n, n)
    if len(a) == 2 and a[0] == a[1]:
        return a[:1]
    raise ShapeError(f"`diag` takes a vector or a square matrix, not {shape_text(a)}")


def numpy(a: str, *, node: Node) -> str:
    given = node.args[0].shape
    if node.rank == 1:
        return f"np.diagonal({a}, axis1=-2, axis2=-1)"
    if len(given) == 1:
        return f"diag({a})"
    return f"diag({atom(a)}[..., 0, :])" if given[0] == ONE else f"diag({atom(a)}[..., 0])"


def vjp(dy: Node, y: Node, a: Node) -> Node:
    if y.rank == 1 or (a.rank == 1 and a.shape[0] != ONE):
        return apply("diag", dy)
    column = dy if y.shape[0] == ONE else apply("diag", dy)
    return apply("reshape", column, to=a.shape)
