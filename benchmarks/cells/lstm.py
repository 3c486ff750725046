"""The LSTM with packed gates, i, f, o, g."""

import numpy as np

from benchmarks.ops import sigmoid
from bpgen import library
from bpgen.source import Source

TITLE = "LSTM"
SPEC = Source("lstm.spec", library.text("lstm"))


def project(ops, p, x):
    return (x @ p.W + p.b,)


def step(ops, p, given, state):
    h, c = state
    i, f, o, g = ops.split(given[0] + h @ p.U, 4)
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    return ops.sigmoid(o) * ops.tanh(c), c


def textbook(p, x, h0, c0, dh):
    H = h0.shape[1]
    h, c, hs, cache = h0, c0, [], []
    for x_t in x:
        z = x_t @ p.W + h @ p.U + p.b
        i, f, o = sigmoid(z[:, :H]), sigmoid(z[:, H : 2 * H]), sigmoid(z[:, 2 * H : 3 * H])
        g = np.tanh(z[:, 3 * H :])
        h_prev, c_prev = h, c
        c = f * c_prev + i * g
        tanh_c = np.tanh(c)
        h = o * tanh_c
        hs.append(h)
        cache.append((x_t, h_prev, c_prev, i, f, o, g, tanh_c))

    dx = np.zeros_like(x)
    dW, dU, db = np.zeros_like(p.W), np.zeros_like(p.U), np.zeros_like(p.b)
    dh_next, dc_next = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(len(x))):
        x_t, h_prev, c_prev, i, f, o, g, tanh_c = cache[t]
        dh_t = dh[t] + dh_next
        dc = dc_next + dh_t * o * (1 - tanh_c**2)
        di = dc * g * i * (1 - i)
        df = dc * c_prev * f * (1 - f)
        do = dh_t * tanh_c * o * (1 - o)
        dg = dc * i * (1 - g**2)
        dz = np.hstack((di, df, do, dg))
        dW += x_t.T @ dz
        dU += h_prev.T @ dz
        db += dz.sum(axis=0)
        dx[t] = dz @ p.W.T
        dh_next, dc_next = dz @ p.U.T, dc * f
    return {
        "h": np.stack(hs),
        "dW": dW,
        "dU": dU,
        "db": db,
        "dx": dx,
        "dh0": dh_next,
        "dc0": dc_next,
    }
