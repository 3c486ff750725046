"""`bpgen show`, `bpgen cells` and `bpgen ops`: what a stage makes of a spec, and what there is."""

from __future__ import annotations

import click

from bpgen.cli import completing
from bpgen.cli.ends import Mistake, put
from bpgen.cli.settings import STYLE, reporting, traceback


@click.command()
@click.argument("stage", type=completing.STAGE)
@click.argument("spec", metavar="SPEC", type=completing.SPEC)
@STYLE
@reporting
def show(stage: str, spec: str, style: str | None) -> None:
    """Print what a STAGE makes of SPEC, as a page.

    The stages are parse, check, adjoint, simplify, schedule and write, which has styles.

    \b
      bpgen show adjoint lstm
    """
    from bpgen.cli.reading import read_all, through
    from bpgen.compile import PLAIN, STAGES, run
    from bpgen.show import page

    known = [name for name, _, _ in STAGES]
    stage = "write" if stage == "render" else stage  # the page of what is written is its text
    if stage not in known:
        raise click.UsageError(f"there is no stage `{stage}`; there are {', '.join(known)}")
    if style and stage != "write":
        raise click.UsageError(f"`--style` is how the stage write writes; `{stage}` writes nothing")
    (value,) = through(lambda source: run(source, stage, style or PLAIN), read_all([spec]))
    put(page(stage, value))


@click.command()
@click.argument("name", required=False, type=completing.CELL)
@traceback
def cells(name: str | None) -> None:
    """List the library of cells, or print the spec of one.

    \b
      bpgen cells lstm > mine.spec
    """
    from bpgen import library

    try:
        put(library.index() if name is None else library.text(name))
    except LookupError as error:
        raise Mistake(str(error)) from None


@click.command()
@click.argument("name", required=False, type=completing.OPERATOR)
@traceback
def ops(name: str | None) -> None:
    """List the operators of the language, or say all of one."""
    from bpgen import manual, plugins, targets
    from bpgen.cli.reports import tell

    if name is None:
        troubles = [*plugins.operator_troubles(), *targets.troubles()]
        tell([(report, None) for report in troubles])
    try:
        put(manual.index() if name is None else manual.entry(name))
    except LookupError as error:
        raise Mistake(str(error)) from None
