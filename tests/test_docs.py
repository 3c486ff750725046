"""What the language reference says is so: its specs compile, their own tests pass, its sessions
run, and its tables are those of the source. `--accept` rewrites what does not hold.

In `bpgen/docs/language.md` a block `spec` is a whole spec; `spec fragment` goes on where the block
`spec preamble` ends. Behind a spec stand, to the letter:

    report             the reports that refuse it; without this block it must compile
    simplify           the page of that stage, as `bpgen show` prints it
    interface [NAME]   what its module offers, or one function of it

A block `pycon` is a session in Python, which can import the modules of all whole specs; a block
`text NAME` is a table that is filled in from the source.
"""

import ast
import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpgen import check, manual, pages, scan, terms, words
from bpgen.check import moments, scope, sizing
from bpgen.check.declare import ABOUT
from bpgen.compile import compile_source, run
from bpgen.report import Refused, draw
from bpgen.show import page
from bpgen.source import Source
from golden import difference

DOCS = Path(pages.__file__).parent / "docs"
LANGUAGE = DOCS / "language.md"

BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# what a comment behind an equation says of its shape: `output y[t] = x[t][:, 0:1]  # (N, 1)`
SHAPE = re.compile(r"^output (\w+)(?:\[t\])? = .*# .*?(\([^()]*\))", re.MULTILINE)
FIELD = re.compile(r"^    (\w+): np\.ndarray  # (\(.*\))$", re.MULTILINE)
FUNCTIONS = ("init_params", "forward", "backward", "step")


def sources(text: str) -> Iterator[tuple[Source, bool]]:
    """Every spec of the page, fragments made whole, and whether it is to be refused."""
    found = [(label, part, inside) for label, part, inside in BLOCK.findall(text)]
    for i, (label, part, inside) in enumerate(found):
        if label == "spec" and part != "preamble":
            refused = i + 1 < len(found) and found[i + 1][0] == "report"
            yield source_of(text, part, inside, f"fragment{i}"), refused


def source_of(text: str, part: str, inside: str, fragment: str = "example") -> Source:
    """A spec as it would stand in a file; a fragment under the name given."""
    if part == "fragment":
        (preamble,) = (spec for _, kind, spec in BLOCK.findall(text) if kind == "preamble")
        inside = preamble.replace("example", fragment) + inside
    (name,) = re.findall(r"^cell +(\w+)$", inside, re.MULTILINE)
    return Source(f"{name}.spec", inside)


def module(source: Source) -> str:
    return next(iter(compile_source(source).values()))


def interface(source: Source, only: str) -> str:
    """The fields of a module's tuples and the heads of its functions."""
    lines = []
    for node in ast.parse(module(source)).body:
        if isinstance(node, ast.ClassDef) and node.name != "Saved" and not only:
            fields = [field.target.id for field in node.body if isinstance(field, ast.AnnAssign)]
            lines.append(f"{node.name:<8} {', '.join(fields)}")
        elif isinstance(node, ast.FunctionDef) and node.name in (only or FUNCTIONS):
            lines.append(f"{node.name}({ast.unparse(node.args)})")
    return "\n".join(lines)


def refusal(source: Source) -> str:
    with pytest.raises(Refused) as refused:
        run(source)
    return "\n\n".join(draw(report, source) for report in refused.value.reports)


# -- tables ---------------------------------------------------------------------------------------


def vocabulary() -> str:
    """The words that name nothing else."""
    rows = {
        "statements": words.KEYWORDS,
        "expressions": (*words.WORD_OPERATORS, "None", *words.AXES),
        "time, axes": words.RESERVED,
    }
    return "\n".join(f"{title:<13} {' '.join(row)}" for title, row in rows.items())


def refused() -> str:
    """What the codes between those of form, BP0.., and of files, BP5.., are about."""
    meant = [code for code in pages.codes() if "BP1" <= code < "BP5"]
    return "\n".join(f"{code}  {pages.title(code)}" for code in meant)


def limits() -> str:
    rows = (
        (scan.CHARACTERS, "characters in a file"),
        (scan.COLUMNS, "characters in a line"),
        (scan.STATEMENTS, "statements"),
        (scan.TOKENS, "words and signs"),
        (scan.DEPTH, "brackets within each other"),
        (scan.OPERATORS, "operators in a statement"),
        (scope.NODES, "terms, abbreviations written out"),
        (scope.HEIGHT, "terms within each other, abbreviations written out"),
        (check.EQUATIONS, "equations"),
        (64, "characters in a name"),
        (terms.DIGITS, "characters in a number"),
        (terms.LETTERS, "characters in a string of an expression"),
        (ABOUT, "characters in `about`"),
        (sizing.RANK, "axes of an array, time not counted"),
        (sizing.DEGREE, "factors in a term of a size"),
        (sizing.TERMS, "terms in a size"),
        (sizing.LARGEST, "a number in a size"),
        (moments.FARTHEST, "steps from `t` that a reading may reach"),
    )
    return "\n".join(f"{number:>13,}  {what}" for number, what in rows)


TABLES = {
    "operators": lambda: manual.index(100),
    "words": vocabulary,
    "refused": refused,
    "limits": limits,
}


def as_it_is(text: str) -> str:
    """The page as it should be."""
    source = Source("", "")

    def block(found: re.Match[str]) -> str:
        nonlocal source
        label, part, inside = found.groups(default="")
        if label == "spec" and part != "preamble":
            source = source_of(text, part, inside)
        elif label == "report":
            inside = refusal(source)
        elif label == "interface":
            inside = interface(source, part)
        elif label == "simplify":
            inside = page(label, run(source, label))
        elif label == "text":
            inside = TABLES[part]()
        return f"```{f'{label} {part}'.rstrip()}\n{inside.rstrip()}\n```"

    return BLOCK.sub(block, text)


# -- tests ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the module and the test of every spec of the page."""
    folder = tmp_path_factory.mktemp("docs")
    for source, is_refused in sources(LANGUAGE.read_text("utf-8")):
        if not is_refused:
            for name, text in compile_source(source).items():
                (folder / name).write_text(text, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    return folder


def test_the_reference_says_what_bpgen_says(accept: bool) -> None:
    before = LANGUAGE.read_text("utf-8")
    after = as_it_is(before)
    if accept:
        LANGUAGE.write_text(after, "utf-8", newline="\n")
    else:
        assert before == after, difference(LANGUAGE.name, before, after)


def test_the_tests_of_its_specs_pass(made: Path) -> None:
    options = ["-q", "-p", "no:cacheprovider", "-c", "pytest.ini", "--tb=short"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", *options],
        cwd=made,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_sessions_run(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(made)
    text = LANGUAGE.read_text("utf-8")
    session = "".join(inside for label, _, inside in BLOCK.findall(text) if label == "pycon")
    parsed = doctest.DocTestParser().get_doctest(session, {}, LANGUAGE.name, None, 0)
    said: list[str] = []
    doctest.DocTestRunner().run(parsed, out=said.append)
    assert parsed.examples and not said, "".join(said)


def test_comments_say_the_shapes_that_outputs_have() -> None:
    for source, _ in sources(LANGUAGE.read_text("utf-8")):
        if said := dict(SHAPE.findall(source.text)):
            fields = re.findall(
                r"^    (\w+): np.ndarray  # (\(.*\))$", module(source), re.MULTILINE
            )
            shapes = {name: shape.replace("(T, ", "(").replace(" ", "") for name, shape in fields}
            for name, shape in said.items():
                assert shapes[name] == shape.replace(" ", ""), name


def test_every_statement_every_operator_and_every_word_of_a_shape_is_there() -> None:
    text = LANGUAGE.read_text("utf-8")
    specs = "\n".join(inside for label, _, inside in BLOCK.findall(text) if label == "spec")
    known = (*words.KEYWORDS, *words.PROPERTIES, *words.INITIALISERS, *words.TYPES, *words.PLACES)
    assert [word for word in known if f"`{word}" not in text] == []
    assert [word for word in words.KEYWORDS if not re.search(rf"^{word}\b", specs, re.M)] == []


def test_pages_agree_on_what_makes_the_kill_matrix() -> None:
    proof = (DOCS / "proof.md").read_text("utf-8")
    matrix = (DOCS / "kill-matrix.md").read_text("utf-8")
    (command,) = re.findall(r"Rebuilt by `(python tests/mutants.py .*) >", matrix)
    (said,) = re.findall(r"^ +(python .*?) +# all cells: the kill matrix$", proof, re.MULTILINE)
    assert said == command


def test_its_links_lead_somewhere() -> None:
    text = LANGUAGE.read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#(.+?)\)", text)) <= anchors
    for path in re.findall(r"\]\(([^#)]+)\)", text):
        assert (DOCS / path).is_file(), path
