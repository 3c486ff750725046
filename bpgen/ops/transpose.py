"""The transpose: `.T` swaps the last two axes, `transpose(x, (1, 0))` orders all of them.

Transposing only moves entries, so the gradient is moved back.
"""

from bpgen.ir import Node, ShapeError, apply
from bpgen.ops.spelling import atom
from bpgen.sizes import Shape, shape_text

latex = r"{{{a}}}^{{\top}}"
because = "a transpose moves entries, so their gradients move back"


def shape(a: Shape, *, axes: tuple[int, ...] | None = None) -> Shape:
    if axes is not None:
        if sorted(axes) != list(range(len(a))):
            raise ShapeError(f"{shape_text(a)} has {len(a)} axes, to be ordered as {axes}")
        return tuple(a[i] for i in axes)
    if len(a) < 2:
        raise ShapeError(f"`.T` swaps two axes and {shape_text(a)} has {len(a)}")
    return (*a[:-2], a[-1], a[-2])


def numpy(a: str, *, node: Node, steps: bool) -> str:
    rank = node.rank + steps
    if node["axes"] is not None:
        axes = tuple(i - node.rank for i in node["axes"])
        axes = (0, *(i + rank for i in axes)) if steps else tuple(i + rank for i in axes)
        return f"np.transpose({a}, {axes})"
    return f"{atom(a)}.T" if rank == 2 else f"np.swapaxes({a}, -1, -2)"


def vjp(dy: Node, y: Node, a: Node, *, axes: tuple[int, ...] | None) -> Node:
    if axes is None:
        return dy.T
    return apply("transpose", dy, axes=tuple(axes.index(i) for i in range(len(axes))))
