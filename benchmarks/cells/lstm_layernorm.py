"""The LSTM with layer normalisation of Ba, Kiros and Hinton, gates f, i, o, g."""

import numpy as np

from benchmarks.ops import sigmoid
from bpgen import library
from bpgen.source import Source

TITLE = "LSTM, layer norm"
SPEC = Source("lstm_layernorm.spec", library.text("lstm_layernorm"))
EPS = 1e-5

# with gains of 1 the states are chaotic: float32 parts from float64 within a hundred steps
SCALES = {"a1": 0.5, "a2": 0.5}


def project(ops, p, x):
    return (ops.layer_norm(x @ p.W_x) * p.a2 + p.b2 + p.b,)


def step(ops, p, given, state):
    h, c = state
    z = ops.layer_norm(h @ p.W_h) * p.a1 + p.b1 + given[0]
    f, i, o, g = ops.split(z, 4)
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    return ops.sigmoid(o) * ops.tanh(ops.layer_norm(c) * p.a3 + p.b3), c


def layer_norm(v):
    """The rows of `v` at mean 0 and variance 1, and their standard deviations."""
    centred = v - v.mean(axis=1, keepdims=True)
    s = np.sqrt((centred**2).mean(axis=1, keepdims=True) + EPS)
    return centred / s, s


def layer_norm_back(dn, n, s):
    """The gradient of what was normalised, from that of `n`."""
    return (dn - dn.mean(axis=1, keepdims=True) - n * (dn * n).mean(axis=1, keepdims=True)) / s


def textbook(p, x, h0, c0, dh):
    hs, cache = forward(p, x, h0, c0)
    g = {f"d{name}": np.zeros_like(v) for name, v in p._asdict().items()}
    dx = np.zeros_like(x)
    dh_next, dc_next = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(len(x))):
        dz, dc_next = backward_of_gates(p, cache[t], dh[t] + dh_next, dc_next, g)
        x_t, h_prev, (n_h, s_h), (n_x, s_x) = cache[t][:4]
        du, dv = layer_norm_back(dz * p.a1, n_h, s_h), layer_norm_back(dz * p.a2, n_x, s_x)
        g["da1"] += (dz * n_h).sum(axis=0)
        g["da2"] += (dz * n_x).sum(axis=0)
        for bias in ("db1", "db2", "db"):
            g[bias] += dz.sum(axis=0)
        g["dW_h"] += h_prev.T @ du
        g["dW_x"] += x_t.T @ dv
        dx[t] = dv @ p.W_x.T
        dh_next = du @ p.W_h.T
    return {"h": np.stack(hs), **g, "dx": dx, "dh0": dh_next, "dc0": dc_next}


def forward(p, x, h, c):
    """The state h after every step, and what each step keeps."""
    H = h.shape[1]
    hs, cache = [], []
    for x_t in x:
        norm_h, norm_x = layer_norm(h @ p.W_h), layer_norm(x_t @ p.W_x)
        z = norm_h[0] * p.a1 + p.b1 + norm_x[0] * p.a2 + p.b2 + p.b
        f, i, o = sigmoid(z[:, :H]), sigmoid(z[:, H : 2 * H]), sigmoid(z[:, 2 * H : 3 * H])
        g = np.tanh(z[:, 3 * H :])
        h_prev, c_prev = h, c
        c = f * c_prev + i * g
        norm_c = layer_norm(c)
        r = np.tanh(norm_c[0] * p.a3 + p.b3)
        h = o * r
        hs.append(h)
        cache.append((x_t, h_prev, norm_h, norm_x, c_prev, f, i, o, g, norm_c, r))
    return hs, cache


def backward_of_gates(p, kept, dh, dc_next, grads):
    """The gradients of z and of the c before, in one step; those of a3 and b3 are added to."""
    *_, c_prev, f, i, o, g, (n_c, s_c), r = kept
    da = dh * o * (1 - r**2)
    grads["da3"] += (da * n_c).sum(axis=0)
    grads["db3"] += da.sum(axis=0)
    dc = dc_next + layer_norm_back(da * p.a3, n_c, s_c)
    df, di = dc * c_prev * f * (1 - f), dc * g * i * (1 - i)
    do, dg = dh * r * o * (1 - o), dc * i * (1 - g**2)
    return np.hstack((df, di, do, dg)), dc * f
