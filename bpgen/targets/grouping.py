"""Lines that belong together, and the sizes that lines mention."""

import re
from collections.abc import Iterable

from bpgen.ir import Equation
from bpgen.targets.expressions import Writer


def split_groups(equations: Iterable[Equation]) -> list[tuple[Equation, ...]]:
    """The equations one by one, but those together that cut one array into equal parts."""
    groups: list[list[Equation]] = []
    for equation in equations:
        if groups and _continues(groups[-1], equation):
            groups[-1].append(equation)
        else:
            groups.append([equation])
    made: list[tuple[Equation, ...]] = []
    for group in groups:
        last = group[-1].value
        if len(group) > 1 and last["stop"] == last.args[0].shape[last["axis"]]:
            made.append(tuple(group))
        else:
            made += [(equation,) for equation in group]
    return made


def _continues(group: list[Equation], equation: Equation) -> bool:
    before, value = group[-1].value, equation.value
    return (
        value.op == before.op == "slice"
        and group[0].value["start"].number == 0
        and value.args == before.args
        and value["axis"] == before["axis"]
        and value["start"] == before["stop"]
        and value.shape == before.shape
    )


def split_text(group: tuple[Equation, ...], writer: Writer) -> str:
    """The right side of one equation, or of several that take one array apart."""
    value = group[0].value
    if len(group) == 1:
        return writer.write(value)
    return f"np.split({writer.write(value.args[0])}, {len(group)}, axis={value['axis']})"


def sizes_in(lines: Iterable[str], sizes: Iterable[str]) -> list[str]:
    """Those sizes that some line mentions."""
    words = {
        word
        for line in lines
        for word in re.findall(r"(?<![\w.])[A-Za-z_]\w*", line.split("  #")[0])
    }
    return [name for name in sizes if name in words]
