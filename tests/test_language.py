"""The language, sentence by sentence: every spec of `tests/specs/` compiles and means what it says.

Each module is held to the interpreter, forward and every gradient, and passes the test that ships
beside it; all of those run in one process. Specs are found, not listed.
"""

import importlib.util
import inspect
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bpgen.compile import compile_source
from bpgen.compile import run as compile_to
from bpgen.interpret import run
from bpgen.ir import walk
from bpgen.parse import read
from drawing import drawn, objective, sizes_of, timed

SPECS = sorted((Path(__file__).parent / "specs").glob("*.spec"))
STEP = 1e-30

each_spec = pytest.mark.parametrize("path", SPECS, ids=lambda p: p.stem)


@cache
def cell_of(path):
    return compile_to(read(path), "check")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with the module and the test of every spec."""
    folder = tmp_path_factory.mktemp("language")
    for path in SPECS:
        with suppress(Exception):  # one that does not compile fails in a test of its own
            for name, text in compile_source(read(path)).items():
                (folder / name).write_text(text, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def shipped(made):
    """What failed in the tests that ship beside the modules, by module."""
    tests = sorted(path.name for path in made.glob("test_*.py"))
    options = ["-W", "error", "-q", "-p", "no:cacheprovider", "-c", "pytest.ini"]
    options += ["--junitxml", "report.xml", "--tb=line"]
    command = [sys.executable, "-B", "-m", "pytest", *options, *tests]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, cwd=made, env=environment, capture_output=True, text=True, check=False
    )
    report = made / "report.xml"
    assert report.is_file(), done.stdout + done.stderr
    found = {}
    for case in xml.parse(report).iter("testcase"):
        module = found.setdefault(case.get("classname").removeprefix("test_"), [])
        module += [f"{case.get('name')}: {said.get('message')}" for said in _failures(case)]
    return found


def _failures(case):
    return [said for said in case if said.tag in ("failure", "error")]


def load(folder, name):
    spec = importlib.util.spec_from_file_location(f"language_{name}", folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Boundary:
    """A module as seen by the interpreter: by name, time first."""

    def __init__(self, folder, cell, sizes):
        self.module, self.cell, self.sizes = load(folder, cell.name), cell, sizes
        self.timed = timed(cell) | {e.target: e.timed for e in cell.equations}

    def _axis(self, rank):
        return {"first": 0, "second": min(1, rank - 1), "last": rank - 1}[self.cell.layout]

    def outside(self, name, v):
        v = np.asarray(v)
        return np.moveaxis(v, 0, self._axis(v.ndim)) if self.timed[name] else v

    def inside(self, name, v):
        v = np.asarray(v)
        return np.moveaxis(v, self._axis(v.ndim), 0) if self.timed[name] else v

    def params(self, given):
        return self.module.Params(*(given[q.name] for q in self.of("param")))

    def of(self, role):
        return [q for q in self.cell.given if q.role == role]

    def forward(self, given):
        quantities = [*self.of("input"), *self.of("initial")]
        arrays = [self.outside(q.name, given[q.name]) for q in quantities]
        asked = inspect.signature(self.module.forward).parameters.values()
        keywords = {p.name for p in asked if p.kind is p.KEYWORD_ONLY}
        extra = {name: size for name, size in self.sizes.items() if name in keywords}
        outputs, saved = self.module.forward(self.params(given), *arrays, **extra)
        found = dict(zip(self.cell.outputs, outputs, strict=True))
        return {name: self.inside(name, v) for name, v in found.items()}, saved

    def backward(self, given, saved, dy):
        """The gradients, by the name of the argument; `backward` asks in the outputs' order."""
        asked = list(inspect.signature(self.module.backward).parameters)[2:]
        real = [name for name in self.cell.outputs if name in dy]
        assert len(asked) >= len(real)
        wanted = dict(zip(self.cell.outputs, asked, strict=False))
        sent = {wanted[name]: self.outside(name, dy[name]) for name in real}
        grads = self.module.backward(self.params(given), saved, **sent)
        params = dict(zip((q.name for q in self.of("param")), grads.params, strict=True))
        others = [q.name for q in (*self.of("input"), *self.of("initial")) if q.kind == "real"]
        found = params | dict(zip(others, grads[1:], strict=True))
        return {name: self.inside(name, v) for name, v in found.items()}


def case(made, path, T=5):
    """A module, its sizes, arguments, what the plain equations give, and cotangents."""
    cell = cell_of(path)
    sizes = sizes_of(cell, T)
    given = drawn(cell, sizes)
    with np.errstate(all="ignore"):
        plain = run(cell.equations, cell.states, given, timed(cell), sizes, plain=True)
    rng = np.random.default_rng(1)
    dy = {name: np.asarray(rng.normal(size=np.shape(plain[name]))) for name in cell.outputs}
    return Boundary(made, cell, sizes), given, plain, dy


@each_spec
def test_compiles_to_the_same_bytes_each_time(path):
    assert compile_source(read(path)) == compile_source(read(path))


@each_spec
@pytest.mark.parametrize("T", [5, 1, 2])
def test_forward_and_every_gradient_are_the_equations(made, path, T):
    boundary, given, plain, dy = case(made, path, T)
    cell = boundary.cell
    with np.errstate(all="ignore"):
        outputs, saved = boundary.forward(given)
        gradients = boundary.backward(given, saved, dy)
    for name in cell.outputs:
        assert np.shape(outputs[name]) == np.shape(plain[name]), name
        np.testing.assert_allclose(outputs[name], plain[name], 1e-11, 1e-12, err_msg=name)
    if any(node.op == "custom" for e in cell.equations for node in walk(e.value)):
        return  # a derivative of the user's own has no complex step; the shipped test has one
    rng = np.random.default_rng(5)
    for name, found in gradients.items():
        q = cell.quantity(name)
        v = rng.normal(size=np.shape(given[name]))
        v = v + np.swapaxes(v, -1, -2) if q.symmetric else v
        moved = {**given, name: given[name] + 1j * STEP * v}
        with np.errstate(all="ignore"):
            slope = np.imag(objective(cell, moved, boundary.sizes, dy)) / STEP
        expected = 0.0 if q.frozen else slope
        bound = 1e-10 * max(abs(slope), np.linalg.norm(found)) + 1e-13
        assert found.shape == np.shape(given[name]), name
        assert abs(expected - np.sum(found * v)) <= bound, (name, expected, np.sum(found * v))


@each_spec
def test_float32_stays_float32(made, path):
    boundary, given, _, dy = case(made, path)
    small = {k: v.astype(np.float32) if _is_real(v) else v for k, v in given.items()}
    with np.errstate(all="ignore"):
        outputs, saved = boundary.forward(small)
        gradients = boundary.backward(
            small, saved, {k: v.astype(np.float32) for k, v in dy.items()}
        )
    for name, v in (outputs | gradients).items():
        assert v.dtype != np.float64, name


def _is_real(v):
    return getattr(v, "dtype", None) == np.float64


@each_spec
def test_the_shipped_test_passes(shipped, path):
    assert path.stem in shipped, "the cell and its file have one name; or the test did not import"
    assert not shipped[path.stem], "\n".join(shipped[path.stem])


def test_what_is_written_is_formatted_and_clean(made):
    """ruff, with the project's own settings, has nothing to say about any of the files."""
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.is_file():
        pytest.skip("ruff is not installed")
    settings = Path(__file__).parent.parent / "pyproject.toml"
    rules = re.search(r"\[tool\.ruff\].*", settings.read_text("utf-8"), re.DOTALL)
    (made / "ruff.toml").write_text(rules[0].replace("tool.ruff.", "").replace("[tool.ruff]", ""))
    for asked in (["format", "--check"], ["check", "--output-format=concise"]):
        done = subprocess.run(
            [ruff, *asked, "--no-cache", "--config", "ruff.toml", "."],
            cwd=made,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
