"""The syntax file of Vim for specs, `~/.vim/syntax/bpgen.vim`."""

from collections.abc import Iterable

from bpgen.words import (
    AXES,
    DECLARATIONS,
    INITIALISERS,
    JUDGED,
    KEYWORDS,
    LINKS,
    NEW_AXIS,
    PLACES,
    PROPERTIES,
    RESERVED,
    TYPES,
    WITH,
    WORD_OPERATORS,
)

_HEAD = """\
" The syntax of specs of bpgen, written by `python -m bpgen.editor vim`.
if exists('b:current_syntax')
  finish
endif
"""
_SHAPE = (*TYPES, *PROPERTIES)


def syntax() -> str:
    """The file as text. Of two matches at one place Vim takes the one that is defined later."""
    rules = [
        ("Function", r"\<\h\w*\ze'\?\s*("),
        ("Special", _any(RESERVED)),
        ("Constant", _any([NEW_AXIS])),
        ("Identifier", rf"{_any(AXES)}\ze\s*="),
        ("Operator", r"[-+*/%@=<>!~']\|\.T\>"),
        ("Operator", _any(WORD_OPERATORS)),
        ("Number", r"\%(\<\d\+\%(\.\d*\)\?\|\.\d\+\)\%([eE][+-]\?\d\+\)\?"),
        ("Type", rf"\%()\s*\|{_any(_SHAPE)}\s\+\)\@<={_any(_SHAPE)}"),
        ("Function", rf"\%(\~\s*\)\@<={_any(INITIALISERS)}"),
        ("Statement", rf"{_any([WITH])}\ze\s\+\h\w*\s*="),
        ("Statement", rf"\%(^\s*claim\s\+\)\@<={_any(JUDGED)}"),
        ("Statement", rf"\%(^\s*claim\>[^=]*\s\)\@<={_any(LINKS)}"),
        ("Constant", rf"\%(^\s*time\s\+\)\@<={_any(PLACES)}"),
        ("Statement", rf"^\s*{_any(KEYWORDS)}"),
        ("StorageClass", rf"^\s*{_any(DECLARATIONS)}"),
        ("String", '"[^"]*"'),
        ("Comment", "#.*"),
    ]
    matches = [f"syntax match bpgen{group} ;{rule};" for group, rule in rules]
    links = [
        f"highlight default link bpgen{group} {group}" for group in sorted({g for g, _ in rules})
    ]
    return "\n".join([_HEAD, *matches, "", *links, "", "let b:current_syntax = 'bpgen'", ""])


def _any(words: Iterable[str]) -> str:
    choice = r"\|".join(words)
    return rf"\<\%({choice}\)\>"
