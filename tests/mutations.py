"""Wrong derivatives, planted on purpose: what `mutants` writes as modules and lets tests find.

A mutation takes a pair of forward and backward equations (after `simplify`) and yields pairs whose
backward equations are wrong in one place. The forward half is never touched, so that a mutant is a
module which computes the right outputs and wrong gradients. Those whose shapes do not fit are not
made. `line_mutations` has the kinds that are about memory, of which equations say nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bpgen.adjoint import adjoint
from bpgen.ir import (
    Equation,
    Fixed,
    Node,
    Pair,
    ShapeError,
    apply,
    number,
    rebuild,
    ref,
    size_node,
    step,
    walk,
)
from bpgen.notation import text
from bpgen.simplify import simplify
from bpgen.sizes import ONE, STEPS

KINDS = {
    "M1": "transpose of an operand dropped or added",
    "M2": "result transposed",
    "M3": "one term of a sum deleted",
    "M4": "overwritten instead of accumulated",
    "M5": "sign flipped",
    "M6": "read at a wrong step",
    "M7": "un-broadcast sum lost: mean, first row, nothing",
    "M8": "un-broadcast over a wrong axis",
    "M9": "gradient of an initial state zero, or off by a step",
    "M10": "scaled by 1 + 10^-k, k = 2 ... 8",
    "M11": "one element scaled by 1 + 1e-3",
    "M12": "wrong local derivative",
    "M13": "given gradient of an output dropped, or kept at one step only",
    "M14": "given gradient ignored, ones instead",
    "M15": "clipped, or small entries set to zero",
    "M16": "truncated every k steps",
    "M17": "wrong branch at a kink or mask",
    "M18": "stop_gradient, or frozen, ignored",
    "M19": "softmax without the sum over its axis",
    "M20": "layer norm without a path, or with another epsilon",
    "M21": "shares memory with, or writes into, what was given",
    "M22": "memory of one call seen in the next",
}

Path = tuple[int, ...]
Found = Iterator[tuple[str, str, Pair]]  # the kind, what was done, the wrong pair


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a backward equation, and where it stands."""

    pair: Pair
    equation: Equation
    path: Path
    node: Node
    parent: Node | None

    @property
    def adjoint(self) -> bool:
        """Whether the part depends on what backward is given; else it is of the forward pass."""
        return mentions(self.pair, self.node)


# -- finding and replacing ------------------------------------------------------------------------


def adjoint_names(pair: Pair) -> set[str]:
    return {e.target for e in pair.backward} | {name for _, name in pair.cotangents}


def mentions(pair: Pair, node: Node) -> bool:
    names = adjoint_names(pair)
    return any(n.op == "ref" and n["name"] in names for n in walk(node))


def places(pair: Pair) -> Iterator[Place]:
    """Every part of every backward equation, outermost first."""

    def below(e: Equation, path: Path, node: Node, parent: Node | None) -> Iterator[Place]:
        yield Place(pair, e, path, node, parent)
        for i, arg in enumerate(node.args):
            yield from below(e, (*path, i), arg, node)

    for equation in pair.backward:
        yield from below(equation, (), equation.value, None)


def put(node: Node, path: Path, new: Node) -> Node:
    """The expression with another part at a path. Raises ShapeError if it does not fit."""
    if not path:
        return new
    args = [put(arg, path[1:], new) if i == path[0] else arg for i, arg in enumerate(node.args)]
    return apply(node.op, *args, **dict(node.attrs))


def with_value(pair: Pair, equation: Equation, value: Node) -> Pair:
    """The pair with another right-hand side of one backward equation."""
    changed = replace(equation, value=value)
    return replace(pair, backward=tuple(changed if e is equation else e for e in pair.backward))


def everywhere(pair: Pair, change: Callable[[Node], Node | None]) -> Pair:
    backward = tuple(replace(e, value=rebuild(e.value, change)) for e in pair.backward)
    return replace(pair, backward=backward)


def gradients(pair: Pair) -> list[Equation]:
    names = [name for _, name in pair.gradients if name]
    return [e for e in pair.backward if e.target in names]


def addends(node: Node) -> list[tuple[int, Node]]:
    """The terms of a sum with their signs, in order."""
    if node.op == "add":
        return [term for arg in node.args for term in addends(arg)]
    if node.op == "subtract":
        left, right = node.args
        return [*addends(left), *((-sign, term) for sign, term in addends(right))]
    return [(1, node)]


def total(terms: list[tuple[int, Node]]) -> Node:
    """The sum of signed terms."""
    (sign, whole), *rest = terms
    whole = whole if sign > 0 else -whole
    for sign, term in rest:
        whole = whole + term if sign > 0 else whole - term
    return whole


def zeros(node: Node) -> Node:
    return apply("zeros", shape=node.shape)


def where(condition: Node, a: Node, b: Node | int) -> Node:
    """A choice; a condition without axes, one of time say, stands for all entries."""
    return apply("where", condition, a, b)


def only_at(node: Node, last: bool) -> Node:
    """A value at the first or last step, zero at all others."""
    at = size_node(STEPS) if last else number(1)
    return where(apply("equal", step(), at), node, 0)


def unit(size: object, at: int) -> Node:
    """The vector that is 1 in one place."""
    return apply("index", apply("eye", size=size), axis=-2, at=at)


def short(node: Node) -> str:
    shown = text(node)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


# -- kinds that change a part of an equation ------------------------------------------------------

Change = Iterator[tuple[str, Node | None]]  # what was done, the new part (None: it does not fit)


def fits(name: str, *args: Node, **attrs: object) -> Node | None:
    """The operator applied, if it can be."""
    try:
        return apply(name, *args, **attrs)
    except ShapeError:
        return None


def transposes(at: Place) -> Change:
    node = at.node
    if node.op == "matmul":
        for i, arg in enumerate(node.args):
            other = node.args[1 - i]
            dropped = arg.op == "transpose" and arg["axes"] is None
            turned = arg.args[0] if dropped else arg.T if arg.rank >= 2 else arg
            word = "without" if dropped else "with"
            sides = (other, turned) if i else (turned, other)
            yield f"{short(arg)} {word} .T", fits("matmul", *sides)
    elif node.op == "einsum":
        left, _, right = node["pattern"].partition("->")
        factors = [part.split() for part in left.split(",")]
        for i, letters in enumerate(factors):
            for j in range(len(letters) - 1):
                swapped = [*letters[:j], letters[j + 1], letters[j], *letters[j + 2 :]]
                words = [*factors[:i], swapped, *factors[i + 1 :]]
                pattern = f"{', '.join(map(' '.join, words))} -> {right.strip()}"
                yield f"einsum {pattern}", fits("einsum", *node.args, pattern=pattern)


def lost_terms(at: Place) -> Iterator[tuple[str, str, Node]]:
    """M3; M19 and M20 where the term is the sum of softmax or a mean of layer norm."""
    terms = addends(at.node)
    nested = at.parent is not None and at.parent.op in ("add", "subtract")
    if len(terms) < 2 or nested or not at.adjoint:
        return
    for i, (_, term) in enumerate(terms):
        kind = "M3"
        reductions = [n for n in walk(term) if n.op in ("sum", "mean") and n["keepdims"]]
        if reductions and at.node.op == "subtract" and i:
            kind = "M20" if reductions[0].op == "mean" else "M19"
        yield kind, f"without the term {short(term)}", total([*terms[:i], *terms[i + 1 :]])


def overwritten(at: Place) -> Change:
    node = at.node
    if node.op == "sum_steps":
        a = node.args[0]
        yield "only the last step", apply("sum_steps", only_at(a, True))
        yield "only the first step", apply("sum_steps", only_at(a, False))
    nested = at.parent is not None and at.parent.op in ("add", "subtract")
    terms = addends(node)
    if len(terms) > 2 and not nested and at.adjoint:
        yield f"only the last term {short(terms[-1][1])}", total(terms[-1:])


def signs(at: Place) -> Change:
    if not at.adjoint:
        return
    if not at.path:
        yield "all negated", -at.node
    terms = addends(at.node)
    nested = at.parent is not None and at.parent.op in ("add", "subtract")
    if len(terms) > 1 and not nested:
        for i, (sign, term) in enumerate(terms):
            flipped = [*terms[:i], (-sign, term), *terms[i + 1 :]]
            yield f"sign of {short(term)}", total(flipped)
    if at.node.op == "negate":
        yield "sign dropped", at.node.args[0]


def wrong_steps(at: Place) -> Change:
    node = at.node
    if node.op == "step":
        yield "t + 1 for t", node + 1
    if node.op != "ref" or not isinstance(node["when"], int):
        return
    for shift in (-2, -1, 1, 2):
        if abs(shift) == 1 or node["when"]:
            made = ref(node["name"], node.shape, node["when"] + shift, node.kind)
            yield f"{text(made)} for {text(node)}", made


def lost_sums(at: Place) -> Change:
    node = at.node
    if node.op == "sum_steps" and at.adjoint:
        yield "mean over t", node / size_node(STEPS)
    if node.op not in ("sum", "mean") or not at.adjoint:
        return
    (a,) = node.args
    axes = tuple(range(-a.rank, 0)) if node["axes"] is None else tuple(sorted(node["axes"]))
    if all(a.shape[axis] == ONE for axis in axes):
        return  # of one entry, the sum is the mean and the first row
    other = "mean" if node.op == "sum" else "sum"
    yield f"{other} for {node.op}", apply(other, a, **dict(node.attrs))
    for row, word in ((0, "first"), (-1, "last")):
        first = a
        for axis in axes:  # from the left; a dropped axis moves none to its right
            first = apply("index", first, axis=axis, at=row)
        if node["keepdims"]:
            first = apply("newaxis", first, axes=axes)
        yield f"{word} row for {node.op}", first
    again = at.parent is not None and at.parent.op == "sum"  # which then takes these axes too
    if node.op == "sum" and node["keepdims"] and not again:
        yield "no sum", a


def wrong_axes(at: Place) -> Change:
    """The sum over another axis, stretched over what is left as NumPy would if the sizes agreed."""
    node = at.node
    if node.op != "sum" or not at.adjoint or node["axes"] is None:
        return
    (a,) = node.args
    gone = node["axes"]
    for axis in range(-a.rank, 0):
        if len(gone) != 1 or axis in gone:
            continue
        kept = apply("expand", apply("sum", a, axes=(axis,), keepdims=True), to=a.shape)
        first = apply("index", kept, axis=gone[0], at=0)
        if node["keepdims"]:
            first = apply("newaxis", first, axes=gone)
        yield f"sum over axis {axis} for {gone[0]}", first


def initial_states(at: Place) -> Change:
    node = at.node
    if node.op == "ref" and isinstance(node["when"], Fixed) and at.adjoint:
        fixed = node["when"]
        inwards = 1 if fixed.anchor == "first" else -1
        later = Fixed(fixed.anchor, fixed.offset + inwards)
        made = ref(node["name"], node.shape, later)
        yield f"{text(made)} for {text(node)}", made
        yield f"zero for {text(node)}", zeros(node)
        for e in at.pair.backward:
            carried = any(
                n.op == "ref" and n["name"] == node["name"] and n["when"] not in (0, None)
                for n in walk(e.value)
            )
            if carried and e.timed and e.target != node["name"] and e.shape == node.shape:
                made = ref(e.target, node.shape, fixed)
                yield f"{text(made)} for {text(node)}", made
    if node.op == "stack" and at.adjoint:
        yield "rows in reverse", apply("stack", *reversed(node.args), **dict(node.attrs))


_UNARY = ("sqrt", "sigmoid", "tanh", "exp", "elu", "relu", "softmax", "abs", "square")


def local_derivatives(at: Place) -> Change:
    node = at.node
    if node.op in ("multiply", "divide") and at.adjoint:
        for i, arg in enumerate(node.args):
            factor = node.args[1 - i]
            if mentions(at.pair, arg) and not (node.op == "divide" and i):
                made = arg if arg.shape == node.shape else apply("expand", arg, to=node.shape)
                yield f"without the factor {short(factor)}", made
    if at.adjoint or node.op == "number":
        return
    if node.op == "subtract":
        left, right = node.args
        yield f"{short(left + right)} for {short(node)}", left + right
        if right.shape == node.shape:
            yield f"{short(right)} for {short(node)}", right
    if node.op == "power":
        base, exponent = node.args
        yield f"{short(base)} for {short(node)}", base
        if exponent.op == "number":
            yield f"another power for {short(node)}", base ** (exponent["value"] + 1)
    if node.op in _UNARY:
        yield f"{short(node.args[0])} for {short(node)}", node.args[0]
    if node.op == "ref" and isinstance(node["when"], int):
        made_of = {e.target: e.value for e in at.pair.forward}.get(node["name"])
        if made_of is not None and made_of.op in _UNARY and node["when"] == 0:
            yield f"the argument of {text(node)}", made_of.args[0]


def truncations(at: Place) -> Change:
    node = at.node
    carried = node.op == "ref" and isinstance(node["when"], int) and node["when"] != 0
    if carried and at.adjoint:
        for every in (2, 3, 5):
            cut = apply("equal", apply("remainder", step(), every), 0)
            yield f"{text(node)} cut every {every} steps", where(cut, zeros(node), node)


_OTHER = {
    "greater": ("greater_equal", "less"),
    "greater_equal": ("greater", "less"),
    "less": ("less_equal", "greater"),
    "less_equal": ("less", "greater"),
    "equal": ("not_equal",),
    "not_equal": ("equal",),
}


def wrong_branches(at: Place) -> Change:
    node = at.node
    if node.op == "where" and at.adjoint:
        condition, a, b = node.args
        yield "branches swapped", where(condition, b, a)
        for side in (a, b):
            if mentions(at.pair, side):
                whole = side if side.shape == node.shape else apply("expand", side, to=node.shape)
                yield f"{short(side)} everywhere", whole
    for other in _OTHER.get(node.op, ()):
        made = apply(other, *node.args)
        yield f"{short(made)} for {short(node)}", made


def epsilons(at: Place) -> Change:
    node = at.node
    if node.op == "ref" and node["when"] == 0:  # a root that the forward pass keeps
        node = {e.target: e.value for e in at.pair.forward}.get(node["name"], node)
    if node.op != "sqrt" or node.args[0].op != "add" or at.adjoint:
        return
    v, eps = node.args[0].args
    if any(n.op in ("var", "mean") for n in walk(v)) and eps.op == "number":
        yield "epsilon outside the root", apply("sqrt", v) + eps
        yield "no epsilon", apply("sqrt", v)
        yield "epsilon twice", apply("sqrt", v + 2 * eps["value"])
        yield "the variance for its root", v + eps


PARTS: dict[str, Callable[[Place], Change]] = {
    "M1": transposes,
    "M4": overwritten,
    "M5": signs,
    "M6": wrong_steps,
    "M7": lost_sums,
    "M8": wrong_axes,
    "M9": initial_states,
    "M12": local_derivatives,
    "M16": truncations,
    "M17": wrong_branches,
    "M20": epsilons,
}


def in_parts(pair: Pair) -> Found:
    """All mutants of a part of an equation whose shapes fit."""
    for at in places(pair):
        for kind, what, node in lost_terms(at):
            yield from _fitted(kind, what, at, node)
        for kind, change in PARTS.items():
            for what, node in change(at):
                if node is not None:
                    yield from _fitted(kind, what, at, node)


def _fitted(kind: str, what: str, at: Place, node: Node) -> Found:
    try:
        value = put(at.equation.value, at.path, node)
    except ShapeError:
        return
    missing = at.equation.timed or not value.timed
    if value.shape == at.equation.shape and value != at.equation.value and missing:
        yield kind, f"{at.equation.target}: {what}", with_value(at.pair, at.equation, value)


# -- kinds that change a whole equation, or what is given -----------------------------------------


def of_results(pair: Pair) -> Found:
    """M2, M10, M11, M15; and M3, M7 where all that is left is zero or too large a shape."""
    results = gradients(pair)
    for i, e in enumerate(pair.backward):
        v = e.value
        if v.rank >= 2 and v.shape[-1] == v.shape[-2] != ONE:
            yield "M2", f"{e.target}: transposed", with_value(pair, e, v.T)
        yield "M10", f"{e.target}: times 1 + 1e-8", with_value(pair, e, v * (1 + 1e-8))
        if e in results:
            k = 2 + i % 6
            scaled = with_value(pair, e, v * (1 + 10.0**-k))
            yield "M10", f"{e.target}: times 1 + 1e-{k}", scaled
    for e in results:
        yield "M3", f"{e.target}: zero", with_value(pair, e, zeros(e.value))
        for what, value in _bounded(e.value):
            yield "M15", f"{e.target}: {what}", with_value(pair, e, value)
        for place in (0, -1):
            word = "last" if place else "first"
            value = e.value * (1 + 1e-3 * _mask(e, place))
            yield "M11", f"{e.target}: its {word} element", with_value(pair, e, value)


def _bounded(v: Node) -> Iterator[tuple[str, Node]]:
    for bound in (5.0, 1e4):
        clipped = apply("minimum", apply("maximum", v, -bound), bound)
        yield f"clipped at {bound:g}", clipped
    for least in (1e-3, 1e-9):
        large = apply("greater", apply("abs", v), least)
        yield f"zero where below {least:g}", where(large, v, 0)


def _mask(e: Equation, place: int) -> Node:
    """1 at one element of an equation's value, at one step, and 0 elsewhere."""
    mask = number(1.0)
    for i, size in enumerate(e.shape):
        line = unit(size, place) if size != ONE else apply("ones", shape=(ONE,))
        behind = tuple(range(i + 1 - len(e.shape), 0))
        mask = mask * (apply("newaxis", line, axes=behind) if behind else line)
    return only_at(mask, last=bool(place)) if e.timed else mask


def of_given(pair: Pair) -> Found:
    """M13 and M14: what is done with the gradients of the outputs."""
    for output, given in pair.cotangents:

        def swap(change: Callable[[Node], Node], given: str = given) -> Pair:
            return everywhere(
                pair, lambda n: change(n) if n.op == "ref" and n["name"] == given else None
            )

        yield "M13", f"the gradient of {output} dropped", swap(zeros)
        yield (
            "M14",
            f"ones for the gradient of {output}",
            swap(lambda n: apply("ones", shape=n.shape)),
        )
        if pair.cell.equation(output).timed:
            for last in (True, False):
                word = "last" if last else "first"
                yield (
                    "M13",
                    f"the gradient of {output} at the {word} step only",
                    swap(lambda n, last=last: only_at(n, last)),
                )


def of_stops(pair: Pair) -> Found:
    """M18: the adjoint of the same cell without `stop_gradient`, or with nothing frozen."""
    cell = pair.cell
    for q in cell.given:
        if q.frozen:
            given = tuple(replace(r, frozen=False) if r is q else r for r in cell.given)
            yield "M18", f"{q.name} not frozen", _again(pair, replace(cell, given=given))
    if any(n.op == "stop_gradient" for e in cell.equations for n in walk(e.value)):

        def through(n: Node) -> Node | None:
            return n.args[0] if n.op == "stop_gradient" else None

        free = tuple(replace(e, value=rebuild(e.value, through)) for e in cell.equations)
        yield "M18", "stop_gradient ignored", _again(pair, replace(cell, equations=free))


def _again(pair: Pair, cell: object) -> Pair:
    made = simplify(adjoint(cell))
    return replace(made, cell=pair.cell)


def mutations(pair: Pair) -> Found:
    """Every wrong pair, each once, under the first kind that makes it."""
    seen = {_key(pair)}
    for source in (in_parts, of_results, of_given, of_stops):
        for kind, what, made in source(pair):
            key = _key(made)
            if key not in seen:
                seen.add(key)
                yield kind, what, made


def _key(pair: Pair) -> tuple[object, ...]:
    return (pair.gradients, *((e.target, e.value) for e in pair.backward))
