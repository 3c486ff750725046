"""From a spec to its module, imported: what `bpgen compile` and then `import` do."""

import importlib.util
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from bpgen import files
from bpgen.compile import compile_source
from bpgen.source import Source


def load(spec: Source, out: Path | None = None) -> ModuleType:
    """Compile a spec and import its module; with `out`, module and test stay in that folder.

    Raises `Refused` if the spec is wrong, or if `out` holds a file that is not to be replaced.
    """
    texts = compile_source(spec)
    with TemporaryDirectory(prefix="bpgen-") as scratch:
        folder = out or Path(scratch)
        files.write(folder, texts)
        path = folder / next(iter(texts))  # the module; its test is the second
        found = importlib.util.spec_from_file_location(path.stem, path)
        assert found is not None and found.loader is not None
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
    return module
