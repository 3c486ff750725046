"""A language model over characters, trained with the module that `char_lm.spec` becomes.

N places of a text are read side by side, T characters at a time; the states at the end of a chunk
are those at the start of the next. Samples are written with `step`, a character at a time.
"""

import argparse
import math
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from pydoc_data import topics
from types import ModuleType
from typing import Any

import numpy as np

from bpgen.examples.load import load
from bpgen.parse import read
from bpgen.report import Refused

SPEC = Path(__file__).with_name("char_lm.spec")
LICENCE = Path("/usr/share/common-licenses/GPL-3")  # on Debian and its like


def corpus(name: str) -> str:
    """The text of a file; of the `licence` where there is one; of Python's help, its `topics`."""
    if name == "topics" or (name == "licence" and not LICENCE.is_file()):
        return "\n".join(topics.topics.values())
    path = LICENCE if name == "licence" else Path(name)
    return path.read_text("utf-8", errors="replace")


def chunks(codes: Any, N: int, T: int) -> Iterator[tuple[Any, Any]]:
    """One pass over a text: what is read and what comes next, (T, N) each."""
    length = (len(codes) - 1) // N
    w = codes[: N * length].reshape(N, length).T
    y = codes[1 : N * length + 1].reshape(N, length).T
    for t in range(0, length - T + 1, T):
        yield w[t : t + T], y[t : t + T]


def adam(params: Any, grads: Any, moments: Any, k: int, rate: float, clip: float = 1.0) -> None:
    """Step k = 1, 2, … of Adam (Kingma, Ba 2015), in place, on gradients of norm `clip` at most."""
    norm = math.sqrt(sum(float(np.vdot(g, g)) for g in grads))
    rate *= math.sqrt(1 - 0.999**k) / (1 - 0.9**k)
    for p, g, m, v in zip(params, grads, *moments, strict=True):
        g = g * (clip / max(clip, norm))
        m += 0.1 * (g - m)
        v += 0.001 * (g * g - v)
        p -= rate * m / (np.sqrt(v) + 1e-8)


def train(
    cell: ModuleType, codes: Any, *, N: int, T: int, H: int, rate: float, seed: int = 0
) -> Iterator[tuple[float, Any]]:
    """After each step: the loss in nats per character, over the last 25,000 or so, and Params."""
    V = int(codes.max()) + 1
    params = cell.init_params(np.random.default_rng(seed), V=V, D=32, H=H, dtype=np.float32)
    moments = [[np.zeros_like(p) for p in params] for _ in "mv"]
    loss, k = math.log(V), 0  # of one who guesses
    while True:
        h = c = None  # zeros
        for w, y in chunks(codes, N, T):
            k += 1
            outputs, saved = cell.forward(params, w, y, h, c)
            grads = cell.backward(params, saved, dJ=1 / w.size)
            adam(params, grads.params, moments, k, rate)
            h, c = outputs.h[-1], outputs.c[-1]
            loss += min(1.0, w.size / 25_000) * (float(outputs.J) / w.size - loss)
            yield loss, params


def sample(cell: ModuleType, params: Any, first: int, count: int, rng: Any) -> list[int]:
    """Characters that the model writes after `first`: each is drawn, then read."""
    drawn: list[int] = [first]
    states: tuple[Any, ...] = ()
    while len(drawn) <= count:
        outputs, states = cell.step(params, np.array(drawn[-1:]), *states)
        p = np.exp(outputs.logits[0].astype(float) - outputs.logits.max())
        drawn.append(int(rng.choice(len(p), p=p / p.sum())))
    return drawn[1:]


def run(cell: ModuleType, text: str, steps: int, every: int, **how: Any) -> None:
    """Train; print a sample now and then, and on a terminal how far it is."""
    alphabet = sorted(set(text))
    code = {character: number for number, character in enumerate(alphabet)}
    codes, rng = np.array([code[character] for character in text]), np.random.default_rng(0)
    live = sys.stdout.isatty()
    print(f"{len(text):,} characters, {len(alphabet)} different ones")
    began = time.perf_counter()
    for k, (loss, params) in enumerate(islice(train(cell, codes, **how), steps), 1):
        speed = k * how["N"] * how["T"] / (time.perf_counter() - began)
        line = f"step {k:,} of {steps:,}: {loss:.3f} nats/character, {speed:,.0f} characters/s"
        if live and k % 10 == 0:
            print(f"{line:<79}", end="\r", flush=True)
        if k % every == 0 or k == steps:
            written = sample(cell, params, code.get("\n", 0), 400, rng)
            print(f"{line}\n\n{''.join(alphabet[i] for i in written)}\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bpgen.examples.char_lm",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--text", default="licence", help="a file, `topics` (Python's help) or `licence`, the GPL")
    add("--out", type=Path, help="a folder in which the module and its test are to stay")
    add("--steps", type=int, default=2000, help="chunks to learn from")
    add("--every", type=int, default=500, help="steps from sample to sample")
    add("-N", type=int, default=16, help="places read side by side")
    add("-T", type=int, default=50, help="characters in a chunk")
    add("-H", type=int, default=128, help="units of the LSTM")
    add("--rate", type=float, default=5e-3, help="of Adam")
    add("--seed", type=int, default=0, help="of the initial parameters")
    given = parser.parse_args()
    how = {name: getattr(given, name) for name in ("N", "T", "H", "rate", "seed")}
    if min(given.steps, given.every, given.N, given.T, given.H, given.rate) <= 0:
        parser.error("steps, sizes and the rate must be above zero")
    try:
        text = corpus(given.text)
        cell = load(read(SPEC), given.out)
    except OSError as error:
        parser.error(f"{given.text}: {error.strerror}")
    except Refused as refused:
        parser.error(str(refused))
    if len(text) <= given.N * given.T:
        parser.error(f"the text must have more than N T = {given.N * given.T} characters")
    run(cell, text, given.steps, given.every, **how)


if __name__ == "__main__":
    main()
