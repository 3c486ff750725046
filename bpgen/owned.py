"""What a function of an emitted file may write to: arrays that it made, or that a workspace lends.

Entries of an array are assigned, and functions of NumPy and helpers write in place. Each time the
array must be one that the function made, a view of one, or one of the workspace; it is never the
caller's. So it is known of names, `h` or `w.h`, what may be done to what they stand for:

    given     an argument or a part of it, or what may be one: nothing may be done to it
    array     an array, or a tuple of arrays: entries may be assigned
    series    what is gone through, `zip(a, b)` or a list of it: its members are arrays
    table     a dictionary: entries may be assigned, and are nobody's
    object    `self` in a class of a workspace (`workspaces`), whose attributes are assigned
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from bpgen.permitted import BY_NAME, File, Own, dotted, lent

_ONE = """
    abs absolute ceil conjugate cos cosh exp exp2 expm1 floor isfinite isnan log log10 log1p log2
    logical_not negative positive reciprocal rint sign sin sinh sqrt square tan tanh trunc
"""
_TWO = """
    add arctan2 copysign divide equal float_power fmax fmin floor_divide greater greater_equal hypot
    less less_equal logaddexp logical_and logical_or logical_xor matmul maximum minimum mod multiply
    not_equal power remainder subtract true_divide
    amax amin concatenate dot max min outer stack
"""
_THREE = "clip cumsum mean prod std sum take var"
WRITING = {  # functions of NumPy that write to an array they are given, and the place they have it
    f"np.{name}": place
    for place, names in enumerate(("add.at copyto", _ONE, _TWO, _THREE))
    for name in names.split()
}
_METHODS = {"max": 1, "mean": 2, "min": 1, "sum": 2, "var": 2}  # the same, of arrays
_HELPERS = "_to"  # what the names of helpers that write to their last argument end in

_MAKERS = frozenset(("np.empty", "np.full", "np.ones", "np.stack", "np.zeros", "np.zeros_like"))
# of their first argument, if it is not just that
_VIEWS = frozenset(("fold", "np.asarray", "np.moveaxis", "np.real", "np.swapaxes"))
TURNING = frozenset(("reshape", "swapaxes", "transpose"))  # methods
_ARRAY = Own("array")
SELF = Own("object")
_GIVEN = Own("given")

Known = dict[str, Own]  # by name, `h` or `w.h`
Kinds = Own | None | tuple["Kinds", ...]
Written = Mapping[ast.stmt, list[ast.expr]]


# -- functions ------------------------------------------------------------------------------------


def writes(node: ast.FunctionDef, file: File) -> None:
    """Pass a function that writes to nothing but its own."""
    given = [each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)]
    _body(node.body[1:], dict.fromkeys(given, _GIVEN), _written(node, file), file)


def _body(body: Sequence[ast.stmt], own: Known, written: Written, file: File) -> Known:
    """What is known of names behind some statements."""
    own = dict(own)
    for node in body:
        for target in written.get(node, ()):
            if not _storable(target, own):
                raise file.refuse("a call that writes to what the function did not make", node)
        if isinstance(node, ast.For):
            _bind(node.target, _turns(node.target, node.iter, own), own, file)
            # what is lost in one turn is lost in the next
            while (behind := _both(own, _body(node.body, own, written, file))) != own:
                own = behind
        elif isinstance(node, ast.If):
            own = _both(
                _body(node.body, own, written, file), _body(node.orelse, own, written, file)
            )
        elif isinstance(node, ast.With):
            name, half = lent(node, file)
            held = {f"{name}.{attr}": kind for attr, kind in file.held[half].items() if kind}
            own = _body(node.body, {**own, **held}, written, file)
            own = {word: _GIVEN if kind.lent else kind for word, kind in own.items()}
        elif isinstance(node, ast.Assign):
            assign(node, own, file)
    return own


def _written(function: ast.FunctionDef, file: File) -> Written:
    """What the calls of each statement write to."""
    found: dict[ast.stmt, list[ast.expr]] = {}
    todo: list[tuple[ast.AST, ast.stmt]] = [(node, node) for node in function.body]
    while todo:
        node, statement = todo.pop()
        if isinstance(node, ast.Name | ast.Constant):
            continue
        target = _target(node, file) if isinstance(node, ast.Call) else None
        if target:
            found.setdefault(statement, []).append(target)
        for part in ast.iter_child_nodes(node):
            todo.append((part, part if isinstance(part, ast.stmt) else statement))
    return found


def _target(call: ast.Call, file: File) -> ast.expr | None:
    """The argument that a call writes to."""
    name = dotted(call.func)
    if isinstance(call.func, ast.Name):
        if not name.endswith(_HELPERS):
            return None
        if not call.args or any(word.arg not in ("axis", "axes") for word in call.keywords):
            raise file.refuse("an array that is written to, out of its place", call)
        return call.args[-1]
    for word in call.keywords if name in BY_NAME else ():
        if word.arg == "out":
            return word.value
    method = name.rpartition(".")[2]
    place = WRITING.get(name) if name.startswith("np.") else _METHODS.get(method)
    return call.args[place] if place is not None and place < len(call.args) else None


def _both(one: Known, other: Known) -> Known:
    """What is known of names behind either of two ways."""
    kinds = {name: _either((one.get(name), other.get(name))) for name in {**one, **other}}
    return {name: kind for name, kind in kinds.items() if kind}


# -- what is whose --------------------------------------------------------------------------------


def assign(node: ast.Assign, own: Known, file: File) -> None:
    """Enter what is known of names behind an assignment."""
    frozen = _frozen(node)
    if frozen:
        if _another(_kind(frozen, own)):
            raise file.refuse("what another holds is made read-only", node)
        return
    kinds = [_kinds(target, node.value, own) for target in node.targets]
    for target, each in zip(node.targets, kinds, strict=True):
        _bind(target, each, own, file)


def _frozen(node: ast.Assign) -> ast.expr | None:
    """The array that a statement makes read-only, as `forward` does with what it returns."""
    match node:
        case ast.Assign(
            [ast.Attribute(ast.Attribute(array, "flags"), "writeable")], ast.Constant(False)
        ):
            return array
    return None


def _kinds(target: ast.expr, value: ast.expr, own: Known) -> Kinds:
    """What each target of an assignment gets."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        if len(target.elts) == len(value.elts):
            pairs = zip(target.elts, value.elts, strict=True)
            return tuple(_kinds(each, part, own) for each, part in pairs)
    return _kind(value, own)


def _turns(target: ast.expr, value: ast.expr, own: Known) -> Kinds:
    """What each target of a loop gets."""
    if (
        isinstance(target, ast.Tuple)
        and isinstance(value, ast.Call)
        and dotted(value.func) == "zip"
    ):
        if len(target.elts) == len(value.args):
            return tuple(_member(_kind(each, own)) for each in value.args)
    return _member(_kind(value, own))


def _bind(target: ast.expr, kinds: Kinds, own: Known, file: File) -> None:
    """Enter what is known of names once a target has got what it gets."""
    if isinstance(target, ast.Tuple):
        several = kinds if isinstance(kinds, tuple) else [_member(kinds)] * len(target.elts)
        for each, kind in zip(target.elts, several, strict=True):
            _bind(each, kind, own, file)
        return
    if isinstance(target, ast.Subscript):
        if not _storable(target.value, own) and _kind(target.value, own) != Own("table"):
            raise file.refuse("an entry of what the function did not make", target)
        return
    if isinstance(target, ast.Attribute) and own.get(dotted(target.value)) != SELF:
        raise file.refuse("an attribute is assigned", target)
    name = dotted(target)
    own.pop(name, None)
    if isinstance(kinds, Own):
        own[name] = kinds


def _storable(value: ast.expr, own: Known) -> bool:
    """Whether a value is an array that may be written to."""
    kind = _kind(value, own)
    return kind is not None and kind.what == "array"


def _member(kind: Own | None) -> Own | None:
    """What one gets by going through something, or by unpacking it."""
    if kind and kind.what == "series":
        return replace(kind, what="array")
    return kind if kind and kind.what in ("array", "given") else None


def _kind(value: ast.expr, own: Known) -> Own | None:
    """What is known of a value."""
    if isinstance(value, ast.Attribute) and value.attr == "T" and dotted(value) not in own:
        return _kind(value.value, own)
    if isinstance(value, ast.Name | ast.Attribute):
        return own.get(dotted(value))
    if isinstance(value, ast.Subscript):
        kind = _kind(value.value, own)
        if kind == _GIVEN and not isinstance(value.slice, ast.Slice):
            # by a name it may be by an array, which makes a copy
            return None if any(isinstance(n, ast.Name) for n in ast.walk(value.slice)) else kind
        return kind if isinstance(value.slice, ast.Slice) else _member(kind)
    if isinstance(value, ast.Tuple):
        return _several([_kind(each, own) for each in value.elts], "array", ("array",))
    if isinstance(value, ast.IfExp):
        return _either((_kind(value.body, own), _kind(value.orelse, own)))
    if isinstance(value, ast.Call):
        return _made(value, own)
    return Own("table") if isinstance(value, ast.Dict) else None


def _made(call: ast.Call, own: Known) -> Own | None:
    """What a call makes: an array, a view of one, or a series."""
    name, args = dotted(call.func), call.args
    if name in _MAKERS:
        # `np.empty(3, "O")` would hold what is another's
        rest = [part for each in (*args[1:], *call.keywords) for part in ast.walk(each)]
        words = [each for each in rest if isinstance(each, ast.Constant)]
        return None if any(isinstance(each.value, str) for each in words) else _ARRAY
    if name in ("zip", "list", "reversed"):
        return _several([_kind(each, own) for each in args], "series", ("array", "series"))
    if name == "range":
        return Own("series")
    if name in WRITING:
        place = WRITING[name]
        return _kind(args[place], own) if place < len(args) else _ARRAY
    if name == "np.split":
        return _several([_kind(args[0], own)], "series", ("array",))
    if name == "in_turn":
        return _member(_kind(args[0], own))
    if name in _VIEWS:
        return _kind(args[0], own)
    if isinstance(call.func, ast.Attribute) and call.func.attr in TURNING | {"view"}:
        kind = _kind(call.func.value, own)
        return _ARRAY if kind and kind.lent and call.func.attr == "view" else kind
    return None


def _several(
    kinds: Sequence[Own | None], what: Literal["array", "series"], of: tuple[str, ...]
) -> Own | None:
    """Several of one's own are one's own, and lent if one of them is."""
    if all(kind and kind.what in of for kind in kinds):
        return Own(what, any(map(_another, kinds)))
    return _GIVEN if any(map(_another, kinds)) else None


def _either(kinds: tuple[Own | None, Own | None]) -> Own | None:
    """What is known of what may be one or the other."""
    return kinds[0] if kinds[0] == kinds[1] else _several(kinds, "array", ("array",))


def _another(kind: Own | None) -> bool:
    """Whether something is another's, or may be."""
    return kind is not None and (kind.lent or kind == _GIVEN)
