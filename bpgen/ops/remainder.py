"""The remainder of a division of integers, with the sign of the divisor, as in Python."""

from bpgen.ops.shapes import broadcast as shape

__all__ = ["shape"]

symbol = "%"
params = ("a", "b")
kind = "int"
domain = ((-9, 9), (1, 9))
numpy = "{a} % {b}"
latex = r"{a} \bmod {b}"
vjp = None
