"""Operators and targets that other distributions bring: the two in `plugins/`, installed as a user
would, and some that are wrong in every way that we could think of.
"""

import ctypes
import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpgen import files, library, plugins, targets
from bpgen.compile import compile_source, run
from bpgen.ir import OPERATORS, Equation
from bpgen.report import Refused, Report
from bpgen.source import Source
from bpgen.testing import check_op
from drawing import drawn, sizes_of

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "tests" / "plugins"
SPEC = """cell waves
dim N, H
input x[t] : (N, H)
param U : (H, H)
state h[t] : (N, H)
h[t] = sinc(x[t] + h[t-1] @ U)
"""
GOOD = '''"""Twice the argument, entry by entry."""
from bpgen.ops.shapes import same as shape
numpy = "2 * {a}"
latex = "2 {a}"
def vjp(dy, y, a):
    return dy * 2
'''


def source(text: str) -> Source:
    return Source("page.spec", text)


def reports(work: Callable[[], object]) -> tuple[Report, ...]:
    with pytest.raises(Refused) as refused:
        work()
    return refused.value.reports


# -- installed, as a user would --------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with both examples installed, by pip, from their sources."""
    pytest.importorskip("hatchling", reason="builds the examples")
    place = tmp_path_factory.mktemp("site")
    copies = [shutil.copytree(EXAMPLES / name, place / "from" / name) for name in examples()]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    command = [*pip, "--no-build-isolation", "--target", place / "to", *copies]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return place / "to"


def examples() -> list[str]:
    return sorted(path.parent.name for path in EXAMPLES.glob("*/pyproject.toml"))


def bpgen(site: Path | None, *words: object, text: str = SPEC, status: int = 0) -> str:
    """What a command prints on both streams, given a spec as its standard input."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    env |= {"PYTHONPATH": str(site)} if site else {}
    done = subprocess.run(
        [sys.executable, "-m", "bpgen", *map(str, words)],
        input=text, cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_an_operator_is_there_once_it_is_installed(site: Path) -> None:
    assert "there is no operator `sinc`" in bpgen(None, "check", "-", status=1)
    bpgen(site, "check", "-")
    assert "def _sinc(x):" in bpgen(site, "compile", "-", "-o", "-")
    assert "sinc  " not in bpgen(None, "ops")
    assert "[bpgen-sinc 1.0]" in bpgen(site, "ops")
    assert "It is from bpgen-sinc 1.0." in bpgen(site, "ops", "sinc")
    assert "did you mean `sinc`?" in bpgen(
        site, "check", "-", text=SPEC.replace("sinc", "sinnc"), status=1
    )


@pytest.mark.slow
def test_its_module_passes_the_test_that_ships_with_it(site: Path) -> None:
    assert "none failed" in bpgen(site, "gradcheck", "-")


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Puts a directory on the path for one test; what it brought is gone afterwards."""
    modules = set(sys.modules)

    def add(place: Path) -> None:
        monkeypatch.syspath_prepend(str(place))
        plugins._scan.cache_clear()
        importlib.invalidate_caches()

    yield add
    for name in [name for name, op in OPERATORS.items() if op.origin]:
        del OPERATORS[name]
    for name in set(sys.modules) - modules:
        if name.startswith(("bpgen_", "made_")):
            del sys.modules[name]
    plugins._scan.cache_clear()


@pytest.mark.slow
def test_the_example_holds_all_that_an_operator_must(
    site: Path, path: Callable[[Path], None]
) -> None:
    path(site)
    check_op("sinc")
    check_op(importlib.import_module("bpgen_sinc.sinc"))
    assert OPERATORS["sinc"].origin == "bpgen-sinc 1.0"


# -- the target, run ------------------------------------------------------------------------------


def compiled_c(made: Path) -> Any:
    """The functions of a file of C."""
    shared = made.with_suffix(".so")
    compiler = shutil.which("cc")
    command = [
        compiler,
        "-std=c99",
        "-Wall",
        "-Werror",
        "-shared",
        "-fPIC",
        "-O1",
        made,
        "-o",
        shared,
    ]
    done = subprocess.run([*command, "-lm"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(shared))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
@pytest.mark.parametrize("T", [0, 1, 4])
def test_c_and_numpy_compute_the_same(
    site: Path, path: Callable[[Path], None], tmp_path: Path, T: int
) -> None:
    path(site)
    compared = []
    for name in library.names():
        spec = source(library.text(name))
        cell = run(spec, "check")
        try:
            (text,) = compile_source(spec, "c99").values()
        except Refused as refused:
            assert {report.code for report in refused.reports} == {"BP406"}
            continue
        if cell.layout == "first":
            (tmp_path / f"{name}.c").write_text(text, "utf-8")
            compare(spec, tmp_path / f"{name}.c", T)
            compared.append(name)
    assert {"rnn", "rnn_relu", "lstm_gates", "mgu", "indrnn"} <= set(compared), compared


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_names_that_c_keeps_are_stepped_round(
    site: Path, path: Callable[[Path], None], tmp_path: Path
) -> None:
    path(site)
    text = SPEC.replace("sinc", "sigmoid").replace("N", "long").replace("U", "INFINITY")
    text = text.replace("x[t]", "double[t]").replace("h[t", "exp[t")
    (made,) = compile_source(source(text), "c99").values()
    (tmp_path / "waves.c").write_text(made, "utf-8")
    compare(source(text), tmp_path / "waves.c", 3)


def compare(spec: Source, made: Path, T: int) -> None:
    """Every output and every gradient of a cell, from its C and from its NumPy."""
    plan = run(spec)
    cell, sizes = plan.pair.cell, sizes_of(plan.pair.cell, T)
    given, rng = drawn(cell, sizes), np.random.default_rng(1)

    def shape(e: Equation) -> tuple[int, ...]:
        return ((T,) if e.timed else ()) + tuple(s.value(sizes) for s in e.shape)

    dy = {out: np.asarray(rng.normal(size=shape(cell.equation(out)))) for out in cell.outputs}

    space: dict[str, Any] = {"__name__": cell.name}
    exec(compile_source(spec)[f"{cell.name}.py"], space)
    by_role = {role: [q.name for q in cell.given if q.role == role] for role in ("param", "const")}
    params = space["Params"](*(given[name] for name in by_role["param"]))
    named = {q.name: given[q.name] for q in cell.given if q.role != "param"}
    outputs, saved = space["forward"](params, **named)
    grads = space["backward"](params, saved, **{f"d{out}": v for out, v in dy.items()})

    arrays = {q.name: np.array(given[q.name], float) for q in cell.given if q.role != "const"}
    scalars = [float(given[name]) for name in by_role["const"]]
    compiled, ints = compiled_c(made), [T, *(sizes[size] for size in cell.sizes)]
    forward = {e.target: np.full(shape(e), np.nan) for e in plan.forward.equations}
    pass_through(compiled[f"{cell.name}_forward"], ints, [arrays], scalars, forward)
    cotangents = {name: np.array(dy[out], float) for out, name in plan.pair.cotangents}
    backward = {e.target: np.full(shape(e), np.nan) for e in plan.backward.equations}
    kept = [arrays, forward, cotangents]
    pass_through(compiled[f"{cell.name}_backward"], ints, kept, scalars, backward)

    for out in cell.outputs:
        np.testing.assert_allclose(forward[out], getattr(outputs, out), rtol=1e-12, atol=1e-13)
    for argument, target in plan.pair.gradients:
        found = backward[target] if target else 0.0
        whose = grads.params if argument in params._fields else grads
        wanted = getattr(whose, argument if argument in params._fields else f"d{argument}")
        np.testing.assert_allclose(
            found, wanted, rtol=1e-10, atol=1e-12, err_msg=f"{cell.name}: {argument}"
        )


def pass_through(
    function: Any,
    sizes: list[int],
    read: list[dict[str, np.ndarray]],
    scalars: list[float],
    made: dict[str, np.ndarray],
) -> None:
    """Call a pass: sizes, what it reads, numbers, what it makes."""
    before, after = ([place(a) for each in some for a in each.values()] for some in (read, [made]))
    function(*map(ctypes.c_long, sizes), *before, *map(ctypes.c_double, scalars), *after)


def place(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


@pytest.mark.slow
def test_what_a_target_lacks_is_said_at_its_place(site: Path, path: Callable[[Path], None]) -> None:
    path(site)
    spec = source(SPEC.replace("sinc(", "softsign("))
    found = reports(lambda: compile_source(spec, "c99"))
    assert [r.message for r in found] == ["the target `c99` has no spelling for `softsign`"]
    assert spec.quote(found[0].place.span).startswith("softsign(x[t]")
    assert found[0].notes == ("`c99` is a target of bpgen-c99 1.0",)
    words = "int < 3"
    spec = source(
        SPEC.replace("sinc(", "tanh(").replace("param", f"input w[t] : (N) {words}\nparam")
    )
    (report,) = reports(lambda: compile_source(spec, "c99"))
    assert (report.code, report.message) == (
        "BP406", "the target `c99` cannot write integers and booleans"
    )  # fmt: skip
    assert targets.names()[0] == "numpy" and "c99" in targets.names() and not targets.troubles()


@pytest.mark.slow
def test_its_files_are_known_again(
    site: Path, path: Callable[[Path], None], tmp_path: Path
) -> None:
    path(site)
    made = compile_source(source(library.text("rnn")), "c99")
    assert made["rnn.c"].startswith("// Generated by bpgen")
    assert files.write(tmp_path, made).written == ("rnn.c",)
    assert files.write(tmp_path, {"rnn.c": files.stamp("int x;", "//")}).written == ("rnn.c",)
    with (tmp_path / "rnn.c").open("a") as file:
        file.write("// mine\n")
    assert [r.code for r in reports(lambda: files.write(tmp_path, made))] == ["BP502"]


# -- plug-ins that are wrong -----------------------------------------------------------------------


@pytest.fixture
def install(tmp_path: Path, path: Callable[[Path], None]) -> Callable[..., None]:
    """Makes a distribution of one module out of its source, with an entry point that names it."""

    def one(group: str, name: str, text: str, who: str = "made-up") -> None:
        module = f"made_{who.replace('-', '_')}"
        (tmp_path / f"{module}.py").write_text(text, "utf-8")
        facts = tmp_path / f"{module}-2.1.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {who}\nVersion: 2.1\n")
        (facts / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}\n")
        path(tmp_path)

    return one


WRONG = [  # what is changed in a plug-in that is right, and what is said of it
    ("import nowhere_at_all\n" + GOOD, "ModuleNotFoundError: No module named 'nowhere_at_all'"),
    ("raise SystemExit(3)\n", "SystemExit: 3"),
    ("1 +\n", "SyntaxError: invalid syntax (made_made_up.py, line 1)"),
    (GOOD.replace("latex", "tex"), "made_made_up lacks `latex`"),
    (GOOD.replace("def vjp", "def gradient"), "made_made_up lacks `vjp`"),
    (GOOD.replace('"""', "# ", 1).replace('"""', ""), "made_made_up lacks `__doc__`"),
    (GOOD.split("def")[0] + "vjp = None", "made_made_up lacks `params`, or a `vjp` that names"),
    (GOOD + "shape = 3", "TypeError: 3 is not a callable object"),
    (GOOD.replace("dy * 2", "dy * 2, dy"), "its `vjp` gives 2 gradients, and its `shape` takes 1"),
    (GOOD.replace("dy * 2", "'dy'"), "its `vjp` gives 'dy', which is no expression"),
    (GOOD.replace("dy * 2", "dy * two"), "its `vjp` raises NameError: name 'two' is not defined"),
    (GOOD.replace("2 * {a}", "2 * {b}"), "its `numpy` is no spelling of it: KeyError: 'b'"),
    (GOOD.replace("2 * {a}", "2 * * {a}"), "its `numpy` is no spelling of it: SyntaxError"),
    (GOOD.replace("2 * {a}", "[v for v in {a}]"), "its `numpy` has a ListComp, which no module"),
    (GOOD + "plain = '{c}'", "its `plain` is no spelling of it: KeyError: 'c'"),
    (GOOD + "symbol = '+'", "it states `symbol`, which only operators of bpgen itself may"),
    (GOOD + "helper = 'def bind(x): 1'", "its `helper` defines something other than `_twice`"),
    (GOOD + "helper = 'import os'", "its `helper` defines something other than `_twice`"),
    (GOOD + "helper = 'def'", "its `helper` is no Python: SyntaxError"),
    (GOOD + "def shape(a): return a[7]", "its `shape` raises IndexError: tuple index out of range"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[said[:40] for _, said in WRONG])
def test_a_broken_operator_is_a_sentence_that_names_its_distribution(
    text: str, said: str, install: Callable[..., None]
) -> None:
    install("bpgen.ops", "twice", text)
    before = list(OPERATORS)
    (warning,) = plugins.operator_troubles()
    assert warning.severity == "warning" and warning.code == "BP507"
    assert warning.message.startswith(f"`twice` of made-up 2.1 cannot be used: {said}")
    (report,) = reports(lambda: run(source(SPEC.replace("sinc", "twice"))))
    assert (report.code, report.notes) == ("BP102", (warning.message,))
    assert list(OPERATORS) == before and run(source(SPEC.replace("sinc", "tanh")))


def test_a_right_operator_is_one_module(install: Callable[..., None]) -> None:
    install("bpgen.ops", "twice", GOOD)
    assert not plugins.operator_troubles() and plugins.operator_names() == ("twice",)
    check_op("twice")
    assert "2 * (" in compile_source(source(SPEC.replace("sinc", "twice")))["waves.py"]


@pytest.mark.parametrize("name", ["tanh", "matmul", "cast"])
def test_words_of_bpgen_stay_its_own(name: str, install: Callable[..., None]) -> None:
    own = OPERATORS[name]
    install("bpgen.ops", name, GOOD)
    (warning,) = plugins.operator_troubles()
    assert warning.message == f"`{name}` of made-up 2.1 is not used: bpgen has its own"
    assert OPERATORS[name] is own and name not in plugins.operator_names()


@pytest.mark.parametrize("name", ["loss", "T", "over", "split", "a.b", "lambda", "_x", "é"])
def test_a_name_that_no_spec_can_write_is_refused(name: str, install: Callable[..., None]) -> None:
    install("bpgen.ops", name, GOOD)
    (warning,) = plugins.operator_troubles()
    assert "of made-up 2.1 cannot be used" in warning.message and warning.message.isascii()


def test_entry_points_that_cannot_be_read_are_a_sentence(
    install: Callable[..., None], tmp_path: Path
) -> None:
    install("bpgen.ops", "twice", GOOD, "right")
    install("bpgen.ops", "twice", GOOD, "wrong")
    (tmp_path / "made_wrong-2.1.dist-info" / "entry_points.txt").write_text("[bpgen.ops]\ntwice\n")
    (warning,) = plugins.operator_troubles()
    assert warning.message.startswith("the entry points of wrong 2.1 cannot be read: ")
    assert plugins.use_operator("twice").origin == "right 2.1"


def test_what_two_offer_is_neithers(install: Callable[..., None]) -> None:
    install("bpgen.ops", "twice", GOOD, "one")
    install("bpgen.ops", "twice", GOOD, "another")
    (warning,) = plugins.operator_troubles()
    assert warning.message == "another 2.1 and one 2.1 both offer `twice`, so neither is used"
    assert plugins.why_not("twice") == (warning.message,) and not plugins.is_operator("twice")


def test_what_a_spec_defines_goes_first(install: Callable[..., None]) -> None:
    """Whether a plug-in is installed, or loaded already, a right spec means what it meant."""
    own = "fn twice(v) = 3 * v\n" + SPEC.replace("sinc", "twice")
    quantity = SPEC.replace("h[t] = sinc", "twice[t] = x[t]\nh[t] = tanh(twice[t]) + tanh")
    made = [compile_source(source(text)) for text in (own, quantity)]
    install("bpgen.ops", "twice", GOOD + "helper = 'def _twice(x):\\n    return 2 * x'")
    assert plugins.is_operator("twice")
    assert made == [compile_source(source(text)) for text in (own, quantity)]


def test_a_failure_in_use_is_a_report(install: Callable[..., None]) -> None:
    install("bpgen.ops", "twice", GOOD.replace("return", "1 / (a.args == ())\n    return"))
    (report,) = reports(lambda: run(source(SPEC.replace("sinc", "twice"))))
    assert (report.code, report.message) == ("BP507", "`twice` of made-up 2.1 failed")
    assert report.notes == ("its `vjp` raises ZeroDivisionError: division by zero",)


@pytest.mark.parametrize(
    ("spelling", "said"),
    [
        ("math.erf({a})", "math.erf"),
        ("open({a})", "`open`"),
        ("{a}.__class__", "__class__"),
    ],
)
def test_what_a_plugin_spells_passes_the_gate_or_is_refused(
    spelling: str, said: str, install: Callable[..., None]
) -> None:
    install("bpgen.ops", "twice", GOOD.replace("2 * {a}", spelling))
    (report,) = reports(lambda: compile_source(source(SPEC.replace("sinc", "twice"))))
    assert report.code == "BP507" and report.message.startswith("`twice` of made-up 2.1 cannot")
    assert said in report.notes[0]


def test_it_may_call_what_of_numpy_it_names(install: Callable[..., None]) -> None:
    install("bpgen.ops", "twice", GOOD.replace("2 * {a}", "np.sinh({a})"))
    assert "np.sinh(" in compile_source(source(SPEC.replace("sinc", "twice")))["waves.py"]


TARGET = "comment = '//'\noperators = {'add'}\ndef write(plan):\n    return {'c.c': 'text'}\n"
NOT_A_TARGET = [
    (TARGET.replace("comment", "mark"), "the target `c` of made-up 2.1 lacks `comment`"),
    (TARGET.replace("operators", "known"), "the target `c` of made-up 2.1 lacks `operators`"),
    (TARGET.replace("write", "print"), "the target `c` of made-up 2.1 lacks `write`"),
    (TARGET.replace("//", "/*"), "the target `c` of made-up 2.1: its `comment` is none of "),
    ("1 / 0", "`c` of made-up 2.1 cannot be used: ZeroDivisionError: division by zero"),
]


@pytest.mark.parametrize(
    ("text", "said"), NOT_A_TARGET, ids=[said[-25:] for _, said in NOT_A_TARGET]
)
def test_a_broken_target_is_a_sentence(text: str, said: str, install: Callable[..., None]) -> None:
    install("bpgen.targets", "c", text)
    (warning,) = targets.troubles()
    assert warning.message.startswith(said)
    with pytest.raises(targets.Unusable, match="made-up"):
        compile_source(source(SPEC.replace("sinc", "tanh")), "c")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 3", "its `write` gives no dictionary of texts"),
        ("return {'c.c': b''}", "its `write` gives no dictionary of texts"),
        (
            "return plan.nothing",
            "its `write` raises AttributeError: 'Plan' object has no attribute",
        ),
    ],
)
def test_a_target_that_fails_is_a_report(
    body: str, said: str, install: Callable[..., None]
) -> None:
    install("bpgen.targets", "c", TARGET.replace("return {'c.c': 'text'}", body))
    (report,) = reports(
        lambda: compile_source(source("cell c\ninput x[t] : ()\ny[t] = x[t] + 1"), "c")
    )
    assert report.code == "BP507" and report.notes[0].startswith(said)


def test_bpgen_keeps_its_own_target_and_knows_no_other(install: Callable[..., None]) -> None:
    install("bpgen.targets", "numpy", TARGET)
    assert targets.names()[0] == "numpy" and targets.names().count("numpy") == 1
    (warning,) = targets.troubles()
    assert warning.message == "`numpy` of made-up 2.1 is not used: bpgen has its own"
    with pytest.raises(LookupError, match="there is no target `rust`; there is `numpy`"):
        targets.find("rust")


# -- what authors get ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("dy * 2", "dy * 3"), "`vjp` is off in argument 0"),
        (("2 * {a}", "np.sum({a})"), "`shape` says"),
        (("2 * {a}", "np.float64(2) * {a}"), "of float32 it makes float64"),
        (("latex = ", "plain = '2.1 * {a}'\nlatex = "), "`numpy` and `plain` differ"),
        (("2 * {a}", "2 * np.abs({a})"), "`vjp` is off in argument 0"),
        (("2 * {a}", "np.exp({a}) * 2"), "`vjp` is off in argument 0"),
        (("2 {a}", "2 {{a"), "`latex` gives"),
    ],
)
def test_check_op_finds_what_is_wrong(
    change: tuple[str, str], said: str, install: Callable[..., None]
) -> None:
    install("bpgen.ops", "twice", GOOD.replace(*change), "wise-up")
    module = importlib.import_module("made_wise_up")
    with pytest.raises(AssertionError, match=f"^made_wise_up.*{said}"):
        check_op(module)
    assert "made_wise_up" not in OPERATORS


def test_one_operator_after_another_has_its_own_small_function(
    install: Callable[..., None],
) -> None:
    text = GOOD.replace("2 * {a}", "_NAME({a})") + "helper = 'def _NAME(x):\\n    return 2 * x'\n"
    for name in ("made_a", "made_b"):
        install("bpgen.ops", name, text.replace("NAME", name), name.removeprefix("made_"))
        check_op(importlib.import_module(name))


def test_check_op_names_what_is_missing(install: Callable[..., None]) -> None:
    install("bpgen.ops", "twice", GOOD.replace("latex", "tex"))
    with pytest.raises(plugins.Unusable, match="lacks `latex`"):
        check_op("twice")
    with pytest.raises(LookupError, match="thrice"):
        check_op("thrice")
    with pytest.raises(plugins.Unusable, match="of its own"):
        check_op(importlib.import_module("bpgen.ops.tanh"))


def test_an_ordinary_run_looks_for_no_plugin() -> None:
    """Finding them takes longer than compiling a cell."""
    code = (
        "import sys; from bpgen.compile import compile_source; from bpgen.source import Source;"
        "from bpgen import library; compile_source(Source('s', library.text('lstm')));"
        "sys.exit('importlib.metadata' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
