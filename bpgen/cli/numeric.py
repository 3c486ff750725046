"""`bpgen gradcheck`: the tests of specs' modules, run now; `outcomes` shows what came of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from bpgen.cli import completing
from bpgen.cli.ends import Mistake, count, put, say
from bpgen.cli.settings import STYLE, reporting, setting

if TYPE_CHECKING:
    from bpgen.cli.outcomes import Outcome
    from bpgen.source import Source

SOON = 1.0  # seconds before progress is shown


@click.command()
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True, type=completing.SPEC)
@click.option("--seed", type=click.IntRange(0), help="Draw other arguments than the test does.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Stop a test that runs longer.",
)
@STYLE
@reporting
def gradcheck(specs: tuple[str, ...], seed: int | None, timeout: float, style: str | None) -> None:
    """Run the test of each SPEC's module, in a process of its own.

    The module is compiled afresh; files that were written before are not looked at. The table has
    the largest relative error of every gradient: along random directions, and of single entries;
    then the other rows of the test.

    `--output-format json` prints one object on a line:

    \b
      version      1
      specs        of each SPEC, its name as spec, outcome (passed or failed),
                   message, gradients, checks and notes
      diagnostics  empty; if a SPEC is wrong, the object is that of `bpgen check`

    message is empty unless the test was stopped. A gradient has quantity, directions and entries
    (the largest relative errors; null where none was taken, or none that is finite), bound, outcome
    and message. A check has name, subject, outcome and reason. An outcome is passed, failed,
    skipped or not applicable.
    """
    from bpgen.cli import outcomes
    from bpgen.cli.reading import read_all, through

    began = time.perf_counter()
    sources = read_all(specs)
    ended: list[Outcome] = []
    made = through(partial(_compiled, style), sources)
    for source, (files, own) in zip(sources, made, strict=True):
        if len(sources) > 1 and setting("format") in ("full", "github"):
            put(f"{chr(10) * bool(ended)}{source.name}\n")
        ended.append(_ended(source, files, own, seed, timeout))
        _tell(ended[-1])
    if setting("format") == "json":
        put(outcomes.as_json(ended))
    elif setting("format") == "full" and not setting("quiet"):
        click.echo(err=True)
    say(_summary(ended), began)
    if not all(each.right for each in ended):
        sys.exit(1)


def _compiled(style: str | None, source: Source) -> tuple[dict[str, str], tuple[str, ...]]:
    """The module and its test, and the functions that have a derivative of the user's own."""
    from bpgen.compile import PLAIN, files_of, run
    from bpgen.ir import walk

    plan = run(source)
    nodes = (node for equation in plan.pair.cell.equations for node in walk(equation.value))
    own = dict.fromkeys(str(node["called"]) for node in nodes if node.op == "custom")
    return files_of(plan, style=style or PLAIN), tuple(own)


def _ended(
    source: Source, files: Mapping[str, str], own: Sequence[str], seed: int | None, limit: float
) -> Outcome:
    """Run the test of one module: what came of it."""
    from bpgen import gradcheck
    from bpgen.cli.outcomes import Outcome, outcome

    progress = _Progress()
    try:
        checks = gradcheck.run(files, seed, limit, progress.show)
    except gradcheck.Absent as error:
        raise Mistake(str(error)) from None
    except gradcheck.TooLong as error:
        return Outcome(source, trouble=f"{error}; `--timeout` gives it longer")
    finally:
        progress.clear()
    return outcome(source, checks, gradcheck.not_applicable(files), own)


def _tell(found: Outcome) -> None:
    """Show what came of a test, unless all are shown at once: what failed also on its own."""
    from bpgen.cli import outcomes

    style = setting("format")
    if style == "concise":
        put("".join(f"{line}\n" for line in outcomes.lines(found)))
    elif style != "json":
        put("".join(f"{line}\n" for line in outcomes.table(found)))
    if style == "github":
        for line in outcomes.as_annotations(found):
            click.echo(line, err=True)
    elif style == "full":
        for one in found.failed:
            click.echo(f"\nfailed: {outcomes.about(one)}\n{one.message}", err=True)
        if found.trouble:
            click.echo(f"failed: {found.trouble}", err=True)


def _summary(every: Sequence[Outcome]) -> str:
    failed = sum(each.failures for each in every)
    ran = failed + sum(each.passed for each in every)
    return f"{count(ran, 'check')}, {failed or 'none'} failed"


class _Progress:
    """How far a test is, on one line of a terminal, once that takes long enough to wonder."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.width = 0

    def show(self, text: str) -> None:
        if sys.stderr.isatty() and time.monotonic() - self.began > SOON:
            line = f"gradcheck {text}"[:79]
            click.echo(f"\r{line:<{self.width}}", nl=False, err=True)
            self.width = len(line)

    def clear(self) -> None:
        if self.width:
            click.echo(f"\r{'':<{self.width}}\r", nl=False, err=True)
