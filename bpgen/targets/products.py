"""Matrix products over all steps at once, where time is an axis of one factor or of both."""

from bpgen.ir import Node
from bpgen.targets.brackets import bracketed


def over_steps(node: Node, a: str, b: str, turned: str | None) -> str:
    """A product of two texts; `turned` is the text of what `a` is the transpose of, if it is."""
    left, right = node.args
    if left.timed and right.timed:
        return _both_timed(left, right, a, b)
    if left.timed and left.rank == 1:  # rows are steps
        if right.rank > 2:
            lead = ", ".join(["None"] * (right.rank - 2))
            return f"({a}[:, {lead}, None, :] @ {b})[..., 0, :]"
        return f"({a} @ {b})"
    if right.timed and right.rank == 1:
        if left.rank > 2:
            lead = ", ".join(["None"] * (left.rank - 2))
            return f"({a} @ {b}[:, {lead}, :, None])[..., 0]"
        if turned:  # W.T @ x[t] for all t: the steps are rows
            return f"({b} @ {turned})"
        return f"({b} @ {a}.T)"
    stack = node.rank - 2
    if left.timed and left.rank - 2 < stack:
        a = behind_time(a, stack - left.rank + 2)
    if right.timed and right.rank - 2 < stack:
        b = behind_time(b, stack - right.rank + 2)
    return f"({a} @ {b})"


def _both_timed(left: Node, right: Node, a: str, b: str) -> str:
    if left.rank == 1 and right.rank == 1:
        return f'np.einsum("ti,ti->t", {a}, {b})'
    if left.rank == 1:
        lead = ", ".join([":"] + ["None"] * (right.rank - 1))
        return f"({a}[{lead}, :] @ {b})[..., 0, :]"
    if right.rank == 1:
        lead = ", ".join([":"] + ["None"] * (left.rank - 2))
        return f"({a} @ {b}[{lead}, :, None])[..., 0]"
    deep = max(left.rank, right.rank)
    return f"({behind_time(a, deep - left.rank)} @ {behind_time(b, deep - right.rank)})"


def behind_time(text: str, count: int) -> str:
    """The text with axes of size 1 put in behind time."""
    return f"{bracketed(text)}[:, {', '.join(['None'] * count)}]" if count > 0 else text
