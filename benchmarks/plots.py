"""The plots: how far from the limit, and how long a step takes, by size and contender.

One figure for each environment, dtype and question, with a panel for each cell, as SVG and PNG.
Heights are logarithmic, so that the same distance is the same factor everywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from benchmarks import cells
from benchmarks.contenders import LIMIT, NAMES
from benchmarks.results import Environment, Point, Results
from benchmarks.settings import SIZES

ACROSS = 3  # panels in a row
WIDTH, HEIGHT = 2.9, 2.35  # of a panel, in inches
HEAD, LEGEND, NARROWEST = 0.55, 0.5, 6.5
DPI = 160

INK, FADED, FAINT = "#222222", "#666666", "#d9d9d9"
LOOK = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "svg.hashsalt": "bpgen",  # the same drawing is the same file
    "svg.fonttype": "none",
}


COLOURS = ("#c1272d", "#0072b2", "#009e73")  # of the kinds of specs


@dataclass(frozen=True, slots=True)
class Line:
    """How a contender is drawn: a colour for each library, a stroke for each form of it."""

    colour: str
    stroke: str = "-"
    marker: str = "o"
    width: float = 1.3


LINES = {
    LIMIT: Line("#8c8c8c", marker="s", width=2.5),
    "plain": Line("#c1272d", width=2.4),
    "fast": Line("#7a0010", width=2.4),
    "fast-unheld": Line("#7a0010", "--", "p"),
    "textbook": Line(INK, marker="s"),
    "autograd": Line("#b07aa1", marker="D"),
    "torch-loop": Line("#e69f00", marker="^"),
    "torch-loop-hoisted": Line("#e69f00", "--", ">"),
    "torch-nn": Line("#a65e00", marker="v"),
    "torch-compile": Line("#e69f00", ":", "<"),
    "jax-scan": Line("#0072b2", marker="P"),
    "jax-scan-hoisted": Line("#0072b2", "--", "X"),
    "numba": Line("#009e73", marker="h"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What a figure shows: `height` of each contender at a point, None if it was not timed."""

    name: str  # of the file
    title: str
    unit: str
    ticks: tuple[int, ...]  # within each power of ten
    height: Callable[[Point, str], float | None]


def _over_limit(point: Point, name: str) -> float | None:
    return point.ratio(name, LIMIT)


def _milliseconds(point: Point, name: str) -> float | None:
    timed = point.find(name)
    return 1000 * timed.seconds if timed else None


QUESTIONS = (
    Question(
        "ratio", "Time of a training step over the limit", "times the limit", (1, 2, 5), _over_limit
    ),
    Question("time", "Time of a training step", "ms", (1,), _milliseconds),
)


def write(results: Results, folder: Path) -> None:
    """Draw every figure into a folder."""
    matplotlib.use("agg")
    with matplotlib.rc_context(LOOK):
        for each in results.environments:
            for dtype in dict.fromkeys(point.dtype for point in each.points):
                points = [point for point in each.points if point.dtype == dtype]
                for asked in QUESTIONS:
                    drawn = figure(points, asked)
                    _head(drawn, f"{asked.title}, {dtype}", _setting(each, results))
                    _save(drawn, folder / f"{asked.name}-{dtype}-{each.name}")


def figure(points: Sequence[Point], asked: Question) -> Figure:
    """A panel for each cell, one legend under them, and room for a head."""
    names = list(dict.fromkeys(point.cell for point in points))
    shown = [n for n in NAMES if any(asked.height(point, n) is not None for point in points)]
    down, across = ceil(len(names) / ACROSS), min(len(names), ACROSS)
    tall = down * HEIGHT + HEAD + LEGEND
    drawn = pyplot.figure(figsize=(max(across * WIDTH, NARROWEST), tall), layout="constrained")
    panels = (0, LEGEND / tall, 1, down * HEIGHT / tall)
    drawn.get_layout_engine().set(rect=panels, wspace=0.03, hspace=0.04)
    axes = drawn.subplots(down, across, sharey=True, squeeze=False)
    for ax, name in zip(axes.flat, names, strict=False):
        ax.set_title(cells.find(name).TITLE if name in cells.NAMES else name)
        _panel(ax, [point for point in points if point.cell == name], shown, asked)
    for ax in axes.flat[len(names) :]:
        ax.set_visible(False)
    for ax in axes[:, 0]:
        ax.set_ylabel(asked.unit)
    drawn.legend(
        handles=[Line2D([], [], label=name.replace("-", " "), **_style(name)) for name in shown],
        loc="lower center",
        ncols=ceil(len(shown) / 2),
        frameon=False,
        handlelength=2.6,
    )
    return drawn


def growth(
    sizes: Sequence[int],
    times: Mapping[str, Sequence[float]],
    facts: Mapping[str, Any],
    folder: Path,
) -> None:
    """Seconds to compile over the size of a spec, both logarithmic, beside what is linear."""
    matplotlib.use("agg")
    with matplotlib.rc_context(LOOK):
        drawn = pyplot.figure(figsize=(4.6, 3.6), layout="constrained")
        drawn.get_layout_engine().set(rect=(0, 0, 1, 1 - HEAD / 3.6))
        ax = drawn.subplots()
        least = min(each[0] for each in times.values())
        straight = [0.7 * least * n / sizes[0] for n in sizes]
        ax.plot(sizes, straight, color=FADED, linestyle=":", linewidth=1.3, label="linear")
        for (kind, found), colour, marker in zip(times.items(), COLOURS, "osD", strict=True):
            style = {"color": colour, "marker": marker, "markersize": 4, "markeredgewidth": 0}
            ax.plot(sizes, found, linewidth=1.8, label=kind, **style)
        ax.set_xscale("log")
        ax.set_xticks(sizes, [f"{n:,}" for n in sizes])
        ax.set_xlabel("statements")
        ax.set_ylabel("s")
        _logarithmic(ax, (1, 2, 5))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xlim(sizes[0] / 1.15, sizes[-1] * 1.15)
        ax.legend(frameon=False, loc="upper left")
        _head(drawn, "Time to compile a spec", f"{facts['machine']['processor']}; {facts['day']}")
        _save(drawn, folder / "growth")


def _head(drawn: Figure, title: str, setting: str) -> None:
    """What is shown, and on what."""
    _, tall = drawn.get_size_inches()
    drawn.text(0.012, 1 - 0.08 / tall, title, va="top", size=11)
    drawn.text(0.012, 1 - 0.30 / tall, setting, va="top", size=7, color=FADED)


def _panel(ax: Axes, points: Sequence[Point], names: Sequence[str], asked: Question) -> None:
    sizes = [size for size in SIZES if any(point.size == size for point in points)]
    at = {size: i for i, size in enumerate(sizes)}
    for name in reversed(names):  # ours above its peers
        heights = [(at[p.size], y) for p in points if (y := asked.height(p, name)) is not None]
        if heights:
            ax.plot(*zip(*sorted(heights), strict=True), **_style(name))
    ax.set_xticks(range(len(sizes)), sizes)
    ax.set_xlim(-0.3, len(sizes) - 0.7)
    _logarithmic(ax, asked.ticks)


def _logarithmic(ax: Axes, ticks: tuple[int, ...]) -> None:
    """Make heights logarithmic, with these ticks within each power of ten."""
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=ticks, numticks=20))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_minor_formatter(NullFormatter())


def _style(name: str) -> dict[str, object]:
    line = LINES[name]
    return {
        "color": line.colour,
        "linestyle": line.stroke,
        "marker": line.marker,
        "linewidth": line.width,
        "markersize": 4,
        "markeredgewidth": 0,
    }


def _setting(each: Environment, results: Results) -> str:
    kernel = each.blas.rpartition("kernel ")[2].partition(",")[0]
    processor = results.machine["processor"]
    return f"{processor}, one core; NumPy's BLAS with kernel {kernel}; {results.day}"


def _save(drawn: Figure, path: Path) -> None:
    drawn.savefig(path.with_suffix(".svg"), metadata={"Date": None})
    drawn.savefig(path.with_suffix(".png"), dpi=DPI)
    pyplot.close(drawn)
