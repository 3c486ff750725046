"""The pages that say at length what a code such as BP201 means: Markdown, one file a code.

They are the files of `bpgen/codes/`, found and not listed, and every example on them is run by a
test. Each opens with a title, `# BP201: the inner sizes of a product differ`; then come the rule,
and the same small spec twice, wrong and mended.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable


def codes() -> tuple[str, ...]:
    """Every code that has a page, in order."""
    found = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in found if name.endswith(".md")))


def title(code: str) -> str:
    """What the page of a code is about, as half a line. Raises `LookupError` if it has no page."""
    return text(code).partition("\n")[0].partition(": ")[2]


def text(code: str) -> str:
    """The page of a code. Raises `LookupError` if it has none."""
    if code not in codes():
        raise LookupError(f"there is no code `{code}`")
    return _folder().joinpath(f"{code}.md").read_text("utf-8")


def _folder() -> Traversable:
    return files("bpgen").joinpath("codes")
