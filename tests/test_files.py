"""Writing generated files: one test for each row of the table at the head of `bpgen/files.py`."""

import errno
import os
import py_compile
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bpgen.files import HEADER, Written, compared, is_ours, stamp, write
from bpgen.report import Refused, draw

OLD = stamp('"""A cell."""\n\nx = 1\n')
NEW = stamp('"""A cell."""\n\nx = 2\n')
RUN = {"rnn.py": NEW, "test_rnn.py": stamp("import rnn\n")}
EDITED = OLD.replace("x = 1", "x = 3")
HAND = "x = 1\n"


def content(directory: Path) -> dict[str, str]:
    """Every file below a directory and what it says, leftovers and hidden ones too."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_text("utf-8") for path in files}


def refusal(directory: Path, files: dict[str, str], force: bool = False) -> str:
    """The codes of a refusal, which must leave everything below the directory as it was."""
    before = content(directory)
    with pytest.raises(Refused) as caught:
        write(directory, files, force)
    assert content(directory) == before
    for report in caught.value.reports:
        assert draw(report, None).isascii()
    return " ".join(report.code for report in caught.value.reports)


def test_a_stamp_opens_with_a_constant_and_ends_with_a_hash() -> None:
    first, *_, last = NEW.splitlines()
    assert first + "\n" == HEADER and last.startswith("# bpgen: sha256 ") and len(last) == 80
    assert is_ours(NEW) and NEW.endswith("\n") and not NEW.endswith("\n\n")
    assert is_ours(NEW.replace("\n", "\r\n")), "git may turn line ends"


EDITS: list[Callable[[str], str]] = [
    lambda text: text.replace("x = 2", "x = 3"),
    lambda text: text.replace("x = 2\n", "x = 2 \n"),
    lambda text: text + "y = 1\n",
    lambda text: text + "\n",
    lambda text: "\n" + text,
    lambda text: text[:-1],
    lambda text: text.partition("\n")[2],
    lambda text: text[: text.rindex("#")],
    lambda text: text.replace("sha256 ", "sha256 0"),
    lambda text: "",
]


@pytest.mark.parametrize("edit", EDITS)
def test_any_edit_is_seen(edit: Callable[[str], str]) -> None:
    assert not is_ours(edit(NEW))


def test_nothing_there(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "er"
    assert write(out, RUN) == Written(("rnn.py", "test_rnn.py"), (), ())
    assert content(out) == RUN


def test_ours_and_the_same(tmp_path: Path) -> None:
    write(tmp_path, RUN)
    os.utime(tmp_path / "rnn.py", (1, 1))
    assert write(tmp_path, RUN) == Written((), ("rnn.py", "test_rnn.py"), ())
    assert (tmp_path / "rnn.py").stat().st_mtime == 1


def test_ours_and_different(tmp_path: Path) -> None:
    write(tmp_path, {**RUN, "rnn.py": OLD})
    assert write(tmp_path, RUN) == Written(("rnn.py",), ("test_rnn.py",), ())
    assert content(tmp_path) == RUN


@pytest.mark.parametrize(("there", "code"), [(EDITED, "BP502"), (HAND, "BP503"), ("", "BP503")])
def test_not_ours_to_replace(tmp_path: Path, there: str, code: str) -> None:
    path = tmp_path / "rnn.py"
    path.write_text(there)
    assert refusal(tmp_path, RUN) == code
    path.chmod(0o600)
    assert write(tmp_path, RUN, force=True).kept == ("rnn.py.orig",)
    assert content(tmp_path) == {**RUN, "rnn.py.orig": there}
    assert stat.S_IMODE((tmp_path / "rnn.py.orig").stat().st_mode) == 0o600


def test_not_text_at_all(tmp_path: Path) -> None:
    (tmp_path / "rnn.py").write_bytes(b"\xff\xfe\x00# bpgen: sha256 \xff")
    with pytest.raises(Refused):
        write(tmp_path, RUN)


def test_force_keeps_every_old_file(tmp_path: Path) -> None:
    for text in (EDITED, HAND):
        (tmp_path / "rnn.py").write_text(text)
        write(tmp_path, {"rnn.py": NEW}, force=True)
    assert content(tmp_path) == {"rnn.py": NEW, "rnn.py.orig": EDITED, "rnn.py.orig2": HAND}


def test_force_keeps_no_copy_of_what_is_ours(tmp_path: Path) -> None:
    write(tmp_path, {"rnn.py": OLD})
    assert write(tmp_path, {"rnn.py": NEW}, force=True).kept == ()


def test_line_ends_turned_by_git(tmp_path: Path) -> None:
    path = tmp_path / "rnn.py"
    path.write_bytes(NEW.replace("\n", "\r\n").encode())
    assert write(tmp_path, {"rnn.py": NEW}).unchanged == ("rnn.py",)
    path.write_bytes(OLD.replace("\n", "\r\n").encode())
    assert write(tmp_path, {"rnn.py": NEW}).written == ("rnn.py",)
    assert path.read_bytes() == NEW.encode()


def a_link(path: Path) -> None:
    path.symlink_to(path.parent / "elsewhere")


def a_link_to_ours(path: Path) -> None:
    (path.parent / "elsewhere").write_text(OLD)
    path.symlink_to(path.parent / "elsewhere")


def a_second_name(path: Path) -> None:
    (path.parent / "elsewhere").write_text(OLD)
    path.hardlink_to(path.parent / "elsewhere")


def a_read_only_file(path: Path) -> None:
    path.write_text(OLD)
    path.chmod(0o444)


PLANTS = [a_link, a_link_to_ours, a_second_name, a_read_only_file, Path.mkdir, os.mkfifo]


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("force", [False, True])
def test_not_a_plain_file(tmp_path: Path, plant: Callable[[Path], None], force: bool) -> None:
    plant(tmp_path / "rnn.py")
    assert refusal(tmp_path, RUN, force) == "BP504"


PATHS = ["", ".", "..", "../x.py", "/etc/x.py", "a/b.py", "a\\b.py", "C:x.py", "x\0.py", "x.py\n"]
ODD = ["x", ".py", "x.", "x .py", "-x.py", "_x.py", "__init__.py", "é.py", "x" * 81 + ".py"]
SHADOWS = ["numpy.py", "os.py", "OS.py", "typing.py", "conftest.py", "sitecustomize.py"]
DEVICES = ["con.py", "NUL.py", "aux.py", "Lpt1.py"]


@pytest.mark.parametrize("name", [*PATHS, *ODD, *SHADOWS, *DEVICES])
def test_names_that_are_refused(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path, {"rnn.py": NEW, name: NEW}) == "BP505"


def test_names_that_differ_only_in_case(tmp_path: Path) -> None:
    assert refusal(tmp_path, {"LSTM.py": NEW, "lstm.py": NEW}) == "BP505 BP505"
    write(tmp_path, {"LSTM.py": NEW})
    assert refusal(tmp_path, {"lstm.py": NEW}) == "BP505"


def test_every_name_has_its_report(tmp_path: Path) -> None:
    (tmp_path / "rnn.py").write_text(EDITED)
    (tmp_path / "test_rnn.py").write_text(HAND)
    assert refusal(tmp_path, RUN) == "BP502 BP503"


def test_a_text_without_a_stamp_is_our_own_fault(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"rnn\.py: not stamped"):
        write(tmp_path, {"rnn.py": HAND})


@pytest.fixture(params=["open", "fsync", "replace"])
def failing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A system that refuses, once, when the second file's turn comes."""
    real = getattr(os, request.param)
    calls = 0

    def refuse(*args: object, **keywords: object) -> object:
        nonlocal calls
        counts = request.param != "open" or str(args[0]).endswith(".tmp")
        calls += counts
        if counts and calls == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*args, **keywords)

    monkeypatch.setattr(os, request.param, refuse)
    yield
    assert calls >= 2


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize("force", [False, True])
def test_a_failure_leaves_all_as_it_was(tmp_path: Path, force: bool) -> None:
    (tmp_path / "rnn.py").write_text(EDITED if force else OLD)
    assert refusal(tmp_path, RUN, force) == "BP506"


@pytest.mark.usefixtures("failing")
def test_a_failure_leaves_no_new_file(tmp_path: Path) -> None:
    assert refusal(tmp_path, RUN) == "BP506"


KILLED = """
import os, signal, sys
from pathlib import Path
from bpgen.files import stamp, write
real, turns = os.replace, iter(range(9))
def replace(*args, **keywords):
    if next(turns) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    real(*args, **keywords)
os.replace = replace
write(Path(sys.argv[1]), {name: stamp("new") for name in ("rnn.py", "test_rnn.py")})
"""


@pytest.mark.parametrize("turn", [0, 1])
def test_a_kill_leaves_each_file_old_or_new(tmp_path: Path, turn: int) -> None:
    old, new = stamp("old"), stamp("new")
    write(tmp_path, {"rnn.py": old, "test_rnn.py": old})
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(turn)], check=False)
    assert done.returncode == -signal.SIGKILL
    both = [(tmp_path / name).read_text() for name in ("rnn.py", "test_rnn.py")]
    assert both == [new if i < turn else old for i in (0, 1)]
    assert write(tmp_path, {"rnn.py": new, "test_rnn.py": new}).written  # and nothing is in the way


def test_the_directory_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text(HAND)
    assert refusal(tmp_path / "out", RUN) == "BP506"
    assert refusal(tmp_path / "out" / "deeper", RUN) == "BP506"


def test_the_directory_has_too_long_a_name(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        write(tmp_path / ("x" * 300), RUN)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_the_directory_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert refusal(tmp_path, RUN) == "BP506"


def test_the_directory_is_a_link_that_the_user_named(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link", RUN)
    assert content(tmp_path / "real") == RUN


@pytest.mark.skipif(sys.platform != "linux", reason="such a name is no name elsewhere")
def test_the_directory_has_a_name_that_is_no_text(tmp_path: Path) -> None:
    out = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\x1b[31m"))
    out.mkdir()
    (out / "rnn.py").write_text(HAND)
    assert refusal(out, RUN) == "BP503"


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_new_file_obeys_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path, RUN)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "rnn.py").stat().st_mode) == mode


def test_an_old_file_keeps_its_mode(tmp_path: Path) -> None:
    write(tmp_path, {"rnn.py": OLD})
    (tmp_path / "rnn.py").chmod(0o640)
    write(tmp_path, {"rnn.py": NEW})
    assert stat.S_IMODE((tmp_path / "rnn.py").stat().st_mode) == 0o640


def test_what_is_imported_next_is_the_new_module(tmp_path: Path) -> None:
    show = [sys.executable, "-c", "import rnn; print(rnn.x)"]
    write(tmp_path, {"rnn.py": OLD})
    py_compile.compile(str(tmp_path / "rnn.py"), doraise=True)
    time = (tmp_path / "rnn.py").stat()
    write(tmp_path, {"rnn.py": NEW})
    # same second, same size: what Python compiled of the old file would pass for this one's
    os.utime(tmp_path / "rnn.py", ns=(time.st_atime_ns, time.st_mtime_ns))
    assert subprocess.check_output(show, cwd=tmp_path, text=True).strip() == "2"


def test_compared(tmp_path: Path) -> None:
    def states(directory: Path = tmp_path, force: bool = False) -> list[str]:
        found, reports = compared(directory, RUN, force)
        assert list(found) == list(RUN)
        return [*found.values(), *(report.code for report in reports)]

    assert states(tmp_path / "absent") == ["missing", "missing"]
    assert not (tmp_path / "absent").exists()
    write(tmp_path, {**RUN, "rnn.py": OLD})
    assert states() == ["stale", "unchanged"]
    (tmp_path / "rnn.py").write_bytes(NEW.replace("\n", "\r\n").encode())
    assert states() == ["unchanged", "unchanged"]
    (tmp_path / "test_rnn.py").chmod(0o400)
    assert states() == ["unchanged", "unchanged"], "what is right need not be replaced"


@pytest.mark.parametrize(
    ("there", "state", "code"), [(EDITED, "edited", "BP502"), (HAND, "foreign", "BP503")]
)
def test_what_would_be_refused_is_foretold(
    tmp_path: Path, there: str, state: str, code: str
) -> None:
    (tmp_path / "rnn.py").write_text(there, "utf-8")
    (tmp_path / "test_rnn.py").mkdir()
    found, reports = compared(tmp_path, RUN)
    assert found == {"rnn.py": state, "test_rnn.py": "blocked"}
    assert refusal(tmp_path, RUN) == " ".join(sorted(report.code for report in reports))
    assert [report.code for report in reports] == [code, "BP504"]
    found, reports = compared(tmp_path, RUN, force=True)
    assert found == {"rnn.py": "stale", "test_rnn.py": "blocked"}
    assert [report.code for report in reports] == ["BP504"]
