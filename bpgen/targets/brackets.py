"""Brackets around the text of an operand: `layout` takes out those that are not needed, but Python
reads no more than 200 of them, one in another, so that they are not to be wasted either.
"""

from itertools import accumulate

from bpgen.ir import Node


def bracketed(text: str) -> str:
    """The text in brackets, unless it is a word, a call, a subscript or in brackets already."""
    depth = 0
    for sign in text:
        depth += sign in "(["
        if not (depth or sign.isalnum() or sign in "_."):
            return f"({text})"
        depth -= sign in ")]"
    return f"({text})" if text[0].isdigit() else text


def first(node: Node, text: str, *ops: str) -> str:
    """The text of a left operand; without brackets if it is of one of these, which bind alike."""
    text = bracketed(text)
    depths = list(accumulate((sign in "([") - (sign in ")]") for sign in text))
    return text[1:-1] if node.op in ops and text[0] == "(" and 0 not in depths[:-1] else text
