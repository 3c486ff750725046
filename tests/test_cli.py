"""The command line: streams, exit codes, and what each command says."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bpgen.compile
from bpgen import __version__, library, manual
from bpgen.compile import STAGES, compile_source, run
from bpgen.files import is_ours, stamp
from bpgen.ir import OPERATORS
from bpgen.parse import read
from bpgen.show import WIDTH, page
from command import bpgen_, flat

ROOT = Path(__file__).resolve().parent.parent
CELLS = library.names()
WRONG = "cell wrong\ndim N\ninput x[t] : (N)\noutput y[t] = x[t] + p + q\n"


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.spec"
    path.write_text(WRONG, "utf-8")
    return path


# -- the front -------------------------------------------------------------------------------------


HEAVY = {"lark", "jinja2", "numpy", "bpgen.ir", "bpgen.parse", "importlib.metadata"}


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["compile", "--help"], ["new", "-h"], ["completions", "zsh"], []],
)
def test_help_is_there_at_once(words: list[str]) -> None:
    code = f"""
import sys
from bpgen.cli import main
if {words}:
    main({words}, standalone_mode=False)
print(*sorted(sys.modules.keys() & {HEAVY}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "", f"imported {done.stdout}"


def test_compiling_imports_no_more_than_it_needs(tmp_path: Path) -> None:
    code = f"""
import sys
from bpgen.cli import main
main(["compile", "lstm", "-o", {str(tmp_path)!r}], standalone_mode=False)
print(*sorted(sys.modules.keys() & {{"numpy", "importlib.metadata", "asyncio"}}))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout == b"\n", done.stdout


def test_it_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "bpgen", "--version"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"bpgen {__version__}\n"


def test_a_reader_that_leaves_is_no_failure_of_ours() -> None:
    command = f"{sys.executable} -m bpgen ops softmax | true"
    done = subprocess.run(command, cwd=ROOT, shell=True, capture_output=True, text=True, check=True)
    assert "bpgen failed" not in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["compil"],
        ["compile"],
        ["compile", "rnn"],
        ["compile", "rnn", "gru", "-o", "-"],
        ["compile", "rnn", "-o", "-", "--check"],
        ["compile", "-", "-", "-o", "-"],
        ["check", "no/such.spec"],
        ["check", "."],
        ["show", "stage", "rnn"],
        ["gradcheck", "rnn", "--seed", "-1"],
        ["cells", "nobody"],
        ["ops", "nothing"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_exits_with_2(words: list[str]) -> None:
    result = bpgen_(*words)
    assert result.exit_code == 2 and not result.stdout and "rror: " in result.stderr


def test_no_command_gets_help_and_a_near_one_is_named() -> None:
    assert "\nCommands:\n" in bpgen_().stderr and bpgen_().exit_code == 2
    assert "Did you mean 'compile'?" in bpgen_("compil").stderr
    assert "Did you mean" in bpgen_("compile", "rnn", "-o", "a", "--chekc").stderr


def test_our_own_fault_exits_with_3(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: Any, last: str = "") -> None:
        raise ZeroDivisionError("an equation\n(rnn.spec, line 12)")

    monkeypatch.setattr(bpgen.compile, "run", fail)
    result = bpgen_("check", "rnn")
    assert result.exit_code == 3 and not result.stdout
    first, second = result.stderr.splitlines()
    assert "rnn.spec" in first and "ZeroDivisionError: an equation (rnn.spec, line 12)" in first
    assert "please report" in second and "--traceback" in second
    shown = bpgen_("check", "rnn", "--traceback")
    assert isinstance(shown.exception, ZeroDivisionError), "click's runner keeps what was raised"


def test_ctrl_c_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(source: Any, last: str = "") -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bpgen.compile, "run", interrupt)
    result = bpgen_("check", "rnn")
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")


# -- compile ---------------------------------------------------------------------------------------


def test_compile_writes_and_then_leaves_alone(tmp_path: Path) -> None:
    first = bpgen_("compile", "rnn", ROOT / "bpgen" / "cells" / "gru.spec", "-o", tmp_path)
    assert first.exit_code == 0 and not first.stdout
    assert first.stderr.startswith("4 files written, 0 unchanged (")
    names = {"rnn.py", "test_rnn.py", "gru.py", "test_gru.py"}
    assert {path.name for path in tmp_path.iterdir()} == names
    times = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = bpgen_("compile", "rnn", "gru", "-o", tmp_path)
    assert again.stderr.startswith("0 files written, 4 unchanged (")
    assert times == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}


def test_compile_check_says_what_is_out_of_date(tmp_path: Path) -> None:
    bpgen_("compile", "rnn", "-o", tmp_path)
    good = bpgen_("compile", "rnn", "-o", tmp_path, "--check")
    assert good.exit_code == 0 and "2 up to date" in good.stderr
    (tmp_path / "rnn.py").write_text(stamp("x = 1\n"), "utf-8")
    bad = bpgen_("compile", "rnn", "gru", "-o", tmp_path, "--check")
    assert bad.exit_code == 1 and bad.stderr.count("error[BP501]") == 3
    assert "rnn.py` is out of date" in flat(bad.stderr)
    assert "test_gru.py` is missing" in flat(bad.stderr)
    assert "found 3 errors; run the same command without `--check`\n" in bad.stderr
    assert not (tmp_path / "gru.py").exists()
    assert (tmp_path / "rnn.py").read_text("utf-8") == stamp("x = 1\n")


@pytest.mark.parametrize("options", [["--check"], ["--diff"], ["--check", "--diff"]])
def test_compile_check_says_what_compile_would_refuse(tmp_path: Path, options: list[str]) -> None:
    words = ["compile", "rnn", "-o", tmp_path]
    bpgen_(*words)
    path = tmp_path / "rnn.py"
    path.write_text(path.read_text("utf-8").replace("tanh", "tanj", 1), "utf-8")
    refused, foretold = bpgen_(*words), bpgen_(*words, *options)
    assert foretold.exit_code == refused.exit_code == 2
    assert foretold.stderr == refused.stderr and "BP502" in refused.stderr
    assert ("\n-" in foretold.stdout) == ("--diff" in options)
    forced = bpgen_(*words, *options, "--force")
    assert forced.exit_code == 1 and "BP502" not in forced.stderr
    (tmp_path / "test_rnn.py").unlink()
    both = bpgen_(*words, *options)
    assert both.exit_code == 1 and both.stderr.endswith("found 2 errors\n")
    assert "BP501" in both.stderr and "BP502" in both.stderr


def test_compile_diff_prints_and_writes_nothing(tmp_path: Path) -> None:
    new = bpgen_("compile", "rnn", "-o", tmp_path / "none", "--diff")
    assert new.exit_code == 1 and new.stdout.startswith("--- /dev/null\n+++ ")
    assert not (tmp_path / "none").exists()
    bpgen_("compile", "rnn", "-o", tmp_path)
    same = bpgen_("compile", "rnn", "-o", tmp_path, "--diff")
    assert (same.exit_code, same.stdout) == (0, "")
    path = tmp_path / "rnn.py"
    path.write_text(path.read_text("utf-8").replace("tanh", "tanj", 1), "utf-8")
    edited = bpgen_("compile", "rnn", "-o", tmp_path, "--diff", "--check")
    assert edited.exit_code == 2 and edited.stdout.count("\n-") == 1, "`--- name` opens it"
    assert "BP502" in edited.stderr


def test_compile_replaces_no_edited_file_unless_forced(tmp_path: Path) -> None:
    bpgen_("compile", "rnn", "-o", tmp_path)
    path = tmp_path / "rnn.py"
    edited = path.read_text("utf-8").replace("tanh", "tanj", 1)
    path.write_text(edited, "utf-8")
    refused = bpgen_("compile", "rnn", "-o", tmp_path)
    assert refused.exit_code == 2 and "BP502" in refused.stderr
    assert path.read_text("utf-8") == edited
    forced = bpgen_("compile", "rnn", "-o", tmp_path, "--force")
    assert forced.exit_code == 0 and "1 file written, 1 unchanged" in forced.stderr
    assert (tmp_path / "rnn.py.orig").read_text("utf-8") == edited
    assert "rnn.py.orig" in forced.stderr


def test_compile_reads_and_prints(tmp_path: Path) -> None:
    result = bpgen_("compile", "-", "-o", "-", given=library.text("rnn"))
    assert result.exit_code == 0 and not result.stderr
    assert is_ours(result.stdout)
    assert result.stdout == bpgen_("compile", "rnn", "-o", "-").stdout, "whatever it was read from"
    bpgen_("compile", "-", "-o", tmp_path, given=library.text("rnn"))
    assert (tmp_path / "rnn.py").read_text("utf-8") == result.stdout


def test_one_wrong_spec_and_nothing_is_written(tmp_path: Path, wrong: Path) -> None:
    result = bpgen_("compile", "rnn", wrong, "-", "-o", tmp_path / "out", given="cell\n")
    assert result.exit_code == 1 and not result.stdout
    assert not (tmp_path / "out").exists()
    assert f"--> {wrong}:4:" in result.stderr and "--> <stdin>:1:" in result.stderr
    assert result.stderr.endswith("found 3 errors\n")


def test_two_specs_of_one_cell_are_refused(tmp_path: Path) -> None:
    twin = tmp_path / "twin.spec"
    twin.write_text(library.text("rnn"), "utf-8")
    result = bpgen_("compile", "rnn", twin, "-o", tmp_path)
    assert result.exit_code == 2 and "the cell rnn and " in " ".join(result.stderr.split())
    assert not (tmp_path / "rnn.py").exists()


def test_a_file_goes_before_a_cell_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rnn").write_text(WRONG, "utf-8")
    assert "--> rnn:4:" in bpgen_("check", "rnn").stderr
    (tmp_path / "rnn").unlink()
    (tmp_path / "rnn").mkdir()
    assert bpgen_("check", "rnn").exit_code == 0, "a directory is no such file"


# -- check -----------------------------------------------------------------------------------------


def test_check_says_all_and_writes_nothing(wrong: Path) -> None:
    result = bpgen_("check", wrong, "rnn")
    assert result.exit_code == 1 and not result.stdout
    assert "`p` is not declared" in result.stderr and "`q` is not declared" in result.stderr
    assert result.stderr.endswith("\nfound 2 errors\n")
    assert list(wrong.parent.iterdir()) == [wrong]


def test_check_of_the_library_finds_nothing() -> None:
    result = bpgen_("check", *CELLS)
    assert result.exit_code == 0 and result.stderr.startswith(f"{len(CELLS)} specs, no errors (")


def test_a_name_near_a_cell_or_a_file_is_suggested(wrong: Path) -> None:
    assert "did you mean `lstm`?" in bpgen_("check", "lstn").stderr
    said = bpgen_("check", wrong.parent / "wrogn.spec").stderr
    assert f"did you mean `{wrong}`?" in " ".join(said.split())


# -- show, cells, ops ------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [name for name, _, _ in STAGES])
def test_show_prints_every_stage(stage: str) -> None:
    result = bpgen_("show", stage, "rnn")
    assert result.exit_code == 0 and not result.stderr
    assert "W_hh" in result.stdout and result.stdout.endswith("\n")
    assert stage in bpgen_("show", "--help").stdout, "the help names every stage"


@pytest.mark.parametrize("cell", CELLS)
def test_pages_fit(cell: str) -> None:
    source = read(library.text(cell).encode(), f"{cell}.spec")
    for stage in ("parse", "check", "adjoint", "simplify", "schedule"):
        lines = page(stage, run(source, stage)).splitlines()
        long = [line for line in lines if len(line) > WIDTH and "about" not in line]
        assert not long, f"{stage}: {long}"


def test_the_page_of_a_plan() -> None:
    shown = bpgen_("show", "schedule", "rnn").stdout
    assert shown.startswith(
        """\
rnn after schedule

accepts  dh_out for h
returns  dx, dW_xh, dW_hh, db, dh0
saved    x, h

forward
  all steps at once
    a_x[t] = x[t] @ W_xh + b         : (N, H)  array

  step by step, t = 1 ... T
    a[t]   = a_x[t] + h[t-1] @ W_hh  : (N, H)  local
    h[t]   = tanh(a[t])              : (N, H)  array, saved

backward
  step by step, t = T ... 1
"""
    )


def test_the_page_of_a_spec_shows_how_it_was_read() -> None:
    spec = "cell a\ndim N\ninput x[t] : (N)\noutput y[t] = -x[t]**2 + 3 * x[t-1] / N\n"
    shown = bpgen_("show", "parse", "-", given=spec).stdout
    assert "4 | output y[t] = (-(x[t]**2)) + ((3 * x[t-1]) / N)" in shown


def test_cells_lists_and_prints(tmp_path: Path) -> None:
    listed = bpgen_("cells").stdout
    assert [line.split()[0] for line in listed.splitlines() if line[0] != " "] == CELLS
    assert all(len(line) <= 80 for line in listed.splitlines())
    for name in CELLS:
        assert bpgen_("cells", name).stdout == library.text(name)
        assert library.about(name), f"{name}.spec has no `about`"


def test_ops_lists_what_a_spec_can_use() -> None:
    listed = bpgen_("ops").stdout
    assert all(len(line) <= 80 for line in listed.splitlines())
    assert "\n  softmax  " in listed and "\n  a @ b  " in listed
    assert "\n  split  " in listed and bpgen_("ops", "split").stdout.startswith("split(z, H")
    assert "\n  one_hot " not in listed and "internal" not in listed


@pytest.mark.parametrize(
    "name", [name for name, op in OPERATORS.items() if not op.facts.get("internal")]
)
def test_every_operator_has_a_page(name: str) -> None:
    shown = bpgen_("ops", name)
    assert shown.exit_code == 0 and OPERATORS[name].doc.split()[0] in shown.stdout
    assert "In NumPy:" in shown.stdout
    has_rule = OPERATORS[name].vjp is not None
    assert ("def vjp(dy, y" in shown.stdout) == has_rule


def test_an_operator_is_found_by_its_sign() -> None:
    assert bpgen_("ops", "@").stdout == bpgen_("ops", "matmul").stdout
    both = bpgen_("ops", "--", "-").stdout
    assert both.startswith("-a\n") and "\na - b\n" in both


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("tanh", "tanh(a)"),
        ("power", "a**b"),
        ("logical_not", "not a"),
        ("softmax", "softmax(a, over=...)"),
        ("layer_norm", "layer_norm(a, eps=1e-5, over=...)"),
        ("concat", "concat(a, b, ..., axis=-1)"),
        ("einsum", "einsum(pattern, a, b, ...)"),
    ],
)
def test_signatures_are_those_of_the_language(name: str, wanted: str) -> None:
    assert manual.signature(OPERATORS[name]) == wanted


def test_a_cell_compiles_to_the_same_whatever_called_it(tmp_path: Path) -> None:
    bpgen_("compile", "lstm", "-o", tmp_path)
    made = compile_source(read(library.text("lstm").encode(), "lstm.spec"))
    assert made == {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
