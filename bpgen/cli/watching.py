"""Does a piece of work again whenever a file changes, until Ctrl-C.

Files are asked for their state a few times a second: specs are few, and an editor that puts a new
file in the place of the old one, or takes it away for a moment, is no special case.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import click

from bpgen.report import printable

_PAUSE = 0.3  # seconds

State = tuple[int, int, int] | None


def watch(paths: Sequence[Path], work: Callable[[], None]) -> NoReturn:
    """Work now, and again after every change of a file. What is wrong is shown and ends nothing.

    A file that is gone is waited for.
    """
    gc.enable()  # this process stays
    seen = {path: _state(path) for path in paths}
    _announce(f"watching {_named(paths)}; Ctrl-C ends")
    _try(work)
    while True:
        time.sleep(_PAUSE)
        now = {path: _state(path) for path in paths}
        changed = [path for path in paths if now[path] != seen[path]]
        seen = now
        gone = [path for path in paths if now[path] is None]
        if changed and gone:
            _announce(f"waiting for {_named(gone)}")
        elif changed:
            _announce(f"{_named(changed)} changed")
            _try(work)


def _try(work: Callable[[], None]) -> None:
    try:
        work()
    except click.ClickException as mistake:
        mistake.show()
    except SystemExit:
        pass  # a wrong spec, and its reports are on the screen
    click.echo(err=True)


def _state(path: Path) -> State:
    """What changes when a file does; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _announce(text: str) -> None:
    click.echo(f"[{time.strftime('%H:%M:%S')}] {text}", err=True)


def _named(paths: Sequence[Path]) -> str:
    return ", ".join(printable(str(path)) for path in paths)
