"""`step` of the fast style with a workspace: it streams as `forward` does, and allots nothing.

The tests that ship beside the modules are the judges: they are given a `step` that has a workspace.
"""

import inspect
import re
import sys
import tracemalloc
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bpgen import library
from bpgen.compile import compile_source
from bpgen.parse import read

SPECS = sorted((Path(__file__).parent / "specs").glob("*.spec"))
TEXTS = {name: library.text(name) for name in library.names()} | {
    path.stem: path.read_text("utf-8") for path in SPECS
}
AGAIN = "work: expected no results of the call before the last; copy them"


@cache
def made(name: str) -> tuple[Any, Any]:
    """The fast module of a cell, and its test."""
    files = compile_source(read(TEXTS[name].encode(), f"{name}.spec"), style="fast")
    module, test = ModuleType(name), ModuleType(f"test_{name}")
    exec(compile(files[f"{name}.py"], f"{name}.py", "exec"), module.__dict__)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, name, module)
        exec(compile(files[f"test_{name}.py"], f"test_{name}.py", "exec"), test.__dict__)
    return module, test


def working(module: Any, dtype: Any = np.float64, **sizes: int) -> Any:
    """A workspace, of those sizes that it asks for."""
    asked = inspect.signature(module.Workspace).parameters.keys() - {"dtype"}
    return module.Workspace(**{name: sizes[name] for name in asked}, dtype=dtype)


def arrays(*results: Any) -> list[np.ndarray]:
    """The arrays in what `step` returned."""
    return [v for part in results for v in part if isinstance(v, np.ndarray)]


@pytest.mark.parametrize("name", TEXTS)
def test_a_stream_in_a_workspace(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are the whole, and what each returned is as it was when the next has returned."""
    module, test = made(name)
    assert hasattr(module, "step") == hasattr(module, "StepArrays")
    if not hasattr(module, "step"):
        return
    plain, work = module.step, working(module, **test.SIZES["first"])
    last: list[tuple[np.ndarray, np.ndarray]] = []

    def step(*given: Any, **others: Any) -> Any:
        outputs, states = plain(*given, **others, work=work)
        for found, copied in last:
            assert np.array_equal(found, copied)
        last[:] = [(v, v.copy()) for v in arrays(outputs, states)]
        copies = (v.copy() if isinstance(v, np.ndarray) else v for v in outputs)
        return module.Outputs(*copies), states

    monkeypatch.setattr(module, "step", step)
    for _ in range(2):  # nothing of another stream may be left
        last.clear()
        test.test_stream()


def memory(name: str, dtype: Any, N: int) -> tuple[int, int]:
    """Bytes of arrays that 1,000 steps leave behind, and the most that there were of anything."""
    module, _ = made(name)
    rng = np.random.default_rng(0)
    params = module.init_params(rng, D=50, H=60, dtype=dtype)
    x = list(rng.normal(size=(8, N, 50)).astype(dtype))
    work = working(module, dtype, T=1, N=N, D=50, H=60)
    states: Any = ()
    for t in range(1010):
        if t == 10:
            tracemalloc.start()
        _, states = module.step(params, x[t % 8], *states, work=work)
    _, peak = tracemalloc.get_traced_memory()
    of_arrays = tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)
    traces = tracemalloc.take_snapshot().filter_traces([of_arrays]).traces
    tracemalloc.stop()
    return sum(trace.size for trace in traces), peak


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "narx"])
def test_a_thousand_steps_allot_nothing(
    name: str, dtype: type, request: pytest.FixtureRequest
) -> None:
    """Python's own objects, views among them, take what they take, whatever the size of arrays."""
    # what NumPy goes through in pieces passes through a buffer of its own; let it be small
    request.addfinalizer(partial(np.setbufsize, np.setbufsize(16)))
    few, many = memory(name, dtype, N=1), memory(name, dtype, N=100)
    assert few[0] == many[0] == 0
    assert many[1] - few[1] < 1000 < 100 * 60 * np.dtype(dtype).itemsize


def given(name: str) -> tuple[Any, Any, Any, Any]:
    """A module, parameters, one step of its input, and a workspace."""
    module, _ = made(name)
    rng = np.random.default_rng(0)
    params = module.init_params(rng, D=5, H=7)
    return module, params, rng.normal(size=(3, 5)), working(module, T=1, N=3, D=5, H=7)


def test_without_a_workspace_results_are_ones_own() -> None:
    module, params, x, _ = given("lstm")
    first, states = module.step(params, x)
    copies = [v.copy() for v in first]
    second, others = module.step(params, x, *states)
    module.step(params, x, *others)
    assert all(map(np.array_equal, first, copies))
    assert not any(np.may_share_memory(v, w) for v in first for w in second)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "narx"])
def test_results_of_the_call_before_the_last_are_refused(name: str) -> None:
    """This call would write to what it reads; a copy will do, and refusing it changes nothing."""
    module, params, x, work = given(name)
    _, first = module.step(params, x, work=work)
    copies = [v.copy() for v in first]
    _, second = module.step(params, x, *first, work=work)
    kept = [v.copy() for v in second]
    for _ in range(2):
        with pytest.raises(ValueError, match=f"^{re.escape(AGAIN)}$"):
            module.step(params, x, *first, work=work)
        assert all(map(np.array_equal, second, kept))
    expected, _ = module.step(params, x, *copies)
    found, third = module.step(params, x, *copies, work=work)
    assert all(map(np.array_equal, found, expected))
    assert all(map(np.array_equal, second, kept))
    module.step(params, x, *third, work=work)


def test_what_step_returned_is_free_to_change() -> None:
    """As that of the plain style is: a stream may begin anew for one example."""
    module, params, x, work = given("gru")
    _, (h,) = module.step(params, x, work=work)
    h[1] = 0
    expected, _ = module.step(params, x, h.copy())
    assert np.array_equal(module.step(params, x, h, work=work)[0].h, expected.h)


def test_a_workspace_of_a_step_is_refused_as_any() -> None:
    module, params, x, work = given("lstm")
    _, states = module.step(params, x, work=work)
    with work.lock, pytest.raises(RuntimeError, match=r"^work: in use by another call"):
        module.step(params, x, *states, work=work)
    with pytest.raises(TypeError, match=r"^work: expected a Workspace, got dict$"):
        module.step(params, x, work={})
    for _ in range(2):  # what `bind` had to say of it is remembered, and refused all the same
        with pytest.raises(ValueError, match=r"^work: expected N = 2, got one made for N = 3$"):
            module.step(params, x[:2], work=work)
    module.step(params, x, *states, work=work)


def test_another_function_may_use_the_workspace_between_steps() -> None:
    module, params, x, work = given("lstm")
    _, states = module.step(params, x, work=work)
    expected, _ = module.step(params, x, *(v.copy() for v in states))
    _, saved = module.forward(params, x[None], work=work)
    module.backward(params, saved, work=work)
    found, _ = module.step(params, x, *states, work=work)
    assert all(map(np.array_equal, found, expected))
