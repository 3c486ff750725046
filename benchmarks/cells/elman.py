"""The Elman network with an output layer, softmax and cross-entropy at every step."""

from pathlib import Path

import numpy as np

from bpgen.source import Source

TITLE = "Elman, softmax head"
SPEC = Source("elman.spec", (Path(__file__).parent.parent / "specs/elman.spec").read_text("utf-8"))


def project(ops, p, x):
    return (x @ p.W + p.b,)


def step(ops, p, given, state):
    return (ops.tanh(given[0] + state[0] @ p.U),)


def loss(ops, p, h, y):
    return ops.cross_entropy(h @ p.W_hy + p.b_y, y)


def textbook(p, x, y, h0):
    rows = np.arange(len(h0))
    h, J = h0, 0
    hs, cache = [], []
    for x_t, y_t in zip(x, y, strict=True):
        h_prev = h
        h = np.tanh(x_t @ p.W + h_prev @ p.U + p.b)
        logits = h @ p.W_hy + p.b_y
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        q = e / e.sum(axis=1, keepdims=True)
        J -= np.log(q[rows, y_t]).sum()
        hs.append(h)
        cache.append((x_t, y_t, h_prev, h, q))

    dx = np.zeros_like(x)
    dW, dU, db = np.zeros_like(p.W), np.zeros_like(p.U), np.zeros_like(p.b)
    dW_hy, db_y = np.zeros_like(p.W_hy), np.zeros_like(p.b_y)
    dh_next = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        x_t, y_t, h_prev, h, q = cache[t]
        dlogits = q.copy()
        dlogits[rows, y_t] -= 1
        dW_hy += h.T @ dlogits
        db_y += dlogits.sum(axis=0)
        da = (dlogits @ p.W_hy.T + dh_next) * (1 - h**2)
        dW += x_t.T @ da
        dU += h_prev.T @ da
        db += da.sum(axis=0)
        dx[t] = da @ p.W.T
        dh_next = da @ p.U.T
    head = {"h": np.stack(hs), "J": J, "dW_hy": dW_hy, "db_y": db_y}
    return {**head, "dW": dW, "dU": dU, "db": db, "dx": dx, "dh0": dh_next}
