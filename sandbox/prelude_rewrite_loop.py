"""Rewrites `for` loops whose rounds call a concurrent tool and then only keep the result."""

import ast
from dataclasses import dataclass

from .prelude_rewrite_names import Names, cell_call, is_plain_target, located, target_names, thunk

#: Methods by which a loop keeps results.
_KEEPING_METHODS = frozenset({"add", "append", "extend", "update"})


def rewrite_loop(node: ast.For, names: Names, where: str) -> ast.For | None:
    """The loop with its calls together and the rest in turn, or None if it may not be changed.

    The first statements of the body, up to the last that calls, must be plain assignments; those after
    them may print and may write only where the calls do not read. That two names do not stand for the same
    object is looked at when the loop starts.
    """
    if (
        node.orelse
        or not is_plain_target(node.target)
        or not names.is_pure(node.iter)
        or names.mentions_tool(node.iter)
    ):
        return None
    calling, keeping = _split(node.body, names)
    made = [name for statement in calling if (name := _assigned_name(statement, names)) is not None]
    if not calling or len(made) < len(calling) or any(map(names.mentions_tool, keeping)):
        return None
    written: set[str] = set()
    if not all(_only_keeps(statement, names, written) for statement in keeping):
        return None
    bound = target_names(node.target)
    reads = _reads(calling, bound)
    own = {*bound, *made}
    # A name that the calls read must not be one that any round sets, and results go elsewhere.
    if set(made) & set(bound) or (reads | _loads(node.iter)) & (own | written) or written & own:
        return None
    parts = _Parts(
        calling,
        keeping,
        bound,
        list(dict.fromkeys(made)),
        sorted(reads - names.known),
        sorted(written),
    )
    return _build(node, parts, names, where)


@dataclass
class _Parts:
    """A loop taken apart."""

    calling: list[ast.stmt]
    keeping: list[ast.stmt]
    #: Names that the loop sets to the items, and that its calling part sets.
    bound: list[str]
    made: list[str]
    #: Names that the calling part reads, and that the keeping part writes.
    reads: list[str]
    written: list[str]


def _split(body: list[ast.stmt], names: Names) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The statements up to the last that calls a tool, and those after it.

    A last statement that calls and keeps at once, `out.append(tool(x))`, is first made into two.
    """
    calls = [index for index, statement in enumerate(body) if names.calls_tool(statement)]
    if not calls:
        return [], body
    last = body[calls[-1]]
    match last:
        case ast.Expr(value=ast.Call(func=ast.Attribute(), args=[value], keywords=[]) as call):
            kept = ast.Expr(ast.Call(call.func, [_result()], []))
        case ast.Assign(targets=[ast.Subscript() as place], value=value):
            kept = ast.Assign([place], _result())
        case _:
            return body[: calls[-1] + 1], body[calls[-1] + 1 :]
    made = ast.Assign([ast.Name(_RESULT, ast.Store())], value)
    first, second = located(made, last), located(kept, last)
    return [*body[: calls[-1]], first], [second, *body[calls[-1] + 1 :]]


#: Names for a result to which the cell gives none, and for the items; no cell can write them.
_RESULT = "\0result"
_ITEMS = "\0items"


def _result() -> ast.Name:
    """The result that is kept."""
    return ast.Name(_RESULT, ast.Load())


def _assigned_name(statement: ast.stmt, names: Names) -> str | None:
    """The name that a harmless assignment sets, or None if the statement is anything else."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if names.is_pure(value):
            return name
    return None


def _only_keeps(statement: ast.stmt, names: Names, written: set[str]) -> bool:
    """Whether a statement does no more than print, or write to variables, whose names are added to `written`."""
    match statement:
        case ast.Pass() | ast.Continue():
            return True
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            written.add(name)
            return names.is_pure(value)
        case ast.AugAssign(target=ast.Name(id=name), value=value):
            written.add(name)
            return names.is_pure(value)
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=key)], value=value):
            written.add(name)
            return names.is_pure(value) and names.is_pure(key)
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=arguments, keywords=[])):
            return all(map(names.is_pure, arguments))
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr=method),
                args=arguments,
                keywords=[],
            )
        ) if method in _KEEPING_METHODS:
            written.add(name)
            return all(map(names.is_pure, arguments))
        case ast.If(test=test, body=body, orelse=orelse):
            return names.is_pure(test) and all(
                _only_keeps(part, names, written) for part in [*body, *orelse]
            )
    return False


def _loads(node: ast.AST) -> set[str]:
    """Names that `node` reads."""
    return {
        part.id
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
    }


def _reads(calling: list[ast.stmt], bound: list[str]) -> set[str]:
    """Names that the calling part reads before it sets them itself."""
    known = set(bound)
    found: set[str] = set()
    for statement in calling:
        inner = {
            part.id
            for part in ast.walk(statement)
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
        }
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found |= _loads(value) - known - (inner - {name})
                known.add(name)
    return found


def _build(node: ast.For, parts: _Parts, names: Names, where: str) -> ast.For:
    """The loop over the results of its calling part, which are what a round's target is and what the round makes."""
    items = ast.comprehension(node.target, ast.Name(_ITEMS, ast.Load()), [], 0)
    arguments = [
        node.iter,
        _lambda([_ITEMS], _rounds(parts, names, items)),
        _lambda([], _tuple(parts.reads)),
        _lambda([], _tuple(parts.written)),
        ast.Constant(where),
    ]
    # Taken one after the other: where a round fails, its target is set, and the place of what it made is the call's.
    made = ast.copy_location(_tuple(parts.made, ast.Store()), parts.calling[-1])
    target = ast.Tuple([_tuple(parts.bound, ast.Store()), made], ast.Store())
    loop = ast.For(target, cell_call("loop_together", arguments), parts.keeping or [ast.Pass()], [])
    return located(loop, node)


def _rounds(parts: _Parts, names: Names, items: ast.comprehension) -> ast.expr:
    """What runs together: for each item the calling part, then a pair of tuples: the target's names and the part's own.

    Where the only call is all of the last step, the pair is made when its answer is there.
    """
    steps = [
        (target, statement.value)
        for statement in parts.calling
        if isinstance(statement, ast.Assign)
        and isinstance(target := statement.targets[0], ast.Name)
    ]
    target, value = steps[-1]
    kept = ast.Tuple([_tuple(parts.bound), _tuple(parts.made)], ast.Load())
    sent = None
    if not any(names.calls_tool(value) for _, value in steps[:-1]):
        sent = names.sending(value, _lambda([target.id], kept))
    done = steps if sent is None else steps[:-1]
    named: list[ast.expr] = [ast.NamedExpr(target, value) for target, value in done]
    body = ast.Subscript(
        ast.Tuple([*named, sent or kept], ast.Load()), ast.Constant(-1), ast.Load()
    )
    rounds = ast.GeneratorExp(thunk(parts.bound, body), [items])
    return rounds if sent is None else cell_call("calls", [rounds])


def _tuple(names: list[str], use: ast.expr_context = ast.Load()) -> ast.Tuple:
    """A tuple of what names stand for, or shall stand for."""
    return ast.Tuple([ast.Name(name, use) for name in names], use)


def _lambda(parameters: list[str], body: ast.expr) -> ast.Lambda:
    """A function of parameters without defaults."""
    return ast.Lambda(
        ast.arguments([], [ast.arg(name) for name in parameters], None, [], [], None, []), body
    )
