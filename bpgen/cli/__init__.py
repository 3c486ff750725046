"""The command line: `bpgen compile rnn.spec -o generated/`.

What a command needs beyond click is imported when it runs, so that `bpgen --help` is there at once.
`reading` finds what a user named; `ends` has the streams and the exit codes.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bpgen import __version__
from bpgen.cli.ends import Front, Mistake, count, put, refuse, say, traceback

if TYPE_CHECKING:
    from bpgen.cli.ends import Found

SPECS = click.argument("specs", nargs=-1, required=True, metavar="SPEC...")
SPEC = click.argument("spec", metavar="SPEC")


@click.group(cls=Front, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bpgen", message="%(prog)s %(version)s")
def main() -> None:
    """From the equations of a recurrent cell to its backward pass in NumPy.

    A SPEC is a file, or a cell of the library by its name: `bpgen cells` lists them.
    """


# -- commands -------------------------------------------------------------------------------------


@main.command("compile")
@SPECS
@click.option("-o", "--output", required=True, metavar="DIR", help="Where to write; - prints.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file is out of date.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@click.option("--force", is_flag=True, help="Replace edited files too, and keep the old ones.")
@traceback
def compile_(specs: tuple[str, ...], output: str, check: bool, diff: bool, force: bool) -> None:
    """Write a module and its test for each SPEC.

    Nothing is written if anything is wrong. A - as SPEC reads standard input, as DIR it prints the
    module.
    """
    from bpgen.cli.reading import differences, merged, read_all, through
    from bpgen.compile import compile_source

    began = time.perf_counter()
    if output == "-" and (check or diff or len(specs) > 1):
        raise click.UsageError("`-o -` prints the module of one spec, and takes no other option")
    sources = read_all(specs)
    made = through(compile_source, sources)
    if output == "-":
        put(next(iter(made[0].values())))
        return
    files = merged(sources, made)
    place = Path(output)
    if diff:
        put(differences(place, files))
    if check or diff:
        _compare(place, files, quiet=diff and not check, began=began)
    else:
        _write(place, files, force, began)


@main.command()
@SPECS
@traceback
def check(specs: tuple[str, ...]) -> None:
    """Say what is wrong with each SPEC; write nothing."""
    from bpgen.cli.reading import read_all, through
    from bpgen.compile import run

    began = time.perf_counter()
    sources = read_all(specs)
    through(run, sources)
    say(f"{count(len(sources), 'spec')}, no errors", began)


@main.command()
@SPEC
@click.option("--seed", type=click.IntRange(0), help="Draw other arguments than the test does.")
@traceback
def gradcheck(spec: str, seed: int | None) -> None:
    """Run the test of SPEC's module, in a process of its own."""
    from bpgen import gradcheck
    from bpgen.cli.reading import read_all, through
    from bpgen.compile import compile_source

    began = time.perf_counter()
    (files,) = through(compile_source, read_all([spec]))
    try:
        checks = gradcheck.run(files, seed)
    except gradcheck.NoTest as error:
        raise Mistake(str(error)) from None
    put("\n".join(gradcheck.table(checks)) + "\n")
    failed = [one for one in checks if one.outcome == "failed"]
    for one in failed:
        about = f" of {one.subject}" if one.subject else ""
        click.echo(f"\nfailed: {one.name}{about}\n{one.message}", err=True)
    ran = sum(one.outcome != "skipped" for one in checks)
    click.echo(err=True)
    say(f"{count(ran, 'check')}, {len(failed) or 'none'} failed", began)
    if failed or not ran:
        sys.exit(1)


@main.command()
@click.argument("stage")
@SPEC
@traceback
def show(stage: str, spec: str) -> None:
    """Print what a STAGE makes of SPEC, as a page.

    The stages are parse, check, adjoint, simplify, schedule and write.
    """
    from bpgen.cli.reading import read_all, through
    from bpgen.compile import STAGES, run
    from bpgen.show import page

    known = [name for name, _, _ in STAGES]
    stage = "write" if stage == "render" else stage  # the page of what is written is its text
    if stage not in known:
        raise click.UsageError(f"there is no stage `{stage}`; there are {', '.join(known)}")
    (value,) = through(lambda source: run(source, stage), read_all([spec]))
    put(page(stage, value))


@main.command()
@click.argument("name", required=False)
@traceback
def cells(name: str | None) -> None:
    """List the library of cells, or print the spec of one."""
    from bpgen import library

    if name is None:
        put(library.index())
        return
    try:
        put(library.text(name))
    except LookupError as error:
        raise Mistake(str(error)) from None


@main.command()
@click.argument("name", required=False)
@traceback
def ops(name: str | None) -> None:
    """List the operators of the language, or say all of one."""
    from bpgen import manual

    try:
        put(manual.index() if name is None else manual.entry(name))
    except LookupError as error:
        raise Mistake(str(error)) from None


# -- files -----------------------------------------------------------------------------------------


def _write(place: Path, files: dict[str, str], force: bool, began: float) -> None:
    from bpgen.files import write
    from bpgen.report import Refused

    try:
        done = write(place, files, force)
    except Refused as refused:
        refuse([(report, None) for report in refused.reports])
    for name in done.kept:
        click.echo(f"kept the old file as {place / name}", err=True)
    say(f"{count(len(done.written), 'file')} written, {len(done.unchanged)} unchanged", began)


def _compare(place: Path, files: dict[str, str], quiet: bool, began: float) -> None:
    """Exit with 1 if files are out of date, with a report for each unless a diff said it."""
    from bpgen.files import stale
    from bpgen.report import Report, safe_path

    old = stale(place, files)
    reports: list[Found] = []
    for name in old:
        state = "out of date" if (place / name).exists() else "missing"
        reports.append((Report("BP501", f"`{safe_path(place / name)}` is {state}"), None))
    if reports and not quiet:
        refuse(reports, "run the same command without `--check`")
    say(f"{count(len(old), 'file')} out of date, {len(files) - len(old)} up to date", began)
    if old:
        sys.exit(1)
