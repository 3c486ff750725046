"""Where every quantity of a pass lives in a workspace.

As in the plain style, a quantity is an array over all steps, a local of a loop, or carried from one
step to the next; here each of these has memory of its own that is made once. What takes another
array apart, or is put into one, is a view of that.
"""

from dataclasses import dataclass, field

from bpgen.ir import Equation, Node, refs
from bpgen.schedule import Block
from bpgen.targets.bodies import Body
from bpgen.targets.fast.holding import HeldNames
from bpgen.targets.fast.lowering import writes

_ALWAYS_VIEWS = ("transpose", "newaxis", "slice", "index")


@dataclass(slots=True)
class Placed(Body):
    """A pass whose quantities have been given their places."""

    names: HeldNames
    views: set[str] = field(default_factory=set)  # quantities that are views of others
    parts: dict[str, str] = field(default_factory=dict)  # quantities that lie within another

    def __post_init__(self) -> None:
        Body.__post_init__(self)
        self._keep_whole()
        for block in self.program.blocks:
            for equation in block.equations:
                self._place(equation, block)

    def _keep_whole(self) -> None:
        """What is only taken apart is an array over all steps if all its parts are."""
        readers: dict[str, list[Equation]] = {}
        for equation in self.program.equations:
            for node in refs(equation.value):
                readers.setdefault(node["name"], []).append(equation)
        for name, kind in [*self.storage.items()]:
            parts = readers.get(name, []) if kind == "local" else []
            if parts and all(self.storage[e.target] == "array" for e in parts):
                if all(self._base(e.value) == name for e in parts):
                    self.storage[name] = "array"

    def _place(self, equation: Equation, block: Block) -> None:
        """Say whether a quantity is a view, lies within another, or has an array of its own."""
        name, value = equation.target, equation.value
        held, looped = self.names.held, bool(block.direction)
        plain = not any(self.margins(name)) and not any(self.shifts(name))
        if not any(self.margins(name)):
            self.names.shifted.add(name)
        stacked = self._stacked(value) if plain else None
        if stacked is not None:
            self.views.add(name)
            held.add(name)
            self.storage[name] = self.storage[stacked]
            return
        base = self._base(value) if plain and equation.timed and name not in self.owned else None
        fits = base in held and (self.storage[base] == "array" or self.storage[name] == "local")
        if base is not None and (fits or not looped):
            self.views.add(name)
            if base in held:
                held.add(name)
                self.storage[name] = self.storage[base]
        elif (base is None or self.storage[name] == "array") and self._kept(equation, looped):
            held.add(name)
            if looped and value.op == "concat" and plain:
                self._put_within(equation, block)

    def _kept(self, equation: Equation, looped: bool) -> bool:
        """Whether the array of a quantity is made once, and then written in place."""
        name, value = equation.target, equation.value
        if any(self.margins(name)) or (looped and self.storage[name] == "array"):
            return True
        if not equation.shape and (looped or not equation.timed):
            return False
        if self.storage[name] == "carry" or (value.op == "transpose" and not equation.timed):
            return True  # a copy of a transposed matrix lies as products like it best
        return writes(value, steps=not looped and equation.timed)

    def _stacked(self, value: Node) -> str | None:
        """The array of which a stack is a view: its arguments are neighbours within it."""
        if value.op != "stack" or value["axis"] != -value.rank:
            return None
        parts = [self.equations.get(arg["name"]) if arg.op == "ref" else None for arg in value.args]
        slices = [e.value for e in parts if e is not None and e.target in self.views]
        if len(slices) != len(parts) or any(v.op != "slice" or v["axis"] != -1 for v in slices):
            return None
        whole = slices[0].args[0]
        ends = [v["stop"] for v in slices[:-1]]
        fits = all(v.args[0] == whole for v in slices) and ends == [v["start"] for v in slices[1:]]
        name = self._base(slices[0]) if fits else None
        own = name in self.names.held and name not in (*self.views, *self.parts)
        return name if own and name and not any(self.margins(name)) else None

    def _base(self, value: Node) -> str | None:
        """What an expression is a view of, at the same step; None if it is no view, or may be none.

        Another shape of an array that does not lie in one piece is a copy.
        """
        depth = 0
        while value.op in _ALWAYS_VIEWS:
            value, depth = value.args[0], depth + 1
        fits = value.op == "ref" and value["when"] == 0 and depth
        return str(value["name"]) if fits else None

    def _put_within(self, equation: Equation, block: Block) -> None:
        """Let parts of a concatenation be computed where they will stand in it."""
        targets = {e.target for e in block.equations} & self.names.held
        taken = {*self.views, *self.parts, *self.owned}
        whole = self.storage[equation.target]

        def fits(arg: Node) -> bool:
            name = arg["name"] if arg.op == "ref" and arg["when"] == 0 else ""
            if name not in targets - taken or any(self.margins(name)) or any(self.shifts(name)):
                return False
            return self.storage[name] in ("local", whole)

        parts = equation.value.args
        if all(map(fits, parts)) and len(set(parts)) == len(parts):
            self.parts |= {part["name"]: equation.target for part in parts}
