"""The two styles of a module, through the command line as a user has it.

Both have one interface and one test. So the tests of all cells are run on modules of the fast
style, and each of these is held to the plain one, on the arguments that its test draws.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bpgen.cli.watching
from bpgen import gradcheck, library
from bpgen.cli import main
from bpgen.compile import STYLES, compile_source
from bpgen.files import is_ours, stamp
from bpgen.page import Module, codes
from bpgen.parse import read
from bpgen.schedule import Plan
from bpgen.targets import numpy
from command import bpgen_, flat
from styles import both, loaded, trials

ROOT = Path(__file__).resolve().parent.parent
CELLS = {name: name for name in library.names()} | {  # and how the command line is told of each
    path.stem: str(path) for path in sorted((ROOT / "tests" / "specs").glob("*.spec"))
}
MARK = "Written as if fast."


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fast style that differs from the plain one in its first line, and in no other."""

    def write(plan: Plan) -> Module:
        page = numpy.write(plan)
        return replace(page, doc=(*codes([MARK, ""]), *page.doc))

    monkeypatch.setitem(STYLES, "fast", write)


# -- the option ------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["compile", "gradcheck", "show"])
def test_the_command_line_knows_every_style(command: str) -> None:
    (option,) = (each for each in main.commands[command].params if each.name == "style")
    assert option.type.choices == tuple(STYLES)


def test_plain_is_what_is_written_if_nothing_is_said(marked: None) -> None:
    for words in (["compile", "rnn", "-o", "-"], ["show", "write", "rnn"]):
        said = bpgen_(*words).stdout
        assert "def forward(" in said and MARK not in said
        assert bpgen_(*words, "--style", "plain").stdout == said
        fast = bpgen_(*words, "--style", "fast")
        assert fast.exit_code == 0 and not fast.stderr
        assert f'"""{MARK}\n' in fast.stdout and "def forward(" in fast.stdout


def test_only_the_module_is_of_a_style(marked: None, tmp_path: Path) -> None:
    for style in STYLES:
        done = bpgen_("compile", "rnn", "gru", "-o", tmp_path / style, "--style", style)
        assert done.exit_code == 0 and done.stderr.startswith("4 files written, 0 unchanged")
    plain, fast = ({p.name: p.read_text("utf-8") for p in (tmp_path / s).iterdir()} for s in STYLES)
    assert plain.keys() == fast.keys() and all(map(is_ours, fast.values()))
    assert {name for name in plain if plain[name] != fast[name]} == {"rnn.py", "gru.py"}
    assert all((MARK in text) == (name in ("rnn.py", "gru.py")) for name, text in fast.items())


def test_check_and_diff_are_of_the_style_that_is_asked_for(marked: None, tmp_path: Path) -> None:
    words = ["compile", "rnn", "-o", tmp_path, "--style", "fast"]
    missing = bpgen_(*words, "--check")
    assert missing.exit_code == 1 and "rnn.py` is missing" in flat(missing.stderr)
    assert f'+"""{MARK}\n' in bpgen_(*words, "--diff").stdout and not list(tmp_path.iterdir())
    bpgen_(*words)
    assert bpgen_(*words, "--check").exit_code == bpgen_(*words, "--diff").exit_code == 0
    plain = bpgen_("compile", "rnn", "-o", tmp_path, "--diff")
    assert plain.exit_code == 1 and f'-"""{MARK}\n' in plain.stdout
    assert bpgen_("compile", "rnn", "-o", tmp_path).stderr.startswith("1 file written, 1 unchanged")


def test_a_file_of_the_other_style_is_known(tmp_path: Path) -> None:
    bpgen_("compile", "rnn", "-o", tmp_path)
    words = ["compile", "rnn", "-o", tmp_path, "--check"]
    path, advice = tmp_path / "rnn.py", "help: it was written with `--style fast`"
    path.write_text(stamp('"""A cell."""\n'), "utf-8")
    stale = bpgen_(*words)
    assert stale.exit_code == 1 and advice not in flat(stale.stderr)
    path.write_text(stamp('"""A cell."""\n\n\nclass Workspace:\n    pass\n'), "utf-8")
    stale = bpgen_(*words)
    assert stale.exit_code == 1 and advice in flat(stale.stderr)


def test_a_real_file_of_the_fast_style_is_known(tmp_path: Path) -> None:
    bpgen_("compile", "rnn", "-o", tmp_path, "--style", "fast")
    found = bpgen_("compile", "rnn", "-o", tmp_path, "--check")
    differ = len({bpgen_("compile", "rnn", "-o", "-", "--style", s).stdout for s in STYLES}) > 1
    assert found.exit_code == differ and ("`--style fast`" in found.stderr) == differ


def test_watching_keeps_the_style(
    marked: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bpgen.cli.watching, "watch", lambda paths, work: sys.exit(work() or 0))
    (tmp_path / "rnn.spec").write_text(library.text("rnn"), "utf-8")
    words = ["compile", tmp_path / "rnn.spec", "-o", tmp_path, "--style", "fast", "--watch"]
    assert bpgen_(*words).exit_code == 0
    assert MARK in (tmp_path / "rnn.py").read_text("utf-8")


def test_gradcheck_runs_the_module_of_the_style(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Mapping[str, str]] = []

    def run(files: Mapping[str, str], *_: Any) -> tuple[gradcheck.Check, ...]:
        ran.append(files)
        return (gradcheck.Check("forward", "", "passed", ""),)

    monkeypatch.setattr(gradcheck, "run", run)
    source = read(library.text("rnn").encode(), "rnn.spec")
    for style in STYLES:
        assert bpgen_("gradcheck", "rnn", "--style", style).exit_code == 0
        assert ran[-1] == compile_source(source, style=style)


@pytest.mark.parametrize("words", [["compile", "rnn", "-o", "-"], ["show", "write", "rnn"]])
def test_a_style_that_is_none(words: list[str]) -> None:
    result = bpgen_(*words, "--style", "quick")
    assert result.exit_code == 2 and not result.stdout
    assert "Invalid value for '--style': 'quick' is not one of 'plain', 'fast'" in result.stderr


def test_only_what_is_written_has_a_style() -> None:
    result = bpgen_("show", "adjoint", "rnn", "--style", "fast")
    assert result.exit_code == 2 and not result.stdout
    assert "`--style` is how the stage write writes; `adjoint` writes nothing" in result.stderr


@pytest.mark.parametrize("style", STYLES)
def test_a_target_of_a_plug_in_has_no_styles(style: str, tmp_path: Path) -> None:
    facts = tmp_path / "plug-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: plug\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[bpgen.targets]\nother = plugged\n")
    (tmp_path / "plugged.py").write_text("comment, operators = '#', ()\ndef write(plan): ...\n")
    words = ["compile", "rnn", "-o", "-", "--target", "other", "--style", style]
    done = subprocess.run(
        [sys.executable, "-m", "bpgen", *words],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.endswith("Error: `--style` is for the target numpy; `other` has none\n")


def test_callers_from_python_are_told_too() -> None:
    source = read(library.text("rnn").encode(), "rnn.spec")
    with pytest.raises(LookupError, match="no style `quick`; there are `plain` and `fast`"):
        compile_source(source, style="quick")
    with pytest.raises(LookupError, match="styles are for `numpy`; `other` has none"):
        compile_source(source, "other", "fast")


# -- what is written -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each style, with the module and the test of every cell."""
    folder = tmp_path_factory.mktemp("styles")
    for style in STYLES:
        for cell in CELLS.values():  # one that does not compile fails in a test of its own
            bpgen_("compile", cell, "-o", folder / style, "--style", style)
    return folder


@pytest.mark.slow
def test_the_shipped_tests_pass_in_the_fast_style(made: Path) -> None:
    of_plain, of_fast = (
        {path.name: path.read_bytes() for path in (made / style).glob("test_*.py")}
        for style in STYLES
    )
    assert len(of_fast) == len(CELLS) and of_fast == of_plain
    options = ["-W", "error", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", "."]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-m", "pytest", *options, "--tb=line", "."],
        cwd=made / "fast",
        env={**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.parametrize("asked", ["check", "format --check"])
def test_ruff_has_nothing_to_say(asked: str, made: Path) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.is_file():
        pytest.skip("ruff is not installed")
    modules = [path for name in library.names() for path in (made / "fast").glob(f"{name}.py")]
    command = [ruff, *asked.split(), "--no-cache", "--config", ROOT / "pyproject.toml", *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert len(modules) == len(library.names()) and done.returncode == 0, done.stdout


@pytest.mark.parametrize("cell", CELLS)
def test_plain_and_fast_agree(cell: str, made: Path) -> None:
    assert both(made, cell) == "agree"


@pytest.mark.slow
def test_plain_and_fast_agree_on_mutated_specs() -> None:
    ends = [end for _, end in trials(0, range(400))]
    assert not [end for end in ends if end.startswith("failed")]
    assert ends.count("agree") > 10


def test_eight_threads_with_a_workspace_each(made: Path) -> None:
    module = loaded(made / "fast" / "lstm.py", "lstm")
    rng = np.random.default_rng(0)
    params = module.init_params(rng, D=5, H=7)
    xs = rng.normal(size=(8, 20, 3, 5))

    def trained(x: np.ndarray, times: int = 1) -> list[bytes]:
        work = module.Workspace(T=20, N=3, D=5, H=7)
        for _ in range(times):
            outputs, saved = module.forward(params, x, work=work)
            grads = module.backward(params, saved, dh=outputs.h, work=work)
        return [v.tobytes() for v in (*outputs, *grads.params, *grads[1:])]

    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(partial(trained, times=50), xs)] == [trained(x) for x in xs]


def test_a_workspace_that_does_not_fit_is_refused(made: Path) -> None:
    module = loaded(made / "fast" / "lstm.py", "lstm")
    params = module.init_params(np.random.default_rng(0), D=5, H=7)
    x = np.zeros((20, 3, 5))
    work = module.Workspace(T=19, N=3, D=5, H=7)
    with pytest.raises(ValueError, match="work: expected T = 20, got one made for T = 19"):
        module.forward(params, x, work=work)
    work = module.Workspace(T=20, N=3, D=5, H=7, dtype=np.float32)
    with pytest.raises(
        ValueError, match="work: expected dtype = float64, got one made for dtype = "
    ):
        module.forward(params, x, work=work)
    with pytest.raises(TypeError, match="work: expected a Workspace, got tuple"):
        module.forward(params, x, work=(20, 3, 5, 7))
    work = module.Workspace(T=20, N=3, D=5, H=7)
    with module.using(work, module.ForwardArrays, T=20, N=3, H=7, dtype=np.dtype(np.float64)):
        with pytest.raises(RuntimeError, match="work: in use by another call"):
            module.forward(params, x, work=work)
    _, saved = module.forward(params, x, work=work)  # it is free again
    with pytest.raises(ValueError, match="dh: expected shape"):
        module.backward(params, saved, dh=x, work=work)
    module.backward(params, saved, work=work)
