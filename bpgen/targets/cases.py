"""The rows of the shipped test, as the text of the functions that they become.

All of them speak of arguments by name, in dictionaries, so that the same text serves every cell; what
differs between cells is in the tables and in the plain forward pass above them. Which rows a cell
gets is for `shipped` to say.
"""

SUPPORT = '''
def shape_of(name, sizes):
    """The shape of an argument, by the table of the module."""
    return tuple(module_size(axis, sizes) for axis in module.SHAPES[name].split())


def module_size(axis, sizes):
    """The number that an axis such as 4*H or D+H is."""
    terms = axis.replace("-", "+-1*").split("+")
    factors = [[sizes[f] if f in sizes else int(f) for f in t.split("*")] for t in terms if t]
    return sum(int(np.prod(term)) for term in factors)


def drawn(name, sizes, rng):
    """An argument: random, not small, not symmetric unless it must be."""
    shape = shape_of(name, sizes)
    if name in BELOW:
        return rng.integers(0, module_size(BELOW[name], sizes), shape)
    if name in MASKS:
        return rng.random(shape) < 0.6
    if name in SIMPLEX:
        v = rng.random(shape) + 0.1
        return v / v.sum(axis=SIMPLEX[name], keepdims=True)
    v = rng.normal(size=shape) * (1.0 if name in INPUTS else 0.6)
    return (v + np.swapaxes(v, -1, -2)) / 2 if name in SYMMETRIC else v


def arguments(sizes, seed=0):
    """All arguments by name, drawn again until no kink is near and both its sides occur."""
    for attempt in range(50):
        rng = np.random.default_rng([seed, attempt])
        given = {name: drawn(name, sizes, rng) for name in (*INPUTS, *INITIAL, *PARAMS)}
        kinks = {}
        with np.errstate(all="ignore"):
            outputs = plain(**given, kinks=kinks)
        if all(np.isfinite(v).all() for v in outputs.values()) and clear(kinks, sizes):
            return given
    raise AssertionError("no arguments found that stay clear of every kink")


def clear(kinks, sizes):
    """Whether every kink is seen from both sides and none from nearer than 1e-9."""
    seen = [np.concatenate([np.ravel(v) for v in found]) for found in kinks.values()]
    both = sizes is SMALL or all(v.min() < 0 < v.max() for v in seen)
    return both and all(np.abs(v).min() > 1e-9 for v in seen if v.size)


def cotangents(given, seed=0):
    """A random gradient for every output, the loss too."""
    rng = np.random.default_rng([seed, 99])
    return {name: rng.normal(size=np.shape(v)) for name, v in plain(**given).items()}


def split(given):
    """Parameters and the other arguments, as the module takes them."""
    params = module.Params(*(given[name] for name in PARAMS))
    return params, [given[name] for name in (*INPUTS, *INITIAL)]


def forward(given):
    """The outputs of the module by name, and what it saved."""
    params, others = split(given)
    outputs, saved = module.forward(params, *others{% if free %}, T=STEPS{% endif %})
    return outputs._asdict(), saved


def backward(given, saved, dy):
    """The gradients of the module, by the name of the argument."""
    dy = {f"d{name}": float(v) if name == LOSS else v for name, v in dy.items()}
    grads = module.backward(split(given)[0], saved, **dy)
    found = dict(zip(PARAMS, grads.params, strict=True))
    return found | {name: getattr(grads, f"d{name}") for name in REAL if name not in PARAMS}


def gradients(given, dy):
    """Forward, then backward."""
    return backward(given, forward(given)[1], dy)


def objective(given, dy):
    """The sum of all outputs, weighted by their cotangents, of the plain forward pass."""
    outputs = plain(**given)
    return sum(np.sum(dy[name] * v) for name, v in outputs.items())


def slope(given, name, direction, dy):
    """The derivative of the objective along a direction of one argument, by a complex step."""
    moved = {**given, name: given[name] + 1e-30j * direction}
    return np.imag(objective(moved, dy)) / 1e-30


def allowed(slope, gradient):
    """How far a derivative may be off: round-off, on the scale of the gradient."""
    return 1e-10 * max(abs(slope), np.linalg.norm(gradient)) + 1e-14


def close(a, b, bound=1e-12):
    """Whether two arrays agree, on the scale of the larger."""
    scale = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0), 1e-300)
    return np.shape(a) == np.shape(b) and np.abs(a - b).max(initial=0) <= bound * max(scale, 1)
'''
