"""The limit, run: nothing but the products of the plan, into arrays that are there already.

Each product is tried in the forms that it can have in NumPy, on arrays of its own for every step,
and takes the fastest: as matrices; as vectors, if one of them is a single row; with the columns of
a weight matrix cut into equal pieces, as gates are, so that one call makes a stack of products.
Parameters lie as a product likes them best. All views are made beforehand.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from benchmarks.contenders import Prepared
from benchmarks.limit import Product, products
from benchmarks.problem import Problem
from benchmarks.timing import fastest

PIECES = (2, 3, 4)  # of the columns
FILL = 0.5

Shape = tuple[int, ...]
Call = Callable[[np.ndarray, np.ndarray, np.ndarray], object]  # of left, right, result


@dataclass(frozen=True, slots=True)
class Form:
    """A way of doing a product: what to call, and the arrays of each call."""

    call: Call
    arrays: list[tuple[np.ndarray, np.ndarray, np.ndarray]]

    def __call__(self) -> None:
        call = self.call
        for left, right, result in self.arrays:
            call(left, right, result)


def prepare(problem: Problem) -> Prepared:
    needed = products(problem.plan)
    chosen = [best(forms(each, problem.sizes, problem.dtype)) for each in needed]

    def run() -> None:
        for form in chosen:
            form()

    return Prepared(run, None)


def best(choices: Iterable[Form]) -> Form:
    """The fastest; forms are made one at a time, since they may be large."""
    return min(((fastest(form), form) for form in choices), key=itemgetter(0))[1]


def forms(each: Product, sizes: Mapping[str, int], dtype: np.dtype) -> Iterator[Form]:
    """The forms of a product, each with arrays of its own."""
    times = each.times.value(sizes)
    lefts = times if each.left else 1
    rights = times if each.right else 1
    for call, left, right, result in _shapes(each, sizes):
        a = _fill(dtype, lefts, left, each.turned) * (times // lefts)
        b = _fill(dtype, rights, right) * (times // rights)
        yield Form(call, list(zip(a, b, _fill(dtype, times, result), strict=True)))


def _shapes(each: Product, sizes: Mapping[str, int]) -> Iterator[tuple[Call, Shape, Shape, Shape]]:
    """What does a product, with the shapes of its left and right factors and of its result."""
    batch, m, k, n = (size.value(sizes) for size in (each.batch, each.m, each.k, each.n))
    if batch > 1:
        yield np.matmul, (batch, m, k), (batch, k, n), (batch, m, n)
        return
    yield np.dot, (m, k), (k, n), (m, n)
    if each.turned:
        return
    if m == 1:
        yield np.dot, (k,), (k, n), (n,)
    if n == 1:
        yield np.dot, (m, k), (k,), (m,)
    if not each.right:
        for pieces in (p for p in PIECES if n % p == 0):
            yield np.matmul, (m, k), (pieces, k, n // pieces), (pieces, m, n // pieces)


def _fill(dtype: np.dtype, count: int, shape: Shape, turned: bool = False) -> list[np.ndarray]:
    """As many arrays of a number that is neither zero nor denormal, whose products are exact."""
    if not turned:
        return list(np.full((count, *shape), FILL, dtype))
    *stack, rows, columns = shape
    return list(np.full((count, *stack, columns, rows), FILL, dtype).swapaxes(-1, -2))
