"""Pages to text: the only file that knows jinja2.

Templates place what a page says. Undefined names are errors, and nothing is escaped, since every
text of a page is Python that a writer made, or was made safe to stand where it stands.
"""

from functools import cache

from jinja2 import Environment, FunctionLoader, StrictUndefined

from bpgen.page import Module, Test
from bpgen.resources import template_text


@cache
def environment() -> Environment:
    return Environment(
        loader=FunctionLoader(template_text),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def render(page: Module | Test, template: str) -> str:
    """The text of a page, by a template such as `numpy/module.py.jinja`."""
    return environment().get_template(template).render(page=page)
