"""Expressions as statements that write in place.

`plain` writes an expression as one line, and NumPy allots an array for each operator in it. Here an
expression becomes a statement an operator, each with the array that it fills as its last argument:
the target itself where it is free, or a scratch array that the next equation uses again.

    c = f * c_prev + i * g          np.multiply(f, c_prev, c)
                                    np.multiply(i, g, scratch)
                                    np.add(c, scratch, c)

An operator that NumPy cannot make write in place stays an expression, within such a statement.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bpgen.ir import OPERATORS, Node, is_number
from bpgen.ops.spelling import bracketed
from bpgen.sizes import Shape
from bpgen.targets.expressions import Writer

_ARITHMETIC = {
    "add": "np.add",
    "subtract": "np.subtract",
    "multiply": "np.multiply",
    "divide": "np.divide",
    "negate": "np.negative",
    "power": "np.power",
}
_FUNCTIONS = frozenset(
    "abs clip cos exp log log1p maximum minimum sign sin sqrt square tanh".split()
)
_CALL = re.compile(r"np\.(\w+)\(.*\)")
_TEXTS = ("ref", "number", "size", "step", "cast", "expand", "steps", "row", "custom")


@dataclass(slots=True)
class Scratch:
    """Arrays that hold a part of an expression until it is used, by shape; one set for a pass."""

    name: Callable[[Shape, bool, int], str]
    known: dict[str, tuple[Shape, bool]] = field(default_factory=dict)
    free: dict[tuple[Shape, bool], list[str]] = field(default_factory=dict)
    made: dict[tuple[Shape, bool], int] = field(default_factory=dict)

    def take(self, shape: Shape, steps: bool) -> str:
        """The name of an array that nothing is in; over all steps if `steps`."""
        key = shape, steps
        if self.free.get(key):
            return self.free[key].pop()
        count = self.made.get(key, 0)
        self.made[key] = count + 1
        name = self.name(shape, steps, count)
        self.known[name] = key
        return name

    def give(self, names: list[str]) -> None:
        """Arrays whose contents have been used."""
        for name in reversed(names):
            self.free.setdefault(self.known[name], []).append(name)


@dataclass(frozen=True, slots=True)
class _Number:
    """What `{number:one=1.0}` means in a format."""

    text: Callable[[float, str], str]

    def __format__(self, said: str) -> str:
        name, _, value = said.partition("=")
        return self.text(float(value), name)


@dataclass(frozen=True, slots=True)
class Lowering:
    """How to write statements: `writer` gives texts, `prefix` stands before scratch arrays."""

    writer: Writer
    scratch: Scratch
    prefix: str = ""
    number: Callable[[float, str], str] = lambda value, _: repr(value)  # the text of a number
    dots: bool = False  # whether what is filled has its rows one behind the other, for `np.dot`
    lines: list[str] = field(default_factory=list)

    @property
    def steps(self) -> bool:
        return self.writer.steps

    def into(self, node: Node, out: str, *, free: bool = True) -> None:
        """Statements that leave the value of a node in `out`; `free`: nothing in it is needed."""
        if node.op == "sum_steps" and self._summed(node, out):
            return
        if node.op in ("sum_steps", "concat") or not self._writes(node):
            taken: list[str] = []
            text = self._text(node, taken)
            made = re.fullmatch(r"np\.concatenate\((.*), axis=(-?\d+)\)", text)
            say = f"np.concatenate({made[1]}, {made[2]}, {out})" if made else None
            self.lines.append(say or f"np.copyto({out}, {text})")
            self.scratch.give(taken)
            return
        taken = []
        texts = self._operands(node, out if free and node.op != "matmul" else None, taken)
        self.lines.append(self._statement(node, texts, out))
        self.scratch.give(taken)

    def named(self, node: Node, name: str) -> None:
        """A statement that gives a value a name; what it is computed from may be gone behind it."""
        taken: list[str] = []
        operator = OPERATORS.get(node.op)
        # these do not hand out a view of what they are given, as a transpose may that einsum makes
        fresh = operator and operator.facts.get("heavy") and node.op not in ("einsum", "at_step")
        text = self._text(node, taken) if fresh else self.writer.write(node)
        self.lines.append(f"{name} = {text}")
        self.scratch.give(taken)

    # -- parts ------------------------------------------------------------------------------------

    def _operands(self, node: Node, host: str | None, taken: list[str]) -> list[str]:
        """Texts for the arguments; one that must be computed may be made where the result will."""
        known: dict[Node, str] = {}
        hosted = [a for a in node.args if self._writes(a) and self._alike(a, node)]
        if host and hosted:
            self.into(hosted[0], host)
            known[hosted[0]] = host
        for arg in node.args:
            if arg not in known:
                known[arg] = self._operand(arg, taken)
        if node.op == "matmul":
            return [known[arg] for arg in node.args]
        return [self.writer.lined_up(node, arg, known[arg]) for arg in node.args]

    def _operand(self, node: Node, taken: list[str]) -> str:
        """The text of an argument, computed into a scratch array if it has to be."""
        if node.op == "number":
            return self.number(node["value"], "")
        if not self._writes(node):
            return self._text(node, taken)
        name = self.scratch.take(node.shape, self._over(node))
        taken.append(name)
        at = self if self.steps and node.timed else replace(self, writer=self._once())
        at.into(node, self.prefix + name)
        return self.prefix + name

    def _text(self, node: Node, taken: list[str]) -> str:
        """An expression, the parts of it that write in place computed before."""
        if node.op in _TEXTS or node.kind != "real" or not node.rank or not node.args:
            return self.writer.write(node)
        if node.op in ("sum_steps", "matmul", "add", "subtract"):
            return self.writer.write(node)
        if self.steps and not node.timed:
            return replace(self, writer=self._once())._text(node, taken)
        texts = [self.writer.lined_up(node, a, self._operand(a, taken)) for a in node.args]
        return self.writer.spelled(node, [_apart(text) for text in texts])

    def _once(self) -> Writer:
        return replace(self.writer, steps=False)

    def _over(self, node: Node) -> bool:
        return self.steps and node.timed

    def _alike(self, arg: Node, node: Node) -> bool:
        return arg.shape == node.shape and self._over(arg) == self._over(node)

    # -- statements -------------------------------------------------------------------------------

    def _writes(self, node: Node) -> bool:
        return writes(node, steps=self.steps)

    def _statement(self, node: Node, texts: list[str], out: str) -> str:
        if node.op == "matmul":
            left, right = node.args
            a, b = texts
            if self._over(left) and left.rank == 2 and not self._over(right):
                return f"np.matmul(fold({a}), {b}, fold({out}))"
            # for two matrices np.dot does the same, and is called faster
            dots = self.dots and right.rank == 2 and left.rank <= 2 and not self._over(node)
            return f"np.{'dot' if dots and out not in texts else 'matmul'}({a}, {b}, {out})"
        if node.op == "power" and is_number(node.args[1], 2):
            return f"np.square({texts[0]}, {out})"
        if node.op in _ARITHMETIC:
            return f"{_ARITHMETIC[node.op]}({', '.join(texts)}, {out})"
        into = OPERATORS[node.op].facts.get("into")
        if into:
            fields = dict(zip(OPERATORS[node.op].params, texts, strict=True))
            number = _Number(self.number)
            return str(into.format(**fields, **dict(node.attrs), number=number, out=out))
        said = self.writer.spelled(node, [_apart(text) for text in texts])
        by_name = said.startswith(("np.maximum(", "np.minimum("))  # NumPy will take it in no place
        return f"{said[:-1]}, {'out=' * by_name}{out})"

    def _summed(self, node: Node, out: str) -> bool:
        """Products of one step, summed over the steps, as one product; False if it is no such."""
        (a,) = node.args
        at_once = replace(self, writer=replace(self.writer, steps=True))
        taken: list[str] = []
        if not a.args or not all(arg.timed for arg in a.args):
            return False
        left, right = a.args[0], a.args[-1]
        if a.op == "outer":
            u, v = (at_once._operand(arg, taken) for arg in a.args)
            self.lines.append(f"np.matmul({_apart(u)}.T, {v}, {out})")
        elif a.op == "matmul" and left.op == "transpose" and left.rank == right.rank == 2:
            u, v = (at_once._operand(arg, taken) for arg in (left.args[0], right))
            self.lines.append(f"np.matmul(fold({u}).T, fold({v}), {out})")
        else:
            return False
        self.scratch.give(taken)
        return True


def writes(node: Node, *, steps: bool) -> bool:
    """Whether a statement can write the value of a node in place."""
    over = steps and node.timed
    if node.op == "sum_steps":
        return node.args[0].op in ("outer", "matmul") and bool(node.rank)
    if node.kind != "real" or not (node.rank or over) or node.op not in OPERATORS:
        return False
    if node.op == "concat":
        return True
    if node.op == "matmul":
        return bool(node.rank) and (not over or _one_call(*node.args))
    if not OPERATORS[node.op].elementwise:
        return False
    if node.op in _ARITHMETIC or "into" in OPERATORS[node.op].facts:
        return True
    form = OPERATORS[node.op].numpy
    call = _CALL.fullmatch(form) if isinstance(form, str) else None
    return call is not None and call[1] in _FUNCTIONS


def _one_call(left: Node, right: Node) -> bool:
    """Whether a product over all steps is one call of `np.matmul`, with time among the rows."""
    if left.timed and not right.timed:
        return left.rank <= 2 and right.rank == 2
    return left.timed and right.timed and left.rank == right.rank >= 2


def _apart(text: str) -> str:
    """A text that a dot may follow."""
    return bracketed(text, 15)
