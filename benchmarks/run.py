"""Time a training step of generated modules beside their peers: `python benchmarks/run.py --help`.

README.md, beside this file, says what is measured and how.
"""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)  # so that `benchmarks` is a package

if __name__ == "__main__":
    from benchmarks.command import main

    sys.exit(main())
