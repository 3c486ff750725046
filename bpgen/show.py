"""What a stage made, as a page that one can read: `bpgen show adjoint rnn.spec`.

A page has the equations as a spec would write them, each with its shape, under headings. It says
nothing that is not in the value it shows, and the same value gives the same page. The page of
`write` is the module itself.
"""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from bpgen import syntax
from bpgen.ir import Cell, Claim, Equation, Node, Pair, Quantity, State
from bpgen.notation import text
from bpgen.page import Module
from bpgen.render import render
from bpgen.schedule import Block, Plan, Program
from bpgen.sizes import Shape, shape_text
from bpgen.unparse import statement

Row: TypeAlias = tuple[str, str, str]  # a name, a shape, what else there is to say

WIDTH = 80

# a line may end after a comma or before an operator
_BREAK = re.compile(r",(?= )| (?=(?:[^\w\s\"(\[]+|and|or|with) )")


def page(stage: str, value: object) -> str:
    """The page of what a stage made."""
    match value:
        case Module():
            return render(value, "numpy/module.py.jinja")
        case syntax.Spec():
            name, lines = value.source.name, _spec(value)
        case Cell():
            name, lines = value.name, _cell(value)
        case Pair():
            name, lines = value.cell.name, _pair(value)
        case Plan():
            name, lines = value.pair.cell.name, _plan(value)
        case _:
            raise TypeError(f"no page for {type(value).__name__}")
    return "\n".join([f"{name} after {stage}", "", *lines]).rstrip() + "\n"


# -- parse ----------------------------------------------------------------------------------------


def _spec(spec: syntax.Spec) -> list[str]:
    rows = [(spec.source.position(s.span.start)[0], *statement(s)) for s in spec.statements]
    margin = max((len(str(number)) for number, _, _ in rows), default=0)
    lines = []
    for number, word, rest in rows:
        opening = f"{number:>{margin}} | {f'{word:<6} ' if word else ''}"
        shown = rest if word == "about" else None
        lines += [opening + shown] if shown else _wrapped(opening, rest)
    return lines


# -- check ----------------------------------------------------------------------------------------


def _cell(cell: Cell) -> list[str]:
    lines = textwrap.wrap(cell.about, WIDTH)
    lines += [""] if lines else []
    lines += [f"sizes    {', '.join(cell.sizes) or 'none'}", f"time     {cell.layout} axis"]
    lines += _listed("returns", cell.outputs)
    if cell.loss:
        lines.append(f"loss     {cell.loss}")
    lines += _section("given", _rows([_given(q) for q in cell.given]))
    lines += _section("states", _rows([_state(s) for s in cell.states]))
    lines += _section("equations", _equations(cell.equations))
    lines += _section("claims", [line for c in cell.claims for line in _claim(c, cell)])
    return lines


def _given(q: Quantity) -> Row:
    words: list[str] = []
    if q.kind != "real":
        words.append(q.kind if q.below is None else f"{q.kind} < {q.below}")
    if q.simplex is not None:
        words.append(f"simplex over axis {q.simplex}")
    words += [word for word, holds in (("symmetric", q.symmetric), ("frozen", q.frozen)) if holds]
    if q.initialiser:
        numbers = ", ".join(map(repr, q.initialiser.args))
        words.append(f"~ {q.initialiser.name}({numbers})")
    if q.value is not None:
        words.append(f"= {q.value!r}")
    return f"{q.role:<7}  {q.name}{'[t]' if q.timed else ''}", shape_text(q.shape), "  ".join(words)


def _state(s: State) -> Row:
    words = [_course(s.direction) if s.lag else "read at its own step only"]
    if s.initial:
        words.append(f"from {s.initial}" + (f", {s.lag} steps deep" if s.lag > 1 else ""))
    return f"{s.name}[t]", shape_text(s.shape), "  ".join(words)


def _claim(claim: Claim, cell: Cell) -> list[str]:
    words = [claim.kind, text(claim.subject)]
    parts: tuple[tuple[str, Node | None], ...] = (
        ("of", claim.of),
        ("from", claim.source),
        ("wrt", claim.wrt),
    )
    words += [f"{word} {text(node)}" for word, node in parts if node is not None]
    words += ["at t"] if claim.at else []
    opening = f"  {' '.join(words)} = "
    if claim.formula is not None:
        return _wrapped(opening, text(claim.formula))
    written = "" if claim.place is None else cell.source.quote(claim.place)
    formula = " ".join(written.partition("=")[2].partition("#")[0].split())
    fault = claim.fault.message if claim.fault else "its shapes do not fit"
    noted = textwrap.wrap(fault, WIDTH, initial_indent="    # ", subsequent_indent="    # ")
    return [*_wrapped(opening, formula), *noted]


# -- adjoint, simplify ----------------------------------------------------------------------------


def _pair(pair: Pair) -> list[str]:
    return [
        *_accepts(pair),
        *_results(pair),
        *_section("forward", _equations(pair.forward)),
        *_section("backward", _equations(pair.backward)),
    ]


def _accepts(pair: Pair) -> list[str]:
    return _listed("accepts", [f"{given} for {output}" for output, given in pair.cotangents])


def _results(pair: Pair) -> list[str]:
    """The gradients, and what of: `dW`, or `dz_W for W` where the name does not say it."""
    made = [(name, gradient) for name, gradient in pair.gradients if gradient]
    named = [g if g == f"d{name}" else f"{g} for {name}" for name, g in made]
    zero = [name for name, gradient in pair.gradients if not gradient]
    return [*_listed("returns", named), *(_listed("zero for", zero) if zero else [])]


# -- schedule -------------------------------------------------------------------------------------


def _plan(plan: Plan) -> list[str]:
    saved = set(plan.saved)
    return [
        *_accepts(plan.pair),
        *_results(plan.pair),
        *_listed("saved", plan.saved),
        *_section("forward", _program(plan.forward, saved)),
        *_section("backward", _program(plan.backward, set())),
    ]


def _program(program: Program, saved: set[str]) -> list[str]:
    """Blocks under their headings, all equations of a program in the same columns."""
    storage = dict(program.storage)
    notes = {
        e.target: _life(e, storage[e.target]) + (", saved" if e.target in saved else "")
        for e in program.equations
    }
    placed = _placed(program.equations, notes, 4)
    lines: list[str] = []
    for block in program.blocks:
        lines += ["", f"  {_heading(block)}"]
        lines += [line for equation in block.equations for line in placed[equation.target]]
    return lines[1:]


def _life(equation: Equation, storage: str) -> str:
    """How a target lives: "array" over all steps, "once" if it does not change over time."""
    return storage if equation.timed or storage != "array" else "once"


def _heading(block: Block) -> str:
    if block.direction:
        return f"step by step, {_course(block.direction)}"
    return "all steps at once" if any(e.timed for e in block.equations) else "once"


def _course(direction: int) -> str:
    return "t = 1 ... T" if direction > 0 else "t = T ... 1"


# -- lines ----------------------------------------------------------------------------------------


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *lines] if lines else []


def _listed(title: str, names: Iterable[str]) -> list[str]:
    """A title and names behind it, on as many lines as they need."""
    bound = (name.replace(" ", "\u00a0") for name in names)
    opening = f"{title:<8} "
    room = textwrap.wrap(", ".join(bound) or "nothing", WIDTH - len(opening))
    return [
        (opening if i == 0 else " " * len(opening)) + line.replace("\u00a0", " ")
        for i, line in enumerate(room)
    ]


def _rows(rows: Sequence[Row]) -> list[str]:
    """Names, shapes and what else there is to say, each in a column."""
    first = max((len(row[0]) for row in rows), default=0)
    second = max((len(row[1]) for row in rows), default=0)
    lines = (f"  {name:<{first}}  : {shape:<{second}}  {rest}" for name, shape, rest in rows)
    return [line.rstrip() for line in lines]


def _equations(equations: Sequence[Equation]) -> list[str]:
    placed = _placed(equations, {}, 2)
    return [line for equation in equations for line in placed[equation.target]]


def _placed(
    equations: Sequence[Equation], notes: Mapping[str, str], indent: int
) -> dict[str, list[str]]:
    """The lines of equations that stand together: signs, shapes and notes below one another."""
    margin = max((len(_target(e)) for e in equations), default=0)
    shapes = {e.target: f": {_kind_shape(e.value.kind, e.shape)}" for e in equations}
    width = max(map(len, shapes.values()), default=0)
    room = WIDTH - 2 - width - max((2 + len(note) for note in notes.values()), default=0)
    lines = {
        e.target: _wrapped(f"{'':{indent}}{_target(e):<{margin}} = ", text(e.value), room)
        for e in equations
    }
    column = max((len(each[-1]) for each in lines.values()), default=0)
    for name, each in lines.items():
        tail = f"{shapes[name]:<{width}}  {notes.get(name, '')}"
        each[-1] = f"{each[-1]:<{column}}  {tail}".rstrip()
    return lines


def _target(equation: Equation) -> str:
    return equation.target + ("[t]" if equation.timed else "")


def _kind_shape(kind: str, shape: Shape) -> str:
    return shape_text(shape) + ("" if kind == "real" else f" {kind}")


def _wrapped(opening: str, formula: str, width: int = WIDTH) -> list[str]:
    """A formula behind its opening, further lines below its start, operators at their heads."""
    room = max(width - len(opening), 24)
    lines: list[str] = []
    rest = formula
    while len(rest) > room and (cut := _cut(rest, room)):
        lines.append(rest[:cut])
        rest = rest[cut + 1 :]
    lines.append(rest)
    return [(" " * len(opening) if i else opening) + line for i, line in enumerate(lines)]


def _cut(formula: str, room: int) -> int:
    """The space to break at, or 0: within few brackets, at a weak operator, not far to the left."""
    ranks: dict[int, tuple[int, bool]] = {}
    for found in _BREAK.finditer(formula):
        space = found.start() + (found.group() == ",")
        ranks[space] = (_depth(formula[:space]), formula[space + 1] in "*/@%")
    far = [space for space in ranks if room // 3 < space <= room]
    if far:
        return min(far, key=lambda space: (*ranks[space], -space))
    return max((space for space in ranks if space <= room), default=min(ranks, default=0))


def _depth(text: str) -> int:
    return sum((c in "([") - (c in ")]") for c in text)
