"""The fast style of the NumPy target: arrays made once, and filled in place.

The same module as in the plain style, the same test beside it, and a class more, `Workspace`: what
`forward` and `backward` fill, and a view of each step of it. They take one as `work`, so that a
training loop allots nothing; without it they make their own. Passes over the plan, none of which
knows a cell, bring it into the form that is written here.
"""

from collections.abc import Callable, Sequence

from bpgen.alike import gathered
from bpgen.factors import factored
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.page import Function, Module, function, head
from bpgen.planned import verify_plan
from bpgen.schedule import Plan
from bpgen.targets import numpy
from bpgen.targets.arguments import time_axis
from bpgen.targets.backward import (
    backward_body,
    backward_prelude,
    backward_words,
    cotangents,
    gradients,
)
from bpgen.targets.fast.filling import Filling
from bpgen.targets.fast.holding import HeldNames
from bpgen.targets.fast.workspace import WORKSPACE
from bpgen.targets.forward import arguments, forward_body, prelude
from bpgen.targets.grouping import sizes_in
from bpgen.targets.saving import keeps_dtype, saved_name, saved_sizes, saved_views

PASSES: tuple[tuple[str, Callable[[Plan], Plan]], ...] = (
    ("factor", factored),
    ("gather", gathered),
)


def write(plan: Plan) -> Module:
    """The page of a cell's module."""
    return numpy.assembled(passed(plan), _passes)


def passed(plan: Plan, last: str = "") -> Plan:
    """The plan behind all passes, or behind the one that is called `last`."""
    for name, change in PASSES:
        plan = change(plan)
        verify_plan(plan)
        if name == last:
            break
    return plan


def _passes(plan: Plan, names: Names) -> tuple[list[Function], list[str]]:
    """`forward` and `backward`, and the source of the classes that they use."""
    forward, first, of_forward = _forward(plan, names)
    backward, second, of_backward = _backward(plan, names)
    sizes = [size for size in ["T", *plan.pair.cell.sizes] if size in of_forward + of_backward]
    workspace = WORKSPACE.format(
        sizes=", ".join(["*", *sizes, "dtype=np.float64"]),
        forward=", ".join([*of_forward, "dtype"]),
        backward=", ".join([*of_backward, "dtype"]),
    )
    return [forward, backward], [first, second, workspace.strip("\n")]


def _forward(plan: Plan, names: Names) -> tuple[Function, str, list[str]]:
    cell = plan.pair.cell
    held = HeldNames(names.sizes, names.helpers, names.known, names.taken)
    body = Filling.of(forward_body(plan, held))
    body.externals(q.name for q in cell.given if q.role == "input" and q.timed)
    body.write()
    lines = [*body.lines, "", *_returned(plan, held)]
    sizes = _sizes(plan, body)
    taken = _taking("ForwardArrays", sizes, held)
    before = prelude(cell, names, [taken, *body.lines, *lines])
    doc = "Return Outputs and Saved. With `work`, both are views into it until its next use."
    words = _with_work(arguments(cell, names))
    made = function("forward", words, doc, (*before, taken, *_opened(lines)))
    return made, _class("ForwardArrays", "forward", sizes, body), sizes


def _backward(plan: Plan, names: Names) -> tuple[Function, str, list[str]]:
    held = HeldNames(names.sizes, names.helpers, names.known, names.taken)
    body = Filling.of(backward_body(plan, held))
    body.externals(given for _, given in plan.pair.cotangents)
    body.write()
    returned = gradients(plan, held, 8)
    lines = [*body.lines, "", *returned]
    sizes = _sizes(plan, body)
    taken = _taking("BackwardArrays", sizes, held)
    given = cotangents(plan, names)
    before = backward_prelude(plan, names, [*given, taken, *lines])
    doc = "Return Grads, from the gradients with respect to the outputs (None is zero)."
    words = _with_work(backward_words(plan, names))
    made = function("backward", words, doc, (*before, *given, taken, *_opened(lines)))
    return made, _class("BackwardArrays", "backward", sizes, body), sizes


def _opened(lines: Sequence[str]) -> Sequence[str]:
    """Lines without the gap that they may begin with."""
    return lines[1:] if lines and not lines[0] else lines


def _with_work(words: Sequence[str]) -> list[str]:
    return [*words, *(["*"] if "*" not in words else []), "work=None"]


def _taking(name: str, sizes: Sequence[str], names: HeldNames) -> str:
    own = names.prefix.removesuffix(".")
    told = (f"{word}={word}" for word in (*sizes, "dtype"))
    return f"    with using({', '.join(['work', name, *told])}) as {own}:"


def _sizes(plan: Plan, body: Filling) -> list[str]:
    """The sizes that the arrays of a pass are made of."""
    lines = [*body.arrays, *body.locals, *body.scratches()]
    return sizes_in(lines, ["T", *plan.pair.cell.sizes])


def _class(name: str, function: str, sizes: Sequence[str], body: Filling) -> str:
    """The source of the class that makes the arrays of a pass."""
    words = ["self", *sizes, "dtype"]
    lines = [f"class {name}:", f'    """What `{function}` fills, and views of its steps."""', ""]
    lines += [f"    {line}" for line in head("__init__", words)]
    pairs = ", ".join(f'"{word}": {word}' for word in words[1:])
    lines += layout(f"self.sizes = {{{pairs}}}", 8)
    locals_ = [*body.locals, *body.scratches()]
    for title, part in (
        ("for all steps, or once", body.arrays),
        ("for one step, or a part of an expression", locals_),
        ("views of every step", body.steps),
    ):
        if part:
            lines += ["", f"        # {title}", *part]
    return "\n".join(lines)


def _returned(plan: Plan, names: HeldNames) -> list[str]:
    """Outputs and Saved; outputs that `backward` reads are handed out as views, read-only."""
    cell = plan.pair.cell
    kept = {name for name, _ in saved_views(plan)}
    outputs, frozen, lines = [], [], []
    for name in cell.outputs:
        equation = cell.equation(name)
        text = names.quantity(name)
        if name in kept and (equation.timed or equation.shape):
            own = names.bare(name)
            lines += [f"        {own} = {text}.view()"] if name in names.held else []
            text = own
            frozen.append(own)
        axis = time_axis(cell, equation.shape) if equation.timed else 0
        outputs.append(f"np.moveaxis({text}, 0, {axis})" if axis else text)
    if len(frozen) > 1:
        lines += [
            f"        for output in ({', '.join(frozen)}):",
            "            output.flags.writeable = False",
        ]
    else:
        lines += [f"        {name}.flags.writeable = False" for name in frozen]
    saved = [saved_name(names, *view) for view in saved_views(plan)] + saved_sizes(plan)
    saved += ["dtype"] * keeps_dtype(plan)
    text = f"return Outputs({', '.join(outputs)}), Saved({', '.join(saved)})"
    return lines + layout(text, 8)
