"""Where the grammar and the templates lie: beside the package in a checkout, inside it in a wheel.

They are data of the project and not of the Python package, so they have folders of their own at the
top level. A wheel carries them as `bpgen/_data/grammar` and `bpgen/_data/templates`.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def data_root() -> Traversable:
    """The folder that holds `grammar` and `templates`."""
    shipped = files("bpgen").joinpath("_data")
    if shipped.is_dir():
        return shipped
    checkout = Path(__file__).resolve().parent.parent
    if checkout.joinpath("grammar", "spec.lark").is_file():
        return checkout
    raise FileNotFoundError("bpgen: grammar/ and templates/ not found; install the package again")


def grammar_text(name: str) -> str:
    """The text of a grammar, such as `spec.lark`."""
    return _text("grammar", name)


def template_text(name: str) -> str:
    """The text of a template by its path below `templates`, such as `numpy/module.py.jinja`."""
    return _text("templates", name)


def _text(folder: str, name: str) -> str:
    parts = name.split("/")
    if any(part in ("", ".", "..") or "\\" in part for part in parts):
        raise FileNotFoundError(f"bpgen: no such file in {folder}/: {name!r}")
    return data_root().joinpath(folder, *parts).read_text("utf-8")
