"""The form that `bpgen fmt` gives a spec: one for all spacings of it, saying what the spec said."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bpgen.canonical
from bpgen import library
from bpgen.canonical import canonical, meaning
from bpgen.parse import parse
from bpgen.report import Refused
from bpgen.scan import COLUMNS, Token, lexemes
from bpgen.slips.foreign import SIGNS, SPACES
from bpgen.source import Source
from golden import PAGES, blocks
from test_parse import EVERYTHING

SPECS = Path(__file__).parent / "specs"


def form(text: str) -> str:
    return canonical(Source("x.spec", text))


def comments(text: str) -> list[str]:
    return [token.text.rstrip(" \t") for token in lexemes(text) if token.kind == "comment"]


def parses(text: str) -> bool:
    try:
        parse(Source("x.spec", text))
    except Refused:
        return False
    return True


def known() -> dict[str, str]:
    """Every spec there is that can be parsed."""
    texts = {name: library.text(name) for name in library.names()}
    texts |= {path.stem: path.read_text("utf-8") for path in sorted(SPECS.glob("*.spec"))}
    for page in sorted(PAGES.rglob("*.md")):
        specs = [text for label, text in blocks(page.read_text("utf-8")) if label == "spec"]
        texts |= {f"{page.stem}-{i}": text for i, text in enumerate(specs) if parses(text)}
    return {"everything": EVERYTHING, **texts}


KNOWN = known()


def check_form(text: str, made: str) -> None:
    """A form says what the text says, has its comments, and is its own form."""
    assert meaning(parse(Source("x", made)).statements) == meaning(
        parse(Source("x", text)).statements
    )
    assert comments(made) == comments(text)
    assert form(made) == made
    assert not re.search(r"[ \t]\n|\n\n\n|\A\n|\n\n\Z|[^\n]\Z", made)


@pytest.mark.parametrize("name", KNOWN)
def test_every_known_spec(name: str) -> None:
    check_form(KNOWN[name], form(KNOWN[name]))


@pytest.mark.parametrize("name", library.names())
def test_the_library_is_in_form(name: str) -> None:
    assert form(library.text(name)) == library.text(name)


# -- what the form is ------------------------------------------------------------------------------

SLOPPY = """\


# a spec
cell   tidy   # a name
about "two  spaces,   kept"
dim N,H
dim K=4
time   first



input x [ t ]:( N,H )
input n[t]:(N) int<K    # labels
param W:(H , 4 * H+K)symmetric~normal( 0.010 )
param bias : ( 4*H, ) ~zeros()      #a bias,
                                    #  of zeros
state h[t],c[t] : (N,H)
const dt=1e-3
fn gate( U,v )=sigmoid (x [t]@U+h[ t - 1 ]  @ v)
a [t]=- x[t] ** - 2*( h[t - 1] - -1 ) . T
total [t]=  where(not(a[t]>0)and n[t]==0 ,a[t]  , h[t-1][ : , 0 : K + 1 ])
u[t],v [ t ]=split( a[t],H )
h[t] = tanh( # why
 a[t]
      +sum(
 c[t]
 , axis = -1
 )

 # and what for
   ,
    )
output c[t]
loss J=sum( h[t] , over = ( t,N ) )
claim grad W=1
claim grad h[t-1]   from h[t]=tanh' ( a[t] )
"""

TIDY = """\
# a spec
cell  tidy                             # a name
about "two  spaces,   kept"
dim   N, H
dim   K = 4
time  first

input x[t] : (N, H)
input n[t] : (N) int < K               # labels
param W    : (H, 4*H+K) symmetric  ~ normal(0.010)
param bias : (4*H,)                ~ zeros()  #a bias,
                                              #  of zeros
state h[t], c[t] : (N, H)
const dt = 1e-3
fn gate(U, v) = sigmoid(x[t] @ U + h[t-1] @ v)
a[t]     = -x[t]**-2 * (h[t-1] - -1).T
total[t] = where(not (a[t] > 0) and n[t] == 0, a[t], h[t-1][:, 0:K+1])
u[t], v[t] = split(a[t], H)
h[t] = tanh(                           # why
    a[t]
    + sum(
        c[t]
        , axis=-1
    )

    # and what for
    ,
)
output c[t]
loss J = sum(h[t], over=(t, N))
claim grad W                = 1
claim grad h[t-1] from h[t] = tanh'(a[t])
"""


def test_the_form() -> None:
    text = SLOPPY.replace(") . T", ").T").replace("   , axis", " , axis")
    assert form(text) == TIDY
    check_form(text, TIDY)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("", ""),
        ("\n\n", ""),
        ("# alone", "# alone\n"),
        ("  # moved\n", "# moved\n"),
        ("x = 1 .T", "x = 1 .T\n"),  # `1.T` would be the number `1.` and a name
        ("x = 1. .T", "x = 1..T\n"),
        ("x = A[2*(i-1)]", "x = A[2*(i-1)]\n"),
        ("x = A[i and not j]", "x = A[i and not j]\n"),
        ("x = a- -b+-c", "x = a - -b + -c\n"),
        ("x = f(a ,k = -1 ,)", "x = f(a, k=-1,)\n"),
        ("x = f(\n)", "x = f(\n)\n"),
        ("param W:(\nH)~he()", "param W : (\n    H)  ~ he()\n"),
        ("fn f(a,\nb)=a", "fn f(a,\n    b) = a\n"),
        ("x = f(g(\na\n), b)", "x = f(g(\n    a\n), b)\n"),
    ],
)
def test_small_forms(text: str, made: str) -> None:
    assert form(text) == made


def test_what_would_be_too_long_is_not_aligned() -> None:
    wide = "claim grad h[t-1] from h[t] = 1\n"
    fits, passes = (f"claim grad W = {'1 + ' * 15 + 'b' * n}\n" for n in (10, 11))
    assert form(fits + wide) == fits.replace("W", f"{'W':16}") + wide
    assert len(form(fits + wide).split("\n")[0]) == 100
    assert form(passes + wide) == passes + wide


def test_a_comment_that_would_be_too_long_stays_close() -> None:
    assert form(f"x = 1 # {'c' * 59}") == f"{'x = 1':39}# {'c' * 59}\n"
    assert form(f"x = 1 # {'c' * 60}") == f"x = 1  # {'c' * 60}\n"


# -- one form for all spacings ---------------------------------------------------------------------


def rows(text: str) -> list[list[Token]]:
    found: list[list[Token]] = [[]]
    for token in lexemes(text):
        if token.kind == "newline":
            found.append([])
        else:
            found[-1].append(token)
    return found


def may_touch(left: Token, right: Token) -> bool:
    both = left.text + right.text
    return [token.text for token in lexemes(both)] == [left.text, right.text]


@st.composite
def respaced(draw: st.DrawFn, text: str) -> str:
    """The text with other white space within its lines."""
    lines = []
    for row in rows(text):
        line = ""
        for i, token in enumerate(row):
            if i == 0:
                gap = draw(st.sampled_from(["", "", " ", "\t"])) if token.kind != "comment" else ""
            elif token.text == "'":
                gap = ""
            else:
                may = may_touch(row[i - 1], token)
                gap = draw(st.sampled_from(["", " ", "  ", "\t"] if may else [" ", "\t "]))
            line += gap + token.text
        lines.append(line + draw(st.sampled_from(["", "", " ", "\t"])))
    return "\n".join(lines)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_spacing_makes_no_difference(data: st.DataObject) -> None:
    text = KNOWN[data.draw(st.sampled_from(sorted(KNOWN)))]
    again = data.draw(respaced(text))
    assert form(again) == form(text)


COMMENT = st.from_regex(r"#[ !-~é−\t]{0,60}", fullmatch=True)


@st.composite
def commented(draw: st.DrawFn, text: str) -> str:
    """The text with comments, blank lines, and lines broken inside brackets."""
    parts: list[str] = []
    depth = 0
    tokens = [*lexemes(text)]
    for i, token in enumerate(tokens):
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        follows = tokens[i + 1].text if i + 1 < len(tokens) else ""
        parts.append(token.text if token.kind == "newline" else token.text + " ")
        if token.kind == "newline":
            ends = [" ", "\n", " \n\n\n", f"   {draw(COMMENT)}\n"]
        elif depth and token.kind != "comment" and not {"'", token.text} & {"'", follows} - {""}:
            ends = ["", "", "\n", "\n\n \t\n", f"{draw(COMMENT)}\n"]
        else:
            ends = [""]
        if follows != "'":
            parts.append(draw(st.sampled_from(ends)))
    return "".join(parts).replace(" '", "'")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_comments_and_breaks_are_kept(data: st.DataObject) -> None:
    names = ["everything", "rnn", "goodfellow", "mamba", "coursera", "lang_marked", "lang_slices"]
    text = data.draw(commented(KNOWN[data.draw(st.sampled_from(names))]))
    check_form(text, form(text))


SCRAPS = ["\n", "\t", "  ", *"()[]=-+*.,:~'\"#−“’²½√1ta", ".T", "**", "not", "x[t]", "#c\n", "1 .T"]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = KNOWN[draw(st.sampled_from(["everything", "rnn", "spiking", "mamba", "lang_marked"]))]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(SCRAPS)) + text[at + draw(st.integers(0, 2)) :]
    return text


@settings(max_examples=150, deadline=None)
@given(mutated())
def test_any_text_has_a_form_or_is_refused(text: str) -> None:
    try:
        made = form(text)
    except Refused:
        return
    assert form(made) == made
    if parses(text):
        check_form(text, made)


# -- look-alikes -----------------------------------------------------------------------------------

STATEMENTS = {  # in which a sign stands
    "-": "x = a - b", "*": "x = a * b", "/": "x = a / b", "**": "x = a ** b",
    "<=": "x = a <= b", ">=": "x = a >= b", "!=": "x = a != b", "=": "x = a",
    "and": "x = a and b", "or": "x = a or b", "not": "x = not a", "1e300": "x = 1e300",
    "0.5": "x = 0.5", "0.25": "x = 0.25", "0.75": "x = 0.75",
    "int": "input y : (N) int", "real": "input y : (N) real",
    '"': 'x = einsum("n h -> n", a)', " ": "x = a", "(": "x = (a)", ")": "x = (a)",
    ",": "x = f(a, b)", ":": "param W : (H)", "~": "param W : (H) ~ he()", ".T": "x = a.T",
}  # fmt: skip
LOOK_ALIKES = SIGNS | dict.fromkeys(SPACES, " ")


@pytest.mark.parametrize("sign", LOOK_ALIKES, ids=lambda sign: f"U+{ord(sign):04X}")
def test_a_look_alike_is_replaced(sign: str) -> None:
    right = STATEMENTS[LOOK_ALIKES[sign]]
    wrong = right.replace(LOOK_ALIKES[sign], sign)
    assert wrong != right and not parses(wrong)
    assert form(wrong) == form(right)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("x = √b·√(c+1)", "x = sqrt(b) * sqrt(c + 1)\n"),
        ("x = a² − Wᵀ @ V’", "x = a**2 - W.T @ V.T\n"),
        ("claim grad x = tanh’(x)", "claim grad x = tanh'(x)\n"),
        ("x[t]\N{NO-BREAK SPACE}= hₜ₋₁", "x[t] = h[t-1]\n"),
    ],
)
def test_signs_of_papers(wrong: str, right: str) -> None:
    assert form(wrong) == right


@pytest.mark.parametrize("text", ["x = 2½", "x₁ = 2", "α = 2", "x = а", "x = |a|", "y ≤ a"])
def test_what_cannot_be_told_is_refused_as_it_was_written(text: str) -> None:
    with pytest.raises(Refused) as caught:
        form(text)
    with pytest.raises(Refused) as same:
        parse(Source("x.spec", text))
    assert caught.value.reports == same.value.reports


def test_comments_and_strings_keep_their_look_alikes() -> None:
    wrong = "cell x  # a − b\nabout “a − b # c’s”  # “c”\nx = a − b # ¬\n"
    right = 'cell x  # a − b\nabout "a − b # c’s"  # “c”\nx = a - b # ¬\n'
    assert form(wrong) == form(right)
    assert comments(form(wrong)) == comments(right)


# -- what has no form ------------------------------------------------------------------------------


def test_a_spec_that_cannot_be_parsed_has_no_form() -> None:
    with pytest.raises(Refused):
        form("x = (a\n")


def test_a_line_that_spaces_make_too_long() -> None:
    text = f"x = f({'a,' * (COLUMNS // 2 - 10)})"
    assert parses(text)
    with pytest.raises(Refused, match="would pass the limits"):
        form(text)


def test_a_slip_of_the_formatter_cannot_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpgen.canonical, "laid_out", lambda lines: ["x = a + b"])
    with pytest.raises(AssertionError, match="says something else"):
        form("x = a - b")
