"""Whether a derivative of the user's own passes on what arrives: it must be proportional to it.

In `op spike(v) = … with dv = dspike / (1 + abs(v))`, `dspike` is the gradient that arrives. Left
out, the backward pass would send something that depends on nothing behind the operator.
"""

from bpgen.ir import Node, is_number

_ENTRYWISE = ("negate", "expand", "cast")


def passes_on(node: Node, upstream: str) -> bool:
    """Whether an expression is a multiple of the placeholder, entry by entry, or zero."""
    return is_number(node, 0) or _degree(node, upstream) == 1


def _degree(node: Node, upstream: str) -> int | None:
    """0 where the placeholder does not occur, 1 where it is multiplied, None for anything else."""
    if node.op == "ref":
        return int(node["name"] == upstream)
    degrees = [_degree(arg, upstream) for arg in node.args]
    if not any(degrees) and None not in degrees:
        return 0
    if node.op in _ENTRYWISE:
        return degrees[0]
    if node.op == "multiply" and sorted(d if d is not None else 9 for d in degrees) == [0, 1]:
        return 1
    if node.op == "divide" and degrees == [1, 0]:
        return 1
    sides = node.args[1:] if node.op == "where" else node.args
    if node.op in ("add", "subtract") or (node.op == "where" and degrees[0] == 0):
        found = degrees[1:] if node.op == "where" else degrees
        fine = [d == 1 or is_number(s, 0) for d, s in zip(found, sides, strict=True)]
        return 1 if all(fine) else None
    return None
