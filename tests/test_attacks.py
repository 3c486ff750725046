"""The attacks, by their numbers: none of the list is missing."""

import importlib

import pytest

from attacks import ATTACKS, run

SUBJECTS = ("text", "names", "numbers", "resources", "paths", "environment")


def test_every_attack_has_a_test() -> None:
    """1 to 86; those on emitted modules at run time, from 87 on, stand in `test_misuse.py`."""
    pytest.register_assert_rewrite(*(f"test_attacks_{subject}" for subject in SUBJECTS))
    for subject in SUBJECTS:
        importlib.import_module(f"test_attacks_{subject}")
    assert sorted(ATTACKS) == list(range(1, 87))


def test_a_payload_that_runs_is_seen() -> None:
    run("x = 1")
    with pytest.raises(AssertionError, match="an attack ran"):
        run("PWN = 1")
