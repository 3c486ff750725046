"""Expressions as NumPy text.

Two ways of running need two texts. Step by step, `x[t]` is one step of x. Over all steps at once,
x has time as its first axis and every operator must leave it alone: an argument of lower rank gets
axes behind its time, a product of rows merges time into the batch, so that one product serves every
step, and a sum over the steps of products is one product.

Brackets are set wherever they may be needed; `layout` takes out those that are not.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from bpgen.ir import OPERATORS, Node, walk
from bpgen.ops import einsum
from bpgen.ops.spelling import spell
from bpgen.parts import addends
from bpgen.sizes import ONE, Shape
from bpgen.targets.brackets import bracketed, first
from bpgen.targets.products import behind_time, over_steps

Read: TypeAlias = Callable[[Node, bool], str]

_SUMS = ("add", "subtract")


@dataclass(frozen=True, slots=True)
class Writer:
    """How to write: `read` gives the text of a quantity; `steps` says all steps at once."""

    read: Read
    steps: bool
    plain: bool = False
    constants: frozenset[str] = frozenset()  # plain Python numbers

    def write(self, node: Node) -> str:
        """The text of an expression."""
        if not node.timed and self.steps:
            return replace(self, steps=False).write(node)
        special = _SPECIAL.get(node.op)
        if special:
            return special(self, node)
        texts = [bracketed(self.argument(node, arg)) for arg in node.args]
        if OPERATORS[node.op].facts.get("reduces") and not node.args[0].rank:
            if self.plain or self.is_number(node.args[0]):
                # a Python number has no method to reduce it, nor has it a dtype
                texts = [f"np.array({texts[0]}{'' if self.plain else ', dtype'})"]
        text = self.spelled(node, texts)
        real = node.kind == "real" and self.is_number(node)
        if not self.plain and real and "symbol" not in OPERATORS[node.op].facts:
            return f"float({text})"  # a NumPy scalar would decide the dtype of what it meets
        return self.scalar(node, text)

    def scalar(self, node: Node, text: str) -> str:
        """The text of a single number; NumPy 1 makes a float64 of float32 and a Python number."""
        if self.plain or node.rank or node.timed or node.kind != "real":
            return text
        mixed = any(self.is_number(arg) for arg in node.args) and not self.is_number(node)
        return f"dtype.type({text})" if mixed and "symbol" in OPERATORS[node.op].facts else text

    def is_number(self, node: Node) -> bool:
        """Whether an expression is a plain Python number, made of numbers, sizes and constants."""
        if node.rank or node.kind == "bool" or (self.steps and node.timed):
            return False
        leaves = [n for n in walk(node) if not n.args]
        return all(n.op != "ref" or n["name"] in self.constants for n in leaves)

    def spelled(self, node: Node, texts: list[str], *, steps: bool | None = None) -> str:
        steps = self.steps and node.timed if steps is None else steps
        return spell(node, *texts, steps=steps, plain=self.plain, dtype="dtype")

    def argument(self, node: Node, arg: Node) -> str:
        """An argument, brought to the rank at which it lines up with the others."""
        return self.lined_up(node, arg, self.write(arg))

    def lined_up(self, node: Node, arg: Node, text: str) -> str:
        """The text of an argument, brought to the rank at which it lines up with the others."""
        if not self.steps:
            return text
        if OPERATORS[node.op].elementwise:
            return behind_time(text, node.rank - arg.rank) if arg.timed else text
        mixed = OPERATORS[node.op].facts.get("mixed", False)
        if not arg.timed and len(node.args) > 1 and not mixed:
            return f"np.broadcast_to({text}, {shape_text(arg.shape, steps=True)})"
        return text

    def rows(self, node: Node) -> str | None:
        """The expression over all steps as one matrix of rows, where it works row by row."""
        if not node.timed:
            flat = node.rank <= 1 or (node.rank == 2 and node.shape[0] == ONE)
            return bracketed(self.write(node)) if flat else None
        if node.rank != 2:
            return None
        if node.op == "matmul":
            left, right = node.args
            if left.timed and left.rank == 2 and not right.timed and right.rank == 2:
                return f"({self.fold(self.write(left))} @ {bracketed(self.write(right))})"
        if node.op in _SUMS:
            terms: list[tuple[str, Node]] = []
            while node.op in _SUMS and node.timed and node.rank == 2:
                terms.append((OPERATORS[node.op].facts["symbol"], node.args[1]))
                node = node.args[0]
            text = self.rows(node)
            for symbol, term in reversed(terms):
                behind = self.rows(term) if text else None
                text = f"{text} {symbol} {behind}" if behind else None
            return f"({text})" if text else None
        return None

    def fold(self, text: str) -> str:
        return f"fold({text})"


# -- leaves and time ------------------------------------------------------------------------------


def _ref(w: Writer, node: Node) -> str:
    return w.read(node, w.steps)


def _number(w: Writer, node: Node) -> str:
    return repr(node["value"])


def _size(w: Writer, node: Node) -> str:
    return f"({node['size']})"


def _step(w: Writer, node: Node) -> str:
    return "np.arange(1, T + 1)" if w.steps else "t" if w.plain else "(t + 1)"


def _cast(w: Writer, node: Node) -> str:
    (a,) = node.args
    if not w.steps and not a.rank and not any(n.op == "ref" for n in walk(a)):
        return w.write(a)  # a plain Python int, of any dtype
    if a.op == "expand" and w.is_number(a.args[0]):
        return w.write(replace(a, kind=node.kind))
    return w.spelled(node, [bracketed(w.write(a))])


def _expand(w: Writer, node: Node) -> str:
    """A plain number at every place takes the module's dtype; NumPy would choose one by itself."""
    (a,) = node.args
    if not w.plain and w.is_number(a):
        dtype = "dtype" if node.kind == "real" else "np.int64"
        return f"np.full({shape_text(node.shape)}, {w.write(a)}, {dtype})"
    return w.spelled(node, [bracketed(w.argument(node, a))])


def _steps(w: Writer, node: Node) -> str:
    if w.plain:
        return f"stacked({w.write(node.args[0]).removesuffix('[t]')}, T, 0)"
    return replace(w, steps=True).write(node.args[0])


def _row(w: Writer, node: Node) -> str:
    text = bracketed(replace(w, steps=False).write(node.args[0]))
    return text if w.steps else f"{text}[t - 1]" if w.plain else f"{text}[t]"


def _sum_steps(w: Writer, node: Node) -> str:
    (a,) = node.args
    if w.plain:
        return f"total({w.write(a).removesuffix('[t]')}, T)"
    at_once = replace(w, steps=True)
    return _summed_product(at_once, a) or _summed(at_once, a)


# -- sums over the steps --------------------------------------------------------------------------


def _summed(w: Writer, a: Node) -> str:
    """The sum over the steps of anything: its axes with those of a sum that it is already."""
    if a.op == "sum":
        inner = a.args[0]
        axes = range(-inner.rank, 0) if a["axes"] is None else a["axes"]
        places = (0, *(inner.rank + 1 + axis for axis in sorted(axes)))
        text = bracketed(w.write(inner))
        if a["keepdims"]:
            return f"{text}.sum(axis={places}, keepdims=True)[0]"
        return f"{text}.sum()" if len(places) == inner.rank + 1 else f"{text}.sum(axis={places})"
    if a.op in ("scatter", "scatter_entries") and all(arg.timed for arg in a.args):
        return w.spelled(a, [w.write(arg) for arg in a.args], steps=False)
    text = bracketed(w.write(a))
    return f"{text}.sum()" if a.rank == 0 else f"{text}.sum(axis=0)"


def _summed_product(w: Writer, a: Node) -> str | None:
    """Σ_t of products of one step, as one product over all of them."""
    if not all(arg.timed for arg in a.args):
        return None
    if a.op == "outer":
        u, v = (bracketed(w.write(arg)) for arg in a.args)
        return f"({u}.T @ {v})"
    if a.op == "matmul":
        left, right = a.args
        if left.op == "transpose" and left.rank == right.rank == 2:
            return f"({w.fold(w.write(left.args[0]))}.T @ {w.fold(w.write(right))})"
        if right.op == "transpose" and left.rank == right.rank == 2:
            u, v = w.write(left), w.write(right.args[0])
            return f"np.tensordot({u}, {v}, ((0, 2), (0, 2)))"
    if a.op == "einsum":
        texts = [w.write(arg) for arg in a.args]
        return einsum.summed(*texts, node=a)
    return None


# -- products -------------------------------------------------------------------------------------


def _matmul(w: Writer, node: Node) -> str:
    left, right = node.args
    if not w.steps:
        return f"({first(left, w.write(left), 'matmul')} @ {bracketed(w.write(right))})"
    rows = w.rows(node)
    if rows:
        return f"{rows}.reshape({shape_list(node.shape, steps=True)})"
    a, b = bracketed(w.write(left)), bracketed(w.write(right))
    turned = bracketed(w.write(left.args[0])) if left.op == "transpose" else None
    return over_steps(node, a, b, turned)


def _sum_of_terms(w: Writer, node: Node) -> str:
    """A sum or difference; over all steps, a product and what is added to its rows stay folded."""
    sums: list[Node] = []  # each the left side of the one before; they may be a thousand
    text = _folded(w, node)
    while text is None:
        sums.append(node)
        left = node.args[0]
        if left.op not in _SUMS or (w.steps and not left.timed):
            text = w.argument(node, left)
        else:
            node, text = left, _folded(w, left)
            text = text and w.lined_up(sums[-1], left, text)
    bare = None  # the text without the brackets that the next sum takes off
    for i, node in reversed(list(enumerate(sums))):
        a = bare or first(node.args[0], text, *_SUMS)
        b = bracketed(w.argument(node, node.args[1]))
        bare = f"{a} {OPERATORS[node.op].facts['symbol']} {b}"
        whole = w.scalar(node, f"({bare})")
        text = w.lined_up(sums[i - 1], node, whole) if i else whole
        bare = bare if text == f"({bare})" else None
    return text


def _folded(w: Writer, node: Node) -> str | None:
    """A sum over all steps that has a product in it, as rows, where it works row by row."""
    if not w.steps or all(n.op != "matmul" for n in addends(node)):
        return None
    rows = w.rows(node)
    return f"{rows}.reshape({shape_list(node.shape, steps=True)})" if rows else None


def _custom(w: Writer, node: Node) -> str:
    return w.write(node.args[0])


# -- text -----------------------------------------------------------------------------------------


def shape_list(shape: Shape, *, steps: bool = False) -> str:
    """`T, N, 4 * H`"""
    return ", ".join([*(["T"] if steps else []), *map(str, shape)])


def shape_text(shape: Shape, *, steps: bool = False) -> str:
    """`(T, N, 4 * H)`, as a tuple of Python."""
    count = len(shape) + steps
    return f"({shape_list(shape, steps=steps)}{',' if count == 1 else ''})"


def comment(shape: Shape, *, steps: bool = False) -> str:
    """The shape behind a line, `(T, N, 4*H)`."""
    return f"({shape_list(shape, steps=steps)})"


_SPECIAL: dict[str, Callable[[Writer, Node], str]] = {
    "ref": _ref,
    "number": _number,
    "size": _size,
    "step": _step,
    "cast": _cast,
    "expand": _expand,
    "steps": _steps,
    "row": _row,
    "sum_steps": _sum_steps,
    "matmul": _matmul,
    "add": _sum_of_terms,
    "subtract": _sum_of_terms,
    "custom": _custom,
}
