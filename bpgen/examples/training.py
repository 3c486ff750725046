"""What the examples share: a module compiled from the spec beside them, and Adam."""

import importlib.util
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from bpgen import files
from bpgen.compile import compile_source
from bpgen.parse import read


def compiled(name: str, out: Path | None = None) -> ModuleType:
    """The module that `bpgen compile NAME.spec -o OUT` writes, imported."""
    folder = out or Path(tempfile.mkdtemp(prefix="bpgen-"))
    folder.mkdir(parents=True, exist_ok=True)
    files.write(folder, compile_source(read(Path(__file__).parent / f"{name}.spec")))
    found = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


class Adam:
    """Adam (Kingma & Ba, 2015) on a NamedTuple of arrays, with the gradient's norm kept below 1."""

    def __init__(self, params: Any, rate: float) -> None:
        self.rate, self.step = rate, 0
        self.mean = [np.zeros_like(p) for p in params]
        self.square = [np.zeros_like(p) for p in params]

    def update(self, params: Any, grads: Any) -> Any:
        """The parameters after one step against the gradients."""
        self.step += 1
        norm = sum(float((g**2).sum()) for g in grads) ** 0.5
        scale = min(1.0, 1.0 / (norm + 1e-8))
        rate = self.rate * (1 - 0.999**self.step) ** 0.5 / (1 - 0.9**self.step)
        moved = []
        for p, g, m, v in zip(params, grads, self.mean, self.square, strict=True):
            m += 0.1 * (scale * g - m)
            v += 0.001 * ((scale * g) ** 2 - v)
            moved.append(p - rate * m / (np.sqrt(v) + 1e-8))
        return type(params)(*moved)
