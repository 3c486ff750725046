"""Sizes that are fixed and have a name: `dim K = 4` equals the literal 4 and no other name.

To all other stages such a size is its number. Here it also remembers the names that it was made of,
so that what `dim M = 4` sizes does not pass for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, zip_longest
from typing import Any

from bpgen.ir import OPERATORS, Node
from bpgen.sizes import ONE, Shape, Size, size


@dataclass(frozen=True, slots=True, eq=False)
class Named(Size):
    """A size with the names of fixed sizes in it, which do not take part in comparison."""

    fixed: frozenset[str]

    def __eq__(self, other: object) -> bool:
        return self.terms == other.terms if isinstance(other, Size) else NotImplemented

    def __hash__(self) -> int:
        return Size.__hash__(self)

    def __add__(self, other: Size | int) -> Size:
        return _with(Size.__add__(self, other), self, other)

    def __radd__(self, other: Size | int) -> Size:
        return self + other

    def __sub__(self, other: Size | int) -> Size:
        return _with(Size.__sub__(self, other), self, other)

    def __rsub__(self, other: Size | int) -> Size:
        return _with(size(other) + Size(self.terms) * -1, self, other)

    def __mul__(self, other: Size | int) -> Size:
        return _with(Size.__mul__(self, other), self, other)

    def __rmul__(self, other: Size | int) -> Size:
        return self * other

    def divided(self, other: Size) -> Size | None:
        quotient = Size.divided(self, other)
        return quotient and _with(quotient, self, other)


def fixed(name: str, value: int) -> Size:
    """The size of `dim NAME = value`."""
    return Named(size(value).terms, frozenset({name}))


def _names(extent: Size | int) -> frozenset[str]:
    return extent.fixed if isinstance(extent, Named) else frozenset()


def _with(result: Size, *parts: Size | int) -> Size:
    """A size that was made of others, with their names."""
    return Named(result.terms, frozenset().union(*map(_names, parts)))


def shown(extent: Size) -> str:
    """A size by its names if it is one, else as it prints."""
    names = _names(extent)
    return next(iter(names)) if len(names) == 1 else str(extent)


def shape_shown(shape: Shape) -> str:
    """A shape with the names of fixed sizes."""
    return f"({', '.join(map(shown, shape))})"


def same(a: Size, b: Size) -> bool:
    """Whether two sizes are equal, names counted; a literal 1 is whatever has one entry."""
    if a != b:
        return False
    left, right = _names(a), _names(b)
    return a == ONE or left <= right or right <= left


def clash(op: str, nodes: Sequence[Node], attrs: dict[str, Any]) -> tuple[Size, Size] | None:
    """Two sizes that an operator would take for one, and that are equal only by their numbers."""
    for a, b in _pairs(op, [node.shape for node in nodes], attrs):
        if a == b and not same(a, b):
            return a, b
    return None


def result(op: str, nodes: Sequence[Node], shape: Shape) -> Shape:
    """The shape that a result has, each axis with its name if any argument says one."""
    if not OPERATORS[op].elementwise:
        return shape
    axes = list(shape)
    for node in nodes:
        for axis, extent in enumerate(node.shape, start=-node.rank):
            if axes[axis] == extent and not _names(axes[axis]):
                axes[axis] = extent
    return tuple(axes)


def _pairs(op: str, shapes: list[Shape], attrs: dict[str, Any]) -> Iterator[tuple[Size, Size]]:
    """The sizes that must be equal for an operator."""
    if op == "matmul":
        a, b = shapes
        yield a[-1], b[0] if len(b) == 1 else b[-2]
        shapes = [a[:-2], b[:-2]]
    elif op == "einsum":
        factors = attrs["pattern"].split("->")[0].split(",")
        letters = [letter for factor in factors for letter in factor.split()]
        sizes = [extent for shape in shapes for extent in shape]
        pairs = combinations(zip(letters, sizes, strict=False), 2)
        yield from ((p, q) for (one, p), (other, q) in pairs if one == other)
        return
    elif op == "expand":
        shapes = [*shapes, attrs["to"]]
    elif op == "concat":
        axis = attrs.get("axis", -1)
        shapes = [(*s[: len(s) + axis], ONE, *s[len(s) + axis + 1 :]) for s in shapes]
    elif op == "cross_entropy" and len(shapes[0]) != len(shapes[1]):
        place = len(shapes[0]) + attrs.get("axis", -1)
        shapes = [(*shapes[0][:place], *shapes[0][place + 1 :]), shapes[1]]
    elif not (OPERATORS[op].elementwise or op in ("stack", "cross_entropy")):
        return
    for axes in zip_longest(*(reversed(shape) for shape in shapes), fillvalue=ONE):
        yield from combinations(axes, 2)
