"""An array put into a longer axis, zeros around it: what a slice sends back."""

from bpgen.ir import Node, apply
from bpgen.ops.shapes import check_axis, spelled_size
from bpgen.sizes import Shape, Size

internal = True
latex = "{a}"


def shape(a: Shape, *, axis: int, start: Size, size: Size) -> Shape:
    check_axis(axis, a)
    return (*a[:axis], size, *a[len(a) + axis + 1 :])


def numpy(a: str, *, node: Node, steps: bool) -> str:
    axis, start = node["axis"], node["start"]
    after = node["size"] - start - node.args[0].shape[axis]
    pads = [
        f"({spelled_size(start)}, {spelled_size(after)})" if i == axis else "(0, 0)"
        for i in range(-node.rank - steps, 0)
    ]
    return f"np.pad({a}, ({', '.join(pads)}{',' if len(pads) == 1 else ''}))"


def vjp(dy: Node, y: Node, a: Node, *, axis: int, start: Size, size: Size) -> Node:
    return apply("slice", dy, axis=axis, start=start, stop=start + a.shape[axis])
