"""The rows of the shipped test, as the text of the functions that they become.

All of them speak of arguments by name, in dictionaries, so that the same text serves every cell;
what differs between cells is in the tables and in the plain forward pass above them. Which rows a
cell gets is for `shipped` to say.
"""

SUPPORT = '''
CONSTS = {k: v for k, v in (module.forward.__kwdefaults__ or {}).items() if v is not None}
BOUND = 1e-10  # for the error of a derivative
plain = np.errstate(all="ignore")(plain)  # of `where`, both sides are computed


def over_time(v, axis, shape=(), before=0, after=0):
    """The steps of an array by their number, from 1; zeros before the first and after the last."""
    steps = dict(enumerate(np.moveaxis(v, axis, 0), 1))
    zeros = np.zeros(shape)
    last = len(steps)
    steps |= {1 - k: zeros for k in range(1, before + 1)}
    return steps | {last + k: zeros for k in range(1, after + 1)}


def stacked(steps, T, axis):
    """The steps 1 to T as an array."""
    return np.moveaxis(np.stack([steps[t] for t in range(1, T + 1)]), 0, axis)


def total(steps, T):
    """The sum of the steps 1 to T."""
    return sum(steps[t] for t in range(1, T + 1))


def size_of(axis, sizes):
    """The number that an axis such as 4*H or D+H is."""
    terms = axis.replace("-", "+-1*").split("+")
    factors = [[sizes[f] if f in sizes else int(f) for f in t.split("*")] for t in terms if t]
    return sum(int(np.prod(term)) for term in factors)


def drawn(name, sizes, rng, scale):
    """An argument: random, not small, not symmetric unless it must be."""
    shape = tuple(size_of(axis, sizes) for axis in module.SHAPES[name].split())
    if name in BELOW:
        return rng.integers(0, size_of(BELOW[name], sizes), shape)
    if name in MASKS:
        return rng.random(shape) < 0.6
    if name in SIMPLEX:
        v = rng.random(shape) + 0.1
        return v / v.sum(axis=SIMPLEX[name], keepdims=True)
    v = rng.normal(size=shape) * (1.0 if name in INPUTS else 0.6) * scale
    v = np.abs(v) + 0.2 if scale == 0.5 else v
    return (v + np.swapaxes(v, -1, -2)) / 2 if name in SYMMETRIC else v


@functools.cache
def arguments(which, seed=SEED):
    """All arguments by name, drawn again until nothing fails and no kink is nearer than 1e-9.

    Later attempts draw larger ones, so that both sides of a kink occur, and the last positive ones,
    for roots and logarithms.
    """
    sizes = SIZES[which]
    for attempt in range(60):
        rng = np.random.default_rng([seed, attempt])
        scale = (1.0, 1.0, 2.0, 4.0, 1.0, 0.5)[attempt // 10]
        names = (*INPUTS, *INITIAL, *PARAMS)
        given = {name: np.asarray(drawn(name, sizes, rng, scale)) for name in names}
        given |= {name: sizes[name] for name in EXTRA}
        if attempt < 40:  # near what they are by default, where a factor of 1 would hide
            given |= {name: v * (0.9 + 0.2 * rng.random()) for name, v in CONSTS.items()}
        kinks = {}
        with np.errstate(all="ignore"):
            outputs = plain(**given, kinks=kinks)
        finite = all(np.isfinite(v).all() for v in outputs.values())
        wanted = both_sides(kinks) or which == "smallest" or attempt >= 40
        if finite and wanted and clear(kinks):
            break
    else:
        raise AssertionError("no arguments found that give finite numbers, clear of every kink")
    for name in (*INPUTS, *INITIAL, *PARAMS):
        given[name].flags.writeable = False
    return given


def clear(kinks):
    """Whether nothing lies so near to a kink that a derivative could mean either side."""
    return all(np.abs(v).min(initial=1) > 1e-9 for found in kinks.values() for v in found)


def both_sides(kinks):
    """Whether every kink is seen from both sides."""
    seen = {name: np.concatenate([np.ravel(v) for v in found]) for name, found in kinks.items()}
    return all(v.min() < 0 < v.max() for name, v in seen.items() if not name.startswith("tie"))


def cotangents(given, seed=SEED):
    """A random gradient for every output, the loss too."""
    rng = np.random.default_rng([seed, 99])
    return {name: rng.normal(size=np.shape(v)) for name, v in plain(**given).items()}


def keywords(given):
    """The number of steps, where no input tells it, and the constants."""
    return {name: given[name] for name in (*EXTRA, *CONSTS) if name in given}


def forward(given, **work):
    """The outputs of the module by name, and what it saved."""
    params = module.Params(*(given[name] for name in PARAMS))
    others = [given[name] for name in (*INPUTS, *INITIAL)]
    outputs, saved = module.forward(params, *others, **keywords(given), **work)
    return outputs._asdict(), saved


def backward(given, saved, dy, **work):
    """The gradients of the module, by the name of the argument."""
    params = module.Params(*(given[name] for name in PARAMS))
    grads = module.backward(params, saved, **{f"d{name}": v for name, v in dy.items()}, **work)
    found = dict(zip(PARAMS, grads.params, strict=True))
    return found | {name: getattr(grads, f"d{name}") for name in REAL if name not in PARAMS}


def gradients(given, dy):
    """Forward, then backward."""
    return backward(given, forward(given)[1], dy)


def slope(given, name, direction, dy):
    """How the outputs, weighted by dy, change along a direction of one argument: a complex step."""
    moved = given | {name: given[name] + 1e-30j * direction}
    return sum(np.sum(dy[key] * np.imag(v)) for key, v in plain(**moved).items()) / 1e-30


def error(found, expected, gradient):
    """How far a derivative is off, on the scale of the gradient: 1e-15 or so by round-off."""
    scale = max(abs(expected), np.linalg.norm(gradient)) + 1e-4
    return float(np.nan_to_num(abs(found - expected) / scale, nan=np.inf))


def wrong(what, found, expected):
    """What to say of a derivative that is off."""
    times = f", {found / expected:.12g} times as much" if expected else ""
    return f"{what} is {found:.12g}, should be {expected:.12g}{times}"


def close(a, b, bound=1e-12):
    """Whether two arrays agree, on the scale of the larger."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    scale = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0), 1)
    return np.shape(a) == np.shape(b) and np.abs(a - b).max(initial=0) <= bound * scale


def same(a, b):
    """Whether two dictionaries of arrays are equal to the bit."""
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)
'''

FORWARD = '''
@pytest.mark.parametrize("which", WHICH)
def test_forward(which):
    """The module gives what the equations give, one step after another."""
    given = arguments(which)
    expected, (found, _) = plain(**given), forward(given)
    for name in expected:
        assert close(found[name], expected[name]), f"{name} is not what the equations give"
'''

GRADIENTS = '''
@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("which", WHICH)
def test_gradient(which, name, request):
    """Two random directions of one argument by itself, by complex step, to round-off."""
    given = arguments(which)
    dy = cotangents(given)
    gradient = gradients(given, dy)[name]
    assert gradient.shape == given[name].shape, f"d{name} has another shape than {name}"
    rng = np.random.default_rng(SEED + 7)
    for _ in range(2):
        direction = rng.normal(size=given[name].shape)
        if name in SYMMETRIC:
            direction = direction + np.swapaxes(direction, -1, -2)
        expected = 0.0 if name in FROZEN else slope(given, name, direction, dy)
        found = np.sum(gradient * direction)
        off = error(found, expected, gradient)
        request.node.user_properties.append(("error", off))
        assert off <= BOUND, wrong(f"the slope that d{name} gives along a line", found, expected)
'''

ENTRIES = '''
@pytest.mark.parametrize("name", [name for name in REAL if name not in FROZEN])
def test_entries(name, request):
    """Every entry of every gradient, at the smallest shape; says which is wrong, and by what."""
    given = arguments("smallest")
    dy = cotangents(given)
    gradient = gradients(given, dy)[name]
    entries = []
    for index in np.ndindex(gradient.shape):
        direction = np.zeros(gradient.shape)
        direction[index] = 1.0
        if name in SYMMETRIC:
            direction = (direction + np.swapaxes(direction, -1, -2)) / 2
        expected, found = slope(given, name, direction, dy), gradient[index]
        what = wrong(f"d{name}{list(index) or ''}", found, expected)
        entries.append((error(found, expected, gradient), what))
    off = [what for far, what in entries if far > BOUND]
    request.node.user_properties.append(("error", max(far for far, _ in entries)))
    assert not off, f"{off[0]}; {len(off)} of {len(entries)} entries are off"
'''

LINEAR = '''
@pytest.mark.parametrize("which", WHICH)
def test_linear(which):
    """Cotangents times a power of two give gradients times it, to the bit; zero gives zero.

    Large and small powers, so that nothing can be clipped far out or dropped near zero.
    """
    given = arguments(which)
    _, saved = forward(given)
    dy = cotangents(given)
    once = backward(given, saved, dy)
    for factor in (2.0**10, 2.0**40, 2.0**-40, 0.0):
        scaled = backward(given, saved, {name: factor * v for name, v in dy.items()})
        for name in once:
            times = np.array_equal(scaled[name], factor * once[name])
            assert times, f"d{name} is not {factor:g} times as large, as what was given is"
'''

PURE = '''
def test_pure():
    """Nothing given is changed, nothing returned shares memory, and no call is felt by another."""
    given = arguments("first")
    outputs, saved = forward(given)
    dy = {name: np.array(v) for name, v in cotangents(given).items()}
    before = {name: np.array(v) for name, v in (given | outputs | saved._asdict()).items()}
    for v in dy.values():
        v.flags.writeable = False
    held = [v for v in saved if isinstance(v, np.ndarray)]
    for name, v in outputs.items():  # what backward will read cannot be written to
        if np.ndim(v) and any(np.may_share_memory(v, other) for other in held):
            assert not v.flags.writeable, f"{name} can be written to, and backward reads it"
    first = backward(given, saved, dy)
    kept = {name: np.array(v) for name, v in first.items()}
    for others in (given, arguments("first", SEED + 1), arguments("second")):
        gradients(others, cotangents(others, SEED + 1))
        assert same(first, kept), "a later call changed an earlier gradient"
        assert same(backward(given, saved, dy), kept), "a second call gives something else"
    assert same(given | outputs | saved._asdict(), before), "something given was changed"
    held = [*given.values(), *dy.values(), *outputs.values(), *saved]
    held = [v for v in held if isinstance(v, np.ndarray)]
    arrays = list(first.items())
    for i, (name, v) in enumerate(arrays):
        others = [*held, *(other for _, other in arrays[i + 1 :])]
        shared = any(np.may_share_memory(v, other) for other in others)
        assert not shared, f"d{name} shares memory with something given or returned"
'''

TIME = '''
def test_time():
    """Two parts in time, with the states and their gradients handed over, are the whole."""
    given = arguments("second")
    dy = cotangents(given)
    whole, saved = forward(given)
    expected = backward(given, saved, dy)
    timed = [name for name in TIMED if name in given]
    parts = [given | {k: cut(given[k], TIMED[k], part) for k in timed} for part in PARTS]
    for part, T in zip(parts, (4, SIZES["second"]["T"] - 4), strict=True):
        part |= {name: T for name in EXTRA}
    early, early_saved = forward(parts[0])
    for state, (initial, lag) in STATES.items():
        steps = np.moveaxis(early[state], TIMED[state], 0)
        parts[1][initial] = steps[-1] if lag == 1 else steps[-lag:]
    late, late_saved = forward(parts[1])
    dys = [{k: cut(v, TIMED[k], p) if k in TIMED else v for k, v in dy.items()} for p in PARTS]
    second = backward(parts[1], late_saved, dys[1])
    for state, (initial, lag) in STATES.items():
        dys[0][state] = np.array(dys[0][state])
        steps = np.moveaxis(dys[0][state], TIMED[state], 0)
        steps[-lag:] += second[initial]
    first = backward(parts[0], early_saved, dys[0])
    for name in whole:
        assert close(rejoined(early, late, name), whole[name]), f"{name} changes if time is cut"
    for name in expected:
        found = rejoined(first, second, name)
        assert close(found, expected[name]), f"d{name} changes if time is cut"


PARTS = (slice(None, 4), slice(4, None))


def cut(v, axis, part):
    """Some steps of an array."""
    return v[(slice(None),) * axis + (part,)]


def rejoined(early, late, name):
    """Steps put together; initial values are the early ones; what has no steps is summed."""
    if name in INITIAL:
        return early[name]
    if name in TIMED:
        return np.concatenate([early[name], late[name]], axis=TIMED[name])
    return early[name] + late[name]
'''

BATCH = '''
def test_batch():
    """The examples by themselves, put together, are the whole."""
    given = arguments("first")
    dy = cotangents(given)
    whole, saved = forward(given)
    expected = backward(given, saved, dy)
    parts = [examples(given, part) for part in (slice(0, 1), slice(1, None))]
    outputs = [forward(part) for part in parts]
    dys = [examples(dy, part) for part in (slice(0, 1), slice(1, None))]
    found = [backward(p, s, d) for p, (_, s), d in zip(parts, outputs, dys, strict=True)]
    for name in whole:
        joined = together([each[name] for each, _ in outputs], name)
        assert close(joined, whole[name]), f"{name} changes if the batch is split"
    for name in expected:
        joined = together([each[name] for each in found], name)
        assert close(joined, expected[name]), f"d{name} changes if the batch is split"


def examples(arrays, part):
    """Some examples of every array that has them."""
    axes = {name: (slice(None),) * BATCH[name] for name in arrays if name in BATCH}
    return {name: v[(*axes[name], part)] if name in axes else v for name, v in arrays.items()}


def together(parts, name):
    """Examples put together; what has none is summed."""
    return np.concatenate(parts, axis=BATCH[name]) if name in BATCH else sum(parts)
'''

ONE = '''
@pytest.mark.parametrize("which", [name for name in SIZES if name.startswith("one")])
def test_one(which, request):
    """One step, and one example: forward and gradients, as for many."""
    test_forward(which)
    for name in REAL:
        test_gradient(which, name, request)
'''

NO_STEPS = '''
def test_no_steps():
    """T = 0 gives empty outputs and zero gradients."""
    given = {k: v for k, v in arguments("first").items()}
    for name in TIMED.keys() & given.keys():
        given[name] = given[name][(slice(None),) * TIMED[name] + (slice(0),)]
    given |= {name: 0 for name in EXTRA}
    outputs, saved = forward(given)
    assert all(outputs[name].shape[TIMED[name]] == 0 for name in outputs if name in TIMED)
    found = backward(given, saved, {name: np.zeros(np.shape(v)) for name, v in outputs.items()})
    for name, v in found.items():
        assert v.shape == given[name].shape and not v.any(), f"d{name} is not zero everywhere"
'''

NO_STEPS_REFUSED = '''
def test_no_steps():
    """T = 0 means nothing here, and is refused."""
    given = {k: v for k, v in arguments("first").items()}
    for name in TIMED.keys() & given.keys():
        given[name] = given[name][(slice(None),) * TIMED[name] + (slice(0),)]
    given |= {name: 0 for name in EXTRA}
    with pytest.raises(ValueError, match="T: this cell needs at least one step, got 0"):
        forward(given)
'''

LAYOUT = '''
@pytest.mark.parametrize("order", ["strided", "Fortran"])
def test_layout(order):
    """Strided and Fortran-ordered arrays give what contiguous ones give."""
    given = arguments("first")
    laid = {"strided": lambda v: np.repeat(v, 2, axis=-1)[..., ::2], "Fortran": np.asfortranarray}
    moved = {k: laid[order](v) if np.ndim(v) else v for k, v in given.items()}
    dy = cotangents(given)
    expected, found = gradients(given, dy), gradients(moved, dy)
    for name in expected:
        assert close(found[name], expected[name]), f"d{name} changes with the layout of the arrays"
'''

FLOAT32 = '''
def test_float32():
    """float32 stays float32, and is near to float64 on the same numbers."""
    given = arguments("first")
    reals = {k for k, v in given.items() if getattr(v, "dtype", None) == np.float64}
    small = {k: v.astype(np.float32) if k in reals else v for k, v in given.items()}
    large = {k: v.astype(np.float64) if k in reals else v for k, v in small.items()}
    for name in SIMPLEX:  # rounded, they no longer sum to one in float64
        large[name] = given[name]
    dy = {k: v.astype(np.float32) for k, v in cotangents(given).items()}
    outputs, saved = forward(small)
    found = backward(small, saved, dy)
    expected = gradients(large, {k: v.astype(np.float64) for k, v in dy.items()})
    for name, v in outputs.items():
        assert v.dtype == np.float32 or v.dtype.kind in "bi", f"{name} is {v.dtype}"
    for name, v in found.items():
        assert v.dtype == np.float32, f"d{name} is {v.dtype}"
        off = np.linalg.norm(v - expected[name]) / max(np.linalg.norm(expected[name]), 1)
        assert off <= 5e-4, f"d{name} is off by {off:.3g} of itself, against float64"
'''

SAFE = '''
@pytest.mark.parametrize("scale", SCALES)
def test_safe(scale):
    """No overflow, no division by zero, nothing invalid; at saturating arguments too."""
    given = arguments("first")
    scaled = {k: v * scale if k in REAL and k not in SIMPLEX else v for k, v in given.items()}
    dy = cotangents(given)
    with np.errstate(over="raise", divide="raise", invalid="raise", under="ignore"):
        outputs, saved = forward(scaled)
        found = backward(scaled, saved, dy)
    for name, v in (*outputs.items(), *((f"d{name}", v) for name, v in found.items())):
        assert np.isfinite(v).all(), f"{name} is not finite"
'''

TIES = '''
@pytest.mark.parametrize("name", REAL)
def test_ties(name):
    """At zero, where kinks tie, the gradient is the stated subgradient."""
    given = arguments("first") | {k: 0 * arguments("first")[k] for k in REAL if k not in SIMPLEX}
    dy = cotangents(given)
    rng = np.random.default_rng(SEED + 8)
    direction = rng.normal(size=given[name].shape)
    if name in SYMMETRIC:
        direction = direction + np.swapaxes(direction, -1, -2)
    if not at_tie(given, name, direction, dy, f"the slope that d{name} gives at a tie"):
        pytest.skip(f"no finite slope, so nothing is stated: d{name} where all is zero")


def test_some_ties():
    """The same where one or two arguments are zero, so that what arrives at a tie is not.

    Of one step: over more, one argument meets itself, and the square of 1e-30 would break a tie.
    """
    whole = arguments("one step")
    dy = cotangents(whole)
    rng = np.random.default_rng(SEED + 9)
    names = [name for name in REAL if name not in SIMPLEX]
    silent = []
    for zero in ((one, two) for i, one in enumerate(names) for two in names[i:]):
        given = whole | {name: 0 * whole[name] for name in zero}
        tied = ties(given)
        if not any(v.any() for v in tied):
            continue
        where = f"where {' = '.join(dict.fromkeys(zero))} = 0"
        for name in [name for name in REAL if name not in (*FROZEN, *SYMMETRIC)]:
            direction = rng.normal(size=given[name].shape)
            still = ties(given | {name: given[name] + 1e-30j * direction})
            if all(np.array_equal(a, b) for a, b in zip(tied, still, strict=True)):
                what = f"the slope that d{name} gives {where}"
                if not at_tie(given, name, direction, dy, what):
                    silent.append(f"d{name} {where}")
    if silent:
        pytest.skip(f"no finite slope, so nothing is stated: {', '.join(silent)}")


def at_tie(given, name, direction, dy, what):
    """Hold a slope to the stated one; false if the equations have no finite one to hold it to."""
    with np.errstate(all="ignore"):
        finite = all(np.isfinite(v).all() for v in plain(**given).values())
        expected = 0.0 if name in FROZEN else slope(given, name, direction, dy)
        gradient = gradients(given, dy)[name]
        found = np.sum(gradient * direction)
        stated = finite and np.isfinite(expected)
        if not stated or not (np.isfinite(found) or settles(given, dy)):
            return False
    assert error(found, expected, gradient) <= BOUND, wrong(what, found, expected)
    return True


def settles(given, dy):
    """Whether the slopes of the equations near a tie come to something as it is approached.

    What is behind a kink may have none there: the square root in sqrt(abs(x)). Each argument comes
    nearer at a pace of its own, so that no two growths cancel.
    """
    rng = np.random.default_rng(SEED + 10)
    names = [name for name in REAL if name not in SIMPLEX]
    away = {name: rng.normal(size=given[name].shape) for name in names}
    near = []
    for far in (1e-6, 1e-9):
        paces = {name: far ** (1 + 0.3 * i / len(names)) for i, name in enumerate(names)}
        moved = given | {name: given[name] + paces[name] * away[name] for name in names}
        near.append(np.array([slope(moved, name, away[name], dy) for name in names]))
    return all(close(one, other, 1e-2) for one, other in zip(*near, strict=True))


def ties(given):
    """Where each kink ties."""
    kinks = {}
    plain(**given, kinks=kinks)
    return [v == 0 for found in kinks.values() for v in found]


def test_both_sides():
    """The arguments of the tests above lie on both sides of every kink."""
    kinks = {}
    plain(**arguments("first"), kinks=kinks)
    if not both_sides(kinks):
        pytest.skip("some kink was only ever seen from one side")
'''

MISUSE = '''
@pytest.mark.parametrize("name", [*INPUTS, *INITIAL, *PARAMS])
def test_misuse(name):
    """A wrong rank, shape or dtype is refused, by the name of the argument."""
    given = arguments("first")
    v, axes = given[name], f"({', '.join(module.SHAPES[name].split())})"
    first = (*PARAMS, *REAL, None)[0]  # tells the dtype
    told = f"float64 (from {first})" if name != first else "an array of float32 or float64"
    wanted = "integer" if name in BELOW else "bool" if name in MASKS else told
    array = told if name == first else "an array"
    for wrong, error, said in (
        (v[None], ValueError, f"shape {axes}, got {v[None].shape}"),
        (v.astype(complex), TypeError, f"{wanted}, got complex128"),
        ("no array", TypeError, f"{array}, got str"),
    ):
        with refused(error, f"{name}: expected {said}"):
            forward(given | {name: wrong})
    for axis in range(v.ndim):
        longer = np.concatenate([v, v], axis=axis)
        if longer.shape != v.shape and (name, axis) not in LONE:
            said = r"^\\w+: expected shape \\(.*\\)( with .*)?, got \\(.*\\)$"
            with pytest.raises(ValueError, match=said):
                forward(given | {name: longer})


def test_misuse_of_backward():
    """Records of another kind, saved arrays and gradients that do not fit are refused by name."""
    given = arguments("first")
    dy, params = cotangents(given), module.Params(*(given[name] for name in PARAMS))
    _, saved = forward(given)
    with refused(TypeError, "params: expected this module's Params, got NoneType"):
        module.backward(None, saved)
    with refused(TypeError, "saved: expected this module's Saved, got tuple"):
        module.backward(params, tuple(saved))
    held = {f"d{name}": v for name, v in dy.items()} | saved._asdict()
    for name, words in module.BACK.items():
        wrong, axes = held[name][None], f"({', '.join(words.split())})"
        with refused(ValueError, f"{name}: expected shape {axes}, got {wrong.shape}"):
            if name in saved._fields:
                backward(given, saved._replace(**{name: wrong}), dy)
            else:
                backward(given, saved, dy | {name[1:]: wrong})
    for name in dy:
        wanted = "an array" if f"d{name}" in module.BACK else "a number"
        with refused(TypeError, f"d{name}: expected {wanted}, got str"):
            backward(given, saved, dy | {name: "no array"})


def refused(error, said):
    """That something is refused, in these words."""
    return pytest.raises(error, match=f"^{re.escape(said)}$")
'''

STREAM = '''
def test_stream():
    """Steps one after another, each handing its states to the next, are the whole."""
    given = arguments("first")
    given = given | {name: 0 * given[name] for name in INITIAL if name not in STREAMED}
    expected, _ = forward(given)
    for name, joined in streamed(given).items():
        assert close(joined, expected[name]), f"{name} of single steps is not that of forward"


def streamed(given, **work):
    """The outputs of single steps, joined."""
    params = module.Params(*(given[name] for name in PARAMS))
    starts = [given[initial] if initial else None for initial in STREAMED]
    found = {name: [] for name in module.Outputs._fields if name in TIMED}
    states, constants = starts, {name: given[name] for name in CONSTS if name in given}
    for t in range(SIZES["first"]["T"]):
        inputs = ((k, given[k]) for k in STREAM_INPUTS)
        now = [np.take(v, t, axis=TIMED[k]) if k in TIMED else v for k, v in inputs]
        outputs, states = module.step(params, *now, *states, **constants, **work)
        for name, steps in found.items():
            steps.append(getattr(outputs, name))
            steps[-2:-1] = map(np.array, steps[-2:-1])  # in a workspace it stands for one call more
    return {name: np.stack(steps, axis=TIMED[name]) for name, steps in found.items()}


if hasattr(module, "Workspace"):

    def test_stream_in_workspace():
        """Whatever earlier steps left in one, steps are to the bit those without one."""
        work = workspace("first")
        for given in (arguments("first", SEED + 1), arguments("first")):
            expected, found = streamed(given), streamed(given, work=work)
            for name, v in expected.items():
                equal = np.array_equal(found[name], v)
                assert equal, f"{name} is not to the bit what it is without a workspace"
'''

WORKSPACE = '''
if hasattr(module, "Workspace"):  # as modules of the fast style have
    import inspect

    WORK = sorted(inspect.signature(module.Workspace).parameters.keys() - {"dtype"})

    def workspace(which, **others):
        """One for arguments of these sizes, or for others."""
        return module.Workspace(**{name: SIZES[which][name] for name in WORK} | others)

    def results(given, dy, **work):
        """Outputs and gradients by name."""
        outputs, saved = forward(given, **work)
        return outputs | {f"d{name}": v for name, v in backward(given, saved, dy, **work).items()}

    @pytest.mark.parametrize("which", SIZES)
    def test_workspace(which):
        """Whatever earlier calls left in one, results are to the bit those of a call without."""
        work = workspace(which)
        for seed, missing in ((SEED + 1, ()), (SEED, OPTIONAL), (SEED, ())):
            given = arguments(which, seed)
            dy = cotangents(given, seed)
            given = given | dict.fromkeys(missing)
            expected, found = results(given, dy), results(given, dy, work=work)
            for name, v in expected.items():
                equal = np.array_equal(found[name], v)
                assert equal, f"{name} is not to the bit what it is without a workspace"

    def test_misuse_of_workspace():
        """One of other sizes, of another dtype or in use is refused, in words that say so."""
        given = arguments("first")
        dy = cotangents(given)
        sizes = {name: (SIZES["first"][name], SIZES["first"][name] + 1) for name in WORK}
        for name, (size, other) in (*sizes.items(), ("dtype", ("float64", "float32"))):
            said = f"work: expected {name} = {size}, got one made for {name} = {other}"
            with refused(ValueError, said):
                results(given, dy, work=workspace("first", **{name: other}))
        with refused(TypeError, "work: expected a Workspace, got dict"):
            forward(given, work=sizes)
        work = workspace("first")
        _, saved = forward(given, work=work)
        with work.lock:
            said = "work: in use by another call; each thread needs a Workspace of its own"
            with refused(RuntimeError, said):
                forward(given, work=work)
            with refused(RuntimeError, said):
                backward(given, saved, dy, work=work)
        backward(given, saved, dy, work=work)
'''
