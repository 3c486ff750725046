"""numba: the two loops over time compiled, and the products over all steps left to NumPy.

numba does not differentiate, so both passes are written by hand, for the cells that people write
again and again. Each number is computed in the dtype of the arrays, which takes a `one` of it.
"""

import math

import numpy as np
from numba import njit

from benchmarks.contenders import Prepared, Skip
from benchmarks.problem import Problem

compiled = njit(error_model="numpy", fastmath=True)  # no check per division, vectors for `exp`


def prepare(problem: Problem) -> Prepared:
    name = problem.plan.pair.cell.name
    if name not in CELLS:
        raise Skip("not written for this cell")
    step, params = CELLS[name], problem.params
    arrays = {**problem.inputs, **problem.initial, **problem.upstream}
    one = problem.dtype.type(1)
    return Prepared(lambda: step(params, one, **arrays), lambda result: result)


def fold(v):
    """Time among the rows."""
    return v.reshape(-1, v.shape[-1])


def shared(p, x, h_prev, da, du):
    """The gradients of x, W, U and b, from those of `x @ W + b` and of `h @ U`."""
    dx = (fold(da) @ p.W.T).reshape(x.shape)
    dW, dU = fold(x).T @ fold(da), fold(h_prev).T @ fold(du)
    return {"dx": dx, "dW": dW, "dU": dU, "db": fold(da).sum(axis=0)}


@compiled
def sigmoid(v, one):
    return one / (one + math.exp(-v))


@compiled
def tanh(v, one):
    """By `exp`, which numba turns into vectors; `math.tanh` takes eight times as long."""
    return (one + one) / (one + math.exp(-v - v)) - one


# -- LSTM -----------------------------------------------------------------------------------------


def lstm(p, one, x, h0, c0, dh):
    a = (fold(x) @ p.W + p.b).reshape(*x.shape[:2], -1)
    h, c, gates, r = lstm_forward(a, p.U, h0, c0, one)
    dz, dh0, dc0 = lstm_backward(dh, np.ascontiguousarray(p.U.T), c, gates, r, one)
    return {"h": h[1:], **shared(p, x, h[:-1], dz, dz), "dh0": dh0, "dc0": dc0}


@compiled
def lstm_forward(a, U, h0, c0, one):
    T, (N, H) = len(a), h0.shape
    h, c = np.empty((T + 1, N, H), a.dtype), np.empty((T + 1, N, H), a.dtype)
    h[0], c[0] = h0, c0
    gates, r = np.empty_like(a), np.empty((T, N, H), a.dtype)
    z = np.empty((N, 4 * H), a.dtype)
    for t in range(T):
        np.dot(h[t], U, z)
        for n in range(N):
            for j in range(H):
                i = sigmoid(a[t, n, j] + z[n, j], one)
                f = sigmoid(a[t, n, j + H] + z[n, j + H], one)
                o = sigmoid(a[t, n, j + 2 * H] + z[n, j + 2 * H], one)
                g = tanh(a[t, n, j + 3 * H] + z[n, j + 3 * H], one)
                gates[t, n, j], gates[t, n, j + H] = i, f
                gates[t, n, j + 2 * H], gates[t, n, j + 3 * H] = o, g
                c[t + 1, n, j] = f * c[t, n, j] + i * g
                r[t, n, j] = tanh(c[t + 1, n, j], one)
                h[t + 1, n, j] = o * r[t, n, j]
    return h, c, gates, r


@compiled
def lstm_backward(dh, U_T, c, gates, r, one):
    T, N, H = dh.shape
    dz = np.empty_like(gates)
    dh_next, dc_next = np.zeros((N, H), dh.dtype), np.zeros((N, H), dh.dtype)
    for t in range(T - 1, -1, -1):
        for n in range(N):
            for j in range(H):
                i, f = gates[t, n, j], gates[t, n, j + H]
                o, g = gates[t, n, j + 2 * H], gates[t, n, j + 3 * H]
                dh_t = dh[t, n, j] + dh_next[n, j]
                dc = dc_next[n, j] + dh_t * o * (one - r[t, n, j] * r[t, n, j])
                dz[t, n, j] = dc * g * i * (one - i)
                dz[t, n, j + H] = dc * c[t, n, j] * f * (one - f)
                dz[t, n, j + 2 * H] = dh_t * r[t, n, j] * o * (one - o)
                dz[t, n, j + 3 * H] = dc * i * (one - g * g)
                dc_next[n, j] = dc * f
        np.dot(dz[t], U_T, dh_next)
    return dz, dh_next, dc_next


# -- GRU ------------------------------------------------------------------------------------------


def gru(p, one, x, h0, dh):
    a = (fold(x) @ p.W + p.b).reshape(*x.shape[:2], -1)
    h, kept = gru_forward(a, p.U, p.b_n, h0, one)
    da, du, dh0 = gru_backward(dh, np.ascontiguousarray(p.U.T), h, kept, one)
    db_n = fold(du)[:, -h0.shape[1] :].sum(axis=0)
    return {"h": h[1:], **shared(p, x, h[:-1], da, du), "db_n": db_n, "dh0": dh0}


@compiled
def gru_forward(a, U, b_n, h0, one):
    T, (N, H) = len(a), h0.shape
    h = np.empty((T + 1, N, H), a.dtype)
    h[0] = h0
    kept = np.empty((T, 4, N, H), a.dtype)  # r, z, n, and what r multiplies
    u = np.empty((N, 3 * H), a.dtype)
    for t in range(T):
        np.dot(h[t], U, u)
        for m in range(N):
            for j in range(H):
                r = sigmoid(a[t, m, j] + u[m, j], one)
                z = sigmoid(a[t, m, j + H] + u[m, j + H], one)
                u_n = u[m, j + 2 * H] + b_n[j]
                n = tanh(a[t, m, j + 2 * H] + r * u_n, one)
                kept[t, 0, m, j], kept[t, 1, m, j] = r, z
                kept[t, 2, m, j], kept[t, 3, m, j] = n, u_n
                h[t + 1, m, j] = (one - z) * n + z * h[t, m, j]
    return h, kept


@compiled
def gru_backward(dh, U_T, h, kept, one):
    T, N, H = dh.shape
    da, du = np.empty((T, N, 3 * H), dh.dtype), np.empty((T, N, 3 * H), dh.dtype)
    dh_next, through = np.zeros((N, H), dh.dtype), np.empty((N, H), dh.dtype)
    for t in range(T - 1, -1, -1):
        for m in range(N):
            for j in range(H):
                r, z = kept[t, 0, m, j], kept[t, 1, m, j]
                n, u_n = kept[t, 2, m, j], kept[t, 3, m, j]
                dh_t = dh[t, m, j] + dh_next[m, j]
                dn = dh_t * (one - z) * (one - n * n)
                dr = dn * u_n * r * (one - r)
                dz = dh_t * (h[t, m, j] - n) * z * (one - z)
                da[t, m, j], da[t, m, j + H], da[t, m, j + 2 * H] = dr, dz, dn
                du[t, m, j], du[t, m, j + H], du[t, m, j + 2 * H] = dr, dz, dn * r
                through[m, j] = dh_t * z
        np.dot(du[t], U_T, dh_next)
        dh_next += through
    return da, du, dh_next


# -- Elman ----------------------------------------------------------------------------------------


def elman(p, one, x, y, h0):
    a = (fold(x) @ p.W + p.b).reshape(*x.shape[:2], -1)
    h = elman_forward(a, p.U, h0, one)
    rows, labels = np.arange(y.size), y.ravel()
    logits = fold(h[1:]) @ p.W_hy + p.b_y
    logits -= logits.max(axis=1, keepdims=True)
    q = np.exp(logits)
    total = q.sum(axis=1, keepdims=True)
    J = (np.log(total[:, 0]) - logits[rows, labels]).sum()
    q /= total
    q[rows, labels] -= one
    dh = (q @ p.W_hy.T).reshape(a.shape)
    da, dh0 = elman_backward(dh, np.ascontiguousarray(p.U.T), h, one)
    head = {"h": h[1:], "J": J, "dW_hy": fold(h[1:]).T @ q, "db_y": q.sum(axis=0)}
    return {**head, **shared(p, x, h[:-1], da, da), "dh0": dh0}


@compiled
def elman_forward(a, U, h0, one):
    T, (N, H) = len(a), h0.shape
    h = np.empty((T + 1, N, H), a.dtype)
    h[0] = h0
    u = np.empty((N, H), a.dtype)
    for t in range(T):
        np.dot(h[t], U, u)
        for n in range(N):
            for j in range(H):
                h[t + 1, n, j] = tanh(a[t, n, j] + u[n, j], one)
    return h


@compiled
def elman_backward(dh, U_T, h, one):
    T, N, H = dh.shape
    da = np.empty((T, N, H), dh.dtype)
    dh_next = np.zeros((N, H), dh.dtype)
    for t in range(T - 1, -1, -1):
        for n in range(N):
            for j in range(H):
                slope = one - h[t + 1, n, j] * h[t + 1, n, j]
                da[t, n, j] = (dh[t, n, j] + dh_next[n, j]) * slope
        np.dot(da[t], U_T, dh_next)
    return da, dh_next


CELLS = {"lstm": lstm, "gru": gru, "elman": elman}
