"""Equations by what stands in them: to name a part, only those that hold it are read and written.

Lines keep their numbers. Where a line stands among the others its place says: `(3, 1)` is the
fourth, `(3, 0, 9, 1)` comes just above it, and so above nothing else, without any having to move.
"""

from collections.abc import Iterable
from dataclasses import replace

from bpgen.ir import Equation, Node, rebuild, ref, walk


class Standing:
    """Equations in order, by number, and of every part the numbers of those that hold it."""

    def __init__(self, equations: Iterable[Equation]) -> None:
        self.lines: list[Equation] = []
        self.places: list[tuple[int, ...]] = []
        self._holders: dict[Node, dict[int, None]] = {}
        for equation in equations:
            self.append(equation)

    def equations(self) -> tuple[Equation, ...]:
        """The equations, in order."""
        numbers = sorted(range(len(self.lines)), key=self.places.__getitem__)
        return tuple(self.lines[i] for i in numbers)

    def append(self, equation: Equation, *, above: int | None = None) -> int:
        """Put an equation last, or just above another; returns its number."""
        number = len(self.lines)
        before = () if above is None else (*self.places[above][:-1], 0)
        self.lines.append(equation)
        self.places.append((*before, number, 1))
        self._hold(number)
        return number

    def name(self, node: Node, name: str, *, placed: bool) -> list[int]:
        """Read `name` wherever `node` stands; returns the numbers of what changed or is new.

        Unless it is `placed` already, its equation comes before the first that uses it.
        """
        reading = ref(name, node.shape, 0 if node.timed else None, node.kind, node.place)
        held = [i for i in self._holders.get(node, ()) if self.lines[i].target != name]
        for i in held:
            equation = self.lines[i]
            for part in walk(equation.value):
                del self._holders[part][i]
            value = rebuild(equation.value, lambda part: reading if part == node else None)
            self.lines[i] = replace(equation, value=value)
            self._hold(i)
        if placed or not held:
            return held
        first = min(held, key=self.places.__getitem__)
        place = node.place or self.lines[first].place
        return [*held, self.append(Equation(name, node, node.timed, place), above=first)]

    def _hold(self, number: int) -> None:
        for part in walk(self.lines[number].value):
            self._holders.setdefault(part, {})[number] = None
