"""The words of the language, and the highlighters that are made from them."""

import importlib
import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pygments.lexers import RPMSpecLexer
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, String

from bpgen import __version__, words
from bpgen.compile import run
from bpgen.editor import textmate, vim
from bpgen.editor.pygments import BpgenLexer
from bpgen.lints import lint
from bpgen.report import Refused, concise
from bpgen.resources import grammar_text
from bpgen.source import Source
from golden import blocks, difference
from test_canonical import KNOWN
from test_readme import BLOCK, said

ROOT = Path(__file__).resolve().parent.parent
EDITOR = ROOT / "bpgen" / "editor"
LISTS = {
    name: tuple(value) if not isinstance(value, str) else (value,)
    for name, value in vars(words).items()
    if name.isupper()
}
WORDS = {word for each in LISTS.values() for word in each if word.isidentifier()}


def lexed(text: str) -> list[tuple[Any, str]]:
    return [*BpgenLexer(stripnl=False, ensurenl=False).get_tokens(text)]


def kind_of(word: str, text: str) -> Any:
    """What a word is that stands once in a text."""
    (found,) = (kind for kind, part in lexed(text) if part == word)
    return found


# -- the words -------------------------------------------------------------------------------------


def test_the_grammar_has_these_words_and_no_others() -> None:
    grammar = re.sub(r"//.*", "", grammar_text("spec.lark"))
    found = set(re.findall(r'"([A-Za-z]+)"', grammar))
    for choice in re.findall(r"/\(([a-z|]+)\)", grammar):
        found |= set(choice.split("|"))
    # types, properties, places and drawings are names to the grammar; so are `t`, `T` and `all`
    later = {*words.TYPES, *words.PROPERTIES, *words.PLACES, *words.INITIALISERS, *words.RESERVED}
    assert found == WORDS - later


def test_every_operator_of_the_grammar_is_listed() -> None:
    terminals = dict(re.findall(r"^([A-Z]+)(?:\.\d)?: +(\S.*)$", grammar_text("spec.lark"), re.M))
    signs = ["+", "-", "*", "/", "@", "%", "**", *terminals["COMPARISON"].strip("/").split("|")]
    assert sorted(words.OPERATOR_SYMBOLS) == sorted(signs)
    assert terminals["TIMES"] == r"/[*\/@%]/" and terminals["SIGN"] == "/[+-]/"


# -- Pygments --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KNOWN)
def test_every_known_spec_is_lexed(name: str) -> None:
    tokens = lexed(KNOWN[name])
    assert "".join(text for _, text in tokens) == KNOWN[name]
    assert [text for kind, text in tokens if kind is Error] == []


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        *((f"{word} x", {word: Keyword}) for word in words.KEYWORDS),
        *((f"time {word}", {word: Keyword}) for word in words.PLACES),
        *((f"param W : (H) {w}", {w: Keyword}) for w in (*words.TYPES, *words.PROPERTIES)),
        *((f"param W : (H) ~ {w}()", {w: Name.Builtin}) for w in words.INITIALISERS),
        *((f"claim {word} W = 1", {word: Keyword}) for word in words.JUDGED),
        *((f"claim grad W {word} h[t] = 1", {word: Keyword}) for word in words.LINKS),
        *((f"x = a {word} b", {word: Operator.Word}) for word in words.WORD_OPERATORS),
        *((f"x = a {sign} b", {sign: Operator}) for sign in words.OPERATOR_SYMBOLS),
        *((f"x = f(a, {word}=0)", {word: Name.Attribute}) for word in words.AXES),
        *((f"x = {word} + a", {word: Name.Builtin.Pseudo}) for word in words.RESERVED),
        (f"x = a[{words.NEW_AXIS}]", {words.NEW_AXIS: Keyword.Constant}),
        (f"op f(a) = a {words.WITH} da = df", {words.WITH: Keyword, "f": Name.Function}),
        ("cell rnn", {"rnn": Name.Class}),
        ("fn gate(W) = f(W)", {"gate": Name.Function, "f": Name.Function}),
        ("x = new_operator(a)", {"new_operator": Name.Function}),
        ("claim grad x = tanh'(a)", {"tanh": Name.Function, "'": Operator}),
        ("x = 1 + 2.5e-3 + .5", {"1": Number.Integer, "2.5e-3": Number.Float, ".5": Number.Float}),
        ('about "a # b" # "c"', {'"a # b"': String.Double, '# "c"': Comment.Single}),
        ("x = first + with + of + real + grad + zeros", dict.fromkeys(["first", "zeros"], Name)),
        ("input real : (N) int", {"real": Name, "int": Keyword.Type}),
        ("x = statement + T1 + notable", dict.fromkeys(["statement", "T1", "notable"], Name)),
        ("x = (a\ndim N", {"dim": Keyword}),
        ("param W : (H,\n  K) frozen", {"K": Name, "frozen": Keyword.Pseudo}),
        ("param W : (H\ncell rnn", {"cell": Keyword, "rnn": Name.Class}),
        ("x = a − $", {"−": Error, "$": Error}),
        ('x = "open', {'"': Error}),
    ],
)
def test_what_a_word_is(text: str, kinds: dict[str, Any]) -> None:
    for word, kind in kinds.items():
        assert kind_of(word, text) in kind


def test_the_lexer_knows_a_spec_and_leaves_those_of_rpm() -> None:
    assert all(BpgenLexer.analyse_text(text) for text in KNOWN.values() if "\ncell" in text)
    assert BpgenLexer.analyse_text("Name: cell\n%description\nA cell of one\n") == 0
    assert BpgenLexer.__name__ < RPMSpecLexer.__name__  # of equals, Pygments takes the last


def test_pygments_is_told_of_the_lexer() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    module, _, name = project["entry-points"]["pygments.lexers"]["bpgen"].partition(":")
    assert getattr(importlib.import_module(module), name) is BpgenLexer


# -- the files for editors -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"), [("bpgen.tmLanguage.json", textmate.grammar()), ("bpgen.vim", vim.syntax())]
)
def test_the_files_are_as_they_are_made(name: str, text: str, accept: bool) -> None:
    if accept:
        (EDITOR / name).write_text(text, "utf-8")
    assert (EDITOR / name).read_text("utf-8") == text
    known = set(re.findall("[A-Za-z]+", text.replace(r"\b", " ")))
    assert known >= WORDS


def patterns(rule: Any) -> Iterator[str]:
    """Every regular expression of a TextMate grammar."""
    if isinstance(rule, dict):
        yield from (rule[key] for key in ("match", "begin", "end") if key in rule)
    for inner in (
        rule.values() if isinstance(rule, dict) else rule if isinstance(rule, list) else ()
    ):
        yield from patterns(inner)


def test_the_textmate_grammar_is_well_formed() -> None:
    grammar = json.loads(textmate.grammar())
    assert grammar["scopeName"] == "source.bpgen"
    found = [re.compile(pattern) for pattern in patterns(grammar)]
    operators = next(each for each in found if each.match(".T") and each.match("+"))
    for sign in words.OPERATOR_SYMBOLS:
        match = operators.match(sign)
        assert match and match[0] == sign


# -- the extension for VS Code, and the page about editors -----------------------------------------

MANIFEST = json.loads((EDITOR / "package.json").read_text("utf-8"))
PAGE = ROOT / "bpgen" / "docs" / "editors.md"


def test_the_extension_is_whole() -> None:
    given = MANIFEST["contributes"]
    assert MANIFEST["version"] == __version__
    (language,), (grammar,) = given["languages"], given["grammars"]
    assert (EDITOR / grammar["path"]).is_file()
    assert json.loads((EDITOR / language["configuration"]).read_text("utf-8"))["comments"]
    assert language["id"] == grammar["language"] and grammar["scopeName"] == "source.bpgen"


def test_the_page_shows_the_matcher_of_the_extension() -> None:
    (matcher,) = MANIFEST["contributes"]["problemMatchers"]
    shown = [json.loads(text) for label, text in blocks(PAGE.read_text("utf-8")) if label == "json"]
    assert {key: value for key, value in matcher.items() if key != "name"} in shown
    assert shown[1]["tasks"][0]["problemMatcher"] == f"${matcher['name']}"


def test_the_matcher_reads_what_concise_writes(tmp_path: Path) -> None:
    pattern = MANIFEST["contributes"]["problemMatchers"][0]["pattern"]
    text = (
        "cell  x\ndim   N\ninput a[t] : (N)\nparam W : (N)\nparam b : (N)\noutput o[t] = a[t] * b\n"
    )
    warned = Source("x.spec", text, str(tmp_path / "x.spec"))
    refused = Source("y.spec", text.replace("* b", "* c"))
    (report,) = lint(run(warned, "check"))
    found = re.match(pattern["regexp"], concise(report, warned))
    assert found
    wanted = {"file": warned.path, "line": "4", "code": report.code, "severity": "warning"}
    assert {key: found[pattern[key]] for key in wanted} == wanted
    assert found[pattern["message"]] == report.message
    with pytest.raises(Refused) as caught:
        run(refused, "check")
    found = re.match(pattern["regexp"], concise(caught.value.reports[0], refused))
    assert found and found[pattern["severity"]] is None
    assert (found[pattern["file"]], found[pattern["line"]]) == ("y.spec", "6")


@pytest.mark.skipif(os.name == "nt" or not shutil.which("git"), reason="needs a shell and git")
def test_the_page_says_what_bpgen_says(tmp_path: Path, accept: bool) -> None:
    before = PAGE.read_text("utf-8")
    after = shown_in(before, tmp_path)
    if accept:
        PAGE.write_text(after, "utf-8")
    else:
        assert before == after, difference(PAGE.name, before, after)


def shown_in(text: str, folder: Path) -> str:
    """The page as it should be; its commands run in the folder, where its named blocks lie."""

    def block(found: re.Match[str]) -> str:
        label, file, inside = found.groups()
        if file:
            (folder / file).write_text(inside, "utf-8")
        if label != "console":
            return found[0]
        commands = [line for line in inside.splitlines() if line.startswith("$ ")]
        heard = [f"{line}\n{said(line[2:], folder)}".rstrip() for line in commands]
        return "```console\n" + "\n".join(heard) + "\n```"

    return BLOCK.sub(block, text)
