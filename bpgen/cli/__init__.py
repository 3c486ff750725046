"""The command line: `bpgen compile rnn.spec -o generated/`.

What a command needs beyond click is imported when it runs, so that `bpgen --help` is there at once.
Each module has the commands of one subject; `reading` finds what a user named, `reports` says what
was found wrong, `settings` has the options that commands share, and `ends` the streams and the exit
codes.
"""

from __future__ import annotations

import click

from bpgen import __version__
from bpgen.cli.compiling import check, compile_
from bpgen.cli.completing import completions
from bpgen.cli.ends import Front
from bpgen.cli.explaining import explain
from bpgen.cli.formatting import fmt
from bpgen.cli.listing import cells, ops, show
from bpgen.cli.numeric import gradcheck
from bpgen.cli.starting import new


@click.group(cls=Front, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bpgen", message="%(prog)s %(version)s")
def main() -> None:
    """From the equations of a recurrent cell to its backward pass in NumPy.

    A SPEC is a file, or a cell of the library by its name: `bpgen cells` lists them.

    \b
      bpgen new mycell                   a spec to start from
      bpgen compile mycell.spec -o out/  the module and its test
      bpgen gradcheck mycell.spec        whether its gradients are right
    """


for command in (cells, check, compile_, completions, explain, fmt, gradcheck, new, ops, show):
    main.add_command(command)
