"""Equations, typed: what every stage after `check` speaks.

A cell is a set of equations in `t`. An expression is a `Node`: an operator, its arguments, its
attributes, and what was inferred, the shape, the kind and whether it changes over time. Nodes are
frozen and compare by what they say, so equal expressions are one expression; the place in the spec
that a node came from rides along and does not count.

    number   2, 0.5         a number written in the spec
    size     N, 4*H         a size standing in an expression as a number
    step     t              the step, 1 to T
    ref      h[t-1]         a quantity, at a shift, at a fixed step, or without time

All other operators are files in `bpgen/ops/`. `apply` makes their nodes; `+ - * / ** @` between
nodes do the same, so that rules can be written as on paper.

Reading outside the steps 1 to T gives the initial value of a state on the side where it starts, and
zero for everything else.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from bpgen.report import Report
from bpgen.sizes import ONE, Shape, Size
from bpgen.source import Source, Span

# -- time -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fixed:
    """A step counted from an end: `Fixed("first", -1)` is step 0, `Fixed("last", 0)` is step T."""

    anchor: str  # "first" is step 1, "last" is step T
    offset: int


When: TypeAlias = int | Fixed | None  # a shift from t; a fixed step; no time

# -- expressions ----------------------------------------------------------------------------------

Attribute: TypeAlias = Any  # ints, floats, strings, sizes, shapes: frozen, hashable values


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """An expression. `attrs` is sorted by name; `place` does not take part in comparison."""

    op: str
    args: tuple["Node", ...]
    attrs: tuple[tuple[str, Attribute], ...]
    shape: Shape
    kind: str  # "real", "int", "bool"
    timed: bool
    place: Span | None = None
    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        key = (self.op, self.args, self.attrs, self.shape, self.kind, self.timed)
        object.__setattr__(self, "_hash", hash(key))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Node) or self._hash != other._hash:
            return False
        return (self.op, self.attrs, self.shape, self.kind, self.timed, self.args) == (
            other.op,
            other.attrs,
            other.shape,
            other.kind,
            other.timed,
            other.args,
        )

    def __getitem__(self, attribute: str) -> Attribute:
        for name, value in self.attrs:
            if name == attribute:
                return value
        raise KeyError(attribute)

    def __add__(self, other: "Term") -> "Node":
        return apply("add", self, other)

    def __radd__(self, other: "Term") -> "Node":
        return apply("add", other, self)

    def __sub__(self, other: "Term") -> "Node":
        return apply("subtract", self, other)

    def __rsub__(self, other: "Term") -> "Node":
        return apply("subtract", other, self)

    def __mul__(self, other: "Term") -> "Node":
        return apply("multiply", self, other)

    def __rmul__(self, other: "Term") -> "Node":
        return apply("multiply", other, self)

    def __truediv__(self, other: "Term") -> "Node":
        return apply("divide", self, other)

    def __rtruediv__(self, other: "Term") -> "Node":
        return apply("divide", other, self)

    def __pow__(self, other: "Term") -> "Node":
        return apply("power", self, other)

    def __matmul__(self, other: "Term") -> "Node":
        return apply("matmul", self, other)

    def __neg__(self) -> "Node":
        return apply("negate", self)

    @property
    def T(self) -> "Node":
        return apply("transpose", self)

    @property
    def rank(self) -> int:
        return len(self.shape)


Term: TypeAlias = Node | Size | int | float


def number(value: float, place: Span | None = None) -> Node:
    """A number; an int stays one."""
    kind = "int" if isinstance(value, int) else "real"
    return Node("number", (), (("value", value),), (), kind, False, place)


def size_node(value: Size, place: Span | None = None) -> Node:
    """A size as a number."""
    if value.number is not None:
        return number(value.number, place)
    return Node("size", (), (("size", value),), (), "int", False, place)


def step(place: Span | None = None) -> Node:
    """The step t, counted from 1."""
    return Node("step", (), (), (), "int", True, place)


def ref(
    name: str, shape: Shape, when: When = None, kind: str = "real", place: Span | None = None
) -> Node:
    """A quantity: `when` is a shift (timed), a fixed step, or None for one without time."""
    attrs = (("name", name), ("when", when))
    return Node("ref", (), attrs, shape, kind, isinstance(when, int), place)


def term(value: Term) -> Node:
    """A node from what may stand beside one in a rule."""
    if isinstance(value, Node):
        return value
    return size_node(value) if isinstance(value, Size) else number(value)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, each different one once, arguments before their users."""
    seen: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(node, False)]
    while stack:
        current, ready = stack.pop()
        if ready:
            yield current
        elif current not in seen:
            seen.add(current)
            if current.args:
                stack.append((current, True))
                stack += [(arg, False) for arg in reversed(current.args)]
            else:
                yield current


def refs(node: Node) -> tuple[Node, ...]:
    """Every different `ref` in a node, in the order of reading."""
    return tuple(n for n in walk(node) if n.op == "ref")


def rebuild(node: Node, change: Callable[[Node], Node | None]) -> Node:
    """The node with `change` applied to each part, arguments first; None leaves a part as it is."""
    done: dict[Node, Node] = {}
    for part in walk(node):
        args = tuple(done[arg] for arg in part.args)
        if args != part.args:
            made = apply(part.op, *args, **dict(part.attrs))
            # a rewrite may not change what a part is; its place stays that of the original
            new = replace(made, place=part.place)
        else:
            new = part
        done[part] = change(new) or new
    return done[node]


# -- operators ------------------------------------------------------------------------------------


class ShapeError(Exception):
    """An operator cannot take these shapes. `helps` are ways out, for the report."""

    def __init__(self, message: str, *helps: str, code: str = "BP201") -> None:
        super().__init__(message)
        self.helps = helps
        self.code = code


@dataclass(frozen=True, slots=True)
class Operator:
    """What a file in `bpgen/ops/` says; see `bpgen/ops/__init__.py` for each fact."""

    name: str
    doc: str
    params: tuple[str, ...]  # the arguments' names; ("*parts",) for any number
    attributes: Mapping[str, Attribute]  # keyword attributes and their defaults
    shape: Callable[..., Shape]
    vjp: Callable[..., Any] | None  # None: integers or booleans come out, nothing flows back
    numpy: str | Callable[..., str]
    latex: str | Callable[..., str]
    facts: Mapping[str, Any]  # the optional facts
    origin: str = ""  # the distribution that brings it, if it is not bpgen

    @property
    def elementwise(self) -> bool:
        """Entry by entry: arguments broadcast, and each entry of the result is of its own."""
        return bool(getattr(self.shape, "elementwise", False))


OPERATORS: dict[str, Operator] = {}  # filled by bpgen.ops and, on demand, by bpgen.plugins


def apply(name: str, *args: Term, place: Span | None = None, **attrs: Attribute) -> Node:
    """The node `name(args)`. Raises ShapeError if the operator cannot take these shapes."""
    operator = OPERATORS[name]
    nodes = tuple(term(arg) for arg in args)
    known = {**operator.attributes, **attrs}
    shape = tuple(operator.shape(*(node.shape for node in nodes), **known))
    kind = _kind(operator, nodes)
    if kind == "real" and operator.facts.get("casts", True):
        nodes = tuple(_cast(node) for node in nodes)
    timed = operator.facts.get("timed")
    if timed is None:
        timed = any(node.timed for node in nodes)
    return Node(name, nodes, tuple(sorted(known.items())), shape, kind, timed, place)


def _kind(operator: Operator, nodes: tuple[Node, ...]) -> str:
    kind = operator.facts.get("kind", "real")
    if kind == "join":  # ints stay ints among themselves, booleans among booleans
        kinds = [node.kind for node in nodes[operator.facts.get("joins", 0) :]]
        if all(k == "bool" for k in kinds):
            return "bool" if operator.facts.get("boolean", False) else "real"
        return "int" if all(k == "int" for k in kinds) else "real"
    return str(kind)


def _cast(node: Node) -> Node:
    """Integers and booleans become the module's dtype; plain numbers are of any dtype already."""
    if node.kind == "real" or node.op in ("number", "size"):
        return node
    if (
        node.kind == "int"
        and not node.rank
        and not any(n.op in ("ref", "step") for n in walk(node))
    ):
        return node
    return apply("cast", node, place=node.place)


# -- cells ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Initialiser:
    """How `init_params` draws a parameter: a name and its numbers, `normal(0.01)`."""

    name: str
    args: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something given from outside: an input, a parameter, a constant, initial values of a state.

    `simplex` is the axis that sums to one, counted from the end (-1 is the last), else None.
    """

    name: str
    role: str  # "input", "param", "const", "initial"
    shape: Shape
    timed: bool = False
    kind: str = "real"
    below: Size | None = None  # labels lie in 0 … below-1
    simplex: int | None = None
    symmetric: bool = False
    frozen: bool = False
    initialiser: Initialiser | None = None
    value: float | None = None  # of a constant
    place: Span | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A state: how far it is read towards its start, which way it runs, where it starts from.

    `initial` names the quantity that holds the values before the first step: of shape `shape` if
    `lag` is 1, of `(lag, *shape)` if more, the farthest first. It is an argument (a `Quantity` of
    role "initial") or the target of an equation. None if the state is read at no other step.
    """

    name: str
    shape: Shape
    lag: int
    direction: int  # 1 runs up from step 1, -1 runs down from step T
    initial: str | None
    place: Span | None = None


@dataclass(frozen=True, slots=True)
class Equation:
    """`target = value`, at every step if `timed`, once if not."""

    target: str
    value: Node
    timed: bool
    place: Span | None = None

    @property
    def shape(self) -> Shape:
        return self.value.shape


@dataclass(frozen=True, slots=True)
class Claim:
    """A formula that somebody believes, checked for names and shapes; judged elsewhere.

    `formula` is over the quantities of the cell and `d<name>`, the gradients. It is None if its
    shapes do not fit, for the reason in `fault`. With a `batch` it speaks of one example: each
    quantity in it lacks that axis.
    """

    kind: str  # "grad" or "jacobian"
    subject: Node
    formula: Node | None
    of: Node | None = None
    at: bool = False
    source: Node | None = None
    wrt: Node | None = None
    place: Span | None = None
    fault: Report | None = None
    batch: Size | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A checked spec: what is given, the states, the equations, what comes out.

    `outputs` names every quantity that `forward` returns, in the order of the spec: states, outputs
    and the loss.
    """

    name: str
    about: str
    sizes: tuple[str, ...]
    given: tuple[Quantity, ...]
    states: tuple[State, ...]
    equations: tuple[Equation, ...]
    outputs: tuple[str, ...]
    loss: str | None
    layout: str  # "first", "second", "last": where time lies in the arrays at the boundary
    claims: tuple[Claim, ...]
    source: Source
    # by name, so that asking for each of a thousand is not a search through a thousand
    _given: dict[str, Quantity] = field(init=False, repr=False, compare=False)
    _states: dict[str, State] = field(init=False, repr=False, compare=False)
    _equations: dict[str, Equation] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_given", {q.name: q for q in reversed(self.given)})
        object.__setattr__(self, "_states", {s.name: s for s in reversed(self.states)})
        object.__setattr__(self, "_equations", {e.target: e for e in reversed(self.equations)})

    def quantity(self, name: str) -> Quantity | None:
        return self._given.get(name)

    def state(self, name: str) -> State | None:
        return self._states.get(name)

    def equation(self, name: str) -> Equation:
        return self._equations[name]


@dataclass(frozen=True, slots=True)
class Pair:
    """Forward and backward equations.

    `cotangents` pairs an output with the quantity that stands for its given gradient; `gradients`
    pairs an argument with the equation that gives its gradient (None: it is zero).
    """

    cell: Cell
    forward: tuple[Equation, ...]
    backward: tuple[Equation, ...]
    cotangents: tuple[tuple[str, str], ...]
    gradients: tuple[tuple[str, str | None], ...]


def fresh(wanted: str, taken: Mapping[str, object] | set[str]) -> str:
    """A name that nobody has, as near to the wanted one as can be."""
    while wanted in taken:
        wanted += "_"
    return wanted


def is_number(node: Node, value: float) -> bool:
    """Whether a node is that number."""
    return node.op == "number" and bool(node["value"] == value)


def broadcast_shapes(*shapes: Shape) -> Shape | None:
    """NumPy's rule, with equal sizes or 1; None if it fails."""
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[Size] = [ONE] * rank
    for shape in shapes:
        for i, axis in enumerate(shape, start=rank - len(shape)):
            if result[i] == ONE:
                result[i] = axis
            elif axis not in (ONE, result[i]):
                return None
    return tuple(result)
