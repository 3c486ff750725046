"""Every cell of the library against one written elsewhere: values and all gradients, to 1e-10.

No test of a derivative can see a wrong precedence, axis or order of gates; only these can.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from peers import ROOT, SIZES, draw, library, load

torch = pytest.importorskip("torch", reason="peer absent: torch")
PEERS = library()


def close(ours, theirs, what, tolerance=1e-10):
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance, err_msg=what)


def number(array):
    """A scalar as a float, any other array as it is."""
    return array if array.ndim else float(array)


def pulled(outputs, cotangents, leaves):
    """The gradient that PyTorch finds for each real leaf."""
    total = sum((torch.as_tensor(cotangents[name]) * y).sum() for name, y in outputs.items())
    total.backward()
    real = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
    return {n: np.zeros(v.shape) if v.grad is None else v.grad.numpy() for n, v in real.items()}


@pytest.mark.parametrize("cell", sorted(PEERS))
def test_values_and_gradients(cell):
    peer, rng = PEERS[cell], np.random.default_rng(list(cell.encode()))
    params, inputs, initial = (draw(f, rng) for f in (peer.params, peer.inputs, peer.initial))
    arrays = params | inputs | initial
    leaves = {k: torch.tensor(v, requires_grad=v.dtype == float) for k, v in arrays.items()}
    theirs = peer.outputs(SimpleNamespace(**leaves, **peer.consts))
    cotangents = {k: np.asarray(rng.standard_normal(tuple(y.shape))) for k, y in theirs.items()}
    gradients = pulled(theirs, cotangents, leaves)

    module = load(cell)
    p = module.Params(**params)
    outputs, saved = module.forward(p, *inputs.values(), *initial.values(), **peer.consts)
    assert set(outputs._fields) == set(theirs)
    for name, y in theirs.items():
        close(getattr(outputs, name), y.detach().numpy(), name)

    grads = module.backward(p, saved, **{f"d{k}": number(v) for k, v in cotangents.items()})
    ours = grads.params._asdict() | {k: v for k, v in grads._asdict().items() if k != "params"}
    assert set(ours) == {k if k in params else f"d{k}" for k in gradients}
    for name, gradient in gradients.items():
        close(ours[name if name in params else f"d{name}"], gradient, f"gradient of {name}")


def test_every_cell_has_a_peer():
    assert sorted(PEERS) == sorted(path.stem for path in (ROOT / "bpgen/cells").glob("*.spec"))


# -- ONNX: its reference evaluator, in its float32 ------------------------------------------------


def evaluated(operator, feeds, **attributes):
    """The states of an ONNX recurrent node, (T, N, H); the input without a name is left out."""
    onnx = pytest.importorskip("onnx", reason="peer absent: onnx")
    reference = pytest.importorskip("onnx.reference", reason="peer absent: onnx")
    helper, real = onnx.helper, onnx.TensorProto.FLOAT
    node = helper.make_node(operator, list(feeds), ["Y"], hidden_size=SIZES["H"], **attributes)
    feeds = {name: value.astype(np.float32) for name, value in feeds.items() if name}
    given = [helper.make_tensor_value_info(name, real, v.shape) for name, v in feeds.items()]
    result = [helper.make_tensor_value_info("Y", real, None)]
    model = helper.make_model(helper.make_graph([node], "peer", given, result))
    (y,) = reference.ReferenceEvaluator(model).run(None, feeds)
    return y[:, 0]


def columns(ours, theirs, *packed):
    """Packed rows with our order of gates as columns of one direction with theirs."""
    for w in packed:
        parts = dict(zip(ours, np.split(w, len(ours), axis=-1), strict=True))
        yield np.concatenate([parts[gate] for gate in theirs], axis=-1).T[None]


def drawn(cell, seed):
    peer, rng = PEERS[cell], np.random.default_rng(seed)
    arrays = [draw(fields, rng) for fields in (peer.params, peer.inputs, peer.initial)]
    module = load(cell)
    p = module.Params(**arrays[0])
    outputs, _ = module.forward(p, *arrays[1].values(), *arrays[2].values())
    return p, {**arrays[1], **arrays[2]}, outputs.h


def test_onnx_lstm_with_peepholes():
    p, given, h = drawn("lstm_peephole", 1)
    W, R, b = columns("ifog", "iofg", p.W, p.U, p.b)
    feeds = {"X": given["x"], "W": W, "R": R, "B": np.concatenate([b, 0 * b], axis=1)}
    feeds |= {"": None, "h0": given["h0"][None]}
    feeds |= {"c0": given["c0"][None], "P": np.concatenate([p.p_i, p.p_o, p.p_f])[None]}
    close(h, evaluated("LSTM", feeds), "h", 1e-5)


def test_onnx_gru_reset_after():
    p, given, h = drawn("gru", 2)
    W, R, b = columns("rzn", "zrn", p.W, p.U, p.b)
    second = np.concatenate([0 * p.b_n, 0 * p.b_n, p.b_n])[None]
    feeds = {"X": given["x"], "W": W, "R": R, "B": np.concatenate([b, second], axis=1)}
    feeds |= {"": None, "h0": given["h0"][None]}
    close(h, evaluated("GRU", feeds, linear_before_reset=1), "h", 1e-5)


def test_onnx_gru_reset_before():
    p, given, h = drawn("gru_reset_before", 3)
    W = np.concatenate([p.W_z, p.W_r, p.W], axis=1).T[None]
    R = np.concatenate([p.U_z, p.U_r, p.U], axis=1).T[None]
    b = np.concatenate([p.b_z, p.b_r, p.b])[None]
    feeds = {"X": given["x"], "W": W, "R": R, "B": np.concatenate([b, 0 * b], axis=1)}
    feeds |= {"": None, "h0": given["h0"][None]}
    close(h, evaluated("GRU", feeds, linear_before_reset=0), "h", 1e-5)
