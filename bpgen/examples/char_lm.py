"""Train a character language model with a generated module: `python -m bpgen.examples.char_lm`.

The text is a licence if there is one on this machine, else the topics of Python's own help. The
state is handed from chunk to chunk, so the model reads on where it stopped. A line tells how far
it is; samples show what it has learned, written character by character with the module's `step`.
"""

import argparse
import sys
import time
from pathlib import Path
from pydoc_data import topics
from types import ModuleType
from typing import Any

import numpy as np

from bpgen.examples.training import Adam, compiled

LICENCE = Path("/usr/share/common-licenses/GPL-3")


def text(which: str) -> str:
    """The licence, or the topics of Python's help, joined."""
    if which == "licence" and LICENCE.is_file():
        return LICENCE.read_text("utf-8")
    return "\n".join(topics.topics[name] for name in sorted(topics.topics))


def streams(codes: Any, N: int, T: int) -> Any:
    """Endless chunks (T, N) of characters and of those that follow, N places read side by side."""
    length = (len(codes) - 1) // N
    read = codes[: N * length].reshape(N, length).T
    following = codes[1 : N * length + 1].reshape(N, length).T
    while True:
        for start in range(0, length - T + 1, T):
            yield read[start : start + T], following[start : start + T], start == 0


def sample(module: ModuleType, params: Any, first: int, count: int, rng: Any) -> list[int]:
    """Characters drawn one after another, each read by the next step."""
    states: tuple[Any, ...] = ()
    drawn = [first]
    for _ in range(count):
        outputs, states = module.step(params, np.array(drawn[-1:]), *states)
        p = np.exp(outputs.logits[0].astype(float) - outputs.logits[0].max())
        drawn.append(int(rng.choice(len(p), p=p / p.sum())))
    return drawn


def train(
    which: str = "licence", steps: int = 2000, N: int = 16, T: int = 50, H: int = 128,
    out: Path | None = None, every: int = 500, seed: int = 0,
) -> list[float]:  # fmt: skip
    """Train, telling how it goes on standard error; the losses in nats a character, smoothed."""
    module = compiled("char_lm", out)
    written = text(which)
    characters = sorted(set(written))
    codes = np.array([characters.index(c) for c in written])
    rng = np.random.default_rng(seed)
    params = module.init_params(rng, V=len(characters), D=32, H=H, dtype=np.float32)
    adam = Adam(params, rate=5e-3)
    zeros = np.zeros((N, H), np.float32)
    h, c, loss, losses, start = zeros, zeros, np.log(len(characters)), [], time.monotonic()
    for k, (w, y, again) in enumerate(streams(codes, N, T), 1):
        if again:
            h, c = zeros, zeros
        outputs, saved = module.forward(params, w, y, h, c)
        grads = module.backward(params, saved, dJ=1 / (N * T))
        params = adam.update(params, grads.params)
        h, c = outputs.h[-1], outputs.c[-1]
        loss += 0.02 * (float(outputs.J) / (N * T) - loss)
        losses.append(float(loss))
        if k % 20 == 0 or k == steps:
            speed = k * N * T / (time.monotonic() - start)
            line = f"\r{k}/{steps}  {loss:.3f} nats a character  {speed:,.0f} characters/s "
            print(line, end="", file=sys.stderr, flush=True)
        if k % every == 0 or k == steps:
            drawn = sample(module, params, codes[0], 200, rng)
            print(f"\n--- after {k} steps\n{''.join(characters[i] for i in drawn)}")
        if k == steps:
            return losses
    return losses


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a character language model.")
    parser.add_argument("--text", choices=("licence", "topics"), default="licence")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--out", type=Path, help="where the module is written; a temporary folder")
    given = parser.parse_args()
    train(given.text, given.steps, out=given.out)


if __name__ == "__main__":
    main()
