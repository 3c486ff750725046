"""The coupled oscillatory network of Rusch and Mishra, explicit in the damping term."""

import numpy as np

from bpgen import library
from bpgen.source import Source

TITLE = "coRNN"
SPEC = Source("cornn.spec", library.text("cornn"))
DT, GAMMA, EPSILON = 0.1, 1.0, 1.0  # the constants of the spec


def project(ops, p, x):
    return (x @ p.V + p.b,)


def step(ops, p, given, state):
    y, z = state
    a = y @ p.W + z @ p.W_z + given[0]
    z = z + DT * (ops.tanh(a) - GAMMA * y - EPSILON * z)
    return y + DT * z, z


def textbook(p, x, y0, z0, dy):
    y, z = y0, z0
    ys, cache = [], []
    for x_t in x:
        u = np.tanh(y @ p.W + z @ p.W_z + x_t @ p.V + p.b)
        cache.append((x_t, y, z, u))
        z = z + DT * (u - GAMMA * y - EPSILON * z)
        y = y + DT * z
        ys.append(y)

    dx = np.zeros_like(x)
    dW, dW_z = np.zeros_like(p.W), np.zeros_like(p.W_z)
    dV, db = np.zeros_like(p.V), np.zeros_like(p.b)
    dy_next, dz_next = np.zeros_like(y0), np.zeros_like(z0)
    for t in reversed(range(len(x))):
        x_t, y_prev, z_prev, u = cache[t]
        dy_t = dy[t] + dy_next
        dz = dz_next + DT * dy_t
        da = DT * dz * (1 - u**2)
        dW += y_prev.T @ da
        dW_z += z_prev.T @ da
        dV += x_t.T @ da
        db += da.sum(axis=0)
        dx[t] = da @ p.V.T
        dy_next = dy_t - DT * GAMMA * dz + da @ p.W.T
        dz_next = dz - DT * EPSILON * dz + da @ p.W_z.T
    grads = {"dW": dW, "dW_z": dW_z, "dV": dV, "db": db}
    return {"y": np.stack(ys), **grads, "dx": dx, "dy0": dy_next, "dz0": dz_next}
