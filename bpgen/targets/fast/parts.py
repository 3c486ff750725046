"""`forward` and `backward` that run part by part: `--remat K`.

The passes of a part of K steps are `forward_of_part` and `backward_of_part`, as ever but for their
names. What is written here runs them over all parts: each starts from the states before it, which
are outputs and so are there anyway, and hands back their gradients to the part before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bpgen.ir import Quantity, State
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.page import Function, function
from bpgen.schedule import Plan
from bpgen.sizes import Shape
from bpgen.targets.arguments import (
    asks_steps,
    boundary_shape,
    consts,
    initials,
    inputs,
    params,
    time_axis,
)
from bpgen.targets.backward import backward_prelude, backward_words, gradients
from bpgen.targets.expressions import comment, shape_text
from bpgen.targets.fast.holding import HeldNames
from bpgen.targets.fast.workspace import taking, with_work
from bpgen.targets.forward import arguments, forward_body, prelude
from bpgen.targets.saving import keeps_dtype, saved_name, saved_sizes, saved_views


def forward_in_parts(
    plan: Plan, names: HeldNames, sizes: Sequence[str], steps: int, returned: Sequence[str]
) -> Function:
    """`forward`; `sizes` are those of the arrays of a part, `returned` are its last lines."""
    cell = plan.pair.cell
    run = Parts(plan, names, steps)
    body = forward_body(plan, names)
    body.read_at = {name: {when for n, when in body.extra if n == name} for name in cell.outputs}
    for equation in (body.equations[name] for name in cell.outputs):
        if equation.timed:
            body.allocate(equation)
    lines = [*run.loop(""), *run.forward(), *returned]
    if cell.loss:
        lines = [*layout(f"{names.quantity(cell.loss)} = dtype.type(0)", 8), *lines]
    taken = taking("ForwardArrays", sizes, names, lines, steps=str(steps))
    before = prelude(cell, names, [*body.lines, *taken, *lines])
    doc = f"Return Outputs and Saved, {_said(steps)} at a time. `work` has the arrays for these."
    words = with_work(arguments(cell, names))
    return function("forward", words, doc, (*before, *body.lines, *taken, *lines))


def backward_in_parts(plan: Plan, names: HeldNames, sizes: Sequence[str], steps: int) -> Function:
    """`backward`; `sizes` are those of the arrays of a part."""
    run = Parts(plan, names, steps)
    lines = [*run.loop("reversed"), *run.backward(), "", *gradients(plan, names, 8)]
    taken = taking("BackwardArrays", sizes, names, lines, steps=str(steps))
    made = list(run.sums())
    before = backward_prelude(plan, names, [*made, *taken, *lines])
    doc = f"Return Grads, from those of the outputs (None is zero), {_said(steps)} at a time."
    words = with_work(backward_words(plan, names))
    return function("backward", words, doc, (*before, *made, *taken, *lines))


def outputs_of_part(plan: Plan, names: Names) -> list[str]:
    """The last line of `forward_of_part`."""
    outputs = ", ".join(names.quantity(name) for name in plan.pair.cell.outputs)
    return layout(f"return Outputs({outputs})", 8)


def _said(steps: int) -> str:
    return f"{steps} steps" if steps > 1 else "a step"


@dataclass(frozen=True, slots=True)
class Parts:
    """The lines that run a pass over all parts; time comes first in the arrays of these lines."""

    plan: Plan
    names: HeldNames
    steps: int

    # -- names ------------------------------------------------------------------------------------

    @property
    def start(self) -> str:
        return self.names.own("start")

    @property
    def stop(self) -> str:
        return self.names.own("stop")

    @property
    def work(self) -> str:
        return self.names.prefix.removesuffix(".")

    def rows(self, text: str, axis: int = 0) -> str:
        """The steps of a part, of an array."""
        return f"{text}[{':, ' * axis}{self.start} : {self.stop}]"

    def axis(self, shape: Shape) -> int:
        """Where time lies in the arrays that a part takes and returns."""
        return time_axis(self.plan.pair.cell, shape)

    def outside(self, text: str, shape: Shape) -> str:
        """An array of this function as a part takes or returns it."""
        axis = self.axis(shape)
        return f"np.moveaxis({text}, 0, {axis})" if axis else text

    # -- both passes ------------------------------------------------------------------------------

    def loop(self, order: str) -> list[str]:
        """The head of the loop over parts."""
        steps = f"range(0, T, {self.steps})"
        return [
            f"        for {self.start} in {f'{order}({steps})' if order else steps}:",
            *layout(
                f"{self.stop} = {self.start} + {self.steps} "
                f"if {self.start} + {self.steps} < T else T",
                12,
            ),
        ]

    def called(self, targets: Sequence[str], name: str, words: Sequence[str]) -> list[str]:
        """The call of a part, with what it is given, and what takes its results."""
        left = ", ".join(targets) if len(targets) > 1 else f"({targets[0]},)"
        return layout(f"{left} = {name}({', '.join(words)})", 12)

    # -- forward ----------------------------------------------------------------------------------

    def forward(self) -> list[str]:
        """The run of a part, and its outputs put where they belong."""
        cell, names = self.plan.pair.cell, self.names
        words = ["params"]
        for q in inputs(cell):
            own = names.quantity(q.name)
            words.append(self.outside(self.rows(own), q.shape) if q.timed else own)
        before = {s.initial: f"{names.whole(s.name)}[{self.start}]" for s in cell.states}
        words += [before[q.name] for q in initials(cell)]
        words += [f"T={self.stop} - {self.start}"] * asks_steps(cell)
        words += [f"{names.quantity(q.name)}={names.quantity(q.name)}" for q in consts(cell)]
        part = self._part(cell.loss) if cell.loss else ""
        targets = [
            part if name == cell.loss else self.rows(names.quantity(name)) for name in cell.outputs
        ]
        lines = self.called(targets, "forward_of_part", [*words, f"work={self.work}"])
        if cell.loss:
            loss = names.quantity(cell.loss)
            lines += layout(f"{loss} = {loss} + {part}", 12)
        return [*lines, ""]

    def _part(self, name: str) -> str:
        return self.names.own(f"{self.names.bare(name)}_part")

    # -- backward ---------------------------------------------------------------------------------

    def sums(self) -> Iterator[str]:
        """What gradients are added up in, or put into, part by part; no step behind the last."""
        names = self.names
        for q in self._given():
            target = dict(self.plan.pair.gradients)[q.name]
            if target is None:
                continue
            own, shape = names.quantity(target), shape_text(q.shape, steps=q.timed)
            note = comment(q.shape, steps=q.timed)
            if q.role == "param":
                yield from layout(f"{own} = np.zeros_like({names.quantity(q.name)})", 4, note)
            else:
                maker = "np.empty" if q.timed else "np.zeros"
                yield from layout(f"{own} = {maker}({shape}, dtype)", 4, note)

    def backward(self) -> list[str]:
        """The run of a part, from the last, and what comes of it."""
        cell, names = self.plan.pair.cell, self.names
        gradients_of = dict(self.plan.pair.gradients)
        lines: list[str] = []
        words = ["params", f"Saved({', '.join(self._saved())})"]
        for output in cell.outputs:
            state, value = cell.state(output), self._rows_given(output)
            behind = gradients_of[state.initial] if state and state.initial else None
            if state and behind:
                made, value = self._with_next(state, behind)
                lines += made
            words.append(f"{names.cotangent(output)}={value}")
        targets = [(q, self._target(q)) for q in self._given()]
        learned = [target for q, target in targets if q.role == "param"]
        others = [target for q, target in targets if q.role != "param"]
        first = f"({', '.join(learned)}{',' * (len(learned) == 1)})" if learned else "_"
        lines += self.called([first, *others], "backward_of_part", [*words, f"work={self.work}"])
        for q, part in targets:
            if part != "_" and self._adds_up(q):
                own = names.quantity(gradients_of[q.name] or "")
                lines += layout(f"np.add({own}, {part}, {own})", 12)
        return lines

    def _target(self, q: Quantity) -> str:
        """What takes the gradient that a part gives."""
        name = dict(self.plan.pair.gradients)[q.name]
        if name is None:
            return "_"
        if self._adds_up(q):
            return self._part(name)
        if not q.timed:
            return f"{self.names.quantity(name)}[...]"
        rows = self.rows(self.names.quantity(name))
        return f"{self.outside(rows, q.shape)}[...]" if self.axis(q.shape) else rows

    def _adds_up(self, q: Quantity) -> bool:
        """Whether a gradient is the sum of what parts give."""
        return not q.timed and q.role != "initial"

    def _given(self) -> list[Quantity]:
        """What has a gradient, in the order of Grads."""
        cell = self.plan.pair.cell
        others = [q for q in (*inputs(cell), *initials(cell)) if q.kind == "real"]
        return [*params(cell), *others]

    def _saved(self) -> Iterator[str]:
        """What a part has of what was saved."""
        for name, kept in saved_views(self.plan):
            own = saved_name(self.names, name, kept)
            yield self.rows(own) if kept is not None else own
        for size in saved_sizes(self.plan):
            yield f"{self.stop} - {self.start}" if size == "T" else size
        yield from ["dtype"] * keeps_dtype(self.plan)

    def _rows_given(self, output: str) -> str:
        """The steps of a gradient that was given, as the caller has it."""
        cell = self.plan.pair.cell
        argument = self.names.cotangent(output)
        if output == cell.loss:
            return argument
        rows = self.rows(argument, self.axis(cell.equation(output).shape))
        return f"None if {argument} is None else {rows}"

    def _with_next(self, state: State, target: str) -> tuple[list[str], str]:
        """The gradient of a state and what came back from the part behind, in an array."""
        names, axis = self.names, self.axis(state.shape)
        argument = names.cotangent(state.name)
        part = names.own(f"{argument}_part")
        axes = boundary_shape(self.plan.pair.cell, state.shape, True)
        sizes = ", ".join(f"{self.stop} - {self.start}" if a == "T" else a for a in axes)
        shape = f"({sizes}{',' * (len(axes) == 1)})"
        last = f"{part}[{':, ' * axis}-1]"
        lines = layout(f"{part} = np.empty({shape}, dtype)", 12)
        rows = self.rows(argument, axis)
        lines += layout(f"{part}[...] = 0 if {argument} is None else {rows}", 12)
        own = names.quantity(target)
        lines += layout(f"{last} = {last} + {own}", 12)
        return lines, part
