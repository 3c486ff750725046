"""Pictures of digits, read row by row and classified by the last state.

The cell is `rnn_classifier` of bpgen's library, with its output layer and its loss; the pictures
are scikit-learn's, 8 rows of 8 pixels each.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from bpgen import library
from bpgen.examples.load import load
from bpgen.report import Refused
from bpgen.source import Source

CELL = "rnn_classifier"


def pictures() -> list[Any]:
    """Rows (T, N, D) and classes (N) of 1,437 pictures to learn from, then of 360 to be judged by.

    Raises ImportError where scikit-learn is absent.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, classes = load_digits(return_X_y=True)
    rows = (pixels / 16).astype(np.float32).reshape(-1, 8, 8)
    x, x_test, y, y_test = train_test_split(
        rows, classes, test_size=360, stratify=classes, random_state=0
    )
    return [x.transpose(1, 0, 2), y, x_test.transpose(1, 0, 2), y_test]


def train(
    cell: ModuleType, x: Any, y: Any, *, seed: int = 0, N: int = 32, rate: float = 0.03
) -> Iterator[tuple[float, Any]]:
    """After each pass over the pictures: their mean loss, and Params. The optimiser is Adagrad."""
    rng = np.random.default_rng(seed)
    params = cell.init_params(rng, D=8, H=64, V=10, dtype=np.float32)
    squares = [np.zeros_like(p) for p in params]
    while True:
        total = 0.0
        for batch in np.array_split(rng.permutation(len(y)), len(y) // N):
            outputs, saved = cell.forward(params, x[:, batch], y[batch])
            grads = cell.backward(params, saved)
            for p, g, s in zip(params, grads.params, squares, strict=True):
                s += g * g
                p -= rate * g / (np.sqrt(s) + 1e-8)
            total += float(outputs.J) * len(batch)
        yield total / len(y), params


def accuracy(cell: ModuleType, params: Any, x: Any, y: Any) -> float:
    """The share of the pictures that are classified right."""
    outputs, _ = cell.forward(params, x, y)
    return float((outputs.logits.argmax(axis=-1) == y).mean())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bpgen.examples.digits", description=__doc__)
    parser.add_argument(
        "--out", type=Path, help="a folder in which the module and its test are to stay"
    )
    parser.add_argument("--epochs", type=int, default=20, help="passes over the pictures")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    try:
        x, y, x_test, y_test = pictures()
    except ImportError:
        sys.exit("scikit-learn has the pictures and is not installed: pip install scikit-learn")
    try:
        cell = load(Source(f"{CELL}.spec", library.text(CELL)), given.out)
    except Refused as refused:
        parser.error(str(refused))
    began = time.perf_counter()
    passes = islice(train(cell, x, y, seed=given.seed), given.epochs)
    for epoch, (loss, params) in enumerate(passes, 1):
        right = accuracy(cell, params, x_test, y_test)
        seconds = time.perf_counter() - began
        print(f"epoch {epoch:2}  loss {loss:.4f}  test accuracy {right:.4f}  {seconds:.1f} s")


if __name__ == "__main__":
    main()
