"""Derivatives that a claim writes with a prime, `sigmoid'(x[t-1])`."""

from dataclasses import replace
from inspect import signature

from bpgen import syntax
from bpgen.check import kinds
from bpgen.check.scope import Scope
from bpgen.ir import OPERATORS, Node, apply, is_number, number, rebuild


def primed(e: syntax.Call, scope: Scope) -> Node | None:
    """`tanh'(z)`: the derivative of an operator that works entry by entry."""
    name = e.function.text
    if scope.inside != "claim":
        message = f"`{name}'` is a derivative, which only claims may use"
        scope.report("BP113", message, e.function.span)
        return None
    node = scope.visit(replace(e, primed=False), scope)
    if node is None:
        return None
    operator = OPERATORS[node.op]
    if node.op not in (name, "custom") or not (operator.elementwise or node.op == "custom"):
        scope.report("BP113", f"`{name}` does not work entry by entry", e.function.span)
        return None
    own = node.args[1:] if node.op == "custom" else node.args
    if operator.vjp is None or len(own) != 1:
        scope.report("BP113", f"`{name}` has no derivative in one argument", e.function.span)
        return None
    wanted = signature(operator.vjp).parameters
    attrs = {attribute: value for attribute, value in node.attrs if attribute in wanted}
    found = operator.vjp(number(1), node, *node.args, **attrs)
    slope = found[-1] if isinstance(found, tuple) else found
    assert isinstance(slope, Node)
    slope = kinds.as_real(rebuild(slope, _times_one))
    return slope if slope.shape == node.shape else apply("expand", slope, to=node.shape)


def _times_one(node: Node) -> Node | None:
    """What is left of `1 * a`."""
    return node.args[1] if node.op == "multiply" and is_number(node.args[0], 1) else None
