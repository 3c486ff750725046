"""The TextMate grammar of specs, for VS Code, Sublime Text, Shiki and whoever else reads those.

Its scopes are the usual ones, so that every theme has colours for them.
"""

import json
from collections.abc import Iterable
from typing import Any

from bpgen.words import (
    AXES,
    DECLARATIONS,
    INITIALISERS,
    JUDGED,
    KEYWORDS,
    LINKS,
    NEW_AXIS,
    OPERATOR_SYMBOLS,
    PLACES,
    PROPERTIES,
    RESERVED,
    TYPES,
    WITH,
    WORD_OPERATORS,
)

Rule = dict[str, Any]

_NAME = "[A-Za-z][A-Za-z0-9_]*"
_NUMBER = r"(?<!\w)(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_TERMS: Rule = {"patterns": [{"include": "#brackets"}, {"include": "#expression"}]}


def grammar() -> str:
    """The grammar as JSON, with a newline at its end."""
    whole = {
        "name": "bpgen",
        "scopeName": "source.bpgen",
        "fileTypes": ["spec"],
        "patterns": _statements(),
        "repository": {
            "brackets": {
                "begin": r"[(\[]",
                "end": rf"[)\]]|(?=^\s*{_word(KEYWORDS)})",
                **_TERMS,
            },
            "expression": {"patterns": _expression()},
        },
    }
    return json.dumps(whole, indent=2) + "\n"


def _statements() -> list[Rule]:
    rest = [word for word in KEYWORDS if word not in (*DECLARATIONS, "claim")]
    shape = [
        _captured(rf"(~)\s*{_word(INITIALISERS)}", "keyword.operator", "support.function"),
        _match(_word(TYPES), "support.type"),
        _match(_word(PROPERTIES), "storage.modifier"),
    ]
    return [
        _captured(rf"^\s*(cell)\s+({_NAME})", "keyword.control", "entity.name.type"),
        _captured(rf"^\s*(fn|op)\s+({_NAME})", "keyword.control", "entity.name.function"),
        _captured(rf"^\s*(time)\s+{_word(PLACES)}", "keyword.control", "constant.language"),
        _between(
            rf"^\s*{_word(DECLARATIONS)}", "$", "storage.type", _between(":", "$", "", *shape)
        ),
        _between(
            r"^\s*(claim)\b",
            "=|$",
            "keyword.control",
            _match(_word((*JUDGED, *LINKS)), "keyword.other"),
        ),
        _captured(rf"^\s*{_word(rest)}", "keyword.control"),
        *_TERMS["patterns"],
    ]


def _expression() -> list[Rule]:
    symbols = sorted((*OPERATOR_SYMBOLS, "=", "~", "'"), key=len, reverse=True)
    escaped = "|".join("".join(f"\\{sign}" for sign in symbol) for symbol in symbols)
    return [
        _match("#.*$", "comment.line.number-sign"),
        _match('"[^"]*"', "string.quoted.double"),
        _match(_NUMBER, "constant.numeric"),
        _match(rf"\b{WITH}(?=\s+{_NAME}\s*=)", "keyword.control"),
        _match(_word(WORD_OPERATORS), "keyword.operator.logical"),
        _match(rf"\b{NEW_AXIS}\b", "constant.language"),
        _match(rf"{_word(AXES)}(?=\s*=)", "variable.parameter"),
        _match(rf"\b{_NAME}(?='?\s*\()", "support.function"),
        _match(_word(RESERVED), "variable.language"),
        _match(rf"\b{_NAME}", "variable.other"),
        _match(rf"\.T\b|{escaped}", "keyword.operator"),
        _match("[,:]", "punctuation.separator"),
    ]


def _word(words: Iterable[str]) -> str:
    return rf"\b({'|'.join(words)})\b"


def _match(pattern: str, scope: str) -> Rule:
    return {"match": pattern, "name": f"{scope}.bpgen"}


def _captured(pattern: str, *scopes: str) -> Rule:
    return {"match": pattern, "captures": _captures(scopes)}


def _between(begin: str, end: str, scope: str, *rules: Rule) -> Rule:
    """Rules for what stands between two patterns, besides those of every expression."""
    captures = {"beginCaptures": _captures([scope])} if scope else {}
    return {"begin": begin, "end": end, **captures, "patterns": [*rules, *_TERMS["patterns"]]}


def _captures(scopes: Iterable[str]) -> Rule:
    return {str(i): {"name": f"{scope}.bpgen"} for i, scope in enumerate(scopes, 1)}
