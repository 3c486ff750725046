"""Calls as NumPy, torch and Keras write them: `np.tanh(x)`, `x.sum(axis=0)`, `torch.mul(a, b)`.

All of a statement are rewritten at once, those inside of others too. A call that is a sign here
gets brackets wherever precedence would take one of its operands away from it.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from bpgen.borrowed import SAME, SIGNS, WORDS, plain
from bpgen.report import Edit, Report, safe
from bpgen.scan import Token
from bpgen.slips.fault import Fault, functions, matching, write
from bpgen.source import Span

_MODULES = ("np", "numpy", "torch", "jnp", "jax", "tf", "math", "nn", "F", "self", "keras", "scipy")
_SIZES = ("shape", "size", "ndim", "dtype")
_SHAPED = ("reshape", "expand", "transpose")  # these take sizes in a bracket of their own
_JOINED = ("concat", "stack")  # and these take arrays without one
_OPENS, _CLOSES = ("", "=", "(", "[", ","), ("", ")", "]", ",")  # beside these nothing binds


def point(fault: Fault) -> Report | None:
    """A word behind a point."""
    if fault.text != "." or not fault.before or not fault.after or fault.after.kind != "word":
        return None
    message = f"`.{safe(fault.after.text)}` is not used here"
    if fault.before.text in _MODULES:
        message = f"`{fault.before.text}.` is not used here: names stand alone"
    if fault.tokens[_last(fault, fault.index - 1)].text in _SIZES:
        return fault.report("BP013", message, "a size is written by its name, as in `/ N`")
    found = _Calls(fault)
    edits = found.edits(0, len(fault.tokens))
    if found.helps or not edits:
        help = found.helps[0] if found.helps else "`.T` is all that may follow a point"
        return fault.report("BP013", message, help)
    return fault.mended("BP013", message, write(edits[0].text, *edits))


def _last(fault: Fault, first: int) -> int:
    """The last word of a chain of words with points between them."""
    tokens, last = fault.tokens, first
    while last + 2 < len(tokens) and tokens[last + 1].text == "." and _named(tokens[last + 2]):
        last += 2
    return last


def _named(token: Token) -> bool:
    return token.kind == "word"


@lru_cache(maxsize=1)
def _standing(text: str) -> frozenset[str]:
    """The words of a spec that stand somewhere without a point behind them."""
    return frozenset(re.findall(r"\b[A-Za-z]\w*\b(?! *\. *[A-Za-z])", text, re.ASCII))


@lru_cache(maxsize=1)
def _defined(text: str) -> frozenset[str]:
    """The functions of a spec's own."""
    return frozenset(re.findall(r"^[ \t]*(?:fn|op)[ \t]+(\w+)", text, re.MULTILINE))


def _inside(text: str) -> str:
    """What stands in a bracket around a whole text; the text if there is none."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if not depth:
            return text[1:-1] if place and place == len(text) - 1 and text[0] in "([" else text
    return text


@dataclass(frozen=True, slots=True)
class _Operand:
    """What begins at a token: the index behind it, and its new text if it has one."""

    end: int
    text: str | None = None
    infix: bool = False  # its text is a sign between two operands


@dataclass(frozen=True, slots=True)
class _Calls:
    """The calls of a statement. What no edit can write is said by `helps`."""

    fault: Fault
    helps: list[str] = field(default_factory=list)
    known: dict[int, _Operand] = field(default_factory=dict)  # each is asked for more than once

    def edits(self, start: int, stop: int) -> list[Edit]:
        """The edits of what stands from one token up to and without another."""
        found: list[Edit] = []
        index = start
        while index < stop:
            operand = self._operand(index)
            changed = operand.text is not None
            found += [self._edit(index, operand)] if changed else self._within(index, operand.end)
            index = operand.end
        return found

    def _within(self, start: int, stop: int) -> list[Edit]:
        """The edits within the brackets of an operand that is none itself."""
        found: list[Edit] = []
        while start < stop:
            end = matching(self.fault.tokens, start)
            found += self.edits(start + 1, end - 1) if end > start + 1 else []
            start = end
        return found

    def _edit(self, index: int, operand: _Operand) -> Edit:
        tokens, text = self.fault.tokens, operand.text or ""
        before = tokens[index - 1].text if index else ""
        after = tokens[operand.end].text if operand.end < len(tokens) else ""
        if operand.infix and (before not in _OPENS or after not in _CLOSES):
            text = f"({text})"
        return Edit(tokens[index].span.to(tokens[operand.end - 1].span), text)

    def _operand(self, first: int) -> _Operand:
        if first not in self.known:
            self.known[first] = self._whole(first)
        return self.known[first]

    def _whole(self, first: int) -> _Operand:
        """An operand with all that stands behind it: subscripts, brackets, points."""
        tokens = self.fault.tokens
        if not (tokens[first].kind in ("word", "number") or tokens[first].kind == "open"):
            return _Operand(first + 1)
        found = self._of_module(first) or _Operand(matching(tokens, first))
        while found.end < len(tokens):
            token, end = tokens[found.end], found.end
            if token.text == ".T" or (token.kind == "open" and token.start == tokens[end - 1].end):
                behind = matching(tokens, end)
                text = found.text
                if text is not None:
                    text = f"({text})" if found.infix else text
                    text += ".T" if token.text == ".T" else self._text(end, behind)
                found = _Operand(behind, text)
            elif token.text == "." and end + 2 < len(tokens) and tokens[end + 2].text == "(":
                found = self._method(first, found)
            else:
                break
        return found

    def _of_module(self, first: int) -> _Operand | None:
        """`np.linalg.norm(x)`, `self.W`: a name behind those of modules."""
        tokens, last = self.fault.tokens, _last(self.fault, first)
        called = last + 1 < len(tokens) and tokens[last + 1].text == "("
        word, name = tokens[first].text, tokens[last].text
        if last == first or (word not in _MODULES and not (called and self._is_module(word, name))):
            return None
        if not called:
            return _Operand(last + 1, "None" if name == "newaxis" else name)
        end = matching(tokens, last + 1)
        return self._called(name, self._arguments(last + 1, end), end)

    def _is_module(self, word: str, name: str) -> bool:
        """`K.tanh`: capitals that the spec has nowhere else, and an operator."""
        text = self.fault.source.text
        return word.isupper() and word not in _standing(text) and name in functions(text)

    def _method(self, first: int, found: _Operand) -> _Operand:
        """`x.sum(axis=0)` as `sum(x, axis=0)`, `W.t()` as `W.T`, `x.dot(W)` as `x @ W`."""
        tokens, name = self.fault.tokens, self.fault.tokens[found.end + 1].text
        opened = found.end + 2
        end = matching(tokens, opened)
        sides = self._arguments(opened, end)
        base, infix = found.text, found.infix
        whole = base is None and tokens[first].text == "(" and matching(tokens, first) == found.end
        if base is None:
            base, infix = self._applied(first, found.end, self._within(first, found.end)), whole
            base = base[1:-1].strip() if whole else base
        if name in ("t", "transpose") and not sides:
            return _Operand(end, f"({base}).T" if infix else f"{base}.T")
        if name in _SHAPED and len(sides) > 1:
            sides = [(f"({', '.join(text for text, _ in sides)})", True)]
        return self._called(name, [(base, not infix), *sides], end)

    def _called(self, name: str, sides: list[tuple[str, bool]], end: int) -> _Operand:
        """A call by the name that it has here, or by the sign that it is."""
        known, texts = plain(name), [text for text, _ in sides]
        if known in ("unsqueeze", "expand_dims") and texts[1:] == ["0"] and sides[0][1]:
            return _Operand(end, f"{texts[0]}[None]")
        if name not in _defined(self.fault.source.text):
            keyword = any(re.match(r"\w+ *=(?!=)", text) for text in texts)
            if known in SIGNS and len(sides) == 2 and not keyword:
                left, right = (text if atom else f"({text})" for text, atom in sides)
                return _Operand(end, f"{left} {SIGNS[known]} {right}", infix=True)
            if known in WORDS:
                self.helps.append(WORDS[known])
            name = SAME.get(known, name)
        if name in _JOINED and texts:
            texts[0] = _inside(texts[0])
        return _Operand(end, f"{name}({', '.join(texts)})")

    def _arguments(self, opened: int, end: int) -> list[tuple[str, bool]]:
        """What stands between the commas of a bracket, and whether each is one operand."""
        tokens = self.fault.tokens
        found, start, index = [], opened + 1, opened + 1
        while index < end:
            if tokens[index].text == "," or index == end - 1:
                if start < index:
                    found.append(self._argument(start, index))
                start = index = index + 1
            else:
                index = matching(tokens, index)
        return found

    def _argument(self, start: int, stop: int) -> tuple[str, bool]:
        text = re.sub(r"^dim(?= *=)", "axis", self._text(start, stop))
        operand = self._operand(start)
        begins = self.fault.tokens[start].begins_operand and self.fault.tokens[start].text != "not"
        return text, begins and operand.end == stop and not operand.infix

    def _text(self, start: int, stop: int) -> str:
        """The text of some tokens with their calls rewritten."""
        return self._applied(start, stop, self.edits(start, stop)) if start < stop else ""

    def _applied(self, start: int, stop: int, edits: list[Edit]) -> str:
        tokens, source = self.fault.tokens, self.fault.source
        made, at = [], tokens[start].start
        for edit in edits:
            made += [source.quote(Span(at, edit.span.start)), edit.text]
            at = edit.span.end
        return "".join([*made, source.quote(Span(at, tokens[stop - 1].end))])
