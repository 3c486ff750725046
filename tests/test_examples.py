"""The examples, in short: they learn, as fast as measured, and can be used from a shell."""

import math
import runpy
import sys
from itertools import islice

import numpy as np
import pytest

from bpgen import gradcheck, library
from bpgen.compile import compile_source
from bpgen.examples import char_lm, digits
from bpgen.examples.load import load
from bpgen.files import is_ours
from bpgen.parse import read
from bpgen.source import Source


def encoded(text):
    """The places of the characters of a text in its sorted alphabet."""
    alphabet = sorted(set(text))
    code = {character: number for number, character in enumerate(alphabet)}
    return alphabet, np.array([code[character] for character in text])


def of_library(name):
    return load(Source(f"{name}.spec", library.text(name)))


def ran(module, monkeypatch, *arguments):
    """Run an example as `python -m` does."""
    monkeypatch.setattr(sys, "argv", [module, *map(str, arguments)])
    monkeypatch.delitem(sys.modules, module, raising=False)
    runpy.run_module(module, run_name="__main__")


# -- the language model ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def language_model():
    return load(read(char_lm.SPEC))


def test_the_language_model_learns(language_model):
    """From ln V, through how often each character occurs, to what follows what."""
    text = char_lm.corpus("topics")
    alphabet, codes = encoded(text)
    frequency = np.bincount(codes) / len(codes)
    one_by_one = -float(frequency @ np.log(frequency))
    steps = char_lm.train(language_model, codes, N=16, T=25, H=64, rate=1e-2)
    losses, params = zip(*islice(steps, 300), strict=True)
    assert losses[0] > 0.97 * math.log(len(alphabet))
    assert losses[299] < losses[199] < losses[99] < losses[0]
    assert losses[299] < 2.35 < one_by_one
    assert {p.dtype for p in params[-1]} == {np.dtype(np.float32)}


def test_what_it_writes_is_drawn_from_its_probabilities(language_model):
    """`step` by `step`, the model gives what `forward` gives for the text so drawn."""
    params = language_model.init_params(np.random.default_rng(0), V=5, D=3, H=4)
    params.b_y[:] = 3, 0, -2, -1e9, 1
    drawn = char_lm.sample(language_model, params, 1, 4000, np.random.default_rng(0))
    assert len(drawn) == 4000 and set(drawn) == {0, 1, 2, 4}
    w = np.array([1, *drawn[:-1]])[:, None]
    outputs, _ = language_model.forward(params, w, np.array(drawn)[:, None])
    p = np.exp(outputs.logits[:, 0]) / np.exp(outputs.logits[:, 0]).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.bincount(drawn) / 4000, p.mean(axis=0), atol=0.025)


def test_no_character_is_left_out_between_chunks():
    codes = np.arange(1003)
    chunks = list(char_lm.chunks(codes, N=2, T=50))
    w, y = (np.concatenate(part) for part in zip(*chunks, strict=True))
    assert w.shape == y.shape == (500, 2)
    assert (w.T.ravel() == [*range(500), *range(501, 1001)]).all() and (y == w + 1).all()


def test_its_shipped_test_passes():
    checks = gradcheck.run(compile_source(read(char_lm.SPEC)))
    assert checks and {check.outcome for check in checks} <= {"passed", "skipped"}


def test_it_computes_what_torch_computes(language_model):
    torch = pytest.importorskip("torch", reason="peer absent: torch")
    from peers.networks import gates, weights

    rng, T, N, D, H, V = np.random.default_rng(1), 7, 3, 5, 4, 11
    p = language_model.init_params(rng, V=V, D=D, H=H)
    w, y = rng.integers(0, V, (2, T, N))
    a = p._make(map(torch.as_tensor, p))
    arrays = weights(*(gates(packed, "ifog", "ifgo") for packed in (a.W, a.U, a.b)))
    x = torch.nn.functional.embedding(torch.as_tensor(w), a.E)
    h, _ = torch.func.functional_call(torch.nn.LSTM(D, H).double(), arrays, (x,))
    logits = (h @ a.W_hy + a.b_y).flatten(0, 1)
    loss = torch.nn.functional.cross_entropy(logits, torch.as_tensor(y).flatten(), reduction="sum")
    outputs, _ = language_model.forward(p, w, y)
    assert float(outputs.J) == pytest.approx(float(loss), rel=1e-12)


def test_it_runs_from_a_shell(monkeypatch, capsys, tmp_path):
    source = tmp_path / "text"
    source.write_text("to be or not to be, that is the question: " * 20)
    out = tmp_path / "out"
    options = ("--text", source, "--out", out, "--steps", 4, "--every", 2, "-N", 2, "-T", 8)
    ran("bpgen.examples.char_lm", monkeypatch, *options)
    said, errors = capsys.readouterr()
    counted, *lines = said.splitlines()
    assert counted == "840 characters, 15 different ones"
    told = [line for line in lines if line.startswith("step ")]
    assert [line[:15] for line in told] == ["step 2 of 4: 2.", "step 4 of 4: 2."]
    assert all(line.endswith(" characters/s") and len(line) < 80 for line in told)
    assert "\r" not in said and not errors, "the line that moves is for terminals"
    assert all(is_ours((out / name).read_text()) for name in ("char_lm.py", "test_char_lm.py"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--text", "no/such.txt"), "no/such.txt: No such file or directory"),
        (("--text", __file__, "-N", 5000, "-T", 50), "more than N T = 250000 characters"),
    ],
)
def test_it_says_what_it_cannot_read(monkeypatch, capsys, options, message):
    with pytest.raises(SystemExit, match="2"):
        ran("bpgen.examples.char_lm", monkeypatch, *options)
    assert message in capsys.readouterr().err


# -- Karpathy's min-char-rnn, its network computed by a generated module --------------------------


@pytest.mark.skipif(not char_lm.LICENCE.is_file(), reason="no licence file on this machine")
def test_min_char_rnn_learns_as_with_its_own_gradients():
    """100 units, 25 characters, Adagrad at 0.1; the smoothed loss of a chunk as measured with the
    original's loop (seed 0, sorted alphabet): 108.27, and 90.77 after 1,000 steps."""
    cell, (alphabet, codes) = of_library("rnn_embedding"), encoded(char_lm.corpus("licence"))
    rng, V, H, T = np.random.RandomState(0), len(alphabet), 100, 25
    W_xh, W_hh, W_hy = (rng.randn(*shape) * 0.01 for shape in ((H, V), (H, H), (V, H)))
    learned = [np.ascontiguousarray(W_xh.T), np.ascontiguousarray(W_hh.T), np.zeros(H)]
    learned += [np.ascontiguousarray(W_hy.T), np.zeros(V)]
    squares = [np.zeros_like(p) for p in learned]
    params = cell.Params(np.eye(V), *learned)  # one-hot characters: rows of the identity
    h, smooth = None, math.log(V) * T
    assert smooth == pytest.approx(108.27, abs=0.005)
    for w, y in islice(char_lm.chunks(codes, 1, T), 1000):
        outputs, saved = cell.forward(params, w, y, h)
        _, *grads = cell.backward(params, saved).params
        smooth += 0.001 * (float(outputs.J) - smooth)
        for p, g, s in zip(learned, grads, squares, strict=True):
            g = np.clip(g, -5, 5)
            s += g * g
            p -= 0.1 * g / np.sqrt(s + 1e-8)
        h = outputs.h[-1]
    assert smooth == pytest.approx(90.77, abs=0.02)


# -- digits ---------------------------------------------------------------------------------------


def test_digits_are_classified():
    pytest.importorskip("sklearn", reason="peer absent: scikit-learn, which has the pictures")
    x, y, x_test, y_test = digits.pictures()
    assert x.shape == (8, 1437, 8) and x_test.shape == (8, 360, 8)
    assert np.bincount(y_test).min() >= 34, "stratified"
    cell = of_library(digits.CELL)
    *_, (loss, params) = islice(digits.train(cell, x, y), 20)
    assert loss < 0.05
    assert digits.accuracy(cell, params, x_test, y_test) > 0.94


def test_digits_run_from_a_shell(monkeypatch, capsys, tmp_path):
    pytest.importorskip("sklearn", reason="peer absent: scikit-learn, which has the pictures")
    ran("bpgen.examples.digits", monkeypatch, "--epochs", 2, "--out", tmp_path)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("epoch  1  loss ") and "test accuracy 0." in second
    assert (tmp_path / "test_rnn_classifier.py").is_file()


def test_digits_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.delitem(sys.modules, "sklearn.datasets", raising=False)
    with pytest.raises(SystemExit, match="pip install scikit-learn"):
        ran("bpgen.examples.digits", monkeypatch)
