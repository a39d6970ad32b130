"""Lets a cell await a tool: `await tool(x)` becomes `await tool.aio(x)`, which is what was meant."""

import ast

from .prelude_rewrite_names import assigned_names

#: Functions whose arguments are awaited.
_AWAITING = frozenset(
    {"as_completed", "create_task", "ensure_future", "gather", "run", "shield", "wait", "wait_for"}
)


def await_tools(tree: ast.Module, tools: frozenset[str]) -> None:
    """Rewrites in place the calls of `tools` whose result is awaited."""
    if not tools:
        return
    tools -= assigned_names(tree)
    for node in ast.walk(tree) if tools else ():
        match node:
            case ast.Await(value=value):
                _make_awaitable(value, tools)
            case ast.Call(func=ast.Attribute(value=ast.Name(), attr=function), args=arguments) if (
                function in _AWAITING
            ):
                for argument in arguments:
                    _make_awaitable(argument, tools)


def _make_awaitable(node: ast.expr, tools: frozenset[str]) -> None:
    """Turns a call of a tool, or each of those that a list is made of, into its awaitable form."""
    match node:
        case ast.Call(func=ast.Name(id=name) as function) if name in tools:
            node.func = ast.copy_location(ast.Attribute(function, "aio", ast.Load()), function)
        case ast.Starred(value=inner):
            _make_awaitable(inner, tools)
        case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
            _make_awaitable(element, tools)
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            for element in elements:
                _make_awaitable(element, tools)
