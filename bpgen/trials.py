"""An operator looked over and tried on symbols, before anything relies on it.

A file of bpgen's own is held to what it must be by the tests; a plug-in may never have been tested.
So its facts are read, and its rule and its spellings are tried on arguments of the usual shapes.
Whether the rule is right, only numbers tell: `bpgen.testing.check_op`.
"""

import ast
import inspect
import keyword
import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Any

from bpgen.ir import Node, Operator, ShapeError, apply, ref
from bpgen.ops.spelling import spell
from bpgen.report import safe
from bpgen.sizes import Shape, Size, size
from bpgen.words import AXES, KEYWORDS, RESERVED, WORD_OPERATORS

_N, _H, _K = size("N"), size("H"), size("K")
_SHAPES: tuple[Shape, ...] = ((_N, _H), (_H, _H), (_H,), (), (_K, _N, _H))
# by their type, values for attributes that have no default
_USUAL: dict[Any, Any] = {str: "n h, n h -> n", int: -1, Size: _H, Shape: (_H, _N)}
_TRIED = 12  # combinations of shapes, of those that it takes
_OURS = (
    "symbol",
    "internal",
    "timed",
    "mixed",
    "into",
    "into_helper",
)  # facts that only the compiler's own may state
_SPOKEN = (  # what a spelling may be made of; a module's functions hold nothing else
    *(ast.Call, ast.keyword, ast.Attribute, ast.Name, ast.Constant, ast.Subscript, ast.Slice),
    *(ast.Tuple, ast.List, ast.BinOp, ast.UnaryOp, ast.Compare, ast.operator, ast.unaryop),
    *(ast.cmpop, ast.expr_context, ast.Expression),
)
_TAKEN = (*KEYWORDS, *WORD_OPERATORS, *RESERVED, *AXES, "split")


def said(error: BaseException) -> str:
    """An error of somebody else's code, in one line of printable words."""
    return safe(f"{type(error).__name__}: {' '.join(str(error).split())}", 200)


def examples(op: Operator) -> Iterator[Node]:
    """The operator applied to arguments of the usual shapes, `a[t]`, `b[t]`; those that it takes.

    It must be in the table. Its rule for shapes may raise what it likes beside `ShapeError`.
    """
    stated = inspect.get_annotations(op.shape)
    needed = [name for name, default in op.attributes.items() if default is inspect.Parameter.empty]
    attributes: dict[str, Any] = {name: _USUAL.get(stated.get(name)) for name in needed}
    given = names(op)
    for shapes in product(_SHAPES, repeat=len(given)):
        args = (ref(name, shape, 0) for name, shape in zip(given, shapes, strict=True))
        try:
            yield apply(op.name, *args, **attributes)
        except ShapeError:
            continue


def names(op: Operator) -> list[str]:
    """Names for an operator's arguments; `a, b` where there may be any number."""
    variadic = any(name.startswith("*") for name in op.params)
    return ["a", "b"] if variadic else list(op.params)


def misnamed(name: str) -> str | None:
    """Why no operator can have a name; None if one can."""
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,63}", name) or keyword.iskeyword(name):
        return f"`{safe(name)}` is no word of the language"
    return f"`{name}` means something else in the language" if name in _TAKEN else None


def misstated(op: Operator) -> str | None:
    """What is wrong with the facts of an operator that is not bpgen's, as they stand."""
    for fact in _OURS:
        if fact in op.facts:
            return f"it states `{fact}`, which only operators of bpgen itself may"
    for fact in ("helper", "plain_helper"):
        try:
            body = ast.parse(str(op.facts.get(fact, ""))).body
        except SyntaxError as error:
            return f"its `{fact}` is no Python: {said(error)}"
        for part in body:
            # no quantity of a spec begins with `_`, so that such a name is free in every module
            if not isinstance(part, ast.FunctionDef) or not part.name.startswith(f"_{op.name}"):
                return f"its `{fact}` defines something other than `_{op.name}`"
    return None


def failing(op: Operator) -> str | None:
    """Which fact of an operator in the table fails on arguments that it takes, and how."""
    for node in islice(examples(op), _TRIED):
        fault = (_rule(op, node) if op.vjp else None) or _spellings(op, node)
        if fault:
            return fault
    return None


def _rule(op: Operator, node: Node) -> str | None:
    assert op.vjp is not None
    asked = inspect.signature(op.vjp).parameters
    attributes = {name: value for name, value in node.attrs if name in asked}
    dy, y = (ref(name, node.shape, 0) for name in ("dy", "y"))
    shares = op.vjp(dy, y, *node.args, **attributes)
    shares = shares if isinstance(shares, tuple) else (shares,)
    if len(shares) != len(node.args):
        given, wanted = len(shares), len(node.args)
        return f"its `vjp` gives {given} gradients, and its `shape` takes {wanted}"
    for share in shares:
        if share is not None and not isinstance(share, Node):
            return f"its `vjp` gives {safe(repr(share))}, which is no expression"
    return None


def _spellings(op: Operator, node: Node) -> str | None:
    for plain in (False, True):
        fact = "plain" if plain and "plain" in op.facts else "numpy"
        try:
            tree = ast.parse(spell(node, *names(op), plain=plain), mode="eval")
        except Exception as error:  # of a format or a function of somebody else's
            return f"its `{fact}` is no spelling of it: {said(error)}"
        for part in ast.walk(tree):
            if not isinstance(part, _SPOKEN):
                return f"its `{fact}` has a {type(part).__name__}, which no module may hold"
    return None
