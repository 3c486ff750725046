"""The lines of a source that a report is about, with marks under them and what is said of each.

Lines that are longer than the page are cut to a window round their marks; marks of one line that
lie too far apart for one window get several. A label that does not fit beside its mark stands below
it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bpgen.paint import Paint, columns, edges, plain, shown, wrapped
from bpgen.source import Source, Span

_CUT = "..."


class Mark(NamedTuple):
    """A place, the sign that underlines it, what is said of it, and the style of both."""

    span: Span
    sign: str
    text: str
    style: str


class _Placed(NamedTuple):
    """A mark on its line: the columns that it underlines, at least one."""

    start: int
    end: int
    mark: Mark


def snippet(
    source: Source, marks: Sequence[Mark], gutter: int, width: int, paint: Paint = plain
) -> list[str]:
    """The marked lines, numbered in a gutter of `gutter` columns, in `width` columns in all."""
    by_line: dict[int, list[Mark]] = {}
    for mark in marks:
        by_line.setdefault(source.position(mark.span.start)[0], []).append(mark)
    room = max(width - gutter - 3, 20)
    lines: list[str] = []
    previous = None
    for number in sorted(by_line):
        if previous is not None and number > previous + 1:
            lines.append(_CUT)
        for text, rows in _windows(source, number, by_line[number], room, paint):
            lines.append(f"{paint('frame', f'{number:>{gutter}} |')} {text}".rstrip())
            lines += [f"{paint('frame', ' ' * gutter + ' |')} {row}" for row in rows]
        previous = number
    return lines


def _windows(
    source: Source, number: int, marks: Sequence[Mark], room: int, paint: Paint
) -> Iterator[tuple[str, list[str]]]:
    """The line, or the parts of it that are shown, and the rows below each."""
    text = source.line(number)
    at = edges(text)
    placed: list[_Placed] = []
    for mark in marks:
        first = source.position(mark.span.start)[1] - 1
        last = min(first + mark.span.end - mark.span.start, len(text))
        placed.append(_Placed(at[first], max(at[last], at[first] + 1), mark))
    total = max(at[-1], *(each.end for each in placed))  # a mark may stand behind the line
    for group in _groups(sorted(placed, key=lambda each: each.start), total, room):
        low, high = _window(group, total, room)
        # the rightmost mark first, so that the texts of several marks do not cross
        rows = [
            row
            for each in sorted(group, key=lambda each: -each.start)
            for row in _rows(each, low, high, room, paint)
        ]
        yield _cut(text, at, low, high), rows


def _groups(placed: Sequence[_Placed], total: int, room: int) -> list[list[_Placed]]:
    """The marks that share a window, from the left."""
    groups: list[list[_Placed]] = []
    for each in placed:
        if groups and (total <= room or each.end - groups[-1][0].start <= room - 2 * len(_CUT)):
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


def _window(group: Sequence[_Placed], total: int, room: int) -> tuple[int, int]:
    """The columns of a line that are shown: round the marks, with as much on either side."""
    start, end = group[0].start, max(each.end for each in group)
    spare = max(room - (end - start), 2 * len(_CUT))
    low = max(0, min(start - spare // 2, total - room))
    return low, min(total, low + room)


def _cut(text: str, at: Sequence[int], low: int, high: int) -> str:
    """What stands in a window, `...` where the line goes on."""
    before = _CUT if low else ""
    after = _CUT if high < at[-1] else ""
    first, last = low + len(before), high - len(after)
    start, end = bisect_left(at, first), bisect_right(at, last) - 1
    gap = " " * (at[start] - first)  # half of a wide character may lie outside
    return f"{before}{gap}{shown(text[start:end])}{after}"


def _rows(placed: _Placed, low: int, high: int, room: int, paint: Paint) -> list[str]:
    """The marks of one place, and its label beside or below them."""
    mark = placed.mark
    indent = placed.start - low
    signs = mark.sign * max(1, min(placed.end, high) - placed.start)
    label = shown(mark.text)
    if not label:
        return [" " * indent + paint(mark.style, signs)]
    if indent + len(signs) + 1 + columns(label) <= room:
        return [" " * indent + paint(mark.style, f"{signs} {label}")]
    below = max(0, min(indent, room - min(columns(label), 40)))
    lines = wrapped(label, room - below)
    return [
        " " * indent + paint(mark.style, signs),
        *(" " * below + paint(mark.style, line) for line in lines),
    ]
