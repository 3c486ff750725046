"""Classify scikit-learn's digits, read row by row: `python -m bpgen.examples.digits`.

scikit-learn serves for the pictures and for splitting them; the network is the generated module.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from bpgen.examples.training import Adam, compiled


def pictures() -> Any:
    """Rows (T, N, 8) and labels of the 1,437 pictures to learn from and the 360 to be judged by."""
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError:
        sys.exit("this example takes its pictures from scikit-learn: pip install scikit-learn")
    data = load_digits()
    split = train_test_split(
        data.images / 16, data.target, test_size=360, stratify=data.target, random_state=0
    )
    x, x_test, y, y_test = split
    return x.transpose(1, 0, 2).astype(np.float32), y, x_test.transpose(1, 0, 2), y_test


def train(
    epochs: int = 30, N: int = 32, H: int = 64, out: Path | None = None, seed: int = 0
) -> float:
    """Train, telling each epoch; the share of the test pictures that is classified right."""
    module = compiled("digits", out)
    x, y, x_test, y_test = pictures()
    rng = np.random.default_rng(seed)
    params = module.init_params(rng, D=8, H=H, V=10, dtype=np.float32)
    adam = Adam(params, rate=5e-3)
    right = 0.0
    for epoch in range(1, epochs + 1):
        order, total = rng.permutation(len(y)), 0.0
        for start in range(0, len(y), N):
            batch = order[start : start + N]
            outputs, saved = module.forward(params, x[:, batch], y[batch])
            grads = module.backward(params, saved, dJ=1 / len(batch))
            params = adam.update(params, grads.params)
            total += float(outputs.J)
        judged, _ = module.forward(params, x_test.astype(np.float32), y_test)
        right = float((judged.logits.argmax(axis=-1) == y_test).mean())
        print(
            f"\repoch {epoch}/{epochs}  loss {total / len(y):.3f}  right {right:.3f} ",
            end="",
            file=sys.stderr,
        )
    print(file=sys.stderr)
    return right


if __name__ == "__main__":
    print(f"{train():.3f} of the test pictures are classified right")
