"""Slips of habit from papers: LaTeX in a statement, and shapes written as sets of matrices.

A statement with LaTeX in it is rewritten as a whole, so that one report shows all of it as it
should be: `h_t = \\tanh(W x_{t-1})` as `h[t] = tanh(W @ x[t-1])`. What stands raised is a step or a
power, and what stands side by side one product or another; the trial of each finds which fits.
"""

import re

from bpgen.report import Edit, Label, Report, safe
from bpgen.slips.fault import Fault, instead, write
from bpgen.slips.juxtaposed import spelled
from bpgen.source import Span

_SIGNS = {
    **dict.fromkeys(("odot", "cdot", "times", "circ", "ast", "otimes"), "*"),
    **dict.fromkeys(("le", "leq"), "<="),
    **dict.fromkeys(("ge", "geq"), ">="),
    **dict.fromkeys(("ne", "neq"), "!="),
    **dict.fromkeys(("gets", "leftarrow", "triangleq"), "="),
    **dict.fromkeys(("left", "right", "big", "bigl", "bigr", "quad", "qquad", "displaystyle"), ""),
    **{"land": "and", "lor": "or", "neg": "not", "lnot": "not", "in": ":", "sum": "sum"},
    **{"lambda": "lam", "max": "max", "min": "min", "ln": "log"},
}
_ACCENTS = {"hat": "hat", "widehat": "hat", "tilde": "tilde", "widetilde": "tilde", "bar": "bar"}
_FONTS = "mathbf|mathrm|mathit|mathcal|mathsf|boldsymbol|bm|vec|text|textbf|operatorname"
TIME = r"t(?: *[-+] *[0-9]+)?"
_RAISED = rf" *\^ *\{{ *(?:\(|<|\\langle)? *({TIME}) *(?:\)|>|\\rangle)? *\}}"  # `h^{(t-1)}`
_REWRITES = (  # in this order
    (r"\$|\\[,;! ]|\\\\$", ""),
    (rf"\\(?:{_FONTS})(?: *\{{ *([\w ]*?) *\}}| +(?=\w))", r"\1"),
    (r"\\sigma(?= *(?:\\left *)?\()", "sigmoid"),
    (r"\\d?frac *\{([^{}]*)\} *\{([^{}]*)\}", r"((\1) / (\2))"),
    (r"\\sqrt *\{([^{}]*)\}", r"sqrt(\1)"),
    (r" *\^ *(?:\{ *(?:T|\\top|\\intercal) *\}|\\top(?![a-z])|\\intercal(?![a-z]))", ".T"),
    (rf"_\{{ *({TIME}) *\}}", r"[\1]"),
    (r"_\{ *(\w+) *\}", r"_\1"),
    (rf"\b([A-Za-z]\w*?)_({TIME[:1]})\b", r"\1[\2]"),
    (r" *\^ *\{([^{}]*)\}", r" ** (\1)"),
)


def latex(fault: Fault) -> Report | None:
    """What only LaTeX has: a backslash before a word, braces after `_` or `^`, dollars."""
    before, after = fault.before, fault.after
    command = fault.text == "\\" and after is not None and after.start == fault.span.end
    braced = fault.text == "{" and before is not None and before.text.endswith("_")
    raised = fault.text == "^" and after is not None and after.text in "{\\"
    if not (command or braced or raised or fault.text == "$"):
        return None
    shown = f"\\{after.text}" if command and after else fault.text
    shown = f"_{shown}" if braced else shown + "{" * (raised and not command)
    message = f"`{safe(shown)}` is LaTeX, which is not read here"
    quoted = fault.source.quote(fault.statement)
    readings = dict.fromkeys((plain(re.sub(_RAISED, r"[\1]", quoted)), plain(quoted)))
    texts = [text for text in readings if not set(text) & set("\\{}$")]
    if not texts:
        help = "`h_{t-1}` is `h[t-1]` here, `W^T` is `W.T`, and `\\odot` is `*`"
        return fault.report("BP013", message, help)
    ways = [instead(fault.statement, way) for text in texts for way in spelled(text)]
    return fault.mended("BP013", message, *ways)


def angles(fault: Fault) -> Report | None:
    """`x<t>`, a step as some papers write it."""
    text, start = fault.source.quote(fault.statement), fault.statement.start
    steps = list(re.finditer(rf"(?<=\w)<({TIME})>(?=\W|$)", text))
    here = [s for s in steps if start + s.start() <= fault.span.start <= start + s.end()]
    if not here:
        return None
    edits = [Edit(Span(start + s.start(), start + s.end()), f"[{s[1]}]") for s in steps]
    place = Label(edits[steps.index(here[0])].span)
    way = write(f"[{here[0][1]}]", *edits)
    return Report("BP013", "a step stands in square brackets", place, repairs=(way,))


def plain(text: str) -> str:
    """A statement without its LaTeX, as far as that is known."""
    text = re.sub(r"[ \t]+", " ", text)
    for pattern, meant in _REWRITES:
        text = re.sub(pattern, meant, text)
    for accent, word in _ACCENTS.items():
        text = re.sub(rf"\\{accent} *\{{? *([A-Za-z]\w*?) *\}}?(?=\W|$)", rf"\1_{word}", text)
    return re.sub(r"\\([A-Za-z]+)", lambda found: _SIGNS.get(found[1], found[1]), text)


def shape_text(text: str) -> str | None:
    """Sizes as people write them, `D x H`, `[D, H]`, `R^{D x H}`, as the language does: `(D, H)`.

    None if the text has anything else.
    """
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r"^ *(?:in\b|\\in\b|:|\u2208)? *(?:R|\u211d|\\mathbb *\{?R\}?) *\^", "", text)
    inside = text.strip(" ([{}])")
    sizes = [size.strip() for size in re.split(r" *(?:,|;|\bx\b|\u00d7|\\times) *", inside)]
    if not all(re.fullmatch(r"\w+( *[-+*/] *\w+)*", size, re.ASCII) for size in sizes):
        return None
    return f"({', '.join(sizes)})"
