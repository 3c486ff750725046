"""Every page under `pages/` says what bpgen says; `--accept` rewrites those that do not.

`pages/stages/` shows what the stages make of cells, `pages/reports/` what wrong specs get. How a
page is made stands in `golden`.
"""

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from golden import PAGES, Wrong, blocks, difference, rewritten

ROOT = PAGES.parent.parent
ALL = sorted(PAGES.rglob("*.md"))
# of files and of command lines: no spec alone can bring these about
ELSEWHERE = re.compile(r"BP(02[34]|406|5\d\d)")

each = pytest.mark.parametrize("path", ALL, ids=[p.relative_to(PAGES).as_posix() for p in ALL])


@each
def test_a_page_says_what_bpgen_says(path: Path, accept: bool) -> None:
    before = path.read_text("utf-8")
    after = rewritten(before)
    if accept:
        path.write_text(after, "utf-8", newline="\n")
    else:
        assert before == after, difference(path.name, before, after)


@each
def test_a_page_is_complete(path: Path) -> None:
    """It opens with a title, has prose, and every spec is followed by what comes of it."""
    text = path.read_text("utf-8")
    labels = [label for label, _ in blocks(text)]
    assert text.startswith("# ") and labels and text.count("\n```") == 2 * len(labels)
    assert labels[0] == "spec" and labels[-1] != "spec"
    assert ("spec", "spec") not in pairwise(labels)


def test_every_mistake_is_on_a_page() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "bpgen").rglob("*.py"))
    known = {code for code in re.findall(r'"(BP\d{3})"', sources) if not ELSEWHERE.match(code)}
    shown = {code for path in ALL for code in re.findall(r"\[(BP\d{3})\]", path.read_text("utf-8"))}
    assert not known - shown, f"no page shows {', '.join(sorted(known - shown))}"


# -- pages themselves ------------------------------------------------------------------------------

RIGHT = "# A page\n\n```spec\ncell c\ndim N\ninput x[t] : (N)\noutput y[t] = x[t]\n```\n"
WRONG = RIGHT.replace("= x[t]", "= z[t]")


def test_a_block_is_filled_in_and_then_stays() -> None:
    filled = rewritten(f"{RIGHT}\nIt does nothing.\n\n```equations\n```\n\nAnd no more.\n")
    assert "```equations\nc after check\n" in filled and "  y[t] = x[t]  : (N)\n```\n" in filled
    assert filled.endswith("\n\nAnd no more.\n") and rewritten(filled) == filled


def test_a_page_cannot_expect_what_is_not() -> None:
    for text in (
        f"{RIGHT}```report\n```\n",
        f"{WRONG}```adjoint\n```\n",
        f"{WRONG}```module\n```\n",
        f"{RIGHT}```module nothing\n```\n",
        "```report\n```\n",
    ):
        with pytest.raises(Wrong):
            rewritten(text)


def test_a_difference_shows_both_and_says_what_to_do() -> None:
    said = difference("c.md", "one\ntwo\n", "one\nthree\n")
    assert "-two\n+three\n" in said and "--accept" in said.splitlines()[-1]


@pytest.mark.parametrize("ci", ["true", "1"])
def test_ci_refuses_to_accept(ci: str) -> None:
    command = [sys.executable, "-m", "pytest", "tests/test_pages.py", "--accept", "--co", "-q"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "CI": ci}, capture_output=True, text=True, check=False
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--accept is refused where CI is set" in done.stderr
