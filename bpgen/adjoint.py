"""From a cell to its backward equations: reverse mode on equations, before any loop exists.

Each quantity `q` that matters gets an equation for `dq`, the gradient of the loss (or of the given
cotangents) with respect to it. What flows where:

    y[t] = f(v[t], …)      sends the backward rule of f, at t, to dv[t]
    y[t] = f(v[t-1], …)    sends it to dv[t-1]: the part is named dv_prev[t], and dv[t] reads
                           dv_prev[t+1]; what reaches step 0 is the gradient of the initial value
    y[t] = f(W, …)         sends the sum over t to dW

Everything dull is done here and nowhere else: sums over broadcast axes, accumulation, zeros,
shifts. A cotangent that several parts of an equation need is an equation of its own, `da_y`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bpgen.activity import active, live_parts
from bpgen.fit import added, backward_rule, expanded, fitted, is_slight, mentions, placed
from bpgen.ir import (
    OPERATORS,
    Cell,
    Equation,
    Fixed,
    Node,
    Pair,
    State,
    apply,
    fresh,
    ref,
    walk,
)
from bpgen.parts import hint
from bpgen.safe import safe
from bpgen.sizes import Shape


def adjoint(cell: Cell) -> Pair:
    """Differentiate a cell. Shapes and times of the result are those of `ir.Pair`."""
    forward = safe(cell)
    ledger = _Ledger(cell, forward, active(cell, forward))
    cotangents = []
    for name in cell.outputs:
        if name in ledger.active:
            equation = cell.equation(name)
            given = ledger.fresh(f"d{name}_out")
            cotangents.append((name, given))
            when = 0 if equation.timed else None
            ledger.send(name, ref(given, equation.shape, when, place=equation.place))
    live = [equation for equation in reversed(forward) if equation.target in ledger.active]
    for equation in live:
        ledger.pull(equation)
    ledger.send_initials()
    backward = [made for equation in live for made in ledger.equations(equation)]
    backward += ledger.carry_equations()
    gradients, last = _gradients(ledger)
    return Pair(cell, forward, (*backward, *last), tuple(cotangents), gradients)


@dataclass(slots=True)
class _Ledger:
    """What has been sent to each quantity so far; filled by `pull`, read by `equations`."""

    cell: Cell
    forward: tuple[Equation, ...]
    active: dict[str, None]
    terms: dict[str, list[Node]] = field(default_factory=dict)
    carries: dict[tuple[str, int], list[Node]] = field(default_factory=dict)
    initials: dict[tuple[str, int], list[Node]] = field(default_factory=dict)
    named: dict[str, list[Equation]] = field(default_factory=dict)
    names: dict[tuple[str, int | None], str] = field(default_factory=dict)
    taken: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        everything = [e.target for e in self.forward] + [q.name for q in self.cell.given]
        self.taken = dict.fromkeys([*everything, *self.cell.sizes])

    def fresh(self, wanted: str) -> str:
        name = fresh(wanted, self.taken)
        self.taken[name] = None
        return name

    def name(self, quantity: str, shift: int | None = None) -> str:
        """`dh` for the gradient of h, `dh_prev` for the part that flows to h[t-1] from step t."""
        key = (quantity, shift)
        if key not in self.names:
            suffix = "" if shift is None else "_prev" if shift < 0 else "_next"
            far = "" if shift is None or abs(shift) == 1 else str(abs(shift))
            self.names[key] = self.fresh(f"d{quantity}{suffix}{far}")
        return self.names[key]

    # -- sending ----------------------------------------------------------------------------------

    def send(self, quantity: str, part: Node) -> None:
        self.terms.setdefault(quantity, []).append(part)

    def deposit(self, read: Node, part: Node) -> None:
        """Send what a reading of a quantity received to where that quantity was read."""
        name, when = read["name"], read["when"]
        part = expanded(part, read.shape)
        if when is None or when == 0:
            self.send(name, part)
        elif isinstance(when, int):
            self.carries.setdefault((name, when), []).append(part)
        else:
            self._deposit_fixed(name, when, part)

    def _deposit_fixed(self, name: str, when: Fixed, part: Node) -> None:
        before = -when.offset if when.anchor == "first" else when.offset
        state = self.cell.state(name)
        if before <= 0:
            self.send(name, apply("at_step", part, step=when))
        elif state and (state.direction > 0) == (when.anchor == "first") and before <= state.lag:
            self.initials.setdefault((name, before), []).append(part)
        # a reading outside the steps that is no initial value was zero, and sends nothing

    # -- one equation -----------------------------------------------------------------------------

    def pull(self, equation: Equation) -> None:
        """Run the backward rules of one equation, from its target to every quantity it reads."""
        when = 0 if equation.timed else None
        start = ref(self.name(equation.target), equation.shape, when, place=equation.place)
        value = equation.value
        if equation.timed and not value.timed:
            start = apply("sum_steps", start, place=equation.place)
        received: dict[Node, list[Node]] = {value: [start]}
        live = live_parts(value, self.active)
        for node in reversed(list(walk(value))):
            if node not in live or node not in received:
                continue
            part = added(received[node])
            if node.op == "ref":
                self.deposit(node, part)
                continue
            for arg, share in self._shares(equation, node, part, live):
                received.setdefault(arg, []).append(share)

    def _shares(
        self, equation: Equation, node: Node, part: Node, live: set[Node]
    ) -> Iterable[tuple[Node, Node]]:
        """What each argument of a node receives, made to fit it."""
        if not OPERATORS[node.op].elementwise:
            part = expanded(part, node.shape)
        wanted = [i for i, arg in enumerate(node.args) if arg in live]
        # a stand-in tells how often the rule mentions what arrives, before it is written out
        stand_in = ref("$dy", part.shape, 0 if part.timed else None)
        trial = [
            share for i, share in enumerate(backward_rule(node, stand_in)) if i in wanted and share
        ]
        if not is_slight(part) and sum(mentions(share, stand_in) for share in trial) > 1:
            part = self._name_part(equation, node, part)
        shares = backward_rule(node, part)
        for i in wanted:
            share = shares[i]
            if share is not None:
                share = placed(share, node.place)
                yield node.args[i], fitted(share, node, node.args[i])

    def _name_part(self, equation: Equation, node: Node, part: Node) -> Node:
        known = self.named.setdefault(equation.target, [])
        wanted = f"d{hint(node, equation.target)}"
        activation = node.op in ("add", "subtract", "matmul")
        if activation and not any(e.target == f"da_{equation.target}" for e in known):
            wanted = f"da_{equation.target}"
        name = self.fresh(wanted)
        known.append(Equation(name, part, part.timed, node.place))
        return ref(name, part.shape, 0 if part.timed else None, place=node.place)

    # -- collecting -------------------------------------------------------------------------------

    def equations(self, equation: Equation) -> list[Equation]:
        """The gradient of a target, and the parts named on the way."""
        name, place = equation.target, equation.place
        whole = self.gathered(name, equation.shape, equation.timed)
        return [
            Equation(self.name(name), placed(whole, place), equation.timed, place),
            *self.named.get(name, []),
        ]

    def gathered(self, name: str, shape: Shape, timed: bool) -> Node:
        """All that was sent to a quantity: given, from other steps, from within the step."""
        terms = list(self.terms.get(name, []))
        given = 1 if name in self.cell.outputs and terms else 0
        carried = [
            ref(self.name(name, shift), shape, -shift)
            for (who, shift) in self.carries
            if who == name
        ]
        parts = [*terms[:given], *carried, *terms[given:]]
        if not parts:
            return apply("zeros", shape=shape)
        return expanded(added(parts), shape)

    def carry_equations(self) -> list[Equation]:
        made = []
        for (name, shift), parts in self.carries.items():
            value = added(parts)
            made.append(Equation(self.name(name, shift), value, True, value.place))
        return made

    def send_initials(self) -> None:
        """Hand each state's initial values what its carries bring before the first step."""
        for state in self.cell.states:
            if state.initial in self.active and state.name in self.active:
                assert state.initial is not None
                self.send(state.initial, placed(self.initial(state), state.place))

    def initial(self, state: State) -> Node:
        """The gradient of a state's initial values: what reaches before its first step."""
        rows = []
        for before in range(state.lag, 0, -1):
            parts = list(self.initials.get((state.name, before), []))
            for name, shift in self.carries:
                reach = abs(shift) - before
                if name == state.name and reach >= 0 and (shift < 0) == (state.direction > 0):
                    first = state.direction > 0
                    at = Fixed("first", reach) if first else Fixed("last", -reach)
                    parts.append(ref(self.name(name, shift), state.shape, at))
            if not parts:
                parts = [apply("zeros", shape=state.shape)]
            rows.append(expanded(added(parts), state.shape))
        if len(rows) == 1:
            return rows[0]
        return apply("stack", *rows, axis=-1 - len(state.shape))


def _gradients(
    ledger: _Ledger,
) -> tuple[tuple[tuple[str, str | None], ...], list[Equation]]:
    """The gradient of every real argument, in the order of the spec, and the equations for them."""
    cell = ledger.cell
    made: list[Equation] = []
    gradients: list[tuple[str, str | None]] = []
    for q in cell.given:
        if q.kind != "real" or q.role == "const":
            continue
        if q.name not in ledger.active:
            gradients.append((q.name, None))
            continue
        value = ledger.gathered(q.name, q.shape, q.timed)
        if q.symmetric:
            free = ledger.fresh(f"d{q.name}_free")
            made.append(Equation(free, value, False, q.place))
            value = ref(free, q.shape)
            value = (value + value.T) / 2
        name = ledger.name(q.name)
        made.append(Equation(name, placed(value, q.place), q.timed, q.place))
        gradients.append((q.name, name))
    return tuple(gradients), made
