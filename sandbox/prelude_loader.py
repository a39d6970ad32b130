"""Loads the package `_rlm` from source texts; run once, with `sources` (a JSON object: module → text) as a global.

No files are involved: a restored guest has the modules in its memory, not the files they came from.
"""

import builtins
import json
import sys
from types import ModuleType


def load(sources: dict[str, str]) -> None:
    """Runs each module in the order given; `prelude`, the last one, is the package itself."""
    package = sys.modules["_rlm"] = ModuleType("_rlm")
    package.__path__ = []
    # The modules see a copy of the builtins, so that a cell which deletes `len` does not break them.
    private = dict(vars(builtins))
    for name, source in sources.items():
        module = package
        if name != "prelude":
            module = sys.modules[f"_rlm.{name}"] = ModuleType(f"_rlm.{name}")
            setattr(package, name, module)
        module.__package__ = "_rlm"
        vars(module)["__builtins__"] = private
        exec(compile(source, f"<_rlm {name}>", "exec", dont_inherit=True), vars(module))


load(json.loads(globals()["sources"]))
