"""Whether it does not hold, entry by entry."""

from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

symbol = "not"
params = ("a",)
kind = "bool"
numpy = "np.logical_not({a})"
latex = r"\lnot {a}"
vjp = None
