"""Whether at least one holds, entry by entry."""

from bpgen.ops.shapes import broadcast as shape

__all__ = ["shape"]

symbol = "or"
params = ("a", "b")
kind = "bool"
numpy = "np.logical_or({a}, {b})"
latex = r"{a} \lor {b}"
vjp = None
