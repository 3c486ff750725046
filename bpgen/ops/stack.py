"""Arrays of one shape laid along a new axis, `stack(a, b, axis=0)`; each receives its part back.

The axis is kept as its place in the result, counted from the end.
"""

from bpgen.ir import Node, ShapeError, apply
from bpgen.sizes import Shape, shape_text, size

kind = "join"
boolean = True
because = "a part of the result receives a part of its gradient"


def shape(*parts: Shape, axis: int) -> Shape:
    if not parts:
        raise ShapeError("`stack` lays at least one array")
    first = parts[0]
    for part in parts:
        if part != first:
            shown = " and ".join(map(shape_text, (first, part)))
            raise ShapeError(f"`stack` lays arrays of one shape, not {shown}")
    place = len(first) + 1 + axis
    if not 0 <= place <= len(first):
        raise ShapeError(f"a stack of {shape_text(first)} has no axis {axis}", code="BP208")
    return (*first[:place], size(len(parts)), *first[place:])


def numpy(*parts: str, node: Node) -> str:
    laid = f"{', '.join(parts)}{',' if len(parts) == 1 else ''}"
    return f"np.stack(({laid}), axis={node['axis']})"


def latex(*parts: str) -> str:
    return rf"[{', '.join(parts)}]"


def vjp(dy: Node, y: Node, *parts: Node, axis: int) -> tuple[Node, ...]:
    return tuple(apply("index", dy, axis=axis, at=i) for i in range(len(parts)))
