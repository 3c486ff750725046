"""`bpgen gradcheck`: what it runs, in which process, and what it says of it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bpgen.compile
from bpgen import gradcheck, library
from bpgen.compile import compile_source
from bpgen.parse import read
from command import bpgen_, flat

SPECS = Path(__file__).parent / "specs"

pytestmark = pytest.mark.slow


def files_of(cell: str) -> dict[str, str]:
    return compile_source(read(library.text(cell).encode(), f"{cell}.spec"))


def spoilt(monkeypatch: pytest.MonkeyPatch, right: str, wrong: str) -> None:
    """Let the module of rnn have another line."""
    files = files_of("rnn")
    assert files["rnn.py"].count(right) == 1
    files["rnn.py"] = files["rnn.py"].replace(right, wrong)
    monkeypatch.setattr(bpgen.compile, "files_of", lambda *_, **__: files)


@pytest.mark.parametrize("seed", [[], ["--seed", "7"]])
def test_a_right_module_passes(seed: list[str]) -> None:
    result = bpgen_("gradcheck", "rnn", *seed)
    assert result.exit_code == 0, result.output
    head, *lines = result.stdout.splitlines()
    assert head == "  gradient of  directions     entries  bound 1e-10"
    for name, line in zip(("x", "h0", "W_xh", "W_hh", "b"), lines, strict=False):
        assert re.fullmatch(rf"  {name} +\d\.\de-\d\d +\d\.\de-\d\d  passed", line), line
    assert "  batch               passed" in lines and "  stream              passed" in lines
    assert re.search(r"^\d+ checks, none failed \(\d", result.stderr, re.MULTILINE)


def test_what_does_not_apply_is_said() -> None:
    result = bpgen_("gradcheck", "birnn", "mamba")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert "birnn.spec" in lines and "mamba.spec" in lines
    assert "  batch               not applicable: in J, the number N itself is used" in lines
    assert "  saturating          not applicable: A has exp, which has no bounds" in lines
    assert max(map(len, lines)) <= 80


def test_a_wrong_gradient_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt(
        monkeypatch,
        "return Grads(Params(dW_xh, dW_hh, db)",
        "return Grads(Params(dW_xh, dW_hh / 2, db)",
    )
    result = bpgen_("gradcheck", "rnn")
    assert result.exit_code == 1
    assert re.search(r"^  W_hh +\d\.\de[+-]\d\d +\d\.\de[+-]\d\d  FAILED$", result.stdout, re.M)
    assert re.search(r"^  W_xh +\S+ +\S+  passed$", result.stdout, re.M)
    said = r"""
failed: entries of W_hh
dW_hh\[0, 0\] is (\S+), should be (\S+), 0\.5 times as much; 4 of 4 entries are off
"""
    found = re.search(said, result.stderr)
    assert found and float(found[1]) == pytest.approx(float(found[2]) / 2, rel=1e-9)
    assert "\nfailed: gradient of W_hh (first sizes)\nthe slope that dW_hh gives" in result.stderr
    assert re.search(r"\n\d+ checks, \d+ failed \(", result.stderr)


def test_a_gradient_that_is_no_number_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt(monkeypatch, "db = da.sum(axis=(0, 1))", "db = da.sum(axis=(0, 1)) * np.nan")
    result = bpgen_("gradcheck", "rnn")
    assert result.exit_code == 1
    assert re.search(r"^  b +inf +inf  FAILED$", result.stdout, re.M)


FAILING = '''"""Is it right?

No test_time, which cuts time in two: h is
read ahead.
"""

import os

import pytest

SEED = int(os.environ.get("BPGEN_SEED", "0"))

@pytest.mark.parametrize("name", ["x", "W_hh"])
def test_others(name):
    assert name == "x" or SEED == 5, "W_hh is strange"

def test_some_ties():
    pytest.skip("no tie was found")
'''


def test_rows_without_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's settings of pytest is seen; a seed goes through."""
    monkeypatch.setattr(bpgen.compile, "files_of", lambda *_, **__: {"test_rnn.py": FAILING})
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("BPGEN_SEED", "5")
    result = bpgen_("gradcheck", "rnn")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "  others     FAILED: W_hh",
        "  some ties  skipped: no tie was found",
        "  time       not applicable: h is read ahead",
    ]
    assert "failed: others of W_hh\nW_hh is strange\n" in result.stderr
    assert "2 checks, 1 failed" in result.stderr
    seeded = bpgen_("gradcheck", "rnn", "--seed", "5")
    assert seeded.exit_code == 0 and "passed: x, W_hh" in seeded.stdout


def test_json_is_for_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """One object; its keys are those that the command's help names."""
    spoilt(monkeypatch, "db = da.sum(axis=(0, 1))", "db = da.sum(axis=(0, 1)) * np.nan")
    result = bpgen_("gradcheck", "rnn", "--output-format", "json")
    assert result.exit_code == 1 and not result.stderr and result.stdout.count("\n") == 1
    whole = json.loads(result.stdout, parse_constant=pytest.fail)
    assert list(whole) == ["version", "specs", "diagnostics"] and whole["version"] == 1
    (spec,) = whole["specs"]
    assert (spec["spec"], spec["outcome"], spec["message"]) == ("rnn.spec", "failed", "")
    rows = {row["quantity"]: row for row in spec["gradients"]}
    assert list(rows) == ["x", "h0", "W_xh", "W_hh", "b"]
    right, wrong = rows["W_hh"], rows["b"]
    assert right["outcome"] == "passed" and not right["message"]
    assert max(right["directions"], right["entries"]) <= right["bound"] == 1e-10
    assert wrong["outcome"] == "failed" and "db[0]" in wrong["message"]
    assert wrong["directions"] is None and wrong["entries"] is None
    checks = {(each["name"], each["subject"]): each for each in spec["checks"]}
    assert checks["misuse", "b"]["outcome"] == "passed" and not checks["misuse", "b"]["reason"]
    assert checks["time", ""]["outcome"] == "failed" and "db" in checks["time", ""]["reason"]
    shown = bpgen_("gradcheck", "--help").stdout
    for key in {*whole, *spec, *right, *spec["checks"][0]}:
        assert re.search(rf"\b{key}\b", shown), key


def test_json_has_what_does_not_apply_and_what_is_wrong(tmp_path: Path) -> None:
    result = bpgen_("gradcheck", "birnn", "--output-format", "json")
    assert result.exit_code == 0 and not result.stderr
    (spec,) = json.loads(result.stdout)["specs"]
    reasons = {check["name"]: check["reason"] for check in spec["checks"] if check["reason"]}
    assert spec["outcome"] == "passed"
    assert reasons["time"] == "b runs down from the last step"
    wrong = tmp_path / "wrong.spec"
    wrong.write_text("cell wrong\ndim N\ninput x[t] : (N)\noutput y[t] = x[t] + p\n")
    refused = bpgen_("gradcheck", wrong, "--output-format", "json")
    assert refused.exit_code == 1
    assert [each["code"] for each in json.loads(refused.stdout)["diagnostics"]] == ["BP101"]


def test_a_line_for_each_row_and_annotations(monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt(
        monkeypatch,
        "return Grads(Params(dW_xh, dW_hh, db)",
        "return Grads(Params(dW_xh, dW_hh / 2, db)",
    )
    concise = bpgen_("gradcheck", "rnn", "--output-format", "concise")
    whole = concise.stdout
    lines = whole.splitlines()
    assert concise.exit_code == 1 and all(line.startswith("rnn.spec: ") for line in lines)
    assert "rnn.spec: forward: passed: first, second" in lines
    assert re.search(
        r"^rnn.spec: gradient of W_hh: failed: directions \S+, entries \S+$", whole, re.M
    )
    assert re.search(r"^rnn.spec: failed: entries of W_hh: dW_hh\[0, 0\] is ", whole, re.M)
    github = bpgen_("gradcheck", "rnn", "--output-format", "github")
    assert github.stdout.startswith("  gradient of ") and "W_hh" in github.stdout
    opening = "::error file=rnn.spec,title=gradcheck::entries of W_hh failed%0AdW_hh[0, 0] is "
    assert opening in github.stderr


def test_a_derivative_of_the_users_own_is_said_to_be_that() -> None:
    one = bpgen_("gradcheck", "spiking")
    said = "the derivative of `spike` is the user's own: gradients were compared with what the spec"
    assert one.exit_code == 0 and said in flat(one.stdout)
    assert max(map(len, one.stdout.splitlines())) <= 80
    several = bpgen_("gradcheck", SPECS / "lang_op.spec", "--output-format", "json")
    (note,) = json.loads(several.stdout)["specs"][0]["notes"]
    assert note.startswith("the derivatives of `spike`, `mix` and `through` are the user's own")
    assert "user's own" not in bpgen_("gradcheck", "rnn").stdout


def test_it_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "import time\n\ndef test_one():\n    time.sleep(60)\n"
    monkeypatch.setattr(bpgen.compile, "files_of", lambda *_, **__: {"test_rnn.py": endless})
    result = bpgen_("gradcheck", "rnn", "--timeout", "0.5")
    assert result.exit_code == 1
    said = "failed: the test ran for 0.5 s, and was stopped; `--timeout` gives it longer\n"
    assert result.stderr.startswith(said)
    told = bpgen_("gradcheck", "rnn", "--timeout", "0.5", "--output-format", "json")
    (spec,) = json.loads(told.stdout)["specs"]
    assert told.exit_code == 1 and spec["outcome"] == "failed" and "was stopped" in spec["message"]


def test_a_test_that_does_not_run_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpgen.compile, "files_of", lambda *_, **__: {"test_rnn.py": "nobody\n"})
    result = bpgen_("gradcheck", "rnn")
    assert result.exit_code == 3
    assert "NameError: name 'nobody' is not defined" in result.stderr


def test_absent_packages_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    missing = "raise ModuleNotFoundError(\"No module named 'numpy'\")\n"
    monkeypatch.setattr(bpgen.compile, "files_of", lambda *_, **__: {"test_rnn.py": missing})
    result = bpgen_("gradcheck", "rnn")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: gradcheck needs numpy where bpgen runs: `python -m pip")
    python = tmp_path / "python"  # one without pytest
    python.write_text("#!/bin/sh\necho python: No module named pytest\nexit 1\n")
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(gradcheck.Absent, match="gradcheck needs pytest where bpgen runs"):
        gradcheck.run({"test_rnn.py": ""})


def test_80_modules_of_the_same_name_are_not_seen(tmp_path: Path) -> None:
    """What lies in the user's directory, or on their PYTHONPATH, is no part of the check."""
    for name in ("numpy", "pytest", "rnn", "conftest", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('shadowed')\n")
    where = str(Path(bpgen.__file__).parent.parent)
    code = f"import sys; sys.path.insert(0, {where!r}); from bpgen.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "gradcheck", "rnn"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": "", "PYTHONSTARTUP": str(tmp_path / "numpy.py")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "none failed" in done.stderr


def test_progress_is_told() -> None:
    told: list[str] = []
    gradcheck.run(files_of("rnn"), watch=told.append)
    assert told[-1].startswith("100 %  stream") and any("gradient W_hh" in text for text in told)
