"""What `Saved` holds: what the backward equations read, no more, and as much as it says of itself.

In both styles, on what the test that ships beside a module draws, for every cell of the library; of
specs that use the language in other ways, how much they keep.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bpgen import library
from bpgen.compile import STYLES, compile_source, run
from bpgen.ir import Fixed, refs
from bpgen.schedule import Plan
from bpgen.source import Source
from bpgen.targets import fast
from bpgen.targets.bodies import VIEWS

SPECS = {path.stem: path for path in sorted(Path(__file__).with_name("specs").glob("*.spec"))}
CELLS = library.names()
SIZES = ("first", "second", "one step")  # of the shipped test

each_style = pytest.mark.parametrize("style", STYLES)
each_cell = pytest.mark.parametrize("cell", CELLS)


@cache
def source(cell: str) -> Source:
    text = SPECS[cell].read_text("utf-8") if cell in SPECS else library.text(cell)
    return Source(f"{cell}.spec", text)


@cache
def plan_of(cell: str, style: str) -> Plan:
    plan = run(source(cell))
    return fast.passed(plan) if style == "fast" else plan


@cache
def loaded(cell: str, style: str) -> tuple[Any, Any]:
    """A module, and the test beside it, which calls that module."""
    module, test = (ModuleType(name) for name in (cell, f"test_{cell}"))
    texts = compile_source(source(cell), style=style)
    exec(compile(texts[f"{cell}.py"], f"{cell}.py", "exec"), module.__dict__)
    text = texts[f"test_{cell}.py"].replace(f"import {cell} as module\n", "")
    test.__dict__["module"] = module
    exec(compile(text, f"test_{cell}.py", "exec"), test.__dict__)
    return module, test


# -- what is held ----------------------------------------------------------------------------------


def read_by_backward(plan: Plan) -> Iterator[tuple[str, object]]:
    """The forward quantities, but parameters, that backward equations read, and when."""
    forward = {q.name for q in plan.pair.cell.given if q.role != "param"}
    forward |= {e.target for e in plan.forward.equations}
    for equation in plan.backward.equations:
        for node in refs(equation.value):
            if node["name"] in forward:
                yield node["name"], node["when"]


def called(name: str, when: object) -> str:
    """The field for a quantity at a step; the first or last step is one of all."""
    if isinstance(when, Fixed):
        assert when.offset == 0
    shift = when if isinstance(when, int) else 0
    word = "_prev" if shift < 0 else "_next" if shift else ""
    return f"{name}{word}{abs(shift) if abs(shift) > 1 else ''}"


@each_style
@each_cell
def test_it_is_what_backward_reads_and_no_more(cell: str, style: str) -> None:
    module, _ = loaded(cell, style)
    assert {*module.Saved._fields} == {called(*r) for r in read_by_backward(plan_of(cell, style))}


def other(value: Any) -> Any:
    """Something else in the place of what was saved."""
    if isinstance(value, float):
        return value * 1.5 + 1
    if value.dtype.kind == "f":
        return np.full_like(value, np.nan)
    return ~value if value.dtype.kind == "b" else value.max() - value


@each_style
@each_cell
def test_no_field_could_be_left_out(cell: str, style: str) -> None:
    """Whichever is replaced by something else, some gradient is another."""
    _, test = loaded(cell, style)
    given = test.arguments("first")
    dy = test.cotangents(given)
    _, saved = test.forward(given)
    right = test.backward(given, saved, dy)
    for name, value in saved._asdict().items():
        with np.errstate(all="ignore"):
            found = test.backward(given, saved._replace(**{name: other(value)}), dy)
        assert any(not np.array_equal(v, right[k]) for k, v in found.items()), name


@each_style
@each_cell
def test_no_field_is_a_view_of_what_backward_has(cell: str, style: str) -> None:
    """What slices, turns or repeats an argument or another field would cost backward nothing."""
    plan = plan_of(cell, style)
    has = {q.name for q in plan.pair.cell.given} | {*plan.saved}
    for equation in plan.forward.equations:
        value = equation.value
        while value.op in VIEWS and value.args:
            value = value.args[0]
        if equation.target in plan.saved and value.op == "ref" and value["when"] in (0, None):
            assert value["name"] not in has, f"{equation.target} is a view of {value['name']}"


# -- how much that is ------------------------------------------------------------------------------


def whole(v: Any) -> Any:
    """The array that an array is a part of."""
    while isinstance(v.base, np.ndarray):
        v = v.base
    return v


def kept(given: Mapping[str, Any], outputs: Mapping[str, Any], saved: Any) -> dict[str, int]:
    """How many entries are in arrays that only `saved` keeps, by the word for their kind."""
    known = [v for v in (*given.values(), *outputs.values()) if isinstance(v, np.ndarray)]
    others = {id(whole(v)) for v in known}
    wholes = {id(whole(v)): whole(v) for v in saved if isinstance(v, np.ndarray) and v.ndim}
    found: dict[str, int] = {}
    for key, v in wholes.items():
        if key not in others:
            word = {"f": "numbers", "i": "integers", "b": "truth values"}[v.dtype.kind]
            found[word] = found.get(word, 0) + v.size
    return found


def promised(module: Any, sizes: Mapping[str, int]) -> dict[str, int]:
    """The same, as the docstring of `Saved` says."""
    doc = " ".join(module.Saved.__doc__.split())
    said = re.fullmatch(
        r"What `forward` keeps for `backward`: (.*) besides inputs and outputs\.", doc
    )
    assert said, doc
    parts = re.findall(r"(.+?) (numbers|integers|truth values)(?: and |$)", said[1])
    assert parts or said[1] == "nothing"
    return {word: eval(formula, {}, dict(sizes)) for formula, word in parts}


TOGETHER = "an array that is not saved was made in one call with some that are, and is kept too"
LOOSE = {("fast_weights", "plain"), ("lstm_layernorm", "plain")}


@each_style
@each_cell
def test_nothing_is_kept_beside_the_fields(
    cell: str, style: str, request: pytest.FixtureRequest
) -> None:
    """Fields that are parts of a larger array are all of it."""
    if (cell, style) in LOOSE:
        request.applymarker(pytest.mark.xfail(strict=True, reason=TOGETHER))
    _, test = loaded(cell, style)
    given = test.arguments("first")
    outputs, saved = test.forward(given)
    known = [v for v in (*given.values(), *outputs.values()) if isinstance(v, np.ndarray)]
    fields = {
        name: v
        for name, v in saved._asdict().items()
        if isinstance(v, np.ndarray) and not any(whole(v) is whole(each) for each in known)
    }
    assert not any(np.shares_memory(a, b) for a, b in combinations(fields.values(), 2))
    assert sum(v.size for v in fields.values()) == sum(kept(given, outputs, saved).values())


@each_style
@pytest.mark.parametrize("cell", [*CELLS, *SPECS])
def test_it_says_how_much_it_keeps(cell: str, style: str) -> None:
    module, test = loaded(cell, style)
    for which in SIZES:
        given = test.arguments(which)
        outputs, saved = test.forward(given)
        sizes = test.SIZES[which]
        assert promised(module, sizes) == kept(given, outputs, saved), which
