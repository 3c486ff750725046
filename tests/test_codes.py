"""Every code has a page, and what the page shows is so: the wrong spec gets that code and no other,
the mended one compiles, and the commands say what the page says they say. `--accept` rewrites what
does not hold.
"""

import os
import re
from pathlib import Path

import pytest

from bpgen import pages
from bpgen.compile import compile_source, run
from bpgen.lints import lint
from bpgen.report import Refused, Report, draw
from bpgen.source import Source
from golden import blocks, difference
from test_readme import BLOCK, said

PACKAGE = Path(pages.__file__).parent
TITLE = re.compile(r"# (BP\d{3}): (\S.*[^.])\n\n[A-Z`]")

each_code = pytest.mark.parametrize("code", pages.codes())


def source_of(spec: str) -> Source:
    named = re.search(r"^cell +(\w+)$", spec, re.MULTILINE)
    return Source(f"{named[1] if named else 'page'}.spec", spec)


WIDTH = 76  # of reports on a page: `bpgen explain` indents them, and a terminal has 80


def reports(spec: str) -> tuple[Report, ...]:
    """Why a spec is refused, or what it is warned of."""
    try:
        return lint(run(source_of(spec), "check"))
    except Refused as refused:
        return refused.reports


def as_it_is(text: str, folder: Path) -> str:
    """The page as it should be; its commands run in the folder, one after the other."""
    spec = ""

    def block(found: re.Match[str]) -> str:
        nonlocal spec
        label, _, inside = found.groups()
        if label == "spec":
            spec = inside
        elif label == "report":
            inside = "\n\n".join(draw(report, source_of(spec), WIDTH) for report in reports(spec))
        elif label == "console":
            commands = [line for line in inside.splitlines() if line.startswith("$ ")]
            inside = "\n".join(f"{line}\n{said(line[2:], folder)}".rstrip() for line in commands)
        return f"```{label}\n{inside.rstrip()}\n```"

    return BLOCK.sub(block, text)


def contents(code: str, wanted: str) -> list[str]:
    """What stands in the blocks of a label on a page."""
    return [text for label, text in blocks(pages.text(code)) if label == wanted]


def examples(code: str) -> list[tuple[str, str]]:
    """The specs of a page, each wrong one with the one that mends it."""
    specs = contents(code, "spec")
    return list(zip(specs[::2], specs[1::2], strict=True))


def test_every_code_has_its_page() -> None:
    sources = "".join(path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py")))
    assert sorted(set(re.findall(r'"(BP\d{3})"', sources))) == list(pages.codes())


@each_code
def test_a_page_says_what_bpgen_says(code: str, tmp_path: Path, accept: bool) -> None:
    before = pages.text(code)
    if os.name == "nt" and "```console" in before:
        pytest.skip("the commands are shown as a shell has them")
    after = as_it_is(before, tmp_path)
    if accept:
        (PACKAGE / "codes" / f"{code}.md").write_text(after, "utf-8", newline="\n")
    else:
        assert before == after, difference(f"{code}.md", before, after)


@each_code
def test_a_page_has_its_form(code: str) -> None:
    """A title and a rule; then what is wrong, what is said of it, and what is right, each time."""
    text = pages.text(code)
    titled = TITLE.match(text)
    assert titled and titled.groups() == (code, pages.title(code))
    labels = [label for label, _ in blocks(text)]
    assert text.count("\n```") == 2 * len(labels)
    mended = len(re.findall(r"^##+ Mended$", text, re.MULTILINE))
    assert labels in (["spec", "report", "spec"] * mended, ["console"] * 2)
    assert max(map(len, re.sub(BLOCK, "", text).splitlines())) <= 100


@each_code
def test_the_wrong_spec_gets_the_code_and_no_other(code: str) -> None:
    for wrong, _ in examples(code):
        assert [report.code for report in reports(wrong)] == [code], wrong
    if not examples(code):
        wrong, mended = contents(code, "console")
        assert set(re.findall(r"\[(BP\d{3})\]", wrong)) == {code}
        assert "[BP" not in mended


@each_code
def test_the_mended_spec_compiles_without_a_word(code: str) -> None:
    for _, mended in examples(code):
        assert not reports(mended), mended
        assert len(compile_source(source_of(mended))) == 2


def test_there_is_no_page_of_another_code() -> None:
    for code in ("BP999", "", "../BP001"):
        with pytest.raises(LookupError, match="there is no code"):
            pages.text(code)
