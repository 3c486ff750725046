"""A spec that git leaves out: what is said of it, and that git thinks the same."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpgen.ignored import ignored
from bpgen.report import draw


def tree(top: Path, files: dict[str, str]) -> Path:
    (top / ".git").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text, "utf-8")
    return top


def test_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "__pycache__/\n\n# PyInstaller\n*.manifest\n*.spec\n"
    monkeypatch.chdir(tree(tmp_path, {".gitignore": lines}))
    report = ignored(Path("cells/rnn.spec"))
    assert report
    assert draw(report, None) == (
        "warning[BP508]: git ignores `cells/rnn.spec`\n"
        "  = note: line 5 of .gitignore is `*.spec`\n"
        "  = help: add the line `!*.spec` at the end of that file"
    )
    assert ignored(Path("rnn.py")) is None


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({}, ""),
        ({".gitignore": ""}, ""),
        ({".gitignore": "*.spec"}, "line 1 of .gitignore"),
        ({".gitignore": "\ufeff*.spec\r\n"}, "line 1 of .gitignore"),
        ({".gitignore": "*.spec   \n"}, "line 1 of .gitignore"),
        ({".gitignore": "#*.spec"}, ""),
        ({".gitignore": "*.spec\n!*.spec"}, ""),
        ({".gitignore": "!*.spec\n*.spec"}, "line 2 of .gitignore"),
        ({".gitignore": "*.spec\n!/cells/*.spec"}, ""),
        ({".gitignore": "*.spec\n!/*.spec"}, "line 1 of .gitignore"),
        ({".gitignore": "/*.spec"}, ""),
        ({".gitignore": "cells/*.spec"}, "line 1 of .gitignore"),
        ({".gitignore": "**/*.spec"}, "line 1 of .gitignore"),
        ({".gitignore": "other/**/*.spec"}, ""),
        ({".gitignore": "*.spec", "cells/.gitignore": "!*.spec"}, ""),
        ({".gitignore": "!*.spec", "cells/.gitignore": "*.spec"}, "line 1 of cells/.gitignore"),
        ({".gitignore": "*.spec", "cells/.gitignore": "!cells/*.spec"}, "line 1 of .gitignore"),
        ({".gitignore": "*.spec", "elsewhere/.gitignore": "!*.spec"}, "line 1 of .gitignore"),
        # who leaves out a folder or everything means it
        ({".gitignore": "*\n"}, ""),
        ({".gitignore": "cells/\n"}, ""),
        ({".gitignore": "cells\n*.spec\n"}, ""),
        ({".gitignore": "*.spec\n/cells/\n"}, ""),
        ({".gitignore": "cells/\n!cells/\n*.spec\n"}, "line 3 of .gitignore"),
        ({".gitignore": "*.spec\n!rnn.*"}, ""),
    ],
)
def test_which_line_wins(files: dict[str, str], wanted: str, tmp_path: Path) -> None:
    report = ignored(tree(tmp_path, files) / "cells" / "rnn.spec")
    assert (report.notes[0].partition(" is ")[0] if report else "") == wanted


def test_outside_of_a_repository_nothing_is_ignored(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.spec\n", "utf-8")
    assert ignored(tmp_path / "rnn.spec") is None


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, {".gitignore": "*.spec", "cells/rnn.spec": ""})
    monkeypatch.chdir(tmp_path / "cells")
    assert ignored(Path("rnn.spec")) and ignored(Path("../rnn.spec"))


def test_a_repository_ends_at_its_top(tmp_path: Path) -> None:
    tree(tmp_path, {".gitignore": "*.spec"})
    assert ignored(tree(tmp_path / "inner", {}) / "rnn.spec") is None


def test_what_is_no_text_is_no_list(tmp_path: Path) -> None:
    tree(tmp_path, {"cells/.gitignore/x": "", ".gitignore": "*.spec"})
    assert ignored(tmp_path / "cells" / "rnn.spec")
    (tmp_path / ".gitignore").write_bytes(b"\xff\x00\n*.spec\n")
    assert ignored(tmp_path / "cells" / "rnn.spec")


def test_a_hostile_line_takes_no_time(tmp_path: Path) -> None:
    line = "**/" * 30 + "*a" * 30 + "*.spec\n"
    tree(tmp_path, {".gitignore": line * 400})
    assert ignored(tmp_path / ("a/" * 40) / f"{'a' * 200}b.txt") is None


LINES = st.lists(
    st.sampled_from(
        "*.spec|!*.spec|/*.spec|!/*.spec|cells/*.spec|!cells/*.spec|**/*.spec|!**/cells/*.spec|"
        "cells/**/r*.spec|!rnn.spec|r?n.spec|a/**|!a/**/*.spec|[a-r]*.spec|![!a-q]nn.spec|"
        "# *.spec||a/*/*.spec|cells/|!cells/|cells|/a/|!a/cells".split("|")
    ),
    max_size=4,
)


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
@settings(max_examples=40, deadline=None)
@given(
    lines=LINES, inner=LINES, name=st.sampled_from(["rnn.spec", "cells/rnn.spec", "a/cells/b.spec"])
)
def test_git_thinks_the_same(
    lines: list[str], inner: list[str], name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    top = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(top)], check=True)
    tree(top, {".gitignore": "\n".join(lines), "cells/.gitignore": "\n".join(inner)})
    command = ["git", "-C", str(top), "check-ignore", "-v", "--no-index", name]
    said = subprocess.run(command, capture_output=True, text=True).stdout.partition("\t")[0]
    pattern = said.split(":", 2)[2] if said else ""
    left_out = pattern.endswith(".spec") and not pattern.startswith("!")
    report = ignored(top / name)
    assert bool(report) == left_out
    if report:
        file, number = said.split(":")[:2]
        assert report.notes == (f"line {number} of {file} is `{pattern}`",)
