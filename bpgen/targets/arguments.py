"""What the functions of a module take, the table of shapes, and how parameters are drawn."""

import re
from collections.abc import Iterable, Iterator

from bpgen.extents import asked, least
from bpgen.ir import Cell, Equation, Node, Quantity, walk
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.sizes import Shape, Size
from bpgen.solving import Solution, solutions
from bpgen.targets.expressions import shape_text


def inputs(cell: Cell) -> list[Quantity]:
    return [q for q in cell.given if q.role == "input"]


def initials(cell: Cell) -> list[Quantity]:
    return [q for q in cell.given if q.role == "initial"]


def params(cell: Cell) -> list[Quantity]:
    return [q for q in cell.given if q.role == "param"]


def consts(cell: Cell) -> list[Quantity]:
    return [q for q in cell.given if q.role == "const"]


def asks_steps(cell: Cell) -> bool:
    """Whether the number of steps must be an argument: needed, and told by no input."""
    if any(q.timed for q in inputs(cell)):
        return False
    sizes = [n for e in cell.equations for n in walk(e.value) if n.op == "size"]
    return any(e.timed for e in cell.equations) or any("T" in n["size"].names for n in sizes)


def time_axis(cell: Cell, shape: Shape) -> int:
    """Where time lies in the array of a quantity of this shape, at the module's boundary."""
    return {"first": 0, "second": min(1, len(shape)), "last": len(shape)}[cell.layout]


def boundary_shape(cell: Cell, shape: Shape, timed: bool) -> list[str]:
    """The axes of an array at the module's boundary, as words: `["T", "N", "4*H"]`."""
    words = [axis_text(size) for size in map(str, shape)]
    if timed:
        words.insert(time_axis(cell, shape), "T")
    return words


def axis_text(size: str) -> str:
    """A size as one word, for the table of shapes: `4*H`, `D+H`."""
    words = re.sub(r"(\w+)\*\*(\d+)", lambda m: "*".join([m[1]] * int(m[2])), size)
    return words.replace(" ", "")


# -- drawing parameters ---------------------------------------------------------------------------


def fan_axis(equations: tuple[Equation, ...], name: str, rank: int) -> int:
    """The axis of a parameter that its first product contracts: 0 in x @ W, 1 in W @ x."""
    for equation in equations:
        for node in walk(equation.value):
            if node.op == "matmul":
                for side, arg in enumerate(node.args):
                    found = _axis_of(arg, name, side, rank)
                    if found is not None:
                        return found
    return 0


def _axis_of(arg: Node, name: str, side: int, rank: int) -> int | None:
    flipped = arg.op == "transpose"
    if flipped:
        arg = arg.args[0]
    if arg.op != "ref" or arg["name"] != name or rank < 2:
        return None
    axis = rank - 1 if side == 0 else rank - 2
    return (2 * rank - 3 - axis) if flipped else axis


def drawn(cell: Cell, q: Quantity) -> str:
    """The expression that draws a parameter."""
    shape = shape_text(q.shape)
    how = q.initialiser
    name = how.name if how else "glorot" if len(q.shape) >= 2 else "zeros"
    args = how.args if how else ()
    fixed = {
        "zeros": f"np.zeros({shape}, dtype)",
        "ones": f"np.ones({shape}, dtype)",
        "identity": f"np.eye{shape[:-1]}, dtype=dtype)",
    }
    if name in fixed:
        return fixed[name]
    if name == "constant":
        return f"np.full({shape}, {args[0]!r}, dtype)"
    text = _random(cell, q, name, args, shape)
    return f"{f'symmetric({text})' if q.symmetric else text}.astype(dtype)"


def _random(cell: Cell, q: Quantity, name: str, args: tuple[float, ...], shape: str) -> str:
    if name == "normal":
        return f"rng.normal(0.0, {args[0]!r}, {shape})"
    if name == "uniform":
        return f"rng.uniform({-args[0]!r}, {args[0]!r}, {shape})"
    if name == "orthogonal" or not q.shape:
        return f"orthogonal(rng, {shape})"
    axis = fan_axis(cell.equations, q.name, len(q.shape))
    others = [size for i, size in enumerate(q.shape) if i != axis]
    fan_in, fan_out = q.shape[axis], others[-1] if others else q.shape[0]
    if name == "he":
        return f"he(rng, {shape}, {fan_in})"
    return f"glorot(rng, {shape}, {fan_in}, {fan_out})"


# -- sizes ----------------------------------------------------------------------------------------


def hidden_sizes(cell: Cell) -> tuple[Solution, ...]:
    """How sizes that stand alone in no array that must be given follow from those that do.

    Initial values may be left out, so they are asked last, for what else cannot be known.
    """
    given = [*inputs(cell), *params(cell)]
    known = {"T", *_alone(q.shape for q in given)}
    found = solutions(given, known)
    known |= {*(s.name for s in found), *_alone(q.shape for q in initials(cell))}
    return (*found, *solutions(given, known))


def told(cell: Cell, given: Iterable[Quantity], others: Iterable[Shape] = ()) -> set[str]:
    """The sizes that `bind` knows from some arrays of a cell, and from others of these shapes."""
    quantities = list(given)
    known = _alone([*(q.shape for q in quantities), *others])
    for solved in hidden_sizes(cell):
        if solved.quantity in quantities and known.issuperset(solved.rest.names):
            known.add(solved.name)
    return known


def _alone(shapes: Iterable[Shape]) -> set[str]:
    return {size.name for shape in shapes for size in shape if size.name}


def solved_text(s: Solution, names: Names) -> str:
    """A solution as a tuple for `bind`: array, axis, size, rest, factor."""
    axis = axis_text(str(s.quantity.shape[s.axis]))
    words = (names.quantity(s.quantity.name), axis, s.name, axis_text(str(s.rest)))
    return f"({', '.join(map(repr, words))}, {s.factor})"


def least_sizes(cell: Cell, kept: int = 0) -> dict[str, int]:
    """How large a size must be for the equations to mean something.

    Large enough for the places that they name by number to exist, for slices to keep so many, and
    for what is divided by it.
    """
    found: dict[str, int] = {}
    below = {q.name: q.below for q in cell.given if q.below}
    for equation in cell.equations:
        for node in walk(equation.value):
            for needed in (*_divided(node), *asked(node, below, kept)):
                for name, number in (least(needed) or {}).items():
                    if name != "T":  # which is asked for by itself
                        found[name] = max(found.get(name, 1), number)
    return found


def _divided(node: Node) -> Iterator[Size]:
    """What must not be negative for no size to be zero by which a node divides."""
    if node.op == "divide":
        yield from (n["size"] - 1 for n in walk(node.args[1]) if n.op == "size")
    if node.op == "mean":
        axes = range(node.args[0].rank) if node["axes"] is None else node["axes"]
        yield from (node.args[0].shape[axis] - 1 for axis in axes)


def must_be_given(
    cell: Cell, given: Iterable[Quantity], optional: Iterable[tuple[str, Shape]]
) -> list[str]:
    """Refuse a call without an optional argument, by name, where nothing else tells its sizes."""
    known = told(cell, given)
    made: list[str] = []
    for own, shape in optional:
        hidden = [name for size in shape for name in size.names if name not in known]
        if hidden:
            made.append(f"    if {own} is None:")
            text = f"{own}: must be given, since nothing else tells {hidden[0]}"
            made += layout(f'raise ValueError("{text}")', 8)
            known |= set(hidden)
    return made
