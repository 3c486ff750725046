"""The rows of the shipped test: which a cell gets, and what they do where nothing can be stated."""

import pytest

from bpgen import gradcheck, library
from bpgen.compile import compile_source
from bpgen.parse import read

pytestmark = pytest.mark.slow


def files_of(*lines: str) -> dict[str, str]:
    text = "\n".join(("cell shown", "dim N, H, V", "input x[t] : (N, H)", *lines, ""))
    return compile_source(read(text.encode(), "shown.spec"))


def ties_of(files: dict[str, str]) -> dict[tuple[str, str], tuple[str, str]]:
    """What came of every tie, and all that failed."""
    found = {(c.name, c.subject): (c.outcome, c.message) for c in gradcheck.run(files)}
    return {k: v for k, v in found.items() if "ties" in k[0] or v[0] == "failed"}


# -- ties ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "root", ["sqrt(abs(x[t]))", "abs(x[t])**0.5", "log(relu(x[t]))", "abs(x[t])**x[t]"]
)
def test_a_tie_without_a_finite_slope_is_skipped_by_name(root: str) -> None:
    nothing = "no finite slope, so nothing is stated: dx where"
    assert ties_of(files_of(f"output y[t] = {root}")) == {
        ("ties", "x"): ("skipped", f"{nothing} all is zero"),
        ("some ties", ""): ("skipped", f"{nothing} x = 0"),
    }


def test_ties_of_others_are_held_to_what_is_stated() -> None:
    """Beside a root that has no slope, the gradient of what is not under it."""
    lines = ("param W : (H, H)", "param v : (H)", "y[t] = sqrt(abs(x[t] @ W)) + relu(v)")
    found = ties_of(files_of(*lines[:2], f"output {lines[2]}"))
    assert {k: v[0] for k, v in found.items() if k[0] == "ties"} == {
        ("ties", "x"): "skipped",
        ("ties", "W"): "skipped",
        ("ties", "v"): "passed",
    }
    said = found["some ties", ""][1]
    assert "dx where W = 0" in said and "dv where" not in said


@pytest.mark.parametrize("value", ["relu(x[t])", "sqrt(relu(x[t])**2 + 1) + abs(x[t])"])
@pytest.mark.parametrize("wrong", ["np.nan", "1.0"])
def test_a_wrong_gradient_at_a_tie_with_a_finite_slope_fails(value: str, wrong: str) -> None:
    files = files_of(f"output y[t] = {value}")
    right = "    return Grads("
    spoilt = files["shown.py"].replace(right, f"    dx = np.where(dx == 0, {wrong}, dx)\n{right}")
    assert spoilt != files["shown.py"]
    found = ties_of(files | {"shown.py": spoilt})
    for row in (("ties", "x"), ("some ties", "")):
        outcome, said = found[row]
        assert outcome == "failed" and said.startswith("the slope that dx gives"), row


# -- the batch -------------------------------------------------------------------------------------

TAGGER = (
    "input y[t] : (N) int < V",
    "input m[t] : (N) bool",
    "param W : (H, H)",
    "param U : (H, V)",
    "state h[t] : (N, H)",
    "h[t] = tanh(x[t] + h[t-1] @ W)",
    "logits[t] = h[t] @ U",
    "c[t] = cross_entropy(logits[t], y[t])",
)


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        ("sum(c[t], over=all)", None),
        ("sum(where(m[t], c[t], 0), over=all)", None),
        ("sum(c[t], over=all) / N", "in J, the number N itself is used"),
        ("sum(mean(c[t]), over=t)", "in J, mean reduces over N"),
        ("sum(cross_entropy(logits[t].T, y[t], axis=0), over=all)", None),
        ("sum(logsumexp(logits[t], over=N), over=all)", "in J, logsumexp reduces over N"),
    ],
)
def test_a_batch_is_split_where_the_loss_is_a_sum(loss: str, reason: str | None) -> None:
    files = files_of(*TAGGER, f"loss J = {loss}")
    checks = [*gradcheck.run(files), *gradcheck.not_applicable(files)]
    found = {c.name: (c.outcome, c.message) for c in checks}
    assert found["batch"] == (("not applicable", reason) if reason else ("passed", ""))
    assert not [c for c in checks if c.outcome == "failed"]


# -- the workspace ---------------------------------------------------------------------------------

OF_WORKSPACE = {"workspace", "misuse of workspace", "stream in workspace"}


def lstm(style: str) -> dict[str, str]:
    return compile_source(read(library.text("lstm").encode(), "lstm.spec"), style=style)


def test_rows_about_a_workspace_are_there_where_the_module_has_one() -> None:
    ended = {style: gradcheck.run(lstm(style)) for style in ("plain", "fast")}
    plain, fast = ({check.name for check in checks} for checks in ended.values())
    assert plain | OF_WORKSPACE == fast and not plain & OF_WORKSPACE
    assert {check.outcome for checks in ended.values() for check in checks} == {"passed"}


@pytest.mark.parametrize(
    ("right", "wrong", "rows"),
    [
        ("not isinstance(work, Workspace)", "False", {"misuse of workspace"}),
        ("sizes[name] != size", "False", {"misuse of workspace"}),
        ("not self.lock.acquire(False)", "False", {"misuse of workspace"}),
        ("ws.dh_prev[...] = 0", "pass", {"workspace"}),
        ("ws.h_all[0] = 0 if h0 is None else h0", "ws.h_all[0] += 0", {"workspace"}),
        ("turns.reverse()", "pass", {"stream in workspace"}),
    ],
)
def test_what_is_wrong_about_a_workspace_fails(right: str, wrong: str, rows: set[str]) -> None:
    files = lstm("fast")
    assert right in files["lstm.py"]
    spoilt = files | {"lstm.py": files["lstm.py"].replace(right, wrong)}
    assert rows <= {check.name for check in gradcheck.run(spoilt) if check.outcome == "failed"}
