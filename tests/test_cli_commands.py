"""What surrounds compiling: reports in every format, colour, watching, `new`, `fmt`, `explain`."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

import bpgen.canonical
import bpgen.lints
import bpgen.plugins
from bpgen import library, pages
from bpgen.cli import main
from bpgen.compile import compile_source
from bpgen.gradcheck import run as gradcheck
from bpgen.parse import read
from bpgen.report import Label, Report
from bpgen.source import Span
from command import bpgen_, flat

ROOT = Path(__file__).resolve().parent.parent
WRONG = "cell wrong\ndim N\ninput x[t] : (N)\noutput y[t] = x[t] + p + q\n"
LINKS = hasattr(os, "symlink") and os.name != "nt"


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.spec"
    path.write_text(WRONG, "utf-8")
    return path


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every spec that is right is warned of its first word."""
    warning = Report("BP999", "beware", Label(Span(0, 4)), severity="warning")
    monkeypatch.setattr(bpgen.lints, "lint", lambda cell: (warning,))


# -- formats ---------------------------------------------------------------------------------------


def test_concise_is_a_line_for_each(wrong: Path) -> None:
    result = bpgen_("check", wrong, "--output-format", "concise")
    assert result.exit_code == 1 and not result.stdout
    *lines, summary = result.stderr.splitlines()
    assert [line.partition(" `")[0] for line in lines] == [
        f"{wrong}:4:22: BP101",
        f"{wrong}:4:26: BP101",
    ]
    assert summary == "found 2 errors"


def test_json_goes_to_standard_output_alone(wrong: Path, tmp_path: Path) -> None:
    result = bpgen_("check", wrong, "rnn", "--output-format", "json")
    assert result.exit_code == 1 and not result.stderr
    whole = json.loads(result.stdout)
    assert [found["code"] for found in whole["diagnostics"]] == ["BP101", "BP101"]
    assert {found["file"] for found in whole["diagnostics"]} == {str(wrong)}
    span = whole["diagnostics"][0]["span"]
    assert WRONG[span["start"] : span["end"]] == "p"
    by_variable = bpgen_("check", wrong, "rnn", BPGEN_OUTPUT_FORMAT="json")
    assert by_variable.stdout == result.stdout


def test_a_fix_of_json_makes_the_spec_right() -> None:
    """What an editor would do with it: the edits of the first fix of each report, from the end."""
    text = before = WRONG.replace(" + q", "")
    result = bpgen_("check", "-", "--output-format", "json", given=before)
    found = json.loads(result.stdout)["diagnostics"]
    edits = {tuple(edit.values()) for each in found for edit in each["fixes"][0]["edits"]}
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    assert text != before and bpgen_("check", "-", given=text).exit_code == 0


def test_json_says_what_became_of_files(tmp_path: Path) -> None:
    def states(*more: str) -> dict[str, str]:
        words = ["compile", "rnn", "-o", tmp_path, "--output-format", "json", *more]
        result = bpgen_(*words)
        assert not result.stderr
        return {Path(f["path"]).name: f["status"] for f in json.loads(result.stdout)["files"]}

    assert states("--check") == {"rnn.py": "missing", "test_rnn.py": "missing"}
    assert states() == {"rnn.py": "written", "test_rnn.py": "written"}
    (tmp_path / "rnn.py").write_text("mine\n", "utf-8")
    assert states("--check") == {"rnn.py": "foreign", "test_rnn.py": "unchanged"}
    assert states("--diff") == {"rnn.py": "foreign", "test_rnn.py": "unchanged"}
    assert states("--check", "--force") == {"rnn.py": "stale", "test_rnn.py": "unchanged"}
    assert states() == {}, "nothing is written"
    assert states("--force")["rnn.py.orig"] == "kept"


def test_github_shows_reports_beside_their_lines(wrong: Path) -> None:
    result = bpgen_("check", wrong, "--output-format", "github")
    first = result.stderr.splitlines()[0]
    assert result.exit_code == 1 and not result.stdout
    place = f"file={wrong},line=4,col=22,endColumn=23,title=BP101"
    assert first.startswith(f"::error {place}::`p` is not declared%0A")


def test_a_code_is_explained_on_demand(wrong: Path) -> None:
    said = bpgen_("check", wrong).stderr
    assert said.endswith("\n\nrun `bpgen explain BP101` for more\nfound 2 errors\n")
    quiet = bpgen_("check", wrong, "-q")
    assert quiet.exit_code == 1 and not re.search("found|bpgen explain", quiet.stderr)
    assert "error[BP101]" in quiet.stderr
    assert not bpgen_("check", "rnn", "--quiet").output


@pytest.mark.skipif(os.name == "nt", reason="its names of files are tamer")
@pytest.mark.parametrize("style", ["full", "concise", "github"])
def test_names_of_files_cannot_write_to_the_terminal(tmp_path: Path, style: str) -> None:
    path = tmp_path / "a\n::error::b\x1b[31m.spec"
    path.write_text(WRONG, "utf-8")
    result = bpgen_("check", path, "--output-format", style)
    assert result.exit_code == 1
    assert "\x1b" not in result.stderr and "\n::error::b" not in result.stderr
    missing = bpgen_("check", f"{path}.none")
    assert missing.exit_code == 2 and "\x1b" not in missing.stderr
    assert all(line.startswith(("error: ", " " * 7)) for line in missing.stderr.splitlines())


def test_standard_input_has_a_name() -> None:
    words = ["check", "-", "--stdin-filename", "cells/a.spec"]
    assert "--> cells/a.spec:4:22" in bpgen_(*words, given=WRONG).stderr
    assert bpgen_("check", "rnn", "--stdin-filename", "a.spec").exit_code == 2


# -- colour ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "env", "wanted"),
    [
        ("", {}, False),
        ("--color always", {"NO_COLOR": "1"}, True),
        ("--color never", {"FORCE_COLOR": "1"}, False),
        ("", {"FORCE_COLOR": "1"}, True),
        ("", {"CLICOLOR_FORCE": "1"}, True),
        ("", {"FORCE_COLOR": "0"}, False),
        ("", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("", {"FORCE_COLOR": "1", "TERM": "dumb"}, True),
    ],
)
def test_colour_is_wanted_or_not(
    wrong: Path, words: str, env: dict[str, str], wanted: bool
) -> None:
    result = bpgen_("check", wrong, *words.split(), **env)
    assert ("\x1b[" in result.stderr) == wanted


@pytest.mark.skipif(os.name == "nt", reason="there is no pty")
@pytest.mark.parametrize(
    ("env", "wanted"), [({}, True), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, False)]
)
def test_a_terminal_gets_colour(wrong: Path, env: dict[str, str], wanted: bool) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bpgen", "check", wrong]
    whole = {**_environment(), "TERM": "xterm", **env}
    subprocess.run(command, cwd=ROOT, stderr=theirs, env=whole, check=False)
    os.close(theirs)
    said = os.read(ours, 100_000)
    os.close(ours)
    assert (b"\x1b[1;31merror[BP101]" in said) == wanted and b"BP101" in said


def _environment() -> dict[str, str]:
    plain = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "BPGEN_OUTPUT_FORMAT")
    return {name: value for name, value in os.environ.items() if name not in plain}


@pytest.mark.parametrize("width", ["40", "80"])
def test_reports_fit_the_terminal(wrong: Path, width: str) -> None:
    long = wrong.with_name("long.spec")
    long.write_text(WRONG.replace("+ p", f"{'+ x[t] ' * 30}+ p"), "utf-8")
    lines = bpgen_("check", long, COLUMNS=width).stderr.splitlines()
    assert max(len(line) for line in lines if "-->" not in line) <= int(width)
    assert "`p` is not declared" in flat("\n".join(lines))


@pytest.mark.parametrize("words", [["new", "numpy"], ["cells", "nothing of this name"]])
def test_what_is_wrong_with_a_command_line_fits_too(words: list[str]) -> None:
    said = bpgen_(*words, COLUMNS="60").stderr
    assert max(map(len, said.splitlines())) <= 60 and said.startswith("error: ")
    logged = bpgen_(*words, COLUMNS="").stderr
    assert flat(said) == flat(logged) and logged.count("\n") == 1


def test_a_variable_is_blamed_for_its_own_value() -> None:
    by_variable = bpgen_("check", "rnn", BPGEN_OUTPUT_FORMAT="foo")
    assert by_variable.exit_code == 2 and "BPGEN_OUTPUT_FORMAT: 'foo'" in by_variable.stderr
    assert "--output-format" not in by_variable.stderr
    by_option = bpgen_("check", "rnn", "--output-format", "foo", BPGEN_OUTPUT_FORMAT="json")
    assert "'--output-format': 'foo'" in by_option.stderr
    assert "BPGEN_OUTPUT_FORMAT" not in by_option.stderr


# -- warnings --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("warned")
def test_warnings_are_said_and_change_nothing(tmp_path: Path, wrong: Path) -> None:
    checked = bpgen_("check", "rnn", "gru")
    assert checked.exit_code == 0 and checked.stderr.count("warning[BP999]: beware") == 2
    assert "bpgen explain" not in checked.stderr, "BP999 has no page"
    assert "2 specs, no errors, 2 warnings (" in checked.stderr
    written = bpgen_("compile", "rnn", "-o", tmp_path / "out")
    assert written.exit_code == 0 and "2 files written, 0 unchanged, 1 warning (" in written.stderr
    printed = bpgen_("compile", "rnn", "-o", "-")
    assert printed.stdout.startswith("# Generated") and "warning[BP999]" in printed.stderr
    both = bpgen_("check", "rnn", wrong, "--output-format", "concise")
    assert both.exit_code == 1 and "rnn.spec:1:1: BP999 warning: beware\n" in both.stderr
    assert both.stderr.endswith("found 2 errors, 1 warning\n")


# -- watch -----------------------------------------------------------------------------------------


@contextmanager
def watching(*specs: Path, out: Path) -> Iterator["Watched"]:
    command = [sys.executable, "-m", "bpgen", "compile", *specs, "-o", out, "--watch"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, env=_environment())
    try:
        yield Watched(process)
    finally:
        process.kill()
        process.communicate()


class Watched:
    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.said = b""

    def until(self, wanted: bytes) -> bytes:
        """What was said up to and with something; what follows it is left for the next call."""
        assert self.process.stderr
        end = time.monotonic() + 20
        while wanted not in self.said:
            ready, _, _ = select.select([self.process.stderr], [], [], end - time.monotonic())
            assert ready, f"{wanted!r} was not said, but {self.said!r}"
            self.said += os.read(self.process.stderr.fileno(), 10_000)
        before, _, self.said = self.said.partition(wanted)
        return before + wanted


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="select is for sockets there")
def test_watch_compiles_again(tmp_path: Path) -> None:
    path, out = tmp_path / "rnn.spec", tmp_path / "out"
    path.write_text(library.text("rnn"), "utf-8")
    with watching(path, out=out) as watched:
        first = watched.until(b"2 files written, 0 unchanged")
        assert re.match(rb"\[\d\d:\d\d:\d\d\] watching .*rnn.spec; Ctrl-C ends\n", first)
        path.write_text(WRONG, "utf-8")
        assert b"rnn.spec changed\n" in watched.until(b"found 2 errors")
        path.unlink()
        watched.until(b"waiting for ")
        new = tmp_path / "new"  # as editors do
        new.write_text(library.text("rnn").replace("tanh", "relu"), "utf-8")
        new.replace(path)
        watched.until(b"2 files written, 0 unchanged")
        assert "maximum" in (out / "rnn.py").read_text("utf-8")
        watched.process.send_signal(signal.SIGINT)
        rest = watched.until(b"interrupted\n")
        assert watched.process.wait(20) == 130 and b"Traceback" not in rest


@pytest.mark.parametrize(
    "words",
    [
        ["compile", "rnn", "-o", "out", "--watch"],
        ["compile", "-", "-o", "out", "--watch"],
        ["compile", "a.spec", "-o", "-", "--watch"],
        ["compile", "a.spec", "-o", "out", "--watch", "--check"],
        ["compile", "rnn", "-o", "-", "--output-format", "json"],
        ["compile", "rnn", "-o", "out", "--target", "nunpy"],
        ["check", "rnn", "--output-format", "yaml"],
        ["explain", "BP000"],
        ["explain", "sigmod"],
        ["fmt", "rnn"],
        ["fmt", "-", "a.spec"],
        ["completions", "cmd"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_exits_with_2(words: list[str]) -> None:
    result = bpgen_(*words)
    assert result.exit_code == 2 and not result.stdout and "rror: " in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["check", "a" * 5000],
        ["fmt", "a" * 5000],
        ["new", "mine", "-o", "a" * 5000],
        ["compile", "rnn", "-o", "a" * 5000],
        ["compile", "rnn", "-o", "a" * 5000, "--check"],
        ["compile", "rnn", "-o", "a" * 5000, "--diff"],
    ],
)
def test_a_name_that_the_system_refuses_is_not_our_fault(words: list[str]) -> None:
    assert bpgen_(*words).exit_code == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_full_disk_is_not_our_fault() -> None:
    command = [sys.executable, "-m", "bpgen", "cells", "lstm"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: standard output cannot be written to: ")


# -- new -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_new_starts_a_spec_that_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = bpgen_("new", "mine")
    assert made.exit_code == 0 and not made.stdout
    text = Path("mine.spec").read_text("utf-8")
    assert "\ncell  mine\n" in text and text.count("#") > 3
    assert "  bpgen gradcheck mine.spec\n  bpgen compile mine.spec -o generated/\n" in made.stderr
    files = compile_source(read(Path("mine.spec")))
    assert {check.outcome for check in gradcheck(files)} == {"passed"}


@pytest.mark.parametrize("cell", library.names())
def test_new_starts_from_a_cell_of_the_library(cell: str, tmp_path: Path) -> None:
    assert bpgen_("new", "mine", "--cell", cell, "-o", tmp_path / "deep" / "er").exit_code == 0
    text = (tmp_path / "deep" / "er" / "mine.spec").read_text("utf-8")
    assert re.sub(r"(?m)^cell(\s+)mine$", rf"cell\g<1>{cell}", text) == library.text(cell)


def test_new_replaces_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.spec").write_text("mine", "utf-8")
    if LINKS:
        Path("link.spec").symlink_to("nowhere")
        assert bpgen_("new", "link").exit_code == 2 and not Path("nowhere").exists()
    assert "File exists" in bpgen_("new", "mine").stderr
    assert Path("mine.spec").read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    "name", ["../up", "a b", "a\nb", "é", "", "9a", "random", "class", "numpy"]
)
def test_new_takes_only_names_of_cells(name: str, tmp_path: Path) -> None:
    result = bpgen_("new", name, "-o", tmp_path)
    assert result.exit_code == 2 and result.stderr.startswith("error: ")
    assert not list(tmp_path.iterdir()) and not list(tmp_path.parent.glob("up*"))


# -- fmt -------------------------------------------------------------------------------------------


@pytest.fixture
def tidied(monkeypatch: pytest.MonkeyPatch) -> None:
    """A canonical form that only strips the ends of lines."""

    def canonical(source: object) -> str:
        lines = getattr(source, "text", "").splitlines()
        return "".join(f"{line.rstrip()}\n" for line in lines)

    monkeypatch.setattr(bpgen.canonical, "canonical", canonical)


@pytest.mark.usefixtures("tidied")
def test_fmt_rewrites_what_is_not_canonical(tmp_path: Path) -> None:
    untidy, tidy = tmp_path / "a.spec", tmp_path / "b.spec"
    untidy.write_text("cell a  \n", "utf-8")
    tidy.write_bytes(b"cell b\r\n")
    diffed = bpgen_("fmt", untidy, tidy, "--diff")
    assert diffed.exit_code == 1 and diffed.stdout.endswith("@@ -1 +1 @@\n-cell a  \n+cell a\n")
    checked = bpgen_("fmt", untidy, tidy, "--check")
    assert checked.exit_code == 1 and f"would change {untidy}\n" in checked.stderr
    assert "1 spec would change, 1 unchanged" in checked.stderr
    assert untidy.read_text("utf-8") == "cell a  \n"
    untidy.chmod(0o640)
    done = bpgen_("fmt", untidy, tidy)
    assert done.exit_code == 0 and done.stderr.startswith(
        f"changed {untidy}\n1 spec changed, 1 unch"
    )
    assert untidy.read_text("utf-8") == "cell a\n" and tidy.read_bytes() == b"cell b\r\n"
    assert untidy.stat().st_mode & 0o777 == 0o640
    assert bpgen_("fmt", untidy, tidy, "--check").exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"a.spec", "b.spec"}
    assert bpgen_("fmt", "-", given="cell a  \n").stdout == "cell a\n"


@pytest.mark.skipif(not LINKS, reason="there are no links")
@pytest.mark.usefixtures("tidied")
def test_fmt_does_not_write_through_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "a.spec", tmp_path / "link.spec"
    target.write_text("cell a  \n", "utf-8")
    link.symlink_to(target)
    result = bpgen_("fmt", link)
    assert result.exit_code == 2 and "a symbolic link" in flat(result.stderr)
    assert target.read_text("utf-8") == "cell a  \n" and link.is_symlink()


def test_fmt_changes_all_of_a_folder_or_none(tmp_path: Path) -> None:
    (tmp_path / "real.spec").write_text("cell real  \n")
    (tmp_path / "link.spec").symlink_to("real.spec")
    (tmp_path / "untidy.spec").write_text("cell untidy  \n")
    result = bpgen_("fmt", tmp_path / "untidy.spec", tmp_path / "link.spec")
    assert (result.exit_code, "symbolic link" in flat(result.stderr)) == (2, True)
    assert (tmp_path / "untidy.spec").read_text() == "cell untidy  \n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "link.spec",
        "real.spec",
        "untidy.spec",
    ]


def test_fmt_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    bad, untidy = tmp_path / "bad.spec", tmp_path / "a.spec"
    bad.write_text("cell a\ninput x[t : (N)\n", "utf-8")
    untidy.write_text("cell   a  \ndim N\n", "utf-8")
    result = bpgen_("fmt", bad, untidy)
    assert result.exit_code == 1 and f"--> {bad}:2:" in result.stderr
    assert untidy.read_text("utf-8") == "cell   a  \ndim N\n"


def test_the_starter_is_canonical() -> None:
    assert bpgen_("fmt", "-", given=library.starter()).stdout == library.starter()


# -- explain ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", pages.codes())
def test_a_code_has_a_page(code: str) -> None:
    shown = bpgen_("explain", code.lower(), COLUMNS="80")
    assert shown.exit_code == 0 and not shown.stderr
    assert shown.stdout.startswith(f"{code}: {pages.title(code)}\n\n")
    assert "```" not in shown.stdout and "\n    " in shown.stdout
    prose = [line for line in shown.stdout.splitlines() if not line.startswith("    ")]
    assert max(map(len, prose)) <= 80


def test_explain_lists_codes_and_takes_several() -> None:
    listed = bpgen_("explain").stdout
    assert [line[:5] for line in listed.splitlines() if line[0] == "B"] == [*pages.codes()]
    both = bpgen_("explain", "BP201", "tanh").stdout
    assert both == bpgen_("explain", "BP201").stdout + "\n" + bpgen_("ops", "tanh").stdout
    assert "did you mean `BP102`" in bpgen_("explain", "BP1021").stderr
    assert "did you mean `sigmoid`" in bpgen_("explain", "sigmod").stderr


# -- completions -----------------------------------------------------------------------------------


def completed(line: str) -> list[str]:
    """What bash would be told for a line of which the last word is not finished."""
    words = line.split(" ")
    env = {
        **_environment(),
        "_BPGEN_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    command = [sys.executable, "-m", "bpgen"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert not done.stderr
    return [word for word in done.stdout.split() if not word.startswith("file,")]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("bpgen comp", "plain,compile plain,completions"),
        ("bpgen check ls", "plain,lstm"),
        ("bpgen check bpgen/cells/ls", "plain,bpgen/cells/lstm.spec"),
        ("bpgen explain BP20", "plain,BP201"),
        ("bpgen explain sigm", "plain,sigmoid"),
        ("bpgen new a --cell ls", "plain,lstm"),
        ("bpgen show adj", "plain,adjoint"),
        ("bpgen compile rnn --target n", "plain,numpy"),
        ("bpgen compile rnn --style f", "plain,fast"),
        ("bpgen check rnn --output-format j", "plain,json"),
        ("bpgen gradcheck ls", "plain,lstm"),
        ("bpgen ops ort", "plain,orthogonal"),
        ("bpgen ops spl", "plain,split"),
    ],
)
def test_words_are_completed(line: str, wanted: str) -> None:
    assert set(wanted.split()) <= set(completed(line))


def test_words_of_plug_ins_are_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpgen.plugins, "operator_names", lambda: ("sinc",))
    env = {"_BPGEN_COMPLETE": "bash_complete", "COMP_WORDS": "bpgen ops sin", "COMP_CWORD": "2"}
    result = CliRunner(env=env).invoke(main, [], prog_name="bpgen")
    assert result.stdout.split() == ["plain,sin", "plain,sinc"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(shell: str) -> None:
    result = bpgen_("completions", shell)
    assert result.exit_code == 0 and f"_BPGEN_COMPLETE={shell}_complete" in result.stdout


# -- help ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", *sorted(main.commands)])
def test_help_fits_and_says_something(name: str) -> None:
    shown = bpgen_(*name.split(), "--help", COLUMNS="80")
    assert shown.exit_code == 0 and max(map(len, shown.stdout.splitlines())) <= 80
    if not name:
        assert "..." not in shown.stdout.partition("Commands:")[2], "a summary is too long"


def test_of_many_reports_the_first_are_drawn_and_all_are_listed(tmp_path: Path) -> None:
    lines = [f"output y{i}[t] = x[t] + q{i}" for i in range(25)]
    spec = tmp_path / "a.spec"
    spec.write_text("\n".join(["cell a", "dim N", "input x[t] : (N)", *lines, ""]), "utf-8")
    said = bpgen_("check", spec).stderr
    assert said.count("error[BP101]") == 20 and "\nand 5 more:\n" in said
    assert [line for line in said.splitlines() if ": BP101 " in line][-1].endswith(
        "a.spec:28:24: BP101 `q24` is not declared"
    )
    assert said.endswith("found 25 errors\n")


def test_an_output_without_a_name_is_refused(tmp_path: Path) -> None:
    result = bpgen_("compile", "rnn", "-o", "")
    assert (result.exit_code, "`-o .` is this one" in result.stderr) == (2, True)
