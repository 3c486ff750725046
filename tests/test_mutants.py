"""The shipped test finds planted mistakes, of every kind.

`python tests/mutants.py` plants all there are, in every cell, and prints the kill matrix.
"""

import inspect

import numpy as np
import pytest

import buffer_mutations
import mutants
import mutations
from bpgen.compile import STYLES
from drawing import drawn, sizes_of
from trial import Server, plain

CELLS = ("rnn", "birnn", "coursera", "rnn_relu", "lstm_layernorm", "echo_state", "stopped")
FAST = ("rnn", "gru", "lstm", "birnn", "narx")
EACH = 2  # of a kind and cell

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("cell", CELLS)
def test_every_mutant_dies(cell):
    assert alive(cell, mutations.KINDS, "plain") == {}


@pytest.mark.parametrize("cell", FAST)
def test_every_mutant_of_the_fast_style_dies(cell):
    assert alive(cell, (*buffer_mutations.KINDS, "M6", "M21", "M22"), "fast") == {}


def alive(cell, kinds, style):
    """What the test of a cell does not find, and how it ended."""
    ended = mutants.trials(cell, tuple(kinds), EACH, ["-x"], style)
    ends = {(m.kind, m.what): mutants.settled(m, v) for m, v in ended}
    wanted = (*mutants.KILLED, "equivalent")
    return {key: end for key, end in ends.items() if end not in wanted}


def test_every_kind_is_planted():
    plain = {mutant.kind for cell in CELLS for mutant in mutants.planted(cell, each=1)}
    assert plain == set(mutations.KINDS)
    fast = [m for cell in FAST for m in mutants.planted(cell, each=1, style="fast")]
    assert {*buffer_mutations.KINDS, "M21", "M22"} <= {mutant.kind for mutant in fast}


@pytest.mark.parametrize("style", STYLES)
def test_no_mutant_is_right(style):
    """What is planted differs from the right module, and from all else that is planted."""
    texts = [mutant.module for mutant in mutants.planted("rnn", style=style)]
    texts.append(mutants.module_of(mutants.right("rnn"), style))
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("style", STYLES)
def test_the_right_module_passes(style, tmp_path):
    pair = mutants.right("stopped")
    module, test = mutants.module_of(pair, style), mutants.test_of(pair)
    assert plain(mutants.laid(tmp_path / "0", "stopped", module, test)).end == "passed"


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
    module = mutants.module_of(pair, "fast")
    wrong = {what: made for _, what, made in mutations.mutations(pair)}
    written = {what: made for _, what, made in buffer_mutations.edits(module)}
    for what in (what for name, what in mutants.EQUIVALENT if name == cell):
        for T in (5, 8, 9):
            if what in written:
                found, expected = (
                    gradients(pair.cell, text, T) for text in (written[what], module)
                )
                assert all(map(np.array_equal, found, expected)), what
            else:
                assert mutants.agree(pair, wrong[what], T), what


def gradients(cell, module, T):
    """What a module gives at a random place, of T steps."""
    scope = {"__name__": "module"}
    exec(module, scope)
    given = drawn(cell, sizes_of(cell, T), seed=T)
    params = scope["Params"](*(given[name] for name in scope["Params"]._fields))
    taken = {k: v for k, v in given.items() if k in inspect.signature(scope["forward"]).parameters}
    outputs, saved = scope["forward"](params, **taken)
    upstream = {f"d{name}": np.cos(v) for name, v in outputs._asdict().items()}
    params, *others = scope["backward"](params, saved, **upstream)
    return [*params, *others]
