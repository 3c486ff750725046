"""1 at each label, 0 elsewhere, along an axis that is put in."""

from bpgen.ir import Node, ShapeError
from bpgen.ops.shapes import spelled_size
from bpgen.sizes import Shape, Size, shape_text

internal = True
params = ("a",)
casts = False
helper = '''
def one_hot(labels, size, axis, dtype):
    """1 at each label, 0 elsewhere, along an axis that is put in."""
    marks = np.asarray(labels)[..., None] == np.arange(size)
    return np.moveaxis(marks.astype(dtype), -1, axis)
'''
latex = r"e_{{{a}}}"
vjp = None


def shape(a: Shape, *, size: Size, axis: int = -1) -> Shape:
    place = len(a) + 1 + axis
    if not 0 <= place <= len(a):
        raise ShapeError(f"an axis cannot be put into {shape_text(a)} at {axis}", code="BP208")
    return (*a[:place], size, *a[place:])


def numpy(a: str, *, node: Node, dtype: str) -> str:
    return f"one_hot({a}, {spelled_size(node['size'])}, {node['axis']}, {dtype})"
