"""What can be written: the statements and expressions of a spec, as they stand in the text.

Nothing here has been looked up. Whether `x[t]` is a step of `x` or a row of a matrix, whether `(H)`
is a shape or an expression in brackets, is for `check` to say, which has read all statements.
Every value carries its `span`.
"""

from dataclasses import dataclass
from typing import TypeAlias

from bpgen.source import Source, Span

# -- expressions ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """A word: a quantity, a size, `t`, `T`, `all`."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Number:
    """A number; `value` is an int only if it was written without point and exponent."""

    value: int | float
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    """A string in double quotes, as in `einsum("n h -> h", a)`."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Slice:
    """`start:stop` in a subscript; either may be absent."""

    start: "Expression | None"
    stop: "Expression | None"
    span: Span


@dataclass(frozen=True, slots=True)
class NewAxis:
    """`None` in a subscript."""

    span: Span


Subscript: TypeAlias = "Expression | Slice | NewAxis"


@dataclass(frozen=True, slots=True)
class Subscripted:
    """A name with one or more brackets after it: `m[t][:, None]` has two groups."""

    name: Name
    groups: tuple[tuple[Subscript, ...], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Keyword:
    """`axis=-1` in a call."""

    name: Name
    value: "Expression"
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """`tanh(a)`; `primed` for `tanh'(a)`, which only claims may use."""

    function: Name
    primed: bool
    args: tuple["Expression", ...]
    keywords: tuple[Keyword, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """`-a`, `+a` or `not a`."""

    symbol: str
    operand: "Expression"
    symbol_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """`a + b` and its like: `+ - * / % ** @ == != < <= > >= and or`."""

    symbol: str
    left: "Expression"
    right: "Expression"
    symbol_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Transposed:
    """`a.T`."""

    operand: "Expression"
    span: Span


@dataclass(frozen=True, slots=True)
class Tuple:
    """`()`, `(N,)`, `(N, H)`: anything in brackets but one expression without a comma."""

    items: tuple["Expression", ...]
    span: Span


Expression: TypeAlias = (
    Name | Number | Text | Subscripted | Call | Unary | Binary | Transposed | Tuple
)
Target: TypeAlias = Name | Subscripted  # what may stand left of `=`

# -- statements -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CellName:
    """`cell NAME`."""

    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class About:
    """`about "…"`."""

    text: Text
    span: Span


@dataclass(frozen=True, slots=True)
class Dim:
    """`dim N, H` (no value, one name or several) or `dim K = 4` (one name)."""

    names: tuple[Name, ...]
    value: Number | None
    span: Span


@dataclass(frozen=True, slots=True)
class Property:
    """A word after a shape: `simplex`, `simplex(over=n)`, `symmetric`, `frozen`."""

    name: Name
    over: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class Initialiser:
    """`~ normal(0.01)`."""

    name: Name
    args: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Declaration:
    """`input`, `param` or `state`: names (with `[t]` or without), shape, type, properties."""

    kind: str  # "input", "param", "state"
    targets: tuple[Target, ...]
    shape: tuple[Expression, ...]
    shape_span: Span
    type: str  # "real", "int", "bool"
    below: Expression | None  # V of `int < V`
    properties: tuple[Property, ...]
    initialiser: Initialiser | None
    span: Span


@dataclass(frozen=True, slots=True)
class Const:
    """`const dt = 0.1`."""

    name: Name
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Equation:
    """`z[t] = …`; `kind` is "equation", "output" or "loss". Several targets take a `split`."""

    kind: str
    targets: tuple[Target, ...]
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Output:
    """`output h[t]` alone: marks a quantity that has its equation elsewhere."""

    target: Target
    span: Span


@dataclass(frozen=True, slots=True)
class Fn:
    """`fn gate(W, U, b) = …`."""

    name: Name
    params: tuple[Name, ...]
    body: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Derivative:
    """`da = …` after `with`; `name` is the whole word, `da`."""

    name: Name
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Op:
    """`op spike(v) = … with dv = …`."""

    name: Name
    params: tuple[Name, ...]
    body: Expression
    derivatives: tuple[Derivative, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Time:
    """`time first`, `time second` or `time last`."""

    place: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Claim:
    """`claim grad X [of S] [at t | from Y] = …` or `claim jacobian X wrt Y = …`."""

    kind: str  # "grad", "jacobian"
    subject: Target
    of: Target | None
    at: Name | None
    source: Target | None  # Y of `from Y`
    wrt: Target | None  # Y of `wrt Y`
    formula: Expression
    span: Span


Statement: TypeAlias = (
    CellName | About | Dim | Declaration | Const | Equation | Output | Fn | Op | Time | Claim
)


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole spec: its statements in the order they were written."""

    source: Source
    statements: tuple[Statement, ...]
