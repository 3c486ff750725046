"""Sizes of axes: polynomials with integer coefficients in named sizes.

Two sizes are equal only if they are equal as polynomials: `4*H` is `H + 3*H`, and is never `N`,
whatever numbers arrive at run time. A shape is a tuple of sizes.

A size prints as people write it, `4*H`, `D + H`, `H**2`, highest degree first, then by name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

Monomial: TypeAlias = tuple[str, ...]  # the names multiplied, sorted, repeated for powers


@dataclass(frozen=True, slots=True)
class Size:
    """A polynomial: its terms, sorted, each a product of names with a coefficient that is not 0."""

    terms: tuple[tuple[Monomial, int], ...]

    def __add__(self, other: "Size | int") -> "Size":
        return _collect((*self.terms, *size(other).terms))

    def __sub__(self, other: "Size | int") -> "Size":
        return self + size(other) * -1

    def __mul__(self, other: "Size | int") -> "Size":
        return _collect(
            (tuple(sorted(left + right)), a * b)
            for left, a in self.terms
            for right, b in size(other).terms
        )

    def __str__(self) -> str:
        text = ""
        for names, coefficient in self.terms:
            sign = "-" if coefficient < 0 else "+"
            words = list(_powers(names))
            if abs(coefficient) != 1 or not words:
                words.insert(0, str(abs(coefficient)))
            term = "*".join(words)
            text += f" {sign} {term}" if text else term if sign == "+" else f"-{term}"
        return text or "0"

    @property
    def number(self) -> int | None:
        """The value of a size without names, else None."""
        if not self.terms:
            return 0
        if len(self.terms) == 1 and not self.terms[0][0]:
            return self.terms[0][1]
        return None

    @property
    def name(self) -> str | None:
        """The name of a size that is one name and nothing else, else None."""
        if len(self.terms) == 1:
            names, coefficient = self.terms[0]
            if coefficient == 1 and len(names) == 1:
                return names[0]
        return None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that occurs, sorted."""
        return tuple(sorted({name for names, _ in self.terms for name in names}))

    def value(self, sizes: Mapping[str, int]) -> int:
        """The number that this size is, given one for every name."""
        return sum(c * prod(sizes[name] for name in names) for names, c in self.terms)

    def divided(self, other: "Size") -> "Size | None":
        """The exact quotient if `other` is one term that divides every term, else None."""
        if len(other.terms) != 1:
            return size(1) if self == other else None
        divisor, d = other.terms[0]
        quotient = []
        for names, c in self.terms:
            rest = list(names)
            for name in divisor:
                if name not in rest:
                    return None
                rest.remove(name)
            if c % d:
                return None
            quotient.append((tuple(rest), c // d))
        return _collect(quotient)


Shape: TypeAlias = tuple[Size, ...]


def size(value: "Size | int | str") -> Size:
    """A size from a number or from one name."""
    if isinstance(value, Size):
        return value
    if isinstance(value, int):
        return _collect([((), value)])
    return Size((((value,), 1),))


def product(sizes: Iterable[Size]) -> Size:
    """The number of entries of a shape."""
    total = ONE
    for factor in sizes:
        total = total * factor
    return total


def shape_text(shape: Shape) -> str:
    """A shape as a spec writes it: `(N, 4*H)`, `(H)`, `()`."""
    return f"({', '.join(map(str, shape))})"


def _powers(names: Monomial) -> Iterable[str]:
    for name in dict.fromkeys(names):
        power = names.count(name)
        yield name if power == 1 else f"{name}**{power}"


def _collect(terms: Iterable[tuple[Monomial, int]]) -> Size:
    total: dict[Monomial, int] = {}
    for names, coefficient in terms:
        total[names] = total.get(names, 0) + coefficient
    kept = [(names, c) for names, c in total.items() if c]
    return Size(tuple(sorted(kept, key=lambda term: (-len(term[0]), term[0]))))


ONE = size(1)
STEPS = size("T")  # the number of steps
