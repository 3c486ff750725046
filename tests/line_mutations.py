"""Mistakes about memory, planted in the lines of a module: results and calls that share it.

Gradients are right when they are returned, as a rule, and wrong for whoever keeps them or calls
again. The lines stand at the end of `backward`, before its result is put together.
"""

import ast
import re
from collections.abc import Callable, Iterator
from textwrap import dedent, indent

Found = Iterator[tuple[str, str, str]]  # the kind, what was done, the wrong module

_HELPERS = '''
KEPT = {}


def reused(name, value):
    """The value, in memory that the next call of the same shape writes into again."""
    buffer = KEPT.setdefault((name, value.shape, value.dtype), np.empty_like(value))
    buffer[...] = value
    return buffer


def summed(name, value):
    """The value, and what earlier calls found."""
    key = (name, value.shape, value.dtype)
    KEPT[key] = KEPT.get(key, 0) + value
    return KEPT[key].copy()


def first(name, value):
    """What the first call of this shape found."""
    return KEPT.setdefault((name, value.shape, value.dtype), value.copy()).copy()
'''


def edits(module: str) -> Found:
    """M21, M22 and the overwriting scatter, as (kind, what was done, the wrong module)."""
    start = module.index("\ndef backward(")
    end = module.find("\ndef ", start + 1)
    before, body, after = module[:start], _own(module[start:end]), module[end:]

    def remade(lines: str, helpers: str = "") -> str:
        head, gap, tail = re.split(r"^( +)return Grads\(", body, maxsplit=1, flags=re.M)
        lines = indent(dedent(lines), gap)
        return f"{before}{head}{lines}{gap}return Grads({tail}{after}{helpers}"

    returned = body[body.rindex("    return Grads(") :]
    names = dict.fromkeys(re.findall(r"\bd\w+", returned))
    yield from _shared(module, body, names, remade)
    for name in names:
        for how in ("reused", "summed", "first"):
            line = f'    {name} = {how}("{name}", {name})\n'
            yield "M22", f"{name}: {how} between calls", remade(line, _HELPERS)
    carry = re.compile(r"^    (\w+) = np\.zeros\((\(.*\)), dtype\)", re.M)
    for found in carry.finditer(body):
        name, shape = found[1], found[2]
        if not name.endswith("_all"):
            fresh = body.replace(
                found[0], f'    {name} = KEPT.get(("{name}", {shape}), np.zeros({shape}, dtype))'
            )
            head, _, tail = fresh.rpartition("    return Grads(")
            kept = f'    KEPT["{name}", {shape}] = {name}\n    return Grads('
            yield (
                "M22",
                f"{name} starts from the last call",
                f"{before}{head}{kept}{tail}{after}{_HELPERS}",
            )
    for line in after.splitlines():
        if "np.add.at(" in line:
            into, index, rows = map(ast.unparse, ast.parse(line.strip()).body[0].value.args)
            loose = after.replace(line.strip(), f"{into}[{index}] = {rows}")
            yield "M4", "scatter: the last of equal labels only", f"{before}{body}{loose}"


def _own(body: str) -> str:
    """The same function, which gives what it returns of a workspace names of its own."""
    head, gap, returned = re.split(r"^( +)(?=return Grads\()", body, maxsplit=1, flags=re.M)
    lent = dict.fromkeys(re.findall(r"\bws\.(d\w+)", returned))
    named = "".join(f"{gap}{name} = ws.{name}\n" for name in lent)
    return head + named + gap + re.sub(r"\bws\.(d\w+)", r"\1", returned)


def _shared(module: str, body: str, names: dict[str, None], remade: Callable[[str], str]) -> Found:
    """M21: results in memory of `saved`, writing into what was given."""
    saved, grads, given = (_fields(module, record) for record in ("Saved", "Grads", "Params"))
    grads |= {f"d{name}": shape for name, shape in given.items()}
    for name in names:
        for kept, shape in saved.items():
            if shape and grads.get(name) and shape == grads[name]:
                lines = f"    saved.{kept}[...] = {name}\n    {name} = saved.{kept}\n"
                yield "M21", f"{name} lies in saved.{kept}", remade(lines)
            elif shape and grads.get(name) and shape == f"(T, {grads[name][1:]}":
                row = f"saved.{kept}[0]"
                lines = f"    if T:\n        {row} = {name}\n        {name} = {row}\n"
                yield "M21", f"{name} lies in saved.{kept}[0]", remade(lines)
    for kept, shape in saved.items():
        if shape:
            halved = f'    np.multiply(saved.{kept}, 0.5, out=saved.{kept}, casting="unsafe")\n'
            yield "M21", f"saved.{kept} is halved", remade(halved)
    for name in given:
        line = f"    np.multiply(params.{name}, 0.5, out=params.{name})\n"
        yield "M21", f"params.{name} is halved", remade(line)
    for name in dict.fromkeys(re.findall(r"^    (\w+) = .*cotangent\(", body, re.M)):
        yield "M21", f"{name} is halved", remade(f"    np.multiply({name}, 0.5, out={name})\n")


def _fields(module: str, record: str) -> dict[str, str]:
    """The fields of a record of the module that are arrays, with their shapes as text."""
    block = re.search(rf"^class {record}\(NamedTuple\):\n(.*?)\n\n\n", module, re.M | re.S)
    found = re.findall(r"^    (\w+): np\.ndarray  # (\(.*?\))$", block[1] if block else "", re.M)
    return dict(found)
