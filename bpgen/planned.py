"""What must hold of a plan: every quantity is made once, and before it is read.

Within a loop, a reading at the same step needs an earlier line, a reading at another step must lie
against the loop's direction. This is the check after `schedule`, as `verify` has those before it.
"""

from bpgen.ir import Equation, Node, refs
from bpgen.schedule import Block, Plan, Program


def verify_plan(plan: Plan) -> None:
    """Raise AssertionError naming the equation if an order cannot be run."""
    cell = plan.pair.cell
    given = {q.name for q in cell.given} | {name for _, name in plan.pair.cotangents}
    made = _verify(plan.forward, given)
    _verify(plan.backward, given | made)


def _verify(program: Program, given: set[str]) -> set[str]:
    known = set(given)
    for block in program.blocks:
        later = {e.target for e in block.equations} if block.direction else set()
        for equation in block.equations:
            if equation.target in known:
                raise AssertionError(f"{equation.target} is made twice")
            for node in refs(equation.value):
                if node["name"] not in known and not _from_other_step(node, later, block):
                    raise AssertionError(_sentence(equation, node))
            known.add(equation.target)
    return known


def _from_other_step(node: Node, later: set[str], block: Block) -> bool:
    when = node["when"]
    return node["name"] in later and isinstance(when, int) and when * block.direction < 0


def _sentence(equation: Equation, node: Node) -> str:
    return f"{equation.target} reads {node['name']} before it is made"
