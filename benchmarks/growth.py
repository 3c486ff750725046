"""Time how long specs of many equations take to compile: `python benchmarks/growth.py -o out`.

README.md, beside this file, says what is measured and how.
"""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)  # so that `benchmarks` is a package

if __name__ == "__main__":
    from benchmarks.compiling import main

    sys.exit(main())
