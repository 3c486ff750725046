"""Operands side by side, `W x[t] + U h[t-1]`, as papers write products.

Which product is meant hangs on shapes, which are not known here. So each is proposed, for all such
places of a statement at once, and the trial of each finds those that fit.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeAlias

from bpgen.report import Edit, Repair, safe
from bpgen.scan import Token, pieces
from bpgen.slips.fault import Fault, functions, operand_end
from bpgen.source import Source

_BINDING = ("*", "/", "@", "%", "**")  # signs that would take one factor of a product beside them

_Run: TypeAlias = list[tuple[int, int]]  # where the tokens of each operand begin and end


def products(fault: Fault) -> list[Repair]:
    """The ways to write what stands side by side: as matrix products, or entry by entry."""
    runs = list(_runs(fault.tokens, _value(fault), len(fault.tokens)))
    if not any(start == fault.index for run in runs for start, _ in run[1:]):
        left = fault.operand_before().start
        first = next(i for i, token in enumerate(fault.tokens) if token.start == left)
        end = operand_end(fault.tokens, fault.index)
        runs = [[(first, fault.index), (fault.index, end)]]
    return _ways(fault, runs)


def spelled(text: str) -> list[str]:
    """The ways to write a statement with a sign for each product, the text itself if it has none.

    A function that stands beside its argument is no factor, so that nothing is said of those.
    """
    found = list(islice(pieces(text), 2))
    if len(found) != 1:
        return [text]
    tokens = found[0].tokens
    fault = Fault(Source("", text), tokens, len(tokens), frozenset())
    runs = list(_runs(tokens, _value(fault), len(tokens)))
    if not runs or any(tokens[run[0][0]].text in functions(text) for run in runs):
        return [text]
    return [_made(text, repair.edits) for repair in _ways(fault, runs)]


def _made(text: str, edits: Sequence[Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: -edit.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def _ways(fault: Fault, runs: Sequence[_Run]) -> list[Repair]:
    if all(len(_parted(fault, run)[1]) < 2 for run in runs):
        return [_joined(fault, runs, "*")]
    return [
        _joined(fault, runs, "@"),
        _joined(fault, runs, "@", turned=True),
        _joined(fault, runs, "*"),
    ]


def _joined(fault: Fault, runs: Sequence[_Run], sign: str, turned: bool = False) -> Repair:
    """All runs with a sign between their operands, the last one first if they are turned."""
    edits, shown = [], ""
    for run in runs:
        numbers, arrays = _parted(fault, run)
        product = f" {sign} ".join(arrays[::-1] if turned else arrays)
        text = " * ".join([*numbers, product] if product else numbers)
        first, last = run[0][0], run[-1][1]
        beside = {token.text for token in (*fault.tokens[:first][-1:], *fault.tokens[last:][:1])}
        if beside & {*_BINDING} and not beside <= {"*", sign}:
            text = f"({text})"
        shown = shown or text
        whole = fault.tokens[first].span.to(fault.tokens[last - 1].span)
        edits.append(Edit(whole, text))
    meant = "the matrix product" if sign == "@" else "entry by entry"
    more = ", and so on" * (len(runs) > 1)
    return Repair(f"write `{safe(shown)}`{more}, {meant}", tuple(edits))


def _parted(fault: Fault, run: _Run) -> tuple[list[str], list[str]]:
    """The operands of a run as text: the numbers, of which no matrix product is, and the rest."""
    found: tuple[list[str], list[str]] = ([], [])
    for start, end in run:
        found[fault.tokens[start].kind != "number"].append(fault.quote(start, end))
    return found


def _value(fault: Fault) -> int:
    """Where the right side of an equation begins."""
    words = [token.text for token in fault.tokens[: fault.index]]
    return words.index("=") + 1 if "=" in words else 0


def _runs(tokens: Sequence[Token], start: int, stop: int) -> Iterator[_Run]:
    """The runs among some tokens; one in an operand of another stands for both."""
    run: _Run = []
    index = start
    while index < stop:
        end, inside = index + 1, list[_Run]()
        if operand := _begins(tokens[index]):
            end = operand_end(tokens, index)
            inside = list(_runs(tokens, index + 1, end))
        if inside or not operand:
            yield from [run] * (len(run) > 1)
            yield from inside
            run = []
        else:
            run.append((index, end))
        index = end
    yield from [run] * (len(run) > 1)


def _begins(token: Token) -> bool:
    named = token.kind in ("word", "number") and token.ends_operand and token.text != "with"
    return named or token.text == "("
