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
        wanted = _wanted(op, place)
        if wanted and operand.node.kind != wanted:
            _refuse(scope, op, operand, wanted)
            return False
    return True


def joined(op: str, nodes: list[Node]) -> list[Node]:
    """The arguments, with both sides of a `where` made numbers if one is."""
    if op == "where" and {node.kind for node in nodes[1:]} not in ({"int"}, {"bool"}):
        return [nodes[0], *(as_real(node) for node in nodes[1:])]
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


def _wanted(op: str, place: int) -> str | None:
    if op in _LOGICAL or (op == "where" and place == 0):
        return "bool"
    if op == "remainder" or (op in ("take", "entries") and place > 0):
        return "int"
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
    else:
        message = f"a subscript is an integer; {what} is {_WORDS[kind]}"
        helps = ["declare it as one, as in `input w[t] : (N) int < V`"]
    scope.report("BP210", message, operand.written.span, helps=helps)
