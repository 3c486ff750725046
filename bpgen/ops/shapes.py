"""The words of shape rules: the usual ways in which a result's shape follows from the arguments'.

Each takes shapes and returns one, or raises `ShapeError` with a sentence.
"""

import re

from bpgen.ir import ShapeError, broadcast_shapes
from bpgen.sizes import ONE, Shape, Size, shape_text


def same(a: Shape) -> Shape:
    """The shape of the only argument, entry by entry."""
    return a


def broadcast(*shapes: Shape) -> Shape:
    """NumPy's broadcasting, entry by entry, from the right, between equal sizes or 1."""
    result = broadcast_shapes(*shapes)
    if result is None:
        shown = " and ".join(shape_text(shape) for shape in shapes)
        raise ShapeError(f"shapes {shown} do not broadcast", code="BP202")
    return result


same.elementwise = True  # type: ignore[attr-defined]
broadcast.elementwise = True  # type: ignore[attr-defined]


def reduce(a: Shape, *, axes: tuple[int, ...] | None = None, keepdims: bool = False) -> Shape:
    """Without the axes reduced (all, if None), or with 1 in their places."""
    gone = set(range(-len(a), 0)) if axes is None else set(axes)
    for axis in gone:
        check_axis(axis, a)
    kept = [(i, s) for i, s in zip(range(-len(a), 0), a, strict=True)]
    if keepdims:
        return tuple(ONE if i in gone else s for i, s in kept)
    return tuple(s for i, s in kept if i not in gone)


def along(a: Shape, *, axis: int | tuple[int, ...] = -1) -> Shape:
    """The same shape; the operator works along one axis."""
    if isinstance(axis, tuple):
        raise ShapeError("one axis is wanted here, not several", code="BP208")
    check_axis(axis, a)
    return a


def along_several(a: Shape, *, axis: int | tuple[int, ...] = -1) -> Shape:
    """The same shape; the operator works along one axis, or over several as if they were one."""
    for each in axes_of(axis):
        check_axis(each, a)
    return a


def axes_of(axis: int | tuple[int, ...]) -> tuple[int, ...]:
    """One axis or several, as a tuple."""
    return axis if isinstance(axis, tuple) else (axis,)


def check_axis(axis: int, a: Shape) -> None:
    """Refuse an axis, counted from the end, that a shape does not have."""
    if not -len(a) <= axis < 0:
        raise ShapeError(f"{shape_text(a)} has no axis {axis}", code="BP208")


def agree(left: Size, left_name: str, right: Size, right_name: str) -> None:
    """Refuse two sizes that must be one."""
    if left != right:
        raise ShapeError(f"{left_name} is {left}, but {right_name} is {right}")


def spelled_size(value: Size) -> str:
    """A size as formatted Python: `4 * H`, `D + H`, `H**2`."""
    return re.sub(r"(?<!\*)\*(?!\*)", " * ", str(value))


def spelled_shape(shape: Shape, steps: bool = False) -> str:
    """A shape as a Python tuple, `(N, 4 * H)`, `(H,)`; with time first if `steps`."""
    sizes = [*(["T"] if steps else []), *map(spelled_size, shape)]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
