"""What can be proved of a cell: that its examples are independent, that time can be cut.

The shipped test splits the batch, and the time, only where the equations show that the whole is
then the sum of its parts; where they do not, the reason is a sentence for the test's docstring.

The proof follows one axis through every equation. A quantity has "rows" (the axis stands in its
shape and each of its entries is computed from the same entry of what it reads), is "free" of the
axis, or is a "sum" over it of such rows. Anything else ends the proof.
"""

from collections.abc import Mapping

from bpgen.ir import OPERATORS, Cell, Equation, Fixed, Node, walk
from bpgen.sizes import Size


class Unproved(Exception):
    """The proof ends here; the message is the reason."""


def batch_size(cell: Cell) -> str | None:
    """The size that counts examples: in every state once, in no parameter, in some input."""
    learned = {n for q in cell.given if q.role == "param" for s in q.shape for n in s.names}
    for name in cell.sizes:
        if name in learned or not cell.states:
            continue
        everywhere = all([s.name for s in state.shape].count(name) == 1 for state in cell.states)
        if everywhere and any(_has(q.shape, name) for q in cell.given if q.role == "input"):
            return name
    return None


def batch_reason(cell: Cell) -> str | None:
    """Why the batch cannot be split; None if it can."""
    name = batch_size(cell)
    if not cell.states:
        return "there is no state whose shape would say which size counts examples"
    if name is None:
        return "no size counts examples: none is in every state, in an input and in no parameter"
    try:
        status = _statuses(cell, name)
    except Unproved as stop:
        return str(stop)
    for output in cell.outputs:
        if status[output] == "free":
            return f"{output} does not depend on the example"
    return None


def time_reason(cell: Cell) -> str | None:
    """Why time cannot be cut in two; None if it can."""
    if not cell.states:
        return "there is no state to carry over the cut"
    for state in cell.states:
        if state.direction < 0:
            return f"{state.name} runs down from the last step"
        if state.initial and cell.quantity(state.initial) is None:
            return f"the initial value of {state.name} is computed, so none can be handed on"
        if state.lag > 2:
            return f"{state.name} reaches {state.lag} steps back, further than a part is long"
    names = {s.name for s in cell.states}
    begun = {s.initial for s in cell.states}
    for equation in cell.equations:
        for node in walk(equation.value):
            reason = _uncut(node, names)
            if equation.timed and node.op == "ref" and node["name"] in begun:
                reason = "reads an initial value"  # which another part does not have
            if reason:
                return f"{equation.target} {reason}"
    return _summed_over_time(cell)


def _uncut(node: Node, states: set[str]) -> str | None:
    if node.op == "step":
        return "depends on the number of the step"
    if node.op == "size" and "T" in node["size"].names:
        return "depends on the number of steps"
    if node.op == "steps":
        return "takes all steps together"
    if node.op == "ref":
        when = node["when"]
        if isinstance(when, Fixed):
            return "reads a first or last step"
        if isinstance(when, int) and (when > 0 or (when < 0 and node["name"] not in states)):
            return f"reads {node['name']} at another step"
    return None


def _summed_over_time(cell: Cell) -> str | None:
    """Whether every output without time is a sum over the steps."""
    status: dict[str, str] = {q.name: "rows" if q.timed else "free" for q in cell.given}
    try:
        for equation in cell.equations:
            if equation.timed:
                status[equation.target] = "rows"
        for equation in cell.equations:
            if not equation.timed:
                status[equation.target] = _time_status(equation.value, status)
                if equation.target in cell.outputs and status[equation.target] != "sum":
                    return f"{equation.target} is no sum over the steps"
        for equation in cell.equations:
            reads = {n["name"] for n in walk(equation.value) if n.op == "ref"}
            if equation.timed and any(status[name] == "sum" for name in reads):
                return f"{equation.target} reads what is summed over all steps"
    except Unproved as stop:
        return str(stop)
    return None


def _time_status(node: Node, status: Mapping[str, str]) -> str:
    if node.op == "sum_steps":
        return "sum"
    if node.op == "ref":
        return status.get(node["name"], "free")
    return _additive(node, [_time_status(arg, status) for arg in node.args])


def _additive(node: Node, kinds: list[str]) -> str:
    """What an operator makes of sums: linear ones keep them."""
    if "sum" not in kinds:
        return "free" if "rows" not in kinds else "rows"
    if node.op in ("negate", "sum", "reshape", "transpose", "newaxis", "index", "slice"):
        return "sum"
    if node.op in ("add", "subtract") and kinds == ["sum", "sum"]:
        return "sum"
    if node.op == "multiply" and sorted(kinds) == ["free", "sum"]:
        return "sum"
    if node.op == "divide" and kinds == ["sum", "free"]:
        return "sum"
    raise Unproved(f"a sum goes through {node.op}")


# -- the batch ------------------------------------------------------------------------------------


def _has(shape: tuple[Size, ...], name: str) -> bool:
    return any(name in size.names for size in shape)


def _place(node: Node, name: str) -> int:
    """Where the axis stands, counted from the end."""
    places = [i - node.rank for i, size in enumerate(node.shape) if name in size.names]
    if len(places) != 1 or node.shape[places[0]].name != name:
        raise Unproved(f"{name} stands in a shape other than once and alone")
    return places[0]


def _statuses(cell: Cell, name: str) -> dict[str, str]:
    status = {q.name: "rows" if _has(q.shape, name) else "free" for q in cell.given}
    status |= {s.name: "rows" for s in cell.states}
    todo = [e for e in cell.equations]
    while todo:
        ready = [
            e for e in todo if all(n["name"] in status for n in walk(e.value) if n.op == "ref")
        ]
        if not ready:
            raise Unproved("the equations have no order in which to follow the batch")
        for equation in ready:
            found = _followed(equation, name, status)
            if status.get(equation.target, found) != found:
                raise Unproved(f"{equation.target} does not keep its examples apart")
            status[equation.target] = found
        todo = [e for e in todo if e not in ready]
    return status


def _followed(equation: Equation, name: str, status: Mapping[str, str]) -> str:
    try:
        return _status(equation.value, name, status)
    except Unproved as stop:
        raise Unproved(f"in {equation.target}, {stop}") from None


def _status(node: Node, name: str, status: Mapping[str, str]) -> str:
    if node.op == "ref":
        if status[node["name"]] == "rows":
            _place(node, name)
        return status[node["name"]]
    if node.op == "size" and name in node["size"].names:
        raise Unproved(f"the number {name} itself is used")
    kinds = [_status(arg, name, status) for arg in node.args]
    if "sum" in kinds:
        return _additive(node, kinds) if node.op != "sum_steps" else "sum"
    if "rows" not in kinds:
        if _has(node.shape, name):
            raise Unproved(f"{node.op} makes an axis {name} of its own")
        return "free"
    return _rows(node, kinds, name)


def _rows(node: Node, kinds: list[str], name: str) -> str:
    rows = [arg for arg, kind in zip(node.args, kinds, strict=True) if kind == "rows"]
    if node.op == "sum":
        axes = range(-rows[0].rank, 0) if node["axes"] is None else node["axes"]
        return "sum" if _place(rows[0], name) in axes else "rows"
    if OPERATORS[node.op].elementwise or node.op == "custom":
        if any(_place(arg, name) != _place(node, name) for arg in rows):
            raise Unproved(f"{node.op} lines {name} up with another axis")
        return "rows"
    if node.op in ("sum_steps", "steps", "row", "cast", "stop_gradient"):
        return "rows"
    if node.op == "matmul":
        return _product(node, kinds, name)
    return _other(node, rows, name)


def _product(node: Node, kinds: list[str], name: str) -> str:
    left, right = node.args
    if kinds[0] == "rows" and _place(left, name) == -1:
        raise Unproved(f"a product sums over {name}")
    if kinds[1] == "rows" and _place(right, name) == (-2 if right.rank > 1 else -1):
        raise Unproved(f"a product sums over {name}")
    if kinds == ["rows", "rows"] and not (_place(left, name) == _place(right, name) < -2):
        raise Unproved(f"a product pairs different entries of {name}")
    return "rows"


def _other(node: Node, rows: list[Node], name: str) -> str:
    """Operators along an axis leave the others apart."""
    attrs = dict(node.attrs)
    along = attrs.get("axis")  # of the array with most axes: labels lack that of their logits
    most = max(each.rank for each in (node, *node.args))
    reduces = OPERATORS[node.op].facts.get("reduces") and "axes" in attrs
    for arg in rows:
        place = _place(arg, name)
        if reduces and (attrs["axes"] is None or place in attrs["axes"]):
            raise Unproved(f"{node.op} reduces over {name}")
        works = along if isinstance(along, tuple) else (along,)
        if arg.rank == most and place in works:
            raise Unproved(f"{node.op} works along {name}")
    known = ("slice", "index", "newaxis", "concat", "stack", "cross_entropy", "transpose", "take")
    if reduces or OPERATORS[node.op].facts.get("along") or node.op in known:
        if node.op == "take" and rows[0] is node.args[0]:
            raise Unproved(f"take picks entries of {name}")
        _place(node, name)
        return "rows"
    if node.op == "einsum":
        return _einsum(node, rows, name)
    raise Unproved(f"{node.op} is not known to keep the entries of {name} apart")


def _einsum(node: Node, rows: list[Node], name: str) -> str:
    inputs, result = node["pattern"].split("->")
    letters = set()
    for words, arg in zip(inputs.split(","), node.args, strict=True):
        if arg in rows:
            letters.add(words.split()[_place(arg, name)])
    if len(letters) != 1 or result.split().count(next(iter(letters))) != 1:
        raise Unproved(f"einsum sums over {name}")
    return "rows"
