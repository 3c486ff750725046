"""Plug-ins: the operators and targets that other distributions bring.

A distribution offers an operator by an entry point of the group `bpgen.ops`: its name is the word
of the language, its object a module that states the facts of a file in `bpgen/ops`. A target is one
of the group `bpgen.targets`; `bpgen.targets` says what it must be. An operator's small functions
are named after it, `_sinc`, and it is called by its word: signs are bpgen's.

Nothing is looked for before a spec uses a word that bpgen does not know, so that an ordinary run
pays nothing. And nothing that is installed changes what a right spec means: bpgen's own words and
those that a spec defines go first, and a word that two distributions offer is neither's.

A plug-in is code that its user installed and trusts. It may still be wrong: it is tried when it is
loaded, and what is wrong is a sentence that names its distribution and the fact, never a crash.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, wraps
from itertools import groupby
from typing import Any

from bpgen import trials
from bpgen.ir import OPERATORS, Operator, ShapeError
from bpgen.ops import operator
from bpgen.report import Refused, Report, safe
from bpgen.trials import said

OPS, TARGETS = "bpgen.ops", "bpgen.targets"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a distribution offers: a name, the distribution as `bpgen-sinc 1.0`, how to load it."""

    name: str
    origin: str
    load: Callable[[], Any]


class Unusable(LookupError):
    """Nothing can be used under a name, though a plug-in offers it: why, with its distribution."""


def offers(group: str) -> tuple[Offer, ...]:
    """All that installed distributions offer, in the order of names."""
    return _scan(group)[0]


@cache
def _scan(group: str) -> tuple[tuple[Offer, ...], tuple[str, ...]]:
    """What is offered, and a sentence for each distribution whose offers cannot be read."""
    from importlib.metadata import distributions  # takes longer to import than to compile a cell

    found: dict[str, tuple[Offer, ...]] = {}
    unreadable: list[str] = []
    for each in distributions():
        origin = "a distribution"
        try:
            if f"[{group}]" not in (each.read_text("entry_points.txt") or ""):
                continue
            origin = safe(f"{each.metadata['Name']} {each.metadata['Version']}")
            points = each.entry_points.select(group=group)
        except Exception as error:  # what it raises differs from Python to Python
            unreadable.append(f"the entry points of {origin} cannot be read: {said(error)}")
            continue
        # of two installations of one distribution, the first on the path counts, as in imports
        offered = tuple(Offer(point.name, origin, point.load) for point in points)
        found.setdefault(each.metadata["Name"], offered)
    every = [offer for each in found.values() for offer in each]
    ordered = sorted(every, key=lambda offer: (offer.name, offer.origin))
    return tuple(ordered), tuple(sorted(set(unreadable)))


def loaded(group: str, name: str) -> tuple[Any, str]:
    """What is offered under a name, and by whom.

    Raises `LookupError` if nothing is, `Unusable` if it fails to import or several offer it.
    """
    found = [offer for offer in offers(group) if offer.name == name]
    if not found:
        raise LookupError(name)
    if len(found) > 1:
        whose = " and ".join(offer.origin for offer in found)
        raise Unusable(f"{whose} both offer `{safe(name)}`, so neither is used")
    (offer,) = found
    try:
        return offer.load(), offer.origin
    except (Exception, SystemExit) as error:
        raise Unusable(f"`{safe(name)}` of {offer.origin} cannot be used: {said(error)}") from error


def troubles(group: str, own: Callable[[str], bool], use: Callable[[str], object]) -> list[Report]:
    """A warning for each plug-in that cannot be used, or has a name that is bpgen's `own`."""
    found = list(_scan(group)[1])
    for name, each in groupby(offers(group), key=lambda offer: offer.name):
        if own(name):
            whose = " and ".join(offer.origin for offer in each)
            found.append(f"`{safe(name)}` of {whose} is not used: bpgen has its own")
            continue
        try:
            use(name)
        except Unusable as error:
            found.append(str(error))
    return [Report("BP507", message, severity="warning") for message in found]


# -- operators ------------------------------------------------------------------------------------


def is_operator(name: str) -> bool:
    """Whether a plug-in offers an operator by this name that can be used; it is loaded if so."""
    try:
        use_operator(name)
    except LookupError:
        return False
    return True


def why_not(name: str) -> tuple[str, ...]:
    """Why an operator that a plug-in offers cannot be used; nothing if none offers it."""
    try:
        use_operator(name)
    except Unusable as error:
        return (str(error),)
    except LookupError:
        pass
    return ()


def operator_names() -> tuple[str, ...]:
    """The words that plug-ins offer and bpgen does not have, in order."""
    return tuple(dict.fromkeys(o.name for o in offers(OPS) if not is_own(o.name)))


def operator_troubles() -> list[Report]:
    """A warning for each operator of a plug-in that is not used; loads all the others."""
    return troubles(OPS, is_own, use_operator)


def is_own(name: str) -> bool:
    """Whether bpgen itself has a word."""
    return name in OPERATORS and not OPERATORS[name].origin


def use_operator(name: str) -> Operator:
    """The operator that a plug-in offers under a name, from now on in the table.

    Raises `LookupError` if none does or bpgen has the name, `Unusable` if it cannot be used.
    """
    if is_own(name):
        raise LookupError(name)
    if name not in OPERATORS:
        module, origin = loaded(OPS, name)
        try:
            enter(name, module, origin)
        except Unusable as error:
            raise Unusable(f"`{safe(name)}` of {origin} cannot be used: {error}") from error
    return OPERATORS[name]


def enter(name: str, module: Any, origin: str) -> Operator:
    """Enter a module in the table, as the operator `name`; if it raises `Unusable`, nothing is."""
    _refuse_if(trials.misnamed(name))
    try:
        found = replace(operator(module, name), origin=origin)
    except (ImportError, TypeError, ValueError, AttributeError) as error:
        raise Unusable(str(error) if isinstance(error, ImportError) else said(error)) from error
    _refuse_if(trials.misstated(found))
    OPERATORS[name] = replace(
        found,
        shape=_fenced(found, "shape", found.shape),
        vjp=found.vjp and _fenced(found, "vjp", found.vjp),
    )
    try:
        _refuse_if(trials.failing(OPERATORS[name]))
    except (Refused, Unusable) as error:
        del OPERATORS[name]
        if isinstance(error, Unusable):
            raise
        raise Unusable(error.reports[0].notes[0]) from error
    return OPERATORS[name]


def _refuse_if(fault: str | None) -> None:
    if fault:
        raise Unusable(fault)


def _fenced(op: Operator, fact: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of a plug-in; where it fails in use, a report says whose it is."""

    @wraps(function)
    def fenced(*args: Any, **attributes: Any) -> Any:
        try:
            return function(*args, **attributes)
        except (ShapeError, Refused):
            raise
        except Exception as error:
            message = f"`{op.name}` of {op.origin} failed"
            note = f"its `{fact}` raises {said(error)}"
            raise Refused([Report("BP507", message, notes=(note,))]) from error

    return fenced
