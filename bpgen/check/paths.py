"""A shortest way through a graph, with which a report shows a loop."""

from collections import deque
from collections.abc import Mapping, Sequence


def way(uses: Mapping[str, Sequence[str]], start: str, end: str) -> list[str]:
    """A shortest path, both ends included; none if there is no way."""
    before: dict[str, str] = {}
    queue = deque([start])
    while queue and end not in (start, *before):
        node = queue.popleft()
        for following in uses.get(node, ()):
            if following not in before and following != start:
                before[following] = node
                queue.append(following)
    if end not in (start, *before):
        return []
    path = [end]
    while path[-1] != start:
        path.append(before[path[-1]])
    return path[::-1]
