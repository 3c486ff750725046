"""The dependence graph of equations: its cycles, and orders that respect it.

Everything here is deterministic: names come out in the order in which they went in wherever the
graph leaves a choice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush


@dataclass(frozen=True, slots=True)
class Edge:
    """`reader` needs `target`, at a shift in time (None: at all steps, or there is no time)."""

    reader: str
    target: str
    shift: int | None


def ordered(names: Iterable[str], edges: Sequence[Edge]) -> list[str]:
    """The names, each after those it needs; those on or behind a cycle are left out."""
    index = {name: i for i, name in enumerate(names)}
    needs: dict[str, set[str]] = {name: set() for name in index}
    for edge in edges:
        if edge.reader in needs:
            needs[edge.reader].add(edge.target)
    users: dict[str, list[str]] = {name: [] for name in index}
    for name, targets in needs.items():
        for target in sorted(targets, key=index.__getitem__):
            users[target].append(name)
    ready = [index[name] for name in index if not needs[name]]
    heapify(ready)
    by_index = list(index)
    result: list[str] = []
    while ready:
        name = by_index[heappop(ready)]
        result.append(name)
        for user in users[name]:
            needs[user].discard(name)
            if not needs[user]:
                heappush(ready, index[user])
    return result


def components(names: Iterable[str], edges: Sequence[Edge]) -> list[list[str]]:
    """The strongly connected components, each after those it needs (Tarjan, 1972)."""
    order = list(names)
    place = {name: i for i, name in enumerate(order)}
    needs: dict[str, dict[str, None]] = {name: {} for name in order}
    for edge in edges:
        needs[edge.reader][edge.target] = None
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in order:
        work = [(root, iter(needs[root]))] if root not in index else []
        if work:
            index[root] = low[root] = len(index)
            stack.append(root)
            on_stack.add(root)
        while work:
            name, rest = work[-1]
            target = next(rest, None)
            if target is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    group: list[str] = []
                    while not group or group[-1] != name:
                        group.append(stack.pop())
                        on_stack.discard(group[-1])
                    found.append(sorted(group, key=place.__getitem__))
            elif target not in index:
                index[target] = low[target] = len(index)
                stack.append(target)
                on_stack.add(target)
                work.append((target, iter(needs[target])))
            elif target in on_stack:
                low[name] = min(low[name], index[target])
    return found
