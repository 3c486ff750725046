"""A shortest way through a graph, with which a report shows a loop."""

from collections import deque
from collections.abc import Mapping, Sequence


def way(uses: Mapping[str, Sequence[str]], start: str, end: str) -> list[str]:
    """A shortest path, both ends included; it exists in a component."""
    before: dict[str, str] = {}
    queue = deque([start])
    seen = {start}
    while queue:
        node = queue.popleft()
        if node == end:
            break
        for following in uses.get(node, ()):
            if following not in seen:
                seen.add(following)
                before[following] = node
                queue.append(following)
    path = [end]
    while path[-1] != start:
        path.append(before[path[-1]])
    return path[::-1]
