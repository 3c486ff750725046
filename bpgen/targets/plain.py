"""The plain forward pass of the shipped test: the equations as the spec has them, step by step.

Every quantity in time is a dictionary from the number of the step, 1 to T as in the paper, to its
value; `h[t-1]` is `h[t - 1]`. It works on complex numbers, so that the test can take complex steps
through it, and it was made from the equations before anything was rewritten, ordered anew or taken
out of a loop.
"""

from collections.abc import Container
from dataclasses import replace

from bpgen.graph import ordered
from bpgen.ir import (
    OPERATORS,
    Cell,
    Equation,
    Fixed,
    Node,
    State,
    apply,
    fresh,
    rebuild,
    ref,
    refs,
    walk,
)
from bpgen.layout import layout
from bpgen.lift import dependences, readings
from bpgen.names import Names
from bpgen.page import head
from bpgen.schedule import program
from bpgen.solving import Solution
from bpgen.targets.arguments import (
    asks_steps,
    consts,
    hidden_sizes,
    initials,
    inputs,
    params,
    time_axis,
)
from bpgen.targets.expressions import Writer, shape_text
from bpgen.targets.grouping import sizes_in


def plain_function(cell: Cell, names: Names) -> list[str]:
    """The source of `plain`."""
    cell = replace(cell, equations=_stepwise(cell))
    writer = Writer(lambda node, steps: _read(node, names), False, plain=True)
    body: list[str] = []
    reach = _reach(cell)
    for equations, direction in _loops(cell):
        body += _loop(cell, names, writer, equations, direction, reach)
    last = _returned(cell, names)
    start = _head(cell, names, [*body, *last])
    free = ["T"] if asks_steps(cell) else []
    words = [names.quantity(q.name) for q in (*inputs(cell), *initials(cell), *params(cell))] + free
    words += [f"{names.quantity(q.name)}={q.value!r}" for q in consts(cell)]
    doc = '    """The equations as they stand, step by step, of real or complex arguments."""'
    return [*head("plain", [*words, "kinks=None"]), doc, *start, *body, *last]


def _stepwise(cell: Cell) -> tuple[Equation, ...]:
    """The equations, with names for what is summed or gathered over time, where it has none."""
    taken = dict.fromkeys([e.target for e in cell.equations] + [q.name for q in cell.given])
    made: list[Equation] = []
    for equation in cell.equations:

        def change(node: Node, equation: Equation = equation) -> Node | None:
            if node.op not in ("sum_steps", "steps"):
                return None
            (inner,) = node.args
            if inner.op == "ref" and inner["when"] == 0:
                return None
            name = fresh(f"{equation.target}_t", taken)
            taken[name] = None
            made.append(Equation(name, inner, True, equation.place))
            return apply(node.op, ref(name, inner.shape, 0, inner.kind))

        value = rebuild(equation.value, change)
        made.append(replace(equation, value=value))
    return tuple(made)


def _read(node: Node, names: Names) -> str:
    own, when = names.quantity(node["name"]), node["when"]
    if when is None:
        return own
    if isinstance(when, Fixed):
        start = "" if when.anchor == "first" else "T"
        offset = 1 + when.offset if when.anchor == "first" else when.offset
        if not start:
            return f"{own}[{offset}]"
        return f"{own}[T{f' + {offset}' if offset > 0 else f' - {-offset}' if offset else ''}]"
    return f"{own}[t{f' + {when}' if when > 0 else f' - {-when}' if when else ''}]"


# -- order ----------------------------------------------------------------------------------------


def _loops(cell: Cell) -> list[tuple[list[Equation], int]]:
    """Equations that run in one loop over time, and its direction; 0 for those without time."""
    initial: dict[str, str | None] = {s.name: s.initial for s in cell.states if s.initial}
    groups: list[tuple[list[Equation], int]] = []
    made: set[str] = set()  # the targets of the last group
    for block in program(cell.equations, initial, ()).blocks:
        for equation in block.equations:
            direction = block.direction or int(equation.timed)
            same = bool(groups) and groups[-1][1] == direction and _joins(made, direction, equation)
            if same or (block.direction and equation is not block.equations[0]):
                groups[-1][0].append(equation)
            else:
                groups.append(([equation], direction))
                made.clear()
            made.add(equation.target)
    return [(_in_order(group, direction), direction) for group, direction in groups]


def _joins(made: Container[str], direction: int, equation: Equation) -> bool:
    """Whether an equation can run in the loop of those made: it reads none of them ahead."""
    if not direction:
        return True
    read = [(shift, name) for name, shift in readings(equation) if name in made]
    return all(shift is not None and shift * direction <= 0 for shift, _ in read)


def _in_order(group: list[Equation], direction: int) -> list[Equation]:
    if not direction:
        return group
    by_target = {e.target: e for e in group}
    edges = [e for e in dependences(group, {}) if e.shift == 0 and e.target in by_target]
    return [by_target[name] for name in ordered(by_target, edges)]


# -- lines ----------------------------------------------------------------------------------------


def _head(cell: Cell, names: Names, lines: list[str]) -> list[str]:
    made: list[str] = []
    padding = _padding(cell, names)
    solved = _solved(cell, [*lines, *padding])
    wanted = sizes_in([*lines, *padding, *(str(s.rest) for s in solved)], ["T", *cell.sizes])
    for q in (*inputs(cell), *params(cell), *initials(cell)):
        axes = [str(size) for size in q.shape]
        if q.timed:
            axes.insert(time_axis(cell, q.shape), "T")
        here = [axis for axis in dict.fromkeys(axes) if axis in wanted]
        if here:
            left = [a if a in here and axes.index(a) == i else "_" for i, a in enumerate(axes)]
            text = f"{', '.join(left)}{',' if len(left) == 1 else ''}"
            made += layout(f"{text} = {names.quantity(q.name)}.shape", 4)
            wanted = [size for size in wanted if size not in here]
    for s in solved:
        place = s.axis + (s.quantity.timed and s.axis >= time_axis(cell, s.quantity.shape))
        length = f"{names.quantity(s.quantity.name)}.shape[{place}]"
        made += layout(f"{s.name} = ({length} - ({s.rest})) // {s.factor}", 4)
    return made + padding


def _solved(cell: Cell, lines: list[str]) -> list[Solution]:
    """The sizes that lines mention and no array shows alone, each after those that it needs."""
    alone = {size.name for q in cell.given for size in q.shape}
    found: list[Solution] = []
    for s in reversed(hidden_sizes(cell)):
        if s.name not in alone and sizes_in([*lines, *(str(f.rest) for f in found)], [s.name]):
            found.insert(0, s)
    return found


def _reach(cell: Cell) -> dict[str, tuple[int, int]]:
    """How many steps before the first and after the last each quantity is read at."""
    names = [e.target for e in cell.equations] + [q.name for q in cell.given]
    reach = dict.fromkeys(names, (0, 0))
    for equation in cell.equations:
        for node in refs(equation.value):
            if isinstance(when := node["when"], int):
                before, after = reach[node["name"]]
                reach[node["name"]] = max(before, -when), max(after, when)
    return reach


def _padding(cell: Cell, names: Names) -> list[str]:
    made: list[str] = []
    reach = _reach(cell)
    for q in inputs(cell):
        if q.timed:
            own = names.quantity(q.name)
            before, after = reach[q.name]
            words = [own, str(time_axis(cell, q.shape))]
            if before or after:
                words += [shape_text(q.shape), str(before), str(after)]
            made += layout(f"{own} = over_time({', '.join(words)})", 4)
    return made


def _loop(
    cell: Cell,
    names: Names,
    writer: Writer,
    equations: list[Equation],
    direction: int,
    reach: dict[str, tuple[int, int]],
) -> list[str]:
    made: list[str] = []
    if not direction:
        for e in equations:
            made += layout(f"{names.quantity(e.target)} = {writer.write(_surrogate(e.value))}", 4)
            made += _kinks(e, writer, 4)
        return made
    for e in equations:
        start = _started(cell, names, e, reach[e.target])
        made += layout(f"{names.quantity(e.target)} = {start}", 4)
    steps = "range(1, T + 1)" if direction > 0 else "range(T, 0, -1)"
    made.append(f"    for t in {steps}:")
    for e in equations:
        made += layout(f"{names.quantity(e.target)}[t] = {writer.write(_surrogate(e.value))}", 8)
        made += _kinks(e, writer, 8)
    return made


def _started(cell: Cell, names: Names, equation: Equation, reach: tuple[int, int]) -> str:
    """The dictionary of a quantity before its loop: initial values, zeros outside the steps."""
    before, after = reach
    state = cell.state(equation.target)
    rows: dict[str, str] = {}
    for k in range(before, 0, -1):
        rows[str(1 - k)] = f"np.zeros({shape_text(equation.shape)})"
    for k in range(1, after + 1):
        rows[f"T + {k}"] = f"np.zeros({shape_text(equation.shape)})"
    if state and state.initial:
        rows |= _initial_rows(state, names)
    return f"{{{', '.join(f'{k}: {v}' for k, v in rows.items())}}}"


def _initial_rows(state: State, names: Names) -> dict[str, str]:
    own = names.quantity(state.initial or "")
    keys = [str(1 - k) if state.direction > 0 else f"T + {k}" for k in range(state.lag, 0, -1)]
    if state.lag == 1:
        return {keys[0]: own}
    return {key: f"{own}[{i}]" for i, key in enumerate(keys)}


def _returned(cell: Cell, names: Names) -> list[str]:
    words = []
    for name in cell.outputs:
        own, equation = names.quantity(name), cell.equation(name)
        axis = time_axis(cell, equation.shape)
        words.append(
            f"{names.output(name)!r}: {f'stacked({own}, T, {axis})' if equation.timed else own}"
        )
    return layout(f"return {{{', '.join(words)}}}", 4)


# -- kinks, and derivatives of the user's own -----------------------------------------------------


def _kinks(equation: Equation, writer: Writer, indent: int) -> list[str]:
    """Lines that note how far from a kink each kinked operator was."""
    made: list[str] = []
    for node in walk(equation.value):
        facts = OPERATORS[node.op].facts if node.op in OPERATORS else {}
        if "kinks" not in facts or all(arg.kind != "real" for arg in node.args):
            continue
        if not any(arg.kind == "real" and refs(arg) for arg in node.args):
            continue
        keywords = facts["kinks"].__kwdefaults__ or facts["kinks"].__annotations__
        attrs = {k: v for k, v in node.attrs if k in keywords}
        label = f"{'tie of ' if facts.get('ties') else ''}{node.op} in {equation.target}"
        for kink in facts["kinks"](*node.args, **attrs):
            text = writer.write(kink)
            made += layout(f'kinks.setdefault("{label}", []).append(np.real({text}))', indent + 4)
    return [f"{' ' * indent}if kinks is not None:", *made] if made else []


def _surrogate(value: Node) -> Node:
    """A function with a derivative of the user's own, so that a complex step sees that derivative.

    value(Re v) + derivative(Re v) · (v - Re v): the second term is zero on real numbers.
    """

    def change(node: Node) -> Node | None:
        if node.op != "custom":
            return None
        whole, *args = node.args
        real = {arg: apply("stop_gradient", arg) for arg in args}
        result = apply("stop_gradient", whole)
        for derivative in node["derivatives"]:
            given = {"$dy": None, **{f"${i}": real[arg] for i, arg in enumerate(args)}}
            arg = args[node["derivatives"].index(derivative)]
            given["$dy"] = arg - real[arg]

            def fill(part: Node, given: dict[str, Node | None] = given) -> Node | None:
                return given.get(part["name"]) if part.op == "ref" else None

            result = result + rebuild(derivative, fill)
        return result

    return rebuild(value, change)
