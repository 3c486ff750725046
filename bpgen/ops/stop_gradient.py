"""The argument itself, through which no gradient flows."""

from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

params = ("a",)
kind = "join"
boolean = True
numpy = "{a}"
plain = "np.real({a})"
latex = r"\operatorname{{stop}}({a})"
because = "the spec stops the gradient here"
vjp = None
