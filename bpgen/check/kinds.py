"""Which operators take booleans, integers or numbers, and what becomes what.

In arithmetic, integers and booleans become numbers of the module's dtype; `ir.apply` sees to that.
What is asked here is what no conversion can give: a condition, a whole number, a label.
"""

from collections.abc import Sequence

from bpgen.check.explain import Operand
from bpgen.check.scope import Scope
from bpgen.ir import OPERATORS, Node, apply, number, walk

_LOGICAL = ("logical_and", "logical_or", "logical_not")
_WORDS = {"real": "real", "int": "an integer", "bool": "a boolean"}


def suit(scope: Scope, op: str, operands: Sequence[Operand]) -> bool:
    """Whether an operator can take the kinds of its arguments; a report if not."""
    for place, operand in enumerate(operands):
        wanted = _wanted(op, place, operands)
        if wanted and operand.node.kind != wanted:
            _refuse(scope, op, operand, wanted)
            return False
    return True


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
    if not any(part.op in ("ref", "step") for part in walk(node)):
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


def _refuse(scope: Scope, op: str, operand: Operand, wanted: str) -> None:
    what = scope.quote(operand.written)
    kind = operand.node.kind
    name = OPERATORS[op].facts.get("symbol", op)
    helps = []
    if op == "where":
        message = f"the condition of `where` must be a boolean; {what} is {_WORDS[kind]}"
        helps = ["compare it with something, as in `x > 0`"]
    elif op in _LOGICAL:
        message = f"`{name}` joins booleans; {what} is {_WORDS[kind]}"
        helps = ["compare it with something, as in `x > 0`"]
    elif op == "remainder":
        message = f"`%` is for integers and `t`; {what} is {_WORDS[kind]}"
    elif op == "cross_entropy":
        message = f"labels are integers, or real and of the logits' shape; {what} is {_WORDS[kind]}"
        helps = ["declare them, as in `input y[t] : (N) int < V`"]
    else:
        message = f"a subscript is an integer; {what} is {_WORDS[kind]}"
        helps = ["declare it as one, as in `input w[t] : (N) int < V`"]
    scope.report("BP210", message, operand.written.span, helps=helps)
