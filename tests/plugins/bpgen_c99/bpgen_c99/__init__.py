"""C99 for bpgen: a plan as two functions over plain arrays, as a textbook would write the loops.

Every quantity is an array of doubles that the caller allocates, dense, row by row, time first. The
arguments are the sizes, then what is given, then all that is computed, each in the order of the
plan. Nothing is kept small and nothing is made fast: each entry of each quantity is one expression,
found by asking its equation for the entry at some indices. A product or a sum on the way becomes a
loop before the statement that needs it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from bpgen.ir import Equation, Fixed, Node, Quantity
from bpgen.schedule import Block, Plan
from bpgen.sizes import ONE, Size
from bpgen.targets import Unsupported

comment = "//"

ENTRIES = {  # what works entry by entry
    **{"add": "({} + {})", "subtract": "({} - {})", "multiply": "({} * {})", "divide": "({} / {})"},
    **{"negate": "(-{})", "power": "pow({}, {})", "square": "pow({}, 2)", "sqrt": "sqrt({})"},
    **{"exp": "exp({})", "log": "log({})", "sin": "sin({})", "cos": "cos({})", "tanh": "tanh({})"},
    **{"sigmoid": "sigmoid({})", "abs": "fabs({})", "relu": "relu({})"},
    **{"where": "({} ? {} : {})", "less": "({} < {})", "greater": "({} > {})"},
    **{"less_equal": "({} <= {})", "greater_equal": "({} >= {})", "expand": "{}"},
}
operators = {*ENTRIES, "matmul", "transpose", "sum", "sum_steps", "slice"}

HELPERS = {  # functions that C lacks, written above those that call them
    "sigmoid": "static double sigmoid(double x) { return 1 / (1 + exp(-x)); }",
    "relu": "static double relu(double x) { return x < 0 ? 0 : x; }",
}

KEPT = """auto break case char const continue default do double else enum extern float for goto if
inline int long main register restrict return short signed sizeof static struct switch typedef union
unsigned void volatile while exp log pow sin cos sqrt tanh fabs sigmoid relu NAN
INFINITY HUGE_VAL""".split()


def write(plan: Plan) -> dict[str, str]:
    """`NAME.c`: `NAME_forward` and `NAME_backward`."""
    cell = plan.pair.cell
    for q in cell.given:
        if q.kind != "real":
            raise Unsupported("integers and booleans", q.place)
    for state in cell.states:
        if state.initial and state.lag > 1:
            raise Unsupported("a state that is read further back than a step", state.place)
    given, made = list(cell.given), list(plan.forward.equations)
    cotangents = [name for _, name in plan.pair.cotangents]
    forward = _function(f"{cell.name}_forward", plan, given, [], plan.forward.blocks)
    kept = [*(e.target for e in made), *cotangents]
    backward = _function(f"{cell.name}_backward", plan, given, kept, plan.backward.blocks)
    body = "\n".join([*forward, "", *backward])
    text = f"// The cell {cell.name}, both passes: sizes, arrays, numbers; then what is computed.\n"
    text += "// Arrays are dense, time first, and the caller's; t = 1 ... T.\n#include <math.h>\n\n"
    text += "".join(f"{source}\n\n" for name, source in HELPERS.items() if f"{name}(" in body)
    return {f"{cell.name}.c": f"{text}{body}\n"}


def _function(
    name: str, plan: Plan, given: list[Quantity], kept: list[str], blocks: Sequence[Block]
) -> list[str]:
    """A pass: the sizes, what is given, what was computed before, and what it computes."""
    scalars = [f"double {_name(q.name)}" for q in given if q.role == "const"]
    read = [*(q.name for q in given if q.role != "const"), *kept]
    made = [e.target for block in blocks for e in block.equations]
    arguments = [
        *(f"long {_name(size)}" for size in ("T", *plan.pair.cell.sizes)),
        *(f"const double *{_name(each)}" for each in read),
        *scalars,
        *(f"double *{_name(each)}" for each in made),
    ]
    body: list[str] = []
    for block in blocks:
        if block.direction:
            lines = [line for e in block.equations for line in _entries(e, plan)]
            body += [_UP if block.direction > 0 else _DOWN, *_indented(lines), "}"]
        for e in block.equations if not block.direction else ():
            lines = _entries(e, plan)
            body += [_UP, *_indented(lines), "}"] if e.timed else lines
    head = f"void {name}(\n    {(',' + chr(10) + '    ').join(arguments)})"
    return [head, "{", *_indented(body), "}"]


def _entries(e: Equation, plan: Plan) -> list[str]:
    """Every entry of an equation's target, at one step."""
    indices = [f"_i{axis}" for axis in range(len(e.shape))]
    entry = _Entry(plan)
    value = entry.of(e.value, indices)
    step = ["t - 1"] if e.timed else []
    lines = [*entry.before, f"{_name(e.target)}[{_flat(e.shape, indices, step)}] = {value};"]
    for index, size in reversed(list(zip(indices, e.shape, strict=True))):
        lines = _loop(index, size, lines)
    return lines


@dataclass(slots=True)
class _Entry:
    """One entry of an expression, and the loops that must run before it can be written."""

    plan: Plan
    before: list[str] = field(default_factory=list)
    fresh: Iterator[int] = field(default_factory=count)

    def of(self, node: Node, at: list[str]) -> str:
        """The entry of a node at some indices."""
        if node.op in ENTRIES:
            return ENTRIES[node.op].format(*(self.of(a, _aligned(a, at)) for a in node.args))
        match node.op:
            case "ref":
                return self.read(node, at)
            case "number":
                value = float(node["value"])
                return repr(value) if value >= 0 else f"({value!r})"
            case "size":
                return f"(double){_size(node['size'])}"
            case "step":
                return "(double)t"
            case "matmul":
                return self.product(*node.args, at)
            case "transpose":
                if node["axes"] is not None:
                    raise Unsupported("a transpose of other than two axes", node.place)
                return self.of(node.args[0], [*at[:-2], at[-1], at[-2]])
            case "slice":
                start = f"({at[node['axis']]} + {_size(node['start'])})"
                return self.of(node.args[0], [*at[: node["axis"]], start, *at[node["axis"] :][1:]])
            case "sum":
                return self.reduced(node, at)
        return self.over_steps(node.args[0], at)  # `sum_steps`

    def read(self, node: Node, at: list[str]) -> str:
        """A quantity at a step; outside the steps, a state's initial value or zero."""
        name, when = _name(node["name"]), node["when"]
        given = self.plan.pair.cell.quantity(node["name"])
        if given and given.role == "const":
            return name
        if when is None:
            return f"{name}[{_flat(node.shape, at)}]"
        step, row = _step(when)
        inside = f"{name}[{_flat(node.shape, at, [row])}]"
        if when == 0:
            return inside
        outside, state = "0", self.plan.pair.cell.state(node["name"])
        if state and state.initial:  # the other end is as empty as that of what is no state
            start = f"{step} < 1" if state.direction > 0 else f"{step} > T"
            outside = f"({start} ? {_name(state.initial)}[{_flat(node.shape, at)}] : 0)"
        return f"(1 <= {step} && {step} <= T ? {inside} : {outside})"

    def product(self, a: Node, b: Node, at: list[str]) -> str:
        if max(a.rank, b.rank) > 2:
            raise Unsupported("products of stacks of matrices", a.place)
        k = self.index()
        rows, columns = at[: a.rank - 1], at[len(at) - (b.rank - 1) :]
        return self.summed([(k, a.shape[-1])], (a, [*rows, k]), (b, [k, *columns]))

    def reduced(self, node: Node, at: list[str]) -> str:
        (a,), axes, rest = node.args, node["axes"], at
        below, loops = [], []
        for axis, size in zip(range(-a.rank, 0), a.shape, strict=True):
            if axes is None or axis in axes:
                below.append(self.index())
                loops.append((below[-1], size))
                rest = rest[1:] if node["keepdims"] else rest
            else:
                below.append(rest[0])
                rest = rest[1:]
        return self.summed(loops, (a, below))

    def summed(self, loops: list[tuple[str, Size]], *factors: tuple[Node, list[str]]) -> str:
        """A sum over indices of a product of entries, in loops of its own."""
        inner = _Entry(self.plan, [], self.fresh)
        value = " * ".join(inner.of(node, at) for node, at in factors)
        total = f"_s{next(self.fresh)}"
        body = [*inner.before, f"{total} += {value};"]
        for index, size in reversed(loops):
            body = _loop(index, size, body)
        self.before += [f"double {total} = 0;", *body]
        return total

    def over_steps(self, node: Node, at: list[str]) -> str:
        inner = _Entry(self.plan, [], self.fresh)
        value, total = inner.of(node, at), f"_s{next(self.fresh)}"
        body = _indented([*inner.before, f"{total} += {value};"])
        self.before += [f"double {total} = 0;", _UP, *body, "}"]
        return total

    def index(self) -> str:
        return f"_k{next(self.fresh)}"


_UP, _DOWN = "for (long t = 1; t <= T; t++) {", "for (long t = T; t >= 1; t--) {"


def _loop(index: str, size: Size, body: list[str]) -> list[str]:
    return [f"for (long {index} = 0; {index} < {_size(size)}; {index}++) {{", *_indented(body), "}"]


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _aligned(arg: Node, at: list[str]) -> list[str]:
    """The indices of an argument that is broadcast: from the right, 0 along axes of size 1."""
    own = at[len(at) - arg.rank :]
    return ["0" if size == ONE else index for size, index in zip(arg.shape, own, strict=True)]


def _flat(shape: Sequence[Size], at: list[str], step: Sequence[str] = ()) -> str:
    """The place of an entry in an array, its step first if it has one."""
    place = "".join(step)
    for size, index in zip(shape, at, strict=True):
        row = f"({place})" if " " in place else place
        place = f"{row} * {_size(size)} + {index}" if place else index
    return place or "0"


def _step(when: int | Fixed) -> tuple[str, str]:
    """A step, and the row of an array that it is kept in."""
    if isinstance(when, int):
        return _plus("t", when), _plus("t", when - 1)
    if when.anchor == "last":
        return _plus("T", when.offset), _plus("T", when.offset - 1)
    return str(1 + when.offset), str(when.offset)


def _plus(word: str, number: int) -> str:
    return f"{word} {'+' if number > 0 else '-'} {abs(number)}" if number else word


def _size(size: Size) -> str:
    if size.name:
        return _name(size.name)
    terms = (" * ".join([str(factor), *map(_name, names)]) for names, factor in size.terms)
    return str(size.number) if size.number is not None else f"({' + '.join(terms)})"


def _name(name: str) -> str:
    """A name as C can have it; no name of a plan begins with `_`."""
    return f"_{name}" if name in KEPT else name
