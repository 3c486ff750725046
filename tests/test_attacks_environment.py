"""Attacks through what surrounds a run: modules beside it, variables, planted files, secrets."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from attacks import TWIN, attack, bpgen, canary, content, folder, safe

__all__ = ["canary"]

ROOT = str(Path(__file__).resolve().parent.parent)
CONSOLE = Path(sys.executable).with_name("bpgen")
TWINS = {name: text.encode() for name, text in safe(TWIN).items()}


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@attack(80)
@pytest.mark.skipif(not CONSOLE.is_file(), reason="bpgen is not installed as a command")
@pytest.mark.slow
def test_modules_beside_a_run() -> None:
    """The command reads none of them, and `gradcheck` runs its process apart from them."""
    evil = "import pathlib\npathlib.Path('canary').write_text('dead')\nraise SystemExit(9)\n"
    for name in ("lark", "numpy", "jinja2", "click", "bpgen", "ast", "conftest", "sitecustomize"):
        Path(f"{name}.py").write_text(evil)
    Path("pytest.ini").write_text("[pytest]\naddopts = --nonsense\n")
    Path("elman.spec").write_text(TWIN)
    done = run(CONSOLE, "compile", "elman.spec", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert content(Path("out")) == TWINS
    done = run(CONSOLE, "gradcheck", "elman.spec")
    assert done.returncode == 0, done.stdout + done.stderr


SURROUNDINGS = [
    {"PYTHONHASHSEED": "0", "LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"},
    {"PYTHONHASHSEED": "4294967295", "LC_ALL": "POSIX", "PYTHONUTF8": "1", "COLUMNS": "1"},
    {"PYTHONHASHSEED": "random", "TZ": "Pacific/Kiritimati", "COLUMNS": "100000"},
    {"PYTHONWARNINGS": "error", "TERM": "dumb", "NO_COLOR": "1", "PYTHONIOENCODING": "ascii"},
    {"PYTHONOPTIMIZE": "1", "FORCE_COLOR": "1", "HOME": "/nonexistent"},
    {"PYTHONOPTIMIZE": "2", "LC_ALL": "tr_TR.UTF-8", "PYTHONDEVMODE": "1"},
]


@attack(81)
@pytest.mark.parametrize("variables", SURROUNDINGS)
@pytest.mark.slow
def test_variables_change_nothing(variables: dict[str, str]) -> None:
    Path("elman.spec").write_text(TWIN)
    command = [sys.executable, "-m", "bpgen", "compile", "elman.spec", "-o", "out"]
    done = run(*command, PYTHONPATH=ROOT, **variables)
    assert done.returncode == 0, done.stderr
    assert content(Path("out")) == TWINS


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("echo dead > canary",)


# what a run may do: read files and make its own; no process, no network, no pickle, no other code
AUDITED = """
import sys
from pathlib import Path
import bpgen.cli, bpgen.compile, bpgen.files
from bpgen.parse import read
FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn",
             "pickle.", "ctypes.", "urllib.", "webbrowser.", "shutil.")
OURS = ("<template>", "<string>")
events = []
def hook(event, args):
    if event.startswith(FORBIDDEN) or (event == "open" and "lark_" in str(args[0])):
        events.append((event, str(args)))
    if event == "open" and args[2] & 3 and not isinstance(args[0], int):
        if not str(args[0]).startswith((".elman.py.", ".test_elman.py.")):
            events.append((event, str(args[0])))
    if event == "exec":
        name = args[0].co_filename
        if name.startswith("<") and name not in OURS:
            events.append((event, name))
sys.addaudithook(hook)
files = bpgen.compile.compile_source(read("elman.spec"))
bpgen.files.write(Path("out"), files)
print(events)
"""


@attack(82, 84)
def test_a_run_only_reads_and_writes() -> None:
    Path("elman.spec").write_text(TWIN)
    with TemporaryDirectory() as place:
        for name in (".lark_cache_x", ".lark_cache_0123456789abcdef", ".lark_lexer_cache_root"):
            (Path(place) / name).write_bytes(pickle.dumps(Bomb()))
        planted = content(Path(place))
        done = run(sys.executable, "-c", AUDITED, PYTHONPATH=ROOT, TMPDIR=place)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == "[]"
        assert content(Path(place)) == planted
    assert content(Path("out")) == TWINS


@attack(83)
def test_templates_are_ours() -> None:
    """No option and no variable names others, and none beside a spec are read."""
    with folder() as here:
        (here / "templates" / "numpy").mkdir(parents=True)
        (here / "numpy").mkdir()
        evil = "{{ cycler.__init__.__globals__.os.system('echo dead > canary') }}"
        for name in ("templates/numpy/module.py.jinja", "numpy/module.py.jinja", "module.py.jinja"):
            (here / name).write_text(evil)
        (here / "elman.spec").write_text(TWIN)
        assert bpgen("compile", "elman.spec", "-o", "out", "-q").exit_code == 0
        assert content(here / "out") == TWINS
    assert "templat" not in bpgen("compile", "--help").output.lower()
    assert "templat" not in bpgen("--help").output.lower()


IMPORTED = """
import sys
import math, re, typing
import numpy
known = set(sys.modules)
events = []
sys.addaudithook(lambda event, args: events.append((event, str(args))))
import elman
quiet = ("import", "exec", "compile", "marshal.loads", "object.__getattr__", "os.listdir",
         "sys._getframe", "object.__setattr__", "code.__new__")
opened = [args for event, args in events if event == "open" and "elman" not in args]
assert not opened, opened
events = [event for event, _ in events if event not in quiet and event != "open"]
assert not events, events
assert set(sys.modules) - known == {"elman"}, set(sys.modules) - known
"""


@attack(85)
def test_importing_a_module_does_nothing_else() -> None:
    for name, data in TWINS.items():
        Path(name).write_bytes(data)
    done = run(sys.executable, "-c", IMPORTED)
    assert done.returncode == 0, done.stderr


@attack(86)
@pytest.mark.slow
def test_secrets_stay_where_they_are() -> None:
    secret = "hunter2-0123456789"
    variables = {"CI_JOB_TOKEN": secret, "AWS_SECRET_ACCESS_KEY": secret, "PYTHONPATH": ROOT}
    Path("elman.spec").write_text(TWIN)
    Path("wrong.spec").write_text(f"{TWIN}b[t] = q[t] + $CI_JOB_TOKEN ${{CI_JOB_TOKEN}}\n")
    for name in ("elman.spec", "wrong.spec", "$CI_JOB_TOKEN", "absent.spec"):
        done = run(sys.executable, "-m", "bpgen", "compile", name, "-o", "out", **variables)
        assert secret not in done.stdout + done.stderr
    assert secret.encode() not in b"".join(content(Path("out")).values())
