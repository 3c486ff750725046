"""Targets: the languages that a plan can be written in.

NumPy is bpgen's own, in the other files of this folder. Further ones are plug-ins, entry points of
the group `bpgen.targets`; the object that one names, mostly a module, must have:

    comment    what opens a comment that ends with its line, `//`. bpgen puts one above and one
               below each file, by which it knows the file again before it replaces it
    operators  the names of the operators that it has a spelling for, those that only the compiler
               makes among them. A cell that needs another one is refused by bpgen, BP406, at the
               place in the spec; so an operator owns its NumPy spelling, and no other
    write      `write(plan)` gives the whole text of each file, by name, from a `schedule.Plan`:
               blocks of equations in their order, over all steps or step by step. It may raise
               `Unsupported` for what a list of names cannot say

Names of quantities are identifiers of ASCII letters, digits and `_`, from a letter on, and no
keywords of Python; what else the language keeps to itself is for the target to step round, and so
is how it treats the text of `about`.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from bpgen import plugins
from bpgen.ir import OPERATORS, Node, walk
from bpgen.plugins import Unusable
from bpgen.report import Label, Refused, Report, safe
from bpgen.schedule import Plan
from bpgen.source import Span
from bpgen.trials import said

OWN = "numpy"
_LEAVES = ("ref", "number", "size", "step")
_MARKS = ("#", "//", "--", "%", ";", "!", "'")


class Unsupported(Exception):
    """A target cannot write something of a cell: what, as in "integer inputs", and where it is."""

    def __init__(self, what: str, place: Span | None = None) -> None:
        super().__init__(what)
        self.place = place


@dataclass(frozen=True, slots=True)
class Target:
    """A target of a plug-in, its facts looked over."""

    name: str
    origin: str  # the distribution, `bpgen-c99 1.0`
    comment: str
    operators: Container[str]
    module: Any

    def write(self, plan: Plan) -> dict[str, str]:
        """The files of a plan, by name, not yet stamped. Raises `Refused`, and nothing else."""
        missing = list(self._missing(plan))
        if missing:
            raise Refused(missing)
        try:
            files = self.module.write(plan)
        except Unsupported as error:
            raise Refused([self._cannot(f"cannot write {error}", error.place)]) from error
        except Exception as error:
            raise self._failed(f"its `write` raises {said(error)}") from error
        if not isinstance(files, dict) or not all(
            isinstance(part, str) for item in files.items() for part in item
        ):
            raise self._failed("its `write` gives no dictionary of texts")
        return files

    def _failed(self, note: str) -> Refused:
        message = f"the target `{self.name}` of {self.origin} failed"
        return Refused([Report("BP507", message, notes=(note,))])

    def _missing(self, plan: Plan) -> Iterator[Report]:
        """A report for each operator that it has no spelling for, where it is first needed."""
        told: set[str] = set()
        for program, why in ((plan.forward, ""), (plan.backward, "its gradient needs it")):
            for equation in program.equations:
                for node in walk(equation.value):
                    known = node.op in _LEAVES or node.op in self.operators or node.op in told
                    if not known:
                        told.add(node.op)
                        what = f"has no spelling for `{_word(node)}`"
                        yield self._cannot(what, node.place or equation.place, why)

    def _cannot(self, what: str, place: Span | None, why: str = "") -> Report:
        label = Label(place, why) if place else None
        note = f"`{self.name}` is a target of {self.origin}"
        help = f"write it in other words, or compile for `{OWN}`, which has all operators"
        return Report(
            "BP406", f"the target `{self.name}` {what}", label, notes=(note,), helps=(help,)
        )


def _word(node: Node) -> str:
    return str(OPERATORS[node.op].facts.get("symbol", node.op))


def names() -> tuple[str, ...]:
    """Every target that there is, bpgen's own first, the others in order."""
    others = dict.fromkeys(offer.name for offer in plugins.offers(plugins.TARGETS))
    return (OWN, *(name for name in others if name != OWN))


def find(name: str) -> Target:
    """The target that a plug-in offers under a name.

    Raises `LookupError`, with a sentence, if none does; `Unusable` if what it offers is no target.
    """
    if name not in names():
        known = ", ".join(f"`{known}`" for known in names())
        raise LookupError(f"there is no target `{safe(name)}`; there is {known}")
    module, origin = plugins.loaded(plugins.TARGETS, name)
    for fact in ("comment", "operators", "write"):
        if not hasattr(module, fact):
            raise Unusable(f"the target `{name}` of {origin} lacks `{fact}`")
    if module.comment not in _MARKS:
        marks = " ".join(_MARKS)
        raise Unusable(f"the target `{name}` of {origin}: its `comment` is none of {marks}")
    return Target(name, origin, module.comment, module.operators, module)


def troubles() -> list[Report]:
    """A warning for each target of a plug-in that is not used; loads all the others."""
    return plugins.troubles(plugins.TARGETS, lambda name: name == OWN, find)
