"""Places that may lie outside their axis: what to say, and rows that a cell takes by integers.

Ends of slices and places are asked where they are read; integers that take rows only once all
declarations are known, since they lie below the size that their declaration says.
"""

from collections.abc import Iterable, Mapping

from bpgen.check.scope import Scope
from bpgen.extents import always, least, left, place_of, taken
from bpgen.ir import Equation, Node, Quantity, walk
from bpgen.report import Label
from bpgen.sizes import Size


def doubted(lesser: Size, greater: Size, which: str = "") -> str | None:
    """Why one size may be more than another, unless something says that it is not."""
    if least(greater - lesser) is not None:
        return None
    verb = "is" if always(lesser - greater - 1) else "may be"
    why = "" if verb == "is" else ": nothing says that it is not"
    return f"{lesser} {verb} more than {greater}{which}{why}"


def unordered(lesser: Size, greater: Size) -> list[str]:
    """The help where nothing says which of two sizes is the larger."""
    if not (lesser.names and greater.names) or always(lesser - greater):
        return []
    return ["sizes have an order only if it is written: `H` is less than `2*H` and than `D + H`"]


def outside(at: Size, extent: Size) -> str:
    """That a place lies outside an axis, or may."""
    if always(left(extent, at) * -1 - 1):
        return f"place {at} lies outside an axis of size {extent}"
    return f"place {at} may lie outside an axis of size {extent}: nothing says that it does not"


def report(equations: Iterable[Equation], given: Iterable[Quantity], scope: Scope) -> None:
    """Report rows, entries and logits taken by integers that may name none."""
    below = {q.name: q.below for q in given if q.below}
    for equation in equations:
        for node in walk(equation.value):
            for index, extent, rest in taken(node, below):
                if least(rest) is None:
                    _report(node, index, extent, below, scope)


def _report(node: Node, index: Node, extent: Size, below: Mapping[str, Size], scope: Scope) -> None:
    place = index.place or node.place
    assert place is not None, "what was written stands somewhere"
    at = place_of(index)
    others = _declared(node.args[0], scope)
    if at is not None:
        scope.report("BP211", outside(at, extent), place, others=others)
        return
    name, end = index["name"], below[index["name"]]
    message = f"`{name}` lies below {end}; {doubted(end, extent, ', the size of the axis')}"
    others += _declared(index, scope)
    helps = [f"declare `{name}` with `int < {extent}`, or take from a larger axis"]
    once = f"{name} below {extent}"  # one declaration is wrong, wherever it is used
    scope.report("BP211", message, place, others=others, helps=helps, once=once)


def _declared(node: Node, scope: Scope) -> list[Label]:
    symbol = scope.table.symbols.get(node["name"]) if node.op == "ref" else None
    return [Label(symbol.place, f"`{symbol.name}` is declared here")] if symbol else []
