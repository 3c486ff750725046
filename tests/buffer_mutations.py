"""Mistakes of the fast style, planted in the lines of a module: of buffers, views and workspaces.

`halves` knows which statement fills which array, which arrays have one shape, and which of them are
needed at once; so nothing is planted of which one can see that it changes nothing.
"""

import ast
from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from halves import Half, Known, filled_by, half_of, meaning, needed_at_once, unfolded

KINDS = {
    "F1": "written to another array of the same shape",
    "F2": "view of a wrong step",
    "F3": "part of an array cut at a wrong place",
    "F4": "workspace not made ready: carry, initial value, zeros beyond the ends",
    "F5": "statement left out",
    "F6": "one memory for two that are needed at once",
    "F7": "done in the first call with a workspace, and in no other",
}

Found = Iterator[tuple[str, str, str]]  # the kind, what was done, the wrong module
_HALVES = (
    ("forward", "ForwardArrays"),
    ("backward", "BackwardArrays"),
    ("step", "StepArrays"),
)
Edits = Iterator[tuple[str, dict[ast.AST, str]]]  # what was done: parts, and what stands instead


def edits(module: str) -> Found:
    """Every wrong module, as (kind, what was done, the module)."""
    tree = ast.parse(module)
    scope: Known = {"__name__": "made"}
    exec(compile(tree, "made", "exec"), scope)
    for function, kind in _HALVES:
        if kind in scope:
            half = half_of(tree, scope, function, kind)
            for number, plant in enumerate(_PLANTS, 1):
                for what, parts in plant(half):
                    yield f"F{number}", f"{function}: {what}", _put(module, parts)


def _put(module: str, parts: Mapping[ast.AST, str]) -> str:
    lines = module.splitlines(keepends=True)
    for node, text in sorted(parts.items(), key=lambda part: -part[0].lineno):
        before = "".join(lines[: node.lineno - 1]) + lines[node.lineno - 1][: node.col_offset]
        after = lines[node.end_lineno - 1][node.end_col_offset :]
        lines = [before, text, after, *lines[node.end_lineno :]]
        lines = "".join(lines).splitlines(keepends=True)
    return "".join(lines)


def _without(node: ast.stmt) -> tuple[str, dict[ast.AST, str]]:
    return f"without `{ast.unparse(node)}`", {node: "pass"}


# -- what is planted ------------------------------------------------------------------------------


def _targets(half: Half) -> Edits:
    """F1."""
    filled = [(node, filled_by(node), known) for node, known in half.inside if filled_by(node)]
    for node, out, known in filled:
        own = meaning(out, known)
        there = {ast.unparse(o): meaning(o, k) for _, o, k in filled if k is known}
        for text, other in there.items():
            if own is None or other is None or other.shape != own.shape:
                continue
            refused = "np.dot(" in ast.unparse(node) and not other.flags.c_contiguous  # by NumPy
            if not refused and not np.shares_memory(own, other):
                yield f"`{ast.unparse(node)}` into {text}", {out: text}


def _steps(half: Half) -> Edits:
    """F2."""
    shifted = [n for n in half.made if isinstance(n.targets[0], ast.Tuple)]
    shifted = [[t.attr for t in n.targets[0].elts] for n in shifted if ":" in ast.unparse(n.value)]
    beside = {one: other for names in shifted for one in names for other in names if one != other}
    for node in (*half.made, *half.body):
        target = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""
        if target in ("self.sizes", *(f"self.{name}" for name in half.roots)):
            continue
        for part in ast.walk(node):
            load = isinstance(getattr(part, "ctx", None), ast.Load)
            if load and isinstance(part, ast.Attribute) and part.attr in beside:
                text = f"{ast.unparse(part.value)}.{beside[part.attr]}"
                yield f"{text} in `{_short(node)}`", {part: text}
            if isinstance(part, ast.Subscript) and ast.unparse(part.slice) == "::-1":
                yield f"`{ast.unparse(part)}` in order", {part: ast.unparse(part.value)}
        if target.startswith("self.steps") and not ast.unparse(node).endswith("[::-1]"):
            yield f"{target} backwards", {node.value: f"{ast.unparse(node.value)}[::-1]"}


def _short(node: ast.AST) -> str:
    first = ast.unparse(node).partition("\n")[0]
    return first if len(first) <= 60 else f"{first[:57]}..."


def _cuts(half: Half) -> Edits:
    """F3."""
    for node in half.made:
        names, value = node.targets[0], ast.unparse(node.value)
        if value.startswith("np.split("):
            first, second, *rest = (each.attr for each in names.elts)
            for order in ((second, first, *rest), (*rest, first, second)):
                placed = zip((first, second, *rest), order, strict=True)
                if any(one != other and _used(half, one) for one, other in placed):
                    text = ", ".join(f"self.{each}" for each in order)
                    yield f"{text} = {value}", {names: text}
    for node in half.made if half.inside else ():
        known = half.inside[0][1]
        names = [n.attr for n in ast.walk(node.targets[0]) if isinstance(n, ast.Attribute)]
        if any(_used(half, name) for name in names):
            yield from _moved(node, {**known, "self": known["ws"]})
    for node, known in half.inside:
        yield from _moved(node, known)
        if filled_by(node) and ast.unparse(node.value.func) in ("np.concatenate", "np.stack"):
            parts = node.value.args[0].elts
            shapes = [getattr(meaning(each, known), "shape", None) for each in parts[:2]]
            if len(parts) > 1 and shapes[0] == shapes[1]:
                one, other = parts[:2]
                swapped = {one: ast.unparse(other), other: ast.unparse(one)}
                yield f"`{ast.unparse(node)}`, the first two swapped", swapped


def _used(half: Half, name: str) -> bool:
    found = [node for each in (*half.made, *half.body) for node in ast.walk(each)]
    read = [n for n in found if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)]
    return any(node.attr == name for node in read)


def _moved(node: ast.stmt, known: Known) -> Edits:
    """Other parts of the same shape, cut from the same array, along an axis that is not time."""
    for part in ast.walk(node):
        if not isinstance(part, ast.Subscript) or not isinstance(part.ctx, ast.Load):
            continue
        array, cut = meaning(part.value, known), part.slice
        axes = cut.elts if isinstance(cut, ast.Tuple) else [cut]
        unclear = any(ast.unparse(axis) in ("...", "None") for axis in axes)
        if not isinstance(array, np.ndarray) or unclear or len(axes) > array.ndim:
            continue
        if len(axes) == 1 and "moveaxis" not in ast.unparse(part.value):
            continue
        for place, axis in enumerate(axes):
            made = _other(axis, array.shape[place])
            if made:
                texts = [made if a is axis else ast.unparse(a) for a in axes]
                text = f"{ast.unparse(part.value)}[{', '.join(texts)}]"
                yield f"{text} for {ast.unparse(part)}", {part: text}


def _other(axis: ast.expr, size: int) -> str | None:
    if isinstance(axis, ast.Slice) and not axis.step:
        lower, upper = (each and ast.unparse(each) for each in (axis.lower, axis.upper))
        if lower and upper:
            wide = lower.isdigit() and upper.isdigit() and int(upper) < size
            return f"{lower} + 1 : {upper} + 1" if wide else f": {upper} - {lower}"
        return f": -({lower})" if lower else f"-({upper}) :" if upper else None
    if isinstance(axis, ast.Constant) and isinstance(axis.value, int) and size > 1:
        return str((axis.value + 1) % size)
    return None


def _stale(half: Half) -> Edits:
    """F4."""
    for node in half.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            yield _without(node)
            if isinstance(node.value, ast.IfExp):
                given = ast.unparse(node.value.orelse)
                place = ast.unparse(node.targets[0])
                told = f"if {given} is not None:\n            {place} = {given}"
                yield f"{place} left as it is without {given}", {node: told}
                yield f"{place} is 0 in any case", {node: f"{place} = 0"}
    for node in half.made:
        if ast.unparse(node.value).startswith("np.zeros("):
            last = half.body[-1]
            own = f"ws.{node.targets[0].attr}"
            for row in _untouched(half, node.targets[0].attr):
                text = f"{own}[{row}] = 1\n        {ast.unparse(last)}"
                yield f"{own}[{row}] is written to in the end", {last: text}


def _untouched(half: Half, root: str) -> Iterator[int]:
    """The ends of an array that are never filled."""
    array = half.roots[root]
    filled = [
        meaning(unfolded(filled_by(node)), known) for node, known in half.run if filled_by(node)
    ]
    stored = [(n.targets[0], known) for n, known in half.run if isinstance(n, ast.Assign)]
    filled += [meaning(t, known) for t, known in stored if isinstance(t, ast.Subscript)]
    for row in (0, -1):
        if not any(v is not None and np.shares_memory(array[row], v) for v in filled):
            yield row


def _left_out(half: Half) -> Edits:
    """F5."""
    for node, _ in half.inside:
        if filled_by(node):
            yield _without(node)


def _merged(half: Half) -> Edits:
    """F6."""
    needed = needed_at_once(half)
    made = {n.targets[0].attr: n for n in half.made if isinstance(n.targets[0], ast.Attribute)}
    for one, other in combinations(half.roots, 2):
        if half.roots[one].shape == half.roots[other].shape and {one, other} in needed:
            yield f"ws.{other} lies in ws.{one}", {made[other].value: f"self.{one}"}


def _once(half: Half) -> Edits:
    """F7."""
    for node in half.body:
        if filled_by(node):
            mark = f"done_{node.lineno}"
            text = ast.unparse(node)
            lines = (f'if not vars(ws).get("{mark}"):', f"    {text}", f"ws.{mark} = True")
            yield f"`{text}` once", {node: "\n        ".join(lines)}


_PLANTS = (_targets, _steps, _cuts, _stale, _left_out, _merged, _once)
