"""Names with the step in them, as papers and code have them: `h_t` and `h_prev`.

Here such a name is one like any other, and what it stands for does not change over time. Where that
cannot be meant, the steps go into brackets, `h[t]` and `h[t-1]`, in all such names at once.
"""

import re
from collections.abc import Iterable, Iterator

from bpgen import syntax
from bpgen.check import moments
from bpgen.check.mentions import word
from bpgen.check.scope import Scope, Symbol
from bpgen.report import Edit, Repair, safe
from bpgen.source import Span

# what code has in the place of a step
_STEPS = {"t": "t", "cur": "t", "new": "t", "next": "t+1", "0": "0", "init": "0"}
_STEPS |= dict.fromkeys(("prev", "old", "last", "tm1", "t_1", "t_minus_1", "pre"), "t-1")
_NOW = [word for word, step in _STEPS.items() if step == "t"]
_STEPPED = re.compile(rf"(\w+?)_?({'|'.join(_STEPS)})")
SHOWN = 3  # names of a repair that its text has
NAMES = 200  # of a spec in which all are looked at


def parted(name: str) -> tuple[str, str] | None:
    """`h` and `t-1` of `h_prev`; None of a name that has no step in it."""
    parts = _STEPPED.fullmatch(name)
    return (parts[1], _STEPS[parts[2]]) if parts else None


def declared(stem: str, scope: Scope) -> Symbol | None:
    """The input that was declared as `x_t`, where `x` is sought."""
    spellings = (f"{stem}{joint}{word}" for word in _NOW for joint in ("_", ""))
    known = (scope.table.symbols.get(name) for name in spellings)
    return next((s for s in known if s and s.role == "input" and not s.timed), None)


def respelled(name: str, scope: Scope) -> Iterator[Repair]:
    """Steps in brackets for a name that is declared with its step in it: in all names, or in it."""
    stem, step = parted(name) or ("", "")
    if step != "t":
        return
    every = dict.fromkeys((*scope.table.given, *scope.table.mentions))
    if len(every) <= NAMES:
        yield from _rewritten((one for one in every if "_" in one and parted(one)), scope)
    own = [f"{stem}{joint}{word}" for word in _STEPS for joint in ("_", "")]
    yield from _rewritten((one for one in own if one in every), scope)


def _rewritten(names: Iterable[str], scope: Scope) -> Iterator[Repair]:
    """The repair that puts the steps of some names into brackets."""
    edits: list[Edit] = []
    words: list[str] = []
    for name in names:
        stem, step = parted(name) or (name, "t")
        if made := tuple(_edits(name, stem, step, scope)):
            words.append(f"`{safe(f'{stem}[{step}]')}` for `{safe(name)}`")
            edits += made
    if edits:
        more = ", and so on" * (len(words) > SHOWN)
        yield Repair(f"write {', '.join(words[:SHOWN])}{more}", tuple(edits))


def _edits(name: str, to: str, step: str, scope: Scope) -> Iterator[Edit]:
    """`h[t-1]` for a name wherever it stands; what has a step in brackets already keeps that."""
    stepped = f"{to}[{step}]"
    for target in scope.table.given.get(name, ()):
        if isinstance(target, syntax.Name):
            yield Edit(target.span, stepped)
        else:
            yield Edit(target.name.span, to)
    for mention in scope.table.mentions.get(name, ()):
        place: Span = word(mention).span
        timed = isinstance(mention, syntax.Subscripted) and moments.speaks_of_time(
            mention.groups[0][0]
        )
        yield Edit(place, to if timed else stepped)
