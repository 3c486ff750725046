"""-log softmax(logits) at a label, one number an example; or -Σ p log softmax(logits), p dense.

Against a label the gradient of the logits is softmax minus one at the label. Against dense labels
it is softmax Σp - p, which is softmax - p where the labels sum to one.
"""

from bpgen.ir import Node, ShapeError, apply
from bpgen.ops.rules import restored, total
from bpgen.ops.shapes import check_axis
from bpgen.ops.spelling import bracketed
from bpgen.sizes import Shape, shape_text

along = True
heavy = True
casts = False
latex = r"\operatorname{{cross\_entropy}}({logits}, {labels})"
helper = '''
def cross_entropy(logits, labels, axis=-1):
    """-log softmax(logits) at the labels, along an axis."""
    logs = log_softmax(logits, axis)
    return -np.take_along_axis(logs, np.expand_dims(labels, axis), axis).squeeze(axis)
'''
because = "the derivative of log Σ exp is the softmax, that of the label's own logit is one"


def shape(logits: Shape, labels: Shape, *, axis: int = -1) -> Shape:
    check_axis(axis, logits)
    rest = (*logits[:axis], *logits[len(logits) + axis + 1 :])
    if labels not in (rest, logits):
        raise ShapeError(
            f"labels for logits of {shape_text(logits)} are integers of {shape_text(rest)} or "
            f"dense, of {shape_text(logits)}; these are of {shape_text(labels)}"
        )
    return rest


def numpy(logits: str, labels: str, *, node: Node) -> str:
    axis = node["axis"]
    words = "" if axis == -1 else f", axis={axis}"
    if _dense(*node.args):
        return f"-({bracketed(labels, 11)} * log_softmax({logits}{words})).sum(axis={axis})"
    return f"cross_entropy({logits}, {labels}{words})"


def vjp(dy: Node, y: Node, logits: Node, labels: Node, *, axis: int) -> tuple[Node, Node | None]:
    share = apply("softmax", logits, axis=axis)
    back = restored(dy, logits, (axis,), False)
    if not _dense(logits, labels):
        mark = apply("one_hot", labels, axis=axis, size=logits.shape[axis])
        return back * (share - mark), None
    given = total(labels, (axis,), keepdims=True)
    return back * (share * given - labels), -(back * apply("log_softmax", logits, axis=axis))


def _dense(logits: Node, labels: Node) -> bool:
    return logits.rank == labels.rank
