"""What README.md shows is so: its spec and its module are those of the library, its commands say
what it says they say. `--accept` rewrites what does not hold.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bpgen import library
from bpgen.cli import main
from golden import difference

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]

BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TIME = re.compile(r"\(\d+\.\d\d s\)")
ROUND_OFF = re.compile(r"\d\.\de-1\d")  # another on every machine


def equations() -> str:
    """The spec of the vanilla network, from `cell` on, without what is claimed of it."""
    text = library.text("rnn")
    return re.split(r"^(?:#|claim)", text[text.index("cell ") :], flags=re.MULTILINE)[0].rstrip()


def passes() -> str:
    """`forward` and `backward` of its module."""
    text = (ROOT / "generated" / "rnn.py").read_text("utf-8")
    made = {n.name: n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)}
    found = [ast.get_source_segment(text, made[name]) for name in ("forward", "backward")]
    return "\n\n\n".join(map(str, found))


def environment() -> dict[str, str]:
    added = {"PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "", "PYTHONDONTWRITEBYTECODE": "1"}
    terminal = {"COLUMNS": "76", "NO_COLOR": "1", "BPGEN_OUTPUT_FORMAT": ""}
    return {**os.environ, **added, **terminal}


def said(command: str, folder: Path) -> str:
    """What a command prints, on both streams as a terminal has them, its times made equal."""
    whole = f'bpgen() {{ "{sys.executable}" -m bpgen "$@"; }}\n{command}'
    done = subprocess.run(
        ["bash", "-c", whole],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return TIME.sub("(0.10 s)", done.stdout).rstrip()


def as_it_is(text: str, folder: Path) -> str:
    """The page as it should be. A block with the name of a file is that file, in the folder."""

    def block(found: re.Match[str]) -> str:
        label, file, inside = found.groups()
        if file:
            (folder / file).write_text(inside, "utf-8")
            return found[0]
        if label == "spec":
            inside = equations()
        elif label == "console":
            commands = [line for line in inside.splitlines() if line.startswith("$ ")]
            heard = [f"{line}\n{said(line[2:], folder)}".rstrip() for line in commands]
            inside = "\n".join(heard)
        elif label == "python" and inside.startswith("def forward"):
            inside = passes()
        return f"```{label}\n{inside.rstrip()}\n```"

    return BLOCK.sub(block, text)


@pytest.mark.skipif(os.name == "nt", reason="the commands are shown as a shell has them")
def test_what_is_shown_is_so(tmp_path: Path, accept: bool) -> None:
    before = README.read_text("utf-8")
    after = as_it_is(before, tmp_path)
    same = ROUND_OFF.sub("0", before) == ROUND_OFF.sub("0", after)
    if accept and not same:
        README.write_text(after, "utf-8", newline="\n")
    assert same or accept, difference(README.name, before, after)
    scripts = [inside for label, _, inside in BLOCK.findall(after) if label == "python"][1:]
    for script in scripts:
        command = [sys.executable, "-W", "error", "-c", script]
        done = subprocess.run(command, cwd=tmp_path, env=environment(), check=False)
        assert done.returncode == 0


def test_every_command_has_its_row() -> None:
    shown = set(re.findall(r"`bpgen (\w+)", README.read_text("utf-8")))
    assert shown >= set(main.commands)
    for name in shown & set(main.commands):
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere_and_nothing_is_left_to_do(page: Path) -> None:
    text = page.read_text("utf-8")
    assert "TODO" not in text
    targets = re.findall(r"\]\(([^)#:]+)\)", text)
    targets += [path for path in re.findall(r"`([\w./]+/[\w./]*)`", text) if "NAME" not in path]
    unknown = [path for path in targets if not (ROOT / path).exists()]
    assert set(unknown) <= {"out/"}, "what the commands make"
