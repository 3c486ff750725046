"""Pages to text: the only file that knows jinja2.

Templates place what a page says, and add nothing of their own: undefined names are errors, and so
is all that is not `Code`. Nothing is escaped, since `Code` is what a writer made.
"""

from functools import cache

from jinja2 import Environment, FunctionLoader, StrictUndefined

from bpgen.page import Code, Module, Test
from bpgen.resources import template_text


@cache
def environment() -> Environment:
    return Environment(
        loader=FunctionLoader(template_text),
        undefined=StrictUndefined,
        finalize=_placed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def _placed(value: object) -> Code:
    """What a template may place."""
    if type(value) is not Code:
        raise TypeError(f"a template places {ascii(value)[:80]}, which no writer made")
    return value


def render(page: Module | Test, template: str) -> str:
    """The text of a page, by a template such as `numpy/module.py.jinja`."""
    return environment().get_template(template).render(page=page)
