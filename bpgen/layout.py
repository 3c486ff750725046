"""One statement as `ruff format` lays it out, so that emitted modules need no formatter.

Emitters write expressions with as many parentheses as they like; `layout` reads the statement with
`ast`, keeps only the parentheses that the tree needs, and breaks what is longer than 100 columns.
The breaking is that of Black and ruff (0.17.5), in two steps. `_Writer` turns the tree into a
document: text, places where a line may break, and groups that break together. `_Printer` walks the
document and breaks a group only if the rest of its line, up to the next break, would not fit.

A `level` says what encloses an expression. Unenclosed, it can break in its own brackets only;
enclosed in some, it breaks before operators too; and in between, the level is the number of a group
that gets parentheses if it breaks. Brackets in there are measured as if broken (`Roomy`), for it is
better to break them than to add parentheses.

Refused with `ValueError`: lambdas, comprehensions, f-strings, bytes, `:=`, `a = b = c`, and what is
not a simple statement. Columns are characters, so wide (East Asian) text is measured wrongly.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple, TypeAlias

WIDTH = 100
UNENCLOSED, ENCLOSED = 0, -1  # levels; a positive one is the number of a group

Doc: TypeAlias = "str | tuple[Doc, ...] | Line | Group | Either | Indent | Roomy | Fit | Variants"


class Line(NamedTuple):  # a place to break; `flat` if the group around it does not break
    flat: str = ""
    hard: bool = False


class Group(NamedTuple):  # its lines break together; with `when`, only if that group is broken
    content: Doc
    number: int = 0
    when: int = 0
    expand: bool = False


class Either(NamedTuple):  # depends on whether group `number`, or the one around it, is broken
    broken: Doc
    flat: Doc = ""
    number: int = 0


class Indent(NamedTuple):  # four columns deeper; with `number`, only if that group is broken
    content: Doc
    number: int = 0


class Roomy(NamedTuple):  # while group `number` is not broken, measured as if all within were
    content: Doc
    number: int


class Fit(NamedTuple):  # in parentheses only if it fits in them but not without
    content: Doc
    number: int


class Variants(NamedTuple):  # the first that fits up to its first break, else the last
    variants: tuple[Doc, ...]


class _Item(NamedTuple):  # a document with how to print it, or measure it: whole, or to a break
    doc: Doc
    indent: int
    flat: bool = False
    whole: bool = False


@dataclass(slots=True)
class _Printer:
    lines: list[str]
    flat: dict[int, bool] = field(default_factory=dict)  # by number of group
    measured: bool = False  # that the line being printed fits

    def print(self, doc: Doc, indent: int) -> list[str]:
        stack = [_Item(doc, indent)]
        while stack:
            item = stack.pop()
            match item.doc:
                case str(text):
                    self.lines[-1] += text
                case Line(_, hard) if hard or not item.flat:
                    self.lines.append(" " * item.indent)
                    self.measured = False
                case Group(content, number, when, expand) if not when or not self.flat[when]:
                    flat = not expand and self._flat(stack, item, content, number)
                    self.flat[number] = flat
                    stack.append(item._replace(doc=content, flat=flat))
                case Fit(content, number):
                    stack.append(self._fit(stack, item, content, number))
                case Variants(variants):
                    stack.append(self._variant(stack, item, variants))
                case _:
                    if isinstance(item.doc, Roomy) and self.flat[item.doc.number]:
                        self.measured = False  # but as if broken
                    stack.extend(self._parts(item))
        return [line.rstrip() for line in self.lines]

    def _parts(self, item: _Item) -> list[_Item]:
        """What printing and measuring treat alike; the last comes first."""
        doc, indent, flat, whole = item
        match doc:
            case Line(text):
                return [_Item(text, indent, flat, whole)]
            case Either(broken, unbroken, number):
                chosen = unbroken if (self.flat[number] if number else flat) else broken
                return [_Item(chosen, indent, flat, whole)]
            case Indent(content, number):
                deeper = 0 if number and self.flat[number] else 4
                return [_Item(content, indent + deeper, flat, whole)]
            case Group(content) | Roomy(content):
                return [_Item(content, indent, flat, whole)]
            case tuple(parts):
                return [_Item(part, indent, flat, whole) for part in reversed(parts)]
        raise AssertionError(doc)

    def _flat(self, rest: list[_Item], item: _Item, content: Doc, number: int) -> bool:
        if item.flat and self.measured:
            return True
        self.measured = self.flat[number] = True
        return self._fits(rest, item._replace(doc=content, flat=True))

    def _fit(self, rest: list[_Item], item: _Item, content: Doc, number: int) -> _Item:
        if not self._flat(rest, item, content, number):
            self.flat[number] = False
            inside: Doc = ("(", Indent((_HARD, content)))
            if self._fits(rest, item._replace(doc=inside, whole=True)):
                return item._replace(doc=(inside, _HARD, ")"), flat=False)
        self.flat[number] = True
        return item._replace(doc=content, flat=True)

    def _variant(self, rest: list[_Item], item: _Item, variants: tuple[Doc, ...]) -> _Item:
        self.measured = True
        for variant in variants[:-1]:
            if self._fits(rest, item._replace(doc=variant, flat=True)):
                return item._replace(doc=variant, flat=True)
        return item._replace(doc=variants[-1], flat=False)

    def _fits(self, rest: list[_Item], first: _Item) -> bool:
        column, stack, rest = len(self.lines[-1]), [first], rest[:]
        while stack or rest:
            item = (stack or rest).pop()
            match item.doc:
                case str(text):
                    column += len(text)
                    if column > WIDTH:
                        return False
                case Line(_, hard) if hard or not item.flat:
                    if not item.whole:
                        return True
                    column = item.indent
                case Group(content, number, when, expand) if not when or not self.flat[when]:
                    self.flat[number] = item.flat and not expand
                    stack.append(item._replace(doc=content, flat=self.flat[number]))
                case Roomy(content, number) if self.flat[number]:
                    stack.append(item._replace(doc=content, flat=False, whole=True))
                case Fit(content, number):
                    self.flat[number] = item.flat
                    stack.append(item._replace(doc=content))
                case Variants(variants):
                    stack.append(item._replace(doc=variants[0 if item.flat else -1]))
                case _:
                    stack.extend(self._parts(item))
        return True


# ruff 0.17.5 writes `a** 2` if parentheses were added around the statement because it broke, and
# takes `(a**2)` as it is; the latter is what is laid out then
_STRAY = "\0"
_SOFT, _SPACE, _HARD = Line(), Line(" "), Line(hard=True)

# the lower binds the less; operators of one precedence break together
_BINDING: dict[type[ast.AST], tuple[int, str]] = {
    ast.Or: (2, "or"), ast.And: (3, "and"), ast.Not: (4, "not "),
    ast.Lt: (5, "<"), ast.LtE: (5, "<="), ast.Gt: (5, ">"), ast.GtE: (5, ">="),
    ast.Eq: (5, "=="), ast.NotEq: (5, "!="), ast.In: (5, "in"), ast.NotIn: (5, "not in"),
    ast.Is: (5, "is"), ast.IsNot: (5, "is not"),
    ast.BitOr: (6, "|"), ast.BitXor: (7, "^"), ast.BitAnd: (8, "&"),
    ast.LShift: (9, "<<"), ast.RShift: (9, ">>"), ast.Add: (10, "+"), ast.Sub: (10, "-"),
    ast.Mult: (11, "*"), ast.MatMult: (11, "@"), ast.Div: (11, "/"), ast.FloorDiv: (11, "//"),
    ast.Mod: (11, "%"), ast.UAdd: (12, "+"), ast.USub: (12, "-"), ast.Invert: (12, "~"),
    ast.Pow: (13, "**"),
}  # fmt: skip
_CONDITIONAL, _COMPARISON, _UNARY, _POWER, _PRIMARY = 1, 5, 12, 13, 15


def layout(statement: str, indent: int = 0, comment: str = "") -> list[str]:
    """The lines of `statement`, each after `indent` spaces or more.

    A comment stands behind the last line, and counts for its width. Raises ValueError for what is
    not one simple statement of the few kinds that are emitted.
    """
    try:
        body = ast.parse(statement.strip()).body
    except SyntaxError as error:
        raise ValueError(f"not a statement: {statement}") from error
    if len(body) != 1:
        raise ValueError(f"not one statement: {statement}")
    writer = _Writer(statement.strip(), body[0])
    behind = f"  # {comment}" if comment else ""
    lines = _printed((writer.statement(), behind), indent)
    if any(_STRAY in line for line in lines):
        writer.parenthesise_powers()
        lines = _printed((writer.statement(), behind), indent)
        lines = [line.replace(_STRAY, " ") for line in lines]
    return lines


def _printed(doc: Doc, indent: int) -> list[str]:
    whole = _unbroken(doc)
    if whole is not None and indent + len(whole) <= WIDTH:  # most are; no group need be measured
        return [" " * indent + whole]
    return _Printer([" " * indent]).print(doc, indent)


def _unbroken(doc: Doc) -> str | None:
    """The document on one line, or None if a line of it must break."""
    match doc:
        case str():
            return doc
        case Line(flat, hard):
            return None if hard else flat
        case Group(_, _, when, expand) if expand and not when:
            return None
        case Either():
            return _unbroken(doc.flat)
        case Variants((first, *_)):
            return _unbroken(first)
        case Group(content) | Indent(content) | Roomy(content) | Fit(content):
            return _unbroken(content)
    text = ""
    for part in doc:
        whole = _unbroken(part)
        if whole is None:
            return None
        text += whole
    return text


def _operands(node: ast.AST) -> Iterator[tuple[ast.expr, int]]:
    """The operands of an operator, with how tight each must bind to stand without parentheses."""
    match node:
        case ast.IfExp(test, body, orelse):
            yield from [(body, _CONDITIONAL + 1), (test, _CONDITIONAL + 1), (orelse, _CONDITIONAL)]
        case ast.BoolOp(op, values):
            yield from [(value, _BINDING[type(op)][0] + 1) for value in values]
        case ast.Compare(left, _, comparators):
            yield from [(operand, _COMPARISON + 1) for operand in (left, *comparators)]
        case ast.UnaryOp(op, ast.BinOp(op=ast.Pow()) as operand):
            yield operand, _PRIMARY  # -(a**2): ruff asks for what the grammar does not need
        case ast.UnaryOp(op, operand):
            yield operand, _BINDING[type(op)][0]
        case ast.BinOp(left, ast.Pow(), right):
            yield from [(left, _POWER + 1), (right, _UNARY)]
        case ast.BinOp(left, op, right):
            yield from [(left, _BINDING[type(op)][0]), (right, _BINDING[type(op)][0] + 1)]
        case ast.Attribute(value) | ast.Subscript(value) | ast.Call(value):
            yield value, _PRIMARY
        case ast.Starred(value):
            yield value, _COMPARISON + 1


def _binding(node: ast.expr, parent: ast.AST) -> int:
    match node:
        case ast.IfExp() | ast.Starred():
            return _CONDITIONAL
        case ast.Compare():
            return _COMPARISON
        case ast.BoolOp(op) | ast.BinOp(_, op) | ast.UnaryOp(op):
            return _BINDING[type(op)][0]
        case ast.Constant(int() | float()) if isinstance(parent, ast.Attribute):
            return _CONDITIONAL  # (2).real
    return _PRIMARY


def _flat_tuples(statement: ast.AST) -> Iterator[ast.Tuple]:
    """The tuples that are written without parentheses; those of one element never are."""
    places: list[ast.expr | None] = []
    for node in ast.walk(statement):
        match node:
            case ast.Assign([ast.Tuple() as target], value):
                places += [target, value]
            case ast.Return(value) | ast.Subscript(slice=value):
                places.append(value)
    yield from (node for node in places if isinstance(node, ast.Tuple) and len(node.elts) > 1)


_CHAINS = ast.BinOp | ast.BoolOp | ast.Compare
_POSTFIX = ast.Attribute | ast.Subscript | ast.Call


def _chained(node: ast.BinOp | ast.BoolOp | ast.Compare) -> tuple[list[ast.expr], list[ast.AST]]:
    match node:
        case ast.BinOp(left, op, right):
            return [left, right], [op]
        case ast.BoolOp(op, values):
            return values, [op] * (len(values) - 1)
        case ast.Compare(left, ops, comparators):
            return [left, *comparators], [*ops]


class _Writer:
    def __init__(self, source: str, node: ast.stmt) -> None:
        self.source, self.node = source, node
        self.lines = [line.encode() for line in source.split("\n")]  # `ast` counts bytes
        self.numbers = count(1)
        self.flat_tuples = {id(node) for node in _flat_tuples(node)}
        self.parenthesised = {
            id(operand)
            for parent in ast.walk(node)
            for operand, least in _operands(parent)
            if _binding(operand, parent) < least
        }

    def parenthesise_powers(self) -> None:
        """Those written without spaces, in no brackets but these."""
        for value in ast.iter_child_nodes(self.node):
            for root in value.elts if isinstance(value, ast.Tuple) else [value]:
                for node in self._reached(root) if isinstance(root, ast.expr) else ():
                    match node:
                        case ast.BinOp(left, ast.Pow(), right) if node is not root:
                            if self._is_tight(left, self._end(right, 0)):
                                self.parenthesised.add(id(node))

    def statement(self) -> Doc:
        match self.node:
            case ast.Assign([target], value):
                return self._assignment(target, " = ", value)
            case ast.AugAssign(target, op, value):
                return self._assignment(target, f" {_BINDING[type(op)][1]}= ", value)
            case ast.Return(None):
                return "return"
            case ast.Return(ast.Tuple([_, _] as pair)):
                return ("return ", self._optional(lambda level: self._items(pair, level)))
            case ast.Return(ast.expr() as value):
                return ("return ", self._value(value))
            case ast.Expr(ast.BinOp(_, op) as value) if _BINDING[type(op)][0] in (6, 7, 9, 10):
                return self._value(value)
            case ast.Expr(value):
                return self._expr(value, UNENCLOSED)
            case ast.Raise(ast.expr() as value, None):
                return ("raise ", self._value(value, fit=False))
            case ast.Raise(ast.expr() as value, ast.expr() as cause):
                parts = (self._value(value, fit=False), " from ", self._value(cause, fit=False))
                return ("raise ", *parts)
        raise ValueError(f"not a statement that is laid out here: {self.source}")

    def _assignment(self, target: ast.expr, equals: str, value: ast.expr) -> Doc:
        left = (self._expr(target, UNENCLOSED), equals)
        unbroken = isinstance(target, ast.Name | ast.Attribute) or isinstance(value, ast.UnaryOp)
        if unbroken or self._need(value) != "fit":
            return (left, self._value(value))
        right = self._expr(value, UNENCLOSED)
        expanded = [(left, Group(right, expand=True))] if isinstance(value, _POSTFIX) else []
        enclosed = (left, Group(("(", Indent((_HARD, right)), _HARD, ")"), expand=True))
        return Variants(((left, right), *expanded, enclosed, (left, right)))

    def _value(self, node: ast.expr, fit: bool = True) -> Doc:
        """What stands at the end of a statement, in parentheses if they help."""
        match self._need(node):
            case "lines" if self._brackets_suffice(node):
                return self._optional(lambda level: self._expr(node, level))
            case "lines":
                return _if_broken(self._expr(node, ENCLOSED))
            case "fit" if fit:
                number = next(self.numbers)
                return Fit(self._expr(node, number), number)
        return self._expr(node, UNENCLOSED)

    def _optional(self, content: Callable[[int], Doc]) -> Doc:
        """In parentheses if breaking the brackets at its ends is not enough."""
        number = next(self.numbers)
        inside = Indent((_SOFT, content(number)), number)
        return Group((Either("("), inside, _SOFT, Either(")")), number)

    def _need(self, node: ast.expr) -> str:
        """Whether broken `lines` need parentheses, or only what does not `fit`, or `nothing`."""
        match node:
            case ast.Name() | ast.Constant():
                return "fit"
            case ast.List() | ast.Dict() | ast.Tuple():
                return "nothing"
            case ast.Attribute(inner) | ast.Subscript(inner) | ast.Call(inner):
                if self._is_fluent(node):
                    return "lines"
                return "nothing" if self.is_parenthesised(inner) else self._need(inner)
            case ast.UnaryOp(_, inner):
                return "nothing" if self.is_parenthesised(inner) else self._need(inner)
        return "lines"

    def is_parenthesised(self, node: ast.expr) -> bool:
        return id(node) in self.parenthesised

    def brackets(self, node: ast.expr) -> bool | None:
        """Whether there is something in the brackets with which `node` ends, if it has any."""
        if self.is_parenthesised(node) or isinstance(node, ast.Subscript):
            return True
        match node:
            case ast.List(items) | ast.Dict(items):
                return bool(items)
            case ast.Tuple(items):
                return None if id(node) in self.flat_tuples else bool(items)
            case ast.Call(_, arguments, keywords):
                return bool(arguments or keywords)
        return None

    def _brackets_suffice(self, node: ast.expr) -> bool:
        """Whether a long expression needs no parentheses if the brackets at its ends break."""
        reached = list(self._reached(node))
        if not any(self.brackets(n) is not None for n in reached):
            return False
        operators = Counter[int]()
        for part in reached:
            if not self.is_parenthesised(part):
                operators.update(self._operators(part))
        weakest = min(operators, default=_PRIMARY)
        if weakest > _POWER or operators[weakest] > 1:
            return operators[weakest] < 2
        ends = (self._end(node, 0), self._end(node, -1))
        return any(self.brackets(e) and not isinstance(e, ast.Subscript) for e in ends)

    def _reached(self, node: ast.expr) -> Iterator[ast.expr]:
        """All that is in `node` and not in brackets, and those brackets."""
        todo = [node]
        while todo:
            node = todo.pop()
            yield node
            if not self.is_parenthesised(node):
                todo += [operand for operand, _ in _operands(node)][::-1]

    def _operators(self, node: ast.expr) -> list[int]:
        """How tight they bind, those of `node` itself."""
        match node:
            case ast.IfExp():
                return [_CONDITIONAL] * 2  # `if` and `else`
            case ast.BinOp() | ast.BoolOp() | ast.Compare():
                return [_breaking(op) for op in _chained(node)[1]]
            case ast.UnaryOp(ast.Invert()):
                return [_UNARY]
            case ast.Attribute(inner) if self.brackets(inner) is not None:
                return [_PRIMARY]
        return []

    def _end(self, node: ast.expr, which: int) -> ast.expr:
        """The first (0) or last (-1) expression in `node` that is not just the end of another."""
        while not self.is_parenthesised(node):
            stop = _POSTFIX if which else ast.UnaryOp | ast.Starred
            operands = list(_operands(node))
            if not operands or isinstance(node, stop):
                break
            node = operands[which][0]
        return node

    def _is_fluent(self, node: ast.expr) -> bool:
        """Whether two attributes or more follow brackets: `a.b().c().d`."""
        dots = 0
        while isinstance(node, _POSTFIX):
            inner = node.func if isinstance(node, ast.Call) else node.value
            if isinstance(node, ast.Attribute):
                dots += self.is_parenthesised(inner) or isinstance(inner, ast.Call | ast.Subscript)
            if self.is_parenthesised(inner):
                break
            node = inner
        return dots > 1

    def _expr(self, node: ast.expr, level: int, fluent: bool | None = None) -> Doc:
        if self.is_parenthesised(node):
            return _bracketed(level, "(", self._bare(node, ENCLOSED), ")")
        return self._bare(node, level, fluent)

    def _bare(self, node: ast.expr, level: int, fluent: bool | None = None) -> Doc:
        match node:
            case ast.Name(name):
                return name
            case ast.Constant():
                return self._constant(node)
            case ast.Attribute() | ast.Subscript() | ast.Call():
                return self._postfix(node, level, fluent)
            case ast.BinOp() | ast.BoolOp() | ast.Compare():
                return _grouped(level, self._chain(self._flatten(node), level))
            case ast.UnaryOp(op, operand):
                return (_BINDING[type(op)][1], self._expr(operand, level))
            case ast.Starred(value):
                return ("*", self._expr(value, level))
            case ast.IfExp():
                return _grouped(level, self._conditional(node, level))
            case ast.Slice():
                return self._slice(node, level)
            case ast.List(items):
                return _bracketed(level, "[", self._items(items), "]") if items else "[]"
            case ast.Dict(keys, values):
                pairs = [self._pair(*pair) for pair in zip(keys, values, strict=True)]
                return _bracketed(level, "{", _joined(pairs), "}") if pairs else "{}"
            case ast.Tuple([item]):
                return _bracketed(level, "(", (self._expr(item, ENCLOSED), ","), ")")
            case ast.Tuple(items) if id(node) in self.flat_tuples:
                return _if_broken(self._items(items))
            case ast.Tuple(items):
                return _bracketed(level, "(", self._items(items), ")") if items else "()"
        raise ValueError(f"{type(node).__name__} is not laid out here: {self.source}")

    def _items(self, nodes: Iterable[ast.expr], level: int = ENCLOSED) -> Doc:
        return _joined([self._expr(node, level) for node in nodes])

    def _pair(self, key: ast.expr | None, value: ast.expr) -> Doc:
        if key is None:
            return ("**", self._expr(value, ENCLOSED))
        return Group((self._expr(key, ENCLOSED), ": ", self._expr(value, ENCLOSED)))

    def _constant(self, node: ast.Constant) -> str:
        match node.value:
            case None | bool():
                return repr(node.value)
            case str(text):
                return _quoted(text)
            case int() | float() | complex():
                line = self.lines[node.lineno - 1]
                return _number(line[node.col_offset : node.end_col_offset].decode())
            case _ if node.value is ...:
                return "..."
        raise ValueError(f"{node.value!r} is not laid out here: {self.source}")

    def _postfix(
        self, node: ast.Attribute | ast.Subscript | ast.Call, level: int, fluent: bool | None
    ) -> Doc:
        inner = node.func if isinstance(node, ast.Call) else node.value
        now = level != UNENCLOSED and self._is_fluent(node) if fluent is None else fluent
        doc: Doc = self._expr(inner, level, now)
        match node:
            case ast.Attribute(_, name):
                brackets = isinstance(inner, ast.Call | ast.Subscript)
                dot = now and (brackets or self.is_parenthesised(inner))
                doc = (doc, _SOFT if dot else "", ".", name)
            case ast.Subscript(_, ast.Tuple(items) as slices) if id(slices) in self.flat_tuples:
                doc = (doc, _bracketed(level, "[", Group(self._items(items)), "]"))
            case ast.Subscript(_, index):
                doc = (doc, _bracketed(level, "[", self._expr(index, ENCLOSED), "]"))
            case ast.Call(_, arguments, keywords):
                both: list[ast.expr | ast.keyword] = [*arguments, *keywords]
                both.sort(key=lambda argument: (argument.lineno, argument.col_offset))
                given = Group(_joined([self._argument(argument) for argument in both]))
                doc = (doc, _bracketed(level, "(", given, ")") if both else "()")
        return Group(doc) if now and fluent is None else doc

    def _argument(self, node: ast.expr | ast.keyword) -> Doc:
        if isinstance(node, ast.expr):
            return self._expr(node, ENCLOSED)
        return (f"{node.arg}=" if node.arg else "**", self._expr(node.value, ENCLOSED))

    def _slice(self, node: ast.Slice, level: int) -> Doc:
        simple = all(_is_simple(part) for part in (node.lower, node.upper, node.step) if part)
        lower, upper, step = (
            self._expr(part, level) if part else "" for part in (node.lower, node.upper, node.step)
        )
        space = "" if simple else " "
        doc: tuple[Doc, ...] = (lower, space if lower else "", ":", space if upper else "", upper)
        return (*doc, space if upper else "", ":", space, step) if step else doc

    def _conditional(self, node: ast.IfExp, level: int) -> Doc:
        line = _line(level)
        test, rest = self._expr(node.test, level), self._expr(node.orelse, level)
        if isinstance(node.orelse, ast.IfExp):
            rest = self._conditional(node.orelse, level)  # no group of its own
        else:
            rest = _grouped(level, rest)
        return (self._expr(node.body, level), line, "if ", test, line, "else ", rest)

    def _flatten(self, node: ast.BinOp | ast.BoolOp | ast.Compare) -> list[ast.AST]:
        """Operands with the operators between them."""
        parts: list[ast.AST] = []
        todo: list[ast.AST] = [node]  # no recursion: a sum may have a thousand terms
        while todo:
            part = todo.pop()
            if isinstance(part, _CHAINS) and (part is node or not self.is_parenthesised(part)):
                operands, operators = _chained(part)
                for operator, operand in zip(operators[::-1], operands[:0:-1], strict=True):
                    todo += [operand, operator]
                todo.append(operands[0])
            else:
                parts.append(part)
        return parts

    def _chain(self, parts: list[ast.AST], level: int) -> Doc:
        """Breaks before the operators that bind least, and in what is between them only then."""
        if len(parts) == 1:
            return self._expr(_an_expr(parts[0]), level)
        least = min(_breaking(op) for op in parts[1::2])
        ends = [i for i in range(1, len(parts), 2) if _breaking(parts[i]) == least]
        doc: list[Doc] = []
        for start, end in zip([0, *(i + 1 for i in ends)], [*ends, len(parts)], strict=True):
            if start:
                op = _BINDING[type(parts[start - 1])][1]
                tight = op == "**" and self._is_tight(parts[start - 2], parts[start])
                gap = _gap(level) if tight else " "
                doc += [_line(level, "" if tight else " "), op, gap]
            inner = self._chain(parts[start:end], level)
            doc.append(inner if end - start == 1 else _grouped(level, inner))
        return tuple(doc)

    def _is_tight(self, left: ast.AST, right: ast.AST) -> bool:
        """Whether a power is written without spaces."""
        return not any(
            id(side) in self.parenthesised or not _is_short(side) for side in (left, right)
        )


def _is_short(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(inner):
            return _is_short(inner)
        case ast.UnaryOp(op, inner):
            return not isinstance(op, ast.Not) and _is_short(inner)
        case ast.Constant(value):
            return not isinstance(value, str) and value is not ...
    return isinstance(node, ast.Name)


def _an_expr(node: ast.AST) -> ast.expr:
    assert isinstance(node, ast.expr)
    return node


def _breaking(op: ast.AST) -> int:
    return max(_BINDING[type(op)][0], 3)  # `and` and `or` break together


def _is_simple(node: ast.expr) -> bool:
    """Whether a slice has no spaces around a colon next to it."""
    if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
        return _is_simple(node.operand)
    return isinstance(node, ast.Name | ast.Constant)


def _line(level: int, flat: str = " ") -> Doc:
    if level > UNENCLOSED:
        return Either(Line(flat), flat, level)
    return Line(flat) if level == ENCLOSED else flat


def _gap(level: int) -> Doc:
    """After `**`, if there is no space before it: ruff's own slip, see `_STRAY`."""
    if level > UNENCLOSED:
        return Either(_STRAY, number=level)
    return Either(" ") if level == ENCLOSED else ""


def _grouped(level: int, content: Doc) -> Doc:
    return content if level == UNENCLOSED else Group(content, when=max(level, 0))


def _bracketed(level: int, left: str, content: Doc, right: str) -> Doc:
    inside = Group((Indent((_SOFT, content)), _SOFT))
    return (left, Roomy(inside, level) if level > UNENCLOSED else inside, right)


def _if_broken(content: Doc) -> Doc:
    return Group((Either("("), Indent((_SOFT, content)), _SOFT, Either(")")))


def _joined(items: list[Doc]) -> Doc:
    doc = [part for item in items for part in (item, ",", _SPACE)][:-2]
    return (*doc, Either(",")) if len(items) > 1 else tuple(doc)


def _quoted(text: str) -> str:
    quote = "'" if text.count('"') > text.count("'") else '"'
    escaped = {"'": "'", '"': '"', quote: "\\" + quote}
    return quote + "".join(escaped.get(c) or repr(c)[1:-1] for c in text) + quote


def _number(text: str) -> str:
    """Digits as they are: `0xFF`, `1e-5`, `0.5`, `1.0`, `2j`."""
    text = text.lower()
    if text.startswith("0x"):
        return "0x" + text[2:].upper()
    text = re.sub(r"(?<![\d_])\.", "0.", text)
    return re.sub(r"\.(?!\d)", ".0", text).replace("e+", "e")
