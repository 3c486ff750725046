"""The symbol table: every name that the statements of a spec give, and what is given from outside.

Names come first, all of them, since statements may stand in any order; then sizes, since shapes are
made of them; then shapes and properties.
"""

import keyword
import sys
from dataclasses import dataclass, field, replace

from bpgen import syntax
from bpgen.check import calls, expand, properties, stepped
from bpgen.check.scope import NO_CONSTANTS, Scope, Symbol
from bpgen.check.sizing import LARGEST, extent_of, shape_of
from bpgen.check.ways import instead
from bpgen.ir import Quantity
from bpgen.report import Edit, Label, Repair, safe
from bpgen.source import Span

FILES = ("numpy", "conftest", "setup", "sitecustomize", "usercustomize", "pytest", "bpgen")
DEVICES = ("con", "prn", "aux", "nul", *(f"{d}{i}" for d in ("com", "lpt") for i in range(10)))
ABOUT = 200  # characters


@dataclass(frozen=True, slots=True)
class Head:
    """What a spec says of itself: its name, a line of text, where time lies."""

    name: str
    about: str
    layout: str


def head(statements: tuple[syntax.Statement, ...], scope: Scope) -> Head:
    """The statements that may occur once each."""
    once = {
        syntax.CellName: _once(statements, syntax.CellName, "cell", scope),
        syntax.About: _once(statements, syntax.About, "about", scope),
        syntax.Time: _once(statements, syntax.Time, "time", scope),
    }
    cell, about, time = once.values()
    name = text = ""
    if isinstance(cell, syntax.CellName):
        name = cell.name.text
        _file_name(cell.name, scope)
    else:
        message = "the spec does not name its cell"
        scope.report("BP107", message, Span(0, 0), helps=["begin with `cell` and a name"])
    if isinstance(about, syntax.About):
        text = about.text.value
        if len(text) > ABOUT or not text.isprintable():
            message = f"`about` has at most {ABOUT} printable characters"
            scope.report("BP112", message, about.text.span, f"{len(text)} here")
    return Head(name, text, time.place.text if isinstance(time, syntax.Time) else "first")


def _once(
    statements: tuple[syntax.Statement, ...], type_: type, word: str, scope: Scope
) -> syntax.Statement | None:
    found = [s for s in statements if isinstance(s, type_)]
    for again in found[1:]:
        first = Label(found[0].span, "the first")
        scope.report("BP107", f"a spec has one `{word}`", again.span, "a second", others=[first])
    return found[0] if found else None


def _file_name(name: syntax.Name, scope: Scope) -> None:
    """Refuse a cell whose module would hide another, or could not be imported or written."""
    text = name.text
    lower = text.lower()
    if keyword.iskeyword(text):
        why = "it is a Python keyword"
    elif lower in sys.stdlib_module_names or lower in FILES:
        why = "a module of that name exists, and the generated one would hide it"
    elif lower in DEVICES:
        why = "Windows keeps that name for a device"
    elif lower.startswith("test_") or text.endswith("__"):
        why = "the generated module would be taken for something else"
    else:
        return
    message = f"`{safe(text)}` cannot name a cell: {why}"
    scope.report("BP105", message, name.span, helps=[f"rename it, e.g. `{safe(text)}_cell`"])


# -- names ----------------------------------------------------------------------------------------


def define(symbol: Symbol, scope: Scope) -> bool:
    """Enter a name. A second meaning is reported and left out."""
    name = symbol.name
    if keyword.iskeyword(name) or name.endswith("__"):
        why = "it is a Python keyword" if keyword.iskeyword(name) else "Python keeps such names"
        message = f"`{safe(name)}` cannot be used: {why}, and names become names of the module"
        scope.report("BP105", message, symbol.place, helps=_renamed(name))
    if symbol.function and (calls.is_word(name) or name == "split"):
        message = f"`{name}` is an operator, so no function can have its name"
        scope.report("BP105", message, symbol.place, helps=[f"rename it, e.g. `my_{name}`"])
    known = scope.table.symbols.setdefault(name, symbol)
    if known is not symbol:
        known, again = sorted((known, symbol), key=lambda s: s.place.start)
        first = Label(known.place, f"first here, as {known.what()}")
        message = f"`{safe(name)}` is defined twice"
        helps = ["one name has one meaning in a spec; rename one of the two"]
        scope.report("BP103", message, again.place, others=[first], helps=helps)
        scope.table.symbols[name] = replace(known, unclear=True)
        return False
    return True


def _renamed(name: str) -> list[str]:
    """The help for a name that Python keeps."""
    return [NO_CONSTANTS] if name in ("True", "False") else [f"rename it, e.g. `{name[:3]}_`"]


@dataclass(slots=True)
class Declared:
    """What the declarations gave: quantities from outside, and states, in order."""

    given: list[Quantity] = field(default_factory=list)
    states: list[Symbol] = field(default_factory=list)


def declare(statements: tuple[syntax.Statement, ...], scope: Scope) -> Declared:
    """Enter sizes, functions, constants, inputs, parameters and states."""
    for statement in statements:
        if isinstance(statement, syntax.Dim):
            _dim(statement, scope)
    declared = Declared()
    for statement in statements:
        if isinstance(statement, syntax.Declaration):
            _declaration(statement, declared, scope)
        elif isinstance(statement, syntax.Const):
            _const(statement, declared, scope)
        elif isinstance(statement, syntax.Fn | syntax.Op):
            _function(statement, scope)
    for state in declared.states:  # read as `h[t]` where it is declared, and refused, as `h_t`
        parts = stepped.parted(state.name) if state.unclear else None
        if parts:
            scope.table.symbols.setdefault(parts[0], replace(state, name=parts[0]))
    _starts(declared, scope)
    return declared


def _dim(statement: syntax.Dim, scope: Scope) -> None:
    value = statement.value
    fixed: int | None = None
    if value is not None:
        if isinstance(value.value, int) and 1 <= value.value <= LARGEST:
            fixed = value.value
        else:
            message = f"a size is a whole number from 1 to {LARGEST}"
            scope.report("BP209", message, value.span)
            fixed = 1
    for name in statement.names:
        define(Symbol(name.text, "dim", name.span, kind="int", value=fixed), scope)


def _const(statement: syntax.Const, declared: Declared, scope: Scope) -> None:
    name = statement.name
    symbol = Symbol(name.text, "const", name.span, shape=())
    if not define(symbol, scope):
        return
    value = properties.constant(statement.value, scope)
    if value is not None:
        quantity = Quantity(name.text, "const", (), value=value, place=name.span)
        declared.given.append(quantity)


def _function(statement: syntax.Fn | syntax.Op, scope: Scope) -> None:
    role = "op" if isinstance(statement, syntax.Op) else "fn"
    define(Symbol(statement.name.text, role, statement.name.span, function=statement), scope)
    seen: dict[str, syntax.Name] = {}
    for param in statement.params:
        if param.text in seen:
            others = [Label(seen[param.text].span, "first here")]
            message = f"two arguments are called `{safe(param.text)}`"
            scope.report("BP103", message, param.span, others=others)
        seen.setdefault(param.text, param)
    if isinstance(statement, syntax.Op):
        expand.signature(statement, scope)


# -- quantities -----------------------------------------------------------------------------------


def _declaration(statement: syntax.Declaration, declared: Declared, scope: Scope) -> None:
    inner = replace(scope, reads=[])
    sizes = [extent_of(item, inner) for item in statement.shape]
    shape = None if None in sizes else shape_of(statement.shape, inner, statement.shape_span)
    kind = statement.type
    if statement.kind != "input" and kind != "real":
        message = f"a {statement.kind} is real: no gradient flows to {kind}"
        scope.report("BP111", message, statement.span)
        kind = "real"
    for target in statement.targets:
        name, timed = _target(target, statement, scope)
        symbol = Symbol(name.text, statement.kind, target.span, timed, shape, kind)
        alone = statement.shape_span if len(statement.targets) == 1 else None
        refused = statement.kind == ("state" if target is name else "param")  # wrong about time
        symbol = replace(symbol, shape_place=alone, unclear=refused)
        if not define(symbol, scope):
            continue
        found = properties.read(statement, shape, scope)
        if statement.kind == "state":
            declared.states.append(symbol)
        elif shape is not None and found is not None:
            declared.given.append(
                Quantity(
                    name=name.text,
                    role=statement.kind,
                    shape=shape,
                    timed=timed,
                    kind=kind,
                    below=found.below,
                    simplex=found.simplex,
                    symmetric=found.symmetric,
                    frozen=found.frozen,
                    initialiser=found.initialiser,
                    place=target.span,
                )
            )


def _target(
    target: syntax.Target, statement: syntax.Declaration, scope: Scope
) -> tuple[syntax.Name, bool]:
    """The name that is declared, and whether it changes over time."""
    kind = statement.kind
    name = target if isinstance(target, syntax.Name) else target.name
    if isinstance(target, syntax.Name):
        if kind == "state":
            stem = parts[0] if (parts := stepped.parted(name.text)) else name.text
            message = f"a state changes over time: it is declared as `{safe(stem)}[t]`"
            ways = [*stepped.respelled(name.text, scope), instead(target.span, f"{name.text}[t]")]
            scope.report("BP308", message, target.span, repairs=ways)
        return name, kind == "state"
    (item, *more), *groups = target.groups
    if more or groups or not (isinstance(item, syntax.Name) and item.text == "t"):
        message = f"what changes over time is declared as `{safe(name.text)}[t]`"
        ways = [instead(target.span, f"{name.text}[t]")]
        scope.report("BP307", message, target.span, repairs=ways)
    elif kind == "param":
        message = "a parameter does not change over time"
        ways = [_without_steps(name, target, scope), _as_input(statement, name)]
        scope.report("BP309", message, target.span, repairs=ways)
        return name, False
    return name, True


def _without_steps(name: syntax.Name, target: syntax.Subscripted, scope: Scope) -> Repair:
    """The name alone, in its declaration and wherever it is read at a step."""
    uses = [m for m in scope.table.mentions.get(name.text, ()) if isinstance(m, syntax.Subscripted)]
    places = [target, *(use for use in uses if len(use.groups) == 1)]
    edits = tuple(Edit(Span(place.name.span.end, place.span.end), "") for place in places)
    return Repair(f"write `{safe(name.text)}`, without a step", edits)


def _as_input(statement: syntax.Declaration, name: syntax.Name) -> Repair:
    """The declaration as that of an input, which nothing draws."""
    start = statement.span.start
    edits = [Edit(Span(start, start + len(statement.kind)), "input")]
    if statement.initialiser:
        edits.append(Edit(Span(statement.shape_span.end, statement.initialiser.span.end), ""))
    return Repair(f"make it an input: `input {safe(name.text)}[t]`", tuple(edits))


def _starts(declared: Declared, scope: Scope) -> None:
    """Refuse arguments of `forward` that have the name of a state's initial value."""
    for state in declared.states:
        other = scope.table.symbols.get(f"{state.name}0")
        if other and other.role in ("input", "const"):
            message = f"`{other.name}` is the name of the argument that holds `{state.name}[0]`"
            where = Label(state.place, f"the state `{state.name}` is declared here")
            helps = [f"leave it out: `forward` takes `{other.name}` as it is; or rename it"]
            scope.report("BP106", message, other.place, others=[where], helps=helps)
