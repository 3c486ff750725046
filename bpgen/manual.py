"""What `bpgen ops` says: the operators by family, and all there is to know of one.

Families follow from the facts that operators state, those of plug-ins among them, and a page is
their docstring, a line of a spec, the shapes they take, their spelling and the source of their
backward rule. Only what is no operator is described here, since people look for it among them:
`split`, a form of equation, and the words after `~`.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from itertools import islice
from typing import Any

from bpgen import plugins, trials
from bpgen.ir import OPERATORS, Node, Operator, apply
from bpgen.notation import text
from bpgen.ops.spelling import helpers, spell
from bpgen.sizes import shape_text
from bpgen.words import INITIALISERS

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
_DRAWN = {  # the words after `~`, and how `init_params` draws an array with each
    "zeros": "All zeros; what a parameter of one axis gets if nothing is said.",
    "ones": "All ones.",
    "constant": "One number, `c`, in every entry.",
    "normal": "Normal, with mean 0 and standard deviation `s`.",
    "uniform": "Uniform between -`r` and `r`.",
    "glorot": "Uniform, with a variance of 2 / (fan_in + fan_out) (Glorot and Bengio, 2010); what "
    "a parameter of two axes or more gets if nothing is said.",
    "he": "Normal, with a variance of 2 / fan_in (He et al., 2015), for relu.",
    "orthogonal": "A random matrix with orthonormal columns, or rows if it has more columns than "
    "rows.",
    "identity": "The identity matrix.",
}
_NUMBERS = {"constant": "c", "normal": "s", "uniform": "r"}
_TOPICS = ("split", *_DRAWN)


def families() -> dict[str, list[Operator]]:
    """The operators that a spec can use, in the families that their facts put them in."""
    found: dict[str, list[Operator]] = {title: [] for title, _ in _FAMILIES}
    for _, operator in sorted(OPERATORS.items()):
        if not operator.facts.get("internal"):
            title = next(title for title, belongs in _FAMILIES if belongs(operator))
            found[title].append(operator)
    return found


def index(width: int = 80) -> str:
    """One line for each operator, under the headings of the families; all plug-ins are loaded."""
    plugins.operator_troubles()
    shown = {title: [(_word(op), _first(op)) for op in each] for title, each in families().items()}
    shown[_FAMILIES[-1][0]] = sorted([*shown[_FAMILIES[-1][0]], ("split", _SPLIT)])
    shown["after ~, how a parameter is drawn"] = [
        (_drawn(word), says) for word, says in _DRAWN.items()
    ]
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
    """All there is to know of an operator, by its word or its sign. Raises `LookupError`.

    So too of `split` and of the words after `~`; `zeros` and `ones` are both that and operators.
    """
    if plugins.is_operator(name):
        return _page(OPERATORS[name])
    known = [op for each in families().values() for op in each if not op.origin]
    pages = [_page(op) for op in known if name in (op.name, op.facts.get("symbol"))]
    pages += [_SPLIT_PAGE] if name == "split" else []
    pages += [_initialiser(name)] if name in _DRAWN else []
    if not pages:
        near = get_close_matches(name, words(), n=1)
        reasons = plugins.why_not(name)
        meant = f"did you mean `{near[0]}`?" if near and not reasons else "`bpgen ops` lists all"
        raise LookupError("; ".join((f"there is no operator `{name}`", *reasons, meant)))
    return "\n\n".join(pages)


def words() -> list[str]:
    """Every word that has an entry, or would if the plug-in that offers it can be used."""
    own = [op.name for each in families().values() for op in each if not op.origin]
    return sorted({*own, *_TOPICS, *plugins.operator_names()})


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
    words = [*trials.names(op), *(["..."] if _variadic(op) else [])]
    for name, kind in inspect.get_annotations(op.shape).items():
        if name in op.attributes and name not in hidden:
            default = op.attributes[name]
            given = name if default is inspect.Parameter.empty else f"{name}={_short(default)}"
            words.insert(0 if kind is str else len(words), given)
    return f"{op.name}({', '.join([*words, *(['over=...'] if by_axes else [])])})"


def _variadic(op: Operator) -> bool:
    return any(name.startswith("*") for name in op.params)


def _short(default: object) -> str:
    return repr(default).replace("e-0", "e-")


def _page(op: Operator) -> str:
    paragraphs = op.doc.strip().split("\n\n")
    parts = [signature(op), *map(_filled, paragraphs)]
    if op.origin:
        parts.append(f"It is from {op.origin}.")
    nodes = list(islice(_examples(op), 3))
    if nodes:
        parts += ["In a spec:", *_indented([_line(nodes[0])])]
    if nodes and nodes[0].args:
        parts += ["Shapes:", *_indented(["\n".join(map(_shapes, nodes))])]
    parts += ["In NumPy:", *_indented(_spelled(op))]
    if op.vjp is None:
        parts.append("Nothing flows back through it.")
    else:
        parts += ["Backward, from the gradient dy of the result y:", *_indented(_source(op.vjp))]
    if op.vjp and nodes and op.facts.get("smooth") is False:
        parts.append(_filled(_kinks(op, nodes[0])))
    return "\n\n".join(parts) + "\n"


def _initialiser(name: str) -> str:
    shape = "(N, N)" if name == "identity" else "(N, H)"
    line = f"param W : {shape} ~ {_drawn(name, '0.1')}"
    return "\n\n".join([_drawn(name), _filled(_DRAWN[name]), "In a spec:", f"    {line}"]) + "\n"


def _drawn(name: str, number: str = "") -> str:
    """`normal(s)`, or with a number in its place."""
    return f"{name}({number or _NUMBERS[name]})" if INITIALISERS[name] else f"{name}()"


def _filled(sentence: str) -> str:
    return "\n".join(textwrap.wrap(sentence, 80))


def _indented(sources: list[str]) -> list[str]:
    return [textwrap.indent(source.strip("\n"), "    ") for source in sources]


def _examples(op: Operator) -> Iterator[Node]:
    """The operator on arguments of shapes that it takes; along one axis, if it works along axes."""
    for node in trials.examples(op):
        if op.facts.get("reduces") and node.args[0].rank > 1:
            node = apply(op.name, *node.args, **{**dict(node.attrs), "axes": (-1,)})
        yield node


def _line(node: Node) -> str:
    return f"y{'[t]' if node.timed else ''} = {text(node)}"


def _shapes(node: Node) -> str:
    """`a : (N, H), b : (H)  gives  (N, H)`."""
    given = [
        f"{arg.args[0]['name'] if arg.args else arg['name']} : {shape_text(arg.shape)}"
        for arg in node.args
    ]
    return f"{', '.join(given)}  gives  {shape_text(node.shape)}"


def _kinks(op: Operator, node: Node) -> str:
    """Where the slope jumps, in words; which slope counts there the documentation says."""
    where = "somewhere"
    if "kinks" in op.facts:
        asked = inspect.signature(op.facts["kinks"]).parameters
        attributes = {name: value for name, value in node.attrs if name in asked}
        zeros = [f"`{text(zero)}`" for zero in op.facts["kinks"](*node.args, **attributes)]
        where = f"where {' or '.join(zeros)} is 0"
    if op.facts.get("ties"):
        where = "where several entries tie"
    return f"Its slope jumps {where}; numeric checks keep off such points."


def _spelled(op: Operator) -> list[str]:
    """The NumPy text, on arguments of shapes that fit, and the small functions that it calls."""
    node = next(trials.examples(op), None)
    if node is not None:
        spelled = spell(node, *trials.names(op))
        return [spelled, *helpers([spelled]).values()]
    return _source(op.numpy) if callable(op.numpy) else [op.numpy]


def _source(function: Callable[..., Any]) -> list[str]:
    """The source of a function, its types left out, and of those of its own file that it calls."""
    found: dict[str, str] = {}

    def add(each: Callable[..., Any]) -> None:
        each = inspect.unwrap(each)
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
    """The first line of its documentation, whole sentences, and whose it is if it is not ours."""
    says = " ".join(op.doc.strip().split("\n\n")[0].split())
    return f"{says} [{op.origin}]" if op.origin else says
