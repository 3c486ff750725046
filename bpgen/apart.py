"""Large sums, part by part: a gradient may be a sum of a thousand terms, one for each reader.

When a part of an expression is replaced, all that stands above it is made anew, so to replace
something in every term, one after the other, costs a sum's length squared. While that is done, each
term of a large sum is an equation of its own, and the sum reads those.
"""

from collections.abc import Callable, Container
from dataclasses import replace

from bpgen.ir import Equation, Node, Pair, apply, fresh, rebuild, ref, walk

LARGE = 100  # parts, more than a person's equations have: nothing smaller is ever taken apart
_ACROSS = ("add", "subtract", "multiply", "negate", "expand", "concat")


def by_term(
    pair: Pair, names: dict[str, None], change: Callable[[Pair, Container[str]], Pair]
) -> Pair:
    """Change a pair whose large backward sums are taken apart, and put them together again.

    `names` are those in use. `change` is told the names of terms and of their sums, which must
    stay: a sum that is only the negative of one large term is not to be read in its place.
    """
    made = [_apart(equation, names) for equation in pair.backward]
    terms = {e.target for equations in made for e in equations[:-1]}
    stay = {e.target for equations in made if len(equations) > 1 for e in equations}
    pair = change(replace(pair, backward=tuple(e for each in made for e in each)), stay)
    values = {e.target: e.value for e in pair.backward if e.target in terms}

    def whole(node: Node) -> Node | None:
        return values.get(node["name"]) if node.op == "ref" else None

    rest = [e for e in pair.backward if e.target not in terms]
    if terms:
        rest = [replace(e, value=rebuild(e.value, whole)) for e in rest]
    return replace(pair, backward=tuple(rest))


def _apart(equation: Equation, names: dict[str, None]) -> list[Equation]:
    """An equation for each term of a large sum, and then the sum of them; or the equation alone."""
    sums = _sums(equation.value)
    if equation.value not in sums:
        return [equation]
    terms = dict.fromkeys(arg for node in sums for arg in node.args if arg not in sums)
    made: list[Equation] = []
    read: dict[Node, Node] = {}
    for term in terms:
        name = fresh(f"{equation.target}_{len(made) + 1}", names)
        names[name] = None
        made.append(Equation(name, term, term.timed, term.place or equation.place))
        read[term] = ref(name, term.shape, 0 if term.timed else None, term.kind, term.place)
    for node in sums:
        sum_ = apply(node.op, *(read[arg] for arg in node.args), **dict(node.attrs))
        read[node] = replace(sum_, place=node.place)
    return [*made, replace(equation, value=read[equation.value])]


def _sums(value: Node) -> dict[Node, None]:
    """The large sums and products at the top of an expression, arguments before their users."""
    sizes: dict[Node, int] = {}
    for node in walk(value):
        sizes[node] = 1 + sum(sizes[arg] for arg in node.args)
    found: set[Node] = set()
    todo = [value]
    while todo:
        node = todo.pop()
        if node.op in _ACROSS and sizes[node] > LARGE and node not in found:
            found.add(node)
            todo += node.args
    return {node: None for node in sizes if node in found}
