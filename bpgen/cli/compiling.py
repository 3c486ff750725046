"""`bpgen compile` and `bpgen check`: from specs to files, and no further than to what is wrong."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bpgen.cli import completing
from bpgen.cli.ends import Mistake, count, put, say
from bpgen.cli.settings import REMAT, STYLE, reporting, setting

if TYPE_CHECKING:
    from bpgen.cli.formats import Found
    from bpgen.ir import Cell
    from bpgen.report import Report
    from bpgen.source import Source

SPECS = click.argument("specs", nargs=-1, required=True, metavar="SPEC...", type=completing.SPEC)
STDIN = click.option(
    "--stdin-filename", metavar="NAME", help="What messages call the spec that - reads."
)


@dataclass(frozen=True, slots=True)
class Job:
    """What one command line of `compile` asks for."""

    specs: tuple[str, ...]
    output: str
    target: str
    style: str | None
    remat: int | None
    check: bool
    diff: bool
    force: bool
    watch: bool
    stdin_filename: str | None


@click.command("compile")
@SPECS
@click.option("-o", "--output", required=True, metavar="DIR", help="Where to write; - prints.")
@click.option(
    "--target",
    default="numpy",
    show_default=True,
    type=completing.TARGET,
    metavar="NAME",
    help="What to write it in.",
)
@STYLE
@REMAT
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file is out of date.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@click.option("--force", is_flag=True, help="Replace edited files too, and keep the old ones.")
@click.option("--watch", is_flag=True, help="Stay, and compile again whenever a SPEC changes.")
@STDIN
@reporting
def compile_(**given: Any) -> None:
    """Write a module and its test for each SPEC.

    Nothing is written if anything is wrong. A - as SPEC reads standard input, as DIR it prints the
    module.

    \b
      bpgen compile rnn.spec -o generated/
      bpgen compile lstm gru -o generated/ --check
      bpgen compile lstm -o generated/ --style fast
      bpgen compile lstm -o generated/ --style fast --remat 100
      bpgen compile - -o - < rnn.spec
    """
    job = Job(**given)
    _agree(job)
    if job.watch:
        from bpgen.cli.watching import watch

        watch(_files(job.specs), partial(_compile, job))
    _compile(job)


@click.command()
@SPECS
@STDIN
@reporting
def check(specs: tuple[str, ...], stdin_filename: str | None) -> None:
    """Say what is wrong with each SPEC; write nothing.

    `--output-format json` prints one object on a line, as `compile` does:

    \b
      version      1
      files        of each file that was written or compared, its path and its
                   status: written, unchanged, kept, stale or missing; edited,
                   foreign or blocked if writing would refuse it
      diagnostics  of each report, its code, severity (error or warning),
                   message, file, span, labels, notes, helps and fixes

    A span has start and end, which count characters from 0 in the text as it is after line ends
    were made newlines and a byte order mark was dropped, the end not included; and line, col,
    end_line and end_col, which count from 1. A label has a span and a text. A fix has a message and
    edits, each with start, end and the text to put there. file and span are null where no place in
    a spec is at fault.
    """
    from bpgen.cli.reading import linted, read_all
    from bpgen.cli.reports import tell, warned
    from bpgen.compile import run

    _named(specs, stdin_filename)
    began = time.perf_counter()
    sources = read_all(specs, stdin_filename or "<stdin>")

    def checked(source: Source) -> tuple[Cell, Cell]:
        cell: Cell = run(source).pair.cell
        return cell, cell

    _, found = linted(checked, sources)
    tell(found, [])
    say(f"{count(len(sources), 'spec')}, no errors{_also(warned(found))}", began)


def _agree(job: Job) -> None:
    """Raise `UsageError` for options that do not go together, or for a target that is none."""
    if job.output == "-":
        if len(dict.fromkeys(job.specs)) > 1:
            raise click.UsageError("`-o -` prints the module of one spec; there are several")
        if job.check or job.diff or job.force or job.watch or setting("format") == "json":
            raise click.UsageError("`-o -` prints the module, and takes no option of files or json")
    if not job.output:
        raise click.UsageError("`-o` needs a directory; `-o .` is this one")
    if job.watch and (job.check or job.diff):
        raise click.UsageError("`--watch` writes files; `--check` and `--diff` write none")
    if job.watch and "-" in job.specs:
        raise click.UsageError("`--watch` needs files; standard input cannot change")
    _named(job.specs, job.stdin_filename)
    _known(job.target)
    if job.style and job.target != "numpy":
        raise click.UsageError(f"`--style` is for the target numpy; `{job.target}` has none")
    if job.remat and job.style != "fast":
        raise click.UsageError("`--remat` is for `--style fast`")


def _named(specs: tuple[str, ...], stdin_filename: str | None) -> None:
    if stdin_filename is not None and "-" not in specs:
        raise click.UsageError("`--stdin-filename` names what - reads, and no SPEC is -")


def _known(target: str) -> None:
    from bpgen import plugins, targets

    if target != targets.OWN and target not in targets.names():
        near = get_close_matches(target, targets.names(), n=1)
        meant = f"did you mean `{near[0]}`?" if near else f"there is {', '.join(targets.names())}"
        raise click.BadParameter(f"there is no target `{target}`; {meant}", param_hint="--target")
    try:
        if target != targets.OWN:
            targets.find(target)
    except plugins.Unusable as error:
        raise Mistake(str(error)) from None


def _files(specs: tuple[str, ...]) -> list[Path]:
    """The files among the specs, also those that are not there yet."""
    from bpgen import library

    cells = library.names()
    paths = [Path(name) for name in specs if name not in cells or Path(name).is_file()]
    if not paths:
        raise click.UsageError("`--watch` needs files; cells of the library do not change")
    return paths


def _compile(job: Job) -> None:
    from bpgen.cli.reading import linted, merged, read_all
    from bpgen.compile import PLAIN, files_of, run

    began = time.perf_counter()
    sources = read_all(job.specs, job.stdin_filename or "<stdin>")

    def compiled(source: Source) -> tuple[Cell, dict[str, str]]:
        plan = run(source)
        return plan.pair.cell, files_of(plan, job.target, job.style or PLAIN, job.remat)

    made, found = linted(compiled, sources)
    if job.output == "-":
        from bpgen.cli.reports import tell

        tell(found)
        put(next(iter(made[0].values())))
        return
    files = merged(sources, made)
    if job.check or job.diff:
        _compare(job, files, found, began)
    else:
        _write(job, files, found, began)


def _write(job: Job, files: dict[str, str], found: list[Found], began: float) -> None:
    from bpgen.cli.reports import refuse, tell, warned
    from bpgen.files import write
    from bpgen.report import Refused, printable

    place = Path(job.output)
    try:
        done = write(place, files, job.force)
    except Refused as refused:
        refuse([*found, *((report, None) for report in refused.reports)])
    states = {
        **dict.fromkeys(done.written, "written"),
        **dict.fromkeys(done.unchanged, "unchanged"),
        **dict.fromkeys(done.kept, "kept"),
    }
    tell(found, [(str(place / name), state) for name, state in states.items()])
    if setting("format") != "json":
        for name in done.kept:
            click.echo(f"kept the old file as {printable(str(place / name))}", err=True)
    said = f"{count(len(done.written), 'file')} written, {len(done.unchanged)} unchanged"
    say(said + _also(warned(found)), began)


def _compare(job: Job, files: dict[str, str], found: list[Found], began: float) -> None:
    """Fail if files are out of date, or if writing would refuse them, with a report for each.

    A diff alone says what is out of date, unless a file is refused and so none would be written.
    """
    from bpgen.cli.reports import refuse, tell, warned
    from bpgen.report import Report, safe_path

    states, refused = _states(job, files)
    place = Path(job.output)
    shown = [(str(place / name), state) for name, state in states.items()]
    words = {"stale": "out of date", "missing": "missing"}
    old = [
        Report(
            "BP501",
            f"`{safe_path(place / name)}` is {words[state]}",
            helps=_restyled(place / name, files[name]) if state == "stale" else (),
        )
        for name, state in states.items()
        if state in words
    ]
    if refused or (old and job.check):
        found += [(report, None) for report in (*old, *refused)]
        options = " and ".join(["`--check`"] * job.check + ["`--diff`"] * job.diff)
        refuse(found, "" if refused else f"run the same command without {options}", shown)
    tell(found, shown)
    said = f"{count(len(old), 'file')} out of date, {len(files) - len(old)} up to date"
    say(said + _also(warned(found)), began)
    if old:
        sys.exit(1)


def _restyled(path: Path, text: str) -> tuple[str, ...]:
    """What may help if a file is written in another style than the text that should be there."""
    from bpgen.compile import style_of

    there = style_of(path.read_text("utf-8", "replace"))
    if there == style_of(text):
        return ()
    return (f"it was written with `--style {there}`: if that is meant, compile with that again",)


def _states(job: Job, files: dict[str, str]) -> tuple[dict[str, str], tuple[Report, ...]]:
    """The state of each file, and a report of each that writing would refuse; and the diff."""
    from bpgen.cli.differing import differences
    from bpgen.files import compared
    from bpgen.report import safe_path

    place = Path(job.output)
    try:
        if job.diff and setting("format") != "json":
            put(differences(place, files))
        return compared(place, files, job.force)
    except OSError as error:
        raise Mistake(f"`{safe_path(place)}` cannot be read: {error.strerror}") from error


def _also(text: str) -> str:
    return f", {text}" if text else ""
