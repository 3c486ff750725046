"""Places along axes: what is asked of sizes, and that a module asks it of its arrays."""

from itertools import product

import pytest

from bpgen.compile import run
from bpgen.extents import always, least, left
from bpgen.parse import read
from bpgen.sizes import Size, size
from bpgen.targets.arguments import least_sizes

D, H = size("D"), size("H")

ASKED = [
    (H * 3 - H * 2, {}),
    (D + H - D, {}),
    (size(0), {}),
    (size(-1), None),
    (H - 2, {"H": 2}),
    (H * 2 - 5, {"H": 3}),
    (H - 1_000_000_007, {"H": 1_000_000_007}),
    (H * H - H, {"H": 1}),
    (H * H - 10, {"H": 4}),
    (D * H - D, {"D": 1, "H": 1}),
    (D + H - 2, {"D": 1, "H": 1}),
    (D + H - 3, None),
    (size(5) - H, None),
    (H - H * 2, None),
    (H - D, None),
    (D * H - D - H, None),
]


@pytest.mark.parametrize(("extent", "wanted"), ASKED, ids=lambda value: str(value))
def test_what_is_asked_of_sizes(extent: Size, wanted: dict[str, int] | None) -> None:
    assert least(extent) == wanted
    from_where = {name: range(n, n + 6) for name, n in (wanted or {}).items()}
    names = extent.names if wanted is not None else ()
    for values in product(*(from_where.get(name, range(1, 7)) for name in names)):
        if wanted is not None:
            assert extent.value(dict(zip(names, values, strict=True))) >= 0
    for name, number in (wanted or {}).items():
        if number > 1:  # one less is too few
            assert extent.value({name: number - 1}) < 0


def test_what_holds_for_all_sizes() -> None:
    assert always(H * 2 - H) and always(H - 1) and always(D * H - D)
    assert not always(H - 2) and not always(H - D) and not always(H * -1)


def test_a_negative_place_counts_from_the_end() -> None:
    assert left(H * 2, size(3)) == H * 2 - 4
    assert left(H * 2, size(-3)) == H * 2 - 3
    assert left(H * 2, H * -1) == H
    assert left(D + H, D) == H - 1


ROWS = [  # what takes from `x : (N, H)`, `P : (2*H, D)` and `E : (D + 1, H)`; asked of H and of D
    ("x[t][:, 2:]", {"H": 2}),
    ("x[t][:, :-3]", {"H": 3}),
    ("x[t][:, -5:]", {"H": 5}),
    ("x[t][:, 6]", {"H": 7}),
    ("P[6]", {"H": 4}),
    ("P[H+1]", {"H": 2}),
    ("P[H:H+3]", {"H": 3}),
    ("P[H:2*H]", {}),
    ("E[i]", {"D": 4}),
    ("mean(x[t][:, 2:])", {"H": 3, "N": 1}),
]


@pytest.mark.parametrize(("taken", "wanted"), ROWS, ids=[row[0] for row in ROWS])
def test_what_a_module_asks_of_its_arrays(taken: str, wanted: dict[str, int]) -> None:
    lines = ("cell c", "dim N, D, H", "input x[t] : (N, H)", "input i : (N) int < 5")
    lines += ("param P : (2*H, D)", "param E : (D + 1, H)", f"output y[t] = sum({taken})", "")
    cell = run(read("\n".join(lines).encode(), "c.spec"), last="check")
    assert least_sizes(cell) == wanted


def test_trials_leave_no_slice_empty() -> None:
    lines = ("cell c", "dim N, H", "input x[t] : (N, H)", "output y[t] = max(x[t][:, 3:])", "")
    cell = run(read("\n".join(lines).encode(), "c.spec"), last="check")
    assert least_sizes(cell) == {"H": 3}
    assert least_sizes(cell, kept=1) == {"H": 4}
