"""The fast style of the NumPy target: arrays made once, and filled in place.

The same module as in the plain style, the same test beside it, and a class more, `Workspace`: what
`forward`, `backward` and `step` fill, and a view of each step of it. They take one as `work`, so
that a loop allots nothing; without it they make their own. Passes over the plan, none of which
knows a cell, bring it into the form that is written here.
"""

from collections.abc import Callable, Sequence
from functools import partial

from bpgen.alike import gathered
from bpgen.factors import factored
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.page import Function, Module, function
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
from bpgen.targets.fast.cutting import recomputed
from bpgen.targets.fast.filling import Filling
from bpgen.targets.fast.holding import HeldNames
from bpgen.targets.fast.parts import backward_in_parts, forward_in_parts, outputs_of_part
from bpgen.targets.fast.streaming import of_fast, streaming
from bpgen.targets.fast.workspace import arrays_class, sizes_of, taking, with_work, workspace
from bpgen.targets.forward import arguments, forward_body, prelude
from bpgen.targets.saving import keeps_dtype, saved_name, saved_sizes, saved_views
from bpgen.targets.streaming import stream

PASSES: tuple[tuple[str, Callable[[Plan], Plan]], ...] = (
    ("factor", factored),
    ("gather", gathered),
)


def write(plan: Plan, remat: int | None = None) -> Module:
    """The page of a cell's module; with `remat`, one that runs so many steps at a time.

    Raises `Refused` if time cannot be cut into parts.
    """
    plan = recomputed(passed(plan)) if remat else passed(plan)
    return numpy.assembled(of_fast(plan), partial(_passes, remat=remat))


def passed(plan: Plan, last: str = "") -> Plan:
    """The plan behind all passes, or behind the one that is called `last`."""
    for name, change in PASSES:
        plan = change(plan)
        verify_plan(plan)
        if name == last:
            break
    return plan


def _passes(plan: Plan, names: Names, remat: int | None = None) -> tuple[list[Function], list[str]]:
    """`forward` and `backward`, and the source of the classes that they and `step` use."""
    forward, first, of_forward = _forward(plan, names, "_of_part" if remat else "")
    backward, second, of_backward = _backward(plan, names, "_of_part" if remat else "")
    functions = [forward, backward]
    if remat:
        returned = _returned(plan, _held(names))
        functions = [
            forward_in_parts(plan, _held(names), of_forward, remat, returned),
            backward_in_parts(plan, _held(names), of_backward, remat),
            *functions,
        ]
    sources = [first, second]
    halves = {"ForwardArrays": of_forward, "BackwardArrays": of_backward}
    streamed = stream(plan)
    if streamed:
        _, third, halves["StepArrays"] = streaming(plan, names, streamed)
        sources.append(third)
    if remat:
        halves = {n: [str(remat) if s == "T" else s for s in own] for n, own in halves.items()}
    return functions, [*sources, workspace(plan.pair.cell, halves)]


def _held(names: Names) -> HeldNames:
    return HeldNames(names.sizes, names.helpers, names.known, names.taken)


def _forward(plan: Plan, names: Names, part: str) -> tuple[Function, str, list[str]]:
    cell = plan.pair.cell
    held = _held(names)
    body = Filling.of(forward_body(plan, held))
    body.externals(q.name for q in cell.given if q.role == "input" and q.timed)
    body.write()
    returned = outputs_of_part(plan, held) if part else _returned(plan, held)
    lines = [*body.lines, "", *returned]
    sizes = sizes_of(cell, body)
    taken = taking("ForwardArrays", sizes, held, lines, "fitting" if part else "using")
    before = prelude(cell, names, [*taken, *lines])
    doc = "Return Outputs and Saved. With `work`, both are views into it until its next use."
    if part:
        doc = "Return Outputs of a part of the steps, time first: views into `work`."
    words = with_work(arguments(cell, names))
    made = function(f"forward{part}", words, doc, (*before, *taken, *_opened(lines)))
    doc = "What `forward` fills, and views of its steps."
    return made, arrays_class("ForwardArrays", doc, sizes, body), sizes


def _backward(plan: Plan, names: Names, part: str) -> tuple[Function, str, list[str]]:
    held = _held(names)
    body = Filling.of(backward_body(plan, held))
    body.externals(given for _, given in plan.pair.cotangents)
    body.write()
    returned = gradients(plan, held, 8)
    lines = [*body.lines, "", *returned]
    sizes = sizes_of(plan.pair.cell, body)
    taken = taking("BackwardArrays", sizes, held, lines, "fitting" if part else "using")
    given = cotangents(plan, names)
    before = backward_prelude(plan, names, [*given, *taken, *lines])
    doc = "Return Grads, from the gradients with respect to the outputs (None is zero)."
    if part:
        doc = "Return Grads of a part of the steps, views into `work`; see `backward`."
    words = with_work(backward_words(plan, names))
    made = function(f"backward{part}", words, doc, (*before, *given, *taken, *_opened(lines)))
    doc = "What `backward` fills, and views of its steps."
    return made, arrays_class("BackwardArrays", doc, sizes, body), sizes


def _opened(lines: Sequence[str]) -> Sequence[str]:
    """Lines without the gap that they may begin with."""
    return lines[1:] if lines and not lines[0] else lines


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
