"""What sizes must be for the places along an axis to exist that an equation names.

`z[t][:, H:3*H]` needs an axis of at least `3*H`. That is a question about polynomials: whether what
is left, `extent - 3*H`, is never negative, sizes being positive integers. A spec in which nothing
says so is refused. Only a number may ask something of one size, `x[t][:, 2:]` of at least two
columns, which is then asked of the arrays.
"""

from collections.abc import Iterator, Mapping

from bpgen.ir import Node
from bpgen.sizes import Size, product, size

_FAR = 2**40  # no size asks for more: numbers in sizes end long before


def least(extent: Size) -> dict[str, int] | None:
    """From which values of its names on a polynomial is never negative; None if nothing tells.

    Empty if that is so whatever the sizes are. Written in what a name has beyond such a value, no
    coefficient of it is negative. With more than one name, all that is asked is one of each: no
    number of either by itself is what `D + H - 5` asks for.
    """
    names = extent.names
    if _rises(extent, 0):
        return {}
    if not names or not _rises(extent, 1 if len(names) > 1 else _FAR):
        return None
    low, high = 0, 1  # it rises from `high` on, and not from `low` on
    while not _rises(extent, high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _rises(extent, middle) else (middle, high)
    return dict.fromkeys(names, high)


def always(extent: Size) -> bool:
    """Whether a polynomial is negative for no sizes at all."""
    found = least(extent)
    return found is not None and all(number <= 1 for number in found.values())


def place_of(node: Node) -> Size | None:
    """The place that an index names, if it is written with nothing but numbers and sizes."""
    if node.op == "size":
        found: Size = node["size"]
        return found
    if node.op == "number" and isinstance(node["value"], int):
        return size(node["value"])
    parts = [place_of(arg) for arg in node.args]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    match node.op:
        case "add":
            return known[0] + known[1]
        case "subtract":
            return known[0] - known[1]
        case "multiply":
            return known[0] * known[1]
        case "negate":
            return known[0] * -1
    return None


def left(extent: Size, at: Size) -> Size:
    """What must not be negative for a place of an axis to exist; negative ones count from its end.

    What may have either sign counts from the start, where it must be below the extent.
    """
    return extent + at if always(at * -1 - 1) else extent - at - 1


def asked(node: Node, below: Mapping[str, Size], kept: int = 0) -> Iterator[Size]:
    """All that must not be negative for the places to exist that a node names.

    below: of labels by name, the size below which they lie. kept: how many places a slice keeps.
    """
    if node.op == "slice":
        start, stop = node["start"], node["stop"]
        yield from (start, stop - start - kept, node.args[0].shape[node["axis"]] - stop)
    elif node.op == "index":
        yield left(node.args[0].shape[node["axis"]], size(node["at"]))
    else:
        yield from (rest for *_, rest in taken(node, below))


def taken(node: Node, below: Mapping[str, Size]) -> Iterator[tuple[Node, Size, Size]]:
    """Every index by which a node takes entries, the axis, and what must not be negative for it."""
    if node.op not in ("take", "entries", "cross_entropy"):
        return
    whole, *indices = node.args
    axes = whole.shape
    if node.op == "cross_entropy":  # its labels take one logit of each, unless they are weights
        axes = whole.shape[node["axis"] :][:1] if indices[0].rank < whole.rank else ()
    for extent, index in zip(axes, indices, strict=False):
        at = place_of(index)
        if at is not None:
            yield index, extent, left(extent, at)
        elif index.op == "ref" and index["name"] in below:
            yield index, extent, extent - below[index["name"]]


def _rises(extent: Size, start: int) -> bool:
    """Whether no coefficient is negative once every name is `start` and something more."""
    moved = size(0)
    for names, coefficient in extent.terms:
        moved = moved + product(size(name) + start for name in names) * coefficient
    return all(coefficient >= 0 for _, coefficient in moved.terms)
