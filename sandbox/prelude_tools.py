"""Host functions as Python functions: signatures from JSON Schema, calls, answers."""

import builtins
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from .prelude_control import Execution, acting
from .prelude_encode import encode
from .prelude_host import OpenCall, call, call_later
from .prelude_wire import dumps, loads

#: Bytes of the JSON of one call or submission; the wire refuses a little more.
MAX_TEXT = 15 * 1024 * 1024

_MISSING: Any = inspect.Parameter.empty


class ToolError(RuntimeError):
    """A tool failed on the host with an error that Python has no class for."""

    # Cells know it, and see it in tracebacks, as a builtin.
    __module__ = "builtins"


def to_text(value: Any, label: str) -> str:
    """JSON text of wire values, refused where the wire could not carry it."""
    text = dumps(value)
    if len(text) > MAX_TEXT:
        raise ValueError(
            f"{label}: {len(text):,} bytes as JSON, at most {MAX_TEXT:,}; send large text as one str"
        )
    return text


class Arguments:
    """The parameters of a tool: what Python shows as its signature, and how calls are matched to it."""

    def __init__(self, name: str, schema: Mapping[str, Any]) -> None:
        properties: Mapping[str, Any] = schema.get("properties") or {}
        required = set(schema.get("required") or ())
        self._name = name
        self._defaults = {
            key: _MISSING if key in required else _default(properties[key]) for key in properties
        }
        self._optional = {
            key for key in properties if key not in required and not _has_default(properties[key])
        }
        self._open = bool(schema.get("additionalProperties"))
        self.text = f"{name}({', '.join(self._parts())})"

    def _parts(self) -> list[str]:
        """Parameters as they are written in a `def`; one without a default after others is keyword-only."""
        parts: list[str] = []
        star = False
        seen_default = False
        for key, default in self._defaults.items():
            if default is _MISSING and seen_default and not star:
                parts.append("*")
                star = True
            seen_default = seen_default or default is not _MISSING
            parts.append(key if default is _MISSING else f"{key}={default!r}")
        return [*parts, "**others"] if self._open else parts

    def signature(self) -> inspect.Signature:
        """The signature for `help()` and `inspect`."""
        parameters: list[inspect.Parameter] = []
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        for key, default in self._defaults.items():
            if default is _MISSING and parameters and parameters[-1].default is not _MISSING:
                kind = inspect.Parameter.KEYWORD_ONLY
            parameters.append(inspect.Parameter(key, kind, default=default))
        if self._open:
            parameters.append(inspect.Parameter("others", inspect.Parameter.VAR_KEYWORD))
        return inspect.Signature(parameters)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Arguments by parameter name; optional ones that are None are left out."""
        names = list(self._defaults)
        if len(args) > len(names):
            raise self._wrong(f"takes at most {len(names)} arguments, got {len(args)}")
        bound = dict(zip(names, args))
        for key, value in kwargs.items():
            if key in bound:
                raise self._wrong(f"got two values for {key!r}")
            if key not in self._defaults and not self._open:
                raise self._wrong(f"has no parameter {key!r}")
            bound[key] = value
        missing = [
            key
            for key, default in self._defaults.items()
            if key not in bound and default is _MISSING
        ]
        if missing:
            raise self._wrong(f"needs {', '.join(map(repr, missing))}")
        for key, default in self._defaults.items():
            value = bound.setdefault(key, default)
            if value is None and key in self._optional:
                del bound[key]
        return bound

    def _wrong(self, problem: str) -> TypeError:
        return TypeError(f"{self._name}() {problem}; it is {self.text}")


def _has_default(schema: Any) -> bool:
    return type(schema) is dict and "default" in schema


def _default(schema: Any) -> Any:
    return schema["default"] if _has_default(schema) else None


class Tool:
    """A host function. Calling it waits for the answer; `.aio(...)` is the same to await."""

    def __init__(
        self, name: str, description: str, schema: Mapping[str, Any], concurrent: bool
    ) -> None:
        self._arguments = Arguments(name, schema)
        self.concurrent = concurrent
        self.__name__ = self.__qualname__ = name
        self.__doc__ = f"{self._arguments.text}\n\n{description}"
        self.__signature__ = self._arguments.signature()

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        execution = self._execution()
        return self._answer(call(execution, self._request(execution, args, kwargs)))

    async def aio(self, /, *args: Any, **kwargs: Any) -> Any:
        """The same call, to be awaited."""
        execution = self._execution()
        return self._answer(await call_later(execution, self._request(execution, args, kwargs)))

    def __repr__(self) -> str:
        return f"<tool {self._arguments.text}>"

    @staticmethod
    def send(
        then: Callable[[Any], Any] | None, tool: Tool, /, *args: Any, **kwargs: Any
    ) -> Callable[[], Any]:
        """Sends a call of `tool`; what it returns waits for the answer, as the call itself would have, and hands it to `then`."""
        execution = tool._execution()
        open_call = OpenCall(execution, tool._request(execution, args, kwargs))
        if then is None:
            return lambda: tool._answer(open_call.answer())
        return lambda: then(tool._answer(open_call.answer()))

    def __reduce__(self) -> str:
        return self.__name__

    def _execution(self) -> Execution:
        """The execution in which this tool may be called now."""
        execution = acting()
        if execution is None:
            raise RuntimeError(
                f"{self.__name__}() cannot be called: the cell that started this code has ended"
            )
        if self.__name__ not in execution.tools:
            raise RuntimeError(
                f"{self.__name__}() cannot be called: this run does not have that tool"
            )
        execution.check()
        return execution

    def _request(self, execution: Execution, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """JSON text of the call."""
        name = self.__name__
        bound = self._arguments.bind(args, kwargs)
        wire = {key: encode(value, f"{name}() argument {key}") for key, value in bound.items()}
        return to_text({"executionId": execution.id, "name": name, "arguments": wire}, f"{name}()")

    def _answer(self, text: str) -> Any:
        """The tool's result, or its failure as an exception."""
        reply = loads(text)
        if "error" in reply:
            _raise(reply["error"])
        return reply["value"]


#: Exceptions that mean something to the interpreter itself, or that need more than a message.
_UNSUITABLE = (Warning, ExceptionGroup, UnicodeError, StopIteration, StopAsyncIteration)
#: Exceptions of Python by name, so that a host's `TimeoutError` can be caught as one.
_EXCEPTIONS = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, _UNSUITABLE)
}
_EXCEPTIONS["RangeError"] = ValueError


def _raise(error: Mapping[str, Any]) -> NoReturn:
    """Raises the host's error as the Python exception of that name, or as `ToolError`."""
    name, message = str(error.get("type", "Error")), str(error.get("message", ""))
    kind = _EXCEPTIONS.get(name)
    raise ToolError(f"{name}: {message}") if kind is None else kind(message)
