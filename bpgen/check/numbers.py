"""Arithmetic on numbers as they are written, where it has no value: `1 / 0`, `log(-1)`.

Nothing else is computed here: what numbers come to is for NumPy to say when the module runs. But
Python would compute `10 ** 10 ** 10` to its last digit, so what float64 has no room for is told.
"""

import math
import operator
from collections.abc import Callable, Sequence

from bpgen.ir import Node, is_number

_VALUE: dict[str, Callable[..., float]] = {
    "add": operator.add,
    "divide": operator.truediv,
    "exp": math.exp,
    "log": math.log,
    "log1p": math.log1p,
    "multiply": operator.mul,
    "negate": operator.neg,
    "power": math.pow,
    "sqrt": math.sqrt,
    "subtract": operator.sub,
}


def has_no_value(op: str, nodes: Sequence[Node]) -> bool:
    """Whether an operator of numbers has no finite value, whatever arrays come."""
    if op in ("divide", "remainder") and is_number(nodes[1], 0):
        return True
    try:
        value = _computed(op, nodes)
    except (ArithmeticError, ValueError):
        return True
    return value is not None and not math.isfinite(value)


def _computed(op: str, nodes: Sequence[Node]) -> float | None:
    """What an operator of numbers comes to, as a float; None where there is more than numbers."""
    if op not in _VALUE:
        return None
    values: list[float] = []
    for node in reversed(nodes):  # the last first, since long sums lean to the left
        number = node.op == "number"
        value = float(node["value"]) if number else _computed(node.op, node.args)
        if value is None:
            return None
        values.insert(0, value)
    return _VALUE[op](*values)
