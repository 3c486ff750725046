"""What `bpgen ops` says: the operators by family, and all there is to know of one.

Families follow from the facts that operators state, and a page is their docstring, their spelling
and the source of their backward rule. Only `split` is described here: it is no operator but a form
of equation, and people look for it among them.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from bpgen.ir import OPERATORS, Node, Operator, ShapeError, apply, ref
from bpgen.ops.spelling import helpers, spell
from bpgen.sizes import Shape, size

_FAMILIES: tuple[tuple[str, Callable[[Operator], bool]], ...] = (
    ("signs", lambda op: "symbol" in op.facts),
    ("entry by entry", lambda op: op.elementwise),
    ("reductions: over= or axis=, else all axes", lambda op: bool(op.facts.get("reduces"))),
    ("along an axis: over= or axis=, else the last", lambda op: bool(op.facts.get("along"))),
    ("arrays and shapes", lambda op: True),
)
_SPLIT = """An axis cut into parts of one size, `a[t], b[t] = split(z[t], H)`, or of several, \
`split(z[t], (H, K))`."""
_SPLIT_PAGE = f"""split(z, H, axis=-1)

{textwrap.fill(_SPLIT, 80)}

It stands alone, to the right of as many names as there are parts. Each part is
a slice, as in `z[t][:, 0:H]`, and receives its gradient in its place.
"""
_N, _H = size("N"), size("H")
_EXAMPLES: tuple[Shape, ...] = ((_N, _H), (_H, _H), (_H,), ())


def families() -> dict[str, list[Operator]]:
    """The operators that a spec can use, in the families that their facts put them in."""
    found: dict[str, list[Operator]] = {title: [] for title, _ in _FAMILIES}
    for _, operator in sorted(OPERATORS.items()):
        if not operator.facts.get("internal"):
            title = next(title for title, belongs in _FAMILIES if belongs(operator))
            found[title].append(operator)
    return found


def index(width: int = 80) -> str:
    """One line for each operator, under the headings of the families."""
    shown = {title: [(_word(op), _first(op)) for op in each] for title, each in families().items()}
    shown[_FAMILIES[-1][0]] = sorted([*shown[_FAMILIES[-1][0]], ("split", _SPLIT)])
    margin = max(len(word) for each in shown.values() for word, _ in each)
    lines: list[str] = []
    for title, each in shown.items():
        lines += ["", title]
        for word, says in each:
            opening = f"  {word:<{margin}}  "
            lines += textwrap.wrap(
                says, width, initial_indent=opening, subsequent_indent=" " * len(opening)
            )
    return "\n".join(lines[1:]) + "\n"


def entry(name: str) -> str:
    """All there is to know of an operator, by its word or its sign. Raises `LookupError`."""
    if name == "split":
        return _SPLIT_PAGE
    known = [op for each in families().values() for op in each]
    found = [op for op in known if name in (op.name, op.facts.get("symbol"))]
    if not found:
        near = get_close_matches(name, [*(op.name for op in known), "split"], n=1)
        meant = f"; did you mean `{near[0]}`?" if near else "; `bpgen ops` lists all"
        raise LookupError(f"there is no operator `{name}`{meant}")
    return "\n\n".join(map(_page, found))


def signature(op: Operator) -> str:
    """How a spec writes it: `a @ b`, `a.T`, `softmax(a, over=...)`, `layer_norm(a, eps=1e-05)`."""
    if "symbol" in op.facts:
        sign = str(op.facts["symbol"])
        if len(op.params) == 2:
            space = "" if sign == "**" else " "
            return f"{op.params[0]}{space}{sign}{space}{op.params[1]}"
        return f"{sign}{' ' if sign.isalpha() else ''}{op.params[0]}"
    by_axes = bool(op.facts.get("reduces") or op.facts.get("along"))
    hidden = ("axes", "axis", "keepdims") if by_axes else ()
    words = [*_arguments(op), *(["..."] if _variadic(op) else [])]
    for name, kind in inspect.get_annotations(op.shape).items():
        if name in op.attributes and name not in hidden:
            default = op.attributes[name]
            given = name if default is inspect.Parameter.empty else f"{name}={_short(default)}"
            words.insert(0 if kind is str else len(words), given)
    return f"{op.name}({', '.join([*words, *(['over=...'] if by_axes else [])])})"


def _arguments(op: Operator) -> list[str]:
    """Names for arguments; `a, b` where there may be any number."""
    return ["a", "b"] if _variadic(op) else list(op.params)


def _variadic(op: Operator) -> bool:
    return any(name.startswith("*") for name in op.params)


def _short(default: object) -> str:
    return repr(default).replace("e-0", "e-")


def _page(op: Operator) -> str:
    paragraphs = op.doc.strip().split("\n\n")
    parts = [signature(op), *("\n".join(textwrap.wrap(each, 80)) for each in paragraphs)]
    parts += ["In NumPy:", *_indented(_spelled(op))]
    if op.vjp is None:
        parts.append("Nothing flows back through it.")
    else:
        parts += ["Backward, from the gradient dy of the result y:", *_indented(_source(op.vjp))]
    return "\n\n".join(parts) + "\n"


def _indented(sources: list[str]) -> list[str]:
    return [textwrap.indent(source.strip("\n"), "    ") for source in sources]


def _spelled(op: Operator) -> list[str]:
    """The NumPy text, on arguments of shapes that fit, and the small functions that it calls."""
    node = _example(op)
    if node is not None:
        text = spell(node, *_arguments(op))
        return [text, *helpers([text]).values()]
    return _source(op.numpy) if callable(op.numpy) else [op.numpy]


def _example(op: Operator) -> Node | None:
    """The operator applied to arguments of the first shapes that it takes."""
    if any(default is inspect.Parameter.empty for default in op.attributes.values()):
        return None
    for shape in _EXAMPLES:
        try:
            return apply(op.name, *(ref(name, shape) for name in _arguments(op)))
        except ShapeError:
            continue
    return None


def _source(function: Callable[..., Any]) -> list[str]:
    """The source of a function, its types left out, and of those of its own file that it calls."""
    found: dict[str, str] = {}

    def add(each: Callable[..., Any]) -> None:
        lines, _ = inspect.getsourcelines(each)
        (tree,) = ast.parse("".join(lines)).body
        assert isinstance(tree, ast.FunctionDef)
        given = inspect.signature(each)
        bare = [p.replace(annotation=p.empty) for p in given.parameters.values()]
        header = f"def {each.__name__}{inspect.Signature(bare)}:\n"
        found[each.__name__] = header + "".join(lines[tree.body[0].lineno - 1 :])
        for name in re.findall(r"(?<![\w.])(_\w+)\(", found[each.__name__]):
            if name not in found and inspect.isfunction(each.__globals__.get(name)):
                add(each.__globals__[name])

    add(function)
    return list(found.values())


def _word(op: Operator) -> str:
    return signature(op) if "symbol" in op.facts else op.name


def _first(op: Operator) -> str:
    """The first line of its documentation, whole sentences."""
    return " ".join(op.doc.strip().split("\n\n")[0].split())
