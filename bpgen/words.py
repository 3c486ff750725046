"""The words and signs of the language, each said here and nowhere else.

The scanner, the builder and the checker take them from here, and so do the highlighters in
`editor`, which can therefore not fall behind. The grammar spells its own words, as a grammar must;
a test holds it to these. Names of operators are no words of the language: any word before a bracket
is a function.
"""

DECLARATIONS = ("input", "param", "state")  # a name and its shape
KEYWORDS = (  # each begins a statement
    *("cell", "about", "dim", *DECLARATIONS, "const"),
    *("output", "loss", "fn", "op", "claim", "time"),
)
PLACES = ("first", "second", "last")  # after `time`

# after a shape
TYPES = ("real", "int", "bool")
PROPERTIES = ("simplex", "symmetric", "frozen")
INITIALISERS = {  # after `~`; how many numbers each takes
    "zeros": 0,
    "ones": 0,
    "constant": 1,
    "normal": 1,
    "uniform": 1,
    "glorot": 0,
    "he": 0,
    "orthogonal": 0,
    "identity": 0,
}

# in expressions
WORD_OPERATORS = ("not", "and", "or")
COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
OPERATOR_SYMBOLS = ("+", "-", "*", "/", "%", "@", "**", *COMPARISONS)
AXES = ("over", "axis")  # say along what a function goes
RESERVED = ("t", "T", "all")  # have a meaning of their own, so name no quantity
NEW_AXIS = "None"  # in a subscript

# words with a meaning in one place, which may name quantities everywhere
JUDGED = ("grad", "jacobian")  # after `claim`
LINKS = ("of", "at", "from", "wrt")  # further on in a claim
WITH = "with"  # before the derivatives of an `op`
