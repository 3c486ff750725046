"""What editors and documentation tools need to colour a spec, made from the words of the language.

`pygments` is a lexer, which Pygments finds by itself. `textmate` writes the grammar that VS Code,
Sublime Text and Shiki read, and `vim` the syntax file of Vim. `python -m bpgen.editor` prints them;
a copy of each lies beside this file, where tests hold it to what is printed.
"""
