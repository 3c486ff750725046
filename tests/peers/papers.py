"""Cells translated to PyTorch from their papers, by other means than the specs where there are any:
a convolution for the QRNN, the attention matrix for linear attention, one example at a time.
"""

import torch
import torch.nn.functional as F
from torch import sigmoid, softmax, tanh

from peers import peer

ELMAN = "W_xh:D,H W_hh:H,H b_h:H"


def unroll(step, xs, *state):
    """What `step(x, *state)` gives at every step, stacked; that tuple is the next state."""
    rows = []
    for x in xs:
        state = step(x, *state)
        rows.append(state)
    return [torch.stack(column) for column in zip(*rows, strict=True)]


def elman(x, W, U, b, h0):
    (h,) = unroll(lambda x, h: (tanh(torch.cat([x, h], -1) @ torch.cat([W, U]) + b),), x, h0)
    return h


# -- the five starting systems --------------------------------------------------------------------


@peer("rnn_full_bias", "W_xh:D,H W_hh:H,H b:N,H", "x:T,N,D", "h0:N,H")
def rnn_full_bias(a):
    return {"h": elman(a.x, a.W_xh, a.W_hh, a.b, a.h0)}


LM = "H:Dh,Dh I:d,Dh U:Dh,V b1:1,Dh b2:1,V", "e:T,1,d y:T,1,V/-1", "h0:1,Dh"


@peer("rnnlm", *LM)
def rnnlm(a):
    (h,) = unroll(lambda e, h: (sigmoid(h @ a.H + e @ a.I + a.b1),), a.e, a.h0)
    return {"h": h, "L": F.cross_entropy((h @ a.U + a.b2)[:, 0], a.y[:, 0], reduction="sum")}


@peer("rnnlm_plus", *LM)
def rnnlm_plus(a):
    outputs = rnnlm(a)
    return {"h": outputs["h"], "L": -outputs["L"]}


PASCANU = "W_rec:n,n W_in:n,m b:n,1", "u:T,m,1", "x0:n,1"


@peer("pascanu", *PASCANU)
def pascanu(a, squash=sigmoid):
    def step(u, x):
        return (F.linear(squash(x).mT, a.W_rec).mT + F.linear(u.mT, a.W_in, a.b[:, 0]).mT,)

    (x,) = unroll(step, a.u, a.x0)
    return {"x": x}


@peer("pascanu_tanh", *PASCANU)
def pascanu_tanh(a):
    return pascanu(a, tanh)


@peer("goodfellow", "U:n,nx W:n,n V:ny,n b:n c:ny", "x:T,nx y:T<ny", "h0:n")
def goodfellow(a):
    (h,) = unroll(lambda x, h: (tanh(F.linear(h, a.W, a.b) + F.linear(x, a.U)),), a.x, a.h0)
    o = F.linear(h, a.V, a.c)
    return {"h": h, "yhat": softmax(o, -1), "J": F.cross_entropy(o, a.y, reduction="sum")}


@peer("goodfellow_columns", "U:n,nx W:n,n V:ny,n b:n,1 c:ny,1", "x:T,nx,1 y:T,1<ny", "h0:n,1")
def goodfellow_columns(a):
    a.x, a.y, a.h0, a.b, a.c = a.x[..., 0], a.y[..., 0], a.h0[:, 0], a.b[:, 0], a.c[:, 0]
    outputs = goodfellow(a)
    return {"h": outputs["h"][..., None], "yhat": outputs["yhat"][..., None], "J": outputs["J"]}


@peer(
    "coursera",
    "W_ax:n_a,n_x W_aa:n_a,n_a W_ya:n_y,n_a b_a:n_a,1 b_y:n_y,1",
    "x:n_x,m,T y:n_y,m,T/0",
    "a0:n_a,m",
)
def coursera(p):
    x, y = p.x.permute(2, 1, 0), p.y.permute(2, 1, 0)
    a = elman(x, p.W_ax.T, p.W_aa.T, p.b_a.T, p.a0.T)
    z = a @ p.W_ya.T + p.b_y.T
    loss = F.cross_entropy(z.flatten(0, 1), y.flatten(0, 1), reduction="sum")
    return {"a": a.permute(2, 1, 0), "yhat": softmax(z, -1).permute(2, 1, 0), "J": loss}


# -- one state ------------------------------------------------------------------------------------


@peer("jordan", "W_xh:D,H W_yh:V,H W_hy:H,V b_h:H b_y:V", "x:T,N,D", "y0:N,V")
def jordan(a):
    def step(x, y):
        return (sigmoid(sigmoid(x @ a.W_xh + y @ a.W_yh + a.b_h) @ a.W_hy + a.b_y),)

    (y,) = unroll(step, a.x, a.y0)
    return {"y": y}


@peer(
    "gru_reset_before",
    "W_r:D,H W_z:D,H W:D,H U_r:H,H U_z:H,H U:H,H b_r:H b_z:H b:H",
    "x:T,N,D",
    "h0:N,H",
)
def gru_reset_before(a):
    def step(x, h):
        both = torch.cat([x, h], -1)
        r = sigmoid(both @ torch.cat([a.W_r, a.U_r]) + a.b_r)
        z = sigmoid(both @ torch.cat([a.W_z, a.U_z]) + a.b_z)
        return (torch.lerp(tanh(F.linear(x, a.W.T, a.b) + F.linear(r * h, a.U.T)), h, z),)

    (h,) = unroll(step, a.x, a.h0)
    return {"h": h}


@peer("mingru", "W_z:D,H W_h:D,H b_z:H b_h:H", "x:T,N,D", "h0:N,H")
def mingru(a):
    z, new = sigmoid(F.linear(a.x, a.W_z.T, a.b_z)), F.linear(a.x, a.W_h.T, a.b_h)
    both = torch.stack([z, new], 1)
    (h,) = unroll(lambda zn, h: (torch.lerp(h, zn[1], zn[0]),), both, a.h0)
    return {"h": h}


@peer("narx", "W:D,H U1:H,H U2:H,H b:H", "x:T,N,D", "h0:2,N,H")
def narx(a):
    h = list(a.h0)
    for x in a.x:
        h.append(tanh(x @ a.W + h[-1] @ a.U1 + h[-2] @ a.U2 + a.b))
    return {"h": torch.stack(h[2:])}


@peer(
    "clockwork",
    "W_f:D,F W_m:D,M W_s:D,S U_ff:F,F U_mf:M,F U_sf:S,F U_mm:M,M U_sm:S,M U_ss:S,S "
    "b_f:F b_m:M b_s:S",
    "x:T,N,D",
    "f0:N,F m0:N,M s0:N,S",
)
def clockwork(a):
    F_, M, S = (b.shape[0] for b in (a.b_f, a.b_m, a.b_s))
    W, b = torch.cat([a.W_f, a.W_m, a.W_s], -1), torch.cat([a.b_f, a.b_m, a.b_s])
    columns = [
        torch.cat([a.U_ff, a.U_mf, a.U_sf]),
        torch.cat([torch.zeros(F_, M, dtype=W.dtype), a.U_mm, a.U_sm]),
        torch.cat([torch.zeros(F_ + M, S, dtype=W.dtype), a.U_ss]),
    ]
    h, rows = torch.cat([a.f0, a.m0, a.s0], -1), []
    periods = torch.tensor([1] * F_ + [2] * M + [4] * S)
    for t, x in enumerate(a.x, start=1):
        moves = (t % periods == 0).double()
        h = moves * tanh(x @ W + h @ torch.cat(columns, -1) + b) + (1 - moves) * h
        rows.append(h)
    f, m, s = torch.stack(rows).split([F_, M, S], -1)
    return {"f": f, "m": m, "s": s}


@peer("echo_state", "W_in:D,H W:H,H W_out:D+H,V", "x:T,N,D", "h0:N,H", alpha=0.4)
def echo_state(a):
    W_in, W = a.W_in.detach(), a.W.detach()
    (h,) = unroll(lambda x, h: (torch.lerp(h, tanh(x @ W_in + h @ W), a.alpha),), a.x, a.h0)
    top, bottom = a.W_out.split([a.x.shape[-1], h.shape[-1]])
    return {"h": h, "y": a.x @ top + h @ bottom}


@peer("hopfield", "W:H,H~", "x:T,N,H", "u0:N,H", dt=0.2, tau=1.7)
def hopfield(a):
    W = (a.W + a.W.T) / 2  # along symmetric directions only
    (u,) = unroll(lambda x, u: (u + a.dt * (x + tanh(u) @ W - u / a.tau),), a.x, a.u0)
    return {"u": u}


# -- the LSTM's family ----------------------------------------------------------------------------


@peer("lstm_coupled", "W:D,3*H U:H,3*H b:3*H", "x:T,N,D", "h0:N,H c0:N,H")
def lstm_coupled(a):
    def step(x, h, c):
        i, o, g = (x @ a.W + h @ a.U + a.b).chunk(3, -1)
        c = torch.lerp(c, tanh(g), sigmoid(i))
        return sigmoid(o) * tanh(c), c

    h, c = unroll(step, a.x, a.h0, a.c0)
    return {"h": h, "c": c}


@peer("lstm_masked", "W:D,4*H U:H,4*H b:4*H", "x:T,N,D m:T,N?", "h0:N,H c0:N,H")
def lstm_masked(a):
    i, f, o, g = torch.arange(a.b.shape[0]).chunk(4)
    order = torch.cat([i, f, g, o])
    W, U, b = a.W[:, order].T, a.U[:, order].T, a.b[order]
    state, h, c = (a.h0, a.c0), [], []
    for x, m in zip(a.x, a.m, strict=True):
        new = torch.lstm_cell(x, state, W, U, b, 0 * b)
        state = tuple(torch.where(m[:, None], *pair) for pair in zip(new, state, strict=True))
        h, c = [*h, state[0]], [*c, state[1]]
    return {"h": torch.stack(h), "c": torch.stack(c)}


@peer(
    "lstm_layernorm",
    "W_h:H,4*H W_x:D,4*H a1:4*H a2:4*H b1:4*H b2:4*H b:4*H a3:H b3:H",
    "x:T,N,D",
    "h0:N,H c0:N,H",
)
def lstm_layernorm(a):
    def norm(v, gain, bias):
        return F.layer_norm(v, gain.shape, gain, bias, eps=1e-5)

    def step(x, h, c):
        z = norm(h @ a.W_h, a.a1, a.b1) + norm(x @ a.W_x, a.a2, a.b2) + a.b
        f, i, o, g = z.chunk(4, -1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(norm(c, a.a3, a.b3)), c

    h, c = unroll(step, a.x, a.h0, a.c0)
    return {"h": h, "c": c}


@peer("qrnn", "W_z:D,H W_f:D,H W_o:D,H V_z:D,H V_f:D,H V_o:D,H", "x:T,N,D", "c0:N,H")
def qrnn(a):
    def filtered(W, V):
        x = F.pad(a.x.permute(1, 2, 0), (1, 0))
        return F.conv1d(x, torch.stack([V.T, W.T], -1)).permute(2, 0, 1)

    z, f = tanh(filtered(a.W_z, a.V_z)), sigmoid(filtered(a.W_f, a.V_f))
    (c,) = unroll(lambda zf, c: (torch.lerp(zf[0], c, zf[1]),), torch.stack([z, f], 1), a.c0)
    return {"c": c, "h": sigmoid(filtered(a.W_o, a.V_o)) * c}
