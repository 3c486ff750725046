"""Programs as lines of NumPy: the blocks of one pass, with the arrays they fill.

How a quantity is stored decides how it is read and written. A state, or anything a loop reads at
other steps of itself, lives in an array with rows for the steps outside 1 to T, `h_all`; `h` and
`h_prev` are views of it. What only one step needs is a local of the loop; what one step hands to
the next is a variable that starts at zero. All else is an array over all steps.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bpgen.ir import Equation, Fixed, Node, State, refs
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.schedule import Block, Program
from bpgen.sizes import Shape
from bpgen.targets.expressions import Writer, comment, shape_text
from bpgen.targets.grouping import split_groups, split_text

INDENT = "    "
VIEWS = ("ref", "transpose", "newaxis", "slice", "index", "expand", "reshape", "row", "steps")


@dataclass(slots=True)
class Body:
    """The lines of a function as they are written, and what is known of its quantities."""

    names: Names
    program: Program
    states: dict[str, State]
    external: dict[str, Shape]  # timed arrays that are there from the start: inputs, saved, given
    have: set[tuple[str, int]] = field(default_factory=set)  # views that are there from the start
    constants: frozenset[str] = frozenset()
    wholes: dict[str, tuple[int, int]] = field(default_factory=dict)  # rows of whole arrays saved
    least: int = 0  # how many steps there are, at the least
    extra: tuple[tuple[str, int], ...] = ()  # readings elsewhere, that views must be there for
    allotted: set[str] = field(default_factory=set)
    owned: set[str] = field(default_factory=set)  # targets that must not share memory
    lines: list[str] = field(default_factory=list)
    equations: dict[str, Equation] = field(default_factory=dict)
    storage: dict[str, str] = field(default_factory=dict)
    looped: dict[str, int] = field(default_factory=dict)
    read_at: dict[str, set[int]] = field(default_factory=dict)  # the shifts each is read at

    def __post_init__(self) -> None:
        self.equations = {e.target: e for e in self.program.equations}
        self.storage = dict(self.program.storage)
        for block in self.program.blocks:
            if block.direction:
                self.looped |= {e.target: block.direction for e in block.equations}
        reads = [(n["name"], n["when"]) for e in self.program.equations for n in refs(e.value)]
        for name, when in (*reads, *self.extra):
            if isinstance(when, int):
                self.read_at.setdefault(name, set()).add(when)

    # -- lines ------------------------------------------------------------------------------------

    def add(self, statement: str, note: str = "", depth: int = 0) -> None:
        self.lines += layout(statement, 4 * (depth + 1), note)

    def heading(self, text: str) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")
        self.lines.append(f"{INDENT}# {text}")

    # -- reading ----------------------------------------------------------------------------------

    def read(self, node: Node, steps: bool) -> str:
        """The text of a quantity where `node` reads it."""
        name, when = node["name"], node["when"]
        if when is None:
            return self.names.quantity(name)
        if isinstance(when, Fixed):
            return self._fixed(name, when)
        kind = self.storage.get(name, "array")
        if kind == "local" or (kind == "carry" and when != 0):
            return self.names.quantity(name)
        view = self.names.view(name, when)
        return view if steps else f"{view}[t]"

    def _fixed(self, name: str, when: Fixed) -> str:
        if self.storage.get(name) == "carry":
            return self.names.quantity(name)
        inside = when.offset >= 0 if when.anchor == "first" else when.offset <= 0
        if name in self.wholes and not inside:
            before, after = self.wholes[name]
        elif name in self.external:
            before = after = 0
        else:
            before, after = self.margins(name)
        own = self.names.quantity(name)
        whole = self.names.whole(name) if before or after else own
        at = before + when.offset if when.anchor == "first" else when.offset - 1 - after
        rows = self.least + before + after  # that the array has, however few the steps
        if not -rows <= at < rows:
            return f"edge({whole}, {at})"
        return f"{whole}[{at}]"

    def shifts(self, name: str) -> list[int]:
        """The shifts at which a quantity is read in this function, in order."""
        return sorted(self.read_at.get(name, ()))

    def margins(self, name: str) -> tuple[int, int]:
        """How many rows an array holds before step 1 and after step T."""
        if name in self.external or self.storage.get(name, "array") != "array":
            return 0, 0
        state = self.states.get(name)
        lag, direction = (state.lag, state.direction) if state else (0, 1)
        shifts = self.shifts(name) if name in self.looped or lag else []
        before = max([0, *(-s for s in shifts), lag if direction > 0 else 0])
        after = max([0, *shifts, lag if direction < 0 else 0])
        return before, after

    # -- arrays -----------------------------------------------------------------------------------

    def allocate(self, equation: Equation) -> None:
        """Make the array that a loop (or a state's equation) fills, and its views."""
        array, *views = self.array(equation)
        self.add(*array)
        self.initial(equation.target)
        for view in views:
            self.add(*view)

    def array(self, equation: Equation) -> list[tuple[str, str]]:
        """The statement, with its note, that makes an array over all steps; then that of its views.

        An array with rows outside the steps 1 to T has views; what is read there starts as zero.
        """
        name, shape = equation.target, equation.shape
        before, after = self.margins(name)
        dtype = {"real": "dtype", "int": "np.int64", "bool": "bool"}[equation.value.kind]
        own = self.names.quantity(name)
        if not before and not after:
            text = f"{own} = np.empty({shape_text(shape, steps=True)}, {dtype})"
            return [(text, comment(shape, steps=True))]
        whole = self.names.whole(name)
        rows = f"T + {before + after}"
        sizes = ", ".join([rows, *map(str, shape)]) + ("," if not shape else "")
        first, last = 1 - before, after
        note = f"{name}[{first}] ... {name}[T{f'+{last}' if last else ''}]"
        state = self.states.get(name)
        filled = state and state.initial and (before, after) in ((1, 0), (0, 1))
        made = f"{whole} = np.{'empty' if filled else 'zeros'}(({sizes}), {dtype})"
        views, texts = [], []
        for shift in sorted({0, *self.shifts(name)}):
            start, stop = before + shift, after - shift
            views.append(self.names.view(name, shift))
            texts.append(f"{whole}[{start or ''}:{f'-{stop}' if stop else ''}]")
        each = " each" if len(views) > 1 else ""
        taken = f"{', '.join(views)} = {', '.join(texts)}"
        return [(made, note), (taken, f"{comment(shape, steps=True)}{each}")]

    def initial(self, name: str) -> None:
        """Put the initial values of a state, if it has such, into its array."""
        state, (before, after) = self.states.get(name), self.margins(name)
        if not state or not state.initial or not (before or after):
            return
        whole = self.names.whole(name)
        start = self.names.quantity(state.initial)
        if state.direction > 0:
            rows = f"{before - state.lag or ''}:{before}" if state.lag > 1 else f"{before - 1}"
        elif state.lag == 1:
            rows = f"{-after}"
        else:  # the farthest is given first, and lies last
            rows = f"{-after}:{-after + state.lag if after > state.lag else ''}"
            start += "[::-1]"
        if state.initial not in self.equations:  # an argument, and zero if it is not given
            start = f"0 if {self.names.quantity(state.initial)} is None else {start}"
        self.add(f"{whole}[{rows}] = {start}")

    def shifted_views(self, name: str, shape: Shape) -> None:
        """Arrays of a quantity at other steps, for one that has no rows outside 1 to T."""
        for shift in self.shifts(name):
            if shift and (name, shift) not in self.have:
                source, view = self.names.quantity(name), self.names.view(name, shift)
                self.add(f"{view} = shifted({source}, {shift})", comment(shape, steps=True))

    # -- blocks -----------------------------------------------------------------------------------

    def externals(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self.external:
                self.shifted_views(name, self.external[name])

    def write(self) -> None:
        """All blocks, in order."""
        for block in self.program.blocks:
            if block.direction:
                self.loop(block)
            else:
                self.at_once(block)

    def at_once(self, block: Block) -> None:
        timed = any(e.timed for e in block.equations)
        if self.lines and self.lines[-1]:
            self.lines.append("")
        if timed:
            self.heading("all steps at once")
        for group in split_groups(block.equations):
            if len(group) == 1 or not all(self._simple(e) for e in group):
                for equation in group:
                    self.one(equation)
            else:
                timed = group[0].timed
                targets = [self.names.quantity(e.target) for e in group]
                writer = Writer(self.read, timed, constants=self.constants)
                self._assign(targets, group, writer, comment(group[0].shape, steps=timed), 0)

    def _simple(self, e: Equation) -> bool:
        shifted = any(self.shifts(e.target)) and e.timed
        return not shifted and self.margins(e.target) == (0, 0) and e.target not in self.owned

    def one(self, equation: Equation) -> None:
        """An equation without a loop."""
        name, shape = equation.target, equation.shape
        writer = Writer(self.read, equation.timed, constants=self.constants)
        value = equation.value
        repeated = equation.timed and not value.timed
        if repeated and value.op == "expand" and value.kind == "real":
            value = value.args[0]  # it is expanded to all steps anyway
        text = writer.write(value)
        note = comment(shape, steps=equation.timed)
        before, after = self.margins(name)
        if equation.timed and (before or after):
            self.allocate(equation)
            self.add(f"{self.names.quantity(name)}[...] = {text}", note)
            return
        if repeated:
            text = f"np.full({shape_text(shape, steps=True)}, {text}, dtype)"
        elif name in self.owned and not (equation.timed or shape) and equation.value.op == "ref":
            text = f"dtype.type({text})"
        elif name in self.owned and self._shares(equation.value):
            text = f"np.array({text})"
        self.add(f"{self.names.quantity(name)} = {text}", note)
        if equation.timed:
            self.shifted_views(name, shape)

    def _shares(self, value: Node) -> bool:
        """Whether an expression is a view of something else."""
        while value.op in VIEWS and value.args:
            value = value.args[0]
        if value.op != "ref":
            return False
        if self.storage.get(value["name"]) == "carry":
            return self._shares(self.equations[value["name"]].value)
        return not self.read(value, False).startswith("edge(")

    def loop(self, block: Block) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")
        self._allocate_alike(block)
        for equation in block.equations:
            kind = self.storage[equation.target]
            if kind == "array" and equation.target not in self.allotted:
                self.allocate(equation)
            elif kind == "carry":
                own = self.names.quantity(equation.target)
                shape = equation.shape
                self.add(f"{own} = np.zeros({shape_text(shape)}, dtype)", comment(shape))
        down = block.direction < 0
        self.heading("one step after another" + (", from the last" if down else ""))
        self.lines.append(f"{INDENT}for t in {'reversed(range(T))' if down else 'range(T)'}:")
        writer = Writer(self.read, False, constants=self.constants)
        for group in split_groups(block.equations):
            targets = []
            for equation in group:
                own = self.names.quantity(equation.target)
                kept = self.storage[equation.target] == "array"
                targets.append(f"{own}[t]" if kept else own)
            self._assign(targets, group, writer, comment(group[0].shape), 1)

    def _assign(
        self, targets: list[str], group: tuple[Equation, ...], writer: Writer, note: str, depth: int
    ) -> None:
        """One equation, or several that take one array apart."""
        note += " each" * (len(group) > 1)
        self.add(f"{', '.join(targets)} = {split_text(group, writer)}", note, depth)

    def _allocate_alike(self, block: Block) -> None:
        """Arrays of one shape without rows outside the steps, in one line."""
        alike: dict[tuple[Shape, str], list[str]] = {}
        for e in block.equations:
            if self.storage[e.target] == "array" and self.margins(e.target) == (0, 0):
                alike.setdefault((e.shape, e.value.kind), []).append(e.target)
        for (shape, kind), targets in alike.items():
            if len(targets) > 1 and kind == "real":
                left = ", ".join(self.names.quantity(name) for name in targets)
                sizes = shape_text(shape, steps=True)[1:]
                note = f"{comment(shape, steps=True)} each"
                self.add(f"{left} = np.empty(({len(targets)}, {sizes}, dtype)", note)
                self.allotted |= set(targets)
