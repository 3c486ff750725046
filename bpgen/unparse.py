"""Statements back to text, with every bracket that the language's precedence leaves out.

`a + b @ c` comes out as `a + (b @ c)`, so that a page can show how a spec was read, and not only
what it said.
"""

from collections.abc import Iterable
from typing import TypeAlias

from bpgen import syntax

Part: TypeAlias = syntax.Expression | syntax.Slice | syntax.NewAxis


def statement(s: syntax.Statement) -> tuple[str, str]:
    """The word that a statement opens with ("" for an equation), and what follows it."""
    match s:
        case syntax.CellName():
            return "cell", s.name.text
        case syntax.About():
            return "about", expression(s.text)
        case syntax.Dim():
            names = ", ".join(name.text for name in s.names)
            return "dim", names if s.value is None else f"{names} = {expression(s.value)}"
        case syntax.Declaration():
            return s.kind, _declaration(s)
        case syntax.Const():
            return "const", f"{s.name.text} = {expression(s.value)}"
        case syntax.Equation():
            word = "" if s.kind == "equation" else s.kind
            return word, f"{_listed(s.targets)} = {expression(s.value)}"
        case syntax.Output():
            return "output", expression(s.target)
        case syntax.Fn():
            return "fn", f"{s.name.text}({_listed(s.params)}) = {expression(s.body)}"
        case syntax.Op():
            given = ", ".join(f"{d.name.text} = {expression(d.value)}" for d in s.derivatives)
            head = f"{s.name.text}({_listed(s.params)})"
            return "op", f"{head} = {expression(s.body)} with {given}"
        case syntax.Time():
            return "time", s.place.text
        case syntax.Claim():
            return "claim", _claim(s)


def expression(e: Part) -> str:
    """An expression, each operation inside another one in brackets."""
    match e:
        case syntax.Name():
            return e.text
        case syntax.Number():
            return repr(e.value)
        case syntax.Text():
            return f'"{e.value}"'
        case syntax.Slice():
            return ":".join("" if end is None else expression(end) for end in (e.start, e.stop))
        case syntax.NewAxis():
            return "None"
        case syntax.Subscripted():
            return e.name.text + "".join(f"[{_tight(group)}]" for group in e.groups)
        case syntax.Call():
            words = [expression(arg) for arg in e.args]
            words += [f"{k.name.text}={expression(k.value)}" for k in e.keywords]
            return f"{e.function.text}{chr(39) * e.primed}({', '.join(words)})"
        case syntax.Unary():
            space = " " if e.symbol.isalpha() else ""
            return f"{e.symbol}{space}{_inner(e.operand)}"
        case syntax.Binary():
            space = "" if e.symbol == "**" else " "
            return f"{_inner(e.left)}{space}{e.symbol}{space}{_inner(e.right)}"
        case syntax.Transposed():
            return f"{_inner(e.operand)}.T"
        case syntax.Tuple():
            return f"({_listed(e.items)}{',' if len(e.items) == 1 else ''})"


def _inner(e: syntax.Expression) -> str:
    shown = expression(e)
    return f"({shown})" if isinstance(e, syntax.Unary | syntax.Binary) else shown


def _listed(parts: Iterable[Part]) -> str:
    return ", ".join(expression(part) for part in parts)


def _tight(parts: Iterable[Part]) -> str:
    """Subscripts and sizes, as people write them: `t-1`, `4*H`."""
    return ", ".join(expression(part).replace(" ", "") for part in parts)


def _declaration(s: syntax.Declaration) -> str:
    words = [f"{_listed(s.targets)} : ({_tight(s.shape)})"]
    if s.type != "real":
        words.append(s.type if s.below is None else f"{s.type} < {expression(s.below)}")
    for p in s.properties:
        words.append(p.name.text + (f"(over={expression(p.over)})" if p.over else ""))
    if s.initialiser:
        words.append(f"~ {s.initialiser.name.text}({_listed(s.initialiser.args)})")
    return " ".join(words)


def _claim(s: syntax.Claim) -> str:
    words = [s.kind, expression(s.subject)]
    parts = (("of", s.of), ("at", s.at), ("from", s.source), ("wrt", s.wrt))
    words += [f"{word} {expression(part)}" for word, part in parts if part is not None]
    return f"{' '.join(words)} = {expression(s.formula)}"
