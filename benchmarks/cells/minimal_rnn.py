"""The minimal RNN of Chen, with an encoder of one layer."""

import numpy as np

from benchmarks.ops import sigmoid
from bpgen import library
from bpgen.source import Source

TITLE = "minimalRNN"
SPEC = Source("minimal_rnn.spec", library.text("minimal_rnn"))


def project(ops, p, x):
    z = ops.tanh(x @ p.W_x + p.b_z)
    return z, z @ p.U_z + p.b_u


def step(ops, p, given, state):
    z, a = given
    (h,) = state
    u = ops.sigmoid(h @ p.U_h + a)
    return (u * h + (1 - u) * z,)


def textbook(p, x, h0, dh):
    h = h0
    hs, cache = [], []
    for x_t in x:
        h_prev = h
        z = np.tanh(x_t @ p.W_x + p.b_z)
        u = sigmoid(h_prev @ p.U_h + z @ p.U_z + p.b_u)
        h = u * h_prev + (1 - u) * z
        hs.append(h)
        cache.append((x_t, h_prev, z, u))

    dx = np.zeros_like(x)
    dW_x, db_z = np.zeros_like(p.W_x), np.zeros_like(p.b_z)
    dU_h, dU_z, db_u = np.zeros_like(p.U_h), np.zeros_like(p.U_z), np.zeros_like(p.b_u)
    dh_next = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        x_t, h_prev, z, u = cache[t]
        dh_t = dh[t] + dh_next
        da = dh_t * (h_prev - z) * u * (1 - u)
        dz = (dh_t * (1 - u) + da @ p.U_z.T) * (1 - z**2)
        dU_h += h_prev.T @ da
        dU_z += z.T @ da
        db_u += da.sum(axis=0)
        dW_x += x_t.T @ dz
        db_z += dz.sum(axis=0)
        dx[t] = dz @ p.W_x.T
        dh_next = dh_t * u + da @ p.U_h.T
    grads = {"dW_x": dW_x, "db_z": db_z, "dU_h": dU_h, "dU_z": dU_z, "db_u": db_u}
    return {"h": np.stack(hs), **grads, "dx": dx, "dh0": dh_next}
