"""Markdown as text for a terminal: what stands in fences is indented, all else is wrapped.

It knows what the pages of codes have: titles, paragraphs, lists, fences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import indent

from bpgen.paint import Paint, hung, wrapped

_FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def as_text(text: str, width: int, paint: Paint) -> str:
    """A page for a terminal of so many columns, its titles painted strong."""
    blocks: list[str] = []
    # every second part is what stood in a fence
    for i, part in enumerate(_FENCE.split(text)):
        blocks += [indent(part.rstrip(), "    ")] if i % 2 else _prose(part, width, paint)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _prose(text: str, width: int, paint: Paint) -> Iterator[str]:
    for block in text.strip().split("\n\n"):
        if block.startswith("#"):
            yield paint("strong", block.lstrip("# "))
        elif block.startswith("- "):
            items = block[2:].split("\n- ")
            yield "\n".join(line for item in items for line in hung("- ", _joined(item), width))
        else:
            yield "\n".join(wrapped(_joined(block), width))


def _joined(text: str) -> str:
    return " ".join(text.split())
