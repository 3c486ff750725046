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
@contextmanager
def using(work, half, **sizes):
    """The arrays of `forward` or `backward`: those of a workspace that is free, or new ones."""
    if work is None:
        yield half(**sizes)
        return
    if not isinstance(work, Workspace):
        raise TypeError(f"work: expected a Workspace, got {type(work).__name__}")
    arrays = work.halves[half]
    for name, size in arrays.sizes.items():
        if sizes[name] != size:
            expected = f"{name} = {sizes[name]}"
            raise ValueError(f"work: expected {expected}, got one made for {name} = {size}")
    if not work.lock.acquire(blocking=False):
        raise RuntimeError("work: in use by another call; each thread needs a Workspace of its own")
    try:
        yield arrays
    finally:
        work.lock.release()
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


HELPERS = ("bind", "size_of", *_FUNCTIONS)  # names that the module may define


def support(lines: Iterable[str], bind: str) -> list[str]:
    """The functions that lines call, as source, those that refuse arguments first."""
    called = {word for line in lines for word in re.findall(r"(?<![\w.])(\w+)\(", line)}
    made = [bind] + [_SIZE_OF] * ("size_of(" in bind)
    made += [source for name, source in _FUNCTIONS.items() if name in called]
    return [source.strip("\n") for source in made]


def kept() -> list[str]:
    """The source of every function that a module can get."""
    return [*binds(), _SIZE_OF, *_FUNCTIONS.values()]
