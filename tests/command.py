"""Runs a command of the command line, as its tests do."""

from pathlib import Path

from click.testing import CliRunner, Result

from bpgen.cli import main

QUIET = {"NO_COLOR": "", "FORCE_COLOR": "", "CLICOLOR_FORCE": "", "BPGEN_OUTPUT_FORMAT": ""}


def bpgen_(*words: str | Path, given: str | None = None, **env: str) -> Result:
    """Run a command, in an environment that says nothing of colour but what is given.

    Nothing that a user can type ends in a traceback.
    """
    runner = CliRunner(env={**QUIET, "COLUMNS": "100", **env})
    result = runner.invoke(main, [str(word) for word in words], given, prog_name="bpgen")
    assert "Traceback" not in result.output
    return result


def flat(text: str) -> str:
    """A text on one line, so that where it was broken does not matter."""
    return " ".join(text.split())
