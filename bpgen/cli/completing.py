"""What a shell may complete: specs, codes, operators, stages, targets; and the script it needs.

Everything is looked up when the shell asks, so that a new cell or page needs no entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from glob import escape, glob
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

from bpgen.cli.ends import put
from bpgen.cli.settings import traceback

if TYPE_CHECKING:
    _Type = click.ParamType[str]
else:  # the oldest click that is admitted has no parameter here
    _Type = click.ParamType


class Word(_Type):
    """A word of the command line, with what could stand there."""

    def __init__(
        self, name: str, known: Callable[[str], Iterable[str]], files: bool = False
    ) -> None:
        self.name = name
        self._known = known
        self._files = files

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        words = [word for word in self._known(incomplete) if word.startswith(incomplete)]
        # files are what a shell falls back to if none of the words fits
        fallback = [CompletionItem(incomplete, type="file")] if self._files else []
        return [*fallback, *(CompletionItem(word) for word in dict.fromkeys(words))]


def _files(incomplete: str) -> list[str]:
    return sorted(glob(f"{escape(incomplete)}*.spec"))


def _specs(incomplete: str) -> list[str]:
    return [*_files(incomplete), *_cells(incomplete)]


def _cells(_: str) -> list[str]:
    from bpgen import library

    return library.names()


def _stages(_: str) -> list[str]:
    from bpgen.compile import STAGES

    return [name for name, _, _ in STAGES]


def _operators(_: str) -> list[str]:
    from bpgen import manual

    return manual.words()


def _topics(incomplete: str) -> list[str]:
    from bpgen import pages

    known = [*pages.codes()]
    return known if incomplete[:1].isupper() else [*known, *_operators(incomplete)]


def _targets(_: str) -> list[str]:
    from bpgen import targets

    return [*targets.names()]


SPEC = Word("spec", _specs, files=True)
SPEC_FILE = Word("spec", _files, files=True)
CELL = Word("cell", _cells)
STAGE = Word("stage", _stages)
OPERATOR = Word("operator", _operators)
TOPIC = Word("topic", _topics)
TARGET = Word("target", _targets)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@traceback
@click.pass_context
def completions(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a SHELL: commands, cells, codes.

    \b
      bash   bpgen completions bash >> ~/.bashrc
      zsh    bpgen completions zsh >> ~/.zshrc
      fish   bpgen completions fish > ~/.config/fish/completions/bpgen.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    put(kind(ctx.find_root().command, {}, "bpgen", "_BPGEN_COMPLETE").source() + "\n")
