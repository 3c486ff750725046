"""The classes of a module in the fast style, and how a function takes arrays of theirs."""

from collections.abc import Mapping, Sequence

from bpgen.ir import Cell
from bpgen.layout import layout
from bpgen.page import head
from bpgen.targets.fast.holding import HeldNames
from bpgen.targets.fast.making import Making
from bpgen.targets.grouping import sizes_in

_WORKSPACE = '''
class Workspace:
    """What {functions} fill, made once for calls of one size and dtype."""

    def __init__(self, {sizes}):
        dtype = np.dtype(dtype)
        self.lock = threading.Lock()
{bound}\
        self.halves = {{
{halves}
        }}
'''
_BOUND = "        self.bound = (), ()  # what was given to `step`, and what `bind` said of it\n"
_OF = {"ForwardArrays": "forward", "BackwardArrays": "backward", "StepArrays": "step"}


def workspace(cell: Cell, halves: Mapping[str, Sequence[str]]) -> str:
    """The source of a workspace, from the names of its parts and the sizes of each."""
    *functions, last = (f"`{_OF[name]}`" for name in halves)
    used = {size for own in halves.values() for size in own}
    sizes = [size for size in ("T", *cell.sizes) if size in used]
    parts = (f"{name}: {name}({', '.join([*own, 'dtype'])})," for name, own in halves.items())
    text = _WORKSPACE.format(
        functions=f"{', '.join(functions)} and {last}",
        sizes=", ".join(["*", *sizes, "dtype=np.float64"]),
        bound=_BOUND * ("StepArrays" in halves),
        halves="\n".join(f"            {part}" for part in parts),
    )
    return text.strip("\n")


def arrays_class(name: str, doc: str, sizes: Sequence[str], body: Making) -> str:
    """The source of the class that makes the arrays of a function."""
    words = ["self", *sizes, "dtype"]
    lines = [f"class {name}:", f'    """{doc}"""', ""]
    lines += [f"    {line}" for line in head("__init__", words)]
    pairs = ", ".join(f'"{word}": {word}' for word in words[1:])
    lines += layout(f"self.sizes = {{{pairs}}}", 8)
    locals_ = [*body.locals, *body.scratches()]
    last = "what is returned, for two calls in turn" if name == "StepArrays" else ""
    for title, part in (
        ("for all steps, or once", body.arrays),
        ("for one step, or a part of an expression", locals_),
        (last or "views of every step", body.steps),
    ):
        if part:
            lines += ["", f"        # {title}", *part]
    return "\n".join(lines)


def sizes_of(cell: Cell, body: Making) -> list[str]:
    """The sizes that the arrays of a function are made of."""
    lines = [*body.arrays, *body.locals, *body.scratches(), *body.steps]
    return sizes_in(lines, ["T", *cell.sizes])


def with_work(words: Sequence[str]) -> list[str]:
    """What a function takes, and a workspace."""
    return [*words, *(["*"] if "*" not in words else []), "work=None"]


def taking(
    half: str,
    sizes: Sequence[str],
    names: HeldNames,
    lines: Sequence[str],
    lender: str = "using",
    steps: str = "T",
) -> tuple[str, ...]:
    """The lines of `with using(work, half, T=T, dtype=dtype) as ws:`, broken if they have to be.

    `steps` is what T is told to be.
    """
    used = any(sizes_in([line], [names.prefix.removesuffix(".")]) for line in lines)
    behind = f") as {names.prefix.removesuffix('.')}:" if used else "):"
    given = {word: steps if word == "T" else word for word in (*sizes, "dtype")}
    told = ", ".join(["work", half, *(f"{word}={value}" for word, value in given.items())])
    line = f"    with {lender}({told}{behind}"
    if len(line) <= 100:
        return (line,)
    inner = f"        {told}"
    words = told.split(", ")
    broken = (inner,) if len(inner) <= 100 else tuple(f"        {word}," for word in words)
    return (f"    with {lender}(", *broken, f"    {behind}")
