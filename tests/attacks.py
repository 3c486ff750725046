"""What the attacks share: the two ends that one may come to, canaries, and a register of numbers.

A spec that is **rejected** ends with 1 or 2, one line a mistake, no traceback, nothing written, and
soon. One that is **safe** becomes files that pass the gate, import without a warning, and are, but
for names, those of a harmless twin, whose test passes.
"""

import ast
import builtins
import os
import re
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest
from click.testing import CliRunner, Result

from bpgen.cli import main
from bpgen.emitted import kept_blocks

Test = TypeVar("Test", bound=Callable[..., None])
ATTACKS: dict[int, list[str]] = {}

SECONDS = 2.0  # of the processor, for a rejection

TWIN = """\
cell elman
about "A cell."
dim N, D, H
input x[t] : (N, D)
param W : (D, H)
param U : (H, H)
state h[t] : (N, H)
a[t] = x[t] @ W + h[t-1] @ U
h[t] = tanh(a[t])
"""

# `attack.spec:5:12: BP201 …`, without a place where no text could be read; printable, all of it
_LINE = re.compile(r"(<?[\w.\\-]+>?:\d+:\d+: )?BP\d{3} [ -\u2192]{10,400}")


def attack(*numbers: int) -> Callable[[Test], Test]:
    """Enter a test under the numbers of the attacks that it carries out."""

    def enter(test: Test) -> Test:
        for number in numbers:
            ATTACKS.setdefault(number, []).append(test.__name__)
        return test

    return enter


@pytest.fixture(autouse=True)
def canary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """What an attack would touch if its code ever ran."""
    monkeypatch.setattr(builtins, "PWN", "alive", raising=False)
    monkeypatch.setenv("PWN", "alive")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "canary").write_text("alive")
    yield
    assert builtins.PWN == "alive"  # type: ignore[attr-defined]
    assert os.environ["PWN"] == "alive"
    assert (tmp_path / "canary").read_text() == "alive"


def content(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by their path, and what they hold."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@contextmanager
def folder() -> Iterator[Path]:
    """A new folder, and the one to work in."""
    with TemporaryDirectory() as name, chdir(name):
        yield Path(name)


def bpgen(*words: str | Path) -> Result:
    """What the command line does, in this process."""
    return CliRunner().invoke(main, [str(word) for word in words])


def compiled(spec: str | bytes) -> Result:
    """What compiling a spec says; if it is refused, it is soon, and nothing is written."""
    with folder() as here:
        path = here / "attack.spec"
        path.write_bytes(spec if isinstance(spec, bytes) else spec.encode("utf-8", "surrogatepass"))
        before = content(here)
        began = time.process_time()
        done = bpgen("compile", path.name, "-o", "out", "--output-format", "concise", "--quiet")
        if done.exit_code:
            assert time.process_time() - began < SECONDS
            assert content(here) == before and not (here / "out").exists()
    return done


def rejected(spec: str | bytes, status: int = 1) -> str:
    """The reports of a spec that must be rejected, a line each."""
    return reports(compiled(spec), status)


def reports(done: Result, status: int = 1) -> str:
    """The reports of a command that must have ended with a status, a line each."""
    assert done.exit_code == status, done.output
    assert "Traceback" not in done.output
    lines = done.output.rstrip("\n").split("\n")
    found = [line for line in lines if not re.match(r"found \d+ error", line)]
    assert found
    for line in found:
        assert _LINE.fullmatch(line), ascii(line)
    return "\n".join(found)


def safe(spec: str | bytes) -> dict[str, str]:
    """The files of a spec that must be safe: the module, which is imported, and its test."""
    with folder() as here:
        path = here / "attack.spec"
        path.write_bytes(spec if isinstance(spec, bytes) else spec.encode())
        done = bpgen("compile", path.name, "-o", "out", "--quiet")
        assert done.exit_code == 0, done.output
        made = sorted(content(here / "out").items(), key=lambda item: item[0].startswith("test_"))
    files = {name: text.decode("ascii") for name, text in made}
    module = next(iter(files.values()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(module)
    return files


def run(module: str) -> None:
    """Run the text of a module, in which no attack may have set a name."""
    space: dict[str, object] = {"__name__": "attack"}
    exec(compile(module, "attack", "exec"), space)
    assert "PWN" not in space, "an attack ran"


def alike(spec: str | bytes, twin: str = TWIN) -> None:
    """Hold the files of a spec to those of its twin.

    They have the same functions of bpgen's own; all other statements are the same trees, and in
    each of them a name always stands for the same name of the twin. So none captures another.
    """
    for one, other in zip(safe(spec).values(), safe(twin).values(), strict=True):
        (own, made), (twin_own, twin_made) = parts(one), parts(other)
        assert own == twin_own and len(made) == len(twin_made)
        for (tree, names), (twin_tree, twin_names) in zip(made, twin_made, strict=True):
            assert tree == twin_tree
            pairs = set(zip(names, twin_names, strict=True))
            assert len(pairs) == len(set(names)), sorted(pairs)


def parts(text: str) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """The blocks of a file that bpgen keeps as source; the trees and names of other statements.

    Without docstrings, and without the names of functions and records, which mean nothing within.
    Attributes are no names: they are NumPy's. Strings, keywords and fields are names of their own.
    """
    blocks = [block.strip("\n") for block in text.split("\n\n\n")]
    kept = kept_blocks()
    made = [node for block in blocks if block not in kept for node in ast.parse(block).body]
    trees = []
    for node in made[1:]:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            node.name = ""
            node.body[0] = ast.Pass()
        dump = re.sub(r"attr='(\w+)'", r"attr=\1", ast.dump(node))
        dump = re.sub(r"(keyword\(|AnnAssign\(target=Name\()(arg|id)=", r"\1key=", dump)
        names = [
            f"{'' if kind in ('id', 'arg') else '.'}{word}"
            for kind, quoted in re.findall("(\\w+)='([^']*)'", dump)
            for word in _NAME.findall(quoted)
        ]
        trees.append((re.sub("'[^']*'", lambda found: _NAME.sub("_", found[0]), dump), names))
    return [block for block in blocks if block in kept], trees


_NAME = re.compile(r"[A-Za-z_]\w*")


def with_line(line: str) -> str:
    """The twin, with one more line."""
    return f"{TWIN}{line}\n"


def about(text: str) -> str:
    """The twin, with other words about itself."""
    return TWIN.replace("A cell.", text)


def called(old: str, new: str) -> str:
    """The twin, with one of its names changed."""
    return re.sub(rf"\b{old}\b", lambda _: new, TWIN)
