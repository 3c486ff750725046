"""Sizes whose names emitted code needs for itself get other names, everywhere in a plan."""

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from bpgen.ir import Cell, Node
from bpgen.names import RESERVED
from bpgen.ops.spelling import helper_names
from bpgen.schedule import Plan
from bpgen.sizes import Size
from bpgen.targets.support import HELPERS

T = TypeVar("T")


def without_clashes(plan: Plan) -> Plan:
    """The plan with every size called by a name that emitted code leaves free."""
    cell = plan.pair.cell
    reserved = {*RESERVED, *HELPERS, *helper_names()}
    taken = {*reserved, *cell.sizes, *(q.name for q in cell.given)}
    renamed: dict[str, str] = {}
    for size in cell.sizes:
        if size in reserved:
            renamed[size] = size + "_"
            while renamed[size] in taken:
                renamed[size] += "_"
    return _Renaming(renamed).of(plan) if renamed else plan


class _Renaming:
    """Rebuilds frozen values with other names of sizes; each node once."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        self.nodes: dict[int, tuple[Node, Node]] = {}

    def of(self, value: T) -> T:
        made: Any = value
        if isinstance(value, Size):
            made = self._size(value)
        elif isinstance(value, Node):
            made = self._node(value)
        elif isinstance(value, tuple):
            made = tuple(self.of(item) for item in value)
        elif is_dataclass(value) and not isinstance(value, type):
            changed = {f.name: self.of(getattr(value, f.name)) for f in fields(value) if f.init}
            if isinstance(value, Cell):
                changed["sizes"] = tuple(self.names.get(s, s) for s in value.sizes)
                changed["source"] = value.source
            made = type(value)(**changed)
        result: T = made
        return result

    def _size(self, size: Size) -> Size:
        terms = [
            (tuple(sorted(self.names.get(name, name) for name in names)), c)
            for names, c in size.terms
        ]
        return Size(tuple(sorted(terms, key=lambda term: (-len(term[0]), term[0]))))

    def _node(self, node: Node) -> Node:
        if id(node) not in self.nodes:
            made = replace(
                node, args=self.of(node.args), attrs=self.of(node.attrs), shape=self.of(node.shape)
            )
            self.nodes[id(node)] = (node, made)  # the node is kept, so that its id stays its own
        return self.nodes[id(node)][1]
