"""The last gate, where arrays are lent by a workspace and filled in place.

A module in the fast style is written out here, as far as it differs from the plain one of the same
cell. It passes; each attack changes a few words of it, and is refused for what it does.
"""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from bpgen import emitted as gate
from bpgen.compile import compile_source
from bpgen.emitted import admit
from bpgen.page import codes
from bpgen.permitted import Unexpected
from bpgen.render import render
from bpgen.skeleton import complete
from bpgen.targets import numpy
from bpgen.targets.support import support
from test_emitted import LSTM, emitted, instead, pair, read, run

CLASSES = '''
class ForwardArrays:
    """What `forward` fills, and views of its steps."""

    def __init__(self, T, N, D, H, dtype):
        self.sizes = T, N, D, H, dtype
        self.z_x = np.empty((T, N, 4 * H), dtype)  # (T, N, 4*H)
        self.sigmoid_i, self.tanh_g, self.sigmoid_f, self.sigmoid_o, self.tanh_c = np.empty(
            (5, T, N, H), dtype
        )  # (T, N, H) each
        self.c_all = np.zeros((T + 1, N, H), dtype)  # c[0] ... c[T]
        self.c_prev, self.c = self.c_all[:-1], self.c_all[1:]  # (T, N, H) each
        self.h_all = np.zeros((T + 1, N, H), dtype)  # h[0] ... h[T]
        self.h_prev, self.h = self.h_all[:-1], self.h_all[1:]  # (T, N, H) each
        self.z = np.empty((N, 4 * H), dtype)  # (N, 4*H)
        self.i, self.f, self.o, self.g = np.split(self.z, 4, axis=-1)  # (N, H) each
        self.scratch = np.empty((N, H), dtype)  # (N, H)
        reads = zip(self.z_x, self.h_prev, self.c_prev)
        writes = zip(
            self.sigmoid_i, self.tanh_g, self.sigmoid_f, self.c, self.sigmoid_o, self.tanh_c, self.h
        )
        self.steps = list(zip(reads, writes))


class BackwardArrays:
    """What `backward` fills, and views of its steps."""

    def __init__(self, T, N, D, H, dtype):
        self.sizes = T, N, D, H, dtype
        self.dz = np.empty((T, N, 4 * H), dtype)  # (T, N, 4*H)
        self.di, self.df, self.do, self.dg = np.split(self.dz, 4, axis=-1)  # (T, N, H) each
        self.U_T = np.empty((H, 4 * H), dtype).T  # (4*H, H)
        self.dW = np.empty((D * 4 * H,), dtype).reshape(D, 4 * H)  # (D, 4*H)
        self.dU = np.empty((H, 4 * H), dtype)  # (H, 4*H)
        self.db = np.empty((4 * H,), dtype)  # (4*H)
        self.dx = np.empty((T, N, D), dtype)  # (T, N, D)
        self.dh, self.dc, self.dh_prev, self.dc_prev, self.scratch = np.empty(
            (5, N, H), dtype
        )  # (N, H) each
        writes = zip(self.dg, self.do, self.df, self.di)
        self.steps = list(zip(self.dz, writes))[::-1]


class StepArrays:
    """What `step` fills."""

    def __init__(self, N, H, dtype):
        self.sizes = N, H, dtype
        self.z = np.empty((N, 4 * H), dtype)  # (N, 4*H)
        self.i, self.f, self.o, self.g = np.split(self.z, 4, axis=-1)  # (N, H) each
        self.scratch = np.empty((N, 4 * H), dtype)  # (N, 4*H)
        self.turned = np.swapaxes(self.scratch, 0, 1)  # (4*H, N)
        self.h_both, self.c_both = np.empty((2, 2, N, H), dtype)  # (2, N, H) each
        self.turns = list(zip(self.h_both, self.c_both, strict=True))


class Workspace:
    """What functions fill, made once for calls of one size and dtype."""

    def __init__(self, *, T, N, D, H, dtype=np.float64):
        dtype = np.dtype(dtype)
        self.lock = threading.Lock()
        self.bound = (), ()
        self.halves = {
            ForwardArrays: ForwardArrays(T, N, D, H, dtype),
            BackwardArrays: BackwardArrays(T, N, D, H, dtype),
            StepArrays: StepArrays(N, H, dtype),
        }
'''

FORWARD = '''
def forward(params, x, h0=None, c0=None, *, work=None):
    """Return Outputs and Saved; with `work` they are views into it, until its next use."""
    T, N, D, H, dtype = bind("T N D H dtype", SHAPES, params, x=x, h0=h0, c0=c0)
    W, U, b = params
    with using(work, ForwardArrays, T, N, D, H, dtype) as w:
        # all steps at once
        np.matmul(fold(x), W, fold(w.z_x))
        np.add(w.z_x, b, w.z_x)
        w.c_all[0] = 0 if c0 is None else c0
        w.h_all[0] = 0 if h0 is None else h0

        # one step after another
        z, i, f, o, g, scratch = w.z, w.i, w.f, w.o, w.g, w.scratch
        for reads, writes in w.steps:
            z_x_t, h_prev_t, c_prev_t = reads
            sigmoid_i_t, tanh_g_t, sigmoid_f_t, c_t, sigmoid_o_t, tanh_c_t, h_t = writes
            np.matmul(h_prev_t, U, z)
            np.add(z_x_t, z, z)
            sigmoid_to(i, sigmoid_i_t)
            np.tanh(g, tanh_g_t)
            sigmoid_to(f, sigmoid_f_t)
            np.multiply(sigmoid_f_t, c_prev_t, c_t)
            np.multiply(sigmoid_i_t, tanh_g_t, scratch)
            np.add(c_t, scratch, c_t)
            sigmoid_to(o, sigmoid_o_t)
            np.tanh(c_t, tanh_c_t)
            np.multiply(sigmoid_o_t, tanh_c_t, h_t)

        h, c = w.h.view(), w.c.view()
        for output in (h, c):
            output.flags.writeable = False
        return Outputs(h, c), Saved(
            x, w.sigmoid_i, w.tanh_g, w.sigmoid_f, w.c_prev, w.sigmoid_o, w.tanh_c, w.h_prev
        )
'''

BACKWARD = '''
def backward(params, saved, *, dh=None, dc=None, work=None):
    """Return Grads, from the gradients with respect to the outputs (None is zero)."""
    T, N, D, H, dtype = bind("T N D H dtype", BACK, params, saved, dh=dh, dc=dc)
    W, U, _ = params
    x, sigmoid_i, tanh_g, sigmoid_f, c_prev, sigmoid_o, tanh_c, h_prev = saved
    dh_out = np.zeros((T, N, H), dtype) if dh is None else dh  # (T, N, H)
    dc_out = np.zeros((T, N, H), dtype) if dc is None else dc  # (T, N, H)
    with using(work, BackwardArrays, T, N, D, H, dtype) as w:
        np.copyto(w.U_T, U.T)
        dh, dc, dh_prev, dc_prev, scratch = w.dh, w.dc, w.dh_prev, w.dc_prev, w.scratch
        dh_prev[...] = 0
        dc_prev[...] = 0
        kept = zip(sigmoid_o[::-1], tanh_c[::-1], c_prev[::-1], sigmoid_f[::-1])
        first = zip(sigmoid_i[::-1], tanh_g[::-1])

        # one step after another, from the last
        for (dz_t, writes), saved_t, first_t, dh_out_t, dc_out_t in zip(
            w.steps, kept, first, dh_out[::-1], dc_out[::-1]
        ):
            dg_t, do_t, df_t, di_t = writes
            sigmoid_o_t, tanh_c_t, c_prev_t, sigmoid_f_t = saved_t
            sigmoid_i_t, tanh_g_t = first_t
            np.add(dh_out_t, dh_prev, dh)
            np.copyto(scratch, 1 - tanh_c_t**2)
            np.multiply(dh, sigmoid_o_t, dc)
            np.multiply(dc, scratch, dc)
            np.add(dc, dc_prev, dc)
            np.add(dc, dc_out_t, dc)
            dg_t[...] = dc * sigmoid_i_t * (1 - tanh_g_t**2)
            do_t[...] = dh * tanh_c_t * sigmoid_o_t * (1 - sigmoid_o_t)
            df_t[...] = dc * c_prev_t * sigmoid_f_t * (1 - sigmoid_f_t)
            di_t[...] = dc * tanh_g_t * sigmoid_i_t * (1 - sigmoid_i_t)
            np.multiply(dc, sigmoid_f_t, dc_prev)
            np.matmul(dz_t, w.U_T, dh_prev)

        # all steps at once
        np.matmul(fold(w.dz), W.T, fold(w.dx))
        np.matmul(fold(x).T, fold(w.dz), w.dW)
        np.matmul(fold(h_prev).T, fold(w.dz), w.dU)
        np.sum(fold(w.dz), 0, None, w.db)
        return Grads(Params(w.dW, w.dU, w.db), w.dx, dh_prev, dc_prev)
'''

STEP = '''
def step(params, x, h=None, c=None, *, work=None):
    """Run one step. Return its Outputs, and (h, c) for the next."""
    N, H, dtype = bind_again("N H dtype", STEP, work, params, x=x, h=h, c=c)
    W, U, b = params
    with using(work, StepArrays, N, H, dtype) as w:
        z, i, f, o, g, scratch = w.z, w.i, w.f, w.o, w.g, w.scratch
        h_prev = np.zeros((N, H), dtype) if h is None else h
        c_prev = np.zeros((N, H), dtype) if c is None else c
        h, c = in_turn(w.turns, x, h, c)
        np.matmul(x, W, z)
        np.matmul(h_prev, U, scratch)
        np.add(z, scratch, z)
        np.add(z, b, z)
        sigmoid_to(z[:, : 3 * H], z[:, : 3 * H])
        np.tanh(g, g)
        np.multiply(f, c_prev, c)
        np.multiply(i, g, i)
        np.add(c, i, c)
        np.tanh(c, h)
        np.multiply(o, h, h)
        return Outputs(h, c), (h, c)
'''

HELPERS = '''
class using:
    """The arrays of one function: those of a workspace that nobody else uses, or new ones."""

    def __init__(self, work, half, *sizes):
        self.lock = work.lock if work else threading.Lock()
        self.arrays = work.halves[half] if work else half(*sizes)

    def __enter__(self):
        self.lock.acquire()
        return self.arrays

    def __exit__(self, *_):
        self.lock.release()


def sigmoid_to(x, out):
    """1 / (1 + exp(-x)), into out."""
    np.tanh(x * 0.5, out)
    np.multiply(out, 0.5, out)
    np.add(out, 0.5, out)
'''

NAME = "lstm.py"


def blocks(text: str) -> list[str]:
    return [block.strip("\n") for block in text.strip("\n").split("\n\n\n")]


@cache
def sample() -> str:
    """The module in the fast style."""
    made = []
    for block in emitted(LSTM)[NAME].split("\n\n\n"):
        lines = block.strip("\n")
        if lines.startswith("def init_params("):
            made += blocks(CLASSES)
        lines = FORWARD.strip("\n") if lines.startswith("def forward(") else lines
        lines = BACKWARD.strip("\n") if lines.startswith("def backward(") else lines
        made.append(STEP.strip("\n") if lines.startswith("def step(") else lines)
    made[-1:-1] = [*blocks(HELPERS), *support(("bind_again(", "in_turn("), "")[1:]]
    text = "\n\n\n".join(made) + "\n"
    extra = "import threading\nfrom typing"
    return text.replace("from typing", extra, 1)


@pytest.fixture(autouse=True)
def keep(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = gate.kept_blocks() | {*blocks(HELPERS)}
    monkeypatch.setattr(gate, "kept_blocks", lambda: kept)


def passed(text: str) -> None:
    admit(emitted(LSTM) | {NAME: text}, pair(LSTM))


def refused(text: str, why: str) -> None:
    with pytest.raises(Unexpected, match=f"^{re.escape(NAME)}: .*{re.escape(why)}"):
        passed(text)


def test_it_passes() -> None:
    passed(sample())


@pytest.mark.parametrize("lending", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_does_what_the_plain_module_does(dtype: type, lending: bool) -> None:
    """So what passes is worth passing."""
    plain, fast = {}, {}
    exec(compile(emitted(LSTM)[NAME], NAME, "exec"), plain)
    exec(compile(sample(), NAME, "exec"), fast)
    rng = np.random.default_rng(1)
    params = plain["init_params"](rng, D=2, H=3, dtype=dtype)
    x, dh, dc, h0, c0 = (rng.normal(size=(5, 4, n)).astype(dtype) for n in (2, 3, 3, 3, 3))
    work = fast["Workspace"](T=5, N=4, D=2, H=3, dtype=dtype) if lending else None
    for _ in range(2):
        wanted, saved = plain["forward"](params, x, h0[0], c0[0])
        grads = plain["backward"](params, saved, dh=dh, dc=dc)
        own = fast["Params"](*params)
        found, saved = fast["forward"](own, x, h0[0], c0[0], work=work)
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4)
            assert not one.flags.writeable
        found = fast["backward"](own, saved, dh=dh, dc=dc, work=work)
        for one, other in zip((*found[0], *found[1:]), (*grads[0], *grads[1:]), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
        _, wanted = plain["step"](params, x[0], *plain["step"](params, x[1], h0[0])[1])
        _, found = fast["step"](own, x[0], *fast["step"](own, x[1], h0[0], work=work)[1], work=work)
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4)


# -- attacks ---------------------------------------------------------------------------------------

WRITES = "a call that writes to what"
ENTRY = "an entry of what"
READ_ONLY = "what another holds"
WITH = "a `with` that uses no workspace"

IN_FORWARD = [  # put before the loop, where `scratch` is, which one may write to
    ("np.add(scratch, 1, x)", WRITES),
    ("np.add(scratch, 1, W)", WRITES),
    ("np.add(scratch, 1, params)", WRITES),
    ("np.add(scratch, 1, params[0])", WRITES),
    ("np.add(scratch, 1, W.T)", WRITES),
    ("np.add(scratch, 1, W[1:])", WRITES),
    ("np.add(scratch, 1, fold(x))", WRITES),
    ("np.add(scratch, 1, x.reshape(1, -1))", WRITES),
    ("np.add(scratch, 1, x.view())", WRITES),
    ("np.add(scratch, 1, np.asarray(x))", WRITES),
    ("np.add(scratch, 1, np.add(scratch, 1, x))", WRITES),
    ("np.tanh(scratch, x)", WRITES),
    ("y = np.tanh(scratch, x)", WRITES),
    ("y = 1 + np.exp(scratch, x)", WRITES),
    ("np.copyto(x, scratch)", WRITES),
    ("np.copyto(x[0], scratch)", WRITES),
    ("np.copyto(dst=x, src=scratch)", "by a keyword"),
    ("np.concatenate((scratch, scratch), 0, x)", WRITES),
    ("np.stack((scratch, scratch), 0, x)", WRITES),
    ("np.sum(scratch, 0, None, b)", WRITES),
    ("scratch.sum(0, None, b)", WRITES),
    ("scratch.max(0, b)", WRITES),
    ("w.h.mean(0, None, b)", WRITES),
    ("sigmoid_to(scratch, x)", WRITES),
    ("sigmoid_to(scratch, out=x)", "out of its place"),
    ("sigmoid_to(x, x=scratch)", "out of its place"),
    ("sigmoid_to()", "out of its place"),
    ("np.add(scratch, 1, out=x)", "by a keyword"),
    ("np.add(scratch, 1, out=scratch)", "by a keyword"),
    ("scratch.sum(0, out=b)", "by a keyword"),
    # what a name stands for is followed
    ("scratch = x\n        np.add(z, 1, scratch)", WRITES),
    ("scratch, z = x, z\n        np.add(z, 1, scratch)", WRITES),
    ("y = (z, x)\n        np.add(z, 1, y[1])", WRITES),
    ("y = {'x': x}\n        q = y['x']\n        np.add(z, 1, q)", WRITES),
    ("y = np.empty(3, 'O')\n        y[0] = x\n        q = y[0]\n        q[0] = 0", ENTRY),
    ("y = np.split(z, 2)\n        y[0] = x", ENTRY),
    ("y, q = np.split(W, 2)\n        y[0] = 0", ENTRY),
    ("y = fold(np.split(W, 2)[0])\n        y[0] = 0", ENTRY),
    ("y = np.moveaxis(W, 0, 1)\n        np.add(z, 1, y)", WRITES),
    ("y = np.empty(3)\n        y = y @ W\n        np.add(z, 1, y)", WRITES),
    ("y = params\n        q, p, r = y\n        np.add(z, 1, q)", WRITES),
    ("y = z if T else x\n        np.add(z, 1, y)", WRITES),
    ("y = z\n        if T:\n            y = x\n        np.add(z, 1, y)", WRITES),
    ("y = z\n        for t in range(T):\n            y[0] = 1\n            y = x", ENTRY),
    ("y = z\n        for t in range(T):\n            np.add(z, 1, y)\n            y = x", WRITES),
    ("for y in x:\n            np.add(z, 1, y)", WRITES),
    ("for y in (z, x):\n            np.add(z, 1, y)", WRITES),
    ("for r, y in zip(w.steps, x):\n            np.add(z, 1, y)", WRITES),
    ("for y, r in zip(x, w.steps):\n            np.add(z, 1, y)", WRITES),
    ("for y in zip(w.steps, x):\n            np.add(z, 1, y[1])", WRITES),
    ("for r, y in zip(w.steps, zip(w.h, x)):\n            q, p = y\n            p[0] = 1", ENTRY),
    ("x[0] = 0", ENTRY),
    ("W.T[0] = 0", ENTRY),
    # what the workspace keeps
    ("w.steps[0] = x", ENTRY),
    ("w.sizes[0] = x", ENTRY),
    ("y = w.steps\n        y[0] = x", ENTRY),
    ("y = w.steps[1:]\n        y[0] = x", ENTRY),
    ("np.add(z, 1, w.steps)", WRITES),
    ("w.h = x", "an attribute is assigned"),
    ("w.sizes = x", "an attribute is assigned"),
    ("w.new = x", "the attribute `new`"),
    ("w.h, y = x, x", "an attribute is assigned"),
    ("for w.h in x:\n            y = 1", "an attribute is assigned"),
    ("w = x", "which is also something else"),
    ("for w in x:\n            y = 1", "which is also something else"),
    ("y = w.unknown", "the attribute `unknown`"),
    ("y = w.__class__", "the attribute `__class__`"),
    ("y = work.halves", "the attribute `halves`"),
    ("work.halves[0] = x", "the attribute `halves`"),
    ("y = work.lock", "the attribute `lock`"),
    ("w.h()", "a call of `w.h`"),
    ("w.append(x)", "the attribute `append`"),
    ("w.steps.append(x)", "the attribute `append`"),
    # what is read-only stays so, and what is not
    ("w.h.flags.writeable = False", READ_ONLY),
    ("scratch.flags.writeable = False", READ_ONLY),
    ("y = scratch[1:]\n        y.flags.writeable = False", READ_ONLY),
    ("y = scratch if T else W + 1\n        y.flags.writeable = False", READ_ONLY),
    ("for y in (scratch, W + 1):\n            y.flags.writeable = False", READ_ONLY),
    ("for y in w.steps:\n            y.flags.writeable = False", READ_ONLY),
    ("W.flags.writeable = False", READ_ONLY),
    ("y = x\n        y.flags.writeable = False", READ_ONLY),
    ("y = x.view()\n        y.flags.writeable = True", "an attribute is assigned"),
    ("y = z.view('O')", "a view as something else"),
    ("y = z.view(dtype=dtype)", "a view as something else"),
    # what else a `with` could be
    ("with open('x') as y:\n            z = 1", WITH),
    ("with using(work, Forward):\n            z = 1", WITH),
    (
        "with using(work, ForwardArrays) as y, using(work, ForwardArrays) as q:\n            t = 1",
        WITH,
    ),
    ("with using(work, Workspace) as y:\n            t = 1", WITH),
    ("with using(work, Params) as y:\n            t = 1", WITH),
    ("with using(work, ForwardArrays, **x) as y:\n            t = 1", "keywords"),
    ("with using(work, ForwardArrays, T=exec) as y:\n            t = 1", "`exec`"),
    ("with using(work, half=ForwardArrays) as y:\n            t = 1", WITH),
    ("np.maximum(z, 0.0, out=x)", "a call that writes"),
    ("np.minimum(z, z, out=params)", "a call that writes"),
    ("np.maximum(z, 0.0, x)", "a call that writes"),
    ("np.tanh(z, out=z)", "by a keyword"),
    ("with using(work, *x) as y:\n            t = 1", WITH),
    ("with using(work, ForwardArrays, *x) as y:\n            t = 1", "a Starred"),
    ("with using(work, ForwardArrays) as (y, q):\n            t = 1", WITH),
    ("with using(work, ForwardArrays) as y[0]:\n            t = 1", WITH),
    ("with using(work, ForwardArrays) as np:\n            t = 1", "`np` is assigned"),
    ("with using(exec('1'), ForwardArrays) as y:\n            t = 1", "`exec`"),
    ("with work.lock:\n            t = 1", WITH),
    ("with w as y:\n            t = 1", WITH),
    ("async with using(work, ForwardArrays) as y:\n            t = 1", ""),
    ("y = using(work, ForwardArrays)", "a call of `using`"),
    ("y = using", "`using`, which may be called"),
    ("using = 1", "`using` is assigned"),
    ("sigmoid_to = 1", "`sigmoid_to` is assigned"),
    ("zip = 1", "`zip` is assigned"),
    ("threading = 1", "`threading` is assigned"),
    ("y = ForwardArrays", "`ForwardArrays`, which may be called"),
    ("y = ForwardArrays(T, N, D, H, dtype)", "a call of `ForwardArrays`"),
    ("y = Workspace(T=T, N=N, D=D, H=H)", "a call of `Workspace`"),
    ("y = threading.Thread(exec)", "the attribute `Thread`"),
    ("y = threading.Lock()", "the attribute `Lock`"),
    ("y = list(x)", "`list`, which nothing defines"),
    ("exec('1')", "`exec`, which nothing defines"),
    ("getattr(w, 'h')", "`getattr`, which nothing defines"),
    ("y = forward.__globals__", "the attribute `__globals__`"),
    ("y = [t for t in w.steps]", "a ListComp"),
    ("y = lambda: w", "a Lambda"),
    ("z += 1", "a AugAssign"),
    ("del z", "a Delete"),
]


@pytest.mark.parametrize(("snippet", "why"), IN_FORWARD)
def test_forward(snippet: str, why: str) -> None:
    mark = "        for reads, writes in w.steps:\n"
    refused(instead(mark, f"        {snippet}\n{mark}")(sample()), why)


IN_BACKWARD = [  # put into the loop, where `scratch` is
    ("np.add(scratch, 1, sigmoid_o)", WRITES),
    ("np.add(scratch, 1, sigmoid_o_t)", WRITES),
    ("np.add(scratch, 1, dh_out_t)", WRITES),
    ("np.add(scratch, 1, saved_t)", WRITES),
    ("np.add(scratch, 1, saved[0])", WRITES),
    ("np.add(scratch, 1, dh_out)", WRITES),
    ("np.copyto(c_prev_t, scratch)", WRITES),
    ("sigmoid_to(scratch, tanh_c_t)", WRITES),
    ("c_prev_t[...] = 0", ENTRY),
    ("saved_t[0][...] = 0", ENTRY),
    ("h_prev[0] = 0", ENTRY),
    ("dc_out[0] = 0", ENTRY),
    ("params[0][0] = 0", ENTRY),
    ("di_t = x", ENTRY),
]


@pytest.mark.parametrize(("snippet", "why"), IN_BACKWARD)
def test_backward(snippet: str, why: str) -> None:
    mark = "            np.add(dh_out_t, dh_prev, dh)\n"
    refused(instead(mark, f"            {snippet}\n{mark}")(sample()), why)


IN_STEP = [  # put behind `in_turn`
    ("np.add(z, 1, x)", WRITES),
    ("np.add(z, 1, h_prev)", WRITES),
    ("np.add(z, 1, c_prev)", WRITES),
    ("np.copyto(W, z)", WRITES),
    ("h_prev[0] = 0", ENTRY),
    ("x[0] = 0", ENTRY),
    ("h.flags.writeable = False", READ_ONLY),
    ("y, q = in_turn(x, h)\n        y[0] = 0", ENTRY),
    ("y, q = in_turn(params, h)\n        np.add(z, 1, q)", WRITES),
    ("y = in_turn((x, x), h)\n        y[0] = 0", ENTRY),
    ("y, q = in_turn(w.sizes, h)\n        y[0] = 0", ENTRY),
    ("w.turns[0] = x", ENTRY),
    ("y = np.swapaxes(W, 0, 1)\n        y[0] = 0", ENTRY),
    ("w.turned[0] = 0\n        w.turned = x", "an attribute is assigned"),
    ("y = work.bound", "the attribute `bound`"),
    ("in_turn = x", "`in_turn` is assigned"),
    ("y = in_turn", "`in_turn`, which may be called"),
    ("y = bind_again('N', exec, work, params)", "`exec`"),
    ("y = bind_again(STEP, STEP, work, params)", "`STEP`, which may be called"),
    ("y = bind_again('N', STEP, StepArrays, params)", "`StepArrays`, which may be called"),
    ("y = in_turn(STEP, x)", "`STEP`, which may be called"),
]


@pytest.mark.parametrize(("snippet", "why"), IN_STEP)
def test_step(snippet: str, why: str) -> None:
    mark = "        np.matmul(x, W, z)\n"
    refused(instead(mark, f"        {snippet}\n{mark}")(sample()), why)


BEHIND = [
    ("dh[0] = 0", ENTRY),
    ("w.dh[0] = 0", ENTRY),
    ("np.add(T, 1, dh)", WRITES),
    ("np.add(T, 1, w.dh)", WRITES),
    ("dh.flags.writeable = False", READ_ONLY),
]


@pytest.mark.parametrize(("snippet", "why"), BEHIND)
def test_behind_the_with(snippet: str, why: str) -> None:
    """What a workspace lent is given back: another may have it by then."""
    new = f"        y = 1\n    {snippet}\n    return Grads("
    refused(instead("        return Grads(", new)(sample()), why)


MAKING = "what no workspace is made of"
CALL = "a call that a workspace may not make"
NOT_ITS_OWN = "a workspace assigns to what is not its own"
CLASS = "a class that is no workspace"

IN_CLASSES = [  # the first of the old words by the new ones
    ("class ForwardArrays:", "class OtherArrays:", "a ClassDef that is on no list"),
    ("class ForwardArrays:", "class ForwardArrays(object):", CLASS),
    ("class ForwardArrays:", "class ForwardArrays():", None),
    ("class ForwardArrays:", "class ForwardArrays(metaclass=exec):", CLASS),
    ("class ForwardArrays:", "class ForwardArrays(NamedTuple):", CLASS),
    ("class ForwardArrays:", "@exec\nclass ForwardArrays:", CLASS),
    ("class Workspace:", "class Workspace(ForwardArrays):", CLASS),
    ("class Workspace:", "class Workspace[T: exec('1')]:", ""),
    ("    def __init__(", "    def __init__[T: exec('1')](", ""),
    ("class BackwardArrays:", "class ForwardArrays:", "is defined 2 times"),
    ("class Workspace:", "class Using:", "a ClassDef that is on no list"),
    ('    """What `forward` fills, and views of its steps."""\n', "", CLASS),
    ('    """What `forward` fills, and', '    x = 1\n    """What `forward` fills, and', CLASS),
    ('steps."""\n', 'steps."""\n\n    x = 1\n', CLASS),
    ('steps."""\n', 'steps."""\n\n    x: exec("1")\n', CLASS),
    ('steps."""\n', 'steps."""\n\n    def f(self):\n        self.x = 1\n', CLASS),
    ("    def __init__(", "    @exec\n    def __init__(", "a head that is no writer's"),
    ("    def __init__(", "    async def __init__(", CLASS),
    ("    def __init__(", "    def __new__(", "a head that is no writer's"),
    ("    def __init__(", "    def __del__(", "a head that is no writer's"),
    ("__init__(self, T,", "__init__(this, T,", "a head that is no writer's"),
    ("__init__(self, T,", "__init__(self, np, T,", "a head that is no writer's"),
    ("__init__(self, T,", "__init__(self, zip, T,", "a head that is no writer's"),
    ("N, D, H, dtype):", "N, D, H, *dtype):", "a head that is no writer's"),
    ("N, D, H, dtype):", "N, D, H, **dtype):", "a head that is no writer's"),
    ("N, D, H, dtype):", "N, D, H, dtype: exec('1')):", "a head that is no writer's"),
    ("N, D, H, dtype):", "N, D, H, dtype) -> exec('1'):", "a head that is no writer's"),
    ("N, D, H, dtype):", "N, D, H, dtype=exec('1')):", "a head that is no writer's"),
    ("dtype=np.float64", "dtype=np.load", "a head that is no writer's"),
    # statements
    ("self.sizes = T, N, D, H, dtype", "self.sizes: int = T", "a AnnAssign in a workspace"),
    ("self.sizes = T, N, D, H, dtype", "self.sizes += T", "a AugAssign in a workspace"),
    ("self.sizes = T, N, D, H, dtype", "exec('1')", "a Expr in a workspace"),
    ("self.sizes = T, N, D, H, dtype", "return T", "a Return in a workspace"),
    ("self.sizes = T, N, D, H, dtype", "import os", "a Import in a workspace"),
    ("self.sizes = T, N, D, H, dtype", "for t in range(T):\n            y = t", "a For in"),
    ("self.sizes = T, N, D, H, dtype", "if T:\n            y = 1", "a If in a workspace"),
    ("self.sizes = T, N, D, H, dtype", "self.sizes = y = T", "a Assign in a workspace"),
    # targets
    ("self.sizes =", "self.__class__ =", NOT_ITS_OWN),
    ("self.sizes =", "self._sizes =", NOT_ITS_OWN),
    ("self.sizes =", "self.sizes.x =", NOT_ITS_OWN),
    ("self.sizes =", "self =", NOT_ITS_OWN),
    ("self.sizes =", "_x =", NOT_ITS_OWN),
    ("self.sizes =", "np =", NOT_ITS_OWN),
    ("self.sizes =", "zip =", NOT_ITS_OWN),
    ("self.sizes =", "SHAPES =", NOT_ITS_OWN),
    ("self.sizes =", "np.tanh =", NOT_ITS_OWN),
    ("self.sizes =", "T.x =", NOT_ITS_OWN),
    ("self.sizes =", "self.x, T.x =", NOT_ITS_OWN),
    ("self.sizes =", "SHAPES['x'] =", NOT_ITS_OWN),
    ("self.sizes =", "self.x[0] =", NOT_ITS_OWN),
    ("self.sizes =", "*self.x, y =", NOT_ITS_OWN),
    # values
    ("T, N, D, H, dtype\n", "exec('1')\n", CALL),
    ("T, N, D, H, dtype\n", "getattr(T, 'x')\n", CALL),
    ("T, N, D, H, dtype\n", "T()\n", CALL),
    ("T, N, D, H, dtype\n", "T.tofile('x')\n", CALL),
    ("T, N, D, H, dtype\n", "np.load('x')\n", CALL),
    ("T, N, D, H, dtype\n", "np.tanh(T)\n", CALL),
    ("T, N, D, H, dtype\n", "forward(T)\n", CALL),
    ("T, N, D, H, dtype\n", "fold(T)\n", CALL),
    ("T, N, D, H, dtype\n", "using(T, T)\n", CALL),
    ("T, N, D, H, dtype\n", "Workspace(T=T)\n", CALL),
    ("T, N, D, H, dtype\n", "BackwardArrays(T, T, T, T, T)\n", CALL),
    ("T, N, D, H, dtype\n", "threading.Thread(T)\n", CALL),
    ("T, N, D, H, dtype\n", "zip(**T)\n", CALL),
    ("T, N, D, H, dtype\n", "zip(*T)\n", MAKING),
    ("T, N, D, H, dtype\n", "T.__class__\n", MAKING),
    ("T, N, D, H, dtype\n", "self.__class__\n", MAKING),
    ("T, N, D, H, dtype\n", "self\n", MAKING),
    ("T, N, D, H, dtype\n", "self.later\n", MAKING),
    ("T, N, D, H, dtype\n", "SHAPES\n", MAKING),
    ("T, N, D, H, dtype\n", "np\n", MAKING),
    ("T, N, D, H, dtype\n", "np.empty\n", MAKING),
    ("T, N, D, H, dtype\n", "threading.Lock\n", MAKING),
    ("T, N, D, H, dtype\n", "ForwardArrays\n", MAKING),
    ("T, N, D, H, dtype\n", "T.reshape\n", MAKING),
    ("T, N, D, H, dtype\n", "lambda: 1\n", MAKING),
    ("T, N, D, H, dtype\n", "[t for t in T]\n", MAKING),
    ("T, N, D, H, dtype\n", "(t for t in T)\n", MAKING),
    ("T, N, D, H, dtype\n", "(y := T)\n", MAKING),
    ("T, N, D, H, dtype\n", "[T]\n", MAKING),
    ("T, N, D, H, dtype\n", "'text'\n", MAKING),
    ("T, N, D, H, dtype\n", "f'{T}'\n", MAKING),
    ("T, N, D, H, dtype\n", "{}\n", None),
    ("T, N, D, H, dtype\n", "{'x': T}\n", "a dictionary of others"),
    ("T, N, D, H, dtype\n", "{**T}\n", "a dictionary of others"),
    ("T, N, D, H, dtype\n", "10**10**10\n", "a power that is out of reach"),
    ("T, N, D, H, dtype\n", "np.empty(10**15)\n", "a size that is out of reach"),
    ("T, N, D, H, dtype\n", "np.empty(T, 'O')\n", MAKING),
    ("ForwardArrays: ForwardArrays(", "ForwardArrays: BackwardArrays(", "a dictionary of others"),
    ("ForwardArrays: ForwardArrays(", "Workspace: Workspace(", "a dictionary of others"),
    ("ForwardArrays: ForwardArrays(", "'a': ForwardArrays(", "a dictionary of others"),
    ("ForwardArrays: ForwardArrays(", "**ForwardArrays(", "a dictionary of others"),
    ("threading.Lock()", "threading.RLock()", CALL),
    ("threading.Lock()", "threading.Thread(target=print)", CALL),
    # what it lends must be what it made
    ("self.z = np.empty((N, 4 * H), dtype)", "self.z = H", WRITES),
    ("self.z = np.empty((N, 4 * H), dtype)", "self.z = H.T", WRITES),
    ("self.z = np.empty((N, 4 * H), dtype)", "self.z = H[1:]", WRITES),
    ("self.scratch = np.empty((N, H), dtype)", "self.scratch, y = H, T", WRITES),
    ("self.tanh_c, self.h\n", "self.tanh_c, H\n", WRITES),
    ("self.steps = list(zip(reads, writes))", "self.steps = H", WRITES),
    ("self.steps = list(zip(reads, writes))", "self.steps = list(H)", WRITES),
    ("self.steps = list(zip(reads, writes))", "self.steps = zip(H, H)", WRITES),
]


@pytest.mark.parametrize(("old", "new", "why"), IN_CLASSES)
def test_classes(old: str, new: str, why: str | None) -> None:
    text = instead(old, new)(sample())
    if why is None:  # as good as what stood there
        passed(text)
    else:
        refused(text, why)


ELSEWHERE = [
    ("import threading", "import thread", "a Import that is on no list"),
    ("import threading", "import threading as np", "a Import that is on no list"),
    ("import threading", "import threading, os", "a Import that is on no list"),
    ("from typing import NamedTuple", "from os import name", "a ImportFrom that is on no list"),
    ("class using:\n", "class using(exec):\n", "a ClassDef that is on no list"),
    ("class using:\n", "@exec\nclass using:\n", "a ClassDef that is on no list"),
    ("self.lock.acquire()", "self.lock.release()", "a ClassDef that is on no list"),
    ("    turns.reverse()\n", "", "a FunctionDef that is on no list"),
    ("!= before:", "== before:", "a FunctionDef that is on no list"),
    ("np.tanh(x * 0.5, out)", "np.tanh(x * 0.5, x)", "a FunctionDef that is on no list"),
    ("work=None", "work=exec", "a default that is no constant"),
]


@pytest.mark.parametrize(("old", "new", "why"), ELSEWHERE)
def test_elsewhere(old: str, new: str, why: str) -> None:
    refused(instead(old, new)(sample()), why)


@pytest.mark.parametrize(
    "name", ["ForwardArrays", "BackwardArrays", "StepArrays", "Workspace", "step", "using"]
)
def test_nothing_may_lack(name: str) -> None:
    made = sample().split("\n\n\n")
    left = [block for block in made if not re.search(rf"^(?:class|def) {name}\b", block, re.M)]
    assert len(left) == len(made) - 1
    refused("\n\n\n".join(left), "")


def test_classes_come_first() -> None:
    """What a function borrows is known by then."""
    made = sample().split("\n\n\n")
    (place,) = (i for i, block in enumerate(made) if block.startswith("class ForwardArrays"))
    made.insert(-1, made.pop(place))
    refused("\n\n\n".join(made), WITH)


def test_what_a_fast_module_may_say_a_plain_one_may_not() -> None:
    passed(emitted(LSTM)[NAME])
    for snippet in ("np.copyto(z_x, 0)", "y = zip(z_x)", "np.reciprocal(z_x, z_x)"):
        text = instead("    # one step after", f"    {snippet}\n    # one step after")
        refused(text(emitted(LSTM)[NAME]), "the attribute" if "np" in snippet else "`zip`")


@pytest.mark.parametrize(
    "snippet", ["np.tanh(z_x, x)", "y = z_x.sum(0, None, b)", "y = np.tanh(z_x, W)"]
)
def test_a_plain_module_writes_to_its_own_too(snippet: str) -> None:
    text = instead("    # one step after", f"    {snippet}\n    # one step after")
    refused(text(emitted(LSTM)[NAME]), WRITES)


def test_helpers_write_where_the_gate_looks() -> None:
    """A kept function whose name ends in `_to` writes to its last argument, called `out`."""
    found = re.findall(r"^def (\w+_to)\((.*)\):", "\n".join(gate.kept_blocks()), re.M)
    assert "sigmoid_to" in dict(found)
    for name, words in found:
        assert re.search(r"(?:^|, )out(?:$|, \*, axis$)", words), name


# -- part by part ----------------------------------------------------------------------------------

IN_PARTS = [  # put before the loop over parts, where `h` is, which one may write to, and `ws`
    ("x[0:3] = 0", ENTRY),
    ("x[0:3], h[0:3] = forward_of_part(params, x)", ENTRY),
    ("np.add(h[0:3], 1, x[0:3])", WRITES),
    ("y = forward_of_part(params, x)\n        y[0] = 1", ENTRY),
    ("y, z = forward_of_part(params, x)\n        y[0] = 1", ENTRY),
    ("np.add(h, 1, forward_of_part(params, x))", WRITES),
    ("y = fitting(x, ForwardArrays, T=T)", "a call of `fitting`"),
    ("y = ForwardArrays(T, N, H, dtype)", "a call of `ForwardArrays`"),
    ("with fitting(x, Params, T=T) as y:\n            y.h[0] = 1", WITH),
    ("with forward_of_part(x, ForwardArrays, T=T) as y:\n            y.h[0] = 1", WITH),
    ("with fitting(x, ForwardArrays, T=T) as x:\n            x.h[0] = 1", "`x`, which is also"),
    ("with fitting(x, ForwardArrays, T=T) as y:\n            y[0] = 1", ENTRY),
    ("with fitting(x, ForwardArrays, T=T) as y:\n            y.sizes[0] = 1", ENTRY),
    ("forward_of_part = 1", "`forward_of_part` is assigned"),
    ("y = forward_of_part", "which may be called or bound"),
]


@cache
def parted() -> str:
    """The module that runs three steps at a time."""
    return compile_source(read(LSTM), style="fast", remat=3)[NAME]


def test_a_module_in_parts_passes_as_it_is() -> None:
    passed(parted())


@pytest.mark.parametrize(("snippet", "why"), IN_PARTS)
def test_a_run_over_parts_writes_to_nothing_but_its_own(snippet: str, why: str) -> None:
    loop = "        for start in range(0, T, 3):\n"
    assert parted().count(loop) == 1
    refused(parted().replace(loop, f"        {snippet}\n{loop}"), why)


@pytest.mark.parametrize("half", ["forward_of_part", "backward_of_part"])
def test_both_passes_run_in_parts_or_none(half: str) -> None:
    kept = [b for b in parted().split("\n\n\n") if not b.startswith(f"def {half}(")]
    refused("\n\n\n".join(kept), f"`{half}`, which nothing defines")


# -- the page --------------------------------------------------------------------------------------


def test_classes_are_held_to_the_page() -> None:
    page = replace(numpy.write(run(read(LSTM))), classes=codes(blocks(CLASSES)))
    text = render(page, "numpy/module.py.jinja")
    seal = emitted(LSTM)[NAME].rpartition("\n\n\n")[2]
    text = f"{gate.HEADER}{text.rstrip()}\n\n\n{seal}"
    complete({NAME: text}, {NAME: page})
    made = text.split("\n\n\n")
    (place,) = (i for i, block in enumerate(made) if block.startswith("class Workspace"))
    for others in ([], [made[place]] * 2, [made[place].replace("T, ", "")], [made[place + 1]]):
        spoiled = "\n\n\n".join([*made[:place], *others, *made[place + 1 :]])
        with pytest.raises(Unexpected):
            complete({NAME: spoiled}, {NAME: page})
