"""Rewrites comprehensions and loops over concurrent tools, so that independent calls run together.

Only what can be shown to give the same results is changed: the part that calls may hold names, constants,
reads, operators, f-strings, methods of text and pure builtins, and no effect of one round may reach another.
"""

import ast
from collections.abc import Iterable
from typing import Any

from .prelude_rewrite_loop import rewrite_loop
from .prelude_rewrite_names import (
    Names,
    assigned_names,
    cell_call,
    is_plain_target,
    located,
    target_names,
    thunk,
)


#: Names for an answer and for its key; no cell can write them.
_ANSWER = "\0answer"
_KEY = "\0key"


def _only_parameter(parameters: ast.arguments) -> str | None:
    """The name of a single plain parameter, or None if there are others."""
    match parameters:
        case ast.arguments([], [ast.arg(arg=name)], None, [], [], None, []):
            return name
    return None


def rewrite(tree: ast.Module, tools: frozenset[str], variables: Iterable[str], cell: str) -> None:
    """Rewrites `tree` in place. A variable may hide a builtin; `cell` names the cell in notes."""
    assigned = assigned_names(tree) if tools else set()
    if tools - assigned:
        # The tools are variables too, but ones that stand for what they say.
        names = Names(tools, assigned | set(variables) - tools)
        _Rewriter(names, cell).visit(tree)


class _Rewriter(ast.NodeTransformer):
    """Finds what can be rewritten, outermost first."""

    def __init__(self, names: Names, cell: str) -> None:
        self._names = names
        self._cell = cell

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self._together("together", node, node.elt)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self._together("together_set", node, node.elt)

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        return self._together("together_dict", node, ast.Tuple([node.key, node.value], ast.Load()))

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        # The functions made here could not see the names of a class's body.
        node.body = [
            self.visit(part) if isinstance(part, ast.FunctionDef) else part for part in node.body
        ]
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if len(node.args) >= 1 and self._is_eager(node.func):
            match node.args[0]:
                case ast.GeneratorExp() as generator:
                    node.args[0] = self._together("together", generator, generator.elt)
                    return node
                case ast.Call(func=ast.Name(id="map"), args=[function, items], keywords=[]) as call:
                    node.args[0] = self._map(call, function, items)
                    return node
        return self.generic_visit(node)

    def visit_For(self, node: ast.For) -> ast.AST:
        return rewrite_loop(node, self._names, self._where(node)) or self.generic_visit(node)

    def _is_eager(self, function: ast.expr) -> bool:
        """Whether `function` takes all of its first argument before it returns."""
        match function:
            case ast.Name(id=name):
                return name in self._names.eager
            case ast.Attribute(value=ast.Constant(value=str()), attr="join"):
                return True
        return False

    def _map(self, call: ast.Call, function: ast.expr, items: ast.expr) -> ast.expr:
        """`map(tool, items)` and `map(lambda x: …, items)` as comprehensions, rewritten if they can be."""
        match function:
            case ast.Name(id=name) if name in self._names.tools:
                target, element = "item", ast.Call(function, [ast.Name("item", ast.Load())], [])
            case ast.Lambda(body=element) if (target := _only_parameter(function.args)) is not None:
                pass
            case _:
                return call
        generator = ast.comprehension(ast.Name(target, ast.Store()), items, [], 0)
        comprehension = ast.copy_location(ast.ListComp(element, [generator]), call)
        rewritten = self._together("together", comprehension, element)
        return call if rewritten is comprehension else rewritten

    def _together(self, method: str, node: Any, element: ast.expr) -> Any:
        """The comprehension `node` as a call that runs its elements together, or itself."""
        names = self._names
        conditions = [test for generator in node.generators for test in generator.ifs]
        sources = [generator.iter for generator in node.generators]
        plain = all(
            not generator.is_async and is_plain_target(generator.target)
            for generator in node.generators
        )
        harmless = all(map(names.is_pure, [element, *conditions, *sources]))
        calls_elsewhere = any(map(names.mentions_tool, [*conditions, *sources]))
        if not (plain and harmless and names.calls_tool(element)) or calls_elsewhere:
            return self.generic_visit(node)
        bound = [name for generator in node.generators for name in target_names(generator.target)]
        sent = self._sending(element)
        round = thunk(list(dict.fromkeys(bound)), sent or element)
        thunks: ast.expr = ast.GeneratorExp(round, node.generators)
        if sent is not None:
            thunks = cell_call("calls", [thunks])
        return located(cell_call(method, [thunks, ast.Constant(self._where(node))]), node)

    def _sending(self, element: ast.expr) -> ast.expr | None:
        """What sends the call of an element that is one, or of an item of a dict that has one as its value."""
        answer = ast.Name(_ANSWER, ast.Load())
        match element:
            case ast.Tuple(elts=[key, value]) if not (
                isinstance(key, ast.Starred) or self._names.mentions_tool(key)
            ):
                # A default, so that the key is known before the call is sent, as it would be in turn.
                then = ast.Lambda(
                    ast.arguments([], [ast.arg(_ANSWER), ast.arg(_KEY)], None, [], [], None, [key]),
                    ast.Tuple([ast.Name(_KEY, ast.Load()), answer], ast.Load()),
                )
                return self._names.sending(value, then)
        return self._names.sending(element, ast.Constant(None))

    def _where(self, node: ast.expr | ast.stmt) -> str:
        """What the model is told of a rewritten place."""
        names = {
            part.id
            for part in ast.walk(node)
            if isinstance(part, ast.Name) and part.id in self._names.tools
        }
        return f"{self._cell}, line {node.lineno}: the calls of {', '.join(sorted(names))}"
