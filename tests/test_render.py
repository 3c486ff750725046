"""Templates place what writers made, `Code`, and nothing else."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bpgen import page
from bpgen.compile import run
from bpgen.page import Code, code, quoted
from bpgen.parse import read
from bpgen.render import environment, render
from bpgen.targets import numpy, shipped

ROOT = Path(__file__).resolve().parent.parent
PLAN = run(read(ROOT / "bpgen" / "cells" / "lstm.spec"))
CLASSES = (code("class A:\n    x = 1"), code("class B:\n    y = 1"))  # a plain module has none
PAGES: dict[str, page.Module | page.Test] = {
    "numpy/module.py.jinja": replace(numpy.write(PLAN), classes=CLASSES),
    "numpy/test.py.jinja": shipped.write(PLAN),
}


def spoiled(value: Any) -> Iterator[Any]:
    """The value, once for each text in it, with that one text made a plain `str`."""
    if isinstance(value, Code):
        yield str(value)
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            for bad in spoiled(getattr(value, each.name)):
                yield replace(value, **{each.name: bad})
    else:
        for i, part in enumerate(value):
            for bad in spoiled(part):
                yield (*value[:i], bad, *value[i + 1 :])


# the name of a module's page is nowhere placed: a module does not say what it is called
UNPLACED = {"numpy/module.py.jinja": 1, "numpy/test.py.jinja": 0}


@pytest.mark.parametrize("template", PAGES)
def test_a_plain_string_is_refused_wherever_it_stands(template: str) -> None:
    placed = 0
    for bad in spoiled(PAGES[template]):
        try:
            render(bad, template)
        except TypeError as error:
            assert "which no writer made" in str(error)
        else:
            placed += 1
    assert placed == UNPLACED[template]


def test_classes_stand_between_the_tables_and_the_functions() -> None:
    text = render(PAGES["numpy/module.py.jinja"], "numpy/module.py.jinja")
    classes = "\n\n\n".join(CLASSES)
    before, _, behind = text.partition(f"\n\n\n{classes}\n\n\n")
    assert behind.startswith("def init_params(") and '"dc")' in before.rpartition("\n")[2]
    plain = render(numpy.write(PLAN), "numpy/module.py.jinja")
    assert plain == f"{before}\n\n\n{behind}"


LOSING = [
    "{{ a ~ a }}",
    "{{ a + a }}",
    "{{ a * 2 }}",
    "{{ '%s' % a }}",
    "{{ a[0] }}",
    "{{ a[:1] }}",
    "{{ a.strip() }}",
    "{{ '{}'.format(a) }}",
    "{{ [a, a]|join }}",
    "{{ a|upper }}",
    "{{ a|trim }}",
    "{{ a|replace('a', 'b') }}",
    "{{ a|indent }}",
    "{{ a|wordwrap }}",
    "{{ a|safe }}",
    "{{ a|escape }}",
    "{{ a|e }}",
    "{{ '%s'|format(a) }}",
    "{{ a|first }}",
    "{{ a|list }}",
    "{{ a|length }}",
    "{{ a|reverse }}",
    "{{ a|tojson }}",
    "{{ a|urlencode }}",
    "{{ a|default('b', true)|lower }}",
    "{{ 'a' }}",
    "{{ 1 }}",
    "{{ none }}",
    "{{ [a] }}",
    "{{ a == a }}",
    "{% for c in a %}{{ c }}{% endfor %}",
    "{% set b %}{{ a }}{% endset %}{{ b }}",
    "{% macro b() %}{{ a }}{% endmacro %}{{ b() }}",
    "{{ a.__class__ }}",
    "{{ cycler }}",
]


@pytest.mark.parametrize("template", LOSING)
def test_what_is_done_to_it_loses_the_type(template: str) -> None:
    made = environment().from_string("{{ a }}")
    assert made.render(a=code("abc")) == "abc"
    with pytest.raises(TypeError, match="which no writer made"):
        environment().from_string(template).render(a=code("abc"))


def test_an_undefined_name_is_an_error() -> None:
    with pytest.raises(TypeError, match="a template places Undefined"):
        environment().from_string("{{ b }}").render(a=code("abc"))


@pytest.mark.parametrize(
    "text", ["a\rb", "a\tb", "\x00", "\x1b[31m", "\x0c", "\u2028", "é", "\x85"]
)
def test_code_is_printable_ascii(text: str) -> None:
    with pytest.raises(ValueError, match="no line of an emitted file"):
        code(text)


WORDS = [
    "plain",
    "\\",
    "\\\\",
    "\\N{BOGUS}",
    "\\d \\x \\u12",
    '"',
    '"""',
    'a"',
    "é Θ \U0001f600",
    "'''",
]


@pytest.mark.parametrize("words", WORDS)
def test_quoted_words_mean_themselves(words: str) -> None:
    shown = quoted(words)
    assert shown.isascii()
    assert eval(f'"""{shown}"""') == words
