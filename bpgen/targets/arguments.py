"""What the functions of a module take, the table of shapes, and how parameters are drawn."""

import re

from bpgen.ir import Cell, Equation, Node, Quantity, State, walk
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.sizes import Shape
from bpgen.targets.expressions import shape_text
from bpgen.targets.solving import Solution, solutions


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


# -- tables ---------------------------------------------------------------------------------------


def tables(cell: Cell, names: Names) -> list[str]:
    """The constants that `bind` reads: shapes, and what integers lie below."""
    rows = []
    for q in [*inputs(cell), *initials(cell), *params(cell)]:
        words = " ".join(boundary_shape(cell, q.shape, q.timed))
        rows.append((names.quantity(q.name), words, q))
    lines = table("SHAPES", [(name, words) for name, words, _ in rows])
    kinds = [(name, q) for name, _, q in rows if q.kind != "real"]
    if kinds:
        types = {"int": "np.integer", "bool": "np.bool_"}
        lines += layout(
            f"KINDS = {{{', '.join(f'{name!r}: {types[q.kind]}' for name, q in kinds)}}}"
        )
    labels = [(name, axis_text(str(q.below))) for name, _, q in rows if q.below]
    if labels:
        lines += table("LABELS", labels)
    solved = [
        f"({names.quantity(s.quantity.name)!r}, {axis_text(str(s.quantity.shape[s.axis]))!r}, "
        f"{s.name!r}, {axis_text(str(s.rest))!r}, {s.factor})"
        for s in hidden_sizes(cell)
    ]
    if solved:
        lines += layout(f"SOLVED = ({', '.join(solved)},)")
    return lines


def hidden_sizes(cell: Cell) -> tuple[Solution, ...]:
    """How sizes that stand alone in no array that must be given follow from those that do."""
    given = [*inputs(cell), *params(cell)]
    alone = {size.name for q in (*given, *initials(cell)) for size in q.shape if size.name}
    return solutions(given, [*alone, "T"])


def table(name: str, rows: list[tuple[str, str]]) -> list[str]:
    """A dictionary of names and words, as lines."""
    return layout(f"{name} = {{{', '.join(f'{key!r}: {words!r}' for key, words in rows)}}}")


def state_of(cell: Cell, initial: str) -> State:
    return next(s for s in cell.states if s.initial == initial)
