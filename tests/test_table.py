"""The page of the table of mistakes: all of its rows, in order, each with its own code."""

import re
from pathlib import Path

import pytest

from bpgen import library
from bpgen.cli import main
from golden import PAGES, blocks

PAGE = (PAGES / "reports" / "table.md").read_text("utf-8")
CODES = [
    *(f"BP{number:03}" for number in range(1, 13)),
    *("BP101", "BP102", "BP103", "BP104", "BP105"),
    *("BP201", "BP202", "BP203", "BP204", "BP205", "BP206", "BP207"),
    *("BP301", "BP302", "BP303", "BP304", "BP305", "BP401", "BP501"),
]


def test_the_table_has_every_row_and_each_row_its_code_only() -> None:
    rows = re.split(r"^## (\d+)\. ", PAGE, flags=re.MULTILINE)[1:]
    assert [int(number) for number in rows[::2]] == [*range(1, 32)]
    codes = [re.findall(r"^(?:error|warning)\[(BP\d+)\]", row, re.MULTILINE) for row in rows[1::2]]
    assert [set(row) for row in codes] == [{code} for code in CODES]


def test_the_row_of_the_command_is_what_the_command_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    path = tmp_path / "rnn.spec"
    path.write_text(library.text("rnn"), "utf-8")
    assert main(["compile", "rnn.spec", "-o", "generated"], standalone_mode=False) in (0, None)
    path.write_text(library.text("rnn").replace("tanh", "relu"), "utf-8")
    capsys.readouterr()
    (shown,) = [text for label, text in blocks(PAGE) if label == "console"]
    typed, *said = shown.splitlines()
    with pytest.raises(SystemExit) as ended:
        main(typed.removeprefix("$ bpgen ").split(), standalone_mode=False)
    assert ended.value.code == 1
    assert capsys.readouterr().err.splitlines() == said
