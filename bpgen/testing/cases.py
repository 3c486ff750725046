"""Operators met as their tests find them: shapes that each accepts, numbers for them, their value
and gradients through the interpreter.

Nothing here names an operator. Shapes, and attributes that have no default, are tried from a pool
until the operator's own rule for shapes has accepted enough of them; an argument through which
nothing flows is an index, and gets integers.
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

import numpy as np

from bpgen.interpret import evaluate
from bpgen.ir import OPERATORS, Node, Operator, ShapeError, apply, ref
from bpgen.sizes import ONE, Shape, Size, size

Array: TypeAlias = Any

N, H, K = map(size, "NHK")
SIZES = {"N": 3, "H": 4, "K": 2, "T": 5}
SHAPES = ((), (H,), (N, H), (H, H), (N, ONE), (ONE, H), (ONE,), (ONE, ONE), (H, N), (K, N, H))
PARTS = ((), (H,), (N, H), (H, H), (N, ONE), (H, N), (K, N, H))  # where there are three arguments
TAKEN = 14  # how many of the accepted cases are kept
CHOICES: Mapping[
    Any, tuple[Any, ...]
] = {  # by the type of an attribute; an operator's own rule refuses what it cannot take
    int: (-1, -2, 0),
    float: (0.3,),
    str: (
        "i j, j k -> i k",
        "i, i ->",
        "n h -> h",
        "n h, h -> n",
        "i, j, j -> j i",
        "k n h, n -> h",
    ),
    Size: (ONE, size(3), H, size(7)),
    Shape: (*SHAPES, (H, N, ONE), (N, N, H), (N * H,), (K, H)),
    tuple[int, ...]: ((-1,), (-2,), (-3, -1), (0,), (1, 0), (2, 0, 1)),
}


@dataclass(frozen=True, slots=True)
class Case:
    """An operator at some shapes and attributes, over refs `a0`, `a1`, …"""

    name: str
    shapes: tuple[Shape, ...]
    attrs: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        shown = [f"{k}={v}" for k, v in self.attrs]
        return (
            f"{self.name}({', '.join([*(str(tuple(map(str, s))) for s in self.shapes), *shown])})"
        )

    def node(self, timed: tuple[bool, ...] | None = None) -> Node:
        """The node over refs that change over time where `timed` says so."""
        times = timed or (False,) * len(self.shapes)
        args = [
            ref(f"a{i}", shape, 0 if time else None)
            for i, (shape, time) in enumerate(zip(self.shapes, times, strict=True))
        ]
        return apply(self.name, *args, **dict(self.attrs))

    @property
    def operator(self) -> Operator:
        return OPERATORS[self.name]


def cases(name: str) -> list[Case]:
    """Shapes and attributes that the operator takes, `TAKEN` of them at most, always the same."""
    found = [case for case in _accepted(name) if _sensible(case)]
    if not found:
        raise AssertionError(f"{name}: its `shape` takes none of the shapes that are tried")
    order = np.random.default_rng(list(name.encode())).permutation(len(found))
    return [found[i] for i in sorted(order[:TAKEN])]


def _accepted(name: str) -> Iterator[Case]:
    operator, choices = OPERATORS[name], _attributes(name)
    variadic = bool(operator.params) and operator.params[-1].startswith("*")
    for count in (1, 2, 3) if variadic else (len(operator.params),):
        for shapes in product(SHAPES if count < 3 else PARTS, repeat=count):
            for attrs in choices:
                try:
                    apply(name, *(ref("a", s) for s in shapes), **attrs)
                except (ShapeError, IndexError, ValueError, TypeError):
                    continue
                yield Case(name, shapes, tuple(attrs.items()))


def _sensible(case: Case) -> bool:
    """Whether the sizes among the attributes fit each other, which names alone do not tell.

    Only the compiler makes such operators, out of sizes that fit.
    """
    if not case.operator.facts.get("internal") or not any(
        isinstance(v, Size) for _, v in case.attrs
    ):
        return True
    try:
        arrays = draw(case, np.random.default_rng(0))
        y = forward(case, arrays)
        if case.operator.vjp:
            backward(case, arrays, y)
        return np.shape(y) == dims(case.node().shape)
    except (IndexError, ValueError):
        return False


def _attributes(name: str) -> list[dict[str, Any]]:
    """What to try for the attributes: each default, and each of the choices for its type."""
    stated = inspect.signature(OPERATORS[name].shape).parameters.values()
    keywords = [p for p in stated if p.kind is p.KEYWORD_ONLY]
    tried: list[tuple[Any, ...]] = []
    for p in keywords:
        kind = p.annotation if p.annotation in CHOICES else tuple[int, ...]
        kind = bool if p.annotation is bool else kind
        values = (False, True) if kind is bool else CHOICES[kind]
        if p.default is not p.empty and p.default not in values:
            values = (p.default, *values)
        tried.append(values)
    return [dict(zip((p.name for p in keywords), row, strict=True)) for row in product(*tried)]


# -- numbers --------------------------------------------------------------------------------------


def dims(shape: Shape) -> tuple[int, ...]:
    return tuple(s.value(SIZES) for s in shape)


def draw(case: Case, rng: np.random.Generator, lead: tuple[int, ...] = ()) -> list[Array]:
    """Arrays for the arguments, `lead` before their own axes; integers where nothing flows."""
    domain = case.operator.facts.get("domain", (-2.0, 2.0))
    each = domain if isinstance(domain[0], tuple) else [domain] * len(case.shapes)
    flows = flowing(case)
    drawn: list[Array] = []
    for i, shape in enumerate(case.shapes):
        form = (*lead, *dims(shape))
        if flows[i]:
            drawn.append(np.asarray(rng.uniform(each[i][0], each[i][1], form)))
        elif case.operator.vjp:
            drawn.append(np.asarray(rng.integers(0, _least(case), form)))
        else:  # a comparison or the like: ties must occur
            drawn.append(np.asarray(rng.integers(each[i][0], each[i][1] + 1, form), float))
    return drawn


def _least(case: Case) -> int:
    """An integer that no axis falls short of: what an index may be drawn below."""
    parts = [shape for shape, flows in zip(case.shapes, flowing(case), strict=True) if flows]
    sizes = [n for _, v in case.attrs for n in (v if isinstance(v, tuple) else (v,))]
    return min(2, *dims(tuple(n for n in (*sum(parts, ()), *sizes) if isinstance(n, Size))))


def flowing(case: Case) -> list[bool]:
    """Through which arguments a gradient flows."""
    if not case.operator.vjp:
        return [False] * len(case.shapes)
    return [share is not None for share in rule(case)]


def rule(case: Case, timed: tuple[bool, ...] | None = None) -> tuple[Node | None, ...]:
    """What the backward rule gives each argument, over `dy`, `y` and the arguments."""
    node = case.node(timed)
    when = 0 if node.timed else None
    dy, y = ref("dy", node.shape, when), ref("y", node.shape, when)
    assert case.operator.vjp is not None
    shares = case.operator.vjp(dy, y, *node.args, **dict(node.attrs))
    return shares if isinstance(shares, tuple) else (shares,)


def value(
    node: Node, given: Mapping[str, Array], plain: bool = False, dtype: Any = np.float64
) -> Array:
    """The value of an expression over named arrays."""
    return evaluate(node, lambda n, t: given[n["name"]], SIZES, 1, plain=plain, dtype=dtype)


def forward(
    case: Case, arrays: Sequence[Array], plain: bool = False, dtype: Any = np.float64
) -> Array:
    """The operator's value."""
    return value(case.node(), {f"a{i}": a for i, a in enumerate(arrays)}, plain, dtype)


def backward(
    case: Case, arrays: Sequence[Array], dy: Array, dtype: Any = np.float64
) -> list[Array]:
    """The gradient of each argument, None where nothing flows, made to fit as the adjoint does."""
    given = {f"a{i}": a for i, a in enumerate(arrays)} | {"dy": dy}
    given["y"] = forward(case, arrays, dtype=dtype)
    shares = [None if share is None else value(share, given, dtype=dtype) for share in rule(case)]
    form = dims(case.node().shape) if case.operator.elementwise else ()
    return [
        None if share is None else fit(np.asarray(share), form, a.shape)
        for share, a in zip(shares, arrays, strict=True)
    ]


def fit(share: Array, form: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    """A share as an array of an argument's shape: broadcast, then summed over repeated axes."""
    share = np.broadcast_to(share, np.broadcast_shapes(share.shape, form))
    extra = share.ndim - len(shape)
    if extra > 0:
        share = share.sum(axis=tuple(range(extra)))
    kept = len(shape) - share.ndim
    ones = tuple(i for i in range(share.ndim) if shape[kept + i] == 1 != share.shape[i])
    share = share.sum(axis=ones, keepdims=True)
    return np.broadcast_to(share, shape)
