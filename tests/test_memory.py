"""Long sequences: work and memory grow with their length, and by no more than what is promised."""

import gc
import sys
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any

import numpy as np
import pytest

from benchmarks import contenders, memory
from benchmarks.problem import problem as drawn
from bpgen.compile import STYLES
from test_saved import loaded, promised

LONG = 100_000
FEW = 8192  # bytes: tuples, views, and the small blocks that NumPy keeps for later

each_style = pytest.mark.parametrize("style", STYLES)


@dataclass(frozen=True, slots=True)
class Problem:
    """A cell of inputs x and states of H entries, one example, float64."""

    module: Any
    sizes: Mapping[str, int]
    params: Any
    x: np.ndarray
    dy: Mapping[str, np.ndarray]  # a gradient for each output

    def forward(self, **work: Any) -> Any:
        return self.module.forward(self.params, self.x, **work)

    def backward(self, saved: Any, **work: Any) -> Any:
        return self.module.backward(self.params, saved, **self.dy, **work)

    def backward_of_nothing(self, saved: Any, **work: Any) -> Any:
        return self.module.backward(self.params, saved, **work)


def problem(cell: str, style: str, T: int) -> Problem:
    module, _ = loaded(cell, style)
    rng = np.random.default_rng(0)
    dy = {f"d{name}": rng.normal(size=(T, 1, 4)) for name in module.Outputs._fields}
    params, x = module.init_params(rng, D=3, H=4), rng.normal(size=(T, 1, 3))
    return Problem(module, {"T": T, "N": 1, "D": 3, "H": 4}, params, x, dy)


def traced(call: Callable[[], Any]) -> tuple[Any, int, int]:
    """What a call returns, and the bytes that are held after it and that were at the most."""
    gc.collect()
    tracemalloc.start()
    try:
        result = call()
        gc.collect()
        return result, *tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()


# -- length ----------------------------------------------------------------------------------------


@each_style
@pytest.mark.parametrize(
    ("cell", "T"),
    [pytest.param("rnn", LONG, marks=pytest.mark.slow), ("rnn", 2000), ("lstm", 2000)],
)
def test_what_is_held_is_what_is_said(cell: str, T: int, style: str) -> None:
    """After `forward`, outputs and what `Saved` says; after `backward`, the gradients as well."""
    first = problem(cell, style, 2)
    first.backward(first.forward()[1])  # what is made once is made
    given = problem(cell, style, T)
    (outputs, saved), after_forward, _ = traced(given.forward)
    grads, after_backward, _ = traced(partial(given.backward, saved))
    gradients = (*grads.params, *grads[1:])
    assert all(np.isfinite(v).all() for v in (*outputs, *gradients))
    size = promised(given.module, given.sizes).get("numbers", 0)
    assert 0 <= after_forward - 8 * size - sum(v.nbytes for v in outputs) < FEW
    assert 0 <= after_backward - sum(v.nbytes for v in gradients) < FEW


@each_style
@pytest.mark.parametrize("half", ["forward", "backward"])
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_memory_grows_with_the_length(cell: str, half: str, style: str) -> None:
    """The most that is in use at once is more by as much for every step."""
    peaks = []
    for T in (2100, 3100, 4100):  # the shortest fills NumPy's buffers
        given = problem(cell, style, T)
        _, saved = given.forward()
        call = given.forward if half == "forward" else partial(given.backward, saved)
        peaks.append(traced(call)[2])
    assert peaks[2] - peaks[1] == pytest.approx(peaks[1] - peaks[0], rel=0.02)


def lines(call: Callable[[], Any]) -> int:
    """How many lines of Python a call runs."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


@each_style
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_work_grows_with_the_length(cell: str, style: str) -> None:
    """As many lines are run for each step, whatever the length."""
    counts = []
    for T in (100, 200, 400):
        given = problem(cell, style, T)
        _, saved = given.forward()
        counts.append(lines(given.forward) + lines(partial(given.backward, saved)))
    # Python may tidy up in between, which are lines too
    assert counts[2] - counts[1] == pytest.approx(2 * (counts[1] - counts[0]), rel=0.02)
    assert counts[1] > counts[0]


# -- a workspace -----------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_a_workspace_leaves_little_to_allot(cell: str) -> None:
    """In each call a few kilobytes and a buffer of NumPy's, and no more if there are more steps.

    For gradients that are not given, zeros are made in each call.
    """
    peaks, zeros = [], []
    for T in (10_000, 20_000):
        given = problem(cell, "fast", T)
        work = given.module.Workspace(**given.sizes)
        given.backward(given.forward(work=work)[1], work=work)
        (_, saved), *forward = traced(partial(given.forward, work=work))
        _, *backward = traced(partial(given.backward, saved, work=work))
        _, *nothing = traced(partial(given.backward_of_nothing, saved, work=work))
        assert max(forward[0], backward[0], nothing[0]) < FEW  # what is returned are views
        peaks.append((forward[1], backward[1]))
        zeros.append(nothing[1] - sum(v.nbytes for v in given.dy.values()))
    for few, many in zip(*peaks, strict=True):
        assert many - few < 256
        assert few < FEW + 8 * np.getbufsize()
    assert zeros[1] - zeros[0] < 256


# -- the benchmark ---------------------------------------------------------------------------------


def test_the_benchmark_counts_what_is_held() -> None:
    """Outputs and gradients at the least; a workspace too where there is one."""
    given = drawn(memory.CELL, {"N": 2, "T": 500, "D": 8, "H": 8}, memory.DTYPE)
    found = {}
    for name in memory.NUMPY:
        step = contenders.find(name)(given)
        held = sum(v.nbytes for v in step.read(step.run()).values())
        found[name] = memory.arrays(name, given)
        assert held < found[name]
    assert found["plain"] < found["fast"]


def test_a_library_that_is_absent_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(_: str) -> contenders.Prepare:
        raise ImportError

    monkeypatch.setattr(contenders, "find", find)
    assert memory.counted("torch-nn", memory.arrays) is None
