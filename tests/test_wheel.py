"""What people install: the wheel carries every data file, and works away from the checkout.

grammar/ and templates/ stand beside the package and travel inside it, as bpgen/_data/. An editable
installation finds them in the checkout, and so hides a wheel that lacks them; this test does not.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="builds the wheel")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("bpgen", "grammar", "templates")


def run(command: Sequence[str | Path], cwd: Path) -> str:
    """Run a command as a user would, without what the tests' own environment adds."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=cwd, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def build(kind: str, checkout: Path, directory: Path) -> Path:
    run([sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", directory], checkout)
    (built,) = directory.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


def packed(wheel: Path) -> list[str]:
    """The files of a wheel, by the names that they have in the checkout."""
    names = (name.replace("bpgen/_data/", "") for name in zipfile.ZipFile(wheel).namelist())
    return sorted(name for name in names if ".dist-info/" not in name)


def kept() -> list[str]:
    """The files of the checkout that belong in a wheel: those that git keeps, if it is there."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *ROOMS]
        names = set(run(command, ROOT).splitlines())
        return sorted(name for name in names if (ROOT / name).is_file())
    paths = [path for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file()]
    names = {path.relative_to(ROOT).as_posix() for path in paths}
    return sorted(name for name in names if "__pycache__" not in name)


def test_the_wheel_has_every_file_and_no_other(wheel: Path) -> None:
    assert packed(wheel) == kept()


def test_a_wheel_made_from_the_sdist_is_the_same(wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(build("sdist", ROOT, tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    (checkout,) = tmp_path.glob("bpgen-*")
    assert build("wheel", checkout, tmp_path / "again").read_bytes() == wheel.read_bytes()


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of a fresh environment with the wheel, and our own copies of what it needs."""
    place = tmp_path_factory.mktemp("installed")
    run([sys.executable, "-m", "venv", "venv"], place)
    python = place / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel], place)
    show = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run([python, "-c", show], place).strip())
    # a plain line adds the directory and reads no `.pth` in it, so no editable bpgen comes along
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


def test_the_wheel_compiles_a_cell_elsewhere(scripts: Path, tmp_path: Path) -> None:
    where = run([scripts / "python", "-c", "import bpgen; print(bpgen.__file__)"], tmp_path)
    assert Path(where.strip()).is_relative_to(scripts.parent)
    shutil.copy(ROOT / "bpgen" / "cells" / "rnn.spec", tmp_path)
    run([scripts / "bpgen", "compile", "rnn.spec", "-o", "out"], tmp_path)
    for name in ("rnn.py", "test_rnn.py"):
        made = (tmp_path / "out" / name).read_bytes()
        assert made == (ROOT / "generated" / name).read_bytes(), name
    run([scripts / "python", "-m", "pytest", "-q", "out"], tmp_path)


def test_a_plugin_is_found_beside_the_wheel(scripts: Path, tmp_path: Path) -> None:
    example = shutil.copytree(ROOT / "tests" / "plugins" / "bpgen_sinc", tmp_path / "bpgen_sinc")
    offline = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    run([scripts / "python", "-m", "pip", "install", *offline, example], tmp_path)
    assert "[bpgen-sinc 1.0]" in run([scripts / "bpgen", "ops"], tmp_path)
    code = "from bpgen.testing import check_op; check_op('sinc')"
    run([scripts / "python", "-c", code], tmp_path)
