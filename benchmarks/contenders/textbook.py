"""NumPy as a person writes it: step by step, gradients accumulated in the loop."""

from benchmarks.contenders import Prepared
from benchmarks.problem import Problem


def prepare(problem: Problem) -> Prepared:
    textbook, params = problem.cell.textbook, problem.params
    arrays = {**problem.inputs, **problem.initial, **problem.upstream}
    return Prepared(lambda: textbook(params, **arrays), lambda result: result)
