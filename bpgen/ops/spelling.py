"""The words of spellings: how an operator's NumPy text is put together from its arguments' texts.

`spell` is the one way in: it takes a node and a text for each argument, puts brackets where Python
needs them, and gives the node's text. `helpers` finds the small functions that a text calls.
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from string import Formatter
from typing import Any

from bpgen.ir import OPERATORS, Node, Operator
from bpgen.ops.shapes import spelled_shape, spelled_size
from bpgen.sizes import Size

ATOM = 15  # what binds tighter than everything: a name, a call, a subscript, brackets
_NUMBER = 14
_LEVELS: dict[type[ast.AST], int] = {
    ast.Or: 2,
    ast.And: 3,
    ast.Not: 4,
    ast.Compare: 5,
    ast.BitOr: 6,
    ast.BitXor: 7,
    ast.BitAnd: 8,
    ast.LShift: 9,
    ast.RShift: 9,
    ast.Add: 10,
    ast.Sub: 10,
    ast.Mult: 11,
    ast.MatMult: 11,
    ast.Div: 11,
    ast.FloorDiv: 11,
    ast.Mod: 11,
    ast.USub: 12,
    ast.UAdd: 12,
    ast.Invert: 12,
    ast.Pow: 13,
    ast.Constant: _NUMBER,
    ast.IfExp: 1,
    ast.Lambda: 1,
}


def spell(
    node: Node,
    *texts: str,
    steps: bool = False,
    dtype: str = "np.float64",
    plain: bool = False,
) -> str:
    """The NumPy text of a node, given those of its arguments, with brackets where needed.

    `steps` says that arguments carry time as their first axis, `dtype` is the text of the module's
    dtype, `plain` asks for the spelling that is right on complex numbers too.
    """
    operator = OPERATORS[node.op]
    form = operator.facts.get("plain", operator.numpy) if plain else operator.numpy
    if callable(form):
        given = {"node": node, "steps": steps, "dtype": dtype}
        return str(form(*texts, **{k: v for k, v in given.items() if k in _keywords(form)}))
    fields = {name: _attribute_text(value) for name, value in node.attrs}
    needs = _needs(form, operator)
    for name, text in zip(operator.params, texts, strict=True):
        fields[name] = bracketed(text, needs.get(name, 0))
        fields[f"{name}_"] = atom(text)
    return form.format(**fields, dtype=dtype)


def bracketed(text: str, level: int) -> str:
    """The text, in brackets if what it says binds looser than `level`."""
    return text if binding(text) >= level else f"({text})"


def atom(text: str) -> str:
    """The text, in brackets if a dot or a subscript may not follow it."""
    return bracketed(text, ATOM)


@lru_cache(1000)
def binding(text: str) -> int:
    """How tightly the outermost operator of a text binds, as Python ranks them."""
    body = ast.parse(text, mode="eval").body
    if body.col_offset or body.lineno > 1:
        return ATOM  # it stands in brackets
    return _level(body)


def helpers(texts: Iterable[str], plain: bool = False) -> dict[str, str]:
    """The helpers that texts call, by name, each after those that it calls itself."""
    known = _known("plain_helper" if plain else "into_helper", _known("helper", {}))
    found: dict[str, str] = {}

    def add(text: str) -> None:
        for name in re.findall(r"(?<![\w.])(\w+)\(", text):
            if name in known and name not in found:
                found[name] = ""  # a function that calls itself ends here
                add(known[name])
                found[name] = found.pop(name) or known[name]

    for text in texts:
        add(text)
    return found


def each_step(rank: int) -> str:
    """The places of all steps, as an index beside others of a rank within each step."""
    return f"np.arange(T)[:, {', '.join(['None'] * rank)}]" if rank else "np.arange(T)"


def spelled_axes(node: Node, steps: bool) -> str:
    """`axis=-1`, `axis=(-2, -1), keepdims=True`, or nothing for all axes of one step."""
    axes = node["axes"]
    if axes is None:
        axes = tuple(range(-node.args[0].rank, 0))
    words = []
    if len(axes) < node.args[0].rank or steps:
        words.append(f"axis={axes[0] if len(axes) == 1 else axes}")
    if node["keepdims"]:
        words.append("keepdims=True")
    return ", ".join(words)


def helper_names() -> tuple[str, ...]:
    """The names of all helpers there are."""
    facts = ("helper", "plain_helper", "into_helper")
    return tuple(name for fact in facts for name in _known(fact, {}))


def _known(fact: str, others: dict[str, str]) -> dict[str, str]:
    sources = [op.facts[fact] for op in OPERATORS.values() if fact in op.facts]
    names = [str(re.search(r"^def (\w+)", source, re.M)[1]) for source in sources]  # type: ignore[index]
    return {**others, **dict(zip(names, sources, strict=True))}


def _keywords(form: Callable[..., str]) -> set[str]:
    return {p.name for p in inspect.signature(form).parameters.values() if p.kind is p.KEYWORD_ONLY}


def _attribute_text(value: Any) -> str:
    if isinstance(value, Size):
        return spelled_size(value)
    if isinstance(value, tuple) and any(isinstance(v, Size) for v in value):
        return spelled_shape(value)
    return str(value)


def _level(node: ast.AST) -> int:
    if isinstance(node, ast.BinOp | ast.UnaryOp | ast.BoolOp):
        return _LEVELS[type(node.op)]
    return _LEVELS.get(type(node), ATOM)


@cache
def _needs_of(form: str, params: tuple[str, ...]) -> dict[str, int]:
    fields = {field for _, field, _, _ in Formatter().parse(form) if field}
    tree = ast.parse(form.format(**{field: f"_{field}" for field in fields}), mode="eval")
    needs: dict[str, int] = {}
    for parent in ast.walk(tree):
        for place, child in ast.iter_fields(parent):
            for each in child if isinstance(child, list) else [child]:
                if isinstance(each, ast.Name) and each.id[1:] in params:
                    name = each.id[1:]
                    needs[name] = max(needs.get(name, 0), _needed(parent, place))
    return needs


def _needs(form: str, operator: Operator) -> dict[str, int]:
    return _needs_of(form, operator.params)


def _needed(parent: ast.AST, place: str) -> int:
    """How tightly something must bind to stand at a place of an expression."""
    if isinstance(parent, ast.BinOp):
        level = _level(parent)
        if isinstance(parent.op, ast.Pow):
            return _NUMBER if place == "left" else _LEVELS[ast.USub]
        return level if place == "left" else level + 1
    if isinstance(parent, ast.UnaryOp | ast.BoolOp):
        return _level(parent)
    if isinstance(parent, ast.Compare):
        return _level(parent) + 1
    if isinstance(parent, ast.Attribute) or (
        isinstance(parent, ast.Subscript) and place == "value"
    ):
        return ATOM
    return 0
