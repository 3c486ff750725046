"""`where` whose dead branch cannot fail: no 0·∞ in the backward pass.

    where(c, f(x), b)     where(c, f(where(c, x, 1)), b)    for each f that can fail, as log or 1/x

Where the branch is not taken, what can fail sees a harmless number instead. The condition is
followed down, entry by entry, through reductions over axes that it does not have, and through
names: a quantity of the same step that can fail is written out and guarded where it stands.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bpgen.ir import OPERATORS, Node, apply, walk


@dataclass(frozen=True, slots=True)
class Guard:
    """What a branch may be written out to, and which names are constants, that nobody guards."""

    form: Callable[[str], Node | None]  # the safe form of a quantity's equation
    constants: frozenset[str]

    def guarded(self, node: Node) -> Node | None:
        """A `where` with its branches made harmless, None if nothing in them can fail."""
        if node.op != "where":
            return None
        condition, *branches = node.args
        made = [self._branch(b, condition, i == 0) for i, b in enumerate(branches)]
        return apply("where", condition, *made) if made != branches else None

    def _branch(self, branch: Node, condition: Node, taken: bool) -> Node:
        def harmless(arg: Node, there: Node, neutral: float) -> Node:
            return apply("where", there, *((arg, neutral) if taken else (neutral, arg)))

        return self._within(branch, condition, harmless)

    def _within(self, node: Node, there: Node, harmless: Callable[..., Node]) -> Node:
        """The expression, guarded; `there` is the condition, lined up with the node's entries."""
        node = self._written_out(node)
        operator = OPERATORS.get(node.op)
        if operator is None or (node.op == "where" and node.args[0] == there):
            return node
        if operator.elementwise:
            args = [self._within(arg, there, harmless) for arg in node.args]
            if is_unsafe(node):
                neutral = operator.facts.get("harmless", 1.0)
                args = [arg if self._steady(arg) else harmless(arg, there, neutral) for arg in args]
        elif operator.facts.get("reduces") and (there.rank == 0 or there.rank == node.rank):
            args = [self._within(node.args[0], _behind(there, node), harmless)]
        else:
            return node
        return _remade(node, args)

    def _written_out(self, node: Node) -> Node:
        """A name's own expression, if that can fail, and the name itself if not."""
        if node.op != "ref" or node["when"] not in (0, None):
            return node
        value = self.form(node["name"])
        return value if value and any(self._can_fail(part) for part in walk(value)) else node

    def _can_fail(self, node: Node) -> bool:
        """Whether an operator can fail on an argument that nobody has guarded."""
        return is_unsafe(node) and any(a.op != "where" and not self._steady(a) for a in node.args)

    def _steady(self, arg: Node) -> bool:
        """Whether an argument is a number, or made of numbers and constants."""
        return all(n.op != "ref" or n["name"] in self.constants for n in walk(arg))


def is_unsafe(node: Node) -> bool:
    """Whether an operator can fail on some arguments; a positive whole power cannot."""
    if node.op == "power" and node.args[1].op == "number":
        exponent = node.args[1]["value"]
        return bool(exponent < 1 or exponent != int(exponent))
    return node.op in OPERATORS and bool(OPERATORS[node.op].facts.get("unsafe"))


def _behind(there: Node, node: Node) -> Node:
    """The condition for what a reduction reduces."""
    inner = node.args[0]
    if there.rank == 0 or node["keepdims"]:
        return there
    axes = tuple(range(-inner.rank, 0)) if node["axes"] is None else node["axes"]
    return apply("newaxis", there, axes=tuple(sorted(axes)))


def _remade(node: Node, args: list[Node]) -> Node:
    if tuple(args) == node.args:
        return node
    return replace(apply(node.op, *args, **dict(node.attrs)), place=node.place)
