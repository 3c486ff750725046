"""Every name of emitted code, in one place.

A quantity keeps its name from the spec; its gradient is `dh`; what is read one step back is
`h_prev`, ahead `h_next`, further `h_prev2`; the array that also holds the steps outside 1 to T is
`h_all`; the given gradient of an output is `dh_out`. A name that emitted code needs for itself gets
an underscore behind it.
"""

import keyword
from dataclasses import dataclass, field

# what emitted modules and tests say themselves; builtins that they call are among these
RESERVED = frozenset(
    "np math t T params saved dtype output kinks Params Outputs Saved Grads SHAPES STEP BACK "
    "OPTIONAL KINDS LABELS LEAST SOLVED STORED NamedTuple re init_params forward backward step "
    "plain TypeError ValueError bool range reversed float rng over_time stacked total "
    "work sizes list zip threading contextmanager Workspace ForwardArrays "
    "BackwardArrays".split()
) | frozenset(keyword.kwlist)  # fmt: skip


@dataclass(slots=True)
class Names:
    """Names of one module: the same key always gets the same name, no two keys share one.

    `helpers` are functions that the module defines; they are as taken as `np`.
    """

    sizes: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    known: dict[tuple[str, int | str | None], str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.taken |= {*RESERVED, *self.helpers, *self.sizes}

    def quantity(self, name: str) -> str:
        """The name of a quantity, of either pass."""
        return self._get((name, None), name)

    def view(self, name: str, shift: int) -> str:
        """The name of a quantity read at a shift, over all steps."""
        if shift == 0:
            return self.quantity(name)
        word = "prev" if shift < 0 else "next"
        return self._get((name, shift), f"{name}_{word}{abs(shift) if abs(shift) > 1 else ''}")

    def whole(self, name: str) -> str:
        """The name of the array that also holds steps outside 1 to T."""
        return self._get((name, "all"), f"{name}_all")

    def output(self, name: str) -> str:
        """The field of `Outputs`, which may be called like a local of the module, `range`."""
        free = f"d{name}" not in RESERVED and not keyword.iskeyword(name)
        return name if free else self.quantity(name)

    def cotangent(self, output: str) -> str:
        """The argument of `backward` for the gradient of an output."""
        return f"d{self.output(output)}"

    def _get(self, key: tuple[str, int | str | None], wanted: str) -> str:
        if key not in self.known:
            while wanted in self.taken or f"d{wanted}" in RESERVED:
                wanted += "_"
            self.known[key] = wanted
            self.taken.add(wanted)
        return self.known[key]
