"""A product summed over the letters that the result lacks, `einsum("n h, n k -> n h k", a, b)`.

The gradient of one factor is the same kind of product, of the result's gradient and all other
factors. A letter that one factor alone has was summed away there, so all along it the gradient is
the same.
"""

import re
from string import ascii_letters

from bpgen.ir import Node, ShapeError, apply
from bpgen.sizes import Shape, Size

heavy = True
mixed = True
because = "a product is linear in each factor, so each receives dy times the others"


def shape(*parts: Shape, pattern: str) -> Shape:
    factors, result = _letters(pattern)
    if len(factors) != len(parts):
        raise ShapeError(f'"{pattern}" names {len(factors)} arrays; {len(parts)} are given')
    sizes: dict[str, Size] = {}
    for letters, part in zip(factors, parts, strict=True):
        if len(letters) != len(part):
            raise ShapeError(f'"{pattern}" gives {len(letters)} axes to an array of {len(part)}')
        for letter, size in zip(letters, part, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise ShapeError(
                    f"`{letter}` is {sizes[letter]} in one array and {size} in another"
                )
    for letter in result:
        if letter not in sizes:
            raise ShapeError(f'`{letter}` stands in the result of "{pattern}" and in no array')
    return tuple(sizes[letter] for letter in result)


def numpy(*parts: str, node: Node, steps: bool) -> str:
    factors, result = _letters(node["pattern"])
    short = _short(factors)
    time = "..." if steps else ""
    words = [time + "".join(short[letter] for letter in letters) for letters in (*factors, result)]
    best = ", optimize=True" if len(parts) > 2 else ""
    return f'np.einsum("{",".join(words[:-1])}->{words[-1]}", {", ".join(parts)}{best})'


def summed(*parts: str, node: Node) -> str:
    """The same, summed over the steps as well: time is one more letter that the result lacks."""
    factors, result = _letters(node["pattern"])
    short = _short(factors)
    time = next(c for c in ("t", *reversed(ascii_letters)) if c not in short.values())
    left = ",".join(time + "".join(short[letter] for letter in letters) for letters in factors)
    right = "".join(short[letter] for letter in result)
    return f'np.einsum("{left}->{right}", {", ".join(parts)}, optimize=True)'


def latex(*parts: str, node: Node) -> str:
    factors, _ = _letters(node["pattern"])
    pairs = zip(parts, factors, strict=True)
    shown = [f"{{{part}}}_{{{' '.join(letters)}}}" for part, letters in pairs]
    return rf"\textstyle\sum {' '.join(shown)}"


def vjp(dy: Node, y: Node, *parts: Node, pattern: str) -> tuple[Node, ...]:
    factors, result = _letters(pattern)
    return tuple(_back(dy, i, parts, factors, result) for i in range(len(parts)))


def _back(
    dy: Node,
    i: int,
    parts: tuple[Node, ...],
    factors: tuple[tuple[str, ...], ...],
    result: tuple[str, ...],
) -> Node:
    rest = [k for k in range(len(parts)) if k != i]
    given = (result, *(factors[k] for k in rest))
    kept = tuple(letter for letter in factors[i] if any(letter in others for others in given))
    pattern = f"{', '.join(map(' '.join, given))} -> {' '.join(kept)}"
    back = apply("einsum", dy, *(parts[k] for k in rest), pattern=pattern)
    rank = len(factors[i])
    gone = tuple(k - rank for k in range(rank) if factors[i][k] not in kept)
    return apply("newaxis", back, axes=gone) if gone else back


def _letters(pattern: str) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """The letters of each factor and of the result."""
    left, arrow, right = pattern.partition("->")
    words = tuple(tuple(part.split()) for part in left.split(",")), tuple(right.split())
    names = [name for letters in (*words[0], words[1]) for name in letters]
    if not arrow or not all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in names):
        shown = " ".join(pattern.split())
        raise ShapeError(f'`einsum` takes a pattern like "n h, n k -> n h k", not "{shown}"')
    for letters in (*words[0], words[1]):
        if len(set(letters)) < len(letters):
            raise ShapeError(f'"{pattern}" repeats a letter within one array')
    if len(set(names)) > len(ascii_letters):
        raise ShapeError(f"`einsum` takes {len(ascii_letters)} letters at most")
    return words


def _short(factors: tuple[tuple[str, ...], ...]) -> dict[str, str]:
    """What each letter is called for NumPy: by itself, if all are letters."""
    names = tuple(dict.fromkeys(letter for letters in factors for letter in letters))
    own = all(len(name) == 1 and name in ascii_letters for name in names)
    return dict(zip(names, names if own else ascii_letters, strict=False))
