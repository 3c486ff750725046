"""`python -m bpgen` is `bpgen`."""

from bpgen.cli import main

if __name__ == "__main__":
    main(prog_name="bpgen")
