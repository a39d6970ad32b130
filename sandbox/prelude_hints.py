"""One line of advice for errors that models make again and again."""

import os
import re
from collections.abc import Mapping
from typing import Any

_CURLY = "“”„‟‘’‚‛«»"
_SPACES = "\u00a0\u2007\u202f\u200b\u2060\ufeff"
#: Where the packages lie that the host has given.
SITE_PACKAGES = "/lib/python3.14/site-packages"


def syntax_hint(error: SyntaxError, source: str) -> str | None:
    """Advice for a cell that does not parse."""
    message = error.msg or ""
    line = source_line(source, error.lineno)
    if "triple-quoted" in message or any(
        mark in line and source.count(mark) > 2 for mark in ('"""', "'''")
    ):
        return (
            "text that holds triple quotes cannot stand between the same quotes; use the other kind"
        )
    if any(mark in line for mark in _CURLY) and (
        "invalid character" in message or "invalid syntax" in message
    ):
        return "replace the curly quotes by straight ones: \" or '"
    if "non-printable character" in message or any(mark in line for mark in _SPACES):
        return "replace the invisible character by an ordinary space"
    if re.match(r"\s*([!%]|pip3? install|conda )", line):
        return "cells are Python only: no shell commands, magics or package installs"
    if "unterminated string literal" in message:
        return "close the string on its line, or use triple quotes for text of several lines"
    if line.lstrip().startswith("```"):
        return "a code fence got into the cell; send only Python between the fences"
    return None


def runtime_hint(
    error: BaseException, variables: Mapping[str, Any], tools: frozenset[str]
) -> str | None:
    """Advice for an exception of a running cell."""
    message = _text(error)
    if isinstance(error, ModuleNotFoundError) and error.name == "_multiprocessing":
        return "there are no processes here; use concurrent.futures.ThreadPoolExecutor, in which calls of tools overlap"
    if isinstance(error, ModuleNotFoundError):
        return (
            f"only these can be imported: the standard library{_packages()}; "
            "others have to be given by whoever runs this (option packages)"
        )
    if isinstance(error, TypeError) and message.endswith("object is not callable"):
        shadows = [name for name in _BUILTIN_TYPES if name in variables]
        if shadows:
            names = ", ".join(shadows)
            return f"your variable hides a builtin: {names}; `del {shadows[0]}` brings it back"
    if isinstance(error, TypeError) and (
        "can't be awaited" in message or "or an awaitable is required" in message
    ):
        if tools:
            return "tools return their result at once; drop the await, or write name.aio(...) to await a call"
    if isinstance(error, RecursionError):
        return "the recursion is too deep; use a loop, or a list as a stack"
    if isinstance(error, MemoryError):
        return "the memory cap is reached; work on slices, and `del` what is no longer needed"
    return None


def _text(error: BaseException) -> str:
    """First argument of `error` when it is text; runs no code of the guest."""
    args = BaseException.args.__get__(error)
    return args[0] if args and type(args[0]) is str else ""


def source_line(source: str, number: int | None) -> str:
    """Line `number` of the cell, or nothing."""
    lines = source.splitlines()
    return lines[number - 1] if number is not None and 0 < number <= len(lines) else ""


def _packages() -> str:
    """The packages that are installed beside the standard library, for a list."""
    try:
        entries = os.listdir(SITE_PACKAGES)
    except OSError:
        return ""
    names = sorted(
        {
            entry.split(".")[0]
            for entry in entries
            if not entry.endswith((".dist-info", ".txt", ".libs"))
        }
    )
    shown = [name for name in names if name.isidentifier() and not name.startswith("_")]
    return "".join(f", {name}" for name in shown)


_BUILTIN_TYPES = (
    "str", "list", "dict", "set", "int", "float", "tuple", "bool", "len", "sum", "max", "min", "sorted",
    "map", "filter", "zip", "range", "type", "iter", "next", "id", "input", "open", "any", "all", "format",
)  # fmt: skip
