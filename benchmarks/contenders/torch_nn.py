"""The layers of `torch.nn`, where it has the cell.

Their matrices multiply columns and their LSTM has other gates first; parameters are put in their
layout once, before anything is timed, and gradients in ours after.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from benchmarks.contenders import Prepared, Skip
from benchmarks.contenders.torch_loop import OPS
from benchmarks.problem import Problem


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of `torch.nn`; `gates` says which of ours each of its gates is."""

    make: Callable[..., nn.Module]
    gates: tuple[int, ...]


LAYERS = {
    "lstm": Layer(nn.LSTM, (0, 1, 3, 2)),  # i, f, g, o from i, f, o, g
    "gru": Layer(nn.GRU, (0, 1, 2)),
    "elman": Layer(nn.RNN, (0,)),
}
SHARED = ("W", "U", "b")


def prepare(problem: Problem) -> Prepared:
    name = problem.plan.pair.cell.name
    if name not in LAYERS:
        raise Skip("torch.nn has no such layer")
    torch.set_num_threads(1)
    layer, p = LAYERS[name], problem.params
    net = layer.make(problem.sizes["D"], problem.sizes["H"]).to(torch.from_numpy(p.W).dtype)
    _assign(net, problem, layer)
    head = {n: _leaf(v) for n, v in p._asdict().items() if n not in (*SHARED, "b_n")}
    x, *initial = (_leaf(v) for n, v in problem.leaves.items() if n not in p._fields)
    constants = tuple(map(torch.from_numpy, problem.constants))
    leaves = (*net.parameters(), *head.values(), x, *initial)

    def run():
        state = tuple(v[None] for v in initial)
        h, _ = net(x, state if len(state) > 1 else state[0])
        if head:
            J = OPS.cross_entropy(h @ head["W_hy"] + head["b_y"], constants[0])
        else:
            J = (h * constants[0]).sum()
        return J, h, torch.autograd.grad(J, leaves)

    others = [*head, *(n for n in problem.leaves if n not in p._fields)]
    return Prepared(run, lambda result: _read(problem, layer, others, *result))


def _leaf(v: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(v).requires_grad_()


def _assign(net: nn.Module, problem: Problem, layer: Layer) -> None:
    """Give a layer our parameters; the second bias, where it is only ever added, is zero."""
    p = problem.params
    second = np.zeros_like(p.b)
    if "b_n" in p._fields:
        second[-len(p.b_n) :] = p.b_n
    ours = (_turned(v, layer.gates) for v in (p.W, p.U, p.b, second))
    with torch.no_grad():
        for theirs, v in zip(net.parameters(), ours, strict=True):
            theirs.copy_(torch.from_numpy(v.copy()))


def _read(problem: Problem, layer: Layer, others: Sequence[str], J, h, grads):
    """Results by the names of the reference."""
    back = tuple(np.argsort(layer.gates))
    W, U, b, second = (g.numpy() for g in grads[:4])
    shared = {"dW": _gates(W, back).T, "dU": _gates(U, back).T, "db": _gates(b, back)}
    if "b_n" in problem.params._fields:
        shared["db_n"] = second[-problem.sizes["H"] :]
    rest = {f"d{n}": g.numpy() for n, g in zip(others, grads[4:], strict=True)}
    return {"h": h.detach().numpy(), "J": J.detach().numpy(), **shared, **rest}


def _turned(v: np.ndarray, gates: tuple[int, ...]) -> np.ndarray:
    """Ours as theirs: transposed, with gates in their order along the first axis."""
    return _gates(v.T, gates)


def _gates(v: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    parts = np.split(v, len(order))
    return np.concatenate([parts[gate] for gate in order])
