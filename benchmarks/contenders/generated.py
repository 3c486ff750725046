"""What bpgen writes: a generated module, called as its users call it."""

from benchmarks.contenders import Prepared
from benchmarks.problem import Problem


def prepare(problem: Problem) -> Prepared:
    forward, backward, params = problem.module.forward, problem.module.backward, problem.params
    arrays = (*problem.inputs.values(), *problem.initial.values())
    upstream = problem.upstream

    def run():
        outputs, saved = forward(params, *arrays)
        return outputs, backward(params, saved, **upstream)

    return Prepared(run, named)


def named(result):
    """Outputs and gradients by name, as the reference has them."""
    outputs, grads = result
    found = {**outputs._asdict(), **grads._asdict()}
    found |= {f"d{name}": v for name, v in found.pop("params")._asdict().items()}
    return {name: v for name, v in found.items() if v is not None}  # None is of frozen ones
