"""The harness that measures speed: that it counts, compares and reports what it says.

No time is judged here. Contenders whose library is absent are skipped by name.
"""

import subprocess
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks import (
    agree,
    cells,
    command,
    compiling,
    contenders,
    drawn,
    limit,
    machine,
    measure,
    report,
    results,
    timing,
)
from benchmarks.contenders import products as running
from benchmarks.problem import Problem, problem
from bpgen import library
from bpgen.compile import run
from bpgen.source import Source

ROOT = Path(__file__).resolve().parent.parent
SIZES = {"T": 5, "N": 3, "D": 4, "H": 6}  # all different, so that no axis can pass for another


def products_of(source: Source) -> list[str]:
    return sorted(map(str, limit.products(run(source))))


# -- the limit ------------------------------------------------------------------------------------


def test_products_of_the_lstm() -> None:
    assert products_of(cells.find("lstm").SPEC) == sorted(
        [
            "(N*T, D) @ (D, 4*H)",  # x W
            "T × (N, H) @ (H, 4*H)",  # h U
            "T × (N, 4*H) @ (4*H, H)",  # dz Uᵀ
            "(N*T, 4*H) @ (4*H, D)",  # dx = dz Wᵀ
            "(D, N*T) @ (N*T, 4*H)",  # dW = xᵀ dz
            "(H, N*T) @ (N*T, 4*H)",  # dU = hᵀ dz
        ]
    )


def test_products_of_the_elman_network() -> None:
    assert products_of(cells.find("elman").SPEC) == sorted(
        [
            "(N*T, D) @ (D, H)",  # x W
            "T × (N, H) @ (H, H)",  # h U
            "(N*T, H) @ (H, V)",  # logits
            "(N*T, V) @ (V, H)",  # dlogits W_hyᵀ
            "T × (N, H) @ (H, H)",  # da Uᵀ
            "(N*T, H) @ (H, D)",  # dx = da Wᵀ
            "(D, N*T) @ (N*T, H)",  # dW = xᵀ da
            "(H, N*T) @ (N*T, H)",  # dU = hᵀ da
            "(H, N*T) @ (N*T, V)",  # dW_hy = hᵀ dlogits
        ]
    )


def test_products_of_columns_and_of_stacks() -> None:
    columns = products_of(Source("goodfellow.spec", library.text("goodfellow")))
    assert "(n, nx) @ (nx, T)" in columns  # U x for all steps
    assert "T × (n, n) @ (n, 1)" in columns  # W h, step by step
    assert "(n, T) @ (T, nx)" in columns  # a sum of outer products is one product
    stacks = products_of(Source("fast_weights.spec", library.text("fast_weights")))
    assert "T × N × (H, H) @ (H, 1)" in stacks  # A h, a matrix for each example
    assert not any("(H, 1) @ (1, H)" in each for each in stacks)  # outer products are no products


@pytest.mark.parametrize(
    ("equation", "want"),
    [
        ('einsum("n d, d h, h k -> n k", x[t], A, B)', ["(N, D) @ (D, H)", "(N, H) @ (H, K)"]),
        ("(x[t] @ A) @ B", ["(N, D) @ (D, H)", "(N, H) @ (H, K)"]),
    ],
)
def test_three_factors_count_from_the_left(equation: str, want: list[str]) -> None:
    text = "cell c\ndim N, D, H, K\ninput x[t] : (N, D)\nparam A : (D, H)\nparam B : (H, K)\n"
    found = products_of(Source("c.spec", f"{text}output y[t] = {equation}\n"))
    assert {each.replace("(N,", "(N*T,") for each in want} <= set(found)


@pytest.mark.parametrize("name", library.names())
def test_every_cell_has_a_limit(name: str) -> None:
    """Every form of every product does that product, as often as it says."""
    plan = run(Source(f"{name}.spec", library.text(name)))
    found = limit.products(plan)
    sizes = {size: 2 * i + 3 for i, size in enumerate((*plan.pair.cell.sizes, "T"))}
    for each in found:
        inner, times, batch = (s.value(sizes) for s in (each.k, each.times, each.batch))
        entries = times * batch * each.m.value(sizes) * each.n.value(sizes)
        for form in running.forms(each, sizes, np.dtype("float32")):
            form()
            results = [result for *_, result in form.arrays]
            assert len(results) == times
            assert sum(result.size for result in results) == entries
            assert all(np.all(result == inner * running.FILL**2) for result in results)
            assert not any(np.shares_memory(a, b) for a, b in pairwise(results))


# -- agreement ------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=cells.NAMES)
def given(request: pytest.FixtureRequest) -> Problem:
    return problem(request.param, SIZES, "float64")


# torch.compile takes minutes; it compiles the loop that is here, and is compared before timing
@pytest.mark.parametrize("name", [n for n in contenders.NAMES if n != contenders.COMPILED])
def test_contenders_agree(given: Problem, name: str) -> None:
    try:
        prepared = contenders.find(name)(given)
    except (ImportError, contenders.Skip) as reason:
        pytest.skip(f"{name}: {reason}")
    result = prepared.run()
    if prepared.read:
        assert agree.agree(prepared.read(result), given.reference(), "float64") < 1e-12


@pytest.mark.parametrize("name", library.names())
def test_every_cell_of_the_library_can_be_drawn(name: str) -> None:
    """And what bpgen writes in float32 is what it writes in float64."""
    made = drawn.problem(name, SIZES, "float32")
    reference = made.reference()
    prepared = contenders.find(contenders.PLAIN)(made)
    assert agree.agree(prepared.read(prepared.run()), reference, "float32") < 1e-4
    given = made.plan.pair.cell.given
    assert set(reference) >= {f"d{q.name}" for q in given if q.role == "param" and not q.frozen}


def test_a_cell_that_cannot_be_drawn_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn, "MEMORY", 100)
    names = ["limit", "plain"]
    request = measure.Request("found", ["gru"], ["small"], ["float32"], names, 0, library=True)
    point = measure.point("gru", "small", "float32", request)
    assert not point.timed
    assert "MemoryError: its states alone take" in point.skipped[measure.EVERY]


def test_the_reference_is_of_everything(given: Problem) -> None:
    """Every parameter, input and initial state has a gradient there, and none is zero."""
    reference = given.reference()
    for name, leaf in given.leaves.items():
        assert reference[f"d{name}"].shape == leaf.shape
        assert np.abs(reference[f"d{name}"]).max() > 1e-3


@pytest.mark.parametrize(
    "got",
    [
        {},
        {"dW": np.ones((2, 3)) + 1e-8},
        {"dW": np.ones((3, 2))},
        {"dW": np.full((2, 3), np.nan)},
    ],
    ids=["missing", "wrong", "turned", "not a number"],
)
def test_disagreement_is_seen(got: Mapping[str, np.ndarray]) -> None:
    with pytest.raises(agree.Disagreement, match="dW"):
        agree.agree(got, {"dW": np.ones((2, 3))}, "float64")


# -- timing ---------------------------------------------------------------------------------------


def test_only_clean_samples_count() -> None:
    clean = [timing.Sample(10, wall, wall) for wall in (1.0, 2.0, 3.0)]
    disturbed = [timing.Sample(10, 50.0, 40.0)] * 4
    assert timing.seconds([*disturbed, *clean]) == 0.2
    assert timing.seconds(disturbed) == 5.0


def test_rounds_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each round starts with the next contender; each turn begins with a call thrown away."""
    monkeypatch.setattr(timing, "LOOP", 1e-9)
    monkeypatch.setattr(timing, "ROUNDS", (3, 3))
    called: list[str] = []
    runs = {name: lambda name=name: called.append(name) for name in "abc"}
    measured = timing.measure(runs, budget=1)
    rounds = "aabbcc" + "bbccaa" + "ccaabb"
    assert "".join(called).endswith(rounds)
    assert {name: len(samples) for name, samples in measured.items()} == dict.fromkeys("abc", 3)


def test_one_that_fails_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """And does not keep the others from being timed."""

    def find(name: str) -> contenders.Prepare:
        if name == "textbook":
            raise RuntimeError("no luck\nat all")
        return contenders.find(name)

    monkeypatch.setattr(measure, "find", find)
    monkeypatch.setattr(measure, "SIZES", {"small": SIZES})
    names = ["limit", "plain", "textbook"]
    request = measure.Request("found", ["cornn"], ["small"], ["float32"], names, budget=0)
    point = measure.point("cornn", "small", "float32", request)
    assert [timed.name for timed in point.timed] == ["limit", "plain"]
    assert [timed.agreement is None for timed in point.timed] == [True, False]
    assert point.wrong == {"textbook": "RuntimeError: no luck"}


# -- what is reported -----------------------------------------------------------------------------


def test_environments() -> None:
    found = {"PATH": "/bin", "OPENBLAS_CORETYPE": "Haswell", "OMP_NUM_THREADS": "8"}
    unset, as_found = machine.environments(found).values()
    assert "OPENBLAS_CORETYPE" not in unset
    assert as_found["OPENBLAS_CORETYPE"] == "Haswell"
    assert unset["OMP_NUM_THREADS"] == as_found["OMP_NUM_THREADS"] == "1"
    assert list(machine.environments({"PATH": "/bin"})) == [machine.UNSET]


def measured() -> results.Results:
    """Made up: the limit takes 1 ms, `plain` 2, the textbook 5, in three clean rounds or in two."""

    def timed(name: str, ms: int, clean: int = 3) -> results.Timed:
        wall = ms / 1000
        rounds = tuple(timing.Sample(1, wall, wall * (i < clean)) for i in range(3))
        return results.Timed.of(name, wall, None if name == "limit" else 1e-7, rounds)

    rows = (timed("limit", 1), timed("plain", 2), timed("textbook", 5, clean=2))
    skipped, wrong = {"torch-nn": "torch.nn has no such layer"}, {"autograd": "dx is off"}
    point = results.Point("cornn", "tiny", "float32", rows, skipped, wrong, load=1.0)
    variables = {"OPENBLAS_CORETYPE": "Haswell"}
    environment = results.Environment("found", variables, "openblas, kernel Haswell", 1, (point,))
    facts = {"processor": "P", "cores": 2, "system": "S", "python": "3.11", "versions": {"a": "1"}}
    return results.Results("2026-01-01", facts, (environment,))


def test_results_survive_json(tmp_path: Path) -> None:
    results.dump(measured(), tmp_path / "results.json")
    assert results.load(tmp_path / "results.json") == measured()


def test_tables_are_drawn_again(tmp_path: Path) -> None:
    results.dump(measured(), tmp_path / "results.json")
    assert command.main(["--redraw", str(tmp_path)]) == 0
    assert (tmp_path / "results.md").read_text("utf-8") == report.page(measured())


def test_tables() -> None:
    page = report.page(measured())
    assert "| cornn | tiny | 1.00 | 2.00 | 5.00~ |" in page  # milliseconds; ~ is too few rounds
    assert "| cornn | tiny | 2.00 | 5.00 |" in page  # over the limit
    assert "| cornn | tiny | 2.50 |" in page  # textbook over plain
    assert "Without torch-nn for cornn: torch.nn has no such layer." in page
    assert "Not timed: autograd, cornn tiny float32: dx is off." in page
    assert "openblas, kernel Haswell; `OPENBLAS_CORETYPE=Haswell`" in page


def test_plots(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="absent: matplotlib")
    from benchmarks import plots

    assert set(plots.LINES) == set(contenders.NAMES)
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        plots.write(measured(), folder)
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(
        f"{kind}-float32-found.{form}" for kind in ("ratio", "time") for form in ("svg", "png")
    )
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_specs_that_grow() -> None:
    """As many statements as asked for, or one fewer, and all of them compile."""
    for make in compiling.KINDS.values():
        for n in (20, 125, 2000):
            assert make(n).count("\n") in (n - 1, n)
        assert compiling.seconds(make, 20) > 0


def test_growth_is_written(tmp_path: Path) -> None:
    """Seconds that are four times as many for twice the statements grow with the power 2."""
    pytest.importorskip("matplotlib", reason="absent: matplotlib")
    squares = [(n / 125) ** 2 for n in compiling.STATEMENTS]
    times = {kind: squares for kind in compiling.KINDS}
    facts = {"day": "2026-01-01", "machine": {"processor": "P"}}
    compiling.write(times, facts, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        f"growth.{form}" for form in ("md", "json", "svg", "png")
    }
    page = (tmp_path / "growth.md").read_text("utf-8")
    assert "| 250 | 4.00 | 4.00 | 4.00 |" in page
    assert "| grows with the power | 2.00 | 2.00 | 2.00 |" in page


@pytest.mark.slow
def test_the_short_form(tmp_path: Path) -> None:
    words = [sys.executable, str(ROOT / "benchmarks/run.py"), "--short", "--cells", "cornn"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    head, _, row = done.stdout.splitlines()[:3]
    assert head.startswith("| cell | size | plain / limit |")
    assert "textbook / plain" in head
    assert row.startswith("| cornn | small |")


def test_unknown_names_are_usage_errors(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--cells", "lsmt"])
    assert ended.value.code == 2
    assert "`lsmt` is none of lstm, gru" in capsys.readouterr().err


def test_the_library_has_no_peers(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--library", "--contenders", "plain,textbook"])
    assert ended.value.code == 2
    assert "`textbook` needs" in capsys.readouterr().err
