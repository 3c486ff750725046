"""What is written naturally, computed safely: rewrites of the forward equations before they are
differentiated.

    log(softmax(z))       log_softmax(z)
    log(sigmoid(z))       log_sigmoid(z)
    log(1 - sigmoid(z))   log_sigmoid(-z)
    log(1 + exp(z))       softplus(z)          also log1p(exp(z))
    log(sum(exp(z)))      logsumexp(z)
    1 / (1 + exp(-z))     sigmoid(z)
    where(c, f(x), b)     where(c, f(where(c, x, 1)), b)    see `guard`

The forms are recognised through names: `yhat = softmax(z)` in one equation and `log(yhat)` in
another become `log_softmax` of the same z.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bpgen.guard import Guard
from bpgen.ir import (
    Cell,
    Equation,
    Node,
    apply,
    fresh,
    is_number,
    rebuild,
    ref,
)
from bpgen.shared import shared

_MOVES = ("transpose", "slice", "index", "newaxis", "take", "entries", "row", "steps", "reshape")
_KNOWN = ("softmax", "log_softmax", "sigmoid", "exp", "sum", "add", "subtract", *_MOVES)


def safe(cell: Cell) -> tuple[Equation, ...]:
    """The forward equations of a cell, in their safe forms, each giving what the original gives.

    Dear parts that stand in several equations get a name, so that their gradient is collected once.
    """
    by_target = {e.target: e for e in cell.equations}
    names = dict.fromkeys([*by_target, *(q.name for q in cell.given), *cell.sizes, "T", "t"])
    constants = frozenset(q.name for q in cell.given if q.role == "const")
    forms = _Forms(by_target, names, constants)
    made: list[Equation] = []
    for e in cell.equations:
        value = forms.of(e.target)
        made += forms.fresh
        forms.fresh.clear()
        made.append(Equation(e.target, value, e.timed, e.place))
    return shared(tuple(made), forms.names)


@dataclass(slots=True)
class _Forms:
    """Safe forms of the equations of a cell, each made once, and the logarithms they share."""

    equations: dict[str, Equation]
    names: dict[str, None]
    constants: frozenset[str]
    logs: dict[str, Equation] = field(default_factory=dict)
    made: dict[str, Node] = field(default_factory=dict)
    fresh: list[Equation] = field(default_factory=list)  # logarithms made since last asked

    def of(self, name: str) -> Node:
        """The safe form of an equation."""
        if name not in self.made:
            value = self.equations[name].value
            whole = _log(value, self.seen) if value.op == "log" else None
            if whole and value.args[0].op == "ref":
                self.made[name] = _like(whole, value)
                log = replace(self.equations[name], value=self.made[name])
                self.logs[value.args[0]["name"]] = log
            else:
                self.made[name] = rebuild(value, self.change)
        return self.made[name]

    def known(self, name: str) -> Node | None:
        return self.of(name) if name in self.equations else None

    def seen(self, node: Node) -> Node:
        """What a name of the same step stands for, in its safe form."""
        if node.op == "ref" and node["when"] in (0, None) and node["name"] in self.equations:
            value = self.of(node["name"])
            return value if value.op in _KNOWN else node
        return node

    def change(self, node: Node) -> Node | None:
        made = _log(node, self.seen) or _sigmoid(node, self.seen)
        made = made or _label(node, self.seen) or Guard(self.known, self.constants).guarded(node)
        if made and node.op == "log" and node.args[0].op == "ref":
            made = self.log_of(node.args[0]["name"], _like(made, node))
        return made and _like(made, node)

    def log_of(self, name: str, value: Node) -> Node:
        """The logarithm of a quantity is a quantity, `log_yhat`, unless the spec names it."""
        if name not in self.logs:
            target = fresh(f"log_{name}", self.names)
            self.names[target] = None
            self.logs[name] = Equation(target, value, value.timed, value.place)
            self.fresh.append(self.logs[name])
        when = 0 if value.timed else None
        return ref(self.logs[name].target, value.shape, when, place=value.place)


def _like(made: Node, node: Node) -> Node:
    return replace(made, place=node.place)


def _label(node: Node, seen: Callable[[Node], Node]) -> Node | None:
    """-log_softmax(z)[y], one entry by its label, is the cross entropy."""
    if node.op != "negate" or node.args[0].op != "take":
        return None
    table, label = node.args[0].args
    table = seen(table)
    if table.op == "log_softmax" and table.rank == 1 and label.rank == 0:
        return apply("cross_entropy", table.args[0], label)
    return None


def _log(node: Node, seen: Callable[[Node], Node]) -> Node | None:
    if node.op == "log1p":
        inner = seen(node.args[0])
        return apply("softplus", inner.args[0]) if inner.op == "exp" else None
    if node.op != "log":
        return None
    inner = seen(node.args[0])
    if inner.op in _MOVES:  # entries are moved, so their logarithms are
        log = _log(apply("log", inner.args[0]), seen)
        return log and apply(inner.op, log, *inner.args[1:], **dict(inner.attrs))
    if inner.op == "softmax":
        return apply("log_softmax", inner.args[0], **dict(inner.attrs))
    if inner.op == "sigmoid":
        return apply("log_sigmoid", inner.args[0])
    if inner.op == "sum" and seen(inner.args[0]).op == "exp":
        return apply("logsumexp", seen(inner.args[0]).args[0], **dict(inner.attrs))
    if inner.op in ("add", "subtract"):
        return _log_of_one_and(inner, seen)
    return None


def _log_of_one_and(node: Node, seen: Callable[[Node], Node]) -> Node | None:
    """log(1 + exp(z)) and log(1 - sigmoid(z))."""
    left, right = node.args
    if node.op == "add" and is_number(right, 1):
        left, right = right, left
    if not is_number(left, 1):
        return None
    inner = seen(right)
    if node.op == "add" and inner.op == "exp":
        return apply("softplus", inner.args[0])
    if node.op == "subtract" and inner.op == "sigmoid":
        return apply("log_sigmoid", -inner.args[0])
    return None


def _sigmoid(node: Node, seen: Callable[[Node], Node]) -> Node | None:
    """1 / (1 + exp(-z)), which overflows as written."""
    if node.op != "divide" or not is_number(node.args[0], 1):
        return None
    below = seen(node.args[1])
    if below.op != "add":
        return None
    left, right = below.args
    if is_number(right, 1):
        left, right = right, left
    inner = seen(right)
    if is_number(left, 1) and inner.op == "exp":
        power = inner.args[0]
        return apply("sigmoid", power.args[0] if power.op == "negate" else -power)
    return None
