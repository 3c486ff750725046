"""Cells that others have written: `torch.nn`, and torchrecurrent.

Theirs multiply columns, ours rows, so every matrix is transposed. Where theirs have two biases that
are only ever added, the second is zero here.
"""

import pytest
import torch
from torch import nn
from torch.func import functional_call

from peers import peer


def gates(w, ours, theirs):
    """A packed matrix or bias with its gates in their order, and transposed."""
    parts = dict(zip(ours, w.chunk(len(ours), -1), strict=True))
    return torch.cat([parts[gate] for gate in theirs], -1).movedim(-1, 0)


def weights(W, U, b, second=None, suffix="l0"):
    """The four arrays of one layer of `torch.nn`."""
    second = torch.zeros_like(b) if second is None else second
    arrays = {"weight_ih": W, "weight_hh": U, "bias_ih": b, "bias_hh": second}
    return {f"{name}_{suffix}": array for name, array in arrays.items()}


def stepped(net, arrays, x, *state):
    """Every state after every step, of a network run one step at a time."""
    rows = []
    for row in x:
        _, state = functional_call(net, arrays, (row[None], state))
        rows.append(state)
    return [torch.stack(column) for column in zip(*rows, strict=True)]


def cells(name, sizes, arrays, x, *state, **options):
    """Every state after every step, of a cell of torchrecurrent."""
    package = pytest.importorskip("torchrecurrent", reason="peer absent: torchrecurrent")
    cell = getattr(package, name)(*sizes, **options).double()
    arrays = {key: torch.cat(a, 0) if isinstance(a, tuple) else a for key, a in arrays.items()}
    for key, own in cell.named_parameters():
        assert arrays.setdefault(key, torch.zeros_like(own)).shape == own.shape, key
    rows = []
    for row in x:
        state = functional_call(cell, arrays, (row, state if len(state) > 1 else state[0]))
        state = state if isinstance(state, tuple) else (state,)
        rows.append(state)
    return [torch.stack(column) for column in zip(*rows, strict=True)]


def sizes(a):
    return a.x.shape[-1], a.h0.shape[-1]


# -- torch.nn -------------------------------------------------------------------------------------

ELMAN = "W_xh:D,H W_hh:H,H b:H"
PACKED = "W:D,4*H U:H,4*H b:4*H"


def elman(a, nonlinearity):
    net = nn.RNN(*sizes(a), nonlinearity=nonlinearity)
    h, _ = functional_call(net, weights(a.W_xh.T, a.W_hh.T, a.b), (a.x, a.h0[None]))
    return {"h": h}


@peer("rnn", ELMAN, "x:T,N,D", "h0:N,H")
def rnn(a):
    return elman(a, "tanh")


@peer("rnn_relu", ELMAN, "x:T,N,D", "h0:N,H")
def rnn_relu(a):
    return elman(a, "relu")


@peer("rnn_bidirectional", "Wf:D,H Wb:D,H Uf:H,H Ub:H,H bf:H bb:H", "x:T,N,D", "f0:N,H b0:N,H")
def rnn_bidirectional(a):
    net = nn.RNN(a.x.shape[-1], a.f0.shape[-1], bidirectional=True)
    arrays = weights(a.Wf.T, a.Uf.T, a.bf) | weights(a.Wb.T, a.Ub.T, a.bb, suffix="l0_reverse")
    y, _ = functional_call(net, arrays, (a.x, torch.stack([a.f0, a.b0])))
    f, b = y.chunk(2, -1)
    return {"f": f, "b": b, "y": y}


@peer("lstm", PACKED, "x:T,N,D", "h0:N,H c0:N,H")
def lstm(a):
    arrays = weights(*(gates(w, "ifog", "ifgo") for w in (a.W, a.U, a.b)))
    h, c = stepped(nn.LSTM(*sizes(a)), arrays, a.x, a.h0[None], a.c0[None])
    return {"h": h[:, 0], "c": c[:, 0]}


@peer(
    "lstm_gates",
    "W_i:D,H W_f:D,H W_o:D,H W_g:D,H U_i:H,H U_f:H,H U_o:H,H U_g:H,H b_i:H b_o:H b_g:H b_f:H",
    "x:T,N,D",
    "h0:N,H c0:N,H",
)
def lstm_gates(a):
    arrays = weights(
        torch.cat([a.W_i.T, a.W_f.T, a.W_g.T, a.W_o.T]),
        torch.cat([a.U_i.T, a.U_f.T, a.U_g.T, a.U_o.T]),
        torch.cat([a.b_i, a.b_f, a.b_g, a.b_o]),
    )
    h, c = stepped(nn.LSTM(*sizes(a)), arrays, a.x, a.h0[None], a.c0[None])
    return {"h": h[:, 0], "c": c[:, 0]}


@peer("lstm_projected", "W:D,4*H U:P,4*H b:4*H W_hr:H,P", "x:T,N,D", "h0:N,P c0:N,H")
def lstm_projected(a):
    net = nn.LSTM(a.x.shape[-1], a.c0.shape[-1], proj_size=a.h0.shape[-1])
    arrays = weights(a.W.T, a.U.T, a.b) | {"weight_hr_l0": a.W_hr.T}
    h, c = stepped(net, arrays, a.x, a.h0[None], a.c0[None])
    return {"h": h[:, 0], "c": c[:, 0]}


@peer(
    "two_layers",
    "W_lo:D,4*H U_lo:H,4*H b_lo:4*H W_hi:H,4*H U_hi:H,4*H b_hi:4*H",
    "x:T,N,D",
    "h_lo0:N,H c_lo0:N,H h_hi0:N,H c_hi0:N,H",
)
def two_layers(a):
    net = nn.LSTM(a.x.shape[-1], a.h_lo0.shape[-1], num_layers=2)
    arrays = weights(a.W_lo.T, a.U_lo.T, a.b_lo)
    arrays |= weights(a.W_hi.T, a.U_hi.T, a.b_hi, suffix="l1")
    state = torch.stack([a.h_lo0, a.h_hi0]), torch.stack([a.c_lo0, a.c_hi0])
    h, c = stepped(net, arrays, a.x, *state)
    return {"h_lo": h[:, 0], "c_lo": c[:, 0], "h_hi": h[:, 1], "c_hi": c[:, 1]}


@peer("gru", "W:D,3*H U:H,3*H b:3*H b_n:H", "x:T,N,D", "h0:N,H")
def gru(a):
    zero = torch.zeros_like(a.b_n)
    arrays = weights(a.W.T, a.U.T, a.b, torch.cat([zero, zero, a.b_n]))
    h, _ = functional_call(nn.GRU(*sizes(a)), arrays, (a.x, a.h0[None]))
    return {"h": h}


# -- torchrecurrent -------------------------------------------------------------------------------


def packed(W, U, b):
    return {"weight_ih": W, "weight_hh": U, "bias_ih": b}


@peer("lstm_peephole", PACKED + " p_i:H p_f:H p_o:H", "x:T,N,D", "h0:N,H c0:N,H")
def lstm_peephole(a):
    arrays = packed(*(gates(w, "ifog", "ifgo") for w in (a.W, a.U, a.b)))
    arrays |= {"weight_ph": (a.p_i, a.p_f, a.p_o)}
    h, c = cells("PeepholeLSTMCell", sizes(a), arrays, a.x, a.h0, a.c0)
    return {"h": h, "c": c}


@peer("lstm_1997", "W:D,3*H U:H,3*H b:3*H", "x:T,N,D", "h0:N,H c0:N,H")
def lstm_1997(a):
    h, c = cells("OriginalLSTMCell", sizes(a), packed(a.W.T, a.U.T, a.b), a.x, a.h0, a.c0)
    return {"h": h, "c": c}


@peer("mgu", "W_f:D,H W_h:D,H U_f:H,H U_h:H,H b_f:H b_h:H", "x:T,N,D", "h0:N,H")
def mgu(a):
    arrays = packed((a.W_f.T, a.W_h.T), (a.U_f.T, a.U_h.T), (a.b_f, a.b_h))
    (h,) = cells("MGUCell", sizes(a), arrays, a.x, a.h0)
    return {"h": h}


@peer("ugrnn", "W_c:D,H W_g:D,H U_c:H,H U_g:H,H b_c:H b_g:H", "x:T,N,D", "h0:N,H")
def ugrnn(a):
    arrays = packed((a.W_c.T, a.W_g.T), (a.U_c.T, a.U_g.T), (a.b_c, a.b_g))
    (h,) = cells("UGRNNCell", sizes(a), arrays, a.x, a.h0)
    return {"h": h}


@peer("indrnn", "W:D,H u:H b:H", "x:T,N,D", "h0:N,H")
def indrnn(a):
    arrays = {"weight_ih": a.W.T, "vector_u": a.u, "bias_ih": a.b}
    (h,) = cells("IndRNNCell", sizes(a), arrays, a.x, a.h0, nonlinearity="relu")
    return {"h": h}


@peer("minimal_rnn", "W_x:D,H b_z:H U_h:H,H U_z:H,H b_u:H", "x:T,N,D", "h0:N,H")
def minimal_rnn(a):
    arrays = packed(a.W_x.T, a.U_h.T, a.b_z) | {"weight_mm": a.U_z.T, "bias_hh": a.b_u}
    (h,) = cells("MinimalRNNCell", sizes(a), arrays, a.x, a.h0)
    return {"h": h}


@peer("antisymmetric", "W:H,H V:D,H b:H", "x:T,N,D", "h0:N,H", epsilon=0.3, gamma=0.2)
def antisymmetric(a):
    options = {"epsilon": a.epsilon, "gamma": a.gamma}
    arrays = packed(a.V.T, a.W, a.b)
    (h,) = cells("AntisymmetricRNNCell", sizes(a), arrays, a.x, a.h0, **options)
    return {"h": h}


@peer(
    "cornn",
    "W:H,H W_z:H,H V:D,H b:H",
    "x:T,N,D",
    "y0:N,H z0:N,H",
    **{"dt": 0.3, "gamma": 1.3, "epsilon": 0.7},
)
def cornn(a):
    arrays = packed(a.V.T, a.W.T, a.b) | {"weight_ch": a.W_z.T}
    options = {"dt": a.dt, "gamma": a.gamma, "epsilon": a.epsilon}
    size = a.x.shape[-1], a.y0.shape[-1]
    y, z = cells("coRNNCell", size, arrays, a.x, a.y0, a.z0, **options)
    return {"y": y, "z": z}
