"""Names of arrays that live in a workspace: `ws.h` in a function, `self.h` in its class."""

from dataclasses import dataclass, field

from bpgen.names import Names


@dataclass(slots=True)
class HeldNames(Names):
    """Names of one pass. `held` are quantities whose arrays live in the workspace, `ws`.

    `shifted` are those that have no views of their own at other steps than t: `x_prev` is made by
    the function, and is no attribute.
    """

    held: set[str] = field(default_factory=set)
    shifted: set[str] = field(default_factory=set)
    prefix: str = ""

    def __post_init__(self) -> None:
        Names.__post_init__(self)
        self.prefix = f"{self.own('ws')}."

    def quantity(self, name: str) -> str:
        own = Names.quantity(self, name)
        return f"{self.prefix}{own}" if name in self.held else own

    def view(self, name: str, shift: int) -> str:
        if shift == 0:
            return self.quantity(name)
        own = Names.view(self, name, shift)
        return f"{self.prefix}{own}" if name in self.held - self.shifted else own

    def whole(self, name: str) -> str:
        own = Names.whole(self, name)
        return f"{self.prefix}{own}" if name in self.held else own

    def bare(self, name: str, shift: int = 0) -> str:
        """The name without what stands before it."""
        return Names.view(self, name, shift) if shift else Names.quantity(self, name)

    def of_step(self, name: str, shift: int) -> str:
        """What one step of a quantity is called in a loop: `h_prev_t`."""
        return self._get((name, f"step {shift}"), f"{self.bare(name, shift)}_t")

    def own(self, wanted: str, what: object = None) -> str:
        """A name for something that is no quantity; one name for each different thing."""
        return self._get((wanted, f"own {what}"), wanted)
