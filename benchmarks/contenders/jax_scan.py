"""jax: the cell in `lax.scan`, all of the training step under `jit`."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks import unrolled
from benchmarks.contenders import Prepared
from benchmarks.ops import Ops
from benchmarks.problem import Problem


def layer_norm(v):
    centred = v - v.mean(axis=-1, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)


def cross_entropy(logits, labels):
    picked = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[..., None], axis=-1)
    return -picked.sum()


OPS = Ops(
    tanh=jnp.tanh,
    sigmoid=jax.nn.sigmoid,
    split=lambda v, parts: jnp.split(v, parts, axis=-1),
    layer_norm=layer_norm,
    cross_entropy=cross_entropy,
    stack=jnp.stack,
)


def prepare(problem: Problem, hoisted: bool = False) -> Prepared:
    cell = problem.cell
    jax.config.update("jax_enable_x64", problem.dtype == np.float64)
    leaves = tuple(map(jnp.asarray, problem.leaves.values()))
    constants = tuple(map(jnp.asarray, problem.constants))

    def total(leaves, constants):
        p, x, state = unrolled.split(problem, leaves)

        def step(state, row):
            given = row if hoisted else cell.project(OPS, p, row)
            state = cell.step(OPS, p, given, state)
            return state, state[0]

        _, h = lax.scan(step, state, cell.project(OPS, p, x) if hoisted else x)
        return unrolled.loss(problem, OPS, p, h, constants), h

    derived = jax.jit(jax.value_and_grad(total, has_aux=True))

    def run():
        (J, h), grads = jax.block_until_ready(derived(leaves, constants))
        return J, h, grads

    return Prepared(run, lambda result: unrolled.named(problem, *result))
