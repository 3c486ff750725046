"""One pass as lines that fill the arrays of a workspace, statement by statement."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from bpgen.ir import Equation, Node, refs
from bpgen.layout import layout
from bpgen.notation import target_text, text
from bpgen.schedule import Block
from bpgen.sizes import Shape
from bpgen.targets.bodies import Body
from bpgen.targets.expressions import Writer, comment
from bpgen.targets.fast.loops import Loop
from bpgen.targets.fast.lowering import Lowering
from bpgen.targets.fast.making import Making
from bpgen.targets.grouping import sizes_in, split_groups

_WIDTH = 100


@dataclass(slots=True)
class Filling(Making):
    """The lines of `forward` or `backward`, and those of the class that makes its arrays."""

    current: Loop | None = None

    @classmethod
    def of(cls, body: Body) -> "Filling":
        """The same pass, to be written in place."""
        return cls(**{each.name: getattr(body, each.name) for each in fields(body)})

    # -- reading ----------------------------------------------------------------------------------

    def read(self, node: Node, steps: bool) -> str:
        """The text of a quantity where `node` reads it."""
        name, when = node["name"], node["when"]
        if steps or not isinstance(when, int) or self.current is None:
            return Body.read(self, node, steps)
        return self._at_step(name, when, node.shape)

    def _at_step(self, name: str, when: int, shape: Shape, writes: bool = False) -> str:
        """A quantity in a loop: a local, or the view of a step."""
        assert self.current is not None
        if self.storage.get(name, "array") != "array":
            own = self.names.bare(name)
            if name in self.names.held:
                self.current.locals[own] = None
            return own
        source = self.names.view(name, when)
        if not shape:
            self.current.counts = True
            return f"{source}[t]"
        kept = name in self.names.held and source.startswith(self.names.prefix)
        return self.current.view(self.names.of_step(name, when), source, kept, writes)

    # -- blocks -----------------------------------------------------------------------------------

    def add(self, statement: str, note: str = "", depth: int = 0) -> None:
        self.lines += layout(statement, 4 * (depth + 2), note)

    def say(self, sentence: str, depth: int) -> None:
        """A comment on lines of its own."""
        indent = " " * 4 * (depth + 2)
        words, line = sentence.split(" "), "#"
        for word in words:
            if len(indent) + len(line) + 1 + len(word) > _WIDTH:
                self.lines.append(indent + line)
                line = "#    "
            line += f" {word}"
        self.lines.append(indent + line)

    def heading(self, text: str) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")
        self.say(text, 0)

    def at_once(self, block: Block) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")
        if any(e.timed for e in block.equations):
            self.heading("all steps at once")
        for group in split_groups(block.equations):
            if all(e.target in self.views for e in group):
                self.take_apart(group)
                continue
            for equation in group:
                self._fill_at_once(equation)

    def _fill_at_once(self, equation: Equation) -> None:
        name = equation.target
        if name in self.views:
            self.take_apart((equation,))
            return
        if name not in self.names.held:
            self.one(equation)
            return
        self.make(equation)
        writer = Writer(self.read, equation.timed, constants=self.constants)
        lowering = Lowering(writer, self.scratch, self.names.prefix)
        value = equation.value
        if equation.timed and not value.timed and value.op == "expand":
            value = value.args[0]
        lowering.into(value, self.names.quantity(name))
        self._written(equation, lowering.lines, 0)
        if equation.timed and not any(self.margins(name)):
            self.shifted_views(name, equation.shape)

    def _written(self, equation: Equation, lines: Iterable[str], depth: int) -> None:
        statements = list(lines)
        if len(statements) > 1 or statements[0].startswith("np.copyto("):
            self.say(f"{target_text(equation)} = {text(equation.value)}", depth)
        for i, line in enumerate(statements):
            last = i == len(statements) - 1
            steps = depth == 0 and equation.timed
            self.add(line, comment(equation.shape, steps=steps) if last else "", depth)

    def loop(self, block: Block) -> None:
        self.current = loop = Loop(block.direction, self.names.own)
        groups = split_groups(block.equations)
        for group in groups:
            self._made_for_loop(group)
        outside, self.lines = self.lines, []
        for equation in (e for group in groups for e in group):
            self._fill_step(equation)
        inside, self.lines = self.lines, outside
        loop.counts |= bool(sizes_in(inside, ["t"]))
        self.heading("one step after another" + (", from the last" if loop.direction < 0 else ""))
        for equation in block.equations:
            self._started(equation)
        used = sizes_in(inside, [*self.scratch.known, *self.numbers])
        for line in loop.bound([*loop.locals, *used], _WIDTH - 8):
            self.add(line)
        steps = self._steps_name(block)
        before, head, opening = loop.head(steps, _WIDTH - 8)
        for line in before:
            self.add(line)
        self.lines.append(f"        {head}")
        for line in opening:
            self.add(line, depth=1)
        self.lines += inside
        for line in loop.views_made(steps):
            self._made(self.steps, line)
        self.current = None

    def _steps_name(self, block: Block) -> str:
        alone = sum(b.direction != 0 for b in self.program.blocks) == 1
        return "steps" if alone else f"steps_{self.names.bare(block.equations[-1].target)}"

    def _started(self, equation: Equation) -> None:
        """What is handed from step to step is zero before the first."""
        if self.storage[equation.target] == "carry":
            own = self.names.quantity(equation.target)
            if equation.target in self.names.held:
                self.add(f"{own}[...] = 0")
            else:
                self.add(f"{own} = np.zeros((), dtype)", comment(()))

    def _made_for_loop(self, group: tuple[Equation, ...]) -> None:
        if all(e.target in self.views for e in group):
            self.take_apart(group)
            return
        for equation in group:
            name = equation.target
            if name in self.views:
                self.take_apart((equation,))
            elif name in self.names.held and name not in self.parts:
                self.make(equation)
                inside = [part for part, whole in self.parts.items() if whole == name]
                if inside:
                    self.cut(equation, inside)

    def _fill_step(self, equation: Equation) -> None:
        name, shape, value = equation.target, equation.shape, equation.value
        assert self.current is not None
        if (name in self.views and name in self.names.held) or name in self.parts.values():
            return
        writer = Writer(self.read, False, constants=self.constants)
        lowering = Lowering(writer, self.scratch, number=self.number, dots=name not in self.parts)
        if name in self.names.held and shape:
            itself = any(n["name"] == name for n in refs(value))
            out = self._at_step(name, 0, shape, writes=True)
            lowering.into(value, out, free=self.storage[name] != "carry" or not itself)
        elif self.storage[name] == "array":
            self.current.counts = True
            lowering.lines.append(f"{self.names.quantity(name)}[t] = {writer.write(value)}")
        else:
            lowering.named(value, self.names.bare(name))
        self._written(equation, lowering.lines, 1)
