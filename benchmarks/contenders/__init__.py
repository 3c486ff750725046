"""The ways of running a training step, one a file, and the names they have in results.

A file has `prepare(problem, ...)`, which does whatever is done once and returns a `Prepared`. It
raises `ImportError` if its library is absent, and `Skip` with the reason if it does not do this
cell or size. Arrays are in the library's own form before a step begins and stay in it after.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.problem import Problem
from benchmarks.timing import Run


class Skip(Exception):
    """Why a contender is left out."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A training step that is ready to run, and how to read what it returned.

    `read` gives the first state over all steps, the loss if there is one, and every gradient, by
    name. It is None if there is nothing to compare.
    """

    run: Run
    read: Callable[[Any], Mapping[str, np.ndarray]] | None


Prepare = Callable[[Problem], Prepared]

LIMIT, TEXTBOOK, COMPILED = "limit", "textbook", "torch-compile"
PLAIN = "plain"
OURS = (PLAIN, "fast", "fast-unheld")  # what bpgen writes; each is compared with all others
ANYWHERE = (LIMIT, *OURS)  # those that need no file in cells/

_FILES: dict[str, tuple[str, dict[str, bool]]] = {  # in the order of the tables
    LIMIT: ("products", {}),
    PLAIN: ("generated", {}),
    "fast": ("fast", {}),
    "fast-unheld": ("fast", {"held": False}),
    TEXTBOOK: ("textbook", {}),
    "autograd": ("hips_autograd", {}),
    "torch-loop": ("torch_loop", {}),
    "torch-loop-hoisted": ("torch_loop", {"hoisted": True}),
    "torch-nn": ("torch_nn", {}),
    COMPILED: ("torch_loop", {"compiled": True}),
    "jax-scan": ("jax_scan", {}),
    "jax-scan-hoisted": ("jax_scan", {"hoisted": True}),
    "numba": ("numba_loops", {}),
}
NAMES = tuple(_FILES)


def find(name: str) -> Prepare:
    """What prepares a contender. Raises `ImportError` if its library is absent."""
    file, options = _FILES[name]
    return partial(import_module(f"benchmarks.contenders.{file}").prepare, **options)
