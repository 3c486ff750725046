"""Sizes that stand nowhere alone: `4*H` of an array tells H, `D+H` tells D once H is known."""

from collections.abc import Iterable
from dataclasses import dataclass

from bpgen.ir import Quantity
from bpgen.sizes import Size, size


@dataclass(frozen=True, slots=True)
class Solution:
    """`name` is (the length of an axis of an array - `rest`) / `factor`."""

    name: str
    quantity: Quantity
    axis: int  # among the quantity's own axes, time not counted
    rest: Size
    factor: int


def solutions(quantities: Iterable[Quantity], known: Iterable[str]) -> tuple[Solution, ...]:
    """How the sizes that are not known follow, each from an axis and from those before it."""
    given = list(quantities)
    bound = set(known)
    found: list[Solution] = []
    growing = True
    while growing:
        growing = False
        for q in given:
            for axis, length in enumerate(q.shape):
                free = [name for name in length.names if name not in bound]
                if len(free) == 1 and (solved := _linear(length, free[0])):
                    found.append(Solution(free[0], q, axis, *solved))
                    bound.add(free[0])
                    growing = True
    return tuple(found)


def _linear(length: Size, name: str) -> tuple[Size, int] | None:
    """`rest` and `factor` of a length that is factor*name + rest, None if it is not."""
    terms = [(names, c) for names, c in length.terms if name in names]
    if len(terms) != 1 or terms[0][0] != (name,):
        return None
    factor = terms[0][1]
    return length - size(name) * factor, factor
