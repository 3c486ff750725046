"""The limit: the matrix products that a cell's training step cannot do without.

They are read off the plan, so there is a limit for any cell. A product inside a loop happens once
a step. One over every step at once is a single product, with time among the rows; one that is
summed over the steps is a single product, with time among what is summed. Products of three
factors count as people multiply, from the left. What is only entry by entry costs nothing here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bpgen.ir import Node, walk
from bpgen.schedule import Plan
from bpgen.sizes import ONE, STEPS, Size, product

Letters = tuple[str, ...]
TIME = "time"


@dataclass(frozen=True, slots=True)
class Product:
    """`times` times `batch` products of (m, k) by (k, n).

    `left` and `right` say whether that factor is another one each time. A sum over time reads both
    factors row by row, so that its left one lies in memory as (k, m): `turned`.
    """

    times: Size
    batch: Size
    m: Size
    k: Size
    n: Size
    left: bool = False
    right: bool = False
    turned: bool = False

    def __str__(self) -> str:
        counts = "".join(f"{c} × " for c in (self.times, self.batch) if c != ONE)
        return f"{counts}({self.m}, {self.k}) @ ({self.k}, {self.n})"


def products(plan: Plan) -> tuple[Product, ...]:
    """Every product of a plan, forward before backward, each different one once."""
    found: dict[tuple[bool, Node], tuple[Product, ...]] = {}
    for block in (*plan.forward.blocks, *plan.backward.blocks):
        loop = bool(block.direction)
        for node, summed in _heavy(e.value for e in block.equations):
            found.setdefault((loop, node), tuple(_products(node, loop, summed)))
    return tuple(each for several in found.values() for each in several)


def _heavy(values: Iterable[Node]) -> Iterator[tuple[Node, bool]]:
    """The products in expressions, and whether each is summed over the steps."""
    for value in values:
        nodes = tuple(walk(value))
        summed = {node.args[0] for node in nodes if node.op == "sum_steps"}
        yield from ((n, n in summed) for n in nodes if n.op in ("matmul", "outer", "einsum"))


@dataclass(frozen=True, slots=True)
class _Factor:
    letters: Letters
    varies: bool  # whether it is another one each time


def _products(node: Node, loop: bool, summed: bool) -> Iterator[Product]:
    """The products of two factors that a node is; outside a loop time is an axis like any other."""
    patterns, result = _lettered(node)
    sizes, factors = {TIME: STEPS}, []
    for letters, arg in zip(patterns, node.args, strict=True):
        axes = {c: size for c, size in zip(letters, arg.shape, strict=True) if size != ONE}
        time = (TIME,) if arg.timed and not loop else ()
        factors.append(_Factor((*time, *axes), loop and arg.timed))
        sizes |= axes
    if node.timed and not loop and not summed:
        result = (TIME, *result)
    while len(factors) > 1:
        a, b, *rest = factors
        read = {*result, *(c for factor in rest for c in factor.letters)}
        kept = tuple(c for c in dict.fromkeys(a.letters + b.letters) if c in read)
        if any(c in b.letters and c not in read for c in a.letters):
            turned = summed and not rest
            yield _product(a, b, kept, sizes, STEPS if loop else ONE, turned)
        factors = [_Factor(kept, a.varies or b.varies), *rest]


def _product(
    a: _Factor, b: _Factor, kept: Letters, sizes: Mapping[str, Size], times: Size, turned: bool
) -> Product:
    """The product of two factors; a letter of one alone that is not kept was summed before."""
    both = [c for c in a.letters if c in b.letters]

    def total(letters: Iterable[str]) -> Size:
        return product(sizes[c] for c in letters)

    return Product(
        times=times,
        batch=total(c for c in both if c in kept),
        m=total(c for c in a.letters if c not in both and c in kept),
        k=total(c for c in both if c not in kept),
        n=total(c for c in b.letters if c not in both and c in kept),
        left=a.varies,
        right=b.varies,
        turned=turned,
    )


def _lettered(node: Node) -> tuple[list[Letters], Letters]:
    """The axes of a product's factors and of its result as letters, as `einsum` has them."""
    if node.op == "einsum":
        left, _, right = node["pattern"].partition("->")
        return [tuple(part.split()) for part in left.split(",")], tuple(right.split())
    a, b = node.args
    if node.op == "outer":
        return [("m",), ("n",)], ("m", "n")
    rows, columns = ("m",) * (a.rank > 1), ("n",) * (b.rank > 1)
    stack = max(_stack(a), _stack(b), key=len)
    return [(*_stack(a), *rows, "k"), (*_stack(b), "k", *columns)], (*stack, *rows, *columns)


def _stack(factor: Node) -> Letters:
    """The axes before those of the matrix, counted from the last, which is how they broadcast."""
    return tuple(f"stack {i}" for i in range(factor.rank - 2, 0, -1))
