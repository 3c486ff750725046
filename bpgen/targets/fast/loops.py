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

    def head(self, steps: str, width: int) -> list[str]:
        """`for …:`, and if the views given at each call are many, how they are called."""
        down = self.direction < 0
        reads, writes = self._sides()
        targets, sources = [], []
        if self.counts or not (reads or writes or self.given):
            targets.append("t" if self.counts else "_")
            sources.append("reversed(range(T))" if down else "range(T)")
        if reads or writes:
            both = f"({self.own('reads')}, {self.own('writes')})"
            targets.append(both if reads and writes else f"({_listed(reads + writes)})")
            sources.append(f"{self.own('ws')}.{steps}")
        given = [f"{source}[::-1]" if down else source for source in self.given.values()]
        head = _head([*targets, *self.given], [*sources, *given])
        if len(head) > width:
            word = self.own("given")
            head = _head([*targets, word], [*sources, f"zip({', '.join(given)})"])
            return [head, f"    {_listed([*self.given])} = {word}"]
        return [head]

    def taken_apart(self) -> list[str]:
        """The statements that name what the workspace's views of a step are."""
        reads, writes = self._sides()
        both = (("reads", reads), ("writes", writes)) if reads and writes else ()
        return [f"{_listed(names)} = {self.own(word)}" for word, names in both]

    def views_made(self, steps: str) -> list[str]:
        """The statements of the class that make the views of every step."""
        reads, writes = self._sides()
        back = "[::-1]" if self.direction < 0 else ""
        if reads and writes:
            one, other = self.own("reads"), self.own("writes")
            both = [f"{one} = {self._zipped(reads)}", f"{other} = {self._zipped(writes)}"]
            return [*both, f"self.{steps} = list(zip({one}, {other})){back}"]
        names = [*reads, *writes]
        return [f"self.{steps} = list({self._zipped(names)}){back}"] if names else []

    def _sides(self) -> tuple[list[str], list[str]]:
        reads = [name for name, (_, written) in self.kept.items() if not written]
        return reads, [name for name, (_, written) in self.kept.items() if written]

    def _zipped(self, names: list[str]) -> str:
        return f"zip({', '.join('self.' + self.kept[n][0].partition('.')[2] for n in names)})"


def _listed(names: list[str]) -> str:
    return ", ".join(names) + "," * (len(names) == 1)


def _head(targets: list[str], sources: list[str]) -> str:
    if len(targets) == 1:
        target = targets[0]
        return f"for {target[1:-1] if target[0] == '(' else target} in {sources[0]}:"
    return f"for {', '.join(targets)} in zip({', '.join(sources)}):"
