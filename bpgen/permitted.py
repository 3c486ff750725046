"""What may stand in a function that is written for a cell; `emitted` says where this is asked.

A function assigns to names of its own, and to entries of arrays that it made (`owned` sees to the
arrays). The tables of the file are read by `bind` and by nothing else, a workspace is used by a
`with` and by nothing else, and what a file or Python calls by a name keeps it. Numbers are no
longer than a spec may have them, and no sizes are out of reach.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

_NODES = (
    *(ast.Expr, ast.Assign, ast.Return, ast.For, ast.If, ast.Raise, ast.With, ast.Attribute),
    *(ast.BinOp, ast.Call, ast.Compare, ast.Constant, ast.Dict, ast.IfExp, ast.List, ast.Name),
    *(ast.Slice, ast.Subscript, ast.Tuple, ast.UnaryOp, ast.keyword),
)
_MARKS = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop)  # which a node is marked with
BUILTINS = frozenset(("TypeError", "ValueError", "bool", "float", "range", "reversed"))
_ATTRIBUTES = frozenset(
    (
        *("T", "astype", "flags", "max", "mean", "min", "normal", "reshape"),
        *("shape", "sum", "type", "uniform", "var", "view", "writeable"),
    )
)
_OF_PLAIN = frozenset(("append", "setdefault"))  # more of them, by which a test notes kinks
HALVES = ("ForwardArrays", "BackwardArrays", "StepArrays")  # classes that `using` lends one of
CLASSES = (*HALVES, "Workspace")
_LENDERS = ("using", "fitting")
_ONLY_WITH = frozenset((*_LENDERS, *CLASSES))  # not called by a function of the cell
_SIZED = frozenset(
    ("np.arange", "np.broadcast_to", "np.empty", "np.eye", "np.full", "np.ones", "np.zeros")
) | {"range"}  # what takes sizes, and then perhaps a number
_LARGEST = 2**31  # of a number in a size, as a spec may have it
_LONGEST = 10**40  # numbers of a spec have 40 characters
_COMPUTED: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}

BY_NAME = frozenset(("np.maximum", "np.minimum"))  # NumPy wants what they write to as `out=`


class Unexpected(Exception):
    """What was emitted holds something that no writer should have made."""


@dataclass(frozen=True, slots=True)
class Own:
    """Whose something is, and what may be done to it: see `owned`."""

    what: Literal["given", "array", "series", "table", "object"]
    lent: bool = False  # by a workspace, which wants it back as it was but for its entries


@dataclass(frozen=True, slots=True)
class File:
    """What is known of a file while it is read: its name, what it defines, what it may say."""

    name: str
    functions: tuple[str, ...]  # those that are written for the cell
    lines: frozenset[str]  # statements that may stand in it as they are
    defined: frozenset[str]
    fixed: frozenset[str]  # names that no function may give to something else
    numpy: frozenset[str]
    # the attributes of each class that was read, and which of them may be written to
    held: dict[str, Mapping[str, Own | None]] = field(default_factory=dict)

    def refuse(self, what: str, node: ast.AST) -> Unexpected:
        return Unexpected(f"{self.name}: {what}, in `{ast.unparse(node)[:60]}`")


def is_doc(node: ast.stmt) -> bool:
    """Whether a statement is a string by itself."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def typed(node: ast.ClassDef | ast.FunctionDef) -> bool:
    """Whether there are parameters that are types, `class A[T]`, which Python has from 3.12 on."""
    return bool(getattr(node, "type_params", ()))


def function(node: ast.FunctionDef, file: File) -> None:
    """Pass a function that is written for a cell."""
    arguments = [each for each in ast.walk(node.args) if isinstance(each, ast.arg)]
    noted = node.returns or any(arg.annotation for arg in arguments)
    if node.decorator_list or noted or typed(node) or not is_doc(node.body[0]):
        raise file.refuse("a head that is no writer's", node)
    for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
        constant = default.operand if isinstance(default, ast.UnaryOp) else default
        if not isinstance(constant, ast.Constant) and ast.unparse(default) != "np.float64":
            raise file.refuse("a default that is no constant", default)
    assigned, uses = [arg.arg for arg in arguments], []
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            assigned.append(each.id)
        elif isinstance(each, ast.With):
            uses.append(each)
    for name in sorted({*assigned} - {"_"}):
        if name in file.fixed or name.startswith("_"):
            raise file.refuse(f"`{name}` is assigned", node)
    local = {*assigned}
    for each in uses:
        name, half = lent(each, file)
        if assigned.count(name) > 1:
            raise file.refuse(f"`{name}`, which is also something else", each)
        local |= {f"{name}.{held}" for held in file.held[half]}
    for statement in node.body[1:]:
        _part(statement, local, file)


def lent(node: ast.With, file: File) -> tuple[str, str]:
    """`w` and `ForwardArrays`, of `with using(work, ForwardArrays, T=T, N=N) as w:`."""
    match node.items:
        case [ast.withitem(ast.Call(ast.Name(lender), [_, ast.Name(half), *_]), name)]:
            if lender in _LENDERS and lender in file.defined and half in file.held:
                if name is None or isinstance(name, ast.Name):
                    return name.id if name else "", half  # a pass may have no arrays
    raise file.refuse("a `with` that uses no workspace", node)


# -- what stands in it ----------------------------------------------------------------------------


def _part(node: ast.AST, local: set[str], file: File) -> None:
    """A statement or an expression of a function of the cell, and all within it."""
    todo = [node]  # no recursion: a sum may have a thousand terms
    while todo:
        todo += reversed(_within(todo.pop(), local, file))


def _within(node: ast.AST, local: set[str], file: File) -> Sequence[ast.AST]:
    """What is left to look at in a part that may stand where it does."""
    if isinstance(node, _MARKS):
        return ()
    if not isinstance(node, _NODES):
        raise file.refuse(f"a {type(node).__name__} where none may stand", node)
    if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call):
        raise file.refuse("an expression that does nothing", node)
    if isinstance(node, ast.Dict) and None in node.keys:
        raise file.refuse("a dictionary of others", node)
    if isinstance(node, ast.keyword) and node.arg is None:
        raise file.refuse("keywords that are not written out", node.value)
    if isinstance(node, ast.Name):
        _name(node, local, file)
        return ()
    if isinstance(node, ast.BinOp | ast.Constant):
        number(node, file)
    if isinstance(node, ast.Attribute) and (dotted(node) in local or _of_numpy(node, file)):
        return ()
    if isinstance(node, ast.With):
        _, work, _, *sizes = ast.iter_child_nodes(node.items[0].context_expr)
        return [work, *sizes, *node.body]
    if isinstance(node, ast.Call):
        return _call(node, local, file)
    if isinstance(node, ast.Raise):
        return _message(node)
    return [*ast.iter_child_nodes(node)]


def _name(node: ast.Name, local: set[str], file: File) -> None:
    """A name as a value: a local one, or a type of Python's. Others are only called."""
    if not any(node.id in names for names in (local, file.defined, BUILTINS)):
        raise file.refuse(f"`{node.id}`, which nothing defines", node)
    if node.id not in local and node.id in file.defined:
        raise file.refuse(f"`{node.id}`, which may be called or bound, and nothing else", node)


def _call(node: ast.Call, local: set[str], file: File) -> list[ast.AST]:
    """What is called has a name that the file or Python defines, or is an attribute.

    What else is to be looked at is returned.
    """
    called = node.func
    name = dotted(called)
    if name in local or name in _ONLY_WITH or not isinstance(called, ast.Name | ast.Attribute):
        raise file.refuse(f"a call of `{ast.unparse(called)}`", node)
    if isinstance(called, ast.Attribute):
        named = ("dst",) if dotted(called) in BY_NAME else ("out", "dst")
        if any(word.arg in named for word in node.keywords):
            raise file.refuse("an array that is written to, by a keyword", node)
        if called.attr == "view" and (node.args or node.keywords):
            raise file.refuse("a view as something else", node)
    within_reach(node, file)
    tables = [*filter(str.isupper, file.defined)] if name in ("bind", "bind_again") else ()
    table = any(dotted(arg) in tables for arg in node.args[1:2])
    head = [called] if isinstance(called, ast.Attribute) or name not in file.defined else []
    return [*head, *node.args[:1], *node.args[2 if table else 1 :], *node.keywords]


def _message(node: ast.Raise) -> list[ast.AST]:
    """An error, and within its message what it shows: nowhere else may text be put together."""
    call = node.exc
    if node.cause is None and isinstance(call, ast.Call) and len(call.args) == 1:
        (text,) = call.args
        if isinstance(text, ast.JoinedStr) and not call.keywords:
            shown = [each for each in text.values if isinstance(each, ast.FormattedValue)]
            if all(each.format_spec is None for each in shown):
                return [call.func, *(each.value for each in shown)]
    return [*ast.iter_child_nodes(node)]


def _of_numpy(node: ast.Attribute, file: File) -> bool:
    """Whether an attribute is NumPy's and listed; refused if neither it nor an array's is."""
    name = dotted(node)
    if name.startswith("np.") and name.removeprefix("np.") in file.numpy:
        return True
    known = node.attr in _ATTRIBUTES or (node.attr in _OF_PLAIN and "plain" in file.functions)
    if name.startswith("np.") or not known or isinstance(node.value, ast.Constant):
        raise file.refuse(f"the attribute `{node.attr}`", node)
    return False


def dotted(node: ast.expr) -> str:
    """`np.add.at`; nothing before the first dot if it does not begin with a name."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


# -- numbers --------------------------------------------------------------------------------------


def number(node: ast.BinOp | ast.Constant, file: File) -> None:
    """Numbers come to something, at once: Python would compute `10**10**10` to the last digit."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, int) and abs(node.value) >= _LONGEST:
            raise file.refuse("a number that is out of reach", node)
        return
    if isinstance(node.op, ast.Pow) and _value(node) == math.inf:
        raise file.refuse("a power that is out of reach", node)
    for side in (node.left, node.right):
        text = isinstance(side, ast.Constant) and isinstance(side.value, str | bytes)
        if text or isinstance(side, ast.List | ast.Tuple | ast.Dict):
            raise file.refuse("arithmetic on what is no array", node)


def within_reach(node: ast.Call, file: File) -> None:
    """The sizes that a call takes."""
    sizes = node.args[:1] if dotted(node.func) in _SIZED else []
    for each in (each for arg in sizes for each in ast.walk(arg)):
        value = _value(each)
        if value is not None and not abs(value) <= _LARGEST:
            raise file.refuse("a size that is out of reach", node)


def _value(node: ast.AST) -> float | None:
    """What arithmetic on numbers comes to, infinity if that is none; None if there are others."""
    try:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return float(node.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = _value(node.operand)
            return None if value is None else -value
        if isinstance(node, ast.BinOp) and type(node.op) in _COMPUTED:
            right = _value(node.right)  # first, since long sums lean to the left
            left = None if right is None else _value(node.left)
            return None if left is None or right is None else _COMPUTED[type(node.op)](left, right)
    except (ArithmeticError, ValueError):
        return math.inf
    return None
