"""A loop over the steps: what it reads and writes at each, and how its head says so."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Loop:
    """What one step of a loop works on.

    `kept` are views that the workspace has made of its own arrays, by name; `given` those that are
    made of arguments at each call. `counts` says that the loop needs t itself.
    """

    direction: int
    own: Callable[[str], str]  # a word that is no quantity's name
    counts: bool = False
    locals: dict[str, None] = field(default_factory=dict)  # arrays of one step, used by every step
    kept: dict[str, tuple[str, bool]] = field(default_factory=dict)  # name: (array, written to)
    given: dict[str, str] = field(default_factory=dict)

    def view(self, name: str, source: str, kept: bool, writes: bool) -> str:
        """The name of one step of an array."""
        if kept:
            before = self.kept.get(name, (source, False))
            self.kept[name] = source, before[1] or writes
        else:
            self.given[name] = source
        return name

    def _bound(self, names: list[str]) -> str:
        held = (f"{self.own('ws')}.{name}" for name in names)
        return f"{', '.join(names)} = {', '.join(held)}"

    # -- text -------------------------------------------------------------------------------------

    def bound(self, names: list[str], width: int) -> list[str]:
        """The lines that give locals of the workspace a short name."""
        lines: list[list[str]] = [[]]
        for name in names:
            if lines[-1] and len(self._bound([*lines[-1], name])) > width:
                lines.append([])
            lines[-1].append(name)
        return [self._bound(line) for line in lines if line]

    def head(self, steps: str, width: int) -> tuple[list[str], str, list[str]]:
        """Statements before the loop, `for …:`, and statements that open its body."""
        reads, writes = self._sides()
        down = self.direction < 0
        own, inside = {}, []  # what is gone through, by the name of its turn
        if reads and writes:
            one, other = self.own("reads"), self.own("writes")
            own[f"({one}, {other})"] = f"{self.own('ws')}.{steps}"
            inside = [f"{_listed(reads)} = {one}", f"{_listed(writes)} = {other}"]
        elif reads or writes:
            own[f"({_listed(reads + writes)})"] = f"{self.own('ws')}.{steps}"
        others = {}
        if self.counts or not (own or self.given):
            others["t" if self.counts else "_"] = "reversed(range(T))" if down else "range(T)"
        others |= {name: f"{v}[::-1]" if down else v for name, v in self.given.items()}
        head = _head({**own, **others})
        if len(head) <= width:
            return [], head, inside
        given, views = self.own("given"), self.own("views")
        before = [f"{given} = zip({', '.join(others.values())}, strict=True)"]
        return before, _head({**own, views: given}), [*inside, f"{_listed([*others])} = {views}"]

    def views_made(self, steps: str) -> list[str]:
        """The statements of the class that make the views of every step."""
        reads, writes = self._sides()
        back = "[::-1]" if self.direction < 0 else ""
        if reads and writes:
            one, other = self.own("reads"), self.own("writes")
            both = [f"{one} = {self._zipped(reads)}", f"{other} = {self._zipped(writes)}"]
            return [*both, f"self.{steps} = list(zip({one}, {other}, strict=True)){back}"]
        names = [*reads, *writes]
        return [f"self.{steps} = list({self._zipped(names)}){back}"] if names else []

    def _sides(self) -> tuple[list[str], list[str]]:
        reads = [name for name, (_, written) in self.kept.items() if not written]
        return reads, [name for name, (_, written) in self.kept.items() if written]

    def _zipped(self, names: list[str]) -> str:
        held = (f"self.{self.kept[name][0].partition('.')[2]}" for name in names)
        return f"zip({', '.join(held)}, strict=True)"


def _listed(names: list[str]) -> str:
    return ", ".join(names) + "," * (len(names) == 1)


def _head(turns: dict[str, str]) -> str:
    """`for …:`, through one thing or through several at once."""
    if len(turns) == 1:
        ((target, source),) = turns.items()
        return f"for {target[1:-1] if target[0] == '(' else target} in {source}:"
    return f"for {', '.join(turns)} in zip({', '.join(turns.values())}, strict=True):"
