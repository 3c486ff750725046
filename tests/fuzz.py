"""Does any text break bpgen? Specs are mutated, and the whole line must read or refuse each.

    python tests/fuzz.py [--count 200000] [--seed 0] [--jobs 1] [--every 8]

A mutant comes from the specs of the library, of `tests/specs` and of the golden pages: tokens,
lines and bytes are deleted, doubled, swapped, replaced and spliced in from another spec, names and
shapes exchanged, hostile characters and brackets without number thrown in, ends cut off. Its number
and the seed decide it, whoever runs it. A mutant that is refused is refused by reports that can be
drawn; one that is right goes through every stage up to `simplify`, and every eighth of those on to
the text of the module and its test, which the guard then admits. A failure is made smaller until
nothing can be left out, and printed, to be kept among the specs of the tests.
"""

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from time import process_time
from traceback import extract_tb

from bpgen import library
from bpgen.cli.formats import as_annotation, as_json
from bpgen.compile import compile_source, run
from bpgen.lints import lint
from bpgen.paint import ansi
from bpgen.parse import read
from bpgen.report import Refused, Report, concise, draw
from bpgen.scan import KEYWORDS
from bpgen.source import Source
from golden import PAGES, blocks

SLOW = 2.0  # seconds of a processor for one spec: more than that is told, and fails nothing
TOGETHER = 500  # mutants that a worker takes at a time

HOSTILE = [
    *"()[]{}=+-*/@%:,.~^'\"#_!&;\\$?`|<>\n\t \r\0é−·ſΣσ²ᵀ\u202e\u200d\u00a0\ufeff\u2028𝐨",
    *("**", "==", ":=", "+=", "//", "->", "...", "'''", '"""', "\r\n", "\n\n", "f'", ".T", "'("),
    *("h[t-1]", "h[t+1]", "h[0]", "h[T]", "b[T+1]", "[:, None]", "[t]", "[-1]", "[0:H]", "x[t][0]"),
    *("1e999", "1e308", "1e-320", "007", "10**9", "9" * 39, "9" * 50, "0", "-1", "0.5", "1_000"),
    *("(" * 70, ")" * 70, "-" * 300, "tanh(" * 65, ".T" * 250, "a" * 70, "x," * 500, " " * 5000),
    *("None", "over=", "axis=", "over=all", "over=t", "over=(t, N)", "with da = 1", "claim grad "),
    *(
        "import os",
        "def f(x):",
        "__import__",
        "np.",
        "self.",
        "lambda x: x",
        "if a else b",
        "\\sigma",
    ),
    *(
        "dim N",
        "dim K = 4",
        "loss J = 0",
        "state h[t] : (N, H)",
        "time last",
        "cell os",
        'about "x"',
    ),
    *(
        "fn f(a) = f(a)",
        "op f(a) = a with da = 0",
        "output ",
        "simplex",
        "int < V",
        "bool",
        "frozen",
    ),
]
_TOKEN = re.compile(r"[ \t]+|\n|[A-Za-z_]\w*|[0-9.]+|\*\*|.", re.DOTALL)
_SHAPE = re.compile(r"\([^()\n]*\)")

Mutator = Callable[[random.Random, str], str]


# -- mutants ---------------------------------------------------------------------------------------


@cache
def corpus() -> tuple[str, ...]:
    """Specs to start from, right ones and wrong ones."""
    shipped = [library.text(name) for name in library.names()]
    kept = [path.read_text("utf-8") for path in sorted((PAGES.parent / "specs").glob("*.spec"))]
    pages = [path.read_text("utf-8") for path in sorted(PAGES.rglob("*.md"))]
    shown = [text for page in pages for label, text in blocks(page) if label == "spec"]
    return (*shipped, *kept, *shown)


@cache
def words() -> tuple[str, ...]:
    """Every word of the corpus: names, operators, sizes, keywords."""
    found = {word for text in corpus() for word in re.findall(r"[A-Za-z_]\w*", text)}
    return tuple(sorted(found | set(KEYWORDS)))


def mutant(seed: int, number: int) -> bytes:
    """The text of a mutant, which is not always UTF-8."""
    draw = random.Random(f"{seed}/{number}")
    text = draw.choice(corpus())
    for _ in range(draw.choice([1, 1, 1, 2, 2, 3, 5])):
        text = draw.choice(MUTATORS)(draw, text)
    data = text.encode("utf-8", "surrogatepass")
    return _bytes(draw, data) if draw.random() < 0.05 else data


def _bytes(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + bytes(draw.choices(range(256), k=draw.randrange(3))) + data[at + 1 :]


def _tokens(draw: random.Random, text: str) -> str:
    """One to three tokens deleted, doubled, swapped, or set elsewhere."""
    parts = _TOKEN.findall(text) or [" "]
    for _ in range(draw.randint(1, 3)):
        i, j = draw.randrange(len(parts)), draw.randrange(len(parts))
        match draw.randrange(4):
            case 0:
                parts[i] = ""
            case 1:
                parts[i] *= 2
            case 2:
                parts[i], parts[j] = parts[j], parts[i]
            case _:
                parts.insert(i, parts[j])
    return "".join(parts)


def _lines(draw: random.Random, text: str) -> str:
    """A line deleted, doubled, moved, or joined to the next."""
    parts = text.splitlines(keepends=True) or ["\n"]
    i, j = draw.randrange(len(parts)), draw.randrange(len(parts))
    match draw.randrange(4):
        case 0:
            parts[i] = ""
        case 1:
            parts.insert(j, parts[i])
        case 2:
            parts[i], parts[j] = parts[j], parts[i]
        case _:
            parts[i] = parts[i].rstrip("\n") + draw.choice(["", " ", "; "])
    return "".join(parts)


def _word(draw: random.Random, text: str) -> str:
    """A word in the place of another: one of this spec, of any, or a slip of the hand."""
    found = list(re.finditer(r"[A-Za-z_]\w*", text))
    if not found:
        return text
    old = draw.choice(found)
    new = draw.choice([draw.choice(found)[0], draw.choice(words()), old[0][:-1], old[0] + "x"])
    return text[: old.start()] + new + text[old.end() :]


def _everywhere(draw: random.Random, text: str) -> str:
    """A word renamed wherever it stands."""
    found = re.findall(r"[A-Za-z_]\w*", text)
    if not found:
        return text
    return re.sub(rf"\b{draw.choice(found)}\b", draw.choice([*words(), *found]), text)


def _number(draw: random.Random, text: str) -> str:
    found = list(re.finditer(r"\d+(?:\.\d+)?", text))
    if not found:
        return text
    old = draw.choice(found)
    numbers = ("0", "1", "2", "3", "-1", "0.5", "1e9", "1e-9", "1e308", "4096", "N", "T", "t")
    return text[: old.start()] + draw.choice(numbers) + text[old.end() :]


def _operator(draw: random.Random, text: str) -> str:
    found = list(re.finditer(r"\*\*|[-+*/@%<>]", text))
    if not found:
        return text
    old = draw.choice(found)
    signs = (*"+-*/@%<>", "**", "==", "!=", "<=", " and ", " or ", " not ", "")
    return text[: old.start()] + draw.choice(signs) + text[old.end() :]


def _shape(draw: random.Random, text: str) -> str:
    """Something in brackets in the place of something else in brackets, or turned round."""
    found = list(_SHAPE.finditer(text))
    if not found:
        return text
    old = draw.choice(found)
    inside = old[0][1:-1].split(",")
    turned = f"({', '.join(reversed(inside))})"
    new = draw.choice(
        [draw.choice(found)[0], turned, "()", f"({inside[0]})", f"({old[0][1:-1]}, 1)"]
    )
    return text[: old.start()] + new + text[old.end() :]


def _hostile(draw: random.Random, text: str) -> str:
    at = draw.randrange(len(text) + 1)
    return text[:at] + draw.choice(HOSTILE) + text[at + draw.choice([0, 0, 1, 3]) :]


def _splice(draw: random.Random, text: str) -> str:
    """Lines of another spec among those of this one."""
    parts = text.splitlines(keepends=True)
    other = draw.choice(corpus()).splitlines(keepends=True)
    start, at = draw.randrange(len(other) + 1), draw.randrange(len(parts) + 1)
    return "".join([*parts[:at], *other[start : start + draw.randint(1, 6)], *parts[at:]])


def _cut(draw: random.Random, text: str) -> str:
    at = draw.randrange(len(text) + 1)
    return draw.choice([text[:at], text[at:]])


def _wrap(draw: random.Random, text: str) -> str:
    """A right side inside a function, or inside brackets many times over."""
    found = list(re.finditer(r"= *([^=\n]+)$", text, re.MULTILINE))
    if not found:
        return text
    old, name = draw.choice(found), draw.choice(words())
    deep = draw.choice([1, 1, 1, 2, 60, 66])
    new = f"= {f'{name}(' * deep}{old[1]}{')' * deep}"
    return text[: old.start()] + new + text[old.end() :]


MUTATORS: tuple[Mutator, ...] = (  # those that keep a spec readable more often than the others
    *(
        _lines,
        _word,
        _word,
        _word,
        _everywhere,
        _everywhere,
        _number,
        _number,
        _operator,
        _operator,
    ),
    *(_shape, _shape, _shape, _splice, _wrap, _tokens, _hostile, _cut),
)


# -- what must hold --------------------------------------------------------------------------------


class Unsound(Exception):
    """What was said of a spec is not what may be said."""


@dataclass(slots=True)
class Tally:
    """How many mutants ended how; the failures by number; and the slowest."""

    ends: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)
    slow: list[tuple[float, int]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.ends += other.ends
        self.failures += other.failures
        self.slow = sorted([*self.slow, *other.slow], reverse=True)[:5]


def line(data: bytes, far: bool = True) -> str:
    """Takes a text down the line: where it ended. Raises whatever is not a refusal."""
    source = None
    try:
        source = read(data, "x.spec")
        if far and not all(compile_source(source).values()):
            raise Unsound("neither refused nor emitted")
        if not far:
            run(source, "simplify")
        sound(lint(run(source, "check")), source)
    except Refused as refused:
        if not refused.reports:
            raise Unsound("refused without a report") from None
        sound(refused.reports, source)
        return f"refused by {refused.reports[0].code}"
    return "emitted" if far else "simplified"


def sound(reports: Sequence[Report], source: Source | None) -> None:
    """Reports have codes, words and places in the text, are not said twice, and can be drawn."""
    length = len(source.text) if source else 0
    for report in reports:
        if not re.fullmatch(r"BP[0-7]\d\d", report.code) or not report.message.strip():
            raise Unsound(f"a report without code or message: {report}")
        labels = [*([report.place] if report.place else []), *report.others]
        edits = [edit for repair in report.repairs for edit in repair.edits]
        for span in (*(label.span for label in labels), *(edit.span for edit in edits)):
            if not 0 <= span.start <= span.end <= length:
                raise Unsound(f"{report.code} has a place outside of the text: {span}")
        for repair in report.repairs:
            spans = sorted((edit.span.start, edit.span.end) for edit in repair.edits)
            if not spans or any(a[1] > b[0] for a, b in pairwise(spans)):
                raise Unsound(f"{report.code} has edits that overlap, or none: {repair.text}")
        said = [report.message, *report.notes, *report.helps, *(r.text for r in report.repairs)]
        for text in (*said, *(label.text for label in labels)):
            if not text.replace("\u2192", ">").isascii() or not text.isprintable():
                raise Unsound(f"{report.code} says what cannot be printed: {text!a}")
    told = Counter(draw(report, source) for report in reports)
    if twice := [text for text, count in told.items() if count > 1]:
        raise Unsound(f"said twice: {twice[0].splitlines()[0]}")
    for report in reports:
        if "\n" in concise(report, source) + as_annotation(report, source):
            raise Unsound(f"{report.code} takes more than a line")
        draw(report, source, 40, ansi)
    if "\n" in as_json(((report, source) for report in reports), ()).removesuffix("\n"):
        raise Unsound("the reports are more than a line of JSON")


def failure(data: bytes, far: bool = True) -> str | None:
    """What is wrong with how a text was taken, in a line that names the place; None if nothing."""
    try:
        line(data, far)
    except Unsound as unsound:
        return f"Unsound: {unsound}"
    except Exception as error:  # whatever it is, it is what is looked for
        frame = extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        return f"{type(error).__name__} at {place}: {str(error)[:200]}"
    return None


# -- runs ------------------------------------------------------------------------------------------


def trials(seed: int, every: int, numbers: Sequence[int]) -> Tally:
    """The mutants of these numbers, and how each ended; one in `every` goes all the way."""
    tally = Tally()
    for number in numbers:
        data, far = mutant(seed, number), number % every == 0
        start = process_time()
        try:
            end = line(data, far)
        except Exception:
            end = "failed"
            tally.failures.append((number, failure(data, far) or "gone when run again"))
        tally.ends[end] += 1
        if (took := process_time() - start) > SLOW:
            tally.slow.append((took, number))
    return tally


def smaller(data: bytes, far: bool = True) -> bytes:
    """The text with all left out that its failure does not need: lines, then tokens."""
    kind = _kind(failure(data, far))
    text = data.decode("utf-8", "surrogateescape")
    for cut in (lambda text: text.splitlines(keepends=True), _TOKEN.findall):
        shrunk = True
        while shrunk:
            shrunk = False
            parts = cut(text)
            for size in (len(parts) // 2, len(parts) // 4, 2, 1):
                i = 0
                while size and i < len(parts):
                    rest = "".join(parts[:i] + parts[i + size :])
                    if _kind(failure(rest.encode("utf-8", "surrogateescape"), far)) == kind:
                        parts, text, shrunk = cut(rest), rest, True
                    else:
                        i += size
    return text.encode("utf-8", "surrogateescape")


def _kind(said: str | None) -> str | None:
    """The failure without its details: an error and its line, or the first words."""
    return said and " ".join(said.split()[:3])


def _dealt(count: int) -> Iterator[range]:
    return (range(start, min(start + TOGETHER, count)) for start in range(0, count, TOGETHER))


def main(given: Sequence[str] | None = None) -> int:
    """Print how the mutants ended, and every failure made small; 1 if there are any."""
    parser = argparse.ArgumentParser(description="Does any text break bpgen?")
    parser.add_argument("--count", type=int, default=200_000, help="how many mutants")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other mutants")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    parser.add_argument("--every", type=int, default=8, help="one in so many goes all the way")
    args = parser.parse_args(given)
    tally, done = Tally(), 0
    with ProcessPoolExecutor(args.jobs) as pool:
        for part in pool.map(partial(trials, args.seed, args.every), _dealt(args.count)):
            tally.add(part)
            done += part.ends.total()
            for number, said in part.failures:
                print(f"mutant {number}: {said}", file=sys.stderr)
            print(f"{done} mutants, {len(tally.failures)} failures", file=sys.stderr, flush=True)
    seen: set[str | None] = set()
    for number, said in tally.failures:
        if _kind(said) not in seen:
            seen.add(_kind(said))
            small = smaller(mutant(args.seed, number)).decode("utf-8", "backslashreplace")
            print(f"\nmutant {number}: {said}\n{small}")
    for end, count in sorted(tally.ends.items()):
        print(f"{count:>8}  {end}")
    for took, number in tally.slow:
        print(f"mutant {number} took {took:.1f} s")
    print(f"{args.count} mutants, seed {args.seed}: {len(tally.failures)} failures")
    return int(bool(tally.failures))


if __name__ == "__main__":
    sys.exit(main())
