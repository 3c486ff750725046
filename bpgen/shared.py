"""Names for dear parts of equations that stand in several places, so that each is computed once.

The largest part is named first, and of equals the one that is read first; what is left of the
equations is looked through anew. Every part that stands twice waits in a heap with the places where
it stands. What a naming changes puts its parts there again, and what waits for a line that has
changed since is passed over.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import TypeAlias

from bpgen.ir import Equation, Node, walk
from bpgen.parts import called, holding, is_heavy, is_light, is_ref
from bpgen.standing import Standing

# the part's size, negative; the place of its line, its place in that; the line, its version; the
# part as it stands there and what it stands in, told apart by a number that is never the same
_Waiting: TypeAlias = tuple[int, tuple[int, ...], int, int, int, int, Node, Node]


def shared(equations: Iterable[Equation], names: dict[str, None]) -> tuple[Equation, ...]:
    """The equations with names for dear parts that stand in several places, the largest first."""
    queue = _Queue(Standing(equations))
    while found := queue.pop():
        node, above, owner = found
        activated = node.op == "add" and len(above.args) == 1 and is_heavy(above)
        name = f"a_{owner}" if activated and f"a_{owner}" not in names else ""
        name = name or called(node, owner, names)
        names[name] = None
        queue.name(node, name)
    return queue.standing.equations()


@dataclass(slots=True)
class _Queue:
    """What stands in several places, the largest first."""

    standing: Standing
    counts: dict[Node, int] = field(default_factory=dict)  # in how many places a part stands
    inside: list[dict[Node, tuple[int, int, Node, Node]]] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    lines: dict[Node, dict[int, None]] = field(default_factory=dict)  # where a part is an argument
    deserving: set[Node] = field(default_factory=set)  # parts that may be named; only asked
    sizes: dict[Node, int] = field(default_factory=dict)
    waiting: list[_Waiting] = field(default_factory=list)
    serial: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        for number in range(len(self.standing.lines)):
            self._read(number)

    def pop(self) -> tuple[Node, Node, str] | None:
        """The largest part, the first expression it stands in, the target of that equation."""
        while self.waiting:
            _, _, _, number, version, _, node, above = heappop(self.waiting)
            if self.versions[number] == version and self.counts[node] > 1:
                return node, above, self.standing.lines[number].target
        return None

    def name(self, node: Node, name: str) -> None:
        """Read `name` wherever a part stands, and make it in an equation of its own."""
        for number in self.standing.name(node, name, placed=False):
            if number < len(self.inside):
                for part, (times, *_) in self.inside[number].items():
                    self.counts[part] -= times
                    del self.lines[part][number]
            self._read(number)

    def _read(self, number: int) -> None:
        """Take in the parts of a line that is new or changed."""
        if number == len(self.inside):
            self.inside.append({})
            self.versions.append(0)
        self.versions[number] += 1
        value = self.standing.lines[number].value
        found: dict[Node, tuple[int, int, Node, Node]] = {}
        for node in walk(value):
            for arg in node.args:
                times, at, first, above = found.get(arg, (0, len(found), arg, node))
                found[arg] = (times + 1, at, first, above)
        self.inside[number] = found
        self._measure(value)
        for part, (times, *_) in found.items():
            before = self.counts.get(part, 0)
            self.counts[part] = before + times
            self.lines.setdefault(part, {})[number] = None
            if self.counts[part] > 1 and self._size(part):
                for line in self.lines[part] if before == 1 else (number,):
                    self._wait(part, line)

    def _wait(self, part: Node, line: int) -> None:
        _, at, node, above = self.inside[line][part]
        size, place, version = self._size(part), self.standing.places[line], self.versions[line]
        heappush(self.waiting, (-size, place, at, line, version, next(self.serial), node, above))

    def _measure(self, value: Node) -> None:
        """Find which parts of an expression deserve a name, if they stand in several places."""
        heavy, reads = holding(value, is_heavy), holding(value, is_ref)
        for part in heavy & reads:
            moved = part.op == "sum" and is_ref(part.args[0])
            if part.kind == "real" and not is_light(part) and not moved:
                self.deserving.add(part)

    def _size(self, part: Node) -> int:
        """How large a part is, if it deserves a name; 0 if not."""
        if part not in self.sizes:
            self.sizes[part] = sum(1 for _ in walk(part)) if part in self.deserving else 0
        return self.sizes[part]
