"""The examples, in short: they learn, and what they print can be read."""

import math

import pytest

from bpgen.examples import char_lm, digits


def test_the_language_model_learns(capsys):
    losses = char_lm.train("topics", steps=300, N=16, T=25, H=64, every=150)
    said = capsys.readouterr()
    assert losses[0] > 4.0, "close to the logarithm of the number of characters"
    assert losses[-1] < 2.9 and losses[-1] < losses[150] < losses[50]
    assert all(map(math.isfinite, losses))
    assert "nats a character" in said.err and said.out.count("--- after") == 2


def test_the_rows_of_digits_are_classified():
    pytest.importorskip("sklearn", reason="scikit-learn has the pictures")
    assert digits.train(epochs=30) > 0.94


def test_the_module_is_written_where_it_is_asked_for(tmp_path):
    char_lm.train("topics", steps=1, N=2, T=3, H=4, out=tmp_path)
    assert {p.name for p in tmp_path.iterdir()} >= {"char_lm.py", "test_char_lm.py"}
