"""The error function, entry by entry; NumPy lacks it, so modules that need it carry it.

W. J. Cody, Rational Chebyshev approximations for the error function, Math. Comp. 23 (1969): one
rational function near 0, one beyond, where erf is 1 less a small number; from 6 on it is 1. The
result is within 1e-15 of erf, relatively, which the tests measure against the standard library's.
"""

from math import pi, sqrt

from bpgen.ir import Node, apply
from bpgen.ops.shapes import same as shape

__all__ = ["shape"]

numpy = "erf({a})"
plain = "erf({a})"
latex = r"\operatorname{{erf}}({a})"
heavy = True
because = "erf'(a) = 2 exp(-a²) / √π"
helper = '''
def erf(x):
    """The error function, to 1e-15 relatively (Cody, 1969)."""
    z = np.minimum(np.abs(x), 6.0)
    near, far = np.square(np.minimum(z, 0.5)), np.maximum(z, 0.46875)
    p = 0.18577770618460315 * near + 3.1611237438705656
    p = ((p * near + 113.86415415105016) * near + 377.485237685302) * near + 3209.3775891384695
    q = (near + 23.601290952344122) * near + 244.02463793444417
    q = (q * near + 1282.6165260773723) * near + 2844.2368334391706
    r = (2.1531153547440383e-8 * far + 0.5641884969886701) * far + 8.883149794388377
    r = ((r * far + 66.11919063714163) * far + 298.6351381974001) * far + 881.952221241769
    r = ((r * far + 1712.0476126340707) * far + 2051.0783778260716) * far + 1230.3393547979972
    s = ((far + 15.744926110709835) * far + 117.6939508913125) * far + 537.1811018620099
    s = ((s * far + 1621.3895745666903) * far + 3290.7992357334597) * far + 4362.619090143247
    s = (s * far + 3439.3676741437216) * far + 1230.3393548037495
    return np.where(z < 0.46875, x * p / q, np.sign(x) * (1.0 - np.exp(-np.square(far)) * r / s))
'''
plain_helper = '''
def erf(x):
    """The error function of real x; to first order in the imaginary part of complex x."""
    real = np.real(x)
    slope = 1.1283791670955126 * np.exp(-np.square(np.minimum(np.abs(real), 30.0)))
    return real_erf(real) + slope * (x - real)

''' + helper.replace("def erf", "def real_erf")


def vjp(dy: Node, y: Node, a: Node) -> Node:
    return dy * (2 / sqrt(pi) * apply("gaussian", a))
