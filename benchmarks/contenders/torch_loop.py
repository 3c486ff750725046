"""PyTorch with the cell in a Python loop, as a researcher writes it; or all of it compiled."""

import torch
import torch.nn.functional as F

from benchmarks import unrolled
from benchmarks.contenders import Prepared, Skip
from benchmarks.ops import Ops
from benchmarks.problem import Problem

LONGEST = 50  # steps that torch.compile unrolls in minutes and not in hours

OPS = Ops(
    tanh=torch.tanh,
    sigmoid=torch.sigmoid,
    split=lambda v, parts: v.chunk(parts, -1),
    layer_norm=lambda v: F.layer_norm(v, v.shape[-1:]),
    cross_entropy=lambda logits, y: F.cross_entropy(
        logits.flatten(0, -2), y.flatten(), reduction="sum"
    ),
    stack=torch.stack,
)


def prepare(problem: Problem, hoisted: bool = False, compiled: bool = False) -> Prepared:
    if compiled and problem.sizes["T"] > LONGEST:
        raise Skip(f"unrolls every step, and is tried up to T = {LONGEST}")
    torch.set_num_threads(1)
    leaves = tuple(torch.from_numpy(v).requires_grad_() for v in problem.leaves.values())
    constants = tuple(torch.from_numpy(v) for v in problem.constants)

    def total(leaves):
        p, *_ = unrolled.split(problem, leaves)
        h = unrolled.states(problem, OPS, leaves, hoisted)
        return unrolled.loss(problem, OPS, p, h, constants), h

    forward = torch.compile(total) if compiled else total

    def run():
        J, h = forward(leaves)
        return J, h, torch.autograd.grad(J, leaves)

    return Prepared(run, lambda result: read(problem, *result))


def read(problem: Problem, J, h, grads):
    """Results as NumPy's arrays, by the names of the reference."""
    arrays = J.detach().numpy(), h.detach().numpy(), [g.numpy() for g in grads]
    return unrolled.named(problem, *arrays)
