"""Who may import whom, and how long a file may be.

Each room of bpgen/ (a module, or a folder of them) stands on a layer and imports from its own layer
or from lower ones, never from above and never round in a circle. A few libraries are known to one
room only, so that another can take their place. What is generated stands alone.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "bpgen"
MODULES = sorted(PACKAGE.rglob("*.py"))

LAYERS = (  # from the top down; a new module is entered here, on the lowest layer that serves it
    ("__main__", "examples"),
    ("cli",),
    ("__init__",),
    ("compile",),
    (
        "render",
        "files",
        "disk",
        "emitted",
        "owned",
        "permitted",
        "skeleton",
        "show",
        "testing",
        "workspaces",
    ),
    ("targets", "derive", "judge"),
    ("page", "names", "layout"),
    ("factors", "alike"),
    ("planned", "schedule", "lift"),
    ("simplify", "rewrites", "apart", "adjoint", "activity", "fit", "safe", "guard", "interpret"),
    ("shared",),
    ("parts", "standing"),
    ("beyond",),
    ("repair",),
    ("check", "verify"),
    ("canonical", "parse", "build", "terms"),
    ("slips", "scan"),
    ("ops", "plugins", "trials", "manual", "notation", "graph", "lints"),
    ("extents", "solving"),
    ("ir", "sizes"),
    ("syntax", "unparse"),
    ("ignored", "report", "snippet", "paint"),
    ("editor",),
    ("source", "resources", "cells", "library", "pages", "gradcheck", "words", "borrowed"),
)

FENCED = {  # a library, and the rooms that may know it
    "lark": {"parse", "slips"},
    "jinja2": {"render"},
    "numpy": {"interpret", "judge", "examples", "testing"},
    "sklearn": {"examples"},
    "click": {"cli"},
    "pygments": {"editor"},
}

MAX_FILE = 300
MAX_FUNCTION = 40
LONGER: dict[str, str] = {  # "bpgen/room.py" or "bpgen/room.py: function" -> why it may be longer
    "bpgen/ir.py": "the words that every stage speaks, to be read in one place",
    "bpgen/layout.py": "one algorithm, ruff's, in the order of its source",
    "bpgen/targets/cases.py": "the text of the shipped test, a file of its own",
}

LAYER = {room: depth for depth, rooms in enumerate(LAYERS) for room in rooms}


def room_of(path: Path) -> str:
    """The module or folder of bpgen/ that a file belongs to."""
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def imports(path: Path) -> Iterator[str]:
    """The dotted name of everything that a file imports, inside functions too.

    `from bpgen import ops` is `bpgen.ops`, and `from bpgen import __version__` is `bpgen.__init__`.
    """
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}:{node.lineno}: write the whole name, `bpgen.…`"
            if node.module == "bpgen":
                yield from (f"bpgen.{_room_or_init(alias.name)}" for alias in node.names)
            else:
                yield str(node.module)


def _room_or_init(name: str) -> str:
    is_room = (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()
    return name if is_room else "__init__"


def rooms_used(path: Path) -> set[str]:
    names = (name.split(".") for name in imports(path))
    used = {parts[1] if len(parts) > 1 else "__init__" for parts in names if parts[0] == "bpgen"}
    return used - {room_of(path)}


def each(paths: list[Path]) -> pytest.MarkDecorator:
    ids = [path.relative_to(ROOT).as_posix() for path in paths]
    return pytest.mark.parametrize("path", paths, ids=ids)


@each(MODULES)
def test_imports_go_down(path: Path) -> None:
    room = room_of(path)
    assert room in LAYER, f"`{room}` has no layer: enter it in LAYERS, on the lowest that serves it"
    above = sorted(used for used in rooms_used(path) if LAYER.get(used, -1) < LAYER[room])
    assert not above, f"`{room}` imports from above itself: {', '.join(above)}"


def test_imports_do_not_go_round() -> None:
    uses: dict[str, set[str]] = {}
    for path in MODULES:
        uses.setdefault(room_of(path), set()).update(rooms_used(path))
    while leaves := [room for room, used in uses.items() if not used & uses.keys()]:
        for room in leaves:
            del uses[room]
    assert not uses, f"these import each other, round and round: {', '.join(sorted(uses))}"


@each(MODULES)
def test_libraries_are_fenced(path: Path) -> None:
    room = room_of(path)
    libraries = {name.partition(".")[0] for name in imports(path)} - {"bpgen"}
    for library in sorted(libraries - sys.stdlib_module_names):
        assert room in FENCED.get(library, ()), (
            f"`{library}` is not for `{room}` to know: see FENCED"
        )


def test_what_is_generated_stands_alone() -> None:
    allowed = {"numpy", "pytest"} | set(sys.stdlib_module_names)
    generated = sorted((ROOT / "generated").glob("*.py"))
    for path in generated:
        beside = {other.stem for other in generated}
        strange = {name.partition(".")[0] for name in imports(path)} - allowed - beside
        assert not strange, f"{path.name} imports {', '.join(sorted(strange))}"


@each(MODULES)
def test_files_and_functions_are_short(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    text = path.read_text("utf-8")
    long = {name: len(text.splitlines())} if len(text.splitlines()) > MAX_FILE else {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > MAX_FUNCTION:
                long[f"{name}: {node.name}"] = length
    excused = {key for key in LONGER if key.partition(":")[0] == name}
    assert not long.keys() - excused, f"longer than {MAX_FILE} and {MAX_FUNCTION} lines: {long}"
    assert not excused - long.keys(), f"short again, and still in LONGER: {excused - long.keys()}"
