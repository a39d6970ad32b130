"""Stands in for what cannot work inside the sandbox, or would stop the interpreter: says what to do instead."""

import builtins
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

from .prelude_loop import sleep

#: Deepest recursion that the stack of the interpreter is sure to hold, whatever is called on the way.
MAX_RECURSION = 3000

_set_recursion_limit = sys.setrecursionlimit


def no_input(prompt: object = "") -> NoReturn:
    """Stands in for `input`."""
    raise EOFError("input(): nobody can answer here; take what you need from the variables")


def _no_process(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Stands in for everything that starts another program."""
    raise OSError("no other program can be started here: use Python, or one of the tools")


def set_recursion_limit(limit: int, /) -> None:
    """Stands in for `sys.setrecursionlimit`: a deeper recursion would end the interpreter, not the function."""
    _set_recursion_limit(min(limit, MAX_RECURSION) if isinstance(limit, int) else limit)


def no_audit_hook(_hook: object, /) -> NoReturn:
    """Stands in for `sys.addaudithook`: a hook can never be removed, so it would outlive its cell."""
    raise RuntimeError("audit hooks cannot be added here")


_PROCESS_FUNCTIONS = (
    "system", "popen", "fork", "forkpty", "execv", "execve", "execvp", "execvpe", "execl", "execle", "execlp",
    "execlpe", "posix_spawn", "posix_spawnp", "spawnv", "spawnve", "spawnvp", "spawnvpe", "spawnl", "spawnle",
    "spawnlp", "spawnlpe",
)  # fmt: skip


def _replace(owner: object, name: str, stand_in: Callable[..., Any]) -> None:
    """Replaces a function where there is one."""
    if hasattr(owner, name):
        setattr(owner, name, stand_in)


def install() -> None:
    """Puts the stand-ins in place."""
    builtins.input = no_input
    time.sleep = sleep
    sys.setrecursionlimit = set_recursion_limit
    sys.addaudithook = no_audit_hook
    subprocess.Popen.__init__ = _no_process
    for name in _PROCESS_FUNCTIONS:
        _replace(os, name, _no_process)
