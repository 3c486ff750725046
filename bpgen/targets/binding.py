"""How emitted functions hold their arguments to the spec: `bind`, and the tables that it reads.

`bind` is one function for `forward`, `backward` and `step`. It reads sizes and dtype off the arrays
in their order, and refuses by name what does not fit what came before. What was saved comes first,
then the parameters: they have been in use, so that what a caller has just written is what is
refused. A cell gets the checks that its arrays need, and no others; `binding` says which, and
`sources` is all that can come of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import product

from bpgen.ir import Cell
from bpgen.layout import layout
from bpgen.names import Names
from bpgen.schedule import Plan
from bpgen.targets.arguments import (
    axis_text,
    boundary_shape,
    hidden_sizes,
    initials,
    inputs,
    least_sizes,
    params,
    solved_text,
)
from bpgen.targets.forward import forward_body
from bpgen.targets.saving import (
    ARRAY,
    kinds_of,
    saved_fields,
    saved_name,
    saved_sizes,
    saved_views,
    shapes_of,
    types_of,
)
from bpgen.targets.streaming import Stream, carried_name, step_shapes

_BIND = '''
def bind(wanted, table, /, *records, **arrays):
    """Read sizes and dtype off the arrays; refuse, by name, an array that does not fit."""
    for record, kind in zip(records, (Params, Saved), strict=False):
        if not isinstance(record, kind):
            name, got = kind.__name__, type(record).__name__
            raise TypeError(f"{name.lower()}: expected this module's {name}, got {got}")
    params, *saved = (record._asdict() for record in records)
    arrays = {name: v for name, v in arrays.items() if v is not None or name not in OPTIONAL}
    arrays, table = dict(*saved) | params | arrays, SHAPES | table
@DTYPE@
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"{first}: expected an array of float32 or float64, got {dtype}")
    sizes = {"dtype": (dtype, first)}
@STORED@
    for name, v in arrays.items():
@OTHERS@
        if type(v) is not np.ndarray and not isinstance(v, np.memmap | np.generic):
            raise TypeError(f"{name}: expected an array, got {type(v).__name__}")
@KIND@
            raise TypeError(f"{name}: expected {dtype} (from {first}), got {v.dtype}")
        axes = table[name].split()
        if v.ndim != len(axes):
            raise ValueError(f"{name}: expected shape ({', '.join(axes)}), got {v.shape}")
        for axis, size in zip(axes, v.shape, strict=True):
@SIZE@
                raise ValueError(f"{name}: expected shape {where}, got {v.shape}")
@LEAST@
@LABELS@
    return [sizes[name][0] for name in wanted.split()]
'''

_OF_PARAMS = """\
    first = next(iter(params))
    dtype = getattr(params[first], "dtype", type(params[first]).__name__)
"""

_OF_ARRAYS = """\
    real = (name for name in arrays if name in table@NOT_KINDS@)
    first = "saved" if "dtype" in arrays else next(real, "dtype")
    v = arrays.get(first, np.empty(0))
    dtype = arrays.get("dtype", getattr(v, "dtype", type(v).__name__))
"""

_NOT_KINDS = " and name not in KINDS"

_STORED = """\
    sizes |= {name: (v, "saved") for name, v in arrays.items() if name in STORED}
"""

_OTHERS = """\
        if name not in table:
            continue
"""

_REAL = """\
        if v.dtype != dtype:
"""

# booleans and integers have a dtype of their own
_KINDS = """\
        kind = KINDS.get(name)
        if kind and not np.issubdtype(v.dtype, kind):
            raise TypeError(f"{name}: expected {kind.__name__.strip('_')}, got {v.dtype}")
        if not kind and v.dtype != dtype:
"""

_NAMED = """\
            bound, whose = sizes.setdefault(axis, (size, name))
            if size != bound:
                where = f"({', '.join(axes)}) with {axis} = {bound} (from {whose})"
"""

# sizes such as 4*H are known when all that have names are
_COMPOSITE = """\
            if axis.isidentifier():
                sizes.setdefault(axis, (size, name))
@SOLVE@
    for name, axes in ((name, table[name].split()) for name in arrays if name in table):
        v = arrays[name]
        for axis, size in zip(axes, v.shape, strict=True):
            if size != (sizes[axis][0] if axis in sizes else size_of(axis, sizes)):
                known = [(a, *sizes[a]) for a in re.findall(r"[A-Za-z]\\w*", axis)]
                known = " and ".join(f"{a} = {n} (from {whose})" for a, n, whose in known)
                where = f"({', '.join(axes)}){f' with {known}' if known else ''}"
"""

_SOLVE = """\
    for name, axis, size, rest, factor in SOLVED:  # sizes that stand nowhere alone
        if name in arrays:
            length = arrays[name].shape[table[name].split().index(axis)]
            sizes.setdefault(size, ((length - size_of(rest, sizes)) // factor, name))
"""

_LEAST = """\
    for axis, least in LEAST.items():
        if axis in sizes and sizes[axis][0] < least:
            name = sizes[axis][1]
            where = f"({', '.join(table[name].split())}) with {axis} at least {least}"
            raise ValueError(f"{name}: expected shape {where}, got {arrays[name].shape}")
"""

_LABELS = """\
    for name, below in ((name, below) for name, below in LABELS.items() if name in arrays):
        v, last = arrays[name], size_of(below, sizes) - 1
        if v.size and not 0 <= v.min() <= v.max() <= last:
            raise ValueError(f"{name}: expected 0 ... {last}, got {v.min()} ... {v.max()}")
"""


@dataclass(frozen=True, slots=True)
class Needs:
    """What the arrays of a cell ask of `bind`."""

    learned: bool  # the first parameter tells the dtype
    stored: bool  # `Saved` holds sizes
    others: bool  # `Saved` holds what is no array
    kinds: bool  # some arrays are of integers or booleans
    composite: bool  # some axes are no name: 4*H, 2
    hidden: bool  # some sizes stand nowhere alone
    least: bool  # equations name places that must exist
    labels: bool  # integers lie below a size


def bind(needs: Needs) -> str:
    """The source of `bind`."""
    size = _COMPOSITE.replace("@SOLVE@\n", _SOLVE * needs.hidden)
    parts = {
        "@DTYPE@\n": _OF_PARAMS if needs.learned else _OF_ARRAYS,
        "@NOT_KINDS@": _NOT_KINDS * needs.kinds,
        "@STORED@\n": _STORED * needs.stored,
        "@OTHERS@\n": _OTHERS * needs.others,
        "@KIND@\n": _KINDS if needs.kinds else _REAL,
        "@SIZE@\n": size if needs.composite else _NAMED,
        "@LEAST@\n": _LEAST * needs.least,
        "@LABELS@\n": _LABELS * needs.labels,
    }
    text = _BIND
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return text


def binds() -> Iterator[str]:
    """The source of every `bind` that a cell can get."""
    yield from (bind(Needs(*needs)) for needs in product((False, True), repeat=len(fields(Needs))))


def held(plan: Plan, names: Names, streamed: Stream | None) -> tuple[list[str], str]:
    """The tables of a module, as lines, and the source of the `bind` that reads them."""
    cell = plan.pair.cell
    tables = _tables(plan, names, streamed)
    axes = [axis for name in ("SHAPES", "STEP", "BACK") for axis in _axes(tables[name])]
    solved = [solved_text(solution, names) for solution in hidden_sizes(cell)]
    stored = saved_sizes(plan)
    needs = Needs(
        learned=bool(params(cell)),
        stored=bool(stored),
        others=any(kind != ARRAY for _, _, kind in saved_fields(plan, names)),
        kinds=bool(tables["KINDS"]),
        composite=not all(map(str.isidentifier, axes)),
        hidden=bool(solved),
        least=bool(tables["LEAST"]),
        labels=bool(tables["LABELS"]),
    )
    named = ("SHAPES", "BACK", *(["STEP"] if streamed else []))  # by a function, even if empty
    read = {name: rows for name, rows in tables.items() if rows or name in named}
    lines = [line for name, rows in read.items() for line in _table(name, rows)]
    lines += layout(f"SOLVED = ({', '.join(solved)},)") if solved else []
    lines += layout(f"STORED = {tuple(stored)!r}") if stored else []
    return [*lines, *_optional(cell, names, streamed)], bind(needs)


def _tables(plan: Plan, names: Names, streamed: Stream | None) -> dict[str, dict[str, str]]:
    """What `bind` knows of arrays by name, and of sizes, as text."""
    cell = plan.pair.cell
    given = {names.quantity(q.name): q for q in (*inputs(cell), *initials(cell), *params(cell))}
    kinds = {own: q.kind for own, q in given.items()}
    saved, all_kinds = types_of(plan), kinds_of(plan)
    arrays = [view for view in saved_views(plan) if saved[view[0]] == ARRAY]
    kinds |= {saved_name(names, *view): all_kinds[view[0]] for view in arrays}
    types = {"int": "np.integer", "bool": "np.bool_"}
    return {
        "SHAPES": _shapes(
            (own, boundary_shape(cell, q.shape, q.timed)) for own, q in given.items()
        ),
        "KINDS": {own: types[kind] for own, kind in kinds.items() if kind in types},
        "LABELS": {own: repr(axis_text(str(q.below))) for own, q in given.items() if q.below},
        "LEAST": {size: str(n) for size, n in least_sizes(cell).items()},
        "STEP": _shapes(step_shapes(cell, names, streamed)) if streamed else {},
        "BACK": _shapes([*_saved(plan, names), *_cotangents(cell, names)]),
    }


def _saved(plan: Plan, names: Names) -> Iterator[tuple[str, list[str]]]:
    """The arrays that `forward` saved, with their axes."""
    shapes, body, types = shapes_of(plan), forward_body(plan, names), types_of(plan)
    for name, kept in saved_views(plan):
        if types[name] == ARRAY:
            around = sum(body.margins(name)) if kept == "all" else 0
            steps = [] if kept is None else [f"T+{around}" if around else "T"]
            words = [axis_text(str(size)) for size in shapes[name]]
            yield saved_name(names, name, kept), [*steps, *words]


def _cotangents(cell: Cell, names: Names) -> Iterator[tuple[str, list[str]]]:
    """The gradients that `backward` takes as arrays, with their axes."""
    for output in cell.outputs:
        if output != cell.loss:
            equation = cell.equation(output)
            words = boundary_shape(cell, equation.shape, equation.timed)
            yield names.cotangent(output), words


def _optional(cell: Cell, names: Names, streamed: Stream | None) -> list[str]:
    """The lines that name the arrays that may be None."""
    found = [names.quantity(q.name) for q in initials(cell)]
    found += [carried_name(names, c) for c in streamed.carried] if streamed else []
    found += [name for name, _ in _cotangents(cell, names)]
    return layout(f"OPTIONAL = {tuple(dict.fromkeys(found))!r}")


def _shapes(rows: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    return {name: repr(" ".join(words)) for name, words in rows}


def _axes(rows: dict[str, str]) -> list[str]:
    return [axis for words in rows.values() for axis in words.strip("'").split()]


def _table(name: str, rows: dict[str, str]) -> list[str]:
    """A dictionary, as lines."""
    return layout(f"{name} = {{{', '.join(f'{key!r}: {text}' for key, text in rows.items())}}}")
