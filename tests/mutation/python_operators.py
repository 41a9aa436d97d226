"""Mutants of a Python module, from its syntax tree. Pure.

Docstrings, annotations, imports and definitions are left alone, and formatted strings, whose positions are not exact.
"""

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from tests.mutation.mutants import Edit, Mutant, mutant_of, without_duplicates

_COMPARISONS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<", "<=", ">="),
    ast.LtE: ("<=", "<", ">"),
    ast.Gt: (">", ">=", "<="),
    ast.GtE: (">=", ">", "<"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
"""Each comparison as it is written, and what it is flipped to."""

_CONTAINER_METHODS = frozenset(
    ["add", "append", "clear", "difference_update", "discard", "extend", "pop", "remove", "update"]
)

_BLOCKS = ("body", "orelse", "finalbody")


class PythonSource:
    """A module, and where each node of its tree stands in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Offsets of the first character of a node and of the one after it."""
        place = _Place(node)
        return self._offset(place.lineno, place.col_offset), self._offset(place.end_lineno, place.end_col_offset)

    def code(self, node: ast.AST) -> str:
        """A node as it is written."""
        start, end = self.span(node)
        return self.text[start:end]

    def _offset(self, line: int, column: int) -> int:
        """A tree counts columns in bytes."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())


class _Place:
    """Positions of a node that has some."""

    def __init__(self, node: ast.AST) -> None:
        self.lineno: int = getattr(node, "lineno")  # noqa: B009 - not every node is declared to have it
        self.col_offset: int = getattr(node, "col_offset")  # noqa: B009
        self.end_lineno: int = getattr(node, "end_lineno")  # noqa: B009
        self.end_col_offset: int = getattr(node, "end_col_offset")  # noqa: B009


class _Found(NamedTuple):
    """A node, and the names of the classes and functions around it."""

    function: str
    node: ast.AST


def python_mutants(path: str, text: str) -> list[Mutant]:
    """All mutants of a module."""
    source = PythonSource(text)
    found = [*_nodes(source.tree, "")]
    return without_duplicates(
        mutant_of(path, text, function, name, edit)
        for name, operator in _OPERATORS
        for function, node in found
        for edit in operator(source, node, function)
    )


def _nodes(node: ast.AST, function: str) -> Iterator[_Found]:
    yield _Found(function, node)
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:  # pyright: ignore[reportUnknownVariableType]
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                yield from _nodes(child, _name_inside(child, function))


def _name_inside(node: ast.AST, outer: str) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return f"{outer}.{node.name}".lstrip(".")
    return outer


def _comparisons(source: PythonSource, node: ast.AST, function: str) -> Iterator[Edit]:
    if not isinstance(node, ast.Compare):
        return
    operands = [node.left, *node.comparators]
    for operator, left, right in zip(node.ops, operands, node.comparators, strict=False):
        written, *others = _COMPARISONS[type(operator)]
        start = source.text.find(written, source.span(left)[1], source.span(right)[0])
        if start >= 0:
            yield from (Edit(start, start + len(written), other) for other in others)


def _dropped_statements(source: PythonSource, node: ast.AST, function: str) -> Iterator[Edit]:
    """Statements of functions: a module or a class without one of its own is not a program."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.AnnAssign(value=None) | ast.Return(value=None):
            return
        case (
            ast.Expr()
            | ast.Assign()
            | ast.AnnAssign()
            | ast.AugAssign()
            | ast.Return()
            | ast.Delete()
            | ast.Continue()
            | ast.Break()
        ) if function:
            yield Edit(*source.span(node), "pass")
        case _:
            return


def _swallowed_errors(source: PythonSource, node: ast.AST, function: str) -> Iterator[Edit]:
    match node:
        case ast.Raise():
            yield Edit(*source.span(node), "pass")
        case ast.ExceptHandler(body=body):
            yield Edit(source.span(body[0])[0], source.span(body[-1])[1], "pass")
        case _:
            return


def _constants(source: PythonSource, node: ast.AST, function: str) -> Iterator[Edit]:
    match node:
        case ast.Constant(value=bool()):
            return
        case ast.Constant(value=int(number)):
            for other in (number + 1, number - 1):
                yield Edit(*source.span(node), str(other))
        case _:
            return


def _swapped_calls(source: PythonSource, node: ast.AST, function: str) -> Iterator[Edit]:
    """Two calls that stand next to each other, in the other order."""
    for block in _BLOCKS:
        statements: Sequence[ast.stmt] = getattr(node, block, [])
        if not isinstance(statements, list):
            continue  # the body of a conditional expression
        for first, second in pairwise(statements):
            if _is_call(first) and _is_call(second) and not _commute(first, second):
                start, end = source.span(first)[0], source.span(second)[1]
                between = source.text[source.span(first)[1] : source.span(second)[0]]
                yield Edit(start, end, source.code(second) + between + source.code(first))


def _is_call(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Call()) | ast.Expr(value=ast.Await(value=ast.Call())):
            return True
        case _:
            return False


def _commute(first: ast.stmt, second: ast.stmt) -> bool:
    """Whether each changes a container of its own by values that no call computes: their order does not matter."""
    changed = [_changed_container(statement) for statement in (first, second)]
    return None not in changed and changed[0] != changed[1]


def _changed_container(statement: ast.stmt) -> str | None:
    match statement:
        case ast.Expr(ast.Call(ast.Attribute(value=container, attr=method), args, keywords=[])):
            names = [ast.unparse(node) for node in ast.walk(container) if isinstance(node, ast.Name | ast.Attribute)]
            is_plain = not any(isinstance(node, ast.Call) for arg in args for node in ast.walk(arg))
            return names[0] if method in _CONTAINER_METHODS and names and is_plain else None
        case _:
            return None


def _conditions(source: PythonSource, node: ast.AST, function: str) -> Iterator[Edit]:
    """Conditions negated, `and` and `or` exchanged. Comparisons are flipped elsewhere."""
    match node:
        case ast.BoolOp(op=operator, values=values):
            other = " or " if isinstance(operator, ast.And) else " and "
            yield Edit(*source.span(node), other.join(f"({source.code(value)})" for value in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield Edit(*source.span(node), f"({source.code(operand)})")
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield from _negated(source, test)
        case ast.comprehension(ifs=tests):
            for test in tests:
                yield from _negated(source, test)
        case _:
            return


def _negated(source: PythonSource, test: ast.expr) -> Iterator[Edit]:
    if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant | ast.NamedExpr):
        yield Edit(*source.span(test), f"(not ({source.code(test)}))")


_OPERATORS = (
    ("comparison flipped", _comparisons),
    ("statement dropped", _dropped_statements),
    ("error swallowed", _swallowed_errors),
    ("constant off by one", _constants),
    ("calls swapped", _swapped_calls),
    ("condition negated", _conditions),
)
