"""The words of backward rules: short names for what several of them do."""

from bpgen.ir import Node, apply
from bpgen.sizes import Size, product


def total(a: Node, axes: tuple[int, ...], keepdims: bool = False) -> Node:
    """The sum over some axes, counted from the end."""
    return apply("sum", a, axes=tuple(axes), keepdims=keepdims) if axes else a


def restored(dy: Node, a: Node, axes: tuple[int, ...] | None, keepdims: bool) -> Node:
    """What came out of a reduction of `a`, with the reduced axes back in place as 1."""
    if keepdims or a.rank == 0:
        return dy
    gone = tuple(range(-a.rank, 0)) if axes is None else axes
    if len(gone) == a.rank:
        return dy  # a scalar broadcasts as it is
    return apply("newaxis", dy, axes=tuple(sorted(gone)))


def mean(a: Node, axes: tuple[int, ...] | None) -> Node:
    """The mean over some axes (all, if None), which stay as 1."""
    return apply("mean", a, axes=axes, keepdims=True)


def count(a: Node, axes: tuple[int, ...] | None) -> Size:
    """How many entries each reduction over some axes (all, if None) takes."""
    return product(a.shape if axes is None else (a.shape[axis] for axis in axes))
