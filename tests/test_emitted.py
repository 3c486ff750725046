"""The last gate: what bpgen emits passes it, and nothing else does.

Each attack puts a piece of hostile Python into the real module of a real cell, or into its test, at
a place where a hole in a writer could have put it.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from bpgen import compile as compiling
from bpgen import page
from bpgen.cli import main
from bpgen.compile import compile_source, run
from bpgen.emitted import admit
from bpgen.ir import OPERATORS, Pair
from bpgen.parse import read
from bpgen.permitted import Unexpected
from bpgen.skeleton import complete
from bpgen.targets import numpy, shipped
from counting import calls

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ROOT / "generated"
CELLS = sorted((ROOT / "bpgen" / "cells").glob("*.spec"))
SPECS = [*CELLS, *sorted((ROOT / "tests" / "specs").glob("*.spec"))]


@cache
def pair(path: Path) -> Pair:
    made: Pair = run(read(path)).pair
    return made


def stored(path: Path) -> dict[str, str]:
    names = (f"{path.stem}.py", f"test_{path.stem}.py")
    return {name: (GENERATED / name).read_text("ascii") for name in names}


@cache
def emitted(path: Path) -> dict[str, str]:
    return compile_source(read(path))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_what_is_emitted_passes(path: Path) -> None:
    admit(emitted(path), pair(path))


@pytest.mark.parametrize("path", CELLS, ids=lambda path: path.stem)
def test_what_is_committed_passes(path: Path) -> None:
    admit(stored(path), pair(path))


@pytest.mark.parametrize("path", CELLS, ids=lambda path: path.stem)
def test_it_costs_in_proportion_to_what_it_reads(path: Path) -> None:
    files = emitted(path)
    admit(files, pair(path))  # what is made once and kept
    assert calls(admit, files, pair(path)) < 8 * sum(map(len, files.values()))


# -- attacks ---------------------------------------------------------------------------------------

LSTM = ROOT / "bpgen" / "cells" / "lstm.spec"


def after(mark: str, snippet: str) -> Callable[[str], str]:
    """The snippet on lines of its own behind the line of a mark."""

    def splice(text: str) -> str:
        start = text.index("\n", text.index(mark)) + 1
        return f"{text[:start]}{snippet}\n{text[start:]}"

    return splice


def instead(old: str, new: str) -> Callable[[str], str]:
    """The first `old` replaced."""

    def splice(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return splice


def in_body(snippet: str) -> Callable[[str], str]:
    return after("W, U, b = params", f"    {snippet}")


def at_top(mark: str, snippet: str) -> Callable[[str], str]:
    return instead(f"\n{mark}", f"\n{snippet}\n{mark}")


def value(expression: str) -> Callable[[str], str]:
    """As what a quantity is set to."""
    return instead("np.zeros((4 * H,), dtype)", expression)


STATEMENTS = [
    "import os",
    "import numpy",
    "import numpy as np, os",
    "from os import *",
    "from typing import NamedTuple; import os",
    "np = 1",
    "np: int = 1",
    "range = print",
    "SHAPES['x'] = 'N'",
    "Params.__new__ = print",
    "z = (y := 1)",
    "z += 1",
    "z: exec('1') = 1",
    "del U",
    "global np",
    "nonlocal np",
    "assert exec('1') is None",
    "assert True",
    "try:\n        pass\n    except Exception:\n        pass",
    "with open('/etc/passwd') as f:\n        pass",
    "while True:\n        pass",
    "class A:\n        x = 1",
    "def f():\n        return 1",
    "async def f():\n        return 1",
    "lambda: 1",
    "yield 1",
    "'text'",
    "match W:\n        case _:\n            pass",
    "for np in (1,):\n        pass",
    "for np.tanh in (1,):\n        pass",
    "for W.shape in (1,):\n        pass",
    "W.data = 1",
    "W.flags.owndata = True",
    "np.tanh = print",
    "np.add.at(W, 0, 1)",
    "print(1)",
    "exec('1')",
    "W.tofile('x')",
    "W.dump('x')",
    "W.setflags(write=True)",
    "raise SystemExit",
    "raise KeyboardInterrupt()",
    "_x = 1",
    "__builtins__ = {}",
    "W = 1; import os",
    "pass",
    "break",
    # names that something else has
    "bool = 1",
    "ValueError = 1",
    "forward = W",
    "Params = W",
    "SHAPES = W",
    "sigmoid = W",
    "math = W",
    "re = W",
    # what the module holds
    "SHAPES.setdefault('x', 'y')",
    "z = SHAPES",
    "z = (SHAPES,)",
    "z = forward",
    "z = fold(SHAPES)",
    "z = bind(SHAPES)",
    "z = bind('T', forward)",
    "z = bind('T', exec('1'))",
    "z = bind('T', unknown)",
    "z = fold(1, SHAPES)",
    "z = bind('T', SHAPES, SHAPES)",
    "z = np.stack(SHAPES)",
    # what the caller holds
    "params[0] = 0",
    "W[0] = 0",
    "z = W\n    z[0] = 0",
    "z = W[1:]\n    z[0] = 0",
    "z = W.T\n    z[0] = 0",
    "z = W.reshape(-1)\n    z[0] = 0",
    "z, y = np.empty(3), W\n    y[0] = 0",
    "z = np.empty(3)\n    z = W\n    z[0] = 0",
    "z = np.moveaxis(W, 0, 1)\n    z[0] = 0",
    "z = np.split(W, 2)\n    z[0] = 0",
    "z = np.empty(3)\n    if H:\n        z = W\n    z[0] = 0",
    "z = np.empty(3)\n    for t in range(H):\n        z[0] = 0\n        z = W",
    "for z in (W,):\n        z[0] = 0",
    "for W[0] in (1,):\n        z = 1",
    "W[0].T[0] = 1",
    "W.T[0] = 1",
    "W.flags.writeable = True",
    "W.flags.writeable = U",
    "x.flags.writeable = False",
    "np.tanh = False",
    "z = W.flags.writeable = False",
    "W.flags.writeable = z = False",
    "W.shape = False",
    "W.flags = False",
    "for W.shape in (1,):\n        z = 1",
    "for W.flags.writeable in (True,):\n        z = 1",
    "z = np.tanh(W, out=U)",
    "z = W.sum(0, out=b)",
    # what never ends
    "z = 10 ** 10 ** 10",
    "z = (-10) ** 10 ** 10",
    "z = W ** 10 ** 10 ** 10",
    "z = 1" + 60 * "0",
    "z = [0] * 10 ** 10",
    "z = (0,) * 1000000000000",
    "z = 'a' * 1000000000000",
    "for t in range(10 ** 15):\n        z = 1",
]

EXPRESSIONS = [
    "np.zeros(10 ** 15)",
    "np.zeros(1000000000000000)",
    "np.zeros((2, 10 ** 15), dtype)",
    "np.empty(-(-3000000000))",
    "np.ones((H + 10 ** 10,))",
    "np.tanh.max(W)",
    "'abc'.max()",
    "(1).T",
    "np.shape",
    "np.flags.writeable",
    "eval('1')",
    "__import__('os')",
    "open('x', 'w')",
    "compile('1', '', 'eval')",
    "getattr(np, 'lo' + 'ad')('x')",
    "globals()['np']",
    "vars(np)['load']('x')",
    "dict(a=1)",
    "breakpoint()",
    "input()",
    "type('A', (), {})",
    "().__class__.__base__.__subclasses__()",
    "W.__class__",
    "params.__init__.__globals__",
    "np.__dict__",
    "np.__loader__",
    "np.tanh.__self__",
    "np.load('x')",
    "np.lib.npyio.load('x')",
    "np.fromfile('x')",
    "np.memmap('x')",
    "np.save('x', b)",
    "np.ctypeslib.load_library('c', '.')",
    "np.f2py",
    "np.os.system('true')",
    "np.sys.modules",
    "np.testing.rundocs()",
    "np.genfromtxt('x')",
    "np.frompyfunc(1, 1, 1)",
    "np.vectorize(1)",
    "np.random.default_rng()",
    "np.linalg.inv(W)",
    "np",
    "(np,)",
    "(np if 1 else 2).load('x')",
    "[np][0].load('x')",
    "'{0.__class__}'.format(W)",
    "'a'.join(W)",
    "f'{exec(1)}'",
    "f'{W}'",
    "[x for x in W]",
    "{x for x in W}",
    "{x: 1 for x in W}",
    "(x for x in W)",
    "(lambda: 1)()",
    "(y := 1)",
    "[*W]",
    "print(*W)",
    "bind(**W)",
    "W.sum(**W)",
    "np.zeros(**W)",
    "W if (yield) else 1",
    "await W",
    "W and exec",
    "W or 1",
    "{**W}",
    "W.ctypes",
    "W.base",
    "W.tobytes()",
    "W[0]('x')",
    "W()('x')",
    "b(1)",
    "rng.bit_generator",
    "rng.bytes(1)",
    "unknown",
    "unknown(1)",
    "math.sqrt(2)",
    "re.compile('x')",
    "forward.__code__",
    "forward.__globals__['np']",
    "SHAPES.clear()",
    "float.fromhex('1')",
    "float.__subclasses__()",
    "int.from_bytes(b'x')",
]

AT_TOP = [
    "import os",
    "from os import system as forward",
    "np = SHAPES",
    "range = SHAPES",
    "x = 1",
    "X = exec('1')",
    "X = [np.load]",
    "X = {'a': open('x')}",
    "X = {open('x'): 1}",
    "X = {'a': 1}.__class__",
    "X = 'a' 'b'.upper()",
    "X = Y = 1",
    "X, Y = 1, 2",
    "X: exec('1') = 1",
    "X = 1 + 1",
    "X = -exec",
    "X = not 1",
    "X = (lambda: 1)",
    "X = [x for x in 'a']",
    "X = f'{1}'",
    "X = SHAPES",
    "SHAPES['x'] = 1",
    "SIZES = SHAPES = {}",
    "del SHAPES",
    "if True:\n    import os",
    "for X in ():\n    pass",
    "with open('x'):\n    pass",
    "assert 1",
    "exec('1')",
    "'text'",
    "class Evil(NamedTuple):\n    x: np.ndarray",
    "class Params(NamedTuple, metaclass=type):\n    '''A.'''",
    "class Params:\n    '''A.'''",
    "class Params(NamedTuple, object):\n    '''A.'''",
    "@exec\nclass Params(NamedTuple):\n    '''A.'''",
    "class Params(NamedTuple):\n    '''A.'''\n    x: exec('1')",
    "class Params(NamedTuple):\n    '''A.'''\n    x: np.ndarray = exec('1')",
    "class Params(NamedTuple):\n    '''A.'''\n    x = exec('1')",
    "class Params(NamedTuple):\n    '''A.'''\n    _x: np.ndarray",
    "class Params(NamedTuple):\n    '''A.'''\n    np.x: np.ndarray",
    "class Params(NamedTuple):\n    '''A.'''\n\n    def f(self):\n        '''A.'''",
    "def evil():\n    '''A.'''",
    "def sigmoid(x):\n    '''A.'''\n    return x",
    "@exec\ndef forward(x):\n    '''A.'''",
    "def forward(x=exec('1')):\n    '''A.'''",
    "def forward(x=np.tanh(1)):\n    '''A.'''",
    "def forward(*, x=exec('1')):\n    '''A.'''",
    "def forward(x: exec('1')):\n    '''A.'''",
    "def forward(x) -> exec('1'):\n    '''A.'''",
    "def forward(np):\n    '''A.'''",
    "def forward(_x):\n    '''A.'''",
    "def forward(x):\n    return 1",
    "def forward(x):\n    f'''{exec(1)}'''",
    "async def forward(x):\n    '''A.'''",
    "def plain(x):\n    '''A.'''",
    "\n\n\nimport os\n\n\n",
    "\n\n\n    import os\n\n\n",
    "X = '''\n\n\nimport os\n\n\n'''",
    "X = 1 \\\n\n\n\nimport os",
    "X = (\n\n\n1)",
]

TEXT = [
    lambda text: text.replace("# Generated", "# coding: utf-7\n# Generated"),
    lambda text: text.replace("Do not edit", "coding: utf-7"),
    lambda text: text.replace('"""The LSTM', '# +AAo-PWN=1\n"""The LSTM'),
    lambda text: text.replace('"""The LSTM', 'import os\n"""The LSTM'),
    lambda text: text.replace('"""The LSTM', 'f"""The LSTM'),
    lambda text: text.replace('"""The LSTM', '"""" "; import os; """'),
    lambda text: text.replace("The LSTM", "The \\N{BOGUS} LSTM"),
    lambda text: text.replace("The LSTM", "The \\d LSTM"),
    lambda text: text.replace("The LSTM", 'The """; import os; """LSTM'),
    lambda text: text.replace("The LSTM", "The \u202e LSTM"),
    lambda text: text.replace("The LSTM", "The \xe9 LSTM"),
    lambda text: text.replace("The LSTM", "The \x00 LSTM"),
    lambda text: text.replace("The LSTM", "The \t LSTM"),
    lambda text: text.replace("# (D, 4*H)", "# (D, 4*H)\rimport os", 1),
    lambda text: text.replace("# (D, 4*H)", "# (D, 4*H)\x0cimport os", 1),
    lambda text: text.replace("# (D, 4*H)", "# (D, 4*H)\n    import os", 1),
    lambda text: text.replace("\n", "\r\n"),
    lambda text: "\ufeff" + text,
    lambda text: text + "import os\n",
    lambda text: text + "\n\n\nimport os\n",
    lambda text: text.replace("tanh", "t\uff41nh", 1),
    lambda text: f"{text}X = {'(' * 250}1{')' * 250}\n",
    lambda text: f"{text}X = {'-' * 20_000}1\n",
    lambda text: "",
    lambda text: "# Generated by bpgen.\n",
]


def refused(name: str, splice: Callable[[str], str]) -> None:
    files = emitted(LSTM)
    admit(files, pair(LSTM))
    spliced = splice(files[name])
    assert spliced != files[name]
    with pytest.raises(Unexpected, match=f"^{re.escape(name)}: "):
        admit(files | {name: spliced}, pair(LSTM))


@pytest.mark.parametrize("snippet", STATEMENTS)
def test_statements(snippet: str) -> None:
    refused("lstm.py", in_body(snippet))


@pytest.mark.parametrize("snippet", [*STATEMENTS[:18], *EXPRESSIONS])
def test_statements_of_the_plain_pass(snippet: str) -> None:
    refused("test_lstm.py", after("H, _ = U.shape", f"    {snippet}"))


@pytest.mark.parametrize("snippet", EXPRESSIONS)
def test_expressions(snippet: str) -> None:
    refused("lstm.py", value(snippet))


@pytest.mark.parametrize("snippet", AT_TOP)
def test_the_top_of_a_module(snippet: str) -> None:
    refused("lstm.py", at_top("\n\ndef init_params(", snippet))


@pytest.mark.parametrize(
    "snippet",
    [s for s in AT_TOP if "def plain" not in s and s.strip() != "import os"],  # both are a test's
)
def test_the_top_of_a_test(snippet: str) -> None:
    refused("test_lstm.py", at_top("\nSIZES = {", snippet))


@pytest.mark.parametrize("splice", TEXT)
def test_text(splice: Callable[[str], str]) -> None:
    refused("lstm.py", splice)


ELSEWHERE = [
    ("lstm.py", instead("return Params(W, U, b)", "return Params(W, U, b), exec('1')")),
    ("lstm.py", instead("for t in range(T):", "for t in exec('1'):")),
    ("lstm.py", instead("1.0, e) / (1.0 + e)", "1.0, e) / (2.0 + e)")),
    ("lstm.py", instead('raise TypeError(f"{first}', 'raise ValueError(f"{first}')),
    ("lstm.py", instead("import math", "import maths")),
    ("lstm.py", instead("from typing import", "from types import")),
    ("lstm.py", instead("class Params(NamedTuple)", "class Params(exec('1'))")),
    ("lstm.py", instead("def forward(", "@exec\ndef forward(")),
    ("lstm.py", instead("def forward(", "def forward[T: exec('1')](")),
    ("lstm.py", instead("def sigmoid(", "@exec\ndef sigmoid(")),
    ("lstm.py", instead("dtype=np.float64", "dtype=exec('1')")),
    ("lstm.py", instead("h0=None", "h0=print")),
    ("lstm.py", instead("W: np.ndarray", "W: exec('1')")),
    ("test_lstm.py", instead("import lstm as module", "import os as module")),
    ("test_lstm.py", instead("BPGEN_SEED", "PATH")),
    ("test_lstm.py", instead("@functools.cache", "@exec")),
    ("test_lstm.py", instead("error::numpy", "ignore::numpy")),
    ("test_lstm.py", instead("def test_pure():", "def test_pure(x=exec('1')):")),
    ("test_lstm.py", instead("def plain(", "@exec\ndef plain(")),
    ("test_lstm.py", instead("kinks=None", "kinks=exec('1')")),
    ("test_lstm.py", instead('"T": 5', '"T": exec("1")')),
]


@pytest.mark.parametrize("number", range(len(ELSEWHERE)))
def test_elsewhere(number: int) -> None:
    refused(*ELSEWHERE[number])


# -- what a file must hold -------------------------------------------------------------------------

TWICE = [
    ("lstm.py", "SHAPES = {}"),
    ("lstm.py", "OPTIONAL = ()"),
    ("lstm.py", 'class Params(NamedTuple):\n    """A."""'),
    ("lstm.py", 'def forward(params):\n    """A."""\n    return params'),
    ("lstm.py", "fold = 1"),
    ("test_lstm.py", "WHICH = ()"),
    ("test_lstm.py", "PARAMS = ()"),
    ("test_lstm.py", 'def plain(x):\n    """A."""\n    return x'),
]


@pytest.mark.parametrize(("name", "snippet"), TWICE)
def test_a_name_is_given_once(name: str, snippet: str) -> None:
    mark = "\n\ndef init_params(" if name == "lstm.py" else "\n\ndef plain("
    refused(name, at_top(mark, snippet))


@pytest.mark.parametrize("head", ["class Grads", "def backward(", "def init_params(", "def plain("])
def test_a_function_or_record_that_lacks(head: str) -> None:
    name = "test_lstm.py" if "plain" in head else "lstm.py"
    refused(name, lambda text: without(text, head))


def without(text: str, head: str) -> str:
    """A file without the blocks that begin with some words."""
    return "\n\n\n".join(b for b in text.split("\n\n\n") if not b.strip("\n").startswith(head))


def test_records_in_another_order() -> None:
    def splice(text: str) -> str:
        blocks = text.split("\n\n\n")
        return "\n\n\n".join([blocks[0], blocks[2], blocks[1], *blocks[3:]])

    refused("lstm.py", splice)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    W: np.ndarray  # (D, 4*H)\n", ""),
        ("    W: np.ndarray  # (D, 4*H)\n    U", "    U: np.ndarray\n    W"),
        ("    h: np.ndarray  # (T, N, H)\n", ""),
    ],
)
def test_fields_are_those_of_the_cell(old: str, new: str) -> None:
    refused("lstm.py", instead(old, new))


@cache
def pages(path: Path) -> dict[str, page.Module | page.Test]:
    plan = run(read(path))
    return {f"{path.stem}.py": numpy.write(plan), f"test_{path.stem}.py": shipped.write(plan)}


@pytest.mark.parametrize("name", ["lstm.py", "test_lstm.py"])
def test_no_block_may_lack_or_stand_twice_or_change_places(name: str) -> None:
    """Each test of the file, its helpers, its tables: whatever stands between blank lines."""
    blocks = emitted(LSTM)[name].split("\n\n\n")
    assert len(blocks) > 15
    for i, block in enumerate(blocks):
        for others in ([], [block, block], [f"{block}\nx = 1"], [blocks[i - 1]]):
            unlike_its_page(name, "\n\n\n".join([*blocks[:i], *others, *blocks[i + 1 :]]))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("test_lstm.py", 'PARAMS = ("W", "U", "b")', "PARAMS = ()"),
        ("test_lstm.py", 'WHICH = ("first", "second")', "WHICH = ()"),
        ("test_lstm.py", "SCALES = (1.0, 100.0)", "SCALES = ()"),
        ("test_lstm.py", "FROZEN = ()", 'FROZEN = ("W", "U", "b")'),
        ("test_lstm.py", "\npytestmark", "\nx"),
        ("lstm.py", '"x": "T N D", ', ""),
        ("lstm.py", 'OPTIONAL = ("h0", ', 'OPTIONAL = ("W", "h0", '),
        ("lstm.py", "h0=None, c0=None", "c0=None, h0=None"),
        ("lstm.py", "import math\n", ""),
    ],
)
def test_what_a_page_says_is_what_stands_there(name: str, old: str, new: str) -> None:
    unlike_its_page(name, instead(old, new)(emitted(LSTM)[name]))


def unlike_its_page(name: str, text: str) -> None:
    files = emitted(LSTM)
    complete(files, pages(LSTM))
    with pytest.raises(Unexpected, match=f"^{re.escape(name)}: "):
        complete(files | {name: text}, pages(LSTM))


@pytest.mark.parametrize("template", ["numpy/module.py.jinja", "numpy/test.py.jinja"])
def test_what_a_template_adds_is_our_own_fault(
    template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = compiling.render

    def render(made: page.Module | page.Test, name: str) -> str:
        return real(made, name) + ("\n\nX = 1\n" if name == template else "")

    monkeypatch.setattr(compiling, "render", render)
    with pytest.raises(Unexpected, match="page has"):
        compile_source(read(LSTM))


def test_what_another_operator_may_call_is_not_for_this_cell() -> None:
    """`np.cumsum` is spelled by `cumsum`, which the LSTM does not have."""
    refused("lstm.py", value("np.cumsum(b)"))


def test_it_is_our_own_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 3, nothing written, and the thing is named."""
    evil = replace(OPERATORS["tanh"], numpy="eval({a})")
    monkeypatch.setitem(OPERATORS, "tanh", evil)
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["compile", "lstm", "-o", str(out)])
    assert done.exit_code == 3 and not out.exists()
    assert "lstm.py: `eval`, which nothing defines, in `eval`" in done.output
    assert "Traceback" not in done.output
