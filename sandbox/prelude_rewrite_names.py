"""What the names in a cell stand for, and pieces of the trees that a rewritten cell is made of."""

import ast

#: Stands in the tree for the object whose methods the rewritten code calls.
CELL = "\0rlm:cell"

_PURE_FUNCTIONS: frozenset[str] = frozenset(
    "abs all any bool chr dict divmod enumerate float format frozenset int isinstance len list max min ord range"
    " repr reversed round set sorted str sum tuple zip".split()
)
_PURE_METHODS: frozenset[str] = frozenset(
    "capitalize casefold count decode encode endswith find format get index isalnum isalpha isdigit isspace items"
    " join keys lower lstrip partition removeprefix removesuffix replace rfind rpartition rsplit rstrip split"
    " splitlines startswith strip title upper values zfill".split()
)
#: Builtins that take all of an iterable before they return.
_EAGER_FUNCTIONS: frozenset[str] = frozenset(
    "dict frozenset list max min set sorted sum tuple".split()
)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_PURE_NODES = (
    ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Slice, ast.JoinedStr, ast.FormattedValue, ast.BinOp,
    ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.Starred,
    ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context, ast.keyword, ast.comprehension, *_COMPREHENSIONS,
)  # fmt: skip


def assigned_names(tree: ast.AST) -> set[str]:
    """All names that the cell gives another meaning, anywhere."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                found.add(name)
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                found.add(name)
            case ast.alias(name=name, asname=asname):
                found.add(asname or name.partition(".")[0])
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                found.add(name)
    return found


class Names:
    """What the names of a cell stand for, and which expressions are therefore harmless."""

    def __init__(self, tools: frozenset[str], taken: set[str]) -> None:
        self.tools = tools - taken
        #: Builtins that change nothing and call nothing back.
        self.pure = _PURE_FUNCTIONS - taken
        #: Builtins that take all of their argument before they return.
        self.eager = _EAGER_FUNCTIONS - taken
        self.known = self.tools | self.pure

    def calls_tool(self, node: ast.AST) -> bool:
        """Whether a concurrent tool is called in `node`."""
        return any(
            isinstance(part, ast.Call)
            and isinstance(part.func, ast.Name)
            and part.func.id in self.tools
            for part in ast.walk(node)
        )

    def mentions_tool(self, node: ast.AST) -> bool:
        """Whether a concurrent tool is named in `node`."""
        return any(isinstance(part, ast.Name) and part.id in self.tools for part in ast.walk(node))

    def sending(self, node: ast.expr, then: ast.expr) -> ast.Call | None:
        """For a call of a tool whose arguments call none: the call that sends it, and gives `then` the answer when asked."""
        match node:
            case ast.Call(func=ast.Name(id=name) as tool, args=args, keywords=keywords) if (
                name in self.tools and not any(map(self.mentions_tool, [*args, *keywords]))
            ):
                return cell_call("send", [then, tool, *args], keywords)
        return None

    def is_pure(self, node: ast.AST) -> bool:
        """Whether evaluating `node` changes nothing, apart from tools that it calls."""
        return all(
            self._is_pure_call(part)
            if isinstance(part, ast.Call)
            else isinstance(part, _PURE_NODES)
            for part in ast.walk(node)
        )

    def _is_pure_call(self, call: ast.Call) -> bool:
        match call.func:
            case ast.Name(id=name):
                return name in self.tools or name in self.pure
            case ast.Attribute(attr=method):
                return method in _PURE_METHODS
        return False


def is_plain_target(target: ast.expr) -> bool:
    """Whether a loop's target is made of names alone."""
    return isinstance(target, ast.Name) or (
        isinstance(target, ast.Tuple) and all(map(is_plain_target, target.elts))
    )


def target_names(target: ast.expr) -> list[str]:
    """The names that a plain target binds."""
    return [part.id for part in ast.walk(target) if isinstance(part, ast.Name)]


def thunk(bound: list[str], body: ast.expr) -> ast.Lambda:
    """`lambda: body`, with the present values of the names `bound`."""
    parameters = [ast.arg(name) for name in bound]
    defaults: list[ast.expr] = [ast.Name(name, ast.Load()) for name in bound]
    return ast.Lambda(ast.arguments([], parameters, None, [], [], None, defaults), body)


def cell_call(
    method: str, arguments: list[ast.expr], keywords: list[ast.keyword] | None = None
) -> ast.Call:
    """A call of a method of the running cell."""
    return ast.Call(
        ast.Attribute(ast.Constant(CELL), method, ast.Load()), arguments, keywords or []
    )


def located[N: ast.AST](node: N, like: ast.AST) -> N:
    """`node`, with the place of `like` for all that has none."""
    for part in ast.walk(node):
        if "lineno" in part._attributes and not hasattr(part, "lineno"):
            ast.copy_location(part, like)
    return node
