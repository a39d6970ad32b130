"""Variables as bytes: what can be kept of a guest whose memory points into native code, which no saved memory holds.

Modules are kept by name, functions and classes by the text that defined them, everything else as `pickle` does it. Only the
guest itself ever reads these bytes.
"""

import ast
import importlib
import inspect
import io
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from . import prelude_errors as errors
from . import prelude_namespace as namespace
from .prelude_source import parse


@dataclass(frozen=True)
class _Definition:
    """A function or class, as the statement of a cell that made it."""

    filename: str
    #: The text of the whole cell.
    source: str
    #: Place of the statement in the cell.
    index: int

    def run(self) -> bool:
        """Defines it again; whether that worked."""
        tree = parse(self.source, self.filename)
        tree.body = [tree.body[self.index]]
        errors.remember_source(self.filename, self.source)
        try:
            exec(compile(tree, self.filename, "exec", dont_inherit=True), namespace.variables)
        except Exception:
            return False
        return True


@dataclass(frozen=True)
class _Saved:
    """Everything that is kept."""

    #: Every module that was imported, by its name.
    loaded: list[str]
    #: Names of modules by the variables that hold them.
    modules: dict[str, str]
    definitions: list[_Definition]
    #: The other variables, pickled as one, so that what they share stays shared.
    values: bytes


def save() -> bytes:
    """The variables that can be kept, as bytes."""
    modules: dict[str, str] = {}
    definitions: dict[int, _Definition] = {}
    values: dict[str, Any] = {}
    for name in namespace.names():
        value = namespace.variables[name]
        if isinstance(value, ModuleType):
            modules[name] = value.__name__
        elif (definition := _definition(name, value)) is not None:
            definitions[id(value)] = definition
        else:
            values[name] = value
    pickled = _attempt(_pickled, values, definitions)
    if pickled is None:
        kept = {name: one for name, one in values.items() if _attempt(_pickled, one, definitions)}
        pickled = _pickled(kept, definitions)
    loaded = [name for name in sys.modules if not namespace.is_own_module(name)]
    return pickle.dumps(_Saved(loaded, modules, list(definitions.values()), pickled))


def restore(data: bytes) -> list[str]:
    """Brings the variables back; returns the names of those that are back."""
    saved: _Saved = pickle.loads(data)
    for name in saved.loaded:
        _attempt(importlib.import_module, name)
    for name, module in saved.modules.items():
        if module in sys.modules:
            namespace.variables[name] = sys.modules[module]
    # A definition may need a value, and a value needs its class: those that fail get a second chance.
    late = [definition for definition in saved.definitions if not definition.run()]
    namespace.variables.update(_attempt(pickle.loads, saved.values) or {})
    for definition in late:
        definition.run()
    return namespace.names()


class _Pickler(pickle.Pickler):
    """Refuses functions and classes of the guest's that will not be there when the pickle is read."""

    def __init__(self, file: io.BytesIO, definitions: dict[int, _Definition]) -> None:
        super().__init__(file)
        self._definitions = definitions

    def reducer_override(self, value: object) -> Any:
        """Called for everything but plain data."""
        if _is_guests(value) and id(value) not in self._definitions:
            raise pickle.PicklingError("it cannot be defined again")
        return NotImplemented


def _pickled(value: object, definitions: dict[int, _Definition]) -> bytes:
    """The pickle of a value."""
    file = io.BytesIO()
    _Pickler(file, definitions).dump(value)
    return file.getvalue()


def _is_guests(value: object) -> bool:
    """Whether a value is a function or class that a cell made."""
    if type(value) is FunctionType:
        return value.__globals__ is namespace.variables
    return isinstance(value, type) and value.__module__ == "__main__"


def _attempt(function: Callable[..., Any], *arguments: Any) -> Any:
    """What `function` returns, or None: values of the guest may raise anything."""
    try:
        return function(*arguments)
    except Exception:
        return None


def _definition(name: str, value: object) -> _Definition | None:
    """The statement that made a function or class of the guest's under this name, if its cell is still known."""
    function = _attempt(inspect.unwrap, value) if callable(value) else None
    if not _is_guests(value) and not _is_guests(function):
        return None
    for filename, source in reversed(errors.sources()):
        if type(function) is FunctionType and function.__code__.co_filename != filename:
            continue
        tree = _attempt(parse, source, filename)
        for index, statement in enumerate([] if tree is None else tree.body):
            if name in _names(statement) and _line(function) in (None, _first_line(statement)):
                return _Definition(filename, source, index)
    return None


def _names(statement: ast.stmt) -> list[str]:
    """Names that a statement defines: `def` and `class`, and what a call or `lambda` makes."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda | ast.Call):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return []


def _line(value: object) -> int | None:
    """The line where a function or class begins; None for one that a call has made."""
    if type(value) is FunctionType:
        return value.__code__.co_firstlineno
    return vars(value).get("__firstlineno__")


def _first_line(statement: ast.stmt) -> int:
    """The line where a definition begins, as Python counts it: with its decorators."""
    first = statement.value if isinstance(statement, ast.Assign) else statement
    return min(node.lineno for node in [first, *getattr(statement, "decorator_list", [])])
