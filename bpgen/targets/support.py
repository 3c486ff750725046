"""The small functions that emitted modules call, each emitted only where it is called.

They are kept as source, since source is what they are for. Those of operators stand in the
operators' own files.
"""

import re
from collections.abc import Iterable

from bpgen.ir import Cell

_BIND = '''
def bind(wanted, table, params, /, **arrays):
    """Read sizes and dtype off the arrays; refuse, by name, an array that does not fit."""
    if not isinstance(params, Params):
        raise TypeError(f"params: expected Params, got {type(params).__name__}")
    arrays = {name: v for name, v in arrays.items() if v is not None or name not in OPTIONAL}
    arrays |= params._asdict()
    sizes, dtype = {}, None
    for name, v in arrays.items():
        if type(v) not in (np.ndarray, np.memmap) and not isinstance(v, np.generic):
            raise TypeError(f"{name}: expected an array, got {type(v).__name__}")
@KINDS@
        axes = (SHAPES | table)[name].split()
@RANK@
        for axis, size in zip(axes, v.shape, strict=False):
@NAMED@
            sizes.setdefault(axis, (size, name))
@SECOND@
        if v.shape != tuple(@SIZE@ for axis in axes):
@WHERE@
            raise ValueError(f"{name}: expected shape ({', '.join(axes)}){where}, got {v.shape}")
@LABELS@
    return [dtype if name == "dtype" else sizes[name][0] for name in wanted.split()]
'''

_REAL = """\
        if v.dtype != (dtype := dtype or v.dtype) or dtype not in (np.float32, np.float64):
            raise TypeError(f"{name}: expected {dtype if sizes else 'float64'}, got {v.dtype}")
"""

_RANK = """        if v.ndim != len(axes):
            raise ValueError(f"{name}: expected shape ({', '.join(axes)}), got {v.shape}")
"""

_WHERE = """\
            off = [(a, *sizes[a]) for a, n in zip(axes, v.shape, strict=False) if sizes[a][0] != n]
            wrong = " and ".join(f"{a} = {size} (from {whose})" for a, size, whose in off)
            where = f" with {wrong}" if wrong and v.ndim == len(axes) else ""
"""

_WHERE_COMPOSITE = """            pairs = zip(axes, v.shape, strict=True)
            wrong = [re.findall(r"[A-Za-z]\\w*", a) for a, n in pairs if size_of(a, sizes) != n]
            names = dict.fromkeys(name for names in wrong for name in names)
            known = " and ".join(f"{a} = {sizes[a][0]} (from {sizes[a][1]})" for a in names)
            where = f" with {known}" if known else ""
"""

# booleans and integers have a dtype of their own
_KINDS = """        kind = KINDS.get(name, np.floating)
        if not np.issubdtype(v.dtype, kind) or v.dtype in (np.float16, np.longdouble):
            raise TypeError(f"{name}: expected {kind.__name__}, got {v.dtype}")
        if kind is np.floating and v.dtype != (dtype := dtype or v.dtype):
            raise TypeError(f"{name}: expected {dtype}, got {v.dtype}")
"""

_LABELS = """    for name, below in ((k, v) for k, v in LABELS.items() if k in arrays):
        v, last = arrays[name], size_of(below, sizes) - 1
        if v.size and not 0 <= v.min() <= v.max() <= last:
            raise ValueError(f"{name}: expected 0 ... {last}, got {v.min()} ... {v.max()}")
"""

_SOLVE = """    for name, axis, size, rest, factor in SOLVED:  # sizes that stand nowhere alone
        if name not in arrays:
            continue
        length = arrays[name].shape[(SHAPES | table)[name].split().index(axis)]
        sizes.setdefault(size, ((length - size_of(rest, sizes)) // factor, name))
"""

_SECOND = """    for name, v in arrays.items():
        axes = (SHAPES | table)[name].split()
"""

_SIZE_OF = '''
def size_of(axis, sizes):
    """The number that an axis such as 4*H or D+H is."""
    terms = axis.replace("-", "+-1*").split("+")
    factors = [[sizes[f][0] if f in sizes else int(f) for f in t.split("*")] for t in terms if t]
    return sum(math.prod(term) for term in factors)
'''

_FUNCTIONS = {
    "cotangent": '''
def cotangent(name, value, shape, dtype):
    """The given gradient of an output, zero if there is none; refused if it does not fit."""
    value = np.broadcast_to(dtype.type(0), shape) if value is None else value
    got = np.shape(value), getattr(value, "dtype", type(value).__name__)
    if got != (shape, dtype):
        raise ValueError(f"{name}: expected shape {shape} of {dtype}, got {got[0]} of {got[1]}")
    return value
''',
    "fold": '''
def fold(v):
    """Merge time into the rows, (T, N, n) to (T*N, n), so that one product serves every step."""
    return v.reshape(-1, v.shape[-1])
''',
    "edge": '''
def edge(v, step):
    """One step of v, as an array of its own; zeros if there is no such step."""
    inside = -len(v) <= step < len(v)
    return v[step].copy() if inside else np.zeros(v.shape[1:], v.dtype)
''',
    "shifted": '''
def shifted(v, k):
    """The array whose step t is step t + k of v, zero outside the steps."""
    steps = np.zeros_like(v)
    if abs(k) < len(v):
        steps[max(-k, 0) : len(v) - max(k, 0)] = v[max(k, 0) : len(v) - max(-k, 0)]
    return steps
''',
    "glorot": '''
def glorot(rng, shape, fan_in, fan_out):
    """Uniform, with a variance of 2 / (fan_in + fan_out)."""
    limit = math.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, shape)
''',
    "he": '''
def he(rng, shape, fan_in):
    """Normal, with a variance of 2 / fan_in."""
    return rng.normal(0.0, math.sqrt(2.0 / fan_in), shape)
''',
    "orthogonal": '''
def orthogonal(rng, shape):
    """A random matrix with orthonormal columns, or rows if it has more columns than rows."""
    q, r = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))
    q = q * np.sign(np.diag(r))
    return q if shape[0] >= shape[1] else q.T
''',
    "symmetric": '''
def symmetric(m):
    """The symmetric part of a matrix."""
    return (m + np.swapaxes(m, -1, -2)) / 2
''',
    "sums_to_one": '''
def sums_to_one(name, v, axis):
    """Refuse what was promised to sum to one and does not, to the precision of its dtype."""
    off = np.abs(v.sum(axis=axis) - 1).max(initial=0)
    if off > 1e3 * np.finfo(v.dtype).eps:
        raise ValueError(f"{name}: expected sums of 1 over axis {axis}, got one off by {off:.3g}")
''',
    "is_symmetric": '''
def is_symmetric(name, m):
    """Refuse what was promised to be symmetric and is not."""
    if not np.array_equal(m, np.swapaxes(m, -1, -2)):
        raise ValueError(f"{name}: expected a symmetric matrix")
''',
}


HELPERS = ("bind", "size_of", *_FUNCTIONS)  # names that the module may define


def support(lines: Iterable[str], cell: Cell) -> list[str]:
    """The functions that lines call, as source, those that refuse arguments first."""
    called = {word for line in lines for word in re.findall(r"(?<![\w.])(\w+)\(", line)}
    made = [bind(cell)] if "bind" in called else []
    made += [_SIZE_OF] * any("size_of(" in source for source in made)
    made += [source for name, source in _FUNCTIONS.items() if name in called]
    return [source.strip("\n") for source in made]


def bind(cell: Cell) -> str:
    """`bind` for a cell: with the checks that its sizes and kinds of arrays need, and no others."""
    arrays = [q for q in cell.given if q.role != "const"]
    alone = {size.name for q in arrays for size in q.shape}
    used = [size for q in arrays for size in q.shape]
    composite = any(size.name is None for size in used)
    hidden = any(name not in alone for size in used for name in size.names)
    labels = any(q.below for q in arrays)
    own = any(q.kind != "real" for q in arrays)
    parts = {
        "@KINDS@": _KINDS if own else _REAL,
        "@NAMED@": "            if not axis.isidentifier():\n                continue\n"
        * composite,
        "@SECOND@": (_SOLVE * hidden + _SECOND) * composite,
        "@SIZE@": "size_of(axis, sizes)" if composite else "sizes.get(axis, (None,))[0]",
        "@RANK@": _RANK * composite,
        "@WHERE@": _WHERE_COMPOSITE if composite else _WHERE,
        "@LABELS@": _LABELS * labels,
    }
    text = _BIND
    for mark, part in parts.items():
        text = text.replace(f"{mark}\n" if mark != "@SIZE@" else mark, part)
    return text
