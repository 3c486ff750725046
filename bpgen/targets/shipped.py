"""The test that ships beside a module: its tables, its plain forward pass, and the rows it gets.

A row stands in the file where the equations show that it applies; where they do not, the docstring
names it and says why.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import chain, count

from bpgen.ir import OPERATORS, Cell, walk
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.ops.spelling import helpers
from bpgen.page import Test, code, codes
from bpgen.safe import safe
from bpgen.schedule import Plan
from bpgen.targets import cases
from bpgen.targets.arguments import (
    asks_steps,
    axis_text,
    boundary_shape,
    initials,
    inputs,
    least_sizes,
    params,
    time_axis,
    told,
)
from bpgen.targets.forward import needs_steps
from bpgen.targets.numpy import filled, module_names
from bpgen.targets.plain import plain_function
from bpgen.targets.proofs import batch_reason, batch_size, time_reason
from bpgen.targets.sizes import without_clashes
from bpgen.targets.streaming import stream

_PRIMES = (3, 7, 11, 2, 13, 17, 19, 23, 29, 31, 37, 41)
_OTHER_PRIMES = (2, 5, 3, 11, 13, 17, 19, 23, 29, 31, 37, 41)


def write(plan: Plan) -> Test:
    """The page of the test of a cell's module."""
    plan = without_clashes(plan)
    cell = plan.pair.cell
    names = module_names(plan)
    rows, missing = _rows(plan)
    plain = plain_function(cell, names)
    used = list(helpers(plain, plain=True).values())
    return Test(
        module=code(cell.name),
        doc=codes(_doc(cell, missing)),
        tables=codes(_tables(plan, names)),
        plain=codes("\n".join(["\n".join(plain), *(f"\n\n{s.strip()}" for s in used)]).split("\n")),
        support=codes(cases.SUPPORT.strip("\n").split("\n")),
        cases=codes(row.strip("\n") for row in rows),
    )


def _rows(plan: Plan) -> tuple[list[str], list[str]]:
    """The rows that apply, and a sentence for each that does not."""
    cell = plan.pair.cell
    rows = [cases.FORWARD, cases.GRADIENTS, cases.ENTRIES, cases.LINEAR, cases.PURE]
    missing = []
    for row, reason, what in (
        (cases.TIME, time_reason(cell), "test_time, which cuts time in two"),
        (cases.BATCH, batch_reason(cell), "test_batch, which splits the batch"),
    ):
        if reason is None:
            rows.append(row)
        else:
            missing.append(f"No {what}: {reason}.")
    rows.append(cases.ONE)
    rows.append(cases.NO_STEPS_REFUSED if needs_steps(cell) else cases.NO_STEPS)
    rows += [cases.LAYOUT, cases.FLOAT32, cases.SAFE]
    if _unbounded(cell):
        missing.append(f"No saturating arguments in test_safe: {_unbounded(cell)}.")
    if _kinked(cell):
        rows.append(cases.TIES)
    rows += [cases.MISUSE, cases.WORKSPACE]
    if stream(plan):
        rows.append(cases.STREAM)
    else:
        missing.append("No test_stream: the cell is not causal, so the module has no step.")
    if any(n.op == "custom" for e in cell.equations for n in walk(e.value)):
        missing.append(
            "A derivative of the user's own is tested as stated, not against the function."
        )
    return rows, missing


def _unbounded(cell: Cell) -> str | None:
    """Why large arguments may overflow by right."""
    for equation in safe(cell):
        for node in walk(equation.value):
            risky = node.op in OPERATORS and OPERATORS[node.op].facts.get("unsafe")
            by_number = node.op in ("divide", "power") and node.args[1].op in ("number", "size")
            if risky and not by_number:
                return f"{equation.target} has {node.op}, which has no bounds"
    return None


def _kinked(cell: Cell) -> bool:
    nodes = [n for e in cell.equations for n in walk(e.value) if n.op in OPERATORS]
    return any(OPERATORS[n.op].facts.get("smooth", True) is False for n in nodes)


# -- the docstring --------------------------------------------------------------------------------


def _doc(cell: Cell, missing: list[str]) -> list[str]:
    lines = [f"Is {cell.name}.py right? Needs NumPy, pytest and the module beside it.", ""]
    lines += [
        "`plain` below is the equations of the spec as they stand, step by step. Gradients are",
        "held to its complex step, Im f(x + 1e-30i v) / 1e-30, which has no error but round-off.",
    ]
    for sentence in missing:
        lines += ["", *filled(sentence)]
    return lines


# -- the tables -----------------------------------------------------------------------------------


def _tables(plan: Plan, names: Names) -> list[str]:
    cell = plan.pair.cell
    values = _arguments(cell, names) | _rows_tables(plan, names)
    lines = ['SEED = int(os.environ.get("BPGEN_SEED", "0"))']
    for name, value in values.items():
        lines += layout(f"{name} = {_literal(value)}")
    return [*lines, "", *_sizes(cell)]


def _arguments(cell: Cell, names: Names) -> dict[str, object]:
    """What arguments there are, of which kind, and where time lies in them."""
    own = names.quantity
    real = [q for q in (*inputs(cell), *initials(cell), *params(cell)) if q.kind == "real"]
    labels = [q for q in inputs(cell) if q.kind == "int"]
    outputs = [cell.equation(o) for o in cell.outputs]
    known = told(cell, (*inputs(cell), *params(cell)))
    return {
        "PARAMS": [own(q.name) for q in params(cell)],
        "INPUTS": [own(q.name) for q in inputs(cell)],
        "INITIAL": [own(q.name) for q in initials(cell)],
        "OPTIONAL": [
            own(q.name)
            for q in initials(cell)
            if known.issuperset(n for s in q.shape for n in s.names)
        ],
        "REAL": [own(q.name) for q in real],
        "FROZEN": [own(q.name) for q in real if q.frozen],
        "SYMMETRIC": [own(q.name) for q in real if q.symmetric],
        "SIMPLEX": {own(q.name): _simplex(cell, q.name) for q in real if q.simplex is not None},
        "BELOW": {own(q.name): axis_text(str(q.below)) if q.below else "2" for q in labels},
        "MASKS": [own(q.name) for q in inputs(cell) if q.kind == "bool"],
        "TIMED": {own(q.name): time_axis(cell, q.shape) for q in inputs(cell) if q.timed}
        | {names.output(e.target): time_axis(cell, e.shape) for e in outputs if e.timed},
        "EXTRA": ["T"] if asks_steps(cell) else [],
    }


def _rows_tables(plan: Plan, names: Names) -> dict[str, object]:
    """What single rows of the test need to know."""
    cell = plan.pair.cell
    own = names.quantity
    values: dict[str, object] = {}
    if time_reason(cell) is None:
        values["STATES"] = {
            names.output(s.name): (own(s.initial), s.lag) for s in cell.states if s.initial
        }
    if batch_reason(cell) is None:
        values["BATCH"] = _batch(cell, names)
    streamed = stream(plan)
    if streamed:
        initial = {s.name: s.initial for s in cell.states}
        starts = [initial[c.name] for c in streamed.carried if c.is_state]
        values["STREAM_INPUTS"] = [own(q.name) for q in streamed.inputs]
        values["STREAMED"] = [own(n) if n and cell.quantity(n) else None for n in starts]
    values["LONE"] = _lone(cell, names)
    values["SCALES"] = [1.0] if _unbounded(cell) else [1.0, 100.0]
    return values


def _literal(value: object) -> str:
    if isinstance(value, list):
        return f"({', '.join(map(_literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_literal(k)}: {_literal(v)}' for k, v in value.items())}}}"
    return repr(value)


def _sizes(cell: Cell) -> list[str]:
    """The shapes that are tried: every size a different prime, twice; one step; one example."""
    fixed = {s.number for q in cell.given for s in q.shape if s.number}
    least = least_sizes(cell, kept=1)
    sets: dict[str, dict[str, int]] = {}
    for which, steps, primes in (("first", 5, _PRIMES), ("second", 8, _OTHER_PRIMES)):
        sets[which] = {"T": steps}
        for size in cell.sizes:
            taken = {*fixed, *sets[which].values()}
            sets[which][size] = _extent(primes, least.get(size, 1), taken)
    smallest = {size: max(2 + i % 2, least.get(size, 1)) for i, size in enumerate(cell.sizes)}
    sets["smallest"] = {"T": 3, **smallest}
    sets["one step"] = {**sets["first"], "T": 1}
    batch = batch_size(cell)
    if batch and least.get(batch, 1) == 1:
        sets["one example"] = {**sets["first"], batch: 1}
    lines = layout(f"SIZES = {_literal(sets)}")
    return [*lines, 'WHICH = ("first", "second")']


def _extent(primes: Sequence[int], least: int, taken: Collection[int]) -> int:
    """The first of some primes that is large enough and free; behind them, one that nearly is."""
    more = (n for n in count(max(least, 43)) if all(n % k for k in range(2, 43)))
    return next(n for n in chain(primes, more) if n >= least and n not in taken)


def _simplex(cell: Cell, name: str) -> int:
    q = cell.quantity(name)
    assert q is not None and q.simplex is not None
    behind = q.timed and time_axis(cell, q.shape) >= len(q.shape) + 1 + q.simplex
    return q.simplex - 1 if behind else q.simplex


def _batch(cell: Cell, names: Names) -> dict[str, int]:
    """Where the examples lie in every array that has them, at the module's boundary."""
    name = batch_size(cell)
    shapes = {names.quantity(q.name): boundary_shape(cell, q.shape, q.timed) for q in cell.given}
    for output in cell.outputs:
        equation = cell.equation(output)
        shapes[names.output(output)] = boundary_shape(cell, equation.shape, equation.timed)
    return {own: shape.index(name) for own, shape in shapes.items() if name in shape}


def _lone(cell: Cell, names: Names) -> list[object]:
    """Axes of which no length is wrong: one of their sizes stands nowhere else.

    What such an axis says of its other sizes binds nothing, so that these may be lone in turn.
    """
    axes: dict[tuple[str, int], set[str]] = {}
    for q in (*inputs(cell), *initials(cell), *params(cell)):
        for axis, word in enumerate(boundary_shape(cell, q.shape, q.timed)):
            parts = word.replace("-", "+").replace("*", "+").split("+")
            axes[names.quantity(q.name), axis] = {p for p in parts if p and not p.isdigit()}
    lone: list[object] = []
    while True:
        found = Counter(part for parts in axes.values() for part in parts)
        free = [place for place, parts in axes.items() if any(found[part] == 1 for part in parts)]
        if not free:
            return lone
        for place in free:
            lone.append(list(place))
            del axes[place]
