"""The classes of a workspace: what they make, and so what they lend to a function.

`ForwardArrays`, `BackwardArrays` and `StepArrays` make arrays of the sizes they are given, views of
these, and series of views; `Workspace` holds one of each, and a lock. Each class has a docstring
and an `__init__` that assigns to attributes of `self`; what each is assigned says what it may be
used for.
"""

import ast
from collections.abc import Sequence
from dataclasses import replace

from bpgen.owned import SELF, TURNING, assign
from bpgen.permitted import HALVES, File, dotted, is_doc, number, typed, within_reach

_MADE_OF = (
    *(ast.BinOp, ast.Constant, ast.Slice, ast.Subscript, ast.Tuple, ast.UnaryOp),
    *(ast.operator, ast.unaryop, ast.expr_context),
)
_MADE_BY = frozenset(
    (
        *("list", "np.array", "np.dtype", "np.empty", "np.moveaxis", "np.ones", "np.split"),
        *("np.swapaxes", "np.zeros", "range", "reversed", "threading.Lock", "zip"),
    )
)


def workspace(node: ast.ClassDef, file: File) -> None:
    """Pass a class that makes arrays and lends them, and note in the file what it lends."""
    made = node.body[-1]
    dressed = node.bases or node.keywords or node.decorator_list or typed(node)
    whole = len(node.body) == 2 and is_doc(node.body[0])
    if dressed or not whole or not isinstance(made, ast.FunctionDef):
        raise file.refuse("a class that is no workspace", node)
    own = {"self": SELF}
    known = _given(made, file)
    for statement in made.body:
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            raise file.refuse(f"a {type(statement).__name__} in a workspace", statement)
        _making(statement.value, known, () if node.name in HALVES else HALVES, file)
        known |= {*_targets(statement.targets[0], file)}
        assign(statement, own, file)
    if node.name in HALVES:
        attributes = [word.removeprefix("self.") for word in known if word.startswith("self.")]
        held = {word: own.get(f"self.{word}") for word in attributes}
        file.held[node.name] = {w: kind and replace(kind, lent=True) for w, kind in held.items()}


def _given(made: ast.FunctionDef, file: File) -> set[str]:
    """The arguments of `__init__`."""
    head = made.args
    given = [*head.args, *head.kwonlyargs]
    words = [each.arg for each in given]
    defaults = [each for each in (*head.defaults, *head.kw_defaults) if each]
    dressed = made.decorator_list or typed(made)
    spread = head.vararg or head.kwarg or head.posonlyargs
    noted = made.returns or any(each.annotation for each in given)
    valued = any(dotted(each) != "np.float64" for each in defaults)
    named = made.name == "__init__" and words[:1] == ["self"] and not file.fixed & {*words}
    if dressed or spread or noted or valued or not named:
        raise file.refuse("a head that is no writer's", made)
    return {*words} - {"self"}


def _targets(target: ast.expr, file: File) -> list[str]:
    """The names and the attributes of `self` that are assigned."""
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    for each in parts:
        word = dotted(each)
        name = word.removeprefix("self.")
        if not name.isidentifier() or name.startswith("_") or word == "self" or word in file.fixed:
            raise file.refuse("a workspace assigns to what is not its own", target)
    return [dotted(each) for each in parts]


def _making(value: ast.expr, known: set[str], keys: Sequence[str], file: File) -> None:
    """Refuse a value that is not made of sizes, arrays of them and views of these."""
    todo: list[ast.AST] = [value]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name | ast.Attribute) and dotted(node) in known:
            continue
        if isinstance(node, ast.Call):
            within_reach(node, file)
            todo += _parts(node, known, keys, file)
            continue
        if isinstance(node, ast.Dict) and ast.unparse(node) == _by_their_names(node):
            todo += node.values
            continue
        if isinstance(node, ast.Dict):
            calls = [each.func if isinstance(each, ast.Call) else each for each in node.values]
            words = [dotted(key) if key else "" for key in node.keys]
            if words != [dotted(each) for each in calls] or not {*words} <= {*keys}:
                raise file.refuse("a dictionary of others", node)
            todo += node.values
            continue
        if isinstance(node, ast.BinOp | ast.Constant):
            number(node, file)
        turned = isinstance(node, ast.Attribute) and node.attr == "T"
        text = isinstance(node, ast.Constant) and not isinstance(node.value, int | float)
        if not (turned or isinstance(node, _MADE_OF)) or text:
            raise file.refuse("what no workspace is made of", node)
        todo += ast.iter_child_nodes(node)


def _by_their_names(node: ast.Dict) -> str:
    """`{"T": T, "N": N}` for the values of a dictionary."""
    return f"{{{', '.join(f'{dotted(value)!r}: {dotted(value)}' for value in node.values)}}}"


def _parts(call: ast.Call, known: set[str], keys: Sequence[str], file: File) -> list[ast.AST]:
    """What a call is made of, but for the function that makes it."""
    name, called = dotted(call.func), call.func
    made = name in _MADE_BY or name in keys
    turns = isinstance(called, ast.Attribute) and called.attr in TURNING and not made
    named = all(word.arg for word in call.keywords)
    if name in known or not named or not (turns or made):
        raise file.refuse("a call that a workspace may not make", call)
    whole = [called.value] if isinstance(called, ast.Attribute) and turns else []
    return [*whole, *call.args, *(word.value for word in call.keywords)]
