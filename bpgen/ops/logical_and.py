"""Whether both hold, entry by entry."""

from bpgen.ops.shapes import broadcast as shape

__all__ = ["shape"]

symbol = "and"
params = ("a", "b")
kind = "bool"
numpy = "np.logical_and({a}, {b})"
latex = r"{a} \land {b}"
vjp = None
