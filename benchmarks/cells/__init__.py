"""The cells that are measured, one a file.

Each file says the same things of its cell.

    TITLE         what plots call it
    SPEC          its equations, as bpgen reads them
    SCALES        only if some parameters are to be smaller than `init_params` draws them: factors
    project       what a step needs of the inputs alone, for one step or, hoisted, for all at once
    step          the states after a step, from those before it and from what `project` gave
    loss          only if the spec has one: J, from the first state over all steps
    textbook      the whole training step in NumPy as a person writes it: step by step, with
                  gradients accumulated in the loop

`project`, `step` and `loss` are written once for every array library: `ops` is a library's `Ops`,
and `p` has the parameters as attributes. `textbook` is the reference that all contenders must agree
with; it returns the first state over all steps, the loss, and each gradient, by name.
"""

from importlib import import_module
from types import ModuleType

NAMES = ("lstm", "gru", "elman", "cornn", "minimal_rnn", "lstm_layernorm")


def find(name: str) -> ModuleType:
    """The file of a cell."""
    return import_module(f"benchmarks.cells.{name}")
