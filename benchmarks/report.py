"""Results as Markdown, and as files: JSON beside it, and plots where matplotlib is."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from benchmarks.contenders import LIMIT, NAMES, OURS, PLAIN, TEXTBOOK
from benchmarks.results import FEW, Environment, Point, Results

Cell = Callable[[Point, str], str]


def write(results: Results, folder: Path) -> None:
    """Write the page and, if matplotlib is here, the plots."""
    (folder / "results.md").write_text(page(results), "utf-8")
    try:
        from benchmarks import plots
    except ImportError as absent:
        print(f"no plots: {absent}")
    else:
        plots.write(results, folder)


def page(results: Results) -> str:
    """Every table, under a heading for each environment and dtype."""
    return "\n".join(_lines(results)) + "\n"


def short(results: Results) -> str:
    """One table: the ratios to the limit, and how much faster than the textbook."""
    points = [point for each in results.environments for point in each.points]
    ours = [name for name in OURS if _any(points, name)]
    columns = {f"{name} / {LIMIT}": (name, LIMIT) for name in ours}
    columns |= {f"{TEXTBOOK} / {name}": (TEXTBOOK, name) for name in ours}

    def cell(point: Point, column: str) -> str:
        return _ratio(point.ratio(*columns[column]))

    blas = "; ".join(each.blas for each in results.environments)
    return "\n".join([*_table(points, list(columns), cell), "", f"BLAS: {blas}", *_wrong(points)])


def _lines(results: Results) -> Iterator[str]:
    facts = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    yield f"# A training step, measured on {results.day}"
    yield ""
    yield f"{facts['processor']}, {facts['cores']} cores, of which one; {facts['system']}."
    yield f"Python {facts['python']}, {versions}."
    for each in results.environments:
        for dtype in dict.fromkeys(point.dtype for point in each.points):
            points = [point for point in each.points if point.dtype == dtype]
            yield from _section(each, dtype, points)


def _section(each: Environment, dtype: str, points: list[Point]) -> Iterator[str]:
    names = [name for name in NAMES if _any(points, name)]
    variables = ", ".join(f"`{n}={v}`" for n, v in each.variables.items()) or "no variable set"
    yield ""
    yield f"## {dtype}, variables {each.name}"
    yield ""
    load = max(point.load for point in points)
    yield f"{each.blas}; {variables}; load average up to {load:.1f}, of which 1 is ours."
    yield from _titled("Milliseconds of a step", _table(points, names, _time))
    peers = [name for name in names if name != LIMIT]
    rows = _table(points, peers, lambda point, name: _ratio(point.ratio(name, LIMIT)))
    yield from _titled("Ratio to the limit", rows)
    for ours in (name for name in OURS if name in names):
        others = [name for name in peers if name not in OURS or (name == PLAIN != ours)]
        if not others:
            continue
        rows = _table(points, others, lambda p, name, ours=ours: _ratio(p.ratio(name, ours)))
        yield from _titled(f"How many times faster `{ours}` is", rows)
    yield from _wrong(points)
    yield from _skipped(points)


def _titled(title: str, table: Iterable[str]) -> Iterator[str]:
    yield from ("", f"### {title}", "", *table)


def _table(points: Iterable[Point], columns: list[str], cell: Cell) -> Iterator[str]:
    yield f"| cell | size | {' | '.join(columns)} |"
    yield f"|---|---|{'---:|' * len(columns)}"
    for point in points:
        entries = " | ".join(cell(point, column) for column in columns)
        yield f"| {point.cell} | {point.size} | {entries} |"


def _time(point: Point, name: str) -> str:
    timed = point.find(name)
    if not timed:
        return "–"
    ms = 1000 * timed.seconds
    digits = 0 if ms >= 100 else 1 if ms >= 10 else 2 if ms >= 1 else 3
    return f"{ms:.{digits}f}{'~' if timed.clean < FEW else ''}"


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _any(points: Iterable[Point], name: str) -> bool:
    return any(point.find(name) for point in points)


def _wrong(points: Iterable[Point]) -> Iterator[str]:
    for point in points:
        for name, reason in point.wrong.items():
            yield from (
                "",
                f"Not timed: {name}, {point.cell} {point.size} {point.dtype}: {reason}.",
            )


def _skipped(points: list[Point]) -> Iterator[str]:
    """Why contenders are missing, each reason once, with the cells it is about."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for point in points:
        for name, reason in point.skipped.items():
            reasons.setdefault((name, reason), []).append(point.cell)
    for (name, reason), found in reasons.items():
        yield from ("", f"Without {name} for {', '.join(dict.fromkeys(found))}: {reason}.")
