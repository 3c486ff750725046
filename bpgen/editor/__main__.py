"""Prints a file for an editor: `python -m bpgen.editor textmate > bpgen.tmLanguage.json`."""

import argparse

from bpgen.editor import textmate, vim

FILES = {"textmate": textmate.grammar, "vim": vim.syntax}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bpgen.editor", description=__doc__)
    parser.add_argument("file", choices=FILES)
    print(FILES[parser.parse_args().file](), end="")


if __name__ == "__main__":
    main()
