"""What may stand in a function that is written for a cell; `emitted` says where this is asked.

A function assigns to names of its own, and to entries of arrays that it made: a caller's arrays are
not written to, the tables of the file are read by `bind` and by nothing else, and what a file or
Python calls by a name keeps it. Numbers are no longer than a spec may have them, and no sizes are
out of reach.
"""

import ast
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

NODES = (
    *(ast.Expr, ast.Assign, ast.Return, ast.For, ast.If, ast.Raise, ast.Attribute, ast.BinOp),
    *(ast.Call, ast.Compare, ast.Constant, ast.Dict, ast.IfExp, ast.List, ast.Name, ast.Slice),
    *(ast.Subscript, ast.Tuple, ast.UnaryOp, ast.keyword, ast.operator, ast.unaryop, ast.cmpop),
    ast.expr_context,
)
BUILTINS = frozenset(("TypeError", "ValueError", "bool", "float", "range", "reversed"))
_ATTRIBUTES = frozenset(
    (
        *("T", "append", "astype", "flags", "max", "mean", "min", "normal"),
        *("reshape", "setdefault", "shape", "sum", "type", "uniform", "var", "writeable"),
    )
)
_MAKERS = frozenset(("np.empty", "np.full", "np.ones", "np.stack", "np.zeros", "np.zeros_like"))
_VIEWS = frozenset(("np.moveaxis", "np.split"))  # of their first argument
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


class Unexpected(Exception):
    """What was emitted holds something that no writer should have made."""


@dataclass(frozen=True, slots=True)
class File:
    """What is known of a file while it is read: its name, what it defines, what it may say."""

    name: str
    functions: tuple[str, ...]  # those that are written for the cell
    lines: frozenset[str]  # statements that may stand in it as they are
    defined: frozenset[str]
    fixed: frozenset[str]  # names that no function may give to something else
    numpy: frozenset[str]

    def refuse(self, what: str, node: ast.AST) -> Unexpected:
        return Unexpected(f"{self.name}: {what}, in `{ast.unparse(node)[:60]}`")


def is_doc(node: ast.stmt) -> bool:
    """Whether a statement is a string by itself."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def function(node: ast.FunctionDef, file: File) -> None:
    """Pass a function that is written for a cell."""
    arguments = [each for each in ast.walk(node.args) if isinstance(each, ast.arg)]
    noted = node.returns or any(arg.annotation for arg in arguments)
    if node.decorator_list or noted or not is_doc(node.body[0]):
        raise file.refuse("a head that is no writer's", node)
    for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
        constant = default.operand if isinstance(default, ast.UnaryOp) else default
        if not isinstance(constant, ast.Constant) and ast.unparse(default) != "np.float64":
            raise file.refuse("a default that is no constant", default)
    stored = {
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    }
    given = {arg.arg for arg in arguments}
    local = stored | given
    for name in sorted(local - {"_"}):
        if name in file.fixed or name.startswith("_"):
            raise file.refuse(f"`{name}` is assigned", node)
    for statement in node.body[1:]:
        _part(statement, local, file)
    _arrays(node.body[1:], set(), file)
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store):
            if dotted(each).partition(".")[0] in given:
                raise file.refuse("an array of the caller's", each)


# -- what stands in it ----------------------------------------------------------------------------


def _part(node: ast.AST, local: set[str], file: File) -> None:
    """A statement or an expression of a function of the cell, and all within it."""
    todo = [node]  # no recursion: a sum may have a thousand terms
    while todo:
        todo += reversed(_within(todo.pop(), local, file))


def _within(node: ast.AST, local: set[str], file: File) -> Sequence[ast.AST]:
    """What is left to look at in a part that may stand where it does."""
    if not isinstance(node, NODES):
        raise file.refuse(f"a {type(node).__name__} where none may stand", node)
    if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call):
        raise file.refuse("an expression that does nothing", node)
    if isinstance(node, ast.Dict) and None in node.keys:
        raise file.refuse("a dictionary of others", node)
    if isinstance(node, ast.keyword) and node.arg is None:
        raise file.refuse("keywords that are not written out", node.value)
    if isinstance(node, ast.Name):
        _name(node, local, file)
    if isinstance(node, ast.BinOp | ast.Constant):
        _number(node, file)
    if isinstance(node, ast.Attribute) and _of_numpy(node, file):
        return ()
    if isinstance(node, ast.Call):
        return _call(node, local, file)
    if isinstance(node, ast.Raise):
        return _message(node)
    return [*ast.iter_child_nodes(node)]


def _name(node: ast.Name, local: set[str], file: File) -> None:
    """A name as a value: a local one, or a type of Python's. Others are only called."""
    if node.id not in local | file.defined | BUILTINS:
        raise file.refuse(f"`{node.id}`, which nothing defines", node)
    if node.id not in local and node.id in file.defined:
        raise file.refuse(f"`{node.id}`, which may be called or bound, and nothing else", node)


def _call(node: ast.Call, local: set[str], file: File) -> list[ast.AST]:
    """What is called has a name that the file or Python defines, or is an attribute.

    What else is to be looked at is returned.
    """
    called = node.func
    by_name = isinstance(called, ast.Name) and called.id not in local
    if not by_name and not isinstance(called, ast.Attribute):
        raise file.refuse(f"a call of `{ast.unparse(called)}`", node)
    if isinstance(called, ast.Attribute) and any(word.arg == "out" for word in node.keywords):
        raise file.refuse("an array that NumPy is to write to", node)
    name = dotted(called)
    if name in _SIZED:
        _sizes(node, file)
    tables = [*filter(str.isupper, file.defined)] if name == "bind" else ()
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
    literal = isinstance(node.value, ast.Constant)
    if name.startswith("np.") or node.attr not in _ATTRIBUTES or literal:
        raise file.refuse(f"the attribute `{node.attr}`", node)
    return False


def dotted(node: ast.expr) -> str:
    """`np.add.at`; nothing before the first dot if it does not begin with a name."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


# -- numbers --------------------------------------------------------------------------------------


def _number(node: ast.BinOp | ast.Constant, file: File) -> None:
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


def _sizes(node: ast.Call, file: File) -> None:
    for each in (each for arg in node.args[:1] for each in ast.walk(arg)):
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


# -- arrays of the function's own -----------------------------------------------------------------


def _arrays(body: list[ast.stmt], own: set[str], file: File) -> set[str]:
    """The names of arrays that the function made, behind statements; entries of others are kept."""
    for node in body:
        if isinstance(node, ast.For):
            own = _bound(node.target, False, own, file)
            # what is lost in one turn is lost in the next
            while not own <= (behind := _arrays(node.body, own, file)):
                own = own & behind
        elif isinstance(node, ast.If):
            own = _arrays(node.body, own, file) & _arrays(node.orelse, own, file)
        elif isinstance(node, ast.Assign):
            fresh = _fresh(node.value, own)
            for target in [] if _freezes(node) else node.targets:
                own = _bound(target, fresh, own, file)
    return own


def _freezes(node: ast.Assign) -> bool:
    """Whether a statement makes an array read-only, as `forward` does with what it returns."""
    return dotted(node.targets[0]).endswith(".flags.writeable") and (
        len(node.targets) == 1 and ast.unparse(node.value) == "False"
    )


def _bound(target: ast.expr, fresh: bool, own: set[str], file: File) -> set[str]:
    if isinstance(target, ast.Tuple):
        for each in target.elts:
            own = _bound(each, fresh, own, file)
    elif isinstance(target, ast.Name):
        return own | {target.id} if fresh else own - {target.id}
    elif isinstance(target, ast.Subscript) and dotted(target.value) not in own:
        raise file.refuse("an entry of what the function did not make", target)
    elif isinstance(target, ast.Attribute):
        raise file.refuse("an attribute is assigned", target)
    return own


def _fresh(value: ast.expr, own: set[str]) -> bool:
    """Whether a value is an array that the function made, a view of one, or several."""
    if isinstance(value, ast.Name):
        return value.id in own
    if isinstance(value, ast.Subscript):
        return _fresh(value.value, own)
    if isinstance(value, ast.Tuple):
        return all(_fresh(each, own) for each in value.elts)
    if isinstance(value, ast.Call):
        name = dotted(value.func)
        return name in _MAKERS or (name in _VIEWS and _fresh(value.args[0], own))
    return isinstance(value, ast.Dict)
