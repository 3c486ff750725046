"""The cells of the library as others compute them, in PyTorch's float64.

A peer says what a generated module takes, and computes its outputs; gradients are PyTorch's.
`networks` runs what others wrote; `papers` and `systems` translate equations from their papers, not
from our specs.

What a module takes is text: `x:T,N,D` is an array of that shape, `w:T,N<V` holds labels below V,
`m:T,N?` truth values, `y:T,N,V/-1` sums to one over that axis, `W:H,H~` is symmetric.
"""

import importlib.util
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]

# no two sizes of one cell are alike, so that no axis can pass for another
SIZES = {
    **{"T": 7, "N": 2, "D": 3, "H": 5, "V": 11, "P": 4},
    **{"F": 13, "M": 17, "S": 19, "K": 11, "E": 13, "A": 17},
    **{"d": 3, "Dh": 5, "n": 5, "nx": 3, "ny": 11, "m": 2, "n_x": 3, "n_a": 5, "n_y": 11},
}


@dataclass(frozen=True)
class Peer:
    """One cell: its arguments as text, and its outputs by name, computed from tensors by name."""

    params: str
    inputs: str
    initial: str
    consts: dict[str, float]
    outputs: Callable[[SimpleNamespace], dict[str, Any]]


PEERS: dict[str, Peer] = {}


def peer(cell: str, params: str, inputs: str, initial: str = "", **consts: float):
    """Register the decorated function as the outputs of `cell`."""

    def register(outputs):
        PEERS[cell] = Peer(params, inputs, initial, consts, outputs)
        return outputs

    return register


def library() -> dict[str, Peer]:
    """All peers; skips where PyTorch is absent."""
    pytest.importorskip("torch", reason="peer absent: torch")
    for module in ("networks", "papers", "systems"):
        importlib.import_module(f"peers.{module}")
    return PEERS


def load(cell: str) -> ModuleType:
    """The generated module of a cell."""
    spec = importlib.util.spec_from_file_location(cell, ROOT / "generated" / f"{cell}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def draw(fields: str, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Random arrays for a text of `name:shape` and kind."""
    parts = re.findall(r"(\w+):([\w,*+]*)(\S*)", fields)
    return {name: _array(tuple(_shape(shape)), kind, rng) for name, shape, kind in parts}


def _shape(text: str):
    for axis in filter(None, text.split(",")):
        terms = (term.split("*") for term in axis.split("+"))
        yield sum(math.prod(SIZES.get(f) or int(f) for f in factors) for factors in terms)


def _array(shape: tuple[int, ...], kind: str, rng: np.random.Generator) -> np.ndarray:
    normal = 0.5 * rng.standard_normal(shape)
    match kind[:1], kind[1:]:
        case "<", bound:
            return rng.integers(0, SIZES[bound], shape)
        case "?", _:
            return np.asarray(rng.random(shape) < 0.7)
        case "/", axis:
            return np.exp(normal) / np.exp(normal).sum(axis=int(axis), keepdims=True)
        case "~", _:
            return normal + normal.T
    return normal
