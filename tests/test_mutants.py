"""The shipped test finds planted mistakes, of every kind.

`python tests/mutants.py` plants all there are, in every cell, and prints the kill matrix.
"""

import pytest

import mutants
import mutations
from trial import Server, plain

CELLS = ("rnn", "birnn", "coursera", "rnn_relu", "lstm_layernorm", "echo_state", "stopped")
EACH = 2  # of a kind and cell

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("cell", CELLS)
def test_every_mutant_dies(cell):
    ended = mutants.trials(cell, tuple(mutants.KINDS), EACH, ["-x"])
    ends = {(m.kind, m.what): mutants.settled(m, v) for m, v in ended}
    wanted = (*mutants.KILLED, "equivalent")
    assert {key: end for key, end in ends.items() if end not in wanted} == {}


def test_every_kind_is_planted():
    found = {mutant.kind for cell in CELLS for mutant in mutants.planted(cell, each=1)}
    assert found == set(mutants.KINDS)


def test_no_mutant_is_right():
    """What is planted differs from the right module, and from all else that is planted."""
    texts = [mutant.module for mutant in mutants.planted("rnn")]
    texts.append(mutants.module_of(mutants.right("rnn")))
    assert len(set(texts)) == len(texts)


def test_the_right_module_passes(tmp_path):
    pair = mutants.right("stopped")
    folder = mutants.laid(tmp_path / "0", "stopped", mutants.module_of(pair), mutants.test_of(pair))
    assert plain(folder).end == "passed"


def test_a_fork_says_what_a_process_of_its_own_says(tmp_path):
    test = mutants.test_of(mutants.right("rnn"))
    with Server() as server:
        for i, mutant in enumerate(mutants.planted("rnn", ("M1", "M15", "M21", "M22"), 1)):
            folder = mutants.laid(tmp_path / str(i), "rnn", mutant.module, test)
            assert server.run(folder) == plain(folder)


@pytest.mark.parametrize("cell", sorted({cell for cell, _ in mutants.EQUIVALENT}))
def test_equivalent_mutants_mean_the_same(cell):
    """Each entry of the table is a mutant, and evaluates to the right gradients."""
    pair = mutants.right(cell)
    wrong = {what: made for _, what, made in mutations.mutations(pair)}
    for name, what in mutants.EQUIVALENT:
        if name == cell:
            assert all(mutants.agree(pair, wrong[what], T) for T in (5, 8, 9)), what
