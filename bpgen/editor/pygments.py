"""A lexer for Pygments, which colours specs in documentation, notebooks and terminals.

Pygments finds it as `bpgen` by an entry point and by nothing else imports this module. Whatever the
language has no sign for becomes an error, which most styles draw in red.
"""

import re
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, include, words
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
)

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

_NAME = r"[A-Za-z][A-Za-z0-9_]*"
_SPACE = r"([ \t]+)"
_STATEMENT = rf"[ \t]*(?:{'|'.join(KEYWORDS)})\b"


class BpgenLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no types
    """Specs of bpgen.

    Of the lexers for `*.spec` Pygments takes the one that knows the text, and of equals the last by
    the name of its class, which leaves RPM's specs to RPM's.
    """

    name = "bpgen"
    aliases = ("bpgen",)
    filenames = ("*.spec",)
    flags = re.ASCII

    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"\n", Whitespace),
            (rf"(cell){_SPACE}({_NAME})", bygroups(Keyword, Whitespace, Name.Class)),
            (rf"(fn|op){_SPACE}({_NAME})", bygroups(Keyword, Whitespace, Name.Function)),
            (rf"(time){_SPACE}({'|'.join(PLACES)})\b", bygroups(Keyword, Whitespace, Keyword)),
            (words(DECLARATIONS, suffix=r"\b"), Keyword.Declaration, "names"),
            (r"claim\b", Keyword, "claim"),
            (words(KEYWORDS, suffix=r"\b"), Keyword),
            include("expression"),
        ],
        "names": [  # up to the colon of a declaration
            (r"(?=\n)", Text, "#pop"),
            (r":", Punctuation, ("#pop", "shape")),
            include("nested"),
        ],
        "shape": [  # and behind it
            (r"(?=\n)", Text, "#pop"),
            (
                rf"(~)([ \t]*)({'|'.join(INITIALISERS)})\b",
                bygroups(Operator, Whitespace, Name.Builtin),
            ),
            (words(TYPES, suffix=r"\b"), Keyword.Type),
            (words(PROPERTIES, suffix=r"\b"), Keyword.Pseudo),
            include("nested"),
        ],
        "claim": [  # up to its equals sign
            (r"(?=\n)", Text, "#pop"),
            (r"=", Operator, "#pop"),
            (words((*JUDGED, *LINKS), suffix=r"\b"), Keyword),
            include("nested"),
        ],
        "nested": [
            (r"[(\[]", Punctuation, "brackets"),
            include("expression"),
        ],
        "brackets": [  # inside of which a line goes on, unless it begins a statement
            (rf"(?=\n{_STATEMENT})", Text, "#pop"),
            (r"\n", Whitespace),
            (r"[)\]]", Punctuation, "#pop"),
            include("nested"),
        ],
        "expression": [
            (r"[ \t]+", Whitespace),
            (r"#[^\n]*", Comment.Single),
            (r'"[^"\n]*"', String.Double),
            (r"[0-9]+(?![0-9.eE])", Number.Integer),
            (r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", Number.Float),
            (rf"{WITH}(?=[ \t]+{_NAME}[ \t]*=)", Keyword),
            (words(WORD_OPERATORS, suffix=r"\b"), Operator.Word),
            (rf"{NEW_AXIS}\b", Keyword.Constant),
            (words(AXES, suffix=r"(?=[ \t]*=)"), Name.Attribute),
            (rf"{_NAME}(?='?[ \t]*\()", Name.Function),
            (words(RESERVED, suffix=r"\b"), Name.Builtin.Pseudo),
            (_NAME, Name),
            (r"\.T\b", Operator),
            (words((*OPERATOR_SYMBOLS, "=", "~", "'")), Operator),
            (r"[()\[\],:]", Punctuation),
        ],
    }

    @staticmethod
    def analyse_text(text: str) -> float:
        """How sure it is, from 0 to 1, that a text is a spec of bpgen: that it names a cell."""
        return 0.9 if re.search(rf"^cell[ \t]+{_NAME}[ \t]*(?:#.*)?$", text, re.MULTILINE) else 0.0
