"""From what was written to typed equations: names looked up, shapes inferred, time set in order.

`check` makes an `ir.Cell` of a `syntax.Spec`, or raises `Refused` with every mistake it found. Its
parts, from the bottom up:

    scope        the symbol table and the reports; where an expression is read
    sizing       sizes, shapes and plain numbers       moments     `[t-1]`, `[0]`, `[T]`
    explain      reports of shapes that do not fit     kinds       booleans, integers, numbers
    axes         `over=H`, `axis=-1`                   calls       operators by name
    subscripts   `m[t][:, None]`, `E[w[t]]`            expand      `fn` and `op`
    named        `dim K = 4`, and no other 4           arguments    what calls give, by name too
    slopes       `tanh'(z)`                            elaborate   expressions, from all of these
    properties   what follows a shape                  declare     the statements that give names
    targets      left sides                            paths       ways through a graph
    timing       loops and directions over time        states      where states start
    equations    both sides held to each other         claims      formulas to be judged
    assemble     the cell
"""

import bpgen.ops  # noqa: F401  # fills the table of operators
from bpgen import syntax
from bpgen.check.assemble import cell
from bpgen.check.claims import claims
from bpgen.check.declare import declare, head
from bpgen.check.elaborate import visit
from bpgen.check.equations import typed
from bpgen.check.scope import Faults, Scope, Table
from bpgen.check.states import starts
from bpgen.check.targets import collect, outputs
from bpgen.check.timing import courses
from bpgen.ir import Cell

EQUATIONS = 2_000


def check(spec: syntax.Spec) -> Cell:
    """The typed equations of a spec. Raises `Refused` with one report for each mistake."""
    faults = Faults()
    scope = Scope(Table(spec.source), faults, visit)
    title = head(spec.statements, scope)
    declared = declare(spec.statements, scope)
    written = collect(spec.statements, scope)
    if len(written) > EQUATIONS:
        message = f"a spec has at most {EQUATIONS} equations"
        scope.report("BP110", message, written[EQUATIONS].place)
        faults.refuse()
    equations = typed(written, scope)
    runs = courses(equations, scope)
    returned = outputs(spec.statements, declared.states, scope)
    believed = claims(spec.statements, scope)
    faults.refuse()
    begun = starts(declared.states, runs, equations, scope)
    return cell(title, declared, equations, begun, returned, believed, scope)
