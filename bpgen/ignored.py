"""Whether git leaves out a spec because of a line such as `*.spec`.

GitHub's template for Python projects has that line, for what PyInstaller writes, and a spec in such
a project is silently never committed. Only the `.gitignore` files between the spec and the top of
its repository are read; git itself is not run, and a file that was added by force is not known.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from bpgen.report import Report, printable

_CHARACTERS = 1 << 16  # of a `.gitignore`
_DEPTH = 64  # of folders


@dataclass(frozen=True, slots=True)
class _Rule:
    """A line of a `.gitignore`, and where it stands."""

    line: str
    number: int
    file: PurePath  # from the top of the repository

    @property
    def includes(self) -> bool:
        return self.line.startswith("!")

    def matches(self, path: PurePath, is_folder: bool) -> bool:
        """Whether it speaks of a file or folder, whose path is from the top of the repository."""
        pattern = self.line.removeprefix("!")
        if pattern.endswith("/") and not is_folder:
            return False
        pattern = pattern.removesuffix("/")
        parts = pattern.removeprefix("/").split("/")
        if "/" not in pattern:
            parts = ["**", *parts]
        return _match(parts, path.relative_to(self.file.parent).parts)


def ignored(path: Path) -> Report | None:
    """A warning if the last line that speaks of a file ends in `.spec` and leaves it out.

    There is none in a folder that is left out as a whole, for that is meant.
    """
    place = Path(os.path.abspath(path))
    top = next((p for p in place.parents[:_DEPTH] if (p / ".git").exists()), None)
    if top is None:
        return None
    inside = place.relative_to(top)
    if any(_left_out(top, folder, True) for folder in inside.parents[:-1]):
        return None
    rule = _left_out(top, inside, False)
    if not rule or not rule.line.endswith(".spec"):
        return None
    return Report(
        "BP508",
        f"git ignores `{printable(str(path))}`",
        notes=(
            f"line {rule.number} of {printable(rule.file.as_posix())} is `{printable(rule.line)}`",
        ),
        helps=("add the line `!*.spec` at the end of that file",),
        severity="warning",
    )


def _left_out(top: Path, inside: PurePath, is_folder: bool) -> _Rule | None:
    """The line that leaves out a file or folder, if the last that speaks of it does."""
    last = None
    for folder in reversed(inside.parents):
        file = folder / ".gitignore"
        for number, line in enumerate(_lines(top / file), 1):
            rule = _Rule(line, number, file)
            if line and not line.startswith("#") and rule.matches(inside, is_folder):
                last = rule
    return None if last and last.includes else last


def _lines(path: Path) -> Iterable[str]:
    try:
        if not path.is_file():
            return ()
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            return [line.rstrip() for line in file.read(_CHARACTERS).split("\n")]
    except OSError:
        return ()


def _match(pattern: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a pattern says a path; `**` stands for any number of folders."""
    reached = {0}  # how many of the names the parts so far may have used up
    for part in pattern:
        if part == "**":
            reached = set(range(min(reached, default=len(names)), len(names)))
        else:
            reached = {i + 1 for i in reached if i < len(names) and fnmatchcase(names[i], part)}
    return len(names) in reached or (pattern[-1] == "**" and bool(reached))
