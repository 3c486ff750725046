"""`--remat K`: modules that keep inputs and outputs, and compute the rest again, K steps at a time.

They are held to the fast modules without it, on the arguments that the shipped test draws, and that
test is run on them. What they hold in memory does not grow with the number of steps.
"""

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpgen import library
from bpgen.compile import compile_source
from bpgen.parse import read
from bpgen.report import Refused
from bpgen.source import Source
from command import bpgen_, flat
from styles import agree, loaded, results, working

UNCUT = {
    "birnn": "`b` runs from the last step to the first",
    "captioner": "`h` has a first value that is computed",
    "clockwork": "it counts steps",
    "narx": "`h` is read 2 steps back",
    "qrnn": "`x` is read at another step",
    "rnn_bidirectional": "`b` runs from the last step to the first",
    "rnn_classifier": "`h` is read at a fixed step",
}
CUT = [name for name in library.names() if name not in UNCUT]
LONG, PART = 10_000, 100

HEAD = "cell c\ndim N, H\ninput x[t] : (N, H)\nparam w : (H)\nstate h[t] : (N, H)\n"


def source(cell: str) -> Source:
    return read(library.text(cell).encode(), f"{cell}.spec")


def module(folder: Path, given: Source, remat: int | None = None) -> tuple[Any, Any]:
    """A fast module and its test, which stand in a folder of their own."""
    place = folder / f"{remat or 'whole'}"
    place.mkdir(exist_ok=True)
    for name, text in compile_source(given, style="fast", remat=remat).items():
        (place / name).write_text(text, "ascii")
    (cell,) = (p.stem for p in place.glob("*.py") if not p.stem.startswith("test_"))
    made = loaded(place / f"{cell}.py", cell)
    kept = sys.modules.get(cell)
    sys.modules[cell] = made  # what the test imports
    try:
        return made, loaded(place / f"test_{cell}.py", f"test_{cell}")
    finally:
        sys.modules.pop(cell)
        if kept:
            sys.modules[cell] = kept


def held_to_the_whole(folder: Path, given: Source) -> None:
    whole, test = module(folder, given)
    parted = [module(folder, given, remat)[0] for remat in (1, 3, 1000)]
    for which, sizes in test.SIZES.items():
        expected = {name: v.copy() for name, v in results(test, whole, which).items()}
        for made in parted:
            agree(results(test, made, which), expected, which, 1e-12)
            lent = working(made, sizes)
            results(test, lent, which, seed=1)  # nothing of it may be left
            agree(results(test, lent, which), expected, f"{which}, in a workspace", 1e-12)


# -- results ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CUT)
def test_outputs_and_gradients_are_those_of_the_whole(cell: str, tmp_path: Path) -> None:
    held_to_the_whole(tmp_path, source(cell))


@pytest.mark.parametrize(
    "lines",
    [
        "h[t] = tanh(x[t] + w * h[t-1])\nloss J = -(sum(sum(h[t]**2), over=t) * sum(w)) / N\n",
        "h[t] = x[t] + w * h[t-1]\nloss J = sum(sum(h[t-1]), over=t) - sum(sum(x[t]), over=t)\n",
        "input k : (H)\nh[t] = tanh(x[t] * k + w * h[t-1])\n",
        "const a = 0.5\nh[t] = a * stop_gradient(h[t-1]) + w * x[t]\noutput y[t] = relu(h[t])\n",
        "state start[t], stop[t] : (N, H)\nstart[t] = x[t] - stop[t-1]\nstop[t] = start[t] * w\n"
        "h[t] = x[t] + start[t-1]\n",
        "input y[t] : (N) int < H\nh[t] = x[t] * w\noutput p[t] = cross_entropy(h[t], y[t])\n",
    ],
)
@pytest.mark.parametrize("layout", ["first", "second", "last"])
def test_other_cells_than_those_of_the_library(lines: str, layout: str, tmp_path: Path) -> None:
    text = HEAD.replace("cell c\n", f"cell c\ntime {layout}\n") + lines
    held_to_the_whole(tmp_path, read(text.encode(), "c.spec"))


@pytest.mark.parametrize("T", [0, 1, 2, 3, 4, 6, 7])
def test_any_number_of_steps_in_one_workspace(T: int, tmp_path: Path) -> None:
    """No step, fewer than a part, whole parts, and parts with some left over."""
    whole, _ = module(tmp_path, source("lstm"))
    parted, _ = module(tmp_path, source("lstm"), 3)
    rng = np.random.default_rng(T)
    params, x = whole.init_params(rng, D=2, H=4), rng.normal(size=(T, 5, 2))
    h0, dh, dc = rng.normal(size=(5, 4)), *rng.normal(size=(2, T, 5, 4))
    work = parted.Workspace(N=5, D=2, H=4)
    outputs, saved = whole.forward(params, x, h0)
    expected = (*outputs, whole.backward(params, saved, dh=dh, dc=dc))
    own = parted.Params(*params)
    for lent in (None, work, work):
        outputs, saved = parted.forward(own, x, h0, work=lent)
        found = (*outputs, parted.backward(own, saved, dh=dh, dc=dc, work=lent))
        for one, other in zip(_flat(found), _flat(expected), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)


def _flat(values: Any) -> list[np.ndarray]:
    return [v for e in values for v in (_flat(e) if isinstance(e, tuple) else [e])]


def test_results_are_the_callers_own_and_arguments_are_left_alone(tmp_path: Path) -> None:
    made, _ = module(tmp_path, source("lstm"), 3)
    rng = np.random.default_rng(0)
    params, x = made.init_params(rng, D=2, H=4), rng.normal(size=(7, 5, 2))
    dh, work = rng.normal(size=(7, 5, 4)), made.Workspace(N=5, D=2, H=4)
    given = [v.copy() for v in (*params, x, dh)]
    runs = []
    for _ in range(2):
        outputs, saved = made.forward(params, x, work=work)
        runs.append([*outputs, *_flat([made.backward(params, saved, dh=dh, work=work)])])
    for value in (v for half in work.halves.values() for v in vars(half).values()):
        for result in (r for run in runs for r in run):
            assert not (isinstance(value, np.ndarray) and np.shares_memory(value, result))
    for one, other in zip(*runs, strict=True):
        assert np.array_equal(one, other) and not np.shares_memory(one, other)
    for before, after in zip(given, (*params, x, dh), strict=True):
        assert np.array_equal(before, after)


# -- the shipped test ------------------------------------------------------------------------------


def test_the_shipped_test_passes(tmp_path: Path) -> None:
    for cell in ("lstm", "rnnlm", "coursera", "rnn_embedding"):
        done = bpgen_("compile", cell, "-o", tmp_path, "--style", "fast", "--remat", "3")
        assert done.exit_code == 0, done.stderr
        of_fast = compile_source(source(cell), style="fast")[f"test_{cell}.py"]
        assert (tmp_path / f"test_{cell}.py").read_text("ascii") == of_fast
    options = ["-W", "error", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", "."]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", *options, "--tb=line", "."],
        cwd=tmp_path,
        env={**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("cell", CUT)
def test_modules_need_no_formatter_and_no_linter(cell: str, tmp_path: Path) -> None:
    module(tmp_path, source(cell), 100)
    root = Path(__file__).resolve().parent.parent
    for words in (["format", "--check"], ["check"]):
        ruff = ["ruff", *words, "--config", str(root / "pyproject.toml"), str(tmp_path)]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


# -- memory ----------------------------------------------------------------------------------------


def test_memory_does_not_grow_with_the_steps(tmp_path: Path) -> None:
    of_whole = peak(module(tmp_path, source("rnn"))[0], LONG)
    parted, _ = module(tmp_path, source("rnn"), PART)
    of_parts, of_more = peak(parted, LONG), peak(parted, 2 * LONG)
    print(f"besides inputs, outputs and gradients: {of_whole} bytes, in parts {of_parts}")
    assert 10 * of_parts < of_whole
    assert of_more < 1.1 * of_parts


def peak(made: Any, T: int) -> int:
    """The bytes that forward and backward hold at the most, less what they return."""
    rng = np.random.default_rng(0)
    params, x = made.init_params(rng, D=4, H=4), rng.normal(size=(T, 1, 4))
    dh = rng.normal(size=(T, 1, 4))
    made.backward(params, made.forward(params, x[:2])[1], dh=dh[:2])  # what is made once is made
    tracemalloc.start()
    try:
        outputs, saved = made.forward(params, x)
        grads = made.backward(params, saved, dh=dh)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return most - sum(v.nbytes for v in (*outputs, *_flat([grads])))


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", UNCUT)
def test_what_cannot_be_cut_is_refused(cell: str, tmp_path: Path) -> None:
    result = bpgen_("compile", cell, "-o", tmp_path, "--style", "fast", "--remat", "3")
    said = f"error[BP509]: `{cell}` cannot be cut into parts: {UNCUT[cell]}"
    assert result.exit_code == 1 and said in flat(result.stderr)
    assert f"--> {cell}.spec:" in result.stderr and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("h[t] = x[t] + h[t-1]\noutput y[t] = h[t] + h[t+1]\n", "`h` is read at another step"),
        ("h[t] = x[t] + h[t-1] / T\n", "it needs the number of steps"),
        ("h[t] = x[t] + h[t-1]\noutput y[t] = h[t] + h[1]\n", "`h` is read at a fixed step"),
        ("h[t] = x[t] + h[t-1]\noutput y = sum(h[t], over=t)\n", "all steps are needed at once"),
        ("h[t] = x[t] + h[t-1]\nloss J = sum(sum(h[t]), over=t)**2\n", "all steps are needed"),
        (
            "h[t] = x[t] + h[t-1]\nloss J = sum(sum(h[t]), over=t) + sum(w)\n",
            "all steps are needed",
        ),
        ("h[t] = x[t] + h[t-1]\nloss J = sum(w)\n", "`J` has no step"),
        ("h[t] = x[t] + h[t-1]\noutput y = 2 * w\n", "`y` has no step"),
    ],
)
def test_lines_that_cannot_be_cut(lines: str, reason: str) -> None:
    given = read((HEAD + lines).encode(), "c.spec")
    compile_source(given, style="fast")
    with pytest.raises(Refused) as refused:
        compile_source(given, style="fast", remat=3)
    said = [report.message for report in refused.value.reports if report.place]
    assert any(f"`c` cannot be cut into parts: {reason}" in each for each in said), said


def test_a_cell_of_nothing_has_no_steps() -> None:
    with pytest.raises(Refused, match="it has no steps"):
        compile_source(read(b"cell c\n", "c.spec"), style="fast", remat=3)


# -- the option ------------------------------------------------------------------------------------


def test_only_the_fast_style_runs_in_parts() -> None:
    for words in ([], ["--style", "plain"]):
        result = bpgen_("compile", "rnn", "-o", "-", "--remat", "3", *words)
        assert result.exit_code == 2 and "`--remat` is for `--style fast`" in result.stderr
    for style, remat in (("plain", 3), ("fast", 0)):
        with pytest.raises(LookupError, match="`remat` is a number of steps, at least 1"):
            compile_source(source("rnn"), style=style, remat=remat)


def test_no_part_has_no_steps() -> None:
    result = bpgen_("compile", "rnn", "-o", "-", "--style", "fast", "--remat", "0")
    assert result.exit_code == 2 and "Invalid value for '--remat'" in result.stderr


def test_a_file_in_parts_is_known_by_them(tmp_path: Path) -> None:
    words = ["compile", "rnn", "-o", tmp_path, "--style", "fast"]
    bpgen_(*words, "--remat", "30")
    assert bpgen_(*words, "--remat", "30", "--check").exit_code == 0
    stale = bpgen_(*words, "--check")
    assert stale.exit_code == 1
    assert "it was written with `--style fast --remat 30`" in flat(stale.stderr)
