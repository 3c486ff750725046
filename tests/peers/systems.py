"""More cells translated to PyTorch from their papers: those with labels, attention or a memory."""

import torch
import torch.nn.functional as F
from torch import tanh

from peers import peer
from peers.papers import ELMAN, elman, unroll


@peer("rnn_embedding", "E:V,D " + ELMAN + " W_hy:H,V b_y:V", "w:T,N<V y:T,N<V", "h0:N,H")
def rnn_embedding(a):
    h = elman(F.embedding(a.w, a.E), a.W_xh, a.W_hh, a.b_h, a.h0)
    logits = h @ a.W_hy + a.b_y
    loss = F.cross_entropy(logits.flatten(0, 1), a.y.flatten(), reduction="sum")
    return {"h": h, "logits": logits, "J": loss}


@peer("rnn_classifier", ELMAN + " W_hy:H,V b_y:V", "x:T,N,D y:N<V", "h0:N,H")
def rnn_classifier(a):
    h = elman(a.x, a.W_xh, a.W_hh, a.b_h, a.h0)
    logits = h[-1] @ a.W_hy + a.b_y
    return {"h": h, "logits": logits, "J": F.cross_entropy(logits, a.y)}


@peer(
    "birnn",
    "Wf:D,H Wb:D,H Uf:H,H Ub:H,H bf:H bb:H Wo:2*H,V bo:V",
    "x:T,N,D y:T,N<V m:T,N?",
    "f0:N,H b0:N,H",
)
def birnn(a):
    def walk(steps, state, W, U, b):
        rows = {}
        for t in steps:
            m = a.m[t][:, None].double()
            state = m * tanh(a.x[t] @ W + state @ U + b) + (1 - m) * state
            rows[t] = state
        return torch.stack([rows[t] for t in sorted(rows)])

    steps = range(len(a.x))
    f = walk(steps, a.f0, a.Wf, a.Uf, a.bf)
    b = walk(reversed(steps), a.b0, a.Wb, a.Ub, a.bb)
    logits = torch.cat([f, b], -1) @ a.Wo + a.bo
    labels = torch.where(a.m, a.y, -100)  # what cross_entropy leaves out
    loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum") / a.y.shape[1]
    return {"f": f, "b": b, "logits": logits, "J": loss}


@peer(
    "captioner",
    "W_p:F,H b_p:H E:V,D Wx:D,H Wh:H,H b:H W_v:H,V b_v:V",
    "features:N,F w:N,T<V y:N,T<V",
)
def captioner(a):
    h0 = F.linear(a.features, a.W_p.T, a.b_p)
    h = elman(F.embedding(a.w.T, a.E), a.Wx, a.Wh, a.b, h0).transpose(0, 1)
    scores = h @ a.W_v + a.b_v
    y = a.y.flatten()
    loss = F.cross_entropy(scores.flatten(0, 1), y, ignore_index=0, reduction="sum")
    return {"h": h, "scores": scores, "J": loss / len(a.y)}


@peer(
    "bahdanau",
    "W_a:H,A U_a:E,A v_a:A W:D+E,H U:H,H b:H",
    "enc:N,S,E x:T,N,D",
    "h0:N,H",
)
def bahdanau(a):
    def step(x, h, _):
        scores = [tanh(h @ a.W_a + place @ a.U_a) @ a.v_a for place in a.enc.unbind(1)]
        alpha = torch.softmax(torch.stack(scores, 1), 1)
        context = torch.bmm(alpha[:, None], a.enc)[:, 0]
        return tanh(torch.cat([x, context], -1) @ a.W + h @ a.U + a.b), alpha

    h, alpha = unroll(step, a.x, a.h0, None)
    return {"h": h, "alpha": alpha}


@peer(
    "linear_attention",
    "W_q:D,K W_k:D,K W_v:D,M",
    "x:T,N,D",
    "s0:N,K,M z0:N,K",
    eps=0.01,
)
def linear_attention(a):
    x = a.x.transpose(0, 1)  # (N, T, D)
    q, k, v = F.elu(x @ a.W_q) + 1, F.elu(x @ a.W_k) + 1, x @ a.W_v
    scores = torch.tril(q @ k.mT)
    total = scores.sum(-1) + (q @ a.z0[..., None])[..., 0] + a.eps
    y = (scores @ v + q @ a.s0) / total[..., None]
    s = a.s0[:, None] + (k[..., :, None] * v[..., None, :]).cumsum(1)
    z = a.z0[:, None] + k.cumsum(1)
    return {"s": s.transpose(0, 1), "z": z.transpose(0, 1), "y": y.transpose(0, 1)}


@peer("fast_weights", "W:H,H C:D,H g:H b:H", "x:T,N,D", "h0:N,H A0:N,H,H", lam=0.8, eta=0.3)
def fast_weights(a):
    def step(x, h, A):
        slow = h @ a.W + x @ a.C
        fast = torch.bmm(A, torch.relu(slow)[..., None])[..., 0]
        h = torch.relu(F.layer_norm(slow + fast, a.g.shape, a.g, a.b, eps=1e-5))
        return h, torch.baddbmm(A, h[:, :, None], h[:, None], beta=a.lam, alpha=a.eta)

    h, A = unroll(step, a.x, a.h0, a.A0)
    return {"h": h, "A": A}


@peer(
    "mamba",
    "A_log:E,K W_B:E,K W_C:E,K W_D:E,E b_D:E D:E",
    "x:T,N,E",
    "h0:N,E,K",
)
def mamba(a):
    def step(x, h):
        delta = F.softplus(F.linear(x, a.W_D.T, a.b_D))
        decay = torch.exp(torch.einsum("ne,ek->nek", delta, -a.A_log.exp()))
        return (decay * h + torch.einsum("ne,nk,ne->nek", delta, x @ a.W_B, x),)

    (h,) = unroll(step, a.x, a.h0)
    return {"h": h, "y": (h * (a.x @ a.W_C)[:, :, None]).sum(-1) + a.D * a.x}


class Spike(torch.autograd.Function):
    """A step; backward, the surrogate 1 / (1 + 10|u|)² of Zenke and Ganguli."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u > 0).double()

    @staticmethod
    def backward(ctx, ds):
        (u,) = ctx.saved_tensors
        return ds / (10 * u.abs() + 1) ** 2


@peer("spiking", "W:D,H U:H,H", "x:T,N,D", "v0:N,H s0:N,H", beta=0.8, theta=0.3)
def spiking(a):
    def step(x, v, s):
        v = a.beta * v + x @ a.W + s @ a.U - a.theta * s
        return v, Spike.apply(v - a.theta)

    v, s = unroll(step, a.x, a.v0, a.s0)
    return {"v": v, "s": s}
