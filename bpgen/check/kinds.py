"""Which operators take booleans, integers or numbers, and what becomes what.

In arithmetic, integers and booleans become numbers of the module's dtype; `ir.apply` sees to that.
What is asked here is what no conversion can give: a condition, a whole number, a label.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bpgen import syntax
from bpgen.check.explain import labels
from bpgen.check.named import shape_shown, shown
from bpgen.check.scope import Scope, Symbol
from bpgen.check.ways import Operand, bare, behind, raw, symbol_of
from bpgen.ir import OPERATORS, Node, apply, number, walk
from bpgen.report import Edit, Repair, safe
from bpgen.source import Span

_LOGICAL = ("logical_and", "logical_or", "logical_not")
_LABELS = "such an input is declared as `input y[t] : (N) int < V`"
_WORDS = {"real": "real", "int": "an integer", "bool": "a boolean"}


def suited(scope: Scope, op: str, operands: Sequence[Operand]) -> list[Node] | None:
    """The arguments of an operator, of kinds that it can take; None, reported, if some cannot be.

    A number in the place of a condition is reported and compared with 0, since the shape of the
    result, and so what else is wrong with it, does not hang on that.
    """
    nodes = []
    wrong = False
    for place, operand in enumerate(operands):
        node = operand.node
        wanted = _wanted(op, place, operands)
        if wanted and node.kind != wanted:
            _refuse(scope, op, operands, operand)
            if wanted == "bool":
                node = apply("greater", node, number(0.0), place=node.place)
            else:
                wrong = True
        nodes.append(node)
    return None if wrong else nodes


def joined(op: str, nodes: list[Node]) -> list[Node]:
    """The arguments as the operator gets them: both sides of a `where` are numbers if one is."""
    if op == "where" and {node.kind for node in nodes[1:]} not in ({"int"}, {"bool"}):
        return [nodes[0], *(n if n.op == "number" else as_real(n) for n in nodes[1:])]
    if op in ("take", "entries") and nodes[0].kind == "bool":
        return [as_real(nodes[0]), *nodes[1:]]
    if op == "cross_entropy":  # labels are integers, or, of the logits' rank, numbers
        logits, labels = nodes
        return [as_real(logits), as_real(labels) if labels.rank == logits.rank else labels]
    if op == "power" and nodes[0].op == "number" and nodes[0]["value"] < 0:
        base = apply("negate", number(-nodes[0]["value"]), place=nodes[0].place)
        return [base, *nodes[1:]]  # printed as (-2)**n
    return nodes


def as_real(node: Node) -> Node:
    """A node as a number of the module's dtype; written numbers are of any dtype already."""
    if node.kind == "real":
        return node
    if node.op == "number":
        return number(float(node["value"]), node.place)
    if not node.rank and not any(part.op in ("ref", "step") for part in walk(node)):
        return apply("multiply", node, number(1.0), place=node.place)
    return apply("cast", node, place=node.place)


def _wanted(op: str, place: int, operands: Sequence[Operand]) -> str | None:
    if op in _LOGICAL or (op == "where" and place == 0):
        return "bool"
    if op == "remainder" or (op in ("take", "entries") and place > 0):
        return "int"
    if op == "cross_entropy" and place == 1:
        dense = operands[1].node.rank == operands[0].node.rank
        return None if dense else "int"
    return None


def _refuse(scope: Scope, op: str, operands: Sequence[Operand], operand: Operand) -> None:
    what = scope.quote(operand.written)
    kind = operand.node.kind
    name = OPERATORS[op].facts.get("symbol", op)
    first = operands[0].node.shape
    type_ = ""
    if op == "where":
        message = f"the condition of `where` must be a boolean; {what} is {_WORDS[kind]}"
        type_ = "bool"
    elif op in _LOGICAL:
        message = f"`{name}` joins booleans; {what} is {_WORDS[kind]}"
        type_ = "bool"
    elif op == "remainder":
        message = f"`%` is for integers and `t`; {what} is {_WORDS[kind]}"
    elif op == "cross_entropy":
        message = f"labels are integers, or real and of the logits' shape; {what} is {_WORDS[kind]}"
        type_ = f"int < {shown(first[-1])}" if first else ""
    else:
        message = f"a subscript is an integer; {what} is {_WORDS[kind]}"
        axis = operands.index(operand) - 1  # there may be more subscripts than axes
        type_ = f"int < {shown(first[axis])}" if axis < len(first) else ""
    ways = list(_declared(scope, operand, type_)) if type_ else []
    if op == "cross_entropy" and operands[0].node.kind == "int":
        ways.insert(0, _exchanged(scope, *operands))
    if op == "take":
        ways += _as_rows(scope, operands[0], operand)
    helps = [_LABELS] if type_.startswith("int") and not ways else []
    if type_ == "bool" and operand.node.op == "number":
        helps = ["compare it with something, as in `x > 0`"]
    elif type_ == "bool":
        ways.append(_compared(scope, operand))
    others = labels(scope, [operand])[1:]
    place = operand.written.span
    symbol = _quantity(scope, operand)
    once = f"{symbol.name} {type_}" if symbol and type_ else ""  # one declaration mends all uses
    scope.report("BP210", message, place, others=others, helps=helps, repairs=ways, once=once)


def _as_rows(scope: Scope, whole: Operand, index: Operand) -> Iterator[Repair]:
    """A product with one-hot rows, where they were taken for labels."""
    written = whole.written
    if isinstance(written, syntax.Subscripted) and len(written.groups) == 1:
        if index.node.shape[-1:] == whole.node.shape[:1]:
            text = f"{scope.table.source.quote(index.written.span)} @ {written.name.text}"
            yield Repair(f"write `{safe(text)}`", (Edit(written.span, text),))


def _exchanged(scope: Scope, one: Operand, other: Operand) -> Repair:
    """Two arguments in the other order."""
    a, b = one.written.span, other.written.span
    quote = scope.table.source.quote
    edits = (Edit(a, quote(b)), Edit(b, quote(a)))
    return Repair(f"the logits come first: `{raw(scope, other)}, {raw(scope, one)}`", edits)


def _compared(scope: Scope, operand: Operand) -> Repair:
    """A condition made of a number."""
    return Repair(f"write `{bare(scope, operand)} > 0`", behind(operand, " > 0"))


def _quantity(scope: Scope, operand: Operand) -> Symbol | None:
    """The declared quantity that an operand is, or is a part of, perhaps with axes more."""
    node = operand.node
    while node.op in ("newaxis", "slice", "index", "transpose", "reshape", "expand"):
        node = node.args[0]
    return symbol_of(scope, replace(operand, node=node))


def _declared(scope: Scope, operand: Operand, type_: str) -> Iterator[Repair]:
    """An input declared with the type that is wanted."""
    symbol = _quantity(scope, operand)
    if symbol and symbol.role == "input" and symbol.shape_place and symbol.shape is not None:
        end = Span(symbol.shape_place.end, symbol.shape_place.end)
        step = "[t]" if symbol.timed else ""
        declaration = f"{symbol.name}{step} : {shape_shown(symbol.shape)} {type_}"
        yield Repair(f"declare `{declaration}`", (Edit(end, f" {type_}"),))
