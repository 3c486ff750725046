"""Integers and booleans as numbers of the module's dtype."""

from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

internal = True
params = ("a",)
casts = False
numpy = "{a_}.astype({dtype})"
plain = "np.asarray({a}, dtype=float)"
latex = "{a}"
vjp = None
