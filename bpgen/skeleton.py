"""The files of a cell against their pages: all that a page has is there, in order, and no more.

A template only places what a page says. So a test that was left out, a table that lost its entries
or a line more at the top of a file is seen here, whatever `emitted` would let pass.
"""

from collections.abc import Mapping

from bpgen.files import SEAL
from bpgen.page import Module, Test
from bpgen.permitted import Unexpected

MARK = 'pytestmark = pytest.mark.filterwarnings("error::numpy.exceptions.ComplexWarning")'


def complete(files: Mapping[str, str], pages: Mapping[str, Module | Test]) -> None:
    """Pass files that hold what their pages say; else `Unexpected`. Both are by name."""
    for name, page in pages.items():
        opening, *blocks, seal = (block.strip("\n") for block in files[name].split("\n\n\n"))
        ends, expected = _test(page) if isinstance(page, Test) else _module(page)
        expected = [block.strip("\n") for text in expected for block in text.split("\n\n\n")]
        sealed = seal.startswith(SEAL) and "\n" not in seal
        if not opening.endswith(ends) or not sealed:
            raise Unexpected(f"{name}: its first or its last lines are not those of its page")
        for block, wanted in zip(blocks, expected, strict=False):
            if block != wanted:
                first = wanted.partition("\n")[0]
                raise Unexpected(f"{name}: not as its page has it, from `{first}` on")
        if len(blocks) != len(expected):
            raise Unexpected(f"{name}: {len(blocks)} blocks, where its page has {len(expected)}")


def _module(page: Module) -> tuple[str, list[str]]:
    """How the lines before the first record end, and what comes then."""
    records = [
        [
            f"class {record.name}(NamedTuple):",
            f'    """{record.doc}"""',
            *([""] if record.fields else []),
            *(f"    {field.name}: {field.type}  # {field.comment}" for field in record.fields),
        ]
        for record in page.records
    ]
    functions = [[*each.head, f'    """{each.doc}"""', *each.body] for each in page.functions]
    opening = "\n".join((*page.imports, "", "import numpy as np"))
    texts = ["\n".join(lines) for lines in (*records, page.tables)]
    return opening, [*texts, *page.classes, *("\n".join(f) for f in functions), *page.helpers]


def _test(page: Test) -> tuple[str, list[str]]:
    """How the lines before `plain` end, and what comes then."""
    ends = "\n".join(("", f"import {page.module} as module", "", MARK, "", *page.tables))
    return ends, ["\n".join(page.plain), "\n".join(page.support), *page.cases]
