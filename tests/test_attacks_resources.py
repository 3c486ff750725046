"""Attacks on time and memory: what grows when it is written out, and what never ends.

Each is measured in a process of its own, which may use so much memory and no more.
"""

import os
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from attacks import SECONDS, TWIN, attack, bpgen, canary, rejected, reports, safe, with_line
from bpgen.compile import compile_source
from bpgen.report import Refused
from bpgen.source import Source

__all__ = ["canary"]

MEMORY = 300 << 20  # bytes, for a rejection

# 10 levels of 10 uses each
LAUGHS = "fn f0(v) = v + 1\n" + "".join(
    f"fn f{i}(v) = {' + '.join([f'f{i - 1}(v)'] * 10)}\n" for i in range(1, 11)
)
LARGE = f"fn f(v) = {' + '.join(['tanh(v)'] * 99)}\n"
LARGE_CALLS = " + ".join(["f(a[t])"] * 90)
DOUBLED = "fn f0(v) = v\n" + "".join(
    f"fn f{i}(v) = f{i - 1}(v) * f{i - 1}(v)\n" for i in range(1, 60)
)


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (4, 4))


def in_a_process(spec: str, limit: Callable[[], None] | None = limited) -> str:
    """The reports of a spec that is rejected within the limits of a process."""
    Path("attack.spec").write_text(spec)
    command = [sys.executable, "-m", "bpgen", "compile", "attack.spec", "-o", "out", "-q"]
    root = str(Path(__file__).resolve().parent.parent)
    done = subprocess.run(
        [*command, "--output-format", "concise"],
        env={**os.environ, "PYTHONPATH": root},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert not Path("out").exists()
    return done.stderr


@attack(51, 52)
@pytest.mark.parametrize(
    "spec",
    [
        with_line(f"{LAUGHS}b[t] = f10(a[t])"),
        with_line(LARGE + "".join(f"b{i}[t] = {LARGE_CALLS}\n" for i in range(20))),
        with_line(f"{DOUBLED}b[t] = f59(a[t])"),
        with_line(f"{DOUBLED}b[t] = f59(f59(a[t]))"),
    ],
)
@pytest.mark.slow
def test_abbreviations_are_counted_while_they_are_written_out(spec: str) -> None:
    assert "BP110" in in_a_process(spec)


@attack(53)
@pytest.mark.parametrize(
    ("lines", "cycle"),
    [
        ("fn f(v) = f(v)\nb[t] = f(a[t])", "f → f"),
        ("fn f(v) = g(v)\nfn g(v) = f(v)\nb[t] = f(a[t])", "f → g → f"),
        ("fn f(v) = v\nfn g(v) = g(f(v))\nb[t] = f(g(a[t]))", "g → g"),
    ],
)
def test_abbreviations_that_call_themselves(lines: str, cycle: str) -> None:
    assert cycle in rejected(with_line(lines))


@attack(54, 55, 74, 75)
@pytest.mark.parametrize("word", ["include", "import", "from", "load", "source", "use", "require"])
@pytest.mark.parametrize(
    "target",
    [
        *("/etc/passwd", "~/.ssh/id", "../secret", "file:///etc/passwd", "http://localhost/x"),
        *("\\\\\\\\host\\\\share", "link.spec", "attack.spec", "./a/../attack.spec", "secret.spec"),
    ],
)
def test_no_spec_reads_another(word: str, target: str) -> None:
    """There is no such statement, so nothing is opened, and no line of it is quoted."""
    Path("secret.spec").write_text("SECRET")
    Path("link.spec").symlink_to("/etc/passwd")
    opened: list[str] = []
    watched.append(opened)
    for line in (f'{word} "{target}"', f"{word} {target}"):
        said = rejected(with_line(line))
        assert "root:" not in said and "SECRET" not in said
    watched.clear()
    assert not [name for name in opened if re.search("passwd|ssh|secret|link|share", name)]


watched: list[list[str]] = []


def watch(event: str, args: tuple[object, ...]) -> None:
    if watched and event in ("open", "socket.connect"):
        watched[0].append(str(args[0]))


sys.addaudithook(watch)


BACKTRACKING = [
    *('"aaaa', "1", "1!", " ", "#", "a", "a[", "a[t],", "(", ")", "a\n", "\n", "a[t] = ", "-", "."),
    *(
        "=",
        "a = a",
        '"',
        "1e",
        "a.T",
        "**",
        "fn f(",
        "a,",
        "[t",
        "_",
        "\u00e9",
        "a[t-1]",
        "&&",
        "\\",
    ),
]


@attack(56)
@pytest.mark.parametrize("unit", BACKTRACKING)
@pytest.mark.slow
def test_time_grows_no_faster_than_text(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        began = time.process_time()
        with pytest.raises(Refused):
            compile_source(Source("attack.spec", text))
        return time.process_time() - began

    short = long = float("inf")
    for _ in range(6):  # the least of several: other work on the machine adds, and never takes away
        short, long = min(short, seconds(100_000)), min(long, seconds(400_000))
        if short < 1 and long < max(4 * 1.5 * short, 0.5):
            return
    pytest.fail(f"{short:.2f} s and {long:.2f} s")


@attack(57)
def test_inputs_that_do_not_end() -> None:
    Path("large.spec").write_bytes(TWIN.encode() + b"#" * (1 << 20))
    with Path("sparse.spec").open("wb") as file:
        file.truncate(100 << 20)
    os.mkfifo("pipe.spec")
    Path("folder.spec").mkdir()
    server = socket.socket(socket.AF_UNIX)
    server.bind("socket.spec")
    began = time.process_time()
    for name in ("large.spec", "sparse.spec"):
        done = bpgen("compile", name, "-o", "out", "--output-format", "concise", "-q")
        assert "BP023" in reports(done, done.exit_code) and done.exit_code in (1, 2)
    for name in (
        "pipe.spec",
        "folder.spec",
        "socket.spec",
        "/dev/zero",
        "/dev/full",
        "absent.spec",
    ):
        done = bpgen("compile", name, "-o", "out", "--output-format", "concise", "-q")
        assert done.exit_code == 2 and done.output.count("\n") == 1, done.output
    server.close()
    assert time.process_time() - began < SECONDS
    assert not Path("out").exists()


@attack(57)
def test_standard_input_that_does_not_end() -> None:
    command = [sys.executable, "-m", "bpgen", "compile", "-", "-o", "out"]
    root = str(Path(__file__).resolve().parent.parent)
    with open("/dev/zero", "rb") as zeros:
        done = subprocess.run(
            command,
            stdin=zeros,
            env={**os.environ, "PYTHONPATH": root},
            preexec_fn=limited,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode in (1, 2) and "BP023" in done.stderr


@attack(58)
def test_a_name_is_no_abbreviation() -> None:
    """60 squares one of another are 60 lines, not 2**60 products."""
    squares = "".join(f"s{i + 1}[t] = s{i}[t] * s{i}[t]\n" for i in range(60))
    began = time.process_time()
    files = safe(with_line(f"s0[t] = a[t]\n{squares}"))
    assert time.process_time() - began < 10
    assert len(files["elman.py"]) < 40_000


@attack(59)
def test_many_states_that_read_each_other() -> None:
    names = [f"s{i}" for i in range(300)]
    shown = ", ".join(f"{name}[t]" for name in names)
    lines = [f"{n}[t] = tanh({' + '.join(f'{m}[t-1]' for m in names[:60])})" for n in names]
    began = time.process_time()
    try:
        rejected_spec = compile_source(
            Source("a.spec", with_line(f"state {shown} : (N, H)\n" + "\n".join(lines)))
        )
    except Refused as refused:
        assert refused.reports[0].code == "BP023"
    else:
        assert rejected_spec
    assert time.process_time() - began < 10


@attack(59)
def test_5000_states() -> None:
    shown = ", ".join(f"s{i}[t]" for i in range(5_000))
    lines = "\n".join(f"s{i}[t] = s{i}[t-1]" for i in range(5_000))
    assert "BP023" in in_a_process(with_line(f"state (\n{shown}) : (N, H)\n{lines}"))


@attack(60)
def test_steps_are_a_loop() -> None:
    """However many: no spec says how many there are."""
    for line in ("dim T = 1000000000", "T = 1000000000", "b[t] = h[t-1000000000]"):
        rejected(with_line(line))
    assert len(safe(TWIN)["elman.py"].split("\n")) < 200


@attack(61)
@pytest.mark.parametrize("size", ["K = 1000000", "K = 2147483648"])
def test_what_is_drawn_in_tests(size: str) -> None:
    """A size that a spec fixes is its own affair; all others are small primes."""
    text = safe(TWIN)["test_elman.py"]
    assert max(map(int, re.findall(r'"[A-Z]": (\d+)', text))) < 50
    safe(with_line(f"dim {size}\nparam v : (K)\nb[t] = a[t] * sum(v)"))
