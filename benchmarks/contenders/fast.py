"""What bpgen writes in its fast style, with a workspace made once or, `held=False`, at each call.

With one, results are views into it until its next use; without, they are the caller's own.
"""

from functools import cache
from inspect import signature
from types import ModuleType

from benchmarks.contenders import Prepared, Skip
from benchmarks.contenders.generated import named
from benchmarks.problem import Problem
from bpgen.compile import compile_source
from bpgen.source import Source


def prepare(problem: Problem, held: bool = True) -> Prepared:
    module, upstream = load(problem.cell.SPEC), problem.upstream
    if not hasattr(module, "Workspace"):
        raise Skip("its module has no Workspace")
    forward, backward = module.forward, module.backward
    params = module.Params(*problem.params)
    arrays = (*problem.inputs.values(), *problem.initial.values())
    given = {**problem.sizes, "dtype": problem.dtype}
    asked = signature(module.Workspace).parameters
    work = module.Workspace(**{name: given[name] for name in asked}) if held else None

    def run_held():
        outputs, saved = forward(params, *arrays, work=work)
        return outputs, backward(params, saved, **upstream, work=work)

    def run():
        outputs, saved = forward(params, *arrays)
        return outputs, backward(params, saved, **upstream)

    return Prepared(run_held if held else run, named)


@cache
def load(spec: Source) -> ModuleType:
    """The module of a spec in the fast style."""
    name, text = next(iter(compile_source(spec, style="fast").items()))
    module = ModuleType(name.removesuffix(".py"))
    exec(compile(text, name, "exec"), module.__dict__)
    return module
