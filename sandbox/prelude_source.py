"""From a cell's text to code: parsing, and the three changes that make it a cell."""

import ast
from types import CodeType

from .prelude_control import Control
from .prelude_rewrite_names import CELL, located

# Objects reach the compiled code as constants, put in the place of these texts after compiling: no name
# stands for them that the guest could rebind.
_CONTROL = "\0rlm:control"


def parse(source: str, filename: str) -> ast.Module:
    """The syntax tree of a cell; an indented cell is taken as if it were not."""
    text = source.removeprefix("\ufeff")
    try:
        return ast.parse(text, filename)
    except IndentationError as error:
        try:
            return ast.parse(dedent(text), filename)
        except SyntaxError:
            raise error from None


def dedent(text: str) -> str:
    """`text` without the indentation of its first line of code, where all lines have it."""
    lines = text.split("\n")
    first = next((line for line in lines if line.strip()), "")
    margin = first[: len(first) - len(first.lstrip(" \t"))]
    if not margin:
        return text
    return "\n".join(line.removeprefix(margin) for line in lines)


def compile_cell(tree: ast.Module, source: str, filename: str, cell: object) -> CodeType:
    """Compiles a cell so that `cell.show(value)` gets the last expression's value.

    Every `try` of the cell lets the runner's own exceptions pass, whatever it catches.
    """
    _show_last(tree, source)
    for statement in _statements(tree):
        if isinstance(statement, ast.Try | ast.TryStar) and statement.handlers:
            statement.handlers.insert(0, _pass_on(statement))
    code = compile(tree, filename, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return _replace(code, {_CONTROL: (Control,), CELL: cell})


def _show_last(tree: ast.Module, source: str) -> None:
    """Hands the value of a last expression to the runner, unless a semicolon ends it."""
    if not tree.body or source.rstrip().endswith(";"):
        return
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        show = located(ast.Attribute(ast.Constant(CELL), "show", ast.Load()), last)
        last.value = ast.copy_location(ast.Call(show, [last.value], []), last)


def _pass_on(statement: ast.Try | ast.TryStar) -> ast.ExceptHandler:
    """A first handler that raises the runner's exceptions again."""
    handler = ast.ExceptHandler(ast.Constant(_CONTROL), None, [ast.Raise(None, None)])
    return located(handler, statement.handlers[0])


def _statements(tree: ast.AST) -> list[ast.stmt]:
    """All statements below `tree`; expressions are not entered, so depth is bounded by indentation."""
    found: list[ast.stmt] = []
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            children = getattr(node, field, None)
            if isinstance(children, list):
                found.extend(child for child in children if isinstance(child, ast.stmt))
                pending.extend(children)
    return found


def _replace(code: CodeType, objects: dict[str, object]) -> CodeType:
    """`code` with objects in place of the texts that stand for them."""
    constants = tuple(
        _replace(constant, objects)
        if isinstance(constant, CodeType)
        else objects.get(constant, constant)
        if isinstance(constant, str)
        else constant
        for constant in code.co_consts
    )
    return code.replace(co_consts=constants)
