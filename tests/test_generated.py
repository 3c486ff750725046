"""generated/ is what bpgen now writes, to the byte, wherever and however it is run.

And it is what the house promises of every file: a reader finds no trace of the tool, its machine or
its day, no name that only a compiler could give, and nothing that needs more than NumPy.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from bpgen.compile import compile_source
from bpgen.files import is_ours
from bpgen.parse import read

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ROOT / "generated"
SPECS = sorted((ROOT / "bpgen" / "cells").glob("*.spec"))
FILES = sorted(GENERATED.glob("*.py"))
MODULES = [path for path in FILES if not path.name.startswith("test_")]

ADVICE = "run `bpgen compile bpgen/cells/*.spec -o generated/`, and review the diff"


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=[path.stem for path in paths])


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


# -- what bpgen writes -----------------------------------------------------------------------------


@each(SPECS)
def test_it_is_what_bpgen_writes(path: Path) -> None:
    for name, text in compile_source(read(path)).items():
        assert (GENERATED / name).read_bytes() == text.encode(), f"{name} is out of date: {ADVICE}"


def test_there_is_nothing_else() -> None:
    wanted = {name for path in SPECS for name in (f"{path.stem}.py", f"test_{path.stem}.py")}
    there = {path.name for path in GENERATED.iterdir()} - {"__pycache__"}
    assert there == wanted, f"one module and one test for each cell; {ADVICE}"


# what must not be seen in the output: the seed of hashes, asserts, language, place, time, order
RUNS = {
    "seed-1": (["-m"], {"PYTHONHASHSEED": "1", "LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"}, 1),
    "seed-2": (["-O", "-m"], {"PYTHONHASHSEED": "2", "TZ": "Pacific/Chatham", "HOME": "/"}, -1),
}


@pytest.mark.parametrize("how", RUNS)
def test_it_is_the_same_however_bpgen_is_run(how: str, tmp_path: Path) -> None:
    options, variables, order = RUNS[how]
    command = [sys.executable, *options, "bpgen", "compile", *map(str, SPECS[::order]), "-o", "out"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert made == {path.name: path.read_bytes() for path in FILES}


# -- what a reader sees ----------------------------------------------------------------------------


@each(FILES)
def test_it_says_nothing_of_the_day_or_the_machine(path: Path) -> None:
    text = path.read_text("ascii")
    assert is_ours(text)
    body = text.rpartition("# bpgen: sha256")[0]
    assert "noqa" not in body and "type: ignore" not in body and "fmt: " not in body
    assert not re.search(r"\b(19|20)\d\d-\d\d|\b\d\d:\d\d\b", body), "a date or a time of day"
    assert not re.search(r"(^|[\s\"'(])(~|[A-Za-z]:)?[/\\]\w+[/\\.]", body, re.MULTILINE), "a path"
    assert not re.search(r"\b\d+\.\d+\.\d+\b", body), "a version"


@each(MODULES)
def test_it_needs_numpy_and_no_more(path: Path) -> None:
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree(path))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= {"numpy", *sys.stdlib_module_names}


def assigned(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


@each(FILES)
def test_no_name_is_a_number(path: Path) -> None:
    """A name such as `x_12` is the spec's own, or that of its gradient, or nobody's."""
    spec = ROOT / "bpgen" / "cells" / f"{path.stem.removeprefix('test_')}.spec"
    own = set(re.findall(r"\w+", spec.read_text("utf-8")))
    numbered = {name for name in assigned(path) if re.search(r"_\d+$", name)}
    assert not {name for name in numbered if name not in own and name.removeprefix("d") not in own}


def test_outputs_keep_their_names() -> None:
    """Only locals give way to what emitted code says itself; `dtype` is an argument by itself."""
    text = compile_source(read(ROOT / "tests" / "specs" / "lang_clash_output.spec"))
    module = ast.parse(text["lang_clash_output.py"])
    made = {n.name: n for n in module.body if isinstance(n, ast.ClassDef | ast.FunctionDef)}
    fields = [str(n.target.id) for n in ast.walk(made["Outputs"]) if isinstance(n, ast.AnnAssign)]
    assert fields == ["range", "saved", "type_", "kinks", "total"]
    taken = [arg.arg for arg in made["backward"].args.kwonlyargs]
    assert taken == [f"d{name}" for name in fields]


@pytest.mark.parametrize("asked", ["format --check", "check"])
def test_ruff_has_nothing_to_say(asked: str) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.is_file():
        pytest.skip("ruff is not installed")
    command = [str(ruff), *asked.split(), "--no-cache", "generated"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_warning_is_given() -> None:
    """Modules and their tests compile, are imported and run where every warning is an error."""
    options = ["-W", "error", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", "."]
    command = [sys.executable, "-W", "error", "-B", "-m", "pytest", *options, "."]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, cwd=GENERATED, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_elman_is_short() -> None:
    """What the README shows must fit on a page: both passes together, and the whole module."""
    path = GENERATED / "rnn.py"
    lengths = {
        node.name: (node.end_lineno or 0) - node.lineno + 1
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
    }
    passes = lengths["forward"] + lengths["backward"]
    assert passes <= 45, f"forward and backward have {passes} lines"
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= 160, f"the module has {lines} lines"
