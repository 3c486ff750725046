"""How much memory `Saved` keeps from being freed, as a formula for its docstring.

An array is kept for as long as any part of it is saved, so the formula counts whole arrays, each of
them once. Which they are is read off the statements of `forward`, since every style makes its
arrays in its own way. Not counted is what the caller has anyway: arguments and outputs, and the
arrays that these are parts of.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bpgen.names import Names
from bpgen.schedule import Plan
from bpgen.sizes import STEPS, Shape, Size, product, size
from bpgen.targets.bodies import VIEWS
from bpgen.targets.saving import ARRAY, kinds_of, saved_name, saved_views, shapes_of, types_of

_ALLOTTED = ("np.empty", "np.zeros", "np.full")
_VIEWING = ("np.moveaxis", "np.swapaxes", "np.split", "np.broadcast_to")
_TURNING = ("reshape", "view")  # methods
_WORDS = {"real": "numbers", "int": "integers", "bool": "truth values"}


@dataclass(frozen=True, slots=True)
class Memory:
    """An array that an expression makes; of several that it makes at once, the one at `place`."""

    made: ast.expr
    place: int | None
    name: str = field(compare=False)  # what it is called first; "" if it is made elsewhere


def sentence(plan: Plan, names: Names, body: Sequence[str], classes: Sequence[str]) -> str:
    """What the docstring of `Saved` says; the first of `classes` makes arrays for `body`."""
    totals = held(plan, names, body, classes)
    order = ["T", *plan.pair.cell.sizes]
    parts = [f"{formula(totals[k], order)} {_WORDS[k]}" for k in _WORDS if k in totals]
    said = " and ".join(parts) or "nothing"
    return f"What `forward` keeps for `backward`: {said} besides inputs and outputs."


def held(plan: Plan, names: Names, body: Sequence[str], classes: Sequence[str]) -> dict[str, Size]:
    """How many entries are kept besides arguments and outputs, by kind."""
    forward = ast.parse("\n".join(["def forward():", *body]))
    statements = Statements.of(forward, classes, plan, names)
    outputs, saved = _returned(forward)
    others = {statements.memory(each) for each in outputs}
    shapes, types, kinds = shapes_of(plan), types_of(plan), kinds_of(plan)
    sizes = _sizes(plan, names)
    totals: dict[str, Size] = {}
    counted: set[ast.expr] = set()
    for text, (name, when) in zip(saved, saved_views(plan), strict=False):  # sizes come behind
        memory = statements.memory(text)
        array = types[name] == ARRAY and (shapes[name] or when is not None)
        if array and memory.name and memory not in others and memory.made not in counted:
            counted.add(memory.made)
            shared = sum(each.made is memory.made for each in others)
            entries = _entries(memory, sizes, shared)
            totals[kinds[name]] = totals.get(kinds[name], size(0)) + entries
    return totals


# -- statements -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statements:
    """What names are assigned first and, of several arrays, at which place; no arguments."""

    values: Mapping[str, tuple[ast.expr, int | None]]
    sizes: frozenset[str]

    @classmethod
    def of(
        cls, forward: ast.Module, classes: Sequence[str], plan: Plan, names: Names
    ) -> "Statements":
        """Those of a function, and of the class whose arrays it is lent."""
        lent = [n.items[0].optional_vars for n in ast.walk(forward) if isinstance(n, ast.With)]
        prefixes = [f"{ast.unparse(name)}." for name in lent if name]
        trees = [forward, *(ast.parse(classes[0].replace("self.", each)) for each in prefixes)]
        found: dict[str, tuple[ast.expr, int | None]] = {}
        for node in (node for tree in trees for node in ast.walk(tree)):
            if isinstance(node, ast.Assign):
                for target, value in _assigned(node.targets[0], node.value):
                    found.setdefault(ast.unparse(target), value)
        given = {names.quantity(q.name) for q in plan.pair.cell.given}
        values = {name: value for name, value in found.items() if name not in given}
        return cls(values, frozenset(("T", *plan.pair.cell.sizes)))

    def memory(self, value: ast.expr) -> Memory:
        """The array that an expression is, or is a view of."""
        name, place = "", None
        while True:
            text, viewed = ast.unparse(value), self._viewed(value)
            if text in self.values:
                name, (value, place) = text, self.values[text]
            elif viewed is not None:
                value = viewed
            else:
                # a name that nothing is assigned to is an argument
                own = not isinstance(value, ast.Name | ast.Constant)
                return Memory(value, place if _allotted(value) else None, name if own else "")

    def _in_pieces(self, value: ast.expr) -> bool:
        """Whether an array is a part of another, so that giving it another shape copies it."""
        made, _ = self.values.get(ast.unparse(value), (value, None))
        return isinstance(made, ast.Call) and ast.unparse(made.func) == "np.split"

    def _viewed(self, value: ast.expr) -> ast.expr | None:
        """What an expression takes a view of; None if it makes something new."""
        match value:
            case ast.Attribute(array, "T"):
                return array
            case ast.Subscript(array, index):
                parts = index.elts if isinstance(index, ast.Tuple) else [index]
                nodes = [n for p in parts if not isinstance(p, ast.Slice) for n in ast.walk(p)]
                indices = {n.id for n in nodes if isinstance(n, ast.Name)}
                return array if indices <= self.sizes else None  # by an array it would be a copy
            case ast.Call(ast.Attribute(array, "reshape")) if self._in_pieces(array):
                return None
            case ast.Call(ast.Attribute(array, method)) if method in _TURNING:
                return array
            case ast.Call(function, [array, *_]) if ast.unparse(function) in _VIEWING:
                return array
        return None


def _assigned(
    target: ast.expr, value: ast.expr
) -> Iterator[tuple[ast.expr, tuple[ast.expr, int | None]]]:
    """Each target of an assignment, and what it gets."""
    if not isinstance(target, ast.Tuple):
        yield target, (value, None)
        return
    for place, each in enumerate(target.elts):
        yield each, (value.elts[place], None) if isinstance(value, ast.Tuple) else (value, place)


def _returned(forward: ast.Module) -> tuple[list[ast.expr], list[ast.expr]]:
    """The arguments of `Outputs` and those of `Saved`."""
    returned = next(node.value for node in ast.walk(forward) if isinstance(node, ast.Return))
    assert isinstance(returned, ast.Tuple)
    outputs, saved = (each.args for each in returned.elts if isinstance(each, ast.Call))
    return outputs, saved


# -- sizes ----------------------------------------------------------------------------------------


def _allotted(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func) in _ALLOTTED


def _entries(memory: Memory, sizes: Mapping[str, Size], shared: int) -> Size:
    """The entries of what an expression makes, less the arrays of it that others have too."""
    made = memory.made
    if not isinstance(made, ast.Call) or not _allotted(made):
        return sizes[memory.name]
    (axes,) = made.args[:1]
    assert isinstance(axes, ast.Tuple)
    first, *rest = map(_axis, axes.elts)
    return product([first - shared if memory.place is not None else first, *rest])


def _axis(text: ast.expr) -> Size:
    """The size that an expression of sizes is."""
    match text:
        case ast.Constant(int(number)):
            return size(number)
        case ast.BinOp(left, ast.Add(), right):
            return _axis(left) + _axis(right)
        case ast.BinOp(left, ast.Sub(), right):
            return _axis(left) - _axis(right)
        case ast.BinOp(left, ast.Mult(), right):
            return _axis(left) * _axis(right)
        case ast.BinOp(left, ast.Pow(), ast.Constant(int(number))):
            return product([_axis(left)] * number)
    return size(ast.unparse(text))


def _sizes(plan: Plan, names: Names) -> dict[str, Size]:
    """The entries of what is made by an expression, by the name that it is given."""

    def entries(shape: Shape, timed: bool) -> Size:
        return product([STEPS, *shape] if timed else shape)

    found = {}
    for equation in plan.forward.equations:
        node = equation.value
        while node.op in VIEWS and node.args:
            node = node.args[0]
        found[names.quantity(equation.target)] = entries(node.shape, node.timed)
    for name, when in saved_views(plan):
        if isinstance(when, int) and when:
            found[saved_name(names, name, when)] = entries(shapes_of(plan)[name], True)
    return found


# -- words ----------------------------------------------------------------------------------------


def formula(total: Size, order: Sequence[str]) -> str:
    """`T*N*5*H`, `T*N*(4*H + 1) + D*H`: what all terms with T share stands in front of the rest."""
    over_time = Size(tuple(term for term in total.terms if "T" in term[0]))
    parts = [part for part in (over_time, total - over_time) if part.terms]
    return " + ".join(_product(part, order) for part in parts)


def _product(total: Size, order: Sequence[str]) -> str:
    """A sum as a product of what its terms share and of what is left."""
    common: list[str] = []
    for name in order:
        common += [name] * min(names.count(name) for names, _ in total.terms)
    left = total.divided(product(map(size, common))) or total
    if common and left.number is not None:
        return "*".join([*common[:-1], *([str(left)] if left.number != 1 else []), common[-1]])
    return "*".join([*common, f"({left})" if len(left.terms) > 1 else str(left)])
