"""From a cell to its backward equations: reverse mode on equations, before any loop exists.

Each quantity `q` that matters gets an equation for `dq`, the gradient of the loss (or of the given
cotangents) with respect to it. What flows where:

    y[t] = f(v[t], …)      sends the backward rule of f, at t, to dv[t]
    y[t] = f(v[t-1], …)    sends it to dv[t-1]: the part is named dv_prev[t], and dv[t] reads
                           dv_prev[t+1]; what reaches step 0 is the gradient of the initial value
    y[t] = f(W, …)         sends the sum over t to dW

Everything dull is done here and nowhere else: sums over broadcast axes, accumulation, zeros, shifts.
A cotangent that several parts of an equation need is an equation of its own, `da_y`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

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
    size_node,
    walk,
)
from bpgen.ops.rules import total
from bpgen.parts import hint
from bpgen.safe import safe
from bpgen.sizes import ONE, STEPS, Shape
from bpgen.source import Span

_VIEWS = ("ref", "number", "size", "negate", "newaxis", "slice", "index", "expand", "row", "transpose")


def adjoint(cell: Cell) -> Pair:
    """Differentiate a cell. Shapes and times of the result are those of `ir.Pair`."""
    forward = safe(cell)
    ledger = _Ledger(cell, forward, _active(cell, forward))
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
        part = _expanded(part, read.shape)
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
        active = self._active_parts(value)
        for node in reversed(list(walk(value))):
            if node not in active or node not in received:
                continue
            part = _sum(received[node])
            if node.op == "ref":
                self.deposit(node, part)
                continue
            for arg, share in self._shares(equation, node, part, active):
                received.setdefault(arg, []).append(share)

    def _active_parts(self, value: Node) -> set[Node]:
        found: set[Node] = set()
        for node in walk(value):
            if node.op == "ref":
                live = node["name"] in self.active and node.kind == "real"
            else:
                operator = OPERATORS.get(node.op)
                live = bool(operator and operator.vjp) and any(arg in found for arg in node.args)
            if live:
                found.add(node)
        return found

    def _shares(
        self, equation: Equation, node: Node, part: Node, active: set[Node]
    ) -> Iterable[tuple[Node, Node]]:
        """What each argument of a node receives, made to fit it."""
        if not OPERATORS[node.op].elementwise:
            part = _expanded(part, node.shape)
        wanted = [i for i, arg in enumerate(node.args) if arg in active]
        # a stand-in tells how often the rule mentions what arrives, before it is written out
        stand_in = ref("$dy", part.shape, 0 if part.timed else None)
        trial = [share for i, share in enumerate(_vjp(node, stand_in)) if i in wanted and share]
        if not _slight(part) and sum(_mentions(share, stand_in) for share in trial) > 1:
            part = self._name_part(equation, node, part)
        shares = _vjp(node, part)
        for i in wanted:
            share = shares[i]
            if share is not None:
                share = _placed(share, node.place)
                yield node.args[i], _fit(share, node, node.args[i])

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
        """The gradient of a target, the parts named on the way, and what it hands to other steps."""
        name, place = equation.target, equation.place
        whole = self.gathered(name, equation.shape, equation.timed)
        return [
            Equation(self.name(name), _placed(whole, place), equation.timed, place),
            *self.named.get(name, []),
        ]

    def gathered(self, name: str, shape: Shape, timed: bool) -> Node:
        """All that was sent to a quantity: given, carried from other steps, from within the step."""
        terms = list(self.terms.get(name, []))
        given = 1 if name in self.cell.outputs and terms else 0
        carried = [
            ref(self.name(name, shift), shape, -shift) for (who, shift) in self.carries if who == name
        ]
        parts = [*terms[:given], *carried, *terms[given:]]
        if not parts:
            return apply("zeros", shape=shape)
        return _expanded(_sum(parts), shape)

    def carry_equations(self) -> list[Equation]:
        made = []
        for (name, shift), parts in self.carries.items():
            value = _sum(parts)
            made.append(Equation(self.name(name, shift), value, True, value.place))
        return made

    def send_initials(self) -> None:
        """Hand each state's initial values what its carries bring before the first step."""
        for state in self.cell.states:
            if state.initial in self.active and state.name in self.active:
                assert state.initial is not None
                self.send(state.initial, _placed(self.initial(state), state.place))

    def initial(self, state: State) -> Node:
        """The gradient of a state's initial values: the carries that reach before its first step."""
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
            rows.append(_expanded(_sum(parts), state.shape))
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
        made.append(Equation(name, _placed(value, q.place), q.timed, q.place))
        gradients.append((q.name, name))
    return tuple(gradients), made


def _active(cell: Cell, forward: tuple[Equation, ...]) -> dict[str, None]:
    """Quantities that depend on something learned or given, and reach something returned."""
    roots = [q.name for q in cell.given if q.kind == "real" and q.role != "const" and not q.frozen]
    initial = {s.name: s.initial for s in cell.states if s.initial}
    by_target = {e.target: e for e in forward}
    varied = dict.fromkeys(roots)
    growing = True
    while growing:
        growing = False
        for equation in forward:
            if equation.target in varied:
                continue
            live = initial.get(equation.target) in varied or _flows(equation.value, varied)
            if live and equation.value.kind == "real":
                varied[equation.target] = None
                growing = True
    useful: dict[str, None] = {}
    todo = [name for name in cell.outputs if name in by_target]
    while todo:
        name = todo.pop()
        if name in useful:
            continue
        useful[name] = None
        if name in initial:
            todo.append(initial[name] or "")
        if name in by_target:
            todo += [n["name"] for n in walk(by_target[name].value) if n.op == "ref"]
    return {name: None for name in varied if name in useful}


def _flows(value: Node, varied: dict[str, None]) -> bool:
    live: set[Node] = set()
    for node in walk(value):
        if node.op == "ref":
            flows = node["name"] in varied and node.kind == "real"
        else:
            operator = OPERATORS.get(node.op)
            flows = bool(operator and operator.vjp) and any(arg in live for arg in node.args)
        if flows:
            live.add(node)
    return value in live


# -- the dull work --------------------------------------------------------------------------------


def _vjp(node: Node, dy: Node) -> tuple[Node | None, ...]:
    operator = OPERATORS[node.op]
    assert operator.vjp is not None
    given = operator.vjp(dy, node, *node.args, **_accepted(operator.vjp, dict(node.attrs)))
    return given if isinstance(given, tuple) else (given,)


def _accepted(function: object, attrs: dict[str, object]) -> dict[str, object]:
    """Those attributes that a rule asks for."""
    code = getattr(function, "__code__", None)
    if code is None:
        return attrs
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return {name: value for name, value in attrs.items() if name in names}


def _slight(part: Node) -> bool:
    """Whether writing a part twice is no dearer than naming it: a view, or a view scaled."""
    if part.op == "multiply":
        return all(_slight(arg) for arg in part.args) and any(arg.rank == 0 for arg in part.args)
    return part.op in _VIEWS and all(_slight(arg) for arg in part.args)


def _mentions(node: Node, part: Node) -> int:
    """How many places of an expression name a part."""
    if node == part:
        return 1
    return sum(arg == part for n in walk(node) for arg in n.args)


def _sum(parts: Iterable[Node]) -> Node:
    first, *rest = parts
    for part in rest:
        first = apply("add", first, part, place=first.place)
    return first


def _expanded(part: Node, shape: Shape) -> Node:
    return part if part.shape == shape else apply("expand", part, to=shape, place=part.place)


def _fit(share: Node, node: Node, arg: Node) -> Node:
    """Undo broadcasting: over the axes that `arg` did not have, and over time."""
    if OPERATORS[node.op].elementwise and arg.shape != node.shape:
        share = _summed(_expanded(share, node.shape), arg.shape)
    elif len(share.shape) > len(arg.shape) or not _fits(share.shape, arg.shape):
        share = _summed(share, arg.shape)
    if node.timed and not arg.timed and node.op != "row":
        if share.timed:
            return apply("sum_steps", share, place=node.place)
        return share * size_node(STEPS)
    return share


def _fits(shape: Shape, wanted: Shape) -> bool:
    tail = wanted[len(wanted) - len(shape) :]
    return all(s in (ONE, w) for s, w in zip(shape, tail, strict=True))


def _summed(share: Node, shape: Shape) -> Node:
    """The sum over the axes that broadcasting to `share.shape` from `shape` had repeated."""
    extra = share.rank - len(shape)
    share = total(share, tuple(range(-share.rank, -share.rank + extra)))
    kept = tuple(
        i - len(shape)
        for i, (have, want) in enumerate(zip(share.shape, shape, strict=True))
        if want == ONE and have != ONE
    )
    return total(share, kept, keepdims=True)


def _placed(node: Node, place: Span | None) -> Node:
    """The expression, its parts without a place being given this one."""
    done: dict[Node, Node] = {}
    for part in walk(node):
        args = tuple(done[arg] for arg in part.args)
        done[part] = replace(part, args=args, place=part.place or place)
    return done[node]
