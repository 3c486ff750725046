"""A function with a derivative of the user's own, `op spike(v) = … with dv = …`.

The first argument is the value, its expression written out; the others are what the function was
called with. `derivatives` has one expression each, over placeholders: `$dy` for the gradient that
arrives and `$0`, `$1`, … for the arguments. Nothing flows through the value itself.
"""

from bpgen.ir import Node, rebuild
from bpgen.sizes import Shape

internal = True
casts = False
latex = "{value}"
numpy = "{value}"


def shape(value: Shape, *args: Shape, derivatives: tuple[Node, ...], called: str) -> Shape:
    return value


def vjp(
    dy: Node, y: Node, value: Node, *args: Node, derivatives: tuple[Node, ...]
) -> tuple[Node | None, ...]:
    given = {"$dy": dy, **{f"${i}": arg for i, arg in enumerate(args)}}

    def fill(part: Node) -> Node | None:
        return given.get(part["name"]) if part.op == "ref" else None

    return None, *(rebuild(derivative, fill) for derivative in derivatives)
