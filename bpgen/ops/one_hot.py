"""True at each label, False elsewhere, along an axis that is put in."""

from bpgen.ir import Node, ShapeError
from bpgen.ops.shapes import spelled_size
from bpgen.ops.spelling import atom
from bpgen.sizes import Shape, Size, shape_text

internal = True
params = ("a",)
kind = "bool"
latex = r"e_{{{a}}}"
vjp = None


def shape(a: Shape, *, size: Size, axis: int = -1) -> Shape:
    place = len(a) + 1 + axis
    if not 0 <= place <= len(a):
        raise ShapeError(f"an axis cannot be put into {shape_text(a)} at {axis}", code="BP208")
    return (*a[:place], size, *a[place:])


def numpy(a: str, *, node: Node) -> str:
    axis, numbers = node["axis"], f"np.arange({spelled_size(node['size'])})"
    if axis == -1:
        return f"{atom(a)}[..., None] == {numbers}"
    words = ", ".join([":", *["None"] * (-axis - 1)])
    return f"np.expand_dims({a}, {axis}) == {numbers}[{words}]"
