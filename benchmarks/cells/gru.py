"""The GRU, reset after the product, with gates r, z, n."""

import numpy as np

from benchmarks.ops import sigmoid
from bpgen import library
from bpgen.source import Source

TITLE = "GRU, reset after"
SPEC = Source("gru.spec", library.text("gru"))


def project(ops, p, x):
    return (x @ p.W + p.b,)


def step(ops, p, given, state):
    (h,) = state
    x_r, x_z, x_n = ops.split(given[0], 3)
    h_r, h_z, h_n = ops.split(h @ p.U, 3)
    r = ops.sigmoid(x_r + h_r)
    z = ops.sigmoid(x_z + h_z)
    n = ops.tanh(x_n + r * (h_n + p.b_n))
    return ((1 - z) * n + z * h,)


def textbook(p, x, h0, dh):
    H = h0.shape[1]
    h = h0
    hs, cache = [], []
    for x_t in x:
        a, u = x_t @ p.W + p.b, h @ p.U
        r = sigmoid(a[:, :H] + u[:, :H])
        z = sigmoid(a[:, H : 2 * H] + u[:, H : 2 * H])
        u_n = u[:, 2 * H :] + p.b_n
        n = np.tanh(a[:, 2 * H :] + r * u_n)
        h_prev = h
        h = (1 - z) * n + z * h_prev
        hs.append(h)
        cache.append((x_t, h_prev, r, z, n, u_n))

    dx = np.zeros_like(x)
    dW, dU = np.zeros_like(p.W), np.zeros_like(p.U)
    db, db_n = np.zeros_like(p.b), np.zeros_like(p.b_n)
    dh_next = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        x_t, h_prev, r, z, n, u_n = cache[t]
        dh_t = dh[t] + dh_next
        dn = dh_t * (1 - z) * (1 - n**2)
        dr = dn * u_n * r * (1 - r)
        dz = dh_t * (h_prev - n) * z * (1 - z)
        da, du = np.hstack((dr, dz, dn)), np.hstack((dr, dz, dn * r))
        dW += x_t.T @ da
        dU += h_prev.T @ du
        db += da.sum(axis=0)
        db_n += (dn * r).sum(axis=0)
        dx[t] = da @ p.W.T
        dh_next = dh_t * z + du @ p.U.T
    return {"h": np.stack(hs), "dW": dW, "dU": dU, "db": db, "db_n": db_n, "dx": dx, "dh0": dh_next}
