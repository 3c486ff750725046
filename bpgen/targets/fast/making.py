"""The statements of the classes that make the arrays of a pass, once for many calls."""

import re
from dataclasses import dataclass, field
from itertools import accumulate

from bpgen.ir import Equation, Node
from bpgen.layout import layout
from bpgen.sizes import Shape
from bpgen.targets.expressions import Writer, comment, shape_text
from bpgen.targets.fast.lowering import Scratch
from bpgen.targets.fast.places import Placed

_NUMBERS = {0: "zero", 1: "one", 2: "two", 0.5: "half", -1: "minus_one"}


@dataclass(slots=True)
class Making(Placed):
    """A pass and the class that makes its arrays: for all steps, for one, views of every step."""

    arrays: list[str] = field(default_factory=list)
    locals: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    scratch: Scratch = field(init=False)
    numbers: dict[str, str] = field(default_factory=dict)  # names of numbers, and how they are said

    def __post_init__(self) -> None:
        Placed.__post_init__(self)
        self.scratch = Scratch(self._scratch_name)

    def number(self, value: float, said: str = "") -> str:
        """The name of a number in a loop, where it is an array, which NumPy need not convert."""
        word = said or _NUMBERS.get(value) or re.sub(r"\W", "_", f"number_{value!r}")
        name = self.names.own(word, float(value))
        self.numbers[name] = repr(value)
        return name

    def make(self, equation: Equation) -> None:
        """Let the class make the array of a quantity; the function puts initial values into it."""
        name, shape = equation.target, equation.shape
        prefix, self.names.prefix = self.names.prefix, "self."
        if equation.timed and self.storage[name] == "array":
            for statement in self.array(equation):
                self._made(self.arrays, *statement)
        else:
            text = f"{self.names.quantity(name)} = np.empty({shape_text(shape)}, dtype)"
            self._made(self.locals if equation.timed else self.arrays, text, comment(shape))
        self.names.prefix = prefix
        self.initial(name)

    def scratches(self) -> list[str]:
        """The statements of the class that make scratch arrays, and numbers that loops use."""
        lines: list[str] = []
        for name, number in self.numbers.items():
            self._made(lines, f"self.{name} = np.array({number}, dtype)")
        for name, (shape, steps) in self.scratch.known.items():
            text = f"self.{name} = np.empty({shape_text(shape, steps=steps)}, dtype)"
            self._made(lines, text, comment(shape, steps=steps))
        return lines

    def _scratch_name(self, shape: Shape, steps: bool, count: int) -> str:
        axes = "".join(re.sub(r"\W", "", str(axis)) for axis in shape)
        word = ("scratch", "spare", "extra")[count] if count < 3 else f"scratch{count + 1}"
        wanted = "_".join(filter(None, (word, "T" * steps + axes)))
        return self.names.own(wanted, (shape, steps, count))

    def _made(self, lines: list[str], statement: str, note: str = "") -> None:
        lines += layout(statement, 8, note)

    def take_apart(self, group: tuple[Equation, ...]) -> None:
        """Views of another array: made by the class if it makes that one, else here."""
        first, count = group[0], len(group)
        inside, steps = first.target in self.names.held, self.storage[first.target] == "array"
        prefix = self.names.prefix
        self.names.prefix = "self." if inside else prefix
        writer = Writer(self._whole_of, steps, constants=self.constants)
        targets = ", ".join(self.names.quantity(e.target) for e in group)
        if count > 1:
            array, axis = writer.write(first.value.args[0]), first.value["axis"]
            statement = f"{targets} = np.split({array}, {count}, axis={axis})"
        else:
            stack = first.value.op == "stack"
            right = self._stack_text(first.value, steps) if stack else writer.write(first.value)
            statement = f"{targets} = {right}"
        note = comment(first.shape, steps=steps) + " each" * (count > 1)
        if inside:
            self._made(self.arrays if steps else self.locals, statement, note)
        else:
            self.add(statement, note)
        self.names.prefix = prefix

    def _stack_text(self, value: Node, steps: bool) -> str:
        """Neighbouring parts of an array as a view with an axis for them in front."""
        first = self.equations[value.args[0]["name"]].value
        whole, size = first.args[0], first.shape[-1]
        count = next(i for i in range(1, 65) if size * i == whole.shape[-1])
        start = next(i for i in range(65) if size * i == first["start"])
        axes = [*(["T"] if steps else []), *map(str, whole.shape[:-1]), str(count), str(size)]
        array = f"{self.names.quantity(whole['name'])}.reshape({', '.join(axes)})"
        moved = f"np.moveaxis({array}, -2, {int(steps)})" if whole.rank > 1 else array
        taken = "" if len(value.args) == count else f"{start}:{start + len(value.args)}"
        return f"{moved}[{':, ' if steps else ''}{taken}]" if taken else moved

    def _whole_of(self, node: Node, _: bool) -> str:
        return self.names.quantity(node["name"])

    def cut(self, equation: Equation, parts: list[str]) -> None:
        """Views of the places of a concatenation's parts."""
        whole, axis = equation.target, equation.value["axis"]
        steps = self.storage[whole] == "array"
        shapes = [arg.shape for arg in equation.value.args]
        prefix, self.names.prefix = self.names.prefix, "self."
        targets = ", ".join(self.names.quantity(part) for part in parts)
        places, note = str(len(parts)), f"{comment(shapes[0], steps=steps)} each"
        if len(set(shapes)) > 1:
            ends = accumulate(shape[axis] for shape in shapes[:-1])
            places, note = f"({', '.join(map(str, ends))},)", ""
        statement = f"{targets} = np.split({self.names.quantity(whole)}, {places}, axis={axis})"
        self._made(self.arrays if steps else self.locals, statement, note)
        self.names.prefix = prefix
        self.storage |= dict.fromkeys(parts, self.storage[whole])
