"""Fixed numbers: those of the five starting systems, and those that CS231n prints in assignment 3.

They were computed by others (PyTorch's autograd; the course), and bind values and gradients alike.
"""

import numpy as np
import pytest

from peers import load


def lin(start, stop, *shape):
    """Evenly spaced numbers in C order, as the tables give them."""
    return np.linspace(start, stop, int(np.prod(shape))).reshape(shape)


def close(ours, printed, tolerance=1e-9):
    np.testing.assert_allclose(ours, printed, rtol=tolerance, atol=tolerance)


# -- why transpose W_hh: one step, two examples ---------------------------------------------------

UPSTREAM = lin(-1, 1, 2, 4)


def question(cell, b):
    """Forward and backward of the question's network, with UPSTREAM as the gradient of h."""
    module = load(cell)
    p = module.Params(W_xh=lin(-0.6, 0.5, 3, 4), W_hh=lin(-0.7, 0.9, 4, 4), b=b)
    outputs, saved = module.forward(p, lin(-0.4, 0.8, 1, 2, 3), lin(-0.5, 0.6, 2, 4))
    return p, outputs, module.backward(p, saved, dh=UPSTREAM[None])


FULL_BIAS = lin(-0.3, 0.2, 2, 4)


def test_transpose_of_w_hh():
    p, outputs, grads = question("rnn_full_bias", FULL_BIAS)
    dh0 = [
        [1.2467286692, 0.363393202, -0.5199422652, -1.4032777323],
        [-0.5786618388, -0.1046504757, 0.3693608873, 0.8433722503],
    ]
    dx = [
        [1.0523527679, 0.2242257674, -0.603901233],
        [-0.4800037414, -0.0356180886, 0.4087675643],
    ]
    close(grads.dh0, dh0)
    close(grads.dx[0], dx)
    close(grads.params.W_hh[0], [0.4503310498, 0.3712971898, 0.2513329897, 0.1050357668])
    close(grads.params.W_xh[2], [0.0442370217, 0.2211326325, 0.2537336701, 0.2040425813])
    close(grads.params.b[0], [-0.8642202504, -0.6546813697, -0.410551685, -0.1408641961])
    without = (UPSTREAM * (1 - outputs.h[0] ** 2)) @ p.W_hh
    assert np.abs(without - grads.dh0).max() == pytest.approx(1.3800, abs=1e-4)


def test_bias_of_one_row_sums_over_the_batch():
    _, _, full = question("rnn_full_bias", np.tile(FULL_BIAS[0], (2, 1)))
    _, _, grads = question("rnn", FULL_BIAS[0])
    close(grads.params.b, full.params.b.sum(axis=0), 1e-14)
    printed = [-0.7225019482, -0.3127974421, -0.0523294289, 0.1282754501]
    close(question("rnn_full_bias", FULL_BIAS)[2].params.b.sum(axis=0), printed)


# -- the language model in row vectors, and its sign ----------------------------------------------


@pytest.mark.parametrize(("cell", "sign"), [("rnnlm", 1), ("rnnlm_plus", -1)])
def test_third_order_tensor(cell, sign):
    module = load(cell)
    p = module.Params(
        H=lin(-0.6, 0.7, 3, 3),
        I=lin(-0.3, 0.9, 2, 3),
        U=lin(-0.8, 0.5, 3, 4),
        b1=lin(-0.2, 0.2, 1, 3),
        b2=lin(-0.1, 0.3, 1, 4),
    )
    y = np.array([[[0.0, 0.0, 1.0, 0.0]]])
    outputs, saved = module.forward(p, lin(-0.5, 0.5, 1, 1, 2), y, lin(0.1, 0.8, 1, 3))
    grads = module.backward(p, saved)
    dH = [
        [-1.4367419349525996e-4, -1.2820963269285934e-4, -1.0605859392883159e-4],
        [-6.465338707286699e-4, -5.76943347117867e-4, -4.772636726797422e-4],
        [-1.1493935479620796e-3, -1.0256770615428748e-3, -8.484687514306527e-4],
    ]
    close(sign * outputs.L, 1.285045509912, 1e-11)
    close(sign * grads.params.H, dH, 1e-14)
    close(sign * grads.dh0, [[0.0017146234, -0.0001278459, -0.0019703152]])
    close(sign * grads.de[0], [[0.0003170429, -0.0024041425]])
    close(sign * grads.params.b2, [[0.1309450675, 0.1903270363, -0.7233620064, 0.4020899026]])


# -- the Jacobian of Pascanu et al. ---------------------------------------------------------------


def test_jacobian_of_the_pre_activation():
    module = load("pascanu_tanh")
    W = lin(-0.5, 1.1, 3, 3)
    p = module.Params(W_rec=W, W_in=lin(-0.4, 0.3, 3, 2), b=np.zeros((3, 1)))
    x0 = lin(-0.9, 0.7, 3, 1)
    _, saved = module.forward(p, lin(0.2, 0.6, 1, 2, 1), x0)
    rows = [module.backward(p, saved, dx=row[None, :, None]).dx0[:, 0] for row in np.eye(3)]
    J = [
        [-0.24345868057417075, -0.29701988725423195, -0.06347395899824584],
        [0.04869173611483419, 0.297019887254232, 0.3173697949912293],
        [0.3408421528038391, 0.8910596617626959, 0.6982135489807045],
    ]
    close(rows, J, 1e-14)
    printed = W.T @ np.diag(1 - np.tanh(x0[:, 0]) ** 2)  # eq. 5: in neither layout
    assert np.abs(printed - rows).max() == pytest.approx(0.508, abs=1e-3)
    assert np.abs(printed - np.transpose(rows)).max() == pytest.approx(0.320, abs=1e-3)


# -- the network of the Deep Learning book --------------------------------------------------------


@pytest.mark.parametrize(("cell", "column"), [("goodfellow", ()), ("goodfellow_columns", (1,))])
def test_deep_learning_book(cell, column):
    module = load(cell)
    p = module.Params(
        U=lin(-0.5, 0.6, 3, 2),
        W=lin(-0.4, 0.8, 3, 3),
        V=lin(-0.7, 0.6, 4, 3),
        b=lin(-0.2, 0.1, 3, *column),
        c=lin(-0.1, 0.2, 4, *column),
    )
    labels = np.array([2, 0, 3]).reshape(3, *column)
    outputs, saved = module.forward(p, lin(-1, 1, 3, 2, *column), labels)
    grads = module.backward(p, saved).params
    dW = [
        [0.255560507174, 0.035059206414, -0.169028624309],
        [0.220252932002, 0.078761370328, -0.053656158324],
        [0.11229427063, 0.068456409505, 0.026288196367],
    ]
    dU = [
        [-0.054257276934, -0.131038442515],
        [-0.156539297299, -0.341500244794],
        [-0.170360704464, -0.323289233985],
    ]
    close(outputs.J, 3.881842864386, 1e-11)
    close(grads.W, dW, 1e-11)
    close(grads.U, dU, 1e-11)
    close(grads.V[0], [0.158237074262, 0.112131294744, 0.079195917304], 1e-11)
    close(grads.b.ravel(), [-0.191952913951, -0.462402368738, -0.382321323801], 1e-11)
    dc = [-0.244500892842, 0.748796087102, -0.253299807085, -0.250995387174]
    close(grads.c.ravel(), dc, 1e-11)


# -- CS231n, assignment 3: its sequences are (N, T, D), and it prints eight digits ----------------


def relative(ours, printed):
    """The course's relative error."""
    ours, printed = np.asarray(ours), np.asarray(printed)
    return np.max(np.abs(ours - printed) / np.maximum(1e-8, np.abs(ours) + np.abs(printed)))


def test_cs231n_rnn_step():
    module = load("rnn")
    p = module.Params(lin(-0.1, 0.9, 10, 4), lin(-0.3, 0.7, 4, 4), lin(-0.2, 0.4, 4))
    outputs, _ = module.forward(p, lin(-0.4, 0.7, 1, 3, 10), lin(-0.2, 0.5, 3, 4))
    h = [
        [-0.58172089, -0.50182032, -0.41232771, -0.31410098],
        [0.66854692, 0.79562378, 0.87755553, 0.92795967],
        [0.97934501, 0.99144213, 0.99646691, 0.99854353],
    ]
    assert relative(outputs.h[0], h) < 1e-8


def test_cs231n_rnn():
    module = load("rnn")
    p = module.Params(lin(-0.2, 0.4, 4, 5), lin(-0.4, 0.1, 5, 5), lin(-0.7, 0.1, 5))
    x = lin(-0.1, 0.3, 2, 3, 4).swapaxes(0, 1)
    outputs, _ = module.forward(p, x, lin(-0.3, 0.1, 2, 5))
    first = [
        [-0.42070749, -0.27279261, -0.11074945, 0.05740409, 0.22236251],
        [-0.39525808, -0.22554661, -0.0409454, 0.14649412, 0.32397316],
        [-0.42305111, -0.24223728, -0.04287027, 0.15997045, 0.35014525],
    ]
    second = [
        [-0.55857474, -0.39065825, -0.19198182, 0.02378408, 0.23735671],
        [-0.27150199, -0.07088804, 0.13562939, 0.33099728, 0.50158768],
        [-0.51014825, -0.30524429, -0.06755202, 0.17806392, 0.40333043],
    ]
    assert relative(outputs.h.swapaxes(0, 1), [first, second]) < 1e-7


def test_cs231n_lstm_step():
    module = load("lstm")
    p = module.Params(lin(-2.1, 1.3, 4, 20), lin(-0.7, 2.2, 5, 20), lin(0.3, 0.7, 20))
    state = lin(-0.3, 0.7, 3, 5), lin(-0.4, 0.9, 3, 5)
    outputs, _ = module.forward(p, lin(-0.4, 1.2, 1, 3, 4), *state)
    h = [
        [0.24635157, 0.28610883, 0.32240467, 0.35525807, 0.38474904],
        [0.49223563, 0.55611431, 0.61507696, 0.66844003, 0.7159181],
        [0.56735664, 0.66310127, 0.74419266, 0.80889665, 0.858299],
    ]
    c = [
        [0.32986176, 0.39145139, 0.451556, 0.51014116, 0.56717407],
        [0.66382255, 0.76674007, 0.87195994, 0.97902709, 1.08751345],
        [0.74192008, 0.90592151, 1.07717006, 1.25120233, 1.42395676],
    ]
    assert relative(outputs.h[0], h) < 1e-8
    assert relative(outputs.c[0], c) < 1e-8


def test_cs231n_lstm():
    module = load("lstm")
    p = module.Params(lin(-0.2, 0.9, 5, 16), lin(-0.3, 0.6, 4, 16), lin(0.2, 0.7, 16))
    x = lin(-0.4, 0.6, 2, 3, 5).swapaxes(0, 1)
    outputs, _ = module.forward(p, x, lin(-0.4, 0.8, 2, 4))
    first = [
        [0.01764008, 0.01823233, 0.01882671, 0.0194232],
        [0.11287491, 0.12146228, 0.13018446, 0.13902939],
        [0.31358768, 0.33338627, 0.35304453, 0.37250975],
    ]
    second = [
        [0.45767879, 0.4761092, 0.4936887, 0.51041945],
        [0.6704845, 0.69350089, 0.71486014, 0.7346449],
        [0.81733511, 0.83677871, 0.85403753, 0.86935314],
    ]
    assert relative(outputs.h.swapaxes(0, 1), [first, second]) < 1e-7


def test_cs231n_captioning_loss():
    N, F, D, H, V, T = 10, 20, 30, 40, 3, 13
    shapes = {"W_p": (F, H), "b_p": (H,), "E": (V, D), "Wx": (D, H), "Wh": (H, H), "b": (H,)}
    shapes |= {"W_v": (H, V), "b_v": (V,)}
    module = load("captioner")
    p = module.Params(**{name: lin(-1.4, 1.3, *shape) for name, shape in shapes.items()})
    captions = (np.arange(N * T) % V).reshape(N, T)
    words, labels = captions[:, :-1], captions[:, 1:]
    outputs, _ = module.forward(p, lin(-1.5, 0.3, N, F), words, labels)
    assert outputs.J == pytest.approx(9.83235591003, abs=1e-10)
