"""The small functions that emitted modules call, each emitted only where it is called.

They are kept as source, since source is what they are for. Those of operators stand in the
operators' own files.
"""

import re
from collections.abc import Iterable

from bpgen.targets.binding import binds

_SIZE_OF = '''
def size_of(axis, sizes):
    """The number that an axis such as 4*H or D+H is."""
    terms = axis.replace("-", "+-1*").split("+")
    factors = [[sizes[f][0] if f in sizes else int(f) for f in t.split("*")] for t in terms if t]
    return sum(math.prod(term) for term in factors)
'''

_FUNCTIONS = {
    "number": '''
def number(name, value):
    """A real number, as a float; refused, by name, if it is none."""
    v = np.asarray(value if np.isscalar(value) or isinstance(value, np.ndarray) else None)
    if v.ndim or v.dtype.kind not in "iuf":
        raise TypeError(f"{name}: expected a number, got {type(value).__name__}")
    return float(v)
''',
    "steps": '''
def steps(name, value):
    """A number of steps; refused, by name, if it is none."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name}: expected a number of steps, got {value!r}")
    return int(value)
''',
    "using": '''
class using:
    """The arrays that a function fills: those of a workspace that is free, or new ones."""

    def __init__(self, work, half, **sizes):
        self.lock = None
        if work is None:
            self.arrays = half(**sizes)
            return
        if not isinstance(work, Workspace):
            raise TypeError(f"work: expected a Workspace, got {type(work).__name__}")
        self.arrays, self.lock = work.halves[half], work.lock
        for name, size in self.arrays.sizes.items():
            if sizes[name] != size:
                expected = f"{name} = {sizes[name]}"
                raise ValueError(f"work: expected {expected}, got one made for {name} = {size}")

    def __enter__(self):
        if self.lock and not self.lock.acquire(False):
            said = "work: in use by another call; each thread needs a Workspace of its own"
            raise RuntimeError(said)
        return self.arrays

    def __exit__(self, *_):
        if self.lock:
            self.lock.release()
''',
    "fitting": '''
class fitting:
    """The arrays of a part of the steps: those of the whole call, or new ones if it is shorter."""

    def __init__(self, arrays, half, **sizes):
        fits = isinstance(arrays, half) and arrays.sizes == sizes
        self.arrays = arrays if fits else half(**sizes)

    def __enter__(self):
        return self.arrays

    def __exit__(self, *_):
        pass
''',
    "bind_again": '''
def bind_again(wanted, table, work, params, /, **arrays):
    """`bind`, or what it said when arrays of the same types, shapes and dtypes were last given."""
    if not isinstance(work, Workspace):
        return bind(wanted, table, params, **arrays)
    try:
        kinds = [(type(v), v.shape, v.dtype) for v in (*params, *arrays.values())]
    except (AttributeError, TypeError):
        return bind(wanted, table, params, **arrays)
    before, said = work.bound
    if (type(params), kinds) != before:
        said = bind(wanted, table, params, **arrays)
        work.bound = (type(params), kinds), said
    return said
''',
    "in_turn": '''
def in_turn(turns, *given):
    """The arrays for what a call returns: not those that the last call has returned."""
    for v in given:
        for own in turns[1]:
            if v is own:
                raise ValueError("work: expected no results of the call before the last; copy them")
    turns.reverse()
    return turns[0]
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
    return np.ascontiguousarray(q if shape[0] >= shape[1] else q.T)
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


HELPERS = (  # names that the module may define
    *("bind", "size_of", "StepArrays", "forward_of_part", "backward_of_part"),
    *_FUNCTIONS,
)


def support(lines: Iterable[str], bind: str) -> list[str]:
    """The functions that lines call, as source, those that refuse arguments first."""
    called = {word for line in lines for word in re.findall(r"(?<![\w.])(\w+)\(", line)}
    made = [bind] + [_SIZE_OF] * ("size_of(" in bind)
    made += [source for name, source in _FUNCTIONS.items() if name in called]
    return [source.strip("\n") for source in made]


def kept() -> list[str]:
    """The source of every function that a module can get."""
    return [*binds(), _SIZE_OF, *_FUNCTIONS.values()]
