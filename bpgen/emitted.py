"""The last gate: what was emitted is read again as Python, and only what is listed here passes.

A spec may come from a stranger, and what it becomes will be imported. Names and numbers are checked
where a spec is read; this gate trusts none of that. It sees the finished text of a module and of
its test, a block between blank lines at a time:

    a support function       must be, to the letter, one of those that bpgen keeps as source
    imports, fixed lines     must be on the list below
    tables, records          hold literals; fields are arrays
    classes of a workspace   make arrays of the sizes they are given, and views of these
                             (`workspaces`)
    functions of the cell    assign, loop and return; they read what they or the file define, and
                             call functions of the file, listed ones of NumPy, and those that the
                             operators of the cell are spelled with (`permitted`). They write to
                             arrays that they made or that a workspace lends them (`owned`)
    every name               is given once; records have the fields of the cell, and stand with its
                             functions in their order. `skeleton` holds all of it to the pages

Whatever else stands in a file is our own fault, and stops it from being written. So a new operator
or support function needs no entry here, and a writer that says something new in a function of the
cell does.
"""

import ast
import inspect
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from bpgen.files import HEADER
from bpgen.ir import OPERATORS, Cell, Operator, Pair, walk
from bpgen.owned import WRITING, writes
from bpgen.permitted import BUILTINS, CLASSES, File, Unexpected, function, is_doc
from bpgen.skeleton import MARK
from bpgen.targets import cases
from bpgen.targets.support import kept as kept_sources
from bpgen.workspaces import workspace

_OF_PARTS = ("forward_of_part", "backward_of_part")
_OF_MODULES = ("init_params", "forward", "backward", *_OF_PARTS, "step")
_OF_TESTS = ("plain",)
_MODULE_LINES = frozenset(
    (
        *("import math", "import re", "import threading", "import numpy as np"),
        "from typing import NamedTuple",
    )
)
_TEST_LINES = frozenset(
    (
        *("import functools", "import os", "import re", "import numpy as np", "import pytest"),
        MARK,
        'SEED = int(os.environ.get("BPGEN_SEED", "0"))',
    )
)

_LITERALS = (ast.Constant, ast.Dict, ast.Tuple, ast.Set, ast.UnaryOp, ast.USub, ast.expr_context)
_NUMPY = frozenset(  # what writers say themselves
    (
        *("arange", "array", "broadcast_to", "dtype", "einsum", "empty", "eye", "float32"),
        *("float64", "full", "int64", "moveaxis", "ones", "real", "split", "stack"),
        *("tensordot", "zeros", "zeros_like"),
    )
)
_BY_FAST = frozenset(("list", "threading", "zip"))  # in a fast module
_RECORDS = ("Params", "Outputs", "Saved", "Grads")
_FIELDS = ("np.ndarray", "np.dtype", "float", "int", "bool", "Params")

_PLAIN = re.compile(r"[\n -~]*")
_DEFINED = re.compile(r"^(?:def |class )?(\w+)(?:\(| = |:$)", re.MULTILINE)


def admit(files: Mapping[str, str], pair: Pair) -> None:
    """Pass the files that a cell and its two passes became, by their names; else `Unexpected`."""
    cell = pair.cell
    kept = kept_blocks()
    equations = (*cell.equations, *pair.forward, *pair.backward)
    nodes = [node for e in equations for node in walk(e.value)]
    # a derivative of the user's own is in the test even where no gradient comes through it
    stated = [d for n in nodes if n.op == "custom" for d in n["derivatives"]]
    nodes += [node for derivative in stated for node in walk(derivative)]
    used = {node.op for node in nodes} & OPERATORS.keys()
    used |= {"cast"}  # by the test, which takes the distance of integers from a tie
    numpy = _NUMPY.union(*(_spelled(OPERATORS[op]) for op in used))
    for name, text in files.items():
        if not _PLAIN.fullmatch(text) or not text.startswith(f'{HEADER}"""'):
            raise Unexpected(f"{name}: not plain ASCII below the line that says who wrote it")
        # a block that is Python by itself means by itself what it means among others
        blocks = [block.strip("\n") for block in text.split("\n\n\n")]
        fixed = [block for block in blocks if block in kept]
        made = [(node, said) for b in blocks if b not in kept for node, said in _read(name, b)]
        if not made or not is_doc(made[0][0]):
            raise Unexpected(f"{name}: it does not begin with a docstring")
        given = [word for node, _ in made for word in _defined(node)]
        file = _file(name, cell.name, given, _DEFINED.findall("\n".join(fixed)), numpy)
        for node, said in made[1:]:
            if said not in file.lines:
                _statement(node, file)
        _whole(name, given, [node for node, _ in made], cell)


def _file(name: str, cell: str, made: list[str], kept: list[str], numpy: frozenset[str]) -> File:
    """What a file defines: each name once, but that support may wrap a function of the cell."""
    test = name.startswith("test_")
    functions = _OF_TESTS if test else _OF_MODULES
    for word, times in Counter([*made, *(word for word in kept if word not in functions)]).items():
        if times > 1:
            raise Unexpected(f"{name}: `{word}` is defined {times} times")
    defined = frozenset((*made, *kept))
    # a test has tables and functions by the dozen, of which `plain` reads few
    fixed = BUILTINS | {"np", *(functions if test else {*defined, "math", "re"})}
    lines = _TEST_LINES | {f"import {cell} as module"} if test else _MODULE_LINES
    if not test and not defined.isdisjoint(CLASSES):
        fixed, numpy = fixed | _BY_FAST, numpy.union(word.removeprefix("np.") for word in WRITING)
        defined |= {"zip"}
    return File(name, functions, lines, defined, fixed, numpy)


def _whole(name: str, given: list[str], made: list[ast.stmt], cell: Cell) -> None:
    """Refuse a file that lacks a function or a record, or has other fields than the cell."""
    test = name.startswith("test_")
    classes = CLASSES if not {*given}.isdisjoint(CLASSES) else ()
    wanted = _OF_TESTS if test else (*_RECORDS, *classes, *_OF_MODULES)
    found = tuple(word for word in given if word in wanted)
    if "step" not in given:  # not every cell has one
        wanted = tuple(word for word in wanted if word not in ("step", "StepArrays"))
    if not {*given}.intersection(_OF_PARTS):  # few run part by part
        wanted = tuple(word for word in wanted if word not in _OF_PARTS)
    if found != wanted:
        raise Unexpected(f"{name}: it defines {', '.join(found)}")
    records = {node.name: node.body[1:] for node in made if isinstance(node, ast.ClassDef)}
    parameters = [q.name for q in cell.given if q.role == "param"]
    for record, names in (("Params", parameters), ("Outputs", cell.outputs)) if not test else ():
        fields = [ast.unparse(field).partition(":")[0].rstrip("_") for field in records[record]]
        if fields != [word.rstrip("_") for word in names]:
            raise Unexpected(f"{name}: `{record}` has the fields {', '.join(fields)}")


def kept_blocks() -> frozenset[str]:
    """The blocks that bpgen keeps as source, as files have them."""
    facts = [operator.facts for operator in OPERATORS.values()]
    helpers = [
        fact.get(kind, "") for fact in facts for kind in ("helper", "plain_helper", "into_helper")
    ]
    return _of_targets() | _blocks(helpers)


@cache
def _of_targets() -> frozenset[str]:
    texts = [text for name, text in vars(cases).items() if name.isupper()]
    return _blocks([*kept_sources(), *texts])


def _blocks(sources: Iterable[str]) -> frozenset[str]:
    return frozenset(block for text in sources for block in text.strip("\n").split("\n\n\n"))


def _spelled(operator: Operator) -> set[str]:
    """The functions of NumPy that an operator is spelled with, as its own file names them."""
    found: set[str] = set()
    for form in (operator.numpy, operator.facts.get("plain", "")):
        text = form if isinstance(form, str) else inspect.getsource(sys.modules[form.__module__])
        found.update(re.findall(r"\bnp\.([a-z_]\w*(?:\.[a-z_]\w*)*)", text))
    return found


# -- statements of a file --------------------------------------------------------------------------


def _read(name: str, block: str) -> list[tuple[ast.stmt, str]]:
    """The statements of a block, each with the lines it stands on."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            body = ast.parse(block).body
    except (SyntaxError, SyntaxWarning, RecursionError, MemoryError) as error:
        raise Unexpected(f"{name}: {type(error).__name__}: {error}") from error
    lines = block.split("\n")
    return [(node, "\n".join(lines[node.lineno - 1 : node.end_lineno])) for node in body]


def _defined(node: ast.stmt) -> tuple[str, ...]:
    """The names that a statement gives to functions, records and tables."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return (node.name,)
    targets = node.targets if isinstance(node, ast.Assign) else []
    return tuple(target.id for target in targets if isinstance(target, ast.Name))


def _statement(node: ast.stmt, file: File) -> None:
    if isinstance(node, ast.FunctionDef) and node.name in file.functions:
        function(node, file)
        writes(node, file)
    elif isinstance(node, ast.ClassDef) and node.name in _RECORDS:
        _record(node, file)
    elif isinstance(node, ast.ClassDef) and node.name in CLASSES:
        workspace(node, file)
    elif isinstance(node, ast.Assign):
        _table(node, file)
    else:
        raise file.refuse(f"a {type(node).__name__} that is on no list", node)


def _record(node: ast.ClassDef, file: File) -> None:
    """A NamedTuple whose fields are arrays."""
    head = f"class {node.name}(NamedTuple):"
    if not ast.unparse(node).startswith(head) or not is_doc(node.body[0]):
        raise file.refuse("a class that is no record", node)
    for field in node.body[1:]:
        plain = isinstance(field, ast.AnnAssign) and field.value is None
        name, _, kind = ast.unparse(field).partition(": ")
        if not plain or not name.isidentifier() or name.startswith("_") or kind not in _FIELDS:
            raise file.refuse("a field that is no array", field)


def _table(node: ast.Assign, file: File) -> None:
    """A constant in capitals, made of literals."""
    target, value = ast.unparse(node.targets[0]), node.value
    if len(node.targets) > 1 or not target.isidentifier() or not target.isupper():
        raise file.refuse("a name that is no table's", node)
    parts = [*value.keys, *value.values] if isinstance(value, ast.Dict) else [value]
    for part in filter(None, parts):
        if ast.unparse(part) not in ("set()", "np.integer", "np.bool_"):
            for each in ast.walk(part):
                if not isinstance(each, _LITERALS):
                    raise file.refuse(f"a {type(each).__name__} in a table", node)
