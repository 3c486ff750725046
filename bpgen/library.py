"""The library of cells that comes with bpgen, and how a spec is found by what a user typed.

The cells are the files of `bpgen/cells/`, found and not listed. Nothing here parses them: whoever
asks for the list waits for no grammar.
"""

import re
import textwrap
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_NAMED = re.compile(r"^(cell\s+)\w+", re.MULTILINE)
_ABOUT = re.compile(r'^about\s+"(.*)"', re.MULTILINE)


def names() -> list[str]:
    """Every cell of the library, by name, in order."""
    found = (entry.name for entry in _folder().iterdir())
    return sorted(name.removesuffix(".spec") for name in found if name.endswith(".spec"))


def text(name: str) -> str:
    """The spec of a cell of the library. Raises `LookupError` if there is none of that name."""
    if name not in names():
        raise LookupError(
            f"the library has no cell `{name}`{_meant(get_close_matches(name, names(), n=1))}"
        )
    return _folder().joinpath(f"{name}.spec").read_text("utf-8")


def about(name: str) -> str:
    """The line that a cell of the library says of itself."""
    found = _ABOUT.search(text(name))
    return found[1] if found else ""


def starter() -> str:
    """A small spec with comments, to start from."""
    return files("bpgen").joinpath("starter.spec").read_text("utf-8")


def renamed(text: str, name: str) -> str:
    """A spec whose cell has another name."""
    return _NAMED.sub(lambda found: found[1] + name, text, count=1)


def index(width: int = 80) -> str:
    """One line for each cell: its name, and what it says of itself."""
    known = names()
    margin = max(map(len, known), default=0)
    lines: list[str] = []
    for name in known:
        opening = f"{name:<{margin}}  "
        lines += textwrap.wrap(
            about(name), width, initial_indent=opening, subsequent_indent=" " * len(opening)
        ) or [name]
    return "\n".join(lines) + "\n"


def find(typed: str) -> Path | str:
    """The path that a user typed, or the cell of the library whose name they typed instead.

    A cell comes back as its name. Raises `LookupError`, whose text says what was meant, if there is
    neither a file nor a cell.
    """
    path = Path(typed)
    try:
        if path.is_file():
            return path
        if typed in names():
            return typed
        if path.exists():
            raise LookupError(f"`{typed}` is not a file")
        beside = sorted(path.parent.glob("*.spec")) if path.parent.is_dir() else []
    except OSError as error:  # a name that is too long, a folder that is not ours to look into
        raise LookupError(f"`{typed}` cannot be read: {error.strerror}") from error
    known = {**{name: name for name in names()}, **{each.stem: str(each) for each in beside}}
    near = get_close_matches(path.stem, known, n=1)
    raise LookupError(f"there is no file `{typed}`{_meant([known[name] for name in near])}")


def _meant(near: list[str]) -> str:
    return f"; did you mean `{near[0]}`?" if near else "; `bpgen cells` lists the library"


def _folder() -> Traversable:
    return files("bpgen").joinpath("cells")
