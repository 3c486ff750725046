"""A value at one step, zero at all others: what a reading of `h[T]` sends back to `h`."""

from bpgen.ir import Fixed, Node
from bpgen.sizes import Shape

internal = True
params = ("a",)
heavy = True
vjp = None  # made by differentiation, never differentiated
timed = True
latex = "{a}"
helper = '''
def at_step(value, step, T):
    """An array over T steps that is `value` at one step and zero at all others."""
    steps = np.zeros((T, *value.shape), value.dtype)
    steps[step] = value
    return steps
'''


def shape(a: Shape, *, step: Fixed) -> Shape:
    return a


def numpy(a: str, *, node: Node, steps: bool) -> str:
    step = node["step"]
    place = step.offset if step.anchor == "first" else step.offset - 1
    return f"at_step({a}, {place}, T)"
