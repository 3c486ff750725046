"""What is right and yet hardly meant: warnings of a spec that compiles.

Each lint is a function from a checked cell to the reports it has to make; `LINTS` lists them. A
lint speaks only where the other reading of a spec is far more likely than the one it has, for a
warning that is wrong teaches people to read none.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from bpgen.ir import OPERATORS, Cell, Equation, Node, Quantity, refs, walk
from bpgen.report import Edit, Label, Repair, Report, series
from bpgen.sizes import ONE, Shape, Size, shape_text
from bpgen.source import Span


def lint(cell: Cell) -> tuple[Report, ...]:
    """The warnings of a cell, in the order of their places."""
    found = [report for rule in LINTS for report in rule(cell)]
    return tuple(sorted(found, key=lambda r: (r.place.span.start if r.place else -1, r.code)))


# -- what nothing reads ---------------------------------------------------------------------------


def _unused(cell: Cell) -> Iterator[Report]:
    """The inputs and the parameters that nothing reads, those of one fate in one report."""
    readers = _readers(cell)
    found: dict[bool, list[Quantity]] = {}
    for quantity in cell.given:
        if quantity.role in ("input", "param") and not readers[quantity.name]:
            found.setdefault(quantity.kind == "real", []).append(quantity)
    for real, each in found.items():
        names = series([quantity.name for quantity in each])
        if len(each) > 1:
            end = "their gradients are zero everywhere" if real else "they have no effect"
            message = f"{names} are never used; {end}"
            way = "use them in equations, or leave them out"
        else:
            end = "its gradient is zero everywhere" if real else "it has no effect"
            message = f"{names} is never used; {end}"
            way = f"use it in an equation, or leave out {names}"
        place, others = _places(quantity.place for quantity in each)
        yield _warning("BP305", message, place, others=others, helps=(way,))


def _astray(cell: Cell) -> Iterator[Report]:
    """The equations that nothing reads and that are not returned; what only they read goes along.

    Those that the same could be done with are one report.
    """
    readers = _readers(cell)
    starts = [state.initial for state in cell.states]
    found: dict[str | int, list[Equation]] = {}
    for equation in cell.equations:
        name = equation.target
        if not (name in cell.outputs or readers[name] or name in starts):
            ways = _returned(cell, equation)[1]
            found.setdefault(len(ways) if len(ways) < 2 else name, []).append(equation)
    for each in found.values():
        yield _lost(cell, each, readers)


def _lost(cell: Cell, equations: Sequence[Equation], readers: dict[str, set[str]]) -> Report:
    """The report of equations that reach nothing."""
    names = [equation.target for equation in equations]
    params = [q.name for q in cell.given if q.role == "param" and readers[q.name]]
    alone = [name for name in params if readers[name] <= set(names)]
    gradient = "gradients are" if len(alone) > 1 else "gradient is"
    note = f"nothing else reads {series(alone)}, whose {gradient} zero everywhere"
    returned = [_returned(cell, equation) for equation in equations]
    repairs = returned[0][1]
    if len(equations) > 1 and repairs:
        edits = tuple(edit for _, ways in returned for edit in ways[0].edits)
        repairs = (Repair("return them: write `output` before each", edits),)
    message = (
        f"{series(names)} reach{'' if len(names) > 1 else 'es'} no output, no state and no loss"
    )
    place, others = _places(place for place, _ in returned)
    notes = (note,) if alone else ()
    return _warning("BP305", message, place, others=others, notes=notes, repairs=repairs)


def _places(found: Iterable[Span | None]) -> tuple[Span | None, tuple[Label, ...]]:
    """The first place, where the report is, and marks at the others."""
    places = sorted({place for place in found if place}, key=lambda place: place.start)
    return next(iter(places), None), tuple(Label(place) for place in places[1:])


def _returned(cell: Cell, equation: Equation) -> tuple[Span | None, tuple[Repair, ...]]:
    """The left side of an equation, if it stands alone there, and what to do with the equation."""
    step = f"{equation.target}[t]" if equation.timed else equation.target
    place = equation.place
    if place is None or not cell.source.quote(place).startswith(f"{step} "):
        return place, ()
    left = Span(place.start, place.start + len(step))
    put = Edit(Span(place.start, place.start), "output ")
    ways = [Repair(f"return it: `output {step} = ...`", (put,))]
    for state in cell.states:
        if step == f"{state.name}0":
            start = f"{state.name}[0]"
            ways.insert(0, Repair(f"an initial value is `{start} = ...`", (Edit(left, start),)))
    return left, tuple(ways)


def _readers(cell: Cell) -> dict[str, set[str]]:
    """Who reads each quantity: equations and claims. Only asked for its members, never listed."""
    names = [q.name for q in cell.given] + [e.target for e in cell.equations]
    readers: dict[str, set[str]] = {name: set() for name in names}
    for equation in cell.equations:
        for part in refs(equation.value):
            readers.setdefault(part["name"], set()).add(equation.target)
    for claim in cell.claims:
        for node in (claim.subject, claim.formula, claim.of, claim.source, claim.wrt):
            for part in refs(node) if node else ():
                readers.setdefault(part["name"], set()).add("a claim")
    return readers


# -- shapes that fit by chance --------------------------------------------------------------------


def _lined_up(cell: Cell) -> Iterator[Report]:
    """A vector against a square matrix: it lies along the last axis, and both have its size."""
    for node in _nodes(cell):
        if node.op not in OPERATORS or not OPERATORS[node.op].elementwise:
            continue
        for vector in node.args:
            square = [a for a in node.args if a.rank > 1 and a.shape[-2:] == vector.shape * 2]
            if vector.rank == 1 and vector.shape != (ONE,) and square and vector.op == "ref":
                yield _ambiguous(cell, node, vector, square[0])


def _ambiguous(cell: Cell, node: Node, vector: Node, square: Node) -> Report:
    name, size = vector["name"], vector.shape[0]
    message = f"`{name}` lines up with the last {size} of {shape_text(square.shape)}, not the first"
    notes = ("broadcasting aligns from the right",)
    repairs: tuple[Repair, ...] = ()
    if vector.place:
        end = Span(vector.place.end, vector.place.end)
        shown = cell.source.quote(vector.place)
        repairs = tuple(
            Repair(f"write `{shown}{part}` {why}", (Edit(end, part),))
            for part, why in (("[None, :]", "if that is meant"), ("[:, None]", "if it is not"))
        )
    quantity = cell.quantity(name) or cell.state(name)
    where = quantity and quantity.place
    others = (Label(where, f"`{name}` is declared here"),) if where else ()
    place = vector.place or node.place
    return _warning("BP203", message, place, others=others, notes=notes, repairs=repairs)


# -- normalising over the examples ----------------------------------------------------------------

_NORMALISERS = ("softmax", "log_softmax", "cross_entropy")


def _over_examples(cell: Cell) -> Iterator[Report]:
    """A softmax along an axis that is in no parameter and that nothing sums: the examples'."""
    params = [q.shape for q in cell.given if q.role == "param"]
    learned = {name for shape in params for size in shape for name in size.names}
    contracted = {size for node in _nodes(cell) for size in _contracted(node)}
    for node in _nodes(cell):
        if node.op not in _NORMALISERS or not params or isinstance(node["axis"], tuple):
            continue
        logits = node.args[0]
        if logits.op == "steps" and node["axis"] == -logits.rank:
            continue
        size = logits.shape[node["axis"]]
        others = [s for s in logits.shape if s != size and learned.intersection(s.names)]
        if not size.names or learned.intersection(size.names) or size in contracted or not others:
            continue
        said = cell.source.quote(node.place) if node.place else ""
        if "over" in said or "axis" in said:
            continue
        message = f"`{node.op}` works along {size}, the last axis of {shape_text(logits.shape)}"
        notes = (f"no parameter has an axis {size}, so these are examples rather than classes",)
        repairs: tuple[Repair, ...] = ()
        if node.place and said.startswith(f"{node.op}("):
            end = Span(node.place.end - 1, node.place.end - 1)
            add = Edit(end, f", over={others[-1]}")
            repairs = (Repair(f"say along which axis it goes: `over={others[-1]}`", (add,)),)
        yield _warning("BP215", message, node.place, notes=notes, repairs=repairs)


def _contracted(node: Node) -> Shape:
    """The sizes that an operator sums over, where it leaves others."""
    if node.op == "matmul":
        return node.args[0].shape[-1:]
    if node.op == "einsum":
        before, after = node["pattern"].split("->")
        letters = [letter for factor in before.split(",") for letter in factor.split()]
        sizes: list[Size] = [size for arg in node.args for size in arg.shape]
        kept = after.split()
        return tuple(s for letter, s in zip(letters, sizes, strict=True) if letter not in kept)
    if node.op == "sum" and node["axes"] is not None:
        return tuple(node.args[0].shape[axis] for axis in node["axes"])
    return ()


# -- normalising twice ----------------------------------------------------------------------------

_LOSSES = {"cross_entropy": "softmax", "bce_with_logits": "sigmoid"}


def _twice(cell: Cell) -> Iterator[Report]:
    """A loss of logits that gets probabilities, so that they are normalised a second time."""
    values = {equation.target: equation.value for equation in cell.equations}
    for node in _nodes(cell):
        if node.op not in _LOSSES:
            continue
        logits = node.args[0]
        value = values.get(logits["name"], logits) if logits.op == "ref" else logits
        if value.op == _LOSSES[node.op]:
            message = f"`{node.op}` takes logits, and gets what went through `{value.op}` already"
            notes = (f"it applies `{value.op}` itself, safely",)
            helps = (f"give it what stands inside `{value.op}(...)`",)
            yield _warning("BP216", message, logits.place, notes=notes, helps=helps)


# -- words ----------------------------------------------------------------------------------------


def _nodes(cell: Cell) -> Iterator[Node]:
    """Every part of every equation, once."""
    seen: set[Node] = set()
    for equation in cell.equations:
        for node in walk(equation.value):
            if node not in seen:
                seen.add(node)
                yield node


def _warning(
    code: str,
    message: str,
    place: Span | None,
    *,
    others: tuple[Label, ...] = (),
    notes: tuple[str, ...] = (),
    helps: tuple[str, ...] = (),
    repairs: tuple[Repair, ...] = (),
) -> Report:
    label = Label(place) if place else None
    return Report(code, message, label, others, notes, helps, "warning", repairs)


LINTS: tuple[Callable[[Cell], Iterator[Report]], ...] = (
    _unused,
    _astray,
    _lined_up,
    _over_examples,
    _twice,
)
