"""From what was written to typed equations: names looked up, shapes inferred, time set in order.

`check` makes an `ir.Cell` of a `syntax.Spec`, or raises `Refused` with every mistake it found. Its
parts, from the bottom up:

    scope        the symbol table and the reports; where an expression is read
    mentions     where each name is read               ways        repairs, to be tried
    sizing       sizes, shapes and plain numbers       moments     `[t-1]`, `[0]`, `[T]`
    products     matrix products that would fit        broadcasts  and what works by entries
    explain      reports of shapes that do not fit     kinds       booleans, integers, numbers
    axes         `over=H`, `axis=-1`                   calls       operators by name
    subscripts   `m[t][:, None]`, `E[w[t]]`            expand      `fn` and `op`
    named        `dim K = 4`, and no other 4           arguments   what calls give, by name too
    slopes       `tanh'(z)`                            elaborate   expressions, from all of these
    properties   what follows a shape                  declare     the statements that give names
    targets      left sides                            paths       ways through a graph
    loops        which way a loop runs                 timing      directions of states over time
    parting      `split`                               states      where states start
    equations    both sides held to each other         outputs     what `forward` returns
    wanted       the shape that a name must have       foreign     words of other libraries
    absent       names that stand for nothing          claims      formulas to be judged
    stepped      `h_t` and `h_prev` for `h[t]`         assemble    the cell
"""

from contextlib import suppress

import bpgen.ops  # noqa: F401  # fills the table of operators
from bpgen import syntax
from bpgen.check import absent
from bpgen.check.assemble import cell
from bpgen.check.claims import claims
from bpgen.check.declare import declare, head
from bpgen.check.elaborate import visit
from bpgen.check.equations import typed
from bpgen.check.mentions import given, mentions
from bpgen.check.outputs import outputs
from bpgen.check.scope import Faults, Scope, Table
from bpgen.check.states import starts
from bpgen.check.targets import collect
from bpgen.check.timing import courses
from bpgen.ir import Cell
from bpgen.report import Refused

EQUATIONS = 2_000


def check(spec: syntax.Spec) -> Cell:
    """The typed equations of a spec. Raises `Refused` with one report for each mistake."""
    return _checked(spec, _table(spec), Faults())


def blind(spec: syntax.Spec) -> tuple[frozenset[int], int]:
    """Where in a wrong spec nothing could be checked, since what stands there has wrong parts.

    The offsets of signs, of called names and of both sides of equations; and how many terms there
    were to be read, abbreviations expanded.
    """
    faults, table = Faults(), _table(spec)
    with suppress(Refused):
        _checked(spec, table, faults)
    return frozenset(faults.blind), table.spent


def _table(spec: syntax.Spec) -> Table:
    read, set_ = mentions(spec.statements), given(spec.statements)
    return Table(spec.source, mentions=read, given=set_, after=_after(spec))


def _checked(spec: syntax.Spec, table: Table, faults: Faults) -> Cell:
    scope = Scope(table, faults, visit)
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
    absent.report(written, scope)
    faults.refuse()
    begun = starts(declared.states, runs, equations, scope)
    return cell(title, declared, equations, begun, returned, believed, scope)


def _after(spec: syntax.Spec) -> int | None:
    """The end of the line on which the last declaration ends: one more can stand below it."""
    kinds = (syntax.Dim, syntax.Declaration, syntax.Const)
    ends = [s.span.end for s in spec.statements if isinstance(s, kinds)]
    if not ends:
        return None
    newline = spec.source.text.find("\n", max(ends))
    return newline if newline >= 0 else len(spec.source.text)
