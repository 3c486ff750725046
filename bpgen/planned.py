"""What must hold of a plan: every quantity is made once, before it is read, and is still there.

Within a loop, a reading at the same step needs an earlier line, a reading at another step must lie
against the loop's direction. A local is gone after its step, a carry but for its last value after
its loop. The backward pass has what was saved and nothing else of the forward pass. This is the
check after `schedule`, as `verify` has those before it.
"""

from bpgen.ir import Equation, Fixed, Node, refs
from bpgen.schedule import Block, Plan, Program


def verify_plan(plan: Plan) -> None:
    """Raise AssertionError naming the equation if an order cannot be run."""
    cell = plan.pair.cell
    given = {q.name for q in cell.given}
    starts = {s.name: s.initial for s in cell.states if s.initial}
    made = _verify(plan.forward, given, starts)
    _all_made([*cell.outputs, *plan.saved], made | given)
    kept = {q.name for q in cell.given if q.role == "param"} | set(plan.saved)
    kept |= {name for _, name in plan.pair.cotangents}
    made = _verify(plan.backward, kept, {})
    _all_made([name for _, name in plan.pair.gradients if name], made)


def _all_made(names: list[str], made: set[str]) -> None:
    for name in names:
        if name not in made:
            raise AssertionError(f"{name} is never made")


def _verify(program: Program, given: set[str], starts: dict[str, str]) -> set[str]:
    storage = dict(program.storage)
    direction: dict[str, int] = {}
    known = set(given)
    for block in program.blocks:
        members = {e.target for e in block.equations} if block.direction else set()
        here: set[str] = set()
        for equation in block.equations:
            if equation.target in known or equation.target in here:
                raise AssertionError(f"{equation.target} is made twice")
            start = starts.get(equation.target, equation.target)
            if start not in known and start != equation.target:
                raise AssertionError(f"{starts[equation.target]} is never made")
            for node in refs(equation.value):
                name = node["name"]
                if name in members:
                    fine = _within(node, name in here, storage[name], block)
                else:
                    kept = name in given or _kept(node, storage.get(name), direction.get(name, 0))
                    fine = name in known and kept
                if not fine:
                    raise AssertionError(_sentence(equation, node))
            (here if block.direction else known).add(equation.target)
        direction |= dict.fromkeys(here, block.direction)
        known |= here
    return known


def _within(node: Node, earlier: bool, storage: str, block: Block) -> bool:
    """Whether a loop's own quantity can be read so: now, or from the steps that are done."""
    when = node["when"]
    if not isinstance(when, int):
        return False
    if when == 0:
        return earlier and storage != "carry"
    if when * block.direction > 0:
        return False
    return storage == "array" or (storage == "carry" and when == -block.direction)


def _kept(node: Node, storage: str | None, direction: int) -> bool:
    """Whether what another block made is still there."""
    if storage == "carry":
        end = Fixed("last", 0) if direction > 0 else Fixed("first", 0)
        return bool(node["when"] == end)
    return storage == "array"


def _sentence(equation: Equation, node: Node) -> str:
    return f"{equation.target} reads {node['name']} before it is made"
