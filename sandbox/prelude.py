"""The Python side of the guest: what the worker calls, as the package `_rlm`.

The files of this package are modules of the same names (`prelude_wire.py` is `_rlm.prelude_wire`), loaded in
the order of `PARTS`, then this one as `_rlm` itself. Of JavaScript they keep the functions of `js.rlm`
and nothing else: those have names by which a saved memory finds them again.

`execute` is a plain function that must be entered by `callPromising`, or it cannot wait for tools.
"""

import builtins
import importlib
import os
import platform
import random
import sys
import tempfile

from . import prelude_loop, prelude_namespace, prelude_net_pyodide, prelude_net_socket, prelude_stand_ins, prelude_threads
from .prelude_blobs import open_blob
from .prelude_cell import execute
from .prelude_errors import describe, forget_sources
from .prelude_hints import SITE_PACKAGES
from .prelude_tools import ToolError
from .prelude_wire import LLMError, dumps, loads

__all__ = ["bind", "execute", "names", "open_blob", "preload", "reseed", "reset", "version"]

#: The modules of this package, in the order in which they are loaded.
PARTS = (
    "prelude_control",
    "prelude_blobs",
    "prelude_wire",
    "prelude_encode",
    "prelude_output",
    "prelude_host",
    "prelude_net",
    "prelude_net_socket",
    "prelude_net_pyodide",
    "prelude_tools",
    "prelude_submit",
    "prelude_hints",
    "prelude_errors",
    "prelude_repr",
    "prelude_rewrite_names",
    "prelude_rewrite_loop",
    "prelude_rewrite",
    "prelude_rewrite_await",
    "prelude_source",
    "prelude_loop",
    "prelude_finish",
    "prelude_threads",
    "prelude_together",
    "prelude_stand_ins",
    "prelude_namespace",
    "prelude_variables",
    "prelude_cell",
)

#: Modules that cells about texts and tables import most: compiled anew in each guest, they would take a second together.
COMMON = (
    "calendar",
    "csv",
    "difflib",
    "gzip",
    "hashlib",
    "html.parser",
    "pprint",
    "shlex",
    "statistics",
    "xml.etree.ElementTree",
)


def bind(text: str) -> str:
    """Binds variables: `BindParams` as JSON in, `BindResult` as JSON out, or `{"error": why}`.

    Nothing is raised: Pyodide would print it to `sys.stderr` to get its text, and after a cell that is the guest's own.
    """
    try:
        values = loads(text)["values"]
    except Exception as problem:
        error = describe(problem)
        return dumps({"error": f"{error.type}: {error.message}"})
    prelude_namespace.variables.update(values)
    return dumps({"names": list(values)})


def version() -> str:
    """Python's version."""
    return platform.python_version()


def names() -> str:
    """The names of the guest's variables, as a JSON list."""
    return dumps(prelude_namespace.names())


def reset() -> None:
    """Forgets all variables, tools and cells."""
    prelude_namespace.reset()
    forget_sources()


def preload() -> None:
    """Imports what many cells will; done once, before the snapshot is taken that later guests start from."""
    for name in COMMON:
        importlib.import_module(name)
    prelude_namespace.protect()


def reseed(seed: str, env: str) -> None:
    """Gives a restored guest randomness of its own (`seed` in hex) and its environment (a JSON object)."""
    random.seed(int(seed, 16))
    tempfile._name_sequence = None
    # What the import system had seen of packages is another guest's, and so may its packages be.
    for path in [path for path in sys.path_importer_cache if path.startswith(SITE_PACKAGES)]:
        del sys.path_importer_cache[path]
    # Pyodide's loader leaves this behind when it starts from a snapshot.
    prelude_namespace.variables.pop("_pyodide_core", None)
    os.environ.clear()
    os.environ.update(loads(env))


builtins.LLMError = LLMError
builtins.ToolError = ToolError
prelude_loop.install()
prelude_threads.install()
prelude_stand_ins.install()
prelude_net_socket.install()
prelude_net_pyodide.install()
prelude_namespace.protect()
# The loader ran in the guest's namespace.
reset()
