"""Golden pages: Markdown that holds specs and what must come of them, to be read and to be tested.

A page is prose and fenced blocks. A block `spec` is a spec; each block behind it, up to the next
spec, is what bpgen says of it, to the letter:

    parse equations adjoint simplify schedule    the page of that stage, as `bpgen show` prints it
    module                                       the module, without its stamp
    module NAME                                  one function of the module, or one class
    fast, fast NAME                              the same in the fast style
    factor gather                                the page of the plan behind that pass of this style
    report                                       the reports that refuse the spec
    slips                                        those of them that keep it from being read
    warnings                                     what is said of a spec that is right

Blocks of other labels are prose. `rewritten` gives a page as it should be, so that a test compares
a page with that, and accepting is writing it.
"""

import ast
import re
from collections.abc import Iterable
from difflib import unified_diff
from pathlib import Path

from bpgen.compile import PLAIN, STAGES, run
from bpgen.lints import lint
from bpgen.parse import parse
from bpgen.repair import tried
from bpgen.report import Refused, Report, draw
from bpgen.show import page
from bpgen.source import Source
from bpgen.targets.fast import PASSES, passed

PAGES = Path(__file__).resolve().parent / "pages"

_FENCE = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STAGE = {"equations": "check", **{name: name for name, _, _ in STAGES if name != "write"}}


class Wrong(Exception):
    """A page cannot be: a spec and the block behind it do not go together."""


def rewritten(text: str) -> str:
    """A page as it should be: every block behind a spec says what bpgen now says."""
    source: Source | None = None

    def block(found: re.Match[str]) -> str:
        nonlocal source
        label, part, inside = found.groups()
        if label == "spec":
            source = Source(f"{_cell(inside)}.spec", inside)
        elif label in (*_STAGE, *dict(PASSES), "module", "fast", "report", "slips", "warnings"):
            if source is None:
                raise Wrong(f"a block `{label}` stands before any spec")
            heading = f"{label} {part}" if part else label
            return f"```{heading}\n{_said(label, part, source).rstrip()}\n```"
        return found[0]

    return _FENCE.sub(block, text)


def blocks(text: str) -> list[tuple[str, str]]:
    """The label and the text of every fenced block."""
    return [(found[1], found[3]) for found in _FENCE.finditer(text)]


def difference(name: str, before: str, after: str) -> str:
    """A unified diff from what a page says to what it should, and what to do about it."""
    lines = unified_diff(
        before.splitlines(),
        after.splitlines(),
        f"{name}, as it stands",
        f"{name}, as it is now",
        lineterm="",
    )
    advice = "if what is now said is right, run the same test with --accept, and review the diff"
    return "\n".join([*lines, "", advice])


def _cell(text: str) -> str:
    named = re.search(r"^cell +([A-Za-z]\w*)$", text, re.MULTILINE | re.ASCII)
    return named[1] if named else "page"


def _said(label: str, part: str | None, source: Source) -> str:
    try:
        if label in ("module", "fast"):
            style = "fast" if label == "fast" else PLAIN
            return _part(page("write", run(source, "write", style)), part)
        if label in dict(PASSES):
            return page(label, passed(run(source), label))
        if label == "slips":
            parse(source)
        if label == "warnings":
            return _drawn(lint(run(source, "check")), source)
        stage = _STAGE.get(label, "schedule")
        value = run(source, stage)
    except Refused as refused:
        reports = tried(source, refused.reports) if label == "slips" else refused.reports
        drawn = _drawn(reports, source)
        if label not in ("report", "slips"):
            raise Wrong(f"this spec should be right:\n\n{source.text}\n{drawn}") from None
        return drawn
    if label in ("report", "slips"):
        raise Wrong(f"nothing is wrong with this spec, and a report is expected:\n\n{source.text}")
    return page(stage, value)


def _drawn(reports: Iterable[Report], source: Source) -> str:
    return "\n\n".join(draw(report, source) for report in reports)


def _part(module: str, name: str | None) -> str:
    """The whole of a module, or a definition at its top level."""
    if name is None:
        return module
    for node in ast.parse(module).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return "\n".join(module.splitlines()[node.lineno - 1 : node.end_lineno])
    raise Wrong(f"the module has no `{name}`")
