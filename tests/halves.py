"""A module of the fast style as it runs: which statement fills which array, and for whom.

The classes that make the arrays are run, at sizes that are all different. So it is known which
arrays have one shape and which lie in one memory, and what is in them that will still be read.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Known = dict[str, Any]  # what names stand for
_PRIMES = (5, 3, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43)


@dataclass(frozen=True, slots=True)
class Half:
    """`forward`, `backward` or `step`: its statements, and the class that makes its arrays."""

    body: list[ast.stmt]
    inside: list[tuple[ast.stmt, Known]]  # those of loops too, once, and what is known there
    run: list[tuple[ast.stmt, Known]]  # step by step
    made: list[ast.Assign]
    roots: dict[str, np.ndarray]  # arrays that lie in no other


def half_of(tree: ast.Module, scope: Known, function: str, kind: str) -> Half:
    """Read one of the functions of a module, whose definitions are in `scope`."""
    named = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    (block,) = (node for node in named[function].body if isinstance(node, ast.With))
    init = named[kind].body[-1]
    words = [each.arg for each in init.args.args[1:-1]]
    sizes = dict(zip(words, _PRIMES, strict=False))
    arrays = scope[kind](**sizes, dtype=np.dtype(np.float64))
    known: Known = {"np": np, "ws": arrays, **sizes}
    run = list(_run(block.body, known))
    made = [node for node in init.body if isinstance(node, ast.Assign)]
    whole = [n for n in made if ast.unparse(n.value).startswith(("np.empty(", "np.zeros("))]
    roots = {n.targets[0].attr: getattr(arrays, n.targets[0].attr) for n in whole}
    once = {id(node): (node, within) for node, within in run}
    return Half(block.body, list(once.values()), run, made, roots)


def _run(body: list[ast.stmt], known: Known) -> Iterator[tuple[ast.stmt, Known]]:
    """Each statement as often as it is executed, in five steps."""
    for node in body:
        if isinstance(node, ast.For):
            targets, values = [node.target], [node.iter]
            if ast.unparse(node.iter).startswith("zip("):
                targets, values = node.target.elts, node.iter.args
            for step in range(_PRIMES[0]):
                within = dict(known)
                for target, source in zip(targets, values, strict=True):
                    steps = meaning(source, known)
                    if isinstance(steps, list):
                        _bind(target, steps[step], within)
                yield from _run(node.body, within)
            continue
        if isinstance(node, ast.Assign):
            _bind(node.targets[0], meaning(node.value, known), known)
        yield node, known


def meaning(node: ast.expr, known: Known) -> Any:
    """What an expression is, if it is an array of the workspace, or is made of such."""
    try:
        return eval(ast.unparse(node), known)
    except (NameError, AttributeError, TypeError, ValueError):
        return None


def _bind(target: ast.expr, value: Any, known: Known) -> None:
    if isinstance(target, ast.Tuple):
        several = value if isinstance(value, tuple) else [None] * len(target.elts)
        for each, part in zip(target.elts, several, strict=True):
            _bind(each, part, known)
    elif isinstance(target, ast.Name):
        known[target.id] = value


def filled_by(node: ast.AST) -> ast.expr | None:
    """What a statement fills."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return None
    call = node.value
    first = ast.unparse(call.func) in ("np.copyto", "np.add.at")
    named = [word.value for word in call.keywords if word.arg == "out"]
    return named[0] if named else call.args[0 if first else -1]


def unfolded(node: ast.expr) -> ast.expr:
    """The array of `fold(array)`."""
    return node.args[0] if isinstance(node, ast.Call) else node


# -- what is needed -------------------------------------------------------------------------------


def needed_at_once(half: Half) -> list[set[str]]:
    """Pairs of arrays of which one is written to where what is in the other will be read."""
    alive = {name: np.zeros(root.shape, bool) for name, root in half.roots.items()}
    found: list[set[str]] = []
    for node, known in reversed(half.run):
        out, read = filled_by(node), list[ast.AST]()
        if isinstance(node, ast.Expr):
            read = [part for part in node.value.args if part is not out]
        elif isinstance(node, ast.Return):
            read = [node]
        elif isinstance(node, ast.Assign):
            out = node.targets[0] if isinstance(node.targets[0], ast.Subscript) else None
            read = [node.value] if isinstance(node.value, ast.Call | ast.BinOp) else []
        for one, cells in _cells(half, [out] if out else [], known).items():
            for other, needed in alive.items():
                if other != one and needed.shape == cells.shape and (needed & cells).any():
                    found.append({one, other})
            alive[one] &= ~cells
        for one, cells in _cells(half, read, known).items():
            alive[one] |= cells
    return found


def _cells(half: Half, parts: list[ast.AST], known: Known) -> dict[str, np.ndarray]:
    """The entries of arrays that some expressions mention."""
    nodes = [n for p in parts for n in ast.walk(p)]
    named = [meaning(n, known) for n in nodes if isinstance(n, ast.Name | ast.Attribute)]
    named += [meaning(n, known) for n in parts if isinstance(n, ast.Subscript)]
    found = {}
    for name, root in half.roots.items():
        views = [v for v in named if isinstance(v, np.ndarray) and np.may_share_memory(v, root)]
        if isinstance(parts[0] if parts else None, ast.Subscript):
            views = views[-1:]
        if views:
            root[...] = 0
            for view in views:
                view[...] = 1
            found[name] = root != 0
    return found
