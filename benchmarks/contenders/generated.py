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

    def read(result):
        outputs, grads = result
        ours = {f"d{name}": v for name, v in grads.params._asdict().items()}
        return {**outputs._asdict(), **grads._asdict(), **ours}

    return Prepared(run, read)
