"""The words of backward rules: short names for what several of them do."""

from bpgen.ir import Node, apply


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
