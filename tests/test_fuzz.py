"""The short form of `fuzz`: 20,000 mutants at each push, and the mutator itself.

One mutant in 40 of those that are right goes on to the text of the module; `fuzz` by itself takes
one in eight. What the fuzzer once found stays here, as small as it was made.
"""

import pytest

import fuzz
from bpgen.report import Edit, Label, Repair, Report
from bpgen.source import Source, Span

COUNT = 20_000
PARTS = 20
SEED = 1


@pytest.mark.parametrize("part", range(PARTS))
def test_no_mutant_breaks_the_line(part: int) -> None:
    each = COUNT // PARTS
    tally = fuzz.trials(SEED, 40, range(part * each, (part + 1) * each))
    assert tally.ends.total() == each
    assert not tally.failures, "\n".join(f"mutant {n}: {said}" for n, said in tally.failures)
    assert tally.ends["simplified"] > 30, "hardly any mutant is right, so little is tried"
    assert sum(end.startswith("refused by BP0") for end in tally.ends) > 10


FOUND = [
    "cell c\n",
    "cell c\ndim H\nparam U : (H)\noutput y = sum(U, axis=())\n",
    "cell c\ndim H\nparam U : (H)\noutput y = softmax(U, over=())\n",
    "cell c\nparam w : ()\nop f(v) = v with dv = df * t\noutput n = f(w)\n",
    "cell c\ndim N\ninput z[t] : (N)\noutput b[t] = z[t][4096]\n",
    "cell c\ndim N\ninput x[t] : ()\nparam b : ()\ndt = 1\nz[t] = x[t] + b\n",
    "cell c\ndim H\nparam b : ()\noutput y = expand(1, (H)) < expand(b, ())\n",
    "cell c\ndim H\nparam S : (H, H) symmetric\n",
    'cell c\ndim H\nparam W : (H)\noutput y = einsum("h \t", W)\n',
    "cell c\ndim N\nparam b : (N)\noutput y = b[1e9, 0.5]\n",
    "cell c\ndim N\nstate h[t] : (N)\ninput x[t] : (N)\nh[t] = tanh(h[t-1] + h[0] + x[t])\n",
    "cell c\ndim N\nstate h[t] : (N)\ninput x[t] : (N)\nh[t] = tanh(h[-1] * h[t-2] + x[t])\n",
    f"cell c\ndim {', '.join(f'K{i}' for i in range(30))}\n"
    + "".join(f"input x{i}[t] : (K{i})\noutput y{i}[t] = x{i}[t] * 2\n" for i in range(30)),
]


@pytest.mark.parametrize("text", FOUND, ids=range(len(FOUND)))
def test_what_was_found_stays_mended(text: str) -> None:
    assert fuzz.failure(text.encode()) is None


# -- the fuzzer itself -----------------------------------------------------------------------------


def test_a_mutant_is_decided_by_its_number_and_the_seed() -> None:
    some = [fuzz.mutant(3, number) for number in range(200)]
    assert some == [fuzz.mutant(3, number) for number in range(200)]
    assert len(set(some)) > 190
    assert some != [fuzz.mutant(4, number) for number in range(200)]


PLACE = Label(Span(0, 1))
UNSOUND = [
    Report("BP1", "no such code", PLACE),
    Report("BP101", " ", PLACE),
    Report("BP101", "outside", Label(Span(0, 4))),
    Report("BP101", "unsafe \x1b[31m", PLACE),
    Report("BP101", "no edit", PLACE, repairs=(Repair("do it", ()),)),
    Report("BP101", "overlap", PLACE, repairs=(Repair("do", (Edit(Span(0, 2), ""),) * 2),)),
]


@pytest.mark.parametrize("report", UNSOUND, ids=[report.message for report in UNSOUND])
def test_an_unsound_report_is_seen(report: Report) -> None:
    source = Source("x.spec", "abc")
    with pytest.raises(fuzz.Unsound):
        fuzz.sound([report], source)
    fuzz.sound([Report("BP101", "sound", PLACE)], source)


def test_a_report_said_twice_is_seen() -> None:
    with pytest.raises(fuzz.Unsound, match="said twice"):
        fuzz.sound([Report("BP101", "again", PLACE)] * 2, Source("x.spec", "abc"))


def test_a_failure_is_found_and_made_small(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checked = fuzz.run

    def broken(source: Source, last: str) -> object:
        if "@" in source.text:
            raise ZeroDivisionError("planted")
        return checked(source, last)

    monkeypatch.setattr(fuzz, "run", broken)
    data = b"cell c\ndim N\nparam W : (N, N)\noutput y = W @ W\n"
    assert str(fuzz.failure(data, far=False)).startswith("ZeroDivisionError at test_fuzz.py")
    assert fuzz.smaller(data, far=False) == b"@"
    tally = fuzz.trials(SEED, 40, range(1, 40))
    assert tally.failures and tally.ends["failed"] == len(tally.failures)
