"""Operators: every module in this folder, but for those of words that they share, is one operator.

The file is the record. Its name is the word in the language and its docstring the documentation:
one line, then why the rule is what it is. These facts it must state:

    shape     the rule for shapes: takes the arguments' shapes and, by keyword, the attributes with
              their defaults; returns the result's shape or raises `ir.ShapeError`. `ops.shapes`
              has the usual ones
    vjp       the backward rule, run on symbols: `vjp(dy, y, a, b, *, axis)` gives the gradient of
              each argument from that of the result; its parameters name the arguments. A tuple if
              there are several arguments, None for one through which nothing flows. What it
              returns may be larger than the argument by broadcasting, or smaller: the adjoint
              stage makes it fit. `vjp = None` if nothing flows at all
    numpy     the NumPy spelling, a format: `{a}` is the argument's text, `{a_}` the same ready for
              a dot or a subscript, `{axis}` an attribute, `{dtype}` the module's dtype. Brackets
              are put where the format's own operators need them. Or a function of the texts by
              position, with `node`, `steps` and `dtype` by keyword, those that it names;
              `spelling.atom` puts its brackets. `steps` says that every argument carries time as
              its first axis. Axes count from the end, so that one text serves one step and all
    latex     the LaTeX spelling, likewise

These it may state:

    params    the arguments' names, where `vjp` is None
    symbol    the infix symbol; such an operator is no word of the language
    internal  True: made by the compiler, not a word of the language
    kind      "bool", "int" or "join" where the result is not real; "join" keeps integers integers
    joins     the place of the first argument that "join" looks at, 0 if not said
    boolean   True: "join" keeps booleans booleans
    casts     False: integers among the arguments stay integers, though the result is real
    timed     True or False: whether the result changes over time, whatever the arguments do
    mixed     True: under `steps`, arguments that do not change over time are spelled as they are
    reduces   True: takes `over=` or `axis=`, all axes if nothing is said; has `axes`, `keepdims`
    along     True: takes `over=` or `axis=`, the last axis if nothing is said; has `axis`
    several   True, beside `along`: may work over several axes as if they were one
    heavy     True: worth keeping rather than computing again (products, exponentials, reductions)
    domain    `(low, high)` that arguments may be drawn from; a tuple of such for several arguments
    smooth    False: has kinks; a test must stay off them
    kinks     what is zero at a kink, from the arguments: `kinks(a, b)` gives `(a - b,)`
    ties      True: `kinks` is never negative, and zero only where several entries tie
    unsafe    True: at some finite arguments the value or the derivative is not finite
    harmless  the number, 1 if not said, that an unsafe operator is safe at in each argument. Where
              a `where` does not take the operator's entry, this stands in, so that backward
              meets no 0·∞
    plain     a dtype-generic spelling for the shipped test, where `numpy` is wrong on complex
              numbers
    helper    source of a small function that `numpy` calls, emitted into modules that need it; it
              may call those of other operators
    plain_helper  the same for `plain`
    into      how a statement writes the result into an array, `{out}`, a format as `numpy` is;
              `{number:one=1.0}` is the number 1.0, made an array of that name where that is
              faster. Not needed where `numpy` is a function of NumPy that takes an array
    into_helper  source of a small function that `into` calls
    because   the sentence that a derivation prints
    differential  the differential form, `dC = dA B + A dB`

A module that lacks a fact does not import. Other distributions may bring operators too, modules of
the same facts: `bpgen.plugins` says how.
"""

import inspect
import sys
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from bpgen.ir import OPERATORS, Operator

_NOT_OPERATORS = ("shapes", "rules", "spelling")
_OPTIONAL = (
    "symbol internal kind boolean joins casts timed mixed reduces along several heavy domain "
    "smooth kinks ties unsafe harmless plain helper plain_helper into into_helper because "
    "differential aliases"
).split()


def operator(module: ModuleType, name: str = "") -> Operator:
    """The record that a module is, by its own name if no other is given.

    Raises ImportError if it lacks a fact.
    """
    words = () if sys.flags.optimize > 1 else ("__doc__",)  # `python -OO` drops them
    for fact in (*words, "shape", "vjp", "numpy", "latex"):
        if getattr(module, fact, None) is None and not (fact == "vjp" and hasattr(module, fact)):
            raise ImportError(f"{module.__name__} lacks `{fact}`")
    keywords = inspect.signature(module.shape).parameters.values()
    attributes = {p.name: p.default for p in keywords if p.kind is p.KEYWORD_ONLY}
    return Operator(
        name=name or module.__name__.rpartition(".")[2],
        doc=module.__doc__ or "",
        params=_params(module),
        attributes=attributes,
        shape=module.shape,
        vjp=module.vjp,
        numpy=module.numpy,
        latex=module.latex,
        facts={fact: getattr(module, fact) for fact in _OPTIONAL if hasattr(module, fact)},
    )


def _params(module: ModuleType) -> tuple[str, ...]:
    if hasattr(module, "params"):
        return tuple(module.params)
    if module.vjp is None:
        raise ImportError(f"{module.__name__} lacks `params`, or a `vjp` that names them")
    given = list(inspect.signature(module.vjp).parameters.values())[2:]
    return tuple(
        f"*{p.name}" if p.kind is p.VAR_POSITIONAL else p.name
        for p in given
        if p.kind is not p.KEYWORD_ONLY
    )


def _find() -> None:
    for found in sorted(iter_modules(__path__), key=lambda m: m.name):
        if found.name not in _NOT_OPERATORS:
            OPERATORS[found.name] = operator(import_module(f"{__name__}.{found.name}"))


_find()
