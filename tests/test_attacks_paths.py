"""Attacks on files: names of cells, what lies where a file is to be written, what a path says.

`test_files.py` has the rest of the rules of writing, one by one.
"""

import errno
import getpass
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from attacks import TWIN, attack, bpgen, called, canary, content, folder, rejected, reports, safe
from bpgen.files import stamp

__all__ = ["canary"]

ROOT = str(Path(__file__).resolve().parent.parent)
NAMES = ("elman.py", "test_elman.py")


def compiled(*words: str | Path) -> str:
    """The reports of writing the twin to `out`, which must be refused as a matter of files."""
    Path("elman.spec").write_text(TWIN)
    before = content(Path())
    done = bpgen("compile", "elman.spec", "-o", "out", "--output-format", "concise", "-q", *words)
    assert content(Path()) == before
    return reports(done, 2)


def written(output: str | Path = "out") -> dict[str, bytes]:
    """What lies in a directory once the twin was written to it."""
    Path("elman.spec").write_text(TWIN)
    done = bpgen("compile", "elman.spec", "-o", output, "-q")
    assert done.exit_code == 0, done.output
    return content(Path(output))


TWINS = {name: text.encode() for name, text in safe(TWIN).items()}


@attack(62)
@pytest.mark.parametrize(
    "name",
    ["../../x", "/etc/x", "C:\\x", "a/b", "..", ".", "", "x\0y", "~", "$HOME", "x.py", '"x"', "-o"],
)
def test_a_cell_is_no_path(name: str) -> None:
    rejected(called("elman", name))


@attack(63)
@pytest.mark.parametrize(
    "name",
    [
        *("numpy", "os", "typing", "conftest", "sitecustomize", "usercustomize", "pytest", "setup"),
        *("__init__", "__main__", "test_x", "re", "math", "functools", "OS", "Numpy", "bpgen"),
    ],
)
def test_a_cell_hides_no_module(name: str) -> None:
    rejected(called("elman", name))


@attack(64)
@pytest.mark.parametrize("name", ["CON", "nul", "aux", "prn", "com1", "LPT9", "aux.py", "x.", "x "])
def test_names_that_windows_keeps(name: str) -> None:
    if name == "x ":  # a blank behind a name is none of it
        safe(called("elman", name))
    else:
        rejected(called("elman", name))


@attack(65)
def test_a_link_is_not_written_through() -> None:
    Path("out").mkdir()
    Path("victim").write_text("mine")
    Path("out/elman.py").symlink_to(Path("victim").resolve())
    assert "BP504" in compiled()
    assert "BP504" in compiled("--force")
    Path("out/elman.py").unlink()
    Path("out/test_elman.py").symlink_to("nowhere")
    assert "BP504" in compiled("--force")
    assert Path("victim").read_text() == "mine"


@attack(66)
def test_a_folder_that_is_a_link_is_the_one_that_the_user_named() -> None:
    Path("real").mkdir()
    Path("out").symlink_to("real")
    assert written() == TWINS == content(Path("real"))


SWAPPED = """
import os, sys
from pathlib import Path
from bpgen.files import stamp, write
real = os.stat
def stat(path, *args, **keywords):
    if path == "elman.py" and not os.path.islink("out"):
        os.rename("out", "moved")
        os.symlink("victim", "out")
    return real(path, *args, **keywords)
os.stat = stat
write(Path("out"), {"elman.py": stamp("new")})
"""


@attack(66)
def test_a_folder_that_is_swapped_meanwhile() -> None:
    """What was opened is written to, and not what has its name now."""
    Path("out").mkdir()
    Path("victim").mkdir()
    environment = {**os.environ, "PYTHONPATH": ROOT}
    subprocess.run([sys.executable, "-c", SWAPPED], env=environment, check=True)
    assert Path("out").is_symlink()
    assert list(content(Path("moved"))) == ["elman.py"] and not content(Path("victim"))


@attack(67, 68)
@pytest.mark.parametrize(
    ("there", "code"),
    [
        *(("x = 1\n", "BP503"), ("", "BP503"), (stamp("x = 1\n").replace("1\n", "2\n"), "BP502")),
        *((stamp("x = 1\n") + "y = 2\n", "BP502"), (stamp("x\n")[:-1], "BP502")),
    ],
)
def test_what_somebody_wrote_stays(there: str, code: str) -> None:
    Path("out").mkdir()
    Path("out/elman.py").write_text(there)
    assert code in compiled()
    assert bpgen("compile", "elman.spec", "-o", "out", "--force", "-q").exit_code == 0
    assert content(Path("out")) == {**TWINS, "elman.py.orig": there.encode()}


@attack(69)
def test_line_ends_turned_by_git() -> None:
    Path("out").mkdir()
    old = stamp("x = 1\n").replace("\n", "\r\n")
    Path("out/elman.py").write_bytes(old.encode())
    assert written() == TWINS


@attack(70)
def test_a_forged_stamp_says_that_the_file_may_go() -> None:
    """The hash is no signature, and the head of `files` says so."""
    Path("out").mkdir()
    Path("out/elman.py").write_text(stamp("import os  # forged\n"))
    assert written() == TWINS


def bound(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


@attack(71)
def test_what_is_no_plain_file() -> None:
    for plant in (
        Path.mkdir,
        os.mkfifo,
        bound,
        lambda path: path.symlink_to("/dev/null"),
        lambda path: (path.write_bytes(TWINS["elman.py"]), path.chmod(0o444)),
        lambda path: (path.write_text(stamp("x\n")), os.link(path, "second")),
    ):
        path = Path("out/elman.py")
        path.parent.mkdir(exist_ok=True)
        plant(path)
        assert "BP504" in compiled("--force")
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


FULL = """
import resource, signal, sys
from bpgen.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop()),) * 2)
main()
"""


@attack(72)
@pytest.mark.parametrize("room", [0, 1_000, 8_000])
def test_a_disk_that_is_full(room: int) -> None:
    """The module fits within 8,000 bytes, and its test does not."""
    Path("elman.spec").write_text(TWIN)
    Path("out").mkdir()
    for name in NAMES:
        Path("out", name).write_text(stamp("old\n"))
    before = content(Path())
    done = subprocess.run(
        [sys.executable, "-c", FULL, "compile", "elman.spec", "-o", "out", str(room)],
        env={**os.environ, "PYTHONPATH": ROOT, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and "BP506" in done.stderr, done.stderr
    assert content(Path()) == before


@attack(72)
@pytest.mark.slow
def test_a_kill_leaves_old_or_new_files() -> None:
    Path("elman.spec").write_text(TWIN)
    old = {name: stamp("old\n").encode() for name in NAMES}
    command = [sys.executable, "-m", "bpgen", "compile", "elman.spec", "-o", "out"]
    for wait in (0.05, 0.2, 0.3, 0.35, 0.4, 0.5):
        Path("out").mkdir(exist_ok=True)
        for name, data in old.items():
            Path("out", name).write_bytes(data)
        run = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": ROOT}, stderr=subprocess.DEVNULL
        )
        time.sleep(wait)
        run.send_signal(signal.SIGKILL)
        run.wait()
        for name in NAMES:
            assert Path("out", name).read_bytes() in (old[name], TWINS[name])


@attack(72)
@pytest.mark.slow
def test_20_runs_at_once() -> None:
    Path("elman.spec").write_text(TWIN)
    script = (
        "import sys; from pathlib import Path; from bpgen.compile import compile_source;"
        "from bpgen.parse import read; from bpgen.files import write;"
        "files = compile_source(read('elman.spec')); sys.stdin.read(1);"
        "[write(Path('out'), files) for _ in range(20)]"
    )
    environment = {**os.environ, "PYTHONPATH": ROOT}
    runs = [
        subprocess.Popen([sys.executable, "-c", script], env=environment, stdin=subprocess.PIPE)
        for _ in range(20)
    ]
    for run in runs:
        assert run.stdin
        run.stdin.close()
    assert [run.wait() for run in runs] == [0] * 20
    assert content(Path("out")) == TWINS


@attack(73)
@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o002, 0o664)])
def test_modes(umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        written()
        assert [Path("out", name).stat().st_mode & 0o777 for name in NAMES] == [mode, mode]
        Path("out/elman.py").write_text(stamp("x\n"))
        Path("out/elman.py").chmod(0o640)
        written()
        assert Path("out/elman.py").stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)


@attack(76)
def test_what_is_imported_is_what_was_written_last() -> None:
    Path("elman.spec").write_text(TWIN)
    # Python has to keep what it compiled, or nothing stale could be imported
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    seen = []
    for words in ("One cell.", "Two cell."):  # of one length
        Path("elman.spec").write_text(TWIN.replace("A cell.", words))
        assert bpgen("compile", "elman.spec", "-o", "out", "-q").exit_code == 0
        os.utime("out/elman.py", (1_000_000_000, 1_000_000_000))
        show = [sys.executable, "-c", "import elman; print(elman.__doc__[:9])"]
        seen.append(subprocess.check_output(show, cwd="out", text=True, env=environment).strip())
        assert list(Path("out/__pycache__").glob("elman.*.pyc"))
    assert seen == ["One cell.", "Two cell."]


@attack(63)
def test_a_cell_that_is_another_one_but_for_case() -> None:
    """Where a system takes both names for one, the second would be written over the first."""
    Path("out").mkdir()
    Path("out/Elman.py").write_text(stamp("x = 1\n"))
    assert "BP505" in compiled()
    assert "BP505" in compiled("--force")


@attack(72)
@pytest.mark.parametrize("there", [stamp("old\n"), None])
def test_what_was_renamed_is_put_back(there: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second of two files cannot take its place; the first is what it was, or gone."""
    Path("out").mkdir()
    for name in NAMES if there else ():
        Path("out", name).write_text(there or "")
    real, turns = os.replace, []

    def replace(*args: Any, **keywords: Any) -> None:
        turns.append(args)
        if len(turns) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(*args, **keywords)

    monkeypatch.setattr(os, "replace", replace)
    assert "BP506" in compiled()  # which holds the folders to what they were
    assert len(turns) >= 2


@attack(77)
def test_folders_that_cannot_be_written_to() -> None:
    Path("elman.spec").write_text(TWIN)
    Path("file").write_text("mine")
    before = content(Path())
    for output in ("x" * 256, "/proc/nowhere", "/dev/null", "file", "file/below", "/dev/full/x"):
        done = bpgen("compile", "elman.spec", "-o", output, "--output-format", "concise", "-q")
        assert "BP506" in reports(done, 2)
    assert content(Path()) == before


@attack(77)
def test_folders_with_odd_names() -> None:
    for name in ("a\nb", "a'\"b", "a\\b", " ", "\u202e", "-o", os.fsdecode(b"\xff\xfe"), "x" * 250):
        assert written(f"./{name}") == TWINS
        (Path(name) / "elman.py").write_text("mine")
        done = bpgen("compile", "elman.spec", "-o", f"./{name}", "--output-format", "concise", "-q")
        assert "BP503" in reports(done, 2)


@attack(78)
@pytest.mark.parametrize(
    "name",
    [
        *('a"b', "a'b", '"""', "a\nPWN = 1", "a\\b", "a\\N{x}", "{{ 7 }}", "# coding: utf-7"),
        *("\u202e", "\x1b[31m", os.fsdecode(b"\xff"), "a b", "$(true)"),
    ],
)
def test_the_name_of_a_spec_is_not_in_the_output(name: str) -> None:
    path = Path(f"{name}.spec")
    path.write_text(TWIN)
    assert bpgen("compile", f"./{path}", "-o", "out", "-q").exit_code == 0
    assert content(Path("out")) == TWINS
    path.write_text(f"{TWIN}b[t] = q[t]")
    done = bpgen("compile", f"./{path}", "-o", "out", "-q")
    assert done.exit_code == 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", done.output)


@attack(79)
def test_the_output_does_not_say_where_it_was_made() -> None:
    made = {name: data.decode() for name, data in written().items()}
    tells = [str(Path.cwd()), str(Path.home()), socket.gethostname(), time.strftime("%Y-%m-%d")]
    tells += [getpass.getuser(), ROOT, time.strftime("%H:%M"), "elman.spec"]
    for tell in tells:
        if len(tell) > 4:
            assert not any(tell in text for text in made.values()), tell


@attack(62, 65)
def test_all_specs_of_a_run_or_none() -> None:
    Path("elman.spec").write_text(TWIN)
    Path("other.spec").write_text(called("elman", "other"))
    Path("out").mkdir()
    Path("out/test_other.py").write_text("mine")
    before = content(Path())
    words = ["elman.spec", "other.spec", "-o", "out", "--output-format", "concise", "-q"]
    assert "BP503" in reports(bpgen("compile", *words), 2)
    assert content(Path()) == before
    with folder():
        Path("elman.spec").write_text(TWIN)
        Path("other.spec").write_text(f"{TWIN}b[t] = q[t]")
        reports(bpgen("compile", *words))
        assert not Path("out").exists()
