"""HIPS autograd: the forward pass in NumPy, differentiated by a tape."""

import autograd.numpy as np
from autograd import value_and_grad
from autograd.tracer import getval

from benchmarks import unrolled
from benchmarks.contenders import Prepared
from benchmarks.ops import Ops
from benchmarks.problem import Problem


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def layer_norm(v):
    centred = v - np.mean(v, axis=-1, keepdims=True)
    return centred / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + 1e-5)


def cross_entropy(logits, labels):
    top = np.max(logits, axis=-1, keepdims=True)
    norm = np.log(np.sum(np.exp(logits - top), axis=-1)) + top[..., 0]
    one_hot = labels[..., None] == np.arange(logits.shape[-1])
    return np.sum(norm - np.sum(logits * one_hot, axis=-1))


OPS = Ops(
    tanh=np.tanh,
    sigmoid=sigmoid,
    split=lambda v, parts: np.split(v, parts, axis=-1),
    layer_norm=layer_norm,
    cross_entropy=cross_entropy,
    stack=np.stack,
)


def prepare(problem: Problem) -> Prepared:
    leaves = tuple(problem.leaves.values())
    seen = {}

    def total(*leaves):
        p, *_ = unrolled.split(problem, leaves)
        h = unrolled.states(problem, OPS, leaves, hoisted=False)
        seen["h"] = h
        return unrolled.loss(problem, OPS, p, h, problem.constants)

    derived = value_and_grad(total, argnum=tuple(range(len(leaves))))

    def run():
        J, grads = derived(*leaves)
        return J, getval(seen["h"]), grads

    return Prepared(run, lambda result: unrolled.named(problem, *result))
