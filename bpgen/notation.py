"""Equations as text, as a spec would write them.

What the compiler made has no other form than a call, `embed(dz[t], axis=-1, start=0, size=4*H)`;
all that a spec can say prints as it would be said there.
"""

from collections.abc import Callable, Sequence

from bpgen.ir import OPERATORS, Attribute, Equation, Node, When
from bpgen.sizes import STEPS, Size, shape_text

_LEVELS = {
    "logical_or": 2,
    "logical_and": 3,
    "equal": 5,
    "not_equal": 5,
    "less": 5,
    "less_equal": 5,
    "greater": 5,
    "greater_equal": 5,
    "add": 10,
    "subtract": 10,
    "multiply": 20,
    "divide": 20,
    "remainder": 20,
    "matmul": 20,
}
_NEGATE, _POWER, _ATOM = 30, 40, 50


def when_text(when: When) -> str:
    """`[t-1]`, `[0]`, `[T]`, or nothing."""
    if when is None:
        return ""
    if isinstance(when, int):
        return f"[t{when:+d}]" if when else "[t]"
    if when.anchor == "first":
        return f"[{1 + when.offset}]"
    return f"[T{when.offset:+d}]" if when.offset else "[T]"


def text(node: Node, within: int = 0) -> str:
    """An expression; `within` is how tightly what stands around it binds."""
    special = _SPECIAL.get(node.op)
    if special:
        return special(node, within)
    if node.op in _LEVELS:
        level, (left, right) = _LEVELS[node.op], node.args
        symbol = OPERATORS[node.op].facts["symbol"]
        return _in(f"{text(left, level)} {symbol} {text(right, level + 1)}", level, within)
    defaults = OPERATORS[node.op].attributes if node.op in OPERATORS else {}
    words = [text(arg) for arg in node.args]
    reduced = OPERATORS[node.op].facts.get("reduces")
    for key, value in node.attrs:
        if reduced and key == "axes":
            words += _axes(node, value)
        elif key == "axis" and (isinstance(value, tuple) or _is_time(node, value)):
            words.append(_over(node.args[0], value if isinstance(value, tuple) else (value,)))
        elif value != defaults.get(key):
            words.append(f"{key}={_shown(value)}")
    return f"{node.op}({', '.join(words)})"


def _in(shown: str, level: int, within: int) -> str:
    return f"({shown})" if level < within else shown


def _axes(node: Node, axes: tuple[int, ...] | None) -> list[str]:
    """`over=H` where the size tells the axis, `axis=-1` where not, nothing for all."""
    (a,) = node.args
    if axes is None or len(axes) == a.rank:
        timed = STEPS in a.shape
        return ["over=t" if a.rank == 1 else "over=all"] if timed else []
    return [_over(a, axes)]


def _over(a: Node, axes: tuple[int, ...]) -> str:
    """Some axes of an array by their sizes, by position where a size occurs twice."""
    sizes = ["t" if a.shape[axis] == STEPS else str(a.shape[axis]) for axis in axes]
    if all(a.shape.count(a.shape[axis]) == 1 for axis in axes):
        return f"over={sizes[0]}" if len(sizes) == 1 else f"over=({', '.join(sizes)})"
    if len(axes) == a.rank and "t" in sizes:
        return "over=all"
    return f"axis={axes[0] if len(axes) == 1 else axes}"


def _is_time(node: Node, axis: int) -> bool:
    """Whether an axis of the first argument is that of the steps."""
    shape = node.args[0].shape if node.args else ()
    return -len(shape) <= axis < 0 and shape[axis] == STEPS


def _leaf(node: Node, within: int) -> str:
    if node.op == "ref":
        return f"{node['name']}{when_text(node['when'])}"
    if node.op == "size":
        shown = str(node["size"])
        return _in(shown, _ATOM if shown.isidentifier() else 10, within)
    return "t" if node.op == "step" else repr(node["value"])


def _power(node: Node, within: int) -> str:
    base, exponent = node.args
    return _in(f"{text(base, _POWER + 1)}**{text(exponent, _POWER)}", _POWER, within)


def _negate(node: Node, within: int) -> str:
    return _in(f"-{text(node.args[0], _NEGATE)}", 15, within)


def _not(node: Node, within: int) -> str:
    return _in(f"not {text(node.args[0], 4)}", 4, within)


def _transpose(node: Node, within: int) -> str:
    if node["axes"] is None:
        return f"{text(node.args[0], _ATOM)}.T"
    return f"transpose({text(node.args[0])}, {node['axes']})"


def _subscript(node: Node, words: Sequence[str]) -> str:
    inner = text(node.args[0], _ATOM)
    return f"{inner}[{', '.join(words)}]"


def _newaxis(node: Node, within: int) -> str:
    places = range(-node.rank, 0)
    return _subscript(node, ["None" if i in node["axes"] else ":" for i in places])


def _slice(node: Node, within: int) -> str:
    a, axis = node.args[0], node["axis"]
    words = [":"] * a.rank
    words[axis] = f"{node['start']}:{node['stop']}"
    return _subscript(node, words[: axis + a.rank + 1])


def _index(node: Node, within: int) -> str:
    words = [":"] * node.args[0].rank
    words[node["axis"]] = str(node["at"])
    return _subscript(node, words[: node["axis"] + node.args[0].rank + 1])


def _take(node: Node, within: int) -> str:
    return _subscript(node, [text(arg) for arg in node.args[1:]])


def _sum_steps(node: Node, within: int) -> str:
    return f"sum({text(node.args[0])}, over=t)"


def _inside(node: Node, within: int) -> str:
    return text(node.args[0], within)


def _custom(node: Node, within: int) -> str:
    return f"{node['called']}({', '.join(text(arg) for arg in node.args[1:])})"


def _shaped(node: Node, within: int) -> str:
    word = node["shape"] if node.op != "eye" else (node["size"],)
    return f"{node.op}({shape_text(word)})"


def _to(node: Node, within: int) -> str:
    return f"{node.op}({text(node.args[0])}, {shape_text(node['to'])})"


_SPECIAL: dict[str, Callable[[Node, int], str]] = {
    "ref": _leaf,
    "number": _leaf,
    "size": _leaf,
    "step": _leaf,
    "power": _power,
    "negate": _negate,
    "logical_not": _not,
    "transpose": _transpose,
    "newaxis": _newaxis,
    "slice": _slice,
    "index": _index,
    "take": _take,
    "entries": _take,
    "sum_steps": _sum_steps,
    "cast": _inside,
    "steps": _inside,
    "row": _inside,
    "custom": _custom,
    "zeros": _shaped,
    "ones": _shaped,
    "eye": _shaped,
    "expand": _to,
    "reshape": _to,
}


def _shown(value: Attribute) -> str:
    if isinstance(value, tuple):
        if value and all(isinstance(v, Size) for v in value):
            return shape_text(value)
        return f"({', '.join(map(_shown, value))})"
    return f'"{value}"' if isinstance(value, str) else str(value)


def target_text(equation: Equation) -> str:
    """`h[t]`, or the name alone of what has no time."""
    return equation.target + ("[t]" if equation.timed else "")


def equation_text(equation: Equation) -> str:
    """`h[t] = tanh(a[t])  : (N, H)`."""
    return f"{target_text(equation)} = {text(equation.value)}  : {shape_text(equation.shape)}"
