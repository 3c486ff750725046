"""Reports of shapes that do not fit: what each side has, where it was declared, what would fit.

An operator says in one sentence why it cannot take its arguments. Here the sentence gets its
places; `products` and `broadcasts` propose what would be legal.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from bpgen.check import broadcasts, named, products
from bpgen.check.scope import Scope
from bpgen.check.ways import Operand, bare, behind, is_name, redeclared, symbol_of
from bpgen.ir import OPERATORS, Node, ShapeError
from bpgen.report import Edit, Label, Repair
from bpgen.sizes import ONE, Shape, shape_text
from bpgen.source import Span


def made(
    scope: Scope, op: str, place: Span, operands: Sequence[Operand], found: ShapeError
) -> None:
    """Report that an operator cannot take its arguments; `place` is its symbol or its name."""
    others = labels(scope, operands)
    helps = list(found.helps)
    if op == "matmul":
        code, message, label = products.fault(scope, operands[0], operands[1], str(found))
        ways = list(products.repairs(scope, operands[0], operands[1]))
        scope.report(code, message, place, label, others=others, helps=helps, repairs=ways)
    elif OPERATORS[op].elementwise and len(operands) > 1:
        sign = OPERATORS[op].facts.get("symbol", op)
        pair = broadcasts.clash(operands)
        code, message = broadcasts.sentence(scope, sign, *pair)
        ways = list(broadcasts.repairs(scope, sign, place, *pair))
        notes = ["broadcasting aligns from the right"] if code == "BP203" else []
        helps += broadcasts.labels_as_rows(scope, *pair)
        scope.report(code, message, place, others=others, notes=notes, helps=helps, repairs=ways)
    else:
        ways = list(_untransposed(scope, place, operands[0])) if op == "transpose" else []
        message = str(found)
        scope.report(found.code, message, place, others=others, helps=helps, repairs=ways)


def labels(scope: Scope, operands: Sequence[Operand]) -> list[Label]:
    """What shape each operand has, and where those that are names were declared."""
    shapes = [
        Label(o.written.span, f"{scope.quote(o.written)} has shape {shape_text(o.node.shape)}")
        for o in operands
    ]
    declared: dict[Span, Label] = {}
    for operand in operands:
        for name in _names(operand.node):
            symbol = scope.table.symbols.get(name)
            if symbol and symbol.is_quantity and symbol.role != "const":
                verb = "defined" if symbol.role == "equation" else "declared"
                declared[symbol.place] = Label(symbol.place, f"`{name}` is {verb} here")
    return shapes + list(declared.values())


def repeats(
    scope: Scope, symbol: str, place: Span, operands: Sequence[Operand], shape: Shape
) -> bool:
    """Report an entry-by-entry result that says a size more often than any operand does.

    That is how a column and a row become a matrix that nobody wanted. It is meant only where the
    axis of size 1 was written as `None`.
    """
    for extent in dict.fromkeys(shape):
        count = shape.count(extent)
        if extent == ONE or count <= max(o.node.shape.count(extent) for o in operands):
            continue
        axes = [i for i in range(-len(shape), 0) if shape[i] == extent]
        if any(i in _written(o.node) for o in operands for i in axes if _stretched(o.node, i)):
            continue
        shown = " and ".join(shape_text(o.node.shape) for o in operands)
        times = "twice" if count == 2 else f"{count} times"
        message = f"`{symbol}` would make {shape_text(shape)} of {shown}, "
        message += f"and neither has {extent} {times}"
        others = labels(scope, operands)
        ways = list(_spelled(scope, symbol, operands, len(shape)))
        for operand in operands:
            declared = symbol_of(scope, operand)
            if declared and declared.role == "param":
                ways += redeclared(
                    scope, declared, tuple(s for s in operand.node.shape if s != ONE)
                )
        scope.report("BP203", message, place, others=others, repairs=ways)
        return True
    return False


def other_names(
    scope: Scope, op: str, place: Span, operands: Sequence[Operand], attrs: dict[str, Any]
) -> bool:
    """Report sizes that two `dim` fix at one number: each equals the number, not the other."""
    found = named.clash(op, [operand.node for operand in operands], attrs)
    if found is None:
        return False
    a, b = map(named.shown, found)
    sign = OPERATORS[op].facts.get("symbol", op)
    message = f"`{sign}` needs equal sizes; {a} is not {b}, though both are {found[0]} here"
    helps = ["give both one name, if they are one size"]
    others = labels(scope, operands)
    scope.report("BP202", message, place, others=others, helps=helps)
    return True


def _untransposed(scope: Scope, place: Span, operand: Operand) -> Iterator[Repair]:
    """A vector as it is, or as a column, where it was transposed."""
    if scope.table.source.quote(place) != ".T":
        return  # it is called by its name, with axes in an order
    text = bare(scope, operand)
    yield Repair(f"write `{text}`", (Edit(place, ""),))
    if operand.node.rank == 1 and is_name(operand):
        yield Repair(f"write `{text}[:, None]`, a column", (Edit(place, "[:, None]"),))


def _names(node: Node) -> Iterator[str]:
    """The name of an operand, transposed or subscripted perhaps, or that of a product's weight."""
    if node.op == "matmul":
        node = node.args[1]
    while node.op in ("transpose", "newaxis", "slice", "index", "cast"):
        (node,) = node.args
    if node.op == "ref":
        yield str(node["name"])


def _stretched(node: Node, axis: int) -> bool:
    return -axis <= node.rank and node.shape[axis] == ONE


def _written(node: Node) -> set[int]:
    """The axes of a node, from the end, that were written as `None`."""
    if node.op == "newaxis":
        return set(node["axes"])
    if node.op in OPERATORS and OPERATORS[node.op].elementwise:
        return {axis for arg in node.args for axis in _written(arg)}
    return set()


def _spelled(scope: Scope, symbol: str, operands: Sequence[Operand], rank: int) -> Iterator[Repair]:
    """Operands with the axes written out that broadcasting adds; or with them at the other end."""
    for why, before in ((" if that is meant", True), ("", False)):
        words: list[str] = []
        edits: list[Edit] = []
        for operand in operands:
            missing = ["None"] * (rank - operand.node.rank)
            kept = [":"] * operand.node.rank
            suffix = f"[{', '.join(missing + kept if before else kept + missing)}]"
            spell = bool(missing and kept and is_name(operand))
            words.append(bare(scope, operand) + suffix * spell)
            edits += behind(operand, suffix) if spell else ()
        if edits:
            yield Repair(f"write `{f' {symbol} '.join(words)}`{why}", tuple(edits))
